/** The scoring process's side of a submission: start, progress, and the four ways it ends. */

import { and, eq, inArray, isNotNull, isNull, or, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { saveEvaluations } from '#db/board/values.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { audienceOf, notify } from '#db/notices/notices.ts';
import { ATTEMPTS, dropWaitingScores, enqueueScore, forgiveLosses, LOSSES } from '#db/queue/queue.ts';
import { chargePlace, returnPlace } from '#db/quota/ledger.ts';
import {
  type Dataset,
  datasets,
  type Progress,
  type Submission,
  type SubmissionFile,
  submissions,
  users,
} from '#db/schema.ts';
import { countProblems, type Problem, summarizeProblems, type Warning } from '#lib/problems.ts';
import type { CopiedMasks } from '#lib/scoring/copied-masks.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { NoticeKind } from '#lib/vocabulary.ts';
import { changeSubmission, lockMethodOf } from './changes.ts';
import { keepShown } from './methods.ts';
import { saveOutcomes } from './outcomes.ts';
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

/**
 * Return the warnings that a submission shows. Which pairs of a transfer matrix have an AP of exactly 0 is not told of
 * ground truth that is not public (`tasks/disclosure.ts`).
 */
async function warningsTold(id: string, warnings: Report['warnings'], tx: Tx): Promise<Report['warnings']> {
  const exact = ({ code }: Report['warnings'][number]) => code === 'no-transferability-index';
  if (!warnings.some(exact)) return warnings;
  const [dataset] = await tx
    .select({ public: datasets.public })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(eq(submissions.id, id));
  return dataset?.public ? warnings : warnings.filter((warning) => !exact(warning));
}

/** Save the reports of all protocols at once, or none. Return false if the submission is no longer being scored. */
export async function saveReports(id: string, reports: readonly Report[], tx: Tx = db()): Promise<boolean> {
  return tx.transaction(async (tx) => {
    await lockMethodOf(id, tx);
    const warnings = await warningsTold(id, reports[0]?.warnings ?? [], tx);
    const [scored] = await tx
      .update(submissions)
      .set({
        state: 'scored',
        progress: null,
        problems: null,
        failure: null,
        warnings,
        finishedAt: sql`now()`,
      })
      .where(and(eq(submissions.id, id), eq(submissions.state, 'scoring')))
      .returning();
    if (!scored) return false;
    // demo entries are published before they have a score
    if (!scored.wasPublished) await keepShown(null, scored, tx);
    // evaluations are never overwritten: the same evaluator on the same data gives the same numbers
    await saveEvaluations(
      reports.map((report) => ({
        submissionId: id,
        protocol: report.protocol,
        evaluatorVersion: report.evaluator.version,
        groundTruthSha256: report.groundTruth.sha256,
        report,
      })),
      tx,
    );
    await saveOutcomes(id, reports, tx);
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
    const text = `“${scored.method}” was scored.`;
    await notifyOwners(scored, { kind: 'scored', text, letter: receiptLines(id, reports) }, tx);
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
    const text = `A file of “${rejected.method}” was rejected.${first}`;
    await notifyOwners(rejected, { kind: 'rejected', text }, tx);
    return true;
  });
}

/** A submission fails when it came in this long ago and was tried at least this often, which takes half a day. */
const PATIENCE_DAYS = 3;
const LEAST_ATTEMPTS = 24;

/**
 * Put a submission back after an attempt that failed on our side; the queue tries again, later each time. From `after`
 * on the submission says whose fault it is, and its owner and the maintainers are told once. Only after three days does it
 * fail, with its files kept and its place returned; a maintainer can still have it tried again (`tryAgain`).
 *
 * @param options.times how often it has failed in this way by now
 * @returns what became of it; `gone`: it was withdrawn, or another process finished it
 */
export async function recordFault(
  id: string,
  { reason, times, after = ATTEMPTS }: { reason: string; times: number; after?: number },
  tx: Tx = db(),
): Promise<'returned' | 'failed' | 'gone'> {
  return tx.transaction(async (tx) => {
    if (times >= LEAST_ATTEMPTS && (await isOld(id, tx)))
      return (await failSubmission(id, reason, tx)) ? 'failed' : 'gone';
    const [waiting] = await tx
      .update(submissions)
      .set({ state: 'queued', progress: null, ...(times >= after && { failure: reason }) })
      .where(and(eq(submissions.id, id), inArray(submissions.state, ['queued', 'scoring'])))
      .returning();
    if (!waiting) return 'gone';
    await recordEvent(null, { kind: 'returned', submissionId: id, reason }, tx);
    if (times === after) await tellOfFault(waiting, reason, tx);
    return 'returned';
  });
}

/** Tell whether a submission came in so long ago that it may fail. By the database's clock, which all processes share. */
async function isOld(id: string, tx: Tx): Promise<boolean> {
  const [found] = await tx
    .select({ id: submissions.id })
    .from(submissions)
    .where(
      and(eq(submissions.id, id), sql`${submissions.createdAt} < now() - make_interval(days => ${PATIENCE_DAYS})`),
    );
  return found !== undefined;
}

/** Tell the owner and the maintainers that a submission waits because of a fault of the site. */
async function tellOfFault(submission: Submission, reason: string, tx: Tx): Promise<void> {
  const { id, method } = submission;
  const text = `“${method}” could not be scored yet, which is our fault. It is tried again by itself, and the maintainers have been told. ${reason}`;
  await notifyOwners(submission, { kind: 'failed', text }, tx);
  const maintainers = await tx.select({ id: users.id }).from(users).where(eq(users.role, 'maintainer'));
  await notify(
    maintainers.map((maintainer) => maintainer.id),
    {
      kind: 'failed',
      text: `“${method}” waits because of a fault of this site. It is tried again by itself, an hour apart at most. ${reason}`,
      link: `/maintain/entries/${id}`,
    },
    tx,
  );
}

/** Put back the submissions of jobs that lost their worker, without counting an attempt. Return them. */
export async function returnLost(tx: Tx = db()): Promise<{ submissionId: string; losses: number }[]> {
  return tx.transaction(async (tx) => {
    const lost = [];
    for (const { data, losses, reason } of await forgiveLosses(tx)) {
      if (!('submissionId' in data) || 'rescoreId' in data) continue;
      await recordFault(data.submissionId, { reason, times: losses, after: LOSSES }, tx);
      lost.push({ submissionId: data.submissionId, losses });
    }
    return lost;
  });
}

/** Give a submission whose job was given up another job, as an earlier version of the site left some behind. */
export async function requeueGivenUp(id: string, reason: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    if ((await recordFault(id, { reason, times: ATTEMPTS }, tx)) === 'returned') await enqueueScore(id, {}, tx);
  });
}

/** End a submission that could not be scored for reasons on the site's side. */
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
    const text = `“${failed.method}” could not be scored, which is our fault. ${reason}`;
    await notifyOwners(failed, { kind: 'failed', text }, tx);
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

/** Submissions that a fault of the site keeps waiting or has ended, and that can be tried again. */
const CAN_TRY_AGAIN = and(
  or(eq(submissions.state, 'failed'), and(eq(submissions.state, 'queued'), isNotNull(submissions.failure))),
  isNull(submissions.filesDeletedAt),
);

/** Return the submissions that `tryAgain` takes, the oldest first. */
export async function listToTryAgain(
  tx: Tx = db(),
): Promise<Pick<Submission, 'id' | 'method' | 'state' | 'failure' | 'createdAt'>[]> {
  const { id, method, state, failure, createdAt } = submissions;
  return tx
    .select({ id, method, state, failure, createdAt })
    .from(submissions)
    .where(CAN_TRY_AGAIN)
    .orderBy(submissions.createdAt, submissions.id);
}

/**
 * Put a submission that failed, or waits for its next attempt because of a fault of the site, at the head of the queue
 * with a new job and all attempts left: a maintainer has removed the cause.
 *
 * @param actorId null on the command line
 * @throws AppError `conflict` if it is being tried, or there is nothing to try
 */
export async function tryAgain(id: string, actorId: string | null, tx: Tx = db()): Promise<Submission> {
  return tx.transaction(async (tx) => {
    const submission = await changeSubmission(
      id,
      actorId,
      {
        allowed: CAN_TRY_AGAIN,
        set: { state: 'queued', attempts: 0, failure: null, startedAt: null, finishedAt: null },
        event: (record) => ({ kind: 'returned', ...record, reason: 'it is to be tried again' }),
        otherwise:
          'Only a submission that failed, or waits because of a fault of this site, and still has its files can be tried again.',
      },
      tx,
    );
    await dropWaitingScores(id, tx);
    await enqueueScore(id, { first: true }, tx);
    return submission;
  });
}

/** Notify the owner, or every member of the team, of what became of a submission. */
async function notifyOwners(
  submission: Submission,
  notice: { kind: NoticeKind; text: string; letter?: readonly string[] },
  tx: Tx,
): Promise<void> {
  await notify(await audienceOf(submission, tx), { ...notice, link: `/submissions/${submission.id}` }, tx);
}

/** What was scored with what, for the owner's own files: the letter is a receipt even where the site is gone. */
function receiptLines(id: string, [report]: readonly Report[]): string[] {
  if (!report) return [];
  const { evaluator, groundTruth, predictions } = report;
  return [
    'What was scored:',
    ...predictions.map(({ slot, sha256, bytes }) => `  ${slot}: ${bytes} bytes, SHA-256 ${sha256}`),
    `  against ground truth with SHA-256 ${groundTruth.sha256}`,
    `  by evaluator ${evaluator.version}${evaluator.build ? `, build ${evaluator.build}` : ''}`,
    '',
    `The signed receipt with all numbers that you may see: {site}/api/v1/submissions/${id}/receipt`,
    'Check it on {site}/verify, or with: livecell verify RECEIPT.json --predictions FILE --ground-truth GT.json',
  ];
}
