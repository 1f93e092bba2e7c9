/** Counts for metrics. */
import { count } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { submissions } from '#db/schema.ts';
import type { SubmissionState } from '#lib/vocabulary.ts';

export async function countSubmissions(tx: Tx = db()): Promise<Partial<Record<SubmissionState, number>>> {
  const rows = await tx.select({ state: submissions.state, n: count() }).from(submissions).groupBy(submissions.state);
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
}
