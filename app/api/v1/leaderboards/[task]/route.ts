import { z } from 'zod';
import { InvalidFields, route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { BOARD_SORTS, type BoardRow, type BoardSort, getLeaderboard } from '#db/leaderboard.ts';
import { leaderboardQuerySchema } from '#lib/api.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { parseCellType } from '#lib/scoring/cell-types.ts';
import { type ExportView, toBibtex, toCsv } from '#lib/scoring/export.ts';
import { type Column, columnValue, findColumn, parseTask } from '#lib/scoring/tasks.ts';

export const GET = route(
  { params: z.object({ task: z.string() }), query: leaderboardQuerySchema },
  async ({ params, query, request }) => {
    const task = parseTask(params.task);
    if (!task) throw new AppError('not-found', `There is no task “${params.task}”.`);
    const cellType = query.cellType && query.cellType !== 'all' ? parseCellType(query.cellType) : null;
    if (query.cellType && query.cellType !== 'all' && !cellType)
      throw new InvalidFields({ cellType: `“${query.cellType}” is no cell type of LIVECell.` });

    const { protocol, evaluation, format } = query;
    const direction = query.direction && (query.direction.startsWith('asc') ? 'ascending' : 'descending');
    const sort = BOARD_SORTS.find((name) => name.toLowerCase() === query.sort?.toLowerCase());
    const column = query.sort && !sort ? findColumn(task, PROTOCOLS[protocol], query.sort) : null;
    if (query.sort && !sort && (!column || column.cellType))
      throw new InvalidFields({ sort: `The board cannot be sorted by “${query.sort}”: ${BOARD_SORTS.join(', ')}.` });

    const board = await getLeaderboard({
      ...{ task: task.id, dataset: query.dataset, protocol, evaluation, cellType },
      ...{ sort: (sort ?? 'AP') satisfies BoardSort, direction },
    });
    if (query.dataset && board.dataset?.task !== task.id)
      throw new AppError('not-found', `${task.name} has no ground truth named “${query.dataset}”.`);
    const rows = column ? byColumn(board.rows, column, protocol, direction) : board.rows;

    if (format !== 'json') {
      const dataset = board.dataset?.name ?? '';
      const view: ExportView = { task, dataset, protocol, evaluation, cellType, site: siteOf(request) };
      const name = `${task.id}-${protocol}-${evaluation}${cellType ? `-${cellType}` : ''}`;
      return format === 'csv'
        ? file(toCsv(rows, view), 'text/csv; charset=utf-8', `${name}.csv`)
        : file(toBibtex(rows, view), 'application/x-bibtex; charset=utf-8', `${name}.bib`);
    }
    const { name, sha256, images, objects, demo } = board.dataset ?? {};
    return {
      task: task.id,
      dataset: board.dataset && { name, sha256, images, objects, demo },
      protocol,
      evaluation,
      cellType,
      rows,
    };
  },
);

/** By a column that only the page's table has, such as AR at one of the protocol's limits; nothing comes last. */
function byColumn(rows: BoardRow[], column: Column, protocol: keyof typeof PROTOCOLS, direction?: string): BoardRow[] {
  const sign = (direction ?? (column.better === 'higher' ? 'descending' : 'ascending')) === 'ascending' ? 1 : -1;
  const value = (row: BoardRow) => columnValue(column, PROTOCOLS[protocol], row.metrics) ?? null;
  return rows.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    return x === null || y === null ? Number(x === null) - Number(y === null) : sign * (x - y);
  });
}

function file(text: string, type: string, name: string): Response {
  return new Response(text, {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  });
}
