/**
 * Computes the numbers other papers report for a submission that has been scored: its file is read once more, painted
 * as label images, and compared with the flattened ground truth. Nothing is matched.
 */
import { keepPart } from '#lib/coco/part.ts';
import { FileRejected } from '#lib/problems.ts';
import { openFile } from '#lib/readers/files.ts';
import { compareLabels, rankMasks } from '#lib/scoring/evaluate.ts';
import type { Families } from '#lib/scoring/uncertainty-schema.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { ScoreJob } from './job.ts';
import { readGroundTruth, readPredictionFile } from './read.ts';
import { flatTruths } from './score-slot.ts';
import { requireSlots } from './slot-files.ts';
import { ThreadTeam } from './threads.ts';

export type FamiliesJob = Pick<
  ScoreJob,
  'task' | 'groundTruth' | 'files' | 'anyCategory' | 'category' | 'threads' | 'together'
> & {
  /** score threshold of the report's pooled numbers; null: none */
  threshold: number | null;
};

/** @returns null if there are no such numbers: the file has no masks */
export default async function computeFamilies(job: FamiliesJob): Promise<Families | null> {
  const team = new ThreadTeam({ size: job.threads, together: job.together });
  team.warmUp(job.files.map(({ path }) => path));
  const onProgress = (): void => {};
  const { turns, close } = await requireSlots(parseTask(job.task), job.files);
  try {
    return await turns[0].withFile(async ({ path }) => {
      const { dataset: whole, ready } = await readGroundTruth(job.groundTruth.path, { team, onProgress }, job.category);
      const target = { images: whole.images, category: whole.meta.category, anyCategory: job.anyCategory };
      const opened = await openFile(path);
      const given = await readPredictionFile(opened, target, { team, onProgress }).finally(opened.close);
      await ready;
      const { dataset, predictions } = keepPart(whole, given);
      if (!predictions.hasMasks || dataset.meta.boxesOnly) return null;
      const truths = await flatTruths(dataset, team);
      const ranking = rankMasks(dataset, predictions);
      return compareLabels(dataset, predictions, { truths, ranking, threshold: job.threshold }, team);
    });
  } catch (error) {
    // it was accepted when it was scored
    if (error instanceof FileRejected) throw new Error(`The file is refused now: ${error.problems[0]?.message}`);
    throw error;
  } finally {
    close();
  }
}
