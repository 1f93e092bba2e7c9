/** Finds the slots that a task's files are for, and reports missing ones. */
import type { Problem, Warning } from '#lib/problems.ts';
import type { Task } from './task.ts';

/** Whether a task takes a single file, which then needs no name. */
export const hasOneSlot = ({ slots }: Pick<Task, 'slots'>): boolean => slots.length === 1;

/** Return the slot with this name, ignoring case, `-`, `_`, spaces and `%`: `bt-474` is BT474, `2%` is 2. */
export function parseSlot(task: Task, name: string): string | null {
  return matchSlot(
    task.slots.map(({ id }) => id),
    name,
  );
}

/** Find a name among any slots: those of a task, or data sets. */
export function matchSlot(slots: readonly string[], name: string): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s%]/g, '');
  return slots.find((id) => plain(id) === plain(name)) ?? null;
}

/** List the problems of incomplete slots. */
export function missingSlots(task: Task, given: readonly string[]): Problem[] {
  const missing = task.slots.filter(({ id, required }) => required && !given.includes(id));
  if (missing.length > 0) {
    return missing.map(({ id }) => ({
      code: 'missing-slot',
      message: `There is no file for slot ${id}. ${task.name} needs all of ${task.slots.map((slot) => slot.id).join(', ')}.`,
    }));
  }
  const { least = 1 } = task;
  if (given.length >= least) return [];
  const have = given.length === 0 ? 'There is none' : `There is only ${given.join(', ')}`;
  return [
    {
      code: 'too-few-slots',
      message: `${task.name} needs files for at least ${least} of its slots ${task.slots.map((slot) => slot.id).join(', ')}. ${have}.`,
    },
  ];
}

/** Warn if the slots are sufficient but not complete. */
export function partialSlots(task: Task, given: readonly string[]): Warning[] {
  const missing = task.slots.filter(({ id }) => !given.includes(id)).map(({ id }) => id);
  if (!task.partial || missing.length === 0) return [];
  return [
    {
      code: 'fewer-slots',
      message: `There are files for ${task.slots.length - missing.length} of the ${task.slots.length} slots of ${task.name}, and none for ${missing.join(', ')}. ${task.partial}`,
      count: missing.length,
    },
  ];
}
