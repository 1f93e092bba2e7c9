/** The tasks of the benchmark, a line each. Adding one is a file beside this one and a line here. */
import { fluorescenceCounts } from './fluorescence-counts.ts';
import { livecellWide } from './livecell-wide.ts';
import { singleCellTypes } from './single-cell-type.ts';
import type { Task } from './task.ts';
import { trainingSize } from './training-size.ts';
import { transferability } from './transferability.ts';
import { zeroShot } from './zero-shot.ts';

export const TASKS = {
  'livecell-wide': livecellWide,
  'single-cell-type': singleCellTypes,
  transferability,
  'fluorescence-counts': fluorescenceCounts,
  'training-size': trainingSize,
  'zero-shot': zeroShot,
} as const;
export type TaskId = keyof typeof TASKS;

/** What is scored where no task is named. */
export const DEFAULT_TASK: Task = TASKS['livecell-wide'];

const known = new Map<string, Task>(Object.entries(TASKS));

/** Every task there is, in the order of lists. */
export function listTasks(): readonly Task[] {
  return [...known.values()];
}

/** The tasks that have boards and take files. */
export function listOpenTasks(): readonly Task[] {
  return listTasks().filter(({ open }) => open);
}

/** The task of an id; null where there is none. */
export function parseTask(id: string): Task | null {
  return known.get(id) ?? null;
}

/** Makes a task known to this process, as if it stood in the table. @throws Error where its id is taken */
export function addTask(task: Task): void {
  if (known.has(task.id)) throw new Error(`There is a task ${task.id} already.`);
  known.set(task.id, task);
}

/** Return the task whose registered data sets are this one's ground truth. */
export function groundTruthTask(id: string): string {
  return parseTask(id)?.groundTruth ?? id;
}
