/** Turns slots into a report: which images a slot's file is scored on, and how a task combines its slots' numbers. */
import type { CellType } from '#lib/livecell/cell-types.ts';
import type { ReportEnvelope } from '#lib/scoring/report.ts';
import { imageSlices, type SliceName } from '#lib/scoring/slices.ts';
import { DEFAULT_TASK, parseTask } from './index.ts';
import type { Report } from './report.ts';
import { partialSlots } from './slots.ts';
import type { SlotResults } from './task.ts';

/** Return the images of each slice that a slot is scored on. */
export function slicesOf(taskId: string, slot: string, fileNames: readonly string[]): Map<SliceName, Uint32Array> {
  const slices = imageSlices(fileNames);
  const wanted = (parseTask(taskId) ?? DEFAULT_TASK).slices(slot);
  return wanted === 'all' ? slices : new Map([...slices].filter(([name]) => wanted.includes(name)));
}

/** Return the cell type that a slot's model was trained on, if the task's slots are cell types. */
export function homeOf(taskId: string, slot: string): CellType | null {
  return parseTask(taskId)?.home?.(slot) ?? null;
}

/**
 * Build a task's report from its slots' numbers; the task's own warnings precede those about the files. An unknown task
 * counts as LIVECell-wide.
 */
export function assembleReport(taskId: string, slots: readonly SlotResults[], envelope: ReportEnvelope): Report {
  const task = parseTask(taskId) ?? DEFAULT_TASK;
  const results = task.assemble(slots);
  const given = slots.map(({ slot }) => slot);
  const { schema, protocol, evaluator, groundTruth, predictions, unscored, warnings, families, outcomes, seconds } =
    envelope;
  const report = {
    schema,
    task: taskId,
    protocol,
    evaluator,
    groundTruth,
    predictions,
    ...(unscored && { unscored }),
    warnings: [...partialSlots(task, given), ...(task.warnings?.(results) ?? []), ...warnings],
    results,
    ...(families && { families }),
    ...(outcomes && { outcomes }),
    seconds,
  };
  // the results match the task's own schema; a validator would take longer than scoring a small file
  return report as Report;
}
