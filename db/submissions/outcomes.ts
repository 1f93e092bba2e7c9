/** Outcomes of scored submissions: their files, and the numbers computed from them after the score. */
import { and, eq, or, sql } from 'drizzle-orm';
import { deriveScore } from '#db/board/values.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { enqueueDetails } from '#db/queue/queue.ts';
import { type OutcomesRow, outcomes, rescoreItems, submissions } from '#db/schema.ts';
import type { Report } from '#lib/tasks/report.ts';
import { hasTimes } from './times.ts';

/** Numbers computed from a file of outcomes. */
export type OutcomeDetails = Pick<OutcomesRow, 'slices' | 'curves' | 'images' | 'quality' | 'costs'>;

/** Files of outcomes are stored under this prefix. */
export const OUTCOMES_PREFIX = 'outcomes/';

/** Return the storage key of a submission's outcomes: by content, so that a repeated attempt writes the same file. */
export function outcomesKey(submissionId: string, sha256: string): string {
  return `${OUTCOMES_PREFIX}${submissionId}/${sha256}.zst`;
}

/** Record the outcomes of a score with its reports, and enqueue the computation of details. */
export async function saveOutcomes(submissionId: string, reports: readonly Report[], tx: Tx): Promise<void> {
  for (const { outcomes: file, evaluator, groundTruth } of reports) {
    if (!file) continue;
    const [row] = await tx
      .insert(outcomes)
      .values({
        submissionId,
        evaluatorVersion: evaluator.version,
        groundTruthSha256: groundTruth.sha256,
        evaluation: file.evaluation,
        sha256: file.sha256,
        storageKey: outcomesKey(submissionId, file.sha256),
      })
      .onConflictDoNothing()
      .returning({ id: outcomes.id });
    if (row) await enqueueDetails(row.id, tx);
  }
}

/** Return the outcomes whose details are to be computed; null if they are gone. */
export async function findOutcomes(
  id: string,
  tx: Tx = db(),
): Promise<Pick<OutcomesRow, 'submissionId' | 'sha256' | 'storageKey'> | null> {
  const { submissionId, sha256, storageKey } = outcomes;
  const [row] = await tx.select({ submissionId, sha256, storageKey }).from(outcomes).where(eq(outcomes.id, id));
  return row ?? null;
}

/** Store the details of a score; with times, derive its board values again, which read them beside its images. */
export async function saveDetails(id: string, details: OutcomeDetails, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    const [row] = await tx
      .update(outcomes)
      .set({ ...details, failure: null })
      .where(eq(outcomes.id, id))
      .returning();
    if (row && (await hasTimes(row.submissionId, tx))) await deriveScore(row, tx);
  });
}

export async function failDetails(id: string, failure: string, tx: Tx = db()): Promise<void> {
  await tx.update(outcomes).set({ failure }).where(eq(outcomes.id, id));
}

/** Forget the outcomes of withdrawn submissions. Return the keys of their files, for the caller to delete. */
export async function forgetWithdrawnOutcomes(tx: Tx = db()): Promise<string[]> {
  const gone = await tx
    .delete(outcomes)
    .where(
      sql`exists (select 1 from ${submissions} where ${submissions.id} = ${outcomes.submissionId} and ${eq(submissions.state, 'withdrawn')})`,
    )
    .returning({ storageKey: outcomes.storageKey, cellsKey: outcomes.cellsKey });
  return gone.flatMap(({ storageKey, cellsKey }) => (cellsKey ? [storageKey, cellsKey] : [storageKey]));
}

/**
 * Tell whether a stored file of outcomes belongs to nothing: no score names it, and its submission is not being scored,
 * so that none will.
 */
export async function isOrphan(storageKey: string, tx: Tx = db()): Promise<boolean> {
  const submissionId = storageKey.slice(OUTCOMES_PREFIX.length).split('/')[0];
  const [{ needed }] = await tx.execute<{ needed: boolean }>(sql`select (
    exists (select 1 from ${outcomes} where ${eq(outcomes.storageKey, storageKey)})
    or exists (select 1 from ${submissions} where ${and(
      eq(submissions.id, submissionId),
      or(eq(submissions.state, 'queued'), eq(submissions.state, 'scoring')),
    )})
    or exists (select 1 from ${rescoreItems} where ${and(
      eq(rescoreItems.submissionId, submissionId),
      eq(rescoreItems.state, 'waiting'),
    )})
  ) as needed`);
  return !needed;
}
