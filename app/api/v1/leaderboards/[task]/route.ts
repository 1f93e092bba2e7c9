import { z } from 'zod';
import { InvalidFields, route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { boardAnswer } from '#db/board/answer.ts';
import type { BoardSliceChoice } from '#db/board/board.ts';
import { type ExportRow, type ExportView, toBibtex, toCsv } from '#lib/board/export.ts';
import { bestFirst, findSort, sortNames } from '#lib/board/ranking.ts';
import { parseBoardSlice } from '#lib/board/slices.ts';
import { toLatex, toParquet } from '#lib/board/tables.ts';
import { hasLevel } from '#lib/board/trust-level.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { leaderboardQuerySchema } from '#lib/http/api.ts';
import { type CellType, parseCellType } from '#lib/livecell/cell-types.ts';
import { MOST_DIMENSIONS } from '#lib/scoring/slice-table.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';

type Format = Exclude<z.infer<typeof leaderboardQuerySchema>['format'], 'json'>;

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
    const slice = sliceOf(task, query, cellType);
    const {
      dataset,
      rows: all,
      answer,
    } = await boardAnswer({
      ...view,
      task: task.id,
      dataset: query.dataset,
      sort,
      direction,
      byType: demanded.length > 0,
      ranges: true,
      metrics: true,
      exposure: query.exposure,
      slice,
    });
    if (query.dataset && dataset?.task !== task.groundTruth)
      throw new AppError('not-found', `${task.name} has no ground truth named “${query.dataset}”.`);
    const rows = all.filter((row) => row.kind !== 'entry' || hasLevel(row, query.level ?? null));
    if (format !== 'json') {
      return download(format, rows, {
        ...view,
        task,
        dataset: dataset?.name ?? '',
        part: dataset?.part,
        demanded,
        site: siteOf(request),
      });
    }
    return { ...answer, total: rows.length, ...rowsAfter(rows, query) };
  },
);

/** Return the rows after a cursor, at most `limit` of them, and the cursor of those that follow. */
function rowsAfter<Row extends { id: string }>(
  rows: readonly Row[],
  { limit = rows.length, cursor }: { limit?: number; cursor?: string },
): { next: string | null; rows: Row[] } {
  const from = cursor === undefined ? 0 : rows.findIndex(({ id }) => id === cursor) + 1;
  if (cursor !== undefined && from === 0)
    throw new InvalidFields({ cursor: `This view has no row “${cursor}” (any more). Begin again without a cursor.` });
  const page = rows.slice(from, from + limit);
  return { next: from + limit < rows.length ? page[page.length - 1].id : null, rows: page };
}

/** Read the slice that is asked for. @throws InvalidFields if there is none, or if the view has no numbers of slices */
function sliceOf(
  task: Task,
  { day, density, size, protocol, evaluation, sort }: z.infer<typeof leaderboardQuerySchema>,
  cellType: CellType | null,
): BoardSliceChoice {
  const given = Object.entries({ day, density, size }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return {};
  const [[first]] = given;
  if (!task.families) throw new InvalidFields({ [first]: `The board of ${task.name} is not divided into slices.` });
  if (given.length + Number(cellType !== null) > MOST_DIMENSIONS)
    throw new InvalidFields({ [first]: `At most ${MOST_DIMENSIONS} of cellType, day, density and size go together.` });
  if (evaluation !== 'segm' || protocol !== PRIMARY_PROTOCOL)
    throw new InvalidFields({ [first]: `Slices are those of masks (segm) under ${PRIMARY_PROTOCOL}.` });
  if (!['AP', 'AFNR', undefined].includes(sort))
    throw new InvalidFields({ sort: 'Boards of slices are sorted by AP or AFNR.' });
  const choice = parseBoardSlice({ day, density, size }, cellType);
  for (const [dimension, value] of given)
    if (!(dimension in choice)) throw new InvalidFields({ [dimension]: `“${value}” is no value of ${dimension}.` });
  return choice;
}

function cellTypeOf(task: Task, asked: string | undefined): CellType | null {
  if (!asked || asked === 'all') return null;
  const cellType = parseCellType(asked);
  if (!cellType) throw new InvalidFields({ cellType: `“${asked}” is no cell type of LIVECell.` });
  if (!task.typeBoards) throw new InvalidFields({ cellType: `The board of ${task.name} is not divided by cell type.` });
  return cellType;
}

/** Return the rows as a file, named after its view. */
async function download(format: Format, rows: readonly ExportRow[], view: ExportView): Promise<Response> {
  const { task, protocol, evaluation, cellType } = view;
  const name = [task.id, protocol, evaluation, cellType].filter(Boolean).join('-');
  switch (format) {
    case 'csv':
      return file(toCsv(rows, view), 'text/csv; charset=utf-8', `${name}.csv`);
    case 'bibtex':
      return file(toBibtex(rows, view), 'application/x-bibtex; charset=utf-8', `${name}.bib`);
    case 'latex':
      return file(toLatex(rows, view), 'text/x-tex; charset=utf-8', `${name}.tex`);
    case 'parquet':
      return file(await toParquet(rows, view), 'application/vnd.apache.parquet', `${name}.parquet`);
  }
}

function file(text: BodyInit, type: string, name: string): Response {
  return new Response(text, {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  });
}
