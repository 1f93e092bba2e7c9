/** The numbers that tell of an entry in a line or two, wherever it is not on its board. */
import { type Evaluation, PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { headlineColumns } from '#lib/tasks/board-columns.ts';
import { type Column, type ColumnView, columnName, columnNumber } from '#lib/tasks/columns.ts';
import type { Task } from '#lib/tasks/task.ts';

/** A number with its name, as tables show it. */
export interface HeadlineNumber {
  label: string;
  value: number | null;
  format: Column['format'];
}

/** What an entry's headline is read of: masks, or boxes where its results have no masks. */
export function headlineEvaluation(task: Task, results: unknown): Evaluation {
  return task.has(results, 'segm') ? 'segm' : 'bbox';
}

/**
 * The headline and the next two numbers of the board.
 *
 * @param results of a report of the task
 * @param dataset the data set's name, for tasks whose slots are data sets
 */
export function headlineNumbers(
  task: Task,
  results: unknown,
  { dataset, evaluation = headlineEvaluation(task, results) }: { dataset: string; evaluation?: Evaluation },
): HeadlineNumber[] {
  const view: ColumnView = { protocol: PRIMARY_PROTOCOL, evaluation, dataset };
  return headlineColumns(task).map((column) => ({
    label: columnName(column),
    value: columnNumber(column, results, view) ?? null,
    format: column.format,
  }));
}
