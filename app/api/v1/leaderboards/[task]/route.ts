import { z } from 'zod';
import { InvalidFields, route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { getLeaderboard } from '#db/leaderboard.ts';
import { leaderboardQuerySchema } from '#lib/api.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { parseCellType } from '#lib/scoring/cell-types.ts';
import { type ExportView, toBibtex, toCsv } from '#lib/scoring/export.ts';
import { bestFirst, findSort, sortNames } from '#lib/scoring/ranking.ts';
import { parseTask } from '#lib/scoring/tasks.ts';

export const GET = route(
  { params: z.object({ task: z.string() }), query: leaderboardQuerySchema },
  async ({ params, query, request }) => {
    const task = parseTask(params.task);
    if (!task) throw new AppError('not-found', `There is no task “${params.task}”.`);
    const cellType = query.cellType && query.cellType !== 'all' ? parseCellType(query.cellType) : null;
    if (query.cellType && query.cellType !== 'all' && !cellType)
      throw new InvalidFields({ cellType: `“${query.cellType}” is no cell type of LIVECell.` });

    const { protocol, evaluation, format } = query;
    const sort = findSort(task, PROTOCOLS[protocol], query.sort ?? task.headline);
    if (query.sort && !sort)
      throw new InvalidFields({
        sort: `The board cannot be sorted by “${query.sort}”: ${sortNames(task).join(', ')}.`,
      });
    const direction = query.direction ? (query.direction.startsWith('asc') ? 'asc' : 'desc') : bestFirst(sort);
    const groups = query.columns?.split(',') ?? [];
    const ofTypes = task.columns.filter(
      (column) => column.cellType && (groups.includes(column.group) || column === sort),
    );

    const board = await getLeaderboard({
      ...{ task: task.id, dataset: query.dataset, protocol, evaluation, cellType },
      ...{ sort: sort ?? undefined, direction, byType: ofTypes.length > 0 },
    });
    if (query.dataset && board.dataset?.task !== task.id)
      throw new AppError('not-found', `${task.name} has no ground truth named “${query.dataset}”.`);

    if (format !== 'json') {
      const dataset = board.dataset?.name ?? '';
      const view: ExportView = { task, dataset, protocol, evaluation, cellType, ofTypes, site: siteOf(request) };
      const name = `${task.id}-${protocol}-${evaluation}${cellType ? `-${cellType}` : ''}`;
      return format === 'csv'
        ? file(toCsv(board.rows, view), 'text/csv; charset=utf-8', `${name}.csv`)
        : file(toBibtex(board.rows, view), 'application/x-bibtex; charset=utf-8', `${name}.bib`);
    }
    const { name, sha256, images, objects, demo } = board.dataset ?? {};
    return {
      task: task.id,
      dataset: board.dataset && { name, sha256, images, objects, demo },
      protocol,
      evaluation,
      cellType,
      sort: typeof sort === 'object' ? sort?.key : sort,
      direction,
      rows: board.rows,
    };
  },
);

function file(text: string, type: string, name: string): Response {
  return new Response(text, {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  });
}
