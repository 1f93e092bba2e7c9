import { z } from 'zod';
import { InvalidFields, route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { getLeaderboard, getTaskBoard } from '#db/leaderboard.ts';
import { leaderboardQuerySchema } from '#lib/api.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { parseCellType } from '#lib/scoring/cell-types.ts';
import { type ExportView, toBibtex, toCsv } from '#lib/scoring/export.ts';
import { bestFirst, findSort, sortNames } from '#lib/scoring/ranking.ts';
import { findValue, parseTask, type Task } from '#lib/scoring/tasks.ts';

export const GET = route(
  { params: z.object({ task: z.string() }), query: leaderboardQuerySchema },
  async ({ params, query, request }) => {
    const task = parseTask(params.task);
    if (!task) throw new AppError('not-found', `There is no task “${params.task}”.`);
    const cellType = query.cellType && query.cellType !== 'all' ? parseCellType(query.cellType) : null;
    if (query.cellType && query.cellType !== 'all' && !cellType)
      throw new InvalidFields({ cellType: `“${query.cellType}” is no cell type of LIVECell.` });

    const { protocol, evaluation, format } = query;
    if (task.values.length > 0) return taskBoard(task, query, request);
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
    if (query.dataset && board.dataset?.task !== task.groundTruth)
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

/** A task whose rows are not one slice's metrics: its numbers are in `values`, by the keys of its columns. */
async function taskBoard(task: Task, query: z.infer<typeof leaderboardQuerySchema>, request: Request) {
  const { protocol, evaluation, format } = query;
  if (query.cellType && query.cellType !== 'all')
    throw new InvalidFields({ cellType: `The board of ${task.name} is not divided by cell type.` });
  const sort = findValue(task, query.sort ?? task.headline);
  if (!sort)
    throw new InvalidFields({
      sort: `The board cannot be sorted by “${query.sort}”: ${task.values.map(({ key }) => key).join(', ')}.`,
    });
  const direction = query.direction
    ? query.direction.startsWith('asc')
      ? 'asc'
      : 'desc'
    : sort.better === 'lower'
      ? 'asc'
      : 'desc';
  const shown = { dataset: query.dataset, protocol, evaluation, sort: sort.key, direction } as const;
  const { dataset, rows } = await getTaskBoard(task.id, shown);
  if (query.dataset && dataset?.task !== task.groundTruth)
    throw new AppError('not-found', `${task.name} has no ground truth named “${query.dataset}”.`);
  const name = `${task.id}-${protocol}-${evaluation}`;
  if (format === 'csv') {
    const head = ['rank', 'kind', 'method', 'submitter', ...task.values.map(({ key }) => key), 'source'];
    const lines = rows.map((row) => [
      ...[row.rank, row.kind, row.method, row.submitter],
      ...task.values.map(({ key }) => row.values[key]),
      row.source,
    ]);
    return file([head, ...lines].map(csvLine).join(''), 'text/csv; charset=utf-8', `${name}.csv`);
  }
  const board = rows.map(({ results: _, ...row }) => ({ ...row, unscored: false, metrics: {} }));
  if (format === 'bibtex') {
    const view = { task, dataset: dataset?.name ?? '', protocol, evaluation, cellType: null, ofTypes: [] };
    return file(
      toBibtex(board, { ...view, site: siteOf(request) }),
      'application/x-bibtex; charset=utf-8',
      `${name}.bib`,
    );
  }
  const about =
    dataset && (({ name, sha256, images, objects, demo }) => ({ name, sha256, images, objects, demo }))(dataset);
  return {
    ...{ task: task.id, dataset: about, protocol, evaluation, cellType: null, sort: sort.key, direction },
    rows: board,
  };
}

/** RFC 4180; a text that a spreadsheet would take for a formula is kept from it. */
function csvLine(cells: readonly (string | number | null | undefined)[]): string {
  const quoted = cells.map((cell) => {
    const text = typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : String(cell ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${quoted.join(',')}\r\n`;
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
