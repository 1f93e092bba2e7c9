/** The board of a slice, for its page and the API. */
import { type BoardRow, getLeaderboard } from '#db/board/board.ts';
import { getSliceNames, listSlices } from '#db/board/slices.ts';
import type { Dataset } from '#db/schema.ts';
import {
  columnsOf,
  keysOf,
  rankSlices,
  type SliceBoardRow,
  type SliceColumn,
  type SliceQuery,
  type SliceValues,
  valuesOf,
} from '#lib/board/slices.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';

export interface SliceBoard {
  dataset: string;
  truthIsPublic: boolean;
  values: SliceValues;
  columns: SliceColumn[];
  rows: SliceBoardRow[];
  /** entries of the board that have no slices: scored by an earlier evaluator, or just now */
  without: number;
}

/** Return the task if it has slices. @throws AppError */
export function slicedTask(id: string): Task {
  const task = parseTask(id);
  if (!task?.open) throw new AppError('not-found', `There is no task “${id}”.`);
  if (!task.families) throw new AppError('not-found', `The board of ${task.name} is not divided into slices.`);
  return task;
}

/** Return the values that the slices of a board's entries have. */
export async function sliceValues(
  dataset: Dataset,
  rows: readonly Pick<BoardRow, 'id' | 'kind'>[],
): Promise<SliceValues> {
  const ids = rows.flatMap(({ id, kind }) => (kind === 'entry' ? [id] : []));
  const names = await getSliceNames(dataset, ids);
  return valuesOf(names?.keys ?? [], names?.densities ?? []);
}

/** Rank the published entries of a task by a slice; null if no data set is registered. */
export async function loadSlices(
  task: Task,
  dataset: string | undefined,
  query: SliceQuery,
): Promise<SliceBoard | null> {
  const board = await getLeaderboard({ task: task.id, dataset, protocol: PRIMARY_PROTOCOL, evaluation: 'segm' });
  if (!board.dataset) return null;
  if (dataset && board.dataset.task !== task.groundTruth)
    throw new AppError('not-found', `${task.name} has no ground truth named “${dataset}”.`);
  const truthIsPublic = board.dataset.public;
  const entries = board.rows.filter(({ kind }) => kind === 'entry');
  const ids = entries.map(({ id }) => id);
  const values = await sliceValues(board.dataset, entries);
  const columns = columnsOf(query, values, truthIsPublic);
  const found = await listSlices(board.dataset, { ids, keys: keysOf(query, columns, values) });
  const sliced = entries.flatMap(({ id, method, publishedAt, unscored, exposure }) => {
    const rows = found.get(id);
    return rows ? [{ id, method, publishedAt, unscored, exposure, rows }] : [];
  });
  return {
    dataset: board.dataset.name,
    truthIsPublic,
    values,
    columns,
    rows: rankSlices(sliced, query, columns, truthIsPublic),
    without: entries.length - sliced.length,
  };
}
