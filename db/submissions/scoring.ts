/** The scoring process's side of a submission: start, progress, and the four ways it ends. */

import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { audienceOf, notify } from '#db/notices/notices.ts';
import { enqueueScore } from '#db/queue/queue.ts';
import { chargePlace, returnPlace } from '#db/quota/ledger.ts';
import {
  type Dataset,
  datasets,
  evaluations,
  type Progress,
  type Submission,
  type SubmissionFile,
  submissions,
} from '#db/schema.ts';
import { countProblems, type Problem, summarizeProblems, type Warning } from '#lib/problems.ts';
import type { CopiedMasks } from '#lib/scoring/copied-masks.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { NoticeKind } from '#lib/vocabulary.ts';
import { changeSubmission, lockMethodOf } from './changes.ts';
import { keepShown } from './methods.ts';
import { addItems, listMissing, listRunningRescores } from './rescore-items.ts';
import { listFiles } from './submissions.ts';

/** Everything a scoring process needs to score a submission. */
export interface ScoringInput {
  submission: Submission;
  dataset: Dataset;
  /** all data sets of a task whose slots are data sets, the submission's own first */
  datasets?: Dataset[];
  files: SubmissionFile[];
}

/**
 * Claim a submission for an attempt. Return null if there is nothing to score: it was withdrawn, or another attempt has
 * finished. A submission in state `scoring` can be claimed again, because its first process may have been killed.
 */
export async function startScoring(id: string, attempt: number, tx: Tx = db()): Promise<ScoringInput | null> {
  return tx.transaction(async (tx) => {
    const [submission] = await tx
      .update(submissions)
      .set({ state: 'scoring', attempts: attempt, startedAt: sql`now()`, progress: null })
      .where(and(eq(submissions.id, id), inArray(submissions.state, ['queued', 'scoring'])))
      .returning();
    if (!submission) return null;
    const [dataset] = await tx.select().from(datasets).where(eq(datasets.id, submission.datasetId));
    const outside = parseTask(submission.task)?.slotsAreDatasets
      ? [dataset, ...(await listDatasets({ task: submission.task }, tx)).filter(({ id }) => id !== dataset.id)]
      : undefined;
    return { submission, dataset, datasets: outside, files: await listFiles(id, tx) };
  });
}

/** Record how far scoring has come. Ignored unless the submission is still being scored. */
export async function saveProgress(id: string, progress: Progress, tx: Tx = db()): Promise<void> {
  await tx
    .update(submissions)
    .set({ progress })
    .where(and(eq(submissions.id, id), eq(submissions.state, 'scoring')));
}

/** Return whether the score is still wanted: false once the submission was withdrawn or taken over by another process. */
export async function isScoring(id: string, tx: Tx = db()): Promise<boolean> {
  const [row] = await tx.select({ state: submissions.state }).from(submissions).where(eq(submissions.id, id));
  return row?.state === 'scoring';
}

const GROUND_TRUTH_CHANGED = 'the ground truth was replaced while it was being scored';

/** The findings of scoring a submission. */
interface Score {
  reports: readonly Report[];
  /** detections that copy an object of the ground truth; undefined where the task has no masks */
  exactGroundTruth?: CopiedMasks;
}

/**
 * Save the first score of a submission, with everything that belongs to it, in one transaction.
 *
 * A submission whose ground truth was replaced in the meantime goes back into the queue (`returned`). One whose data set
 * is being scored again joins that re-score. `too-late`: it was withdrawn, or another process finished first.
 */
export async function saveScore(
  { submission, dataset, datasets: all = [dataset] }: ScoringInput,
  { reports, exactGroundTruth }: Score,
  tx: Tx = db(),
): Promise<'scored' | 'returned' | 'too-late'> {
  return tx.transaction(async (tx) => {
    const ids = all.map(({ id }) => id);
    // shared with other scores; a transaction that switches the board waits, or this one sees the switched rows
    const now = await tx.select().from(datasets).where(inArray(datasets.id, ids)).orderBy(datasets.id).for('share');
    const replaced = now.some(({ id, sha256 }) => all.some((used) => used.id === id && used.sha256 !== sha256));
    if (replaced) {
      if (!(await returnToQueue(submission.id, GROUND_TRUTH_CHANGED, tx))) return 'too-late';
      await enqueueScore(submission.id, { first: true }, tx);
      return 'returned';
    }
    if (!(await saveReports(submission.id, reports, tx))) return 'too-late';
    await saveRadar(submission.id, exactGroundTruth, tx);
    for (const rescore of await listRunningRescores(ids, tx)) {
      const own = now.find(({ id }) => id === rescore.datasetId)!;
      await addItems(rescore, await listMissing(rescore, own, { only: submission.id }, tx), tx);
    }
    return 'scored';
  });
}

/** Save the reports of all protocols at once, or none. Return false if the submission is no longer being scored. */
export async function saveReports(id: string, reports: readonly Report[], tx: Tx = db()): Promise<boolean> {
  return tx.transaction(async (tx) => {
    await lockMethodOf(id, tx);
    const [scored] = await tx
      .update(submissions)
      .set({
        state: 'scored',
        progress: null,
        problems: null,
        failure: null,
        warnings: reports[0]?.warnings ?? [],
        finishedAt: sql`now()`,
      })
      .where(and(eq(submissions.id, id), eq(submissions.state, 'scoring')))
      .returning();
    if (!scored) return false;
    // demo entries are published before they have a score
    if (!scored.wasPublished) await keepShown(null, scored, tx);
    // evaluations are never overwritten: the same evaluator on the same data gives the same numbers
    await tx
      .insert(evaluations)
      .values(
        reports.map((report) => ({
          submissionId: id,
          protocol: report.protocol,
          evaluatorVersion: report.evaluator.version,
          groundTruthSha256: report.groundTruth.sha256,
          report,
        })),
      )
      .onConflictDoNothing();
    await chargePlace(id, tx);
    await recordEvent(
      null,
      {
        kind: 'scored',
        submissionId: id,
        protocols: reports.map((report) => report.protocol),
        attempt: scored.attempts,
      },
      tx,
    );
    await notifyOwners(scored, 'scored', `“${scored.method}” was scored.`, tx);
    return true;
  });
}

/** Save what looked suspicious during scoring, for the maintainers who decide about the entry. */
export async function saveRadar(
  submissionId: string,
  exactGroundTruth: CopiedMasks | undefined,
  tx: Tx,
): Promise<void> {
  await tx
    .update(submissions)
    .set({ radar: exactGroundTruth ? { exactGroundTruth } : {} })
    .where(eq(submissions.id, submissionId));
}

/** Reject a submission whose file is wrong. Not retried, because the same file would be wrong again. */
export async function rejectSubmission(
  id: string,
  problems: Problem[],
  warnings: Warning[],
  tx: Tx = db(),
): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const [rejected] = await tx
      .update(submissions)
      .set({ state: 'rejected', progress: null, problems, warnings, finishedAt: sql`now()` })
      .where(and(eq(submissions.id, id), eq(submissions.state, 'scoring')))
      .returning();
    if (!rejected) return false;
    await returnPlace(id, 'the file was rejected', tx);
    await recordEvent(null, { kind: 'rejected', submissionId: id, problems: countProblems(problems) }, tx);
    const first = problems.length > 0 ? ` ${summarizeProblems(problems)}` : '';
    await notifyOwners(rejected, 'rejected', `A file of “${rejected.method}” was rejected.${first}`, tx);
    return true;
  });
}

/** End a submission after the last attempt failed on the site's side. */
export async function failSubmission(id: string, reason: string, tx: Tx = db()): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const [failed] = await tx
      .update(submissions)
      .set({ state: 'failed', progress: null, failure: reason, finishedAt: sql`now()` })
      .where(and(eq(submissions.id, id), inArray(submissions.state, ['queued', 'scoring'])))
      .returning();
    if (!failed) return false;
    await returnPlace(id, 'scoring failed on our side', tx);
    await recordEvent(null, { kind: 'failed', submissionId: id, reason }, tx);
    await notifyOwners(failed, 'failed', `“${failed.method}” could not be scored, which is our fault. ${reason}`, tx);
    return true;
  });
}

/** Put a submission back into the queue and record the reason. The queue retries the job it already has. */
export async function returnToQueue(id: string, reason: string, tx: Tx = db()): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const returned = await tx
      .update(submissions)
      .set({ state: 'queued', progress: null })
      .where(and(eq(submissions.id, id), eq(submissions.state, 'scoring')))
      .returning({ id: submissions.id });
    if (returned.length === 0) return false;
    await recordEvent(null, { kind: 'returned', submissionId: id, reason }, tx);
    return true;
  });
}

/** Put a submission back with a new job and all attempts left, because its process was told to stop. */
export async function handBack(id: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    if (await returnToQueue(id, 'the scoring process was stopped', tx)) await enqueueScore(id, { first: true }, tx);
  });
}

/** Put a failed submission back with a new job and all attempts left, because a maintainer asked for it. */
export async function tryAgain(id: string, actorId: string | null, tx: Tx = db()): Promise<Submission> {
  return tx.transaction(async (tx) => {
    const submission = await changeSubmission(
      id,
      actorId,
      {
        allowed: and(eq(submissions.state, 'failed'), isNull(submissions.filesDeletedAt)),
        set: { state: 'queued', attempts: 0, failure: null, startedAt: null, finishedAt: null },
        event: (record) => ({ kind: 'returned', ...record, reason: 'it is to be tried again' }),
        otherwise: 'Only a submission that failed and still has its files can be tried again.',
      },
      tx,
    );
    await enqueueScore(id, {}, tx);
    return submission;
  });
}

/** Notify the owner, or every member of the team, of what became of a submission. */
async function notifyOwners(submission: Submission, kind: NoticeKind, text: string, tx: Tx): Promise<void> {
  await notify(await audienceOf(submission, tx), { kind, text, link: `/submissions/${submission.id}` }, tx);
}
