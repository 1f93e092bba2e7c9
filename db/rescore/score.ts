/** The scoring process's side of a re-score: one submission at a time. */

import { and, eq } from 'drizzle-orm';
import { saveEvaluations } from '#db/board/values.ts';
import { getDataset, listDatasets } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { enqueueRescore } from '#db/queue/queue.ts';
import {
  type Dataset,
  groundTruthVersions,
  type Rescore,
  type RescoreItem,
  rescoreItems,
  rescores,
  submissionFiles,
  submissions,
} from '#db/schema.ts';
import { saveOutcomes } from '#db/submissions/outcomes.ts';
import { FILES_GONE } from '#db/submissions/rescore-items.ts';
import type { ScoringInput } from '#db/submissions/scoring.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import { describeChange, lockRunning, switchIfDone } from './switch.ts';

interface RescoreInput extends ScoringInput {
  rescore: Rescore;
}

/** Return what to score and the ground truth to score it on; null if there is nothing left to do. */
export async function startRescoreItem(
  rescoreId: string,
  submissionId: string,
  tx: Tx = db(),
): Promise<RescoreInput | null> {
  const found = await tx.transaction(async (tx) => {
    const [row] = await tx
      .select({ rescore: rescores, submission: submissions, version: groundTruthVersions })
      .from(rescoreItems)
      .innerJoin(rescores, eq(rescores.id, rescoreItems.rescoreId))
      .innerJoin(submissions, eq(submissions.id, rescoreItems.submissionId))
      .leftJoin(groundTruthVersions, eq(groundTruthVersions.id, rescores.groundTruthVersionId))
      .where(
        and(
          eq(rescoreItems.rescoreId, rescoreId),
          eq(rescoreItems.submissionId, submissionId),
          eq(rescoreItems.state, 'waiting'),
          eq(rescores.state, 'running'),
          eq(submissions.state, 'scored'),
        ),
      );
    if (!row) return null;
    const { rescore, submission, version } = row;
    const again = async (dataset: Dataset): Promise<Dataset> => {
      if (!version || dataset.id !== rescore.datasetId) return dataset;
      const { sha256, images, objects, cellTypes, packKey, public: isPublic } = version;
      return { ...dataset, sha256, images, objects, cellTypes, packKey, public: isPublic };
    };
    const own = (await getDataset(submission.datasetId, tx))!;
    const all = parseTask(submission.task)?.slotsAreDatasets
      ? [own, ...(await listDatasets({ task: submission.task }, tx)).filter(({ id }) => id !== own.id)]
      : undefined;
    const files = await tx
      .select()
      .from(submissionFiles)
      .where(eq(submissionFiles.submissionId, submissionId))
      .orderBy(submissionFiles.slot);
    return {
      rescore,
      submission,
      files,
      dataset: await again(own),
      datasets: all && (await Promise.all(all.map(again))),
    };
  });
  if (!found || found.submission.filesDeletedAt === null) return found;
  await failRescoreItem(rescoreId, submissionId, FILES_GONE, tx);
  return null;
}

/** Return whether the new score is still wanted. */
export async function isRescoring(rescoreId: string, submissionId: string, tx: Tx = db()): Promise<boolean> {
  const [row] = await tx
    .select({ state: submissions.state })
    .from(rescoreItems)
    .innerJoin(rescores, eq(rescores.id, rescoreItems.rescoreId))
    .innerJoin(submissions, eq(submissions.id, rescoreItems.submissionId))
    .where(
      and(
        eq(rescoreItems.rescoreId, rescoreId),
        eq(rescoreItems.submissionId, submissionId),
        eq(rescoreItems.state, 'waiting'),
        eq(rescores.state, 'running'),
      ),
    );
  return row?.state === 'scored';
}

/**
 * Save the new reports and hold them back until all are there; the last one switches the board. False: it came too late.
 *
 * @throws Error if another evaluator version computed them than the re-score asks for
 */
export async function saveRescore(
  rescoreId: string,
  submissionId: string,
  reports: readonly Report[],
  tx: Tx = db(),
): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const rescore = await lockRunning(rescoreId, tx);
    if (!rescore) return false;
    const other = reports.find(({ evaluator }) => evaluator.version !== rescore.evaluatorVersion);
    if (other)
      throw new Error(
        `this scoring process has evaluator ${other.evaluator.version}, and ${rescore.evaluatorVersion} was asked for`,
      );
    const done = await endItem(rescoreId, submissionId, { state: 'done', failure: null }, tx);
    if (!done) return false;
    await saveEvaluations(
      reports.map((report) => ({
        submissionId,
        protocol: report.protocol,
        evaluatorVersion: report.evaluator.version,
        report,
        groundTruthSha256: report.groundTruth.sha256,
        rescoreId,
        pending: true,
      })),
      tx,
    );
    await saveOutcomes(submissionId, reports, tx);
    // compared now, one submission at a time, so that the switch itself is short
    const dataset = (await getDataset(rescore.datasetId, tx))!;
    const change = await describeChange(submissionId, rescore, dataset, tx);
    await tx
      .update(rescoreItems)
      .set({ change: change ?? '' })
      .where(and(eq(rescoreItems.rescoreId, rescoreId), eq(rescoreItems.submissionId, submissionId)));
    await switchIfDone(rescoreId, tx);
    return true;
  });
}

/** Record that a submission cannot be scored again. A maintainer decides what happens next. */
export async function failRescoreItem(
  rescoreId: string,
  submissionId: string,
  failure: string,
  tx: Tx = db(),
): Promise<boolean> {
  return tx.transaction(async (tx) => {
    if (!(await lockRunning(rescoreId, tx))) return false;
    const failed = await endItem(rescoreId, submissionId, { state: 'failed', failure }, tx);
    if (failed) await switchIfDone(rescoreId, tx);
    return failed;
  });
}

/** Put a submission back into the queue, because its scoring process was told to stop. */
export async function handRescoreBack(rescoreId: string, submissionId: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    if (await isRescoring(rescoreId, submissionId, tx)) await enqueueRescore({ rescoreId, submissionId }, tx);
  });
}

async function endItem(rescoreId: string, submissionId: string, set: Partial<RescoreItem>, tx: Tx): Promise<boolean> {
  const ended = await tx
    .update(rescoreItems)
    .set({ ...set, finishedAt: new Date() })
    .where(
      and(
        eq(rescoreItems.rescoreId, rescoreId),
        eq(rescoreItems.submissionId, submissionId),
        eq(rescoreItems.state, 'waiting'),
      ),
    )
    .returning();
  return ended.length > 0;
}
