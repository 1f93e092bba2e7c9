/** Scores a submission for the first time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { NotHere, type ScoreContext } from '#db/queue/queue.ts';
import { outcomesKey } from '#db/submissions/outcomes.ts';
import {
  handBack,
  isScoring,
  recordFault,
  rejectSubmission,
  requeueGivenUp,
  type ScoringInput,
  saveScore,
  startScoring,
} from '#db/submissions/scoring.ts';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { log } from '#lib/log.ts';
import { metrics } from '#lib/metrics.ts';
import { sha256File } from '#lib/readers/files.ts';
import { storage } from '#lib/storage.ts';
import { type Report, withDatasets } from '#lib/tasks/report.ts';
import { withoutReferenceCounts } from '#lib/tasks/report-schema.ts';
import { addFinishedSpans, withSpan } from '#lib/tracing.ts';
import type { ScoreRequest } from '../child-messages.ts';
import type { JobFile } from '../job.ts';
import { scratchFolder } from '../pool.ts';
import { followProgress } from '../progress.ts';
import { type JobRoom, runJob } from './run-job.ts';

export async function scoreSubmission(room: JobRoom, id: string, context: ScoreContext): Promise<void> {
  const input = await startScoring(id, context.attempt);
  if (!input) return log.info('nothing-to-score', { submission: id });
  const progress = followProgress(id, room.clocks);
  await runJob(room, context, {
    kind: 'score',
    begin: 'scoring',
    fields: { submission: id, task: input.submission.task, attempt: context.attempt },
    isWanted: () => isScoring(id),
    async run(signal) {
      try {
        return await withOutcomesPath(async (outcomes) => {
          const job = { ...(await buildJob(input)), outcomes, threads: room.threads };
          const outcome = await room.pool.score(job, { signal, onProgress: progress.save });
          progress.close();
          if (!outcome.ok) await requireUndamaged(job);
          if (!outcome.ok)
            return (await rejectSubmission(id, outcome.problems, outcome.warnings)) ? 'rejected' : 'too-late';
          const { exactGroundTruth } = outcome;
          await keepOutcomes(id, outcome.reports, outcomes);
          measureStages(outcome.reports);
          return await withSpan('save', {}, () =>
            saveScore(input, { reports: keptReports(input, outcome.reports), exactGroundTruth }),
          );
        });
      } finally {
        progress.close();
      }
    },
    handBack: () => handBack(id),
    recordFault: (reason) => recordFault(id, { reason, times: context.attempt }),
  });
}

/** Count how long each stage took. All protocols are evaluated together: the times of any report are those of all. */
export function measureStages([report]: readonly Report[]): void {
  if (!report) return;
  const { read, match, accumulate, total } = report.seconds;
  const stages = { read, match, accumulate, total };
  for (const [stage, seconds] of Object.entries(stages)) metrics().scoringSeconds.observe({ stage }, seconds);
  addFinishedSpans([
    { name: 'read', seconds: read },
    { name: 'match', seconds: match },
    { name: 'accumulate', seconds: accumulate },
  ]);
}

/** An earlier version of the site limited the attempts of its jobs. */
export async function giveUpScoring(id: string, reason: string): Promise<void> {
  await requeueGivenUp(id, reason);
  log.warn('requeued', { submission: id, reason });
}

/** Call `work` with a path for a file of outcomes, and delete what is left of it. */
export async function withOutcomesPath<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(scratchFolder(), 'outcomes-'));
  try {
    return await work(join(folder, 'outcomes.zst'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Move the file of outcomes into storage, before the score that names it is saved. */
export async function keepOutcomes(submissionId: string, reports: readonly Report[], path: string): Promise<void> {
  for (const { outcomes } of reports)
    if (outcomes) await storage().adopt(outcomesKey(submissionId, outcomes.sha256), path);
}

/** Throw unless the files are still what their owner sent: a damaged copy must not be held against them. */
async function requireUndamaged({ files }: ScoreRequest): Promise<void> {
  for (const { path, sha256, slot } of files)
    if (sha256 !== undefined && (await sha256File(path)) !== sha256)
      throw new Error(`the stored file for “${slot}” is damaged: its digest is not that of what was sent`);
}

/**
 * Build the job for a thread: the files, their location, and their ground truth.
 *
 * @throws NotHere if a file cannot be had on this machine
 */
export async function buildJob(input: ScoringInput): Promise<ScoreRequest> {
  try {
    return await locateFiles(input);
  } catch (cause) {
    throw new NotHere('The site could not get at a stored file.', { cause });
  }
}

async function locateFiles({ submission, dataset, datasets = [], files }: ScoringInput): Promise<ScoreRequest> {
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
