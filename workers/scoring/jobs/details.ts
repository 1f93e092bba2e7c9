/**
 * Computes the details of a score after everything else in the queue: slices, curves and tables from its outcomes, and
 * the numbers other papers report from its file. The same kind of job derives variants and controls from ground truth.
 */
import type { ScoreContext } from '#db/queue/queue.ts';
import { cellsKey, findForCells, saveCells } from '#db/submissions/cells.ts';
import { failDerivation, findDerivation } from '#db/submissions/derivations.ts';
import { findForFamilies, saveFamilies } from '#db/submissions/families.ts';
import { failDetails, findOutcomes, forgetWithdrawnOutcomes, saveDetails } from '#db/submissions/outcomes.ts';
import { forgetWithdrawnTimes } from '#db/submissions/times.ts';
import { log } from '#lib/log.ts';
import { storage } from '#lib/storage.ts';
import { deriveTruth } from './derive.ts';
import { type JobRoom, runJob } from './run-job.ts';
import { buildJob, withOutcomesPath } from './score.ts';

export async function computeDetails(room: JobRoom, id: string, context: ScoreContext): Promise<void> {
  const found = await findOutcomes(id);
  if (!found) {
    const dataset = await findDerivation(id);
    if (dataset) return deriveTruth(room, id, dataset, context);
    return log.info('no-details-wanted', { outcomes: id });
  }
  const { submissionId, sha256, storageKey } = found;
  await runJob(room, context, {
    kind: 'details',
    begin: 'computing-details',
    fields: { outcomes: id, submission: submissionId, attempt: context.attempt },
    async run(signal) {
      if (!(await storage().exists(storageKey))) {
        await failDetails(id, 'The file of outcomes is gone.');
        return 'outcomes-gone';
      }
      const details = await room.pool.details({ path: await storage().localPath(storageKey), sha256 }, signal);
      await saveDetails(id, details);
      await keepCells(room, id, signal);
      const input = await findForFamilies(id);
      if (!input) return 'details-computed';
      const { protocols: _, ...job } = await buildJob(input);
      const families = await room.pool.families({ ...job, threshold: input.threshold, threads: room.threads }, signal);
      if (families) await saveFamilies(id, families);
      return 'details-computed';
    },
  });
}

/** Write the cells of every image for the viewer, unless they are there or cannot be had. */
async function keepCells(room: JobRoom, id: string, signal: AbortSignal): Promise<void> {
  const input = await findForCells(id);
  if (!input) return;
  const { sha256, storageKey } = input.outcomes;
  const { protocols: _, ...job } = await buildJob(input);
  await withOutcomesPath(async (into) => {
    const outcomes = { path: await storage().localPath(storageKey), sha256 };
    await room.pool.cells({ ...job, outcomes, into, threads: room.threads }, signal);
    const key = cellsKey(input.submission.id, sha256);
    await storage().adopt(key, into);
    await saveCells(id, key);
  });
}

/** Record that details could not be computed. The score stays as it is. */
export async function giveUpDetails(id: string, reason: string): Promise<void> {
  await failDetails(id, reason);
  await failDerivation(id, reason);
  log.warn('details-failed', { outcomes: id, reason });
}

/** Delete the outcomes and times of withdrawn submissions. */
export async function sweepOutcomes(): Promise<void> {
  await forgetWithdrawnTimes();
  for (const key of await forgetWithdrawnOutcomes()) await storage().delete(key);
}
