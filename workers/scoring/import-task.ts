/**
 * Reads and packs ground truth. A plain function: the scoring process runs it in a thread of its pool for ground truth
 * sent to the site, the command line calls it directly.
 */

import { writeFile } from 'node:fs/promises';
import type { GroundTruthFacts } from '#db/rescore/ground-truth.ts';
import { importGroundTruth } from '#lib/datasets/import-ground-truth.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { packReferenceCounts } from './counts.ts';

export interface ImportJob {
  task: string;
  /** for count tasks one file per cell type, named by slot; otherwise one file */
  files: { slot: string; path: string }[];
  /** path to write the pack to */
  packed: string;
  /** number or name of the category that is a cell, if one was chosen */
  category?: number | string;
}

export type ImportOutcome =
  | { ok: true; facts: GroundTruthFacts; warnings: Warning[] }
  | { ok: false; problems: Problem[]; warnings: Warning[] };

/** Return the problems of a wrong file as an outcome; any other error is thrown. */
export default async function importTask({ task: id, files, packed, category }: ImportJob): Promise<ImportOutcome> {
  const task = parseTask(id);
  if (!task) throw new Error(`there is no task ${id}`);
  try {
    const { warnings, ...facts } = await packGroundTruth(task, files, packed, { category });
    return { ok: true, facts, warnings };
  } catch (error) {
    if (error instanceof FileRejected) return { ok: false, problems: error.problems, warnings: error.warnings };
    throw error;
  }
}

/** Pack annotations, or combine reference counts into one document. @throws FileRejected */
export async function packGroundTruth(
  task: Task,
  files: readonly { slot: string; path: string }[],
  packed: string,
  options: { category?: number | string } = {},
): Promise<GroundTruthFacts & { warnings: Warning[] }> {
  if (!task.kind.truthPerSlot) return importGroundTruth(files[0].path, packed, options);
  const { text, ...facts } = await packReferenceCounts(files);
  await writeFile(packed, text);
  return { ...facts, warnings: [], statistics: null };
}
