/**
 * Reads ground truth and packs it. A plain function: the scoring process runs it in a thread of its pool for what came in
 * over the site, the command line calls it for files of its own.
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
  /** of a task of counts a file per cell type, its slot; else one file */
  files: { slot: string; path: string }[];
  /** where the pack is written to */
  packed: string;
}

export type ImportOutcome =
  | { ok: true; facts: GroundTruthFacts; warnings: Warning[] }
  | { ok: false; problems: Problem[]; warnings: Warning[] };

/** A wrong file is an outcome, with its problems; whatever else goes wrong is thrown. */
export default async function importTask({ task: id, files, packed }: ImportJob): Promise<ImportOutcome> {
  const task = parseTask(id);
  if (!task) throw new Error(`there is no task ${id}`);
  try {
    const { warnings, ...facts } = await packGroundTruth(task, files, packed);
    return { ok: true, facts, warnings };
  } catch (error) {
    if (error instanceof FileRejected) return { ok: false, problems: error.problems, warnings: error.warnings };
    throw error;
  }
}

/** Annotations as a pack, or reference counts as one document. @throws FileRejected */
export async function packGroundTruth(
  task: Task,
  files: readonly { slot: string; path: string }[],
  packed: string,
): Promise<GroundTruthFacts & { warnings: Warning[] }> {
  if (!task.kind.truthPerSlot) return importGroundTruth(files[0].path, packed);
  const { text, ...facts } = await packReferenceCounts(files);
  await writeFile(packed, text);
  return { ...facts, warnings: [], statistics: null };
}
