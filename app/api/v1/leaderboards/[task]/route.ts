import { z } from 'zod';
import { InvalidFields, route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { getLeaderboard, getTaskBoard } from '#db/board/board.ts';
import type { Dataset } from '#db/schema.ts';
import { type ExportRow, type ExportView, toBibtex, toCsv } from '#lib/board/export.ts';
import { bestFirst, findSort, sortNames } from '#lib/board/ranking.ts';
import { hasLevel } from '#lib/board/trust-level.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { leaderboardQuerySchema } from '#lib/http/api.ts';
import { type CellType, parseCellType } from '#lib/livecell/cell-types.ts';
import { objectsTold } from '#lib/scoring/disclosure.ts';
import { boardValues, findValue, parseTask, readsTypes, type Task } from '#lib/tasks/index.ts';

export const GET = route(
  { params: z.object({ task: z.string() }), query: leaderboardQuerySchema },
  async ({ params, query, request }) => {
    const task = parseTask(params.task);
    if (!task) throw new AppError('not-found', `There is no task “${params.task}”.`);
    const cellType = query.cellType && query.cellType !== 'all' ? parseCellType(query.cellType) : null;
    if (query.cellType && query.cellType !== 'all' && !cellType)
      throw new InvalidFields({ cellType: `“${query.cellType}” is no cell type of LIVECell.` });

    const { protocol, evaluation, format } = query;
    if (task.values.length > 0) return taskBoard(task, query, cellType, request);
    const sort = findSort(task, PROTOCOLS[protocol], query.sort ?? task.headline);
    if (query.sort && !sort)
      throw new InvalidFields({
        sort: `The board cannot be sorted by “${query.sort}”: ${sortNames(task).join(', ')}.`,
      });
    const direction = query.direction ? (query.direction.startsWith('asc') ? 'asc' : 'desc') : bestFirst(sort);
    const groups = query.columns?.split(',') ?? [];
    const ofTypes = task.columns.filter(
      (column) => readsTypes(column) && (groups.includes(column.group) || column === sort),
    );

    const board = await getLeaderboard({
      task: task.id,
      dataset: query.dataset,
      protocol,
      evaluation,
      cellType,
      sort: sort ?? undefined,
      direction,
      byType: ofTypes.length > 0,
    });
    if (query.dataset && board.dataset?.task !== task.groundTruth)
      throw new AppError('not-found', `${task.name} has no ground truth named “${query.dataset}”.`);

    const rows = board.rows.filter((row) => row.kind === 'reference' || hasLevel(row, query.level ?? null));
    if (format !== 'json') {
      const dataset = board.dataset?.name ?? '';
      const view: ExportView = { task, dataset, protocol, evaluation, cellType, ofTypes, site: siteOf(request) };
      return download(format, rows, view);
    }
    return {
      task: task.id,
      dataset: board.dataset && datasetTold(board.dataset),
      protocol,
      evaluation,
      cellType,
      sort: typeof sort === 'object' ? sort?.key : sort,
      direction,
      rows,
    };
  },
);

/** A task whose rows are not one slice's metrics: its numbers are in `values`, by the keys of its columns. */
async function taskBoard(
  task: Task,
  query: z.infer<typeof leaderboardQuerySchema>,
  cellType: CellType | null,
  request: Request,
) {
  const { protocol, evaluation, format } = query;
  if (cellType && !task.typeValues)
    throw new InvalidFields({ cellType: `The board of ${task.name} is not divided by cell type.` });
  const sort = findValue(task, query.sort ?? task.headline, cellType);
  if (!sort) {
    const keys = boardValues(task, cellType).map(({ key }) => key);
    throw new InvalidFields({ sort: `The board cannot be sorted by “${query.sort}”: ${keys.join(', ')}.` });
  }
  const direction = query.direction
    ? query.direction.startsWith('asc')
      ? 'asc'
      : 'desc'
    : sort.better === 'lower'
      ? 'asc'
      : 'desc';
  const shown = { dataset: query.dataset, protocol, evaluation, cellType, sort: sort.key, direction } as const;
  const { dataset, rows } = await getTaskBoard(task.id, shown);
  if (query.dataset && dataset?.task !== task.groundTruth)
    throw new AppError('not-found', `${task.name} has no ground truth named “${query.dataset}”.`);
  const board = rows
    .filter((row) => row.kind === 'reference' || hasLevel(row, query.level ?? null))
    .map(({ results: _, ...row }) => ({ ...row, metrics: {} }));
  if (format !== 'json') {
    const about = { task, dataset: dataset?.name ?? '', protocol, evaluation, cellType, site: siteOf(request) };
    return download(format, board, about);
  }
  const about = dataset && datasetTold(dataset);
  return {
    task: task.id,
    dataset: about,
    protocol,
    evaluation,
    cellType,
    sort: sort.key,
    direction,
    rows: board,
  };
}

/** The rows as a file that is named by its view. */
function download(format: 'csv' | 'bibtex', rows: readonly ExportRow[], view: ExportView): Response {
  const { task, protocol, evaluation, cellType } = view;
  const name = [task.id, protocol, evaluation, cellType].filter(Boolean).join('-');
  return format === 'csv'
    ? file(toCsv(rows, view), 'text/csv; charset=utf-8', `${name}.csv`)
    : file(toBibtex(rows, view), 'application/x-bibtex; charset=utf-8', `${name}.bib`);
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

function datasetTold(dataset: Dataset) {
  const { name, sha256, images, demo } = dataset;
  return { name, sha256, images, objects: objectsTold(dataset), demo };
}
