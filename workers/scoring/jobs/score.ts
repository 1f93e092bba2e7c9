/** Scores a submission for the first time. */

import type { ScoreContext } from '#db/queue/queue.ts';
import {
  failSubmission,
  handBack,
  isScoring,
  rejectSubmission,
  returnToQueue,
  type ScoringInput,
  saveScore,
  startScoring,
} from '#db/submissions/scoring.ts';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { storage } from '#lib/storage.ts';
import { type Report, withDatasets } from '#lib/tasks/report.ts';
import { withoutReferenceCounts } from '#lib/tasks/report-schema.ts';
import { log } from '#workers/log.ts';
import type { JobFile, ScoreJob } from '../job.ts';
import { followProgress } from '../progress.ts';
import { type JobRoom, runJob } from './run-job.ts';

export async function scoreSubmission(room: JobRoom, id: string, context: ScoreContext): Promise<void> {
  const input = await startScoring(id, context.attempt);
  if (!input) return log('nothing-to-score', { submission: id });
  const progress = followProgress(id, room.clocks);
  await runJob(room, context, {
    begin: 'scoring',
    fields: { submission: id, task: input.submission.task, attempt: context.attempt },
    isWanted: () => isScoring(id),
    async run(signal) {
      try {
        const job = { ...(await buildJob(input)), port: progress.port, threads: room.threads };
        const outcome = await room.pool.score(job, signal);
        progress.close();
        if (!outcome.ok)
          return (await rejectSubmission(id, outcome.problems, outcome.warnings)) ? 'rejected' : 'too-late';
        const { exactGroundTruth } = outcome;
        return await saveScore(input, { reports: keptReports(input, outcome.reports), exactGroundTruth });
      } finally {
        progress.close();
      }
    },
    handBack: () => handBack(id),
    recordFailure: (reason) => returnToQueue(id, reason),
  });
}

/** Mark a submission that has no attempts left as failed. */
export async function giveUpScoring(id: string, reason: string): Promise<void> {
  if (await failSubmission(id, reason)) log('failed', { submission: id, reason });
}

/** Build the job for a thread: the files, their location, and their ground truth. */
export async function buildJob({ submission, dataset, datasets = [], files }: ScoringInput): Promise<ScoreJob> {
  const groundTruths = await Promise.all(
    datasets.map(async ({ name, packKey }) => ({ slot: name, groundTruth: await storage().localPath(packKey) })),
  );
  const jobFiles = files.map(async ({ slot, sha256, storageKey, fileName, scoreThreshold }): Promise<JobFile> => {
    const file = {
      slot,
      sha256,
      name: fileName,
      scoreThreshold: scoreThreshold ?? undefined,
      path: await storage().localPath(storageKey),
    };
    const own = groundTruths.find((other) => other.slot === slot);
    if (own) return { ...file, groundTruth: own.groundTruth };
    // the only file of a task whose slots are data sets, not assigned to any of them
    return groundTruths.length > 0 ? { ...file, datasets: groundTruths } : file;
  });
  return {
    task: submission.task,
    groundTruth: { path: await storage().localPath(dataset.packKey) },
    files: await Promise.all(jobFiles),
    anyCategory: submission.anyCategory,
    protocols: [...PROTOCOL_IDS],
  };
}

/** Reports as they are kept: with the data sets they are of, and without ground truth that is not public. */
export function keptReports({ dataset, datasets = [] }: ScoringInput, reports: readonly Report[]): Report[] {
  return reports.map((report) => {
    const named = withDatasets(report, datasets);
    return dataset.public ? named : withoutReferenceCounts(named);
  });
}
