/** From slots to a report: which images a slot's file is scored on, and what a task makes of its slots' numbers. */
import type { CellType } from '#lib/livecell/cell-types.ts';
import type { ReportEnvelope } from '#lib/scoring/report.ts';
import { imageSlices, type SliceName } from '#lib/scoring/slices.ts';
import { DEFAULT_TASK, parseTask } from './index.ts';
import type { Report } from './report.ts';
import { partialSlots } from './slots.ts';
import type { SlotResults } from './task.ts';

/** The images of each slice that a slot is scored on. */
export function slicesOf(taskId: string, slot: string, fileNames: readonly string[]): Map<SliceName, Uint32Array> {
  const slices = imageSlices(fileNames);
  const wanted = (parseTask(taskId) ?? DEFAULT_TASK).slices(slot);
  return wanted === 'all' ? slices : new Map([...slices].filter(([name]) => wanted.includes(name)));
}

/** The cell type a slot's model was trained on, where the task's slots are cell types. */
export function homeOf(taskId: string, slot: string): CellType | null {
  return parseTask(taskId)?.home?.(slot) ?? null;
}

/**
 * A task's report of its slots' numbers; what the task itself warns of comes before the warnings about the files. An
 * unknown task is LIVECell-wide.
 */
export function assembleReport(taskId: string, slots: readonly SlotResults[], envelope: ReportEnvelope): Report {
  const task = parseTask(taskId) ?? DEFAULT_TASK;
  const results = task.assemble(slots);
  const given = slots.map(({ slot }) => slot);
  const { schema, protocol, evaluator, groundTruth, predictions, unscored, warnings, families, seconds } = envelope;
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
    seconds,
  };
  // the results are those that the task's own schema describes; a validator would take longer than a small file
  return report as Report;
}
