/** The tasks of the benchmark, one line each. Adding a task takes a file in this folder and a line here. */
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

/** The task that is scored by default. */
export const DEFAULT_TASK: Task = TASKS['livecell-wide'];

const known = new Map<string, Task>(Object.entries(TASKS));

/** List every task in display order. */
export function listTasks(): readonly Task[] {
  return [...known.values()];
}

/** List the tasks that have boards and accept files. */
export function listOpenTasks(): readonly Task[] {
  return listTasks().filter(({ open }) => open);
}

/** Return the task with an id; null if there is none. */
export function parseTask(id: string): Task | null {
  return known.get(id) ?? null;
}

/** Add a task to the table for this process. @throws Error if its id is taken */
export function addTask(task: Task): void {
  if (known.has(task.id)) throw new Error(`There is a task ${task.id} already.`);
  known.set(task.id, task);
}

/** Return the task whose registered data sets are this one's ground truth. */
export function groundTruthTask(id: string): string {
  return parseTask(id)?.groundTruth ?? id;
}
