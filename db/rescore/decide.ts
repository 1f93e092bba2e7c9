/** A maintainer's decisions about a running re-score: retry, switch without the failed ones, or cancel. */

import { and, count, eq, inArray, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { getDataset } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { enqueueRescore } from '#db/queue/queue.ts';
import { evaluations, groundTruthVersions, type Rescore, rescoreItems, rescores, submissions } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { integer as whole } from '#lib/format.ts';
import { lockRunning, switchIfDone } from './switch.ts';

/**
 * Try the failed submissions of a re-score again, or one of them.
 *
 * @returns how many wait now
 * @throws AppError `conflict` if none of them still has its files
 */
export async function retryRescore(
  rescoreId: string,
  actorId: string | null,
  { submissionId }: { submissionId?: string } = {},
  tx: Tx = db(),
): Promise<number> {
  return tx.transaction(async (tx) => {
    const rescore = await requireRunning(rescoreId, tx);
    const withFiles = tx
      .select({ id: submissions.id })
      .from(submissions)
      .where(and(eq(submissions.state, 'scored'), sql`${submissions.filesDeletedAt} is null`));
    const again = await tx
      .update(rescoreItems)
      .set({ state: 'waiting', failure: null, finishedAt: null })
      .where(
        and(
          eq(rescoreItems.rescoreId, rescoreId),
          eq(rescoreItems.state, 'failed'),
          inArray(rescoreItems.submissionId, withFiles),
          submissionId === undefined ? undefined : eq(rescoreItems.submissionId, submissionId),
        ),
      )
      .returning();
    if (again.length === 0) throw new AppError('conflict', 'There is nothing to try again: the files are gone.');
    for (const { submissionId } of again) await enqueueRescore({ rescoreId, submissionId }, tx);
    await recordEvent(
      actorId,
      {
        kind: 'rescore-retried',
        rescoreId,
        entries: again.length,
        ...(await describeRescore(rescore, tx)),
      },
      tx,
    );
    return again.length;
  });
}

/**
 * Switch the board without the submissions that failed. They keep their old numbers, off the board, with a note.
 *
 * @throws AppError `conflict` while others still wait
 */
export async function switchWithout(rescoreId: string, actorId: string | null, tx: Tx = db()): Promise<number> {
  return tx.transaction(async (tx) => {
    const rescore = await requireRunning(rescoreId, tx);
    const [{ waiting }] = await tx
      .select({ waiting: count() })
      .from(rescoreItems)
      .where(and(eq(rescoreItems.rescoreId, rescoreId), eq(rescoreItems.state, 'waiting')));
    if (waiting > 0) throw new AppError('conflict', `${whole(waiting)} still wait to be scored again.`);
    const skipped = await tx
      .update(rescoreItems)
      .set({ state: 'skipped' })
      .where(and(eq(rescoreItems.rescoreId, rescoreId), eq(rescoreItems.state, 'failed')))
      .returning();
    await recordEvent(
      actorId,
      {
        kind: 'rescore-decided',
        rescoreId,
        entries: skipped.length,
        ...(await describeRescore(rescore, tx)),
      },
      tx,
    );
    await switchIfDone(rescoreId, tx);
    return skipped.length;
  });
}

/**
 * Cancel a re-score: discard the new scores and the new version of ground truth, and leave everything as it was.
 *
 * @returns the storage key of the discarded ground truth, for the caller to delete; null if there was none
 */
export async function cancelRescore(
  rescoreId: string,
  actorId: string | null,
  tx: Tx = db(),
): Promise<{ packKey: string | null }> {
  return tx.transaction(async (tx) => {
    const rescore = await requireRunning(rescoreId, tx);
    await tx.delete(evaluations).where(and(eq(evaluations.rescoreId, rescoreId), eq(evaluations.pending, true)));
    await tx.update(rescores).set({ state: 'cancelled', finishedAt: sql`now()` }).where(eq(rescores.id, rescoreId));
    let packKey: string | null = null;
    if (rescore.groundTruthVersionId !== null) {
      const [version] = await tx
        .update(groundTruthVersions)
        .set({ state: 'cancelled', statistics: null })
        .where(eq(groundTruthVersions.id, rescore.groundTruthVersionId))
        .returning();
      packKey = version.packKey;
      // without the public part there is no private one; the sweep deletes its file
      if (version.part?.name === 'public')
        await tx
          .update(groundTruthVersions)
          .set({ state: 'cancelled', statistics: null })
          .where(and(eq(groundTruthVersions.datasetId, version.datasetId), eq(groundTruthVersions.state, 'scheduled')));
    }
    await recordEvent(actorId, { kind: 'rescore-cancelled', rescoreId, ...(await describeRescore(rescore, tx)) }, tx);
    return { packKey };
  });
}

async function requireRunning(rescoreId: string, tx: Tx): Promise<Rescore> {
  const rescore = await lockRunning(rescoreId, tx);
  if (!rescore) throw new AppError('conflict', 'This re-score has ended, or never existed.');
  return rescore;
}

async function describeRescore({ datasetId, reason }: Rescore, tx: Tx) {
  return { datasetId, name: (await getDataset(datasetId, tx))?.name ?? '', reason };
}
