/** Detects changes of what strangers see, so that cached pages are dropped at once. */
import { and, lt, max, ne, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { publicChanges } from '#db/schema.ts';

/**
 * Return a text that differs from every earlier one as soon as a transaction that changed public content has committed.
 *
 * Transactions do not commit in the order of their ids, so the largest id alone would miss some. Number and sum of the
 * lines change with every line.
 */
export async function readPublicVersion(tx: Tx = db()): Promise<string> {
  const [{ version }] = await tx
    .select({ version: sql<string>`count(*) || '.' || coalesce(sum(${publicChanges.transaction}), 0)` })
    .from(publicChanges);
  return version;
}

/**
 * Delete all lines older than an hour except the newest, so that reading the version stays cheap. This changes the
 * version, which is harmless; the line that stays keeps a later version from repeating an earlier one.
 */
export async function prunePublicChanges(tx: Tx = db()): Promise<void> {
  const newest = tx.select({ transaction: max(publicChanges.transaction) }).from(publicChanges);
  await tx
    .delete(publicChanges)
    .where(and(lt(publicChanges.at, sql`now() - interval '1 hour'`), ne(publicChanges.transaction, sql`(${newest})`)));
}
