/**
 * E-mail waiting to be sent. A row is written in the transaction of the change it reports (`notices.ts`); a scoring
 * process takes it, sends it and records the result.
 *
 *   waiting ─▶ leased ─▶ sent
 *      ▲          │
 *      └─ later ──┴────▶ given up, with the last error
 *
 * A lease moves the next attempt into the future: only one process gets the row, and if that process dies, the row
 * becomes due again. A letter is sent twice only if its process dies between sending it and recording that.
 */
import { and, asc, eq, gte, inArray, isNull, lt, lte, or, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type OutboxMessage, outbox } from '#db/schema.ts';

/** Attempts before a letter is given up: with the delays below, about eight hours after the first one. */
export const MAX_ATTEMPTS = 10;
const LONGEST_DELAY = 6 * 3600_000;
/** How long sent and abandoned letters are kept. */
const KEPT_DAYS = 30;

/** Return the delay after a number of failed attempts, in ms: a minute, doubled each time, at most six hours. */
export function retryDelay(attempts: number, first = 60_000): number {
  return Math.min(first * 2 ** Math.max(0, attempts - 1), LONGEST_DELAY);
}

const waiting = and(isNull(outbox.sentAt), isNull(outbox.failedAt));
const inMilliseconds = (milliseconds: number) => sql`now() + ${milliseconds} * interval '1 millisecond'`;

/** Lease the letter that has waited longest and count an attempt; null if none is due. */
export async function leaseMail(leaseMilliseconds: number, tx: Tx = db()): Promise<OutboxMessage | null> {
  return tx.transaction(async (tx) => {
    const due = and(waiting, lte(outbox.nextAttemptAt, sql`now()`));
    // nobody reported on the last attempt: the sending process has died each time
    await tx
      .update(outbox)
      .set({ failedAt: sql`now()`, lastError: sql`coalesce(${outbox.lastError}, 'sending never ended')` })
      .where(and(due, gte(outbox.attempts, MAX_ATTEMPTS)));
    const [next] = await tx
      .select({ id: outbox.id })
      .from(outbox)
      .where(due)
      .orderBy(asc(outbox.nextAttemptAt), outbox.id)
      .limit(1)
      .for('update', { skipLocked: true });
    if (!next) return null;
    const [leased] = await tx
      .update(outbox)
      .set({ attempts: sql`${outbox.attempts} + 1`, nextAttemptAt: inMilliseconds(leaseMilliseconds) })
      .where(eq(outbox.id, next.id))
      .returning();
    return leased;
  });
}

export async function mailSent(id: string, tx: Tx = db()): Promise<void> {
  await tx.update(outbox).set({ sentAt: sql`now()`, lastError: null }).where(eq(outbox.id, id));
}

/** Record a failed attempt: retry later or, after the last attempt, give up. Return whether it gave up. */
export async function mailRefused(
  { id, attempts }: Pick<OutboxMessage, 'id' | 'attempts'>,
  error: string,
  { firstDelay }: { firstDelay?: number } = {},
  tx: Tx = db(),
): Promise<boolean> {
  const givenUp = attempts >= MAX_ATTEMPTS;
  const then = givenUp ? { failedAt: sql`now()` } : { nextAttemptAt: inMilliseconds(retryDelay(attempts, firstDelay)) };
  await tx
    .update(outbox)
    .set({ ...then, lastError: error.slice(0, 1000) })
    .where(and(eq(outbox.id, id), waiting));
  return givenUp;
}

/** Count the letters that wait and those given up within the last month. */
export async function mailSnapshot(tx: Tx = db()): Promise<{ waiting: number; givenUp: number }> {
  const [row] = await tx
    .select({
      waiting: sql<number>`(count(*) filter (where ${waiting}))::int`,
      givenUp: sql<number>`count(${outbox.failedAt})::int`,
    })
    .from(outbox);
  return row;
}

/** Return how long the first letter that is due has waited, in seconds; null: none waits. */
export async function oldestMailSeconds(tx: Tx = db()): Promise<number | null> {
  const [row] = await tx
    .select({ seconds: sql<number | null>`extract(epoch from now() - min(${outbox.createdAt}))::float8` })
    .from(outbox)
    .where(waiting);
  return row.seconds;
}

/** Delete letters that were sent or given up a month ago. Return how many. */
export async function forgetOldMail(tx: Tx = db()): Promise<number> {
  const before = sql`now() - ${KEPT_DAYS} * interval '1 day'`;
  const forgotten = await tx
    .delete(outbox)
    .where(or(lt(outbox.sentAt, before), lt(outbox.failedAt, before)))
    .returning({ id: outbox.id });
  return forgotten.length;
}

/** Delete all letters to an address, sent or not, when its account is deleted. */
export async function deleteMailTo(addresses: readonly string[], tx: Tx = db()): Promise<void> {
  if (addresses.length > 0) await tx.delete(outbox).where(inArray(outbox.to, [...addresses]));
}
