/**
 * Writes the cells of every image of a scored submission, for the viewer: its file is read once more, and its outcomes
 * say what became of each detection. Nothing is matched.
 */
import { writeCells } from '#lib/cells-file.ts';
import { keepPart } from '#lib/coco/part.ts';
import { thread } from '#lib/kernels/thread-state.ts';
import { openOutcomes } from '#lib/outcomes-file.ts';
import { FileRejected } from '#lib/problems.ts';
import { openFile } from '#lib/readers/files.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { ScoreJob } from './job.ts';
import { readGroundTruth, readPredictionFile } from './read.ts';
import { requireSlots } from './slot-files.ts';
import { ThreadTeam } from './threads.ts';

export type CellsJob = Pick<
  ScoreJob,
  'task' | 'groundTruth' | 'files' | 'anyCategory' | 'category' | 'threads' | 'together'
> & {
  /** file of outcomes, with its digest */
  outcomes: { path: string; sha256: string };
  /** where to write the cells */
  into: string;
};

export default async function collectCells(job: CellsJob): Promise<void> {
  const team = new ThreadTeam({ size: job.threads, together: job.together });
  const onProgress = (): void => {};
  const { turns, close } = await requireSlots(parseTask(job.task), job.files);
  try {
    await turns[0].withFile(async ({ path }) => {
      const outcomes = await openOutcomes(job.outcomes.path, job.outcomes.sha256);
      const { dataset: whole, ready } = await readGroundTruth(job.groundTruth.path, { team, onProgress }, job.category);
      const target = { images: whole.images, category: whole.meta.category, anyCategory: job.anyCategory };
      const opened = await openFile(path);
      const given = await readPredictionFile(opened, target, { team, onProgress }).finally(opened.close);
      await ready;
      const { dataset, predictions } = keepPart(whole, given);
      if (dataset.meta.sha256 !== outcomes.groundTruth)
        throw new Error('The outcomes are of another ground truth than the one at hand.');
      await writeCells({ outcomes, predictions, images: dataset.images }, job.into);
    });
  } catch (error) {
    // it was accepted when it was scored
    if (error instanceof FileRejected) throw new Error(`The file is refused now: ${error.problems[0]?.message}`);
    throw error;
  } finally {
    close();
    thread.forgetLarge();
  }
}
