/** How long submissions took for each image: stored with them, and fitted to the cells of their current score. */
import { eq, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type ProcessingTimes, processingTimes, submissions } from '#db/schema.ts';

export async function saveTimes(times: Omit<ProcessingTimes, 'createdAt'>, tx: Tx): Promise<void> {
  await tx.insert(processingTimes).values(times);
}

/** Return the times of a submission; null if it has none. */
export async function findTimes(submissionId: string, tx: Tx = db()): Promise<ProcessingTimes | null> {
  const [row] = await tx.select().from(processingTimes).where(eq(processingTimes.submissionId, submissionId));
  return row ?? null;
}

/** Tell whether a submission came with times. */
export async function hasTimes(submissionId: string, tx: Tx): Promise<boolean> {
  const [row] = await tx
    .select({ id: processingTimes.submissionId })
    .from(processingTimes)
    .where(eq(processingTimes.submissionId, submissionId));
  return row !== undefined;
}

/** Forget the times of withdrawn submissions, as their files. */
export async function forgetWithdrawnTimes(tx: Tx = db()): Promise<void> {
  await tx
    .delete(processingTimes)
    .where(
      sql`exists (select 1 from ${submissions} where ${submissions.id} = ${processingTimes.submissionId} and ${eq(submissions.state, 'withdrawn')})`,
    );
}
