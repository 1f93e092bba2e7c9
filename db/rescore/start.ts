/**
 * Starts scoring submissions again, because the evaluator or the ground truth changed.
 *
 *   start ─▶ one job per submission, after people's own ─▶ new scores, kept back ─▶ all done: the board switches at once
 *                                                                 └▶ some fail: a maintainer retries them, switches
 *                                                                    without them, or cancels
 *
 * Scores are added and never overwritten. Until the switch, boards, pages and exports show the old ones; one
 * transaction releases the new ones and updates the data set. Submissions scored in the meantime join the re-score, so
 * none is missing after the switch. Re-scores charge no quota, because no owner asked for them.
 */

import { and, eq } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { lockDataset } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type Dataset, datasets, type GroundTruthVersion, type Rescore, rescores, submissions } from '#db/schema.ts';
import { addItems, type Entry, listScored, type Target } from '#db/submissions/rescore-items.ts';
import { AppError } from '#lib/errors.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { switchIfDone } from './switch.ts';

export const MAX_REASON = 1000;

/**
 * Score every submission of a data set again, or a single one. Return null if everything already has a score by this
 * evaluator on the current ground truth.
 *
 * @throws AppError `not-found`; `invalid` without a reason; `conflict` if a re-score is running, or the submission has no
 * score
 */
export async function startRescore(
  what: { datasetId: string; reason: string } | { submissionId: string; reason: string },
  actorId: string | null,
  tx: Tx = db(),
): Promise<Rescore | null> {
  const reason = what.reason.trim();
  if (!reason) throw new AppError('invalid', 'A reason is needed. The owners of entries read it.');
  return tx.transaction(async (tx) => {
    const submissionId = 'submissionId' in what ? what.submissionId : null;
    const dataset = await lockDataset(
      'datasetId' in what ? what.datasetId : await findDatasetId(what.submissionId, tx),
      tx,
    );
    await requireIdle(dataset, tx);
    const target = { evaluatorVersion: EVALUATOR_VERSION, sha256: dataset.sha256 };
    const entries = await listScored(dataset, target, submissionId, tx);
    if (submissionId !== null && entries.length === 0)
      throw new AppError('conflict', 'Only a submission that has been scored can be scored again.');
    const pinned = dataset.evaluatorVersion === null || dataset.evaluatorVersion === EVALUATOR_VERSION;
    if (pinned && entries.every(({ hasTarget }) => hasTarget)) return null;
    return createRescore({ dataset, entries, target, reason, submissionId }, actorId, tx);
  });
}

/** Score every submission again on a new version of ground truth. The caller has locked the idle data set. */
export async function rescoreOnVersion(
  dataset: Dataset,
  { reason, version }: { reason: string; version: GroundTruthVersion },
  actorId: string | null,
  tx: Tx,
): Promise<Rescore> {
  const target = { evaluatorVersion: EVALUATOR_VERSION, sha256: version.sha256 };
  const entries = await listScored(dataset, target, null, tx);
  return createRescore({ dataset, entries, target, reason, versionId: version.id }, actorId, tx);
}

interface NewRescore {
  dataset: Dataset;
  entries: Entry[];
  target: Target;
  reason: string;
  submissionId?: string | null;
  versionId?: string | null;
}

async function createRescore(
  { dataset, entries, target, reason, submissionId = null, versionId = null }: NewRescore,
  actorId: string | null,
  tx: Tx,
): Promise<Rescore> {
  const [rescore] = await tx
    .insert(rescores)
    .values({
      datasetId: dataset.id,
      reason,
      evaluatorVersion: target.evaluatorVersion,
      createdBy: actorId,
      groundTruthVersionId: versionId,
      submissionId,
    })
    .returning();
  await recordEvent(
    actorId,
    {
      kind: 'rescore-started',
      rescoreId: rescore.id,
      datasetId: dataset.id,
      name: dataset.name,
      reason,
      evaluator: target.evaluatorVersion,
      entries: entries.length,
      ...(submissionId !== null && { submissionId }),
    },
    tx,
  );
  await addItems(rescore, entries, tx);
  await switchIfDone(rescore.id, tx);
  const [now] = await tx.select().from(rescores).where(eq(rescores.id, rescore.id));
  return now;
}

async function findDatasetId(submissionId: string, tx: Tx): Promise<string> {
  const [row] = await tx
    .select({ id: submissions.datasetId })
    .from(submissions)
    .where(eq(submissions.id, submissionId));
  if (!row) throw new AppError('not-found', 'There is no such submission.');
  return row.id;
}

/**
 * Require that no re-score of the data set is running, or of the whole task where a submission may be on several data
 * sets.
 *
 * @throws AppError `conflict`
 */
export async function requireIdle(dataset: Dataset, tx: Tx): Promise<void> {
  const [running] = await tx
    .select({ name: datasets.name })
    .from(rescores)
    .innerJoin(datasets, eq(datasets.id, rescores.datasetId))
    .where(
      and(
        eq(rescores.state, 'running'),
        parseTask(dataset.task)?.slotsAreDatasets ? eq(datasets.task, dataset.task) : eq(datasets.id, dataset.id),
      ),
    );
  if (running)
    throw new AppError('conflict', `“${running.name}” is being scored again. Wait until that is done, or cancel it.`);
}
