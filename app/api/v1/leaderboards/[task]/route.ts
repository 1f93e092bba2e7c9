import { z } from 'zod';
import { InvalidFields, route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { getLeaderboard } from '#db/board/board.ts';
import type { Dataset } from '#db/schema.ts';
import { type ExportRow, type ExportView, toBibtex, toCsv } from '#lib/board/export.ts';
import { bestFirst, findSort, sortNames } from '#lib/board/ranking.ts';
import { hasLevel } from '#lib/board/trust-level.ts';
import { AppError } from '#lib/errors.ts';
import { leaderboardQuerySchema } from '#lib/http/api.ts';
import { type CellType, parseCellType } from '#lib/livecell/cell-types.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import { objectsTold } from '#lib/tasks/disclosure.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';

export const GET = route(
  { params: z.object({ task: z.string() }), query: leaderboardQuerySchema },
  async ({ params, query, request }) => {
    const task = parseTask(params.task);
    if (!task) throw new AppError('not-found', `There is no task “${params.task}”.`);
    const cellType = cellTypeOf(task, query.cellType);
    const { protocol, evaluation, format } = query;
    const sort = findSort(task, query.sort ?? task.headline, { protocol, cellType });
    if (!sort)
      throw new InvalidFields({
        sort: `The board cannot be sorted by “${query.sort}”: ${sortNames(task, cellType).join(', ')}.`,
      });
    const direction = query.direction ? (query.direction.startsWith('asc') ? 'asc' : 'desc') : bestFirst(sort);
    const groups = query.columns?.split(',') ?? [];
    const demanded = boardColumns(task, cellType).filter(
      (column) => column.onDemand && (groups.includes(column.toggle ?? '') || column === sort),
    );
    const view = { protocol, evaluation, cellType };
    const board = { ...view, task: task.id, dataset: query.dataset, sort, direction, byType: demanded.length > 0 };
    const { dataset, rows: all } = await getLeaderboard(board);
    if (query.dataset && dataset?.task !== task.groundTruth)
      throw new AppError('not-found', `${task.name} has no ground truth named “${query.dataset}”.`);
    const rows = all.filter((row) => row.kind === 'reference' || hasLevel(row, query.level ?? null));
    if (format !== 'json') {
      return download(format, rows, { ...view, task, dataset: dataset?.name ?? '', demanded, site: siteOf(request) });
    }
    return {
      task: task.id,
      dataset: dataset && datasetTold(dataset),
      ...view,
      sort: typeof sort === 'object' ? sort.key : sort,
      direction,
      rows,
    };
  },
);

function cellTypeOf(task: Task, asked: string | undefined): CellType | null {
  if (!asked || asked === 'all') return null;
  const cellType = parseCellType(asked);
  if (!cellType) throw new InvalidFields({ cellType: `“${asked}” is no cell type of LIVECell.` });
  if (!task.typeBoards) throw new InvalidFields({ cellType: `The board of ${task.name} is not divided by cell type.` });
  return cellType;
}

/** Return the rows as a file, named after its view. */
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
