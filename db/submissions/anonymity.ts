/**
 * Anonymous entries and the reviewers' link. `lib/public-entry.ts` decides what a sealed entry shows, and
 * `lib/permissions.ts` which people may seal and reveal it. This file keeps the rules that hold for everybody.
 */

import { randomBytes } from 'node:crypto';
import { and, eq, isNotNull, ne, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type Submission, submissions } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { isSealed } from '#lib/public-entry.ts';
import { secretDigest } from '#lib/secrets.ts';
import { keepShown, lockMethod } from './methods.ts';

/**
 * Make an entry anonymous, or change the date. Refused once it has been public under its name.
 *
 * @param until when the name becomes public by itself; null: when its owner reveals it
 * @throws AppError `invalid` for a date in the past; `conflict` if it has been public under its name
 */
export async function makeAnonymous(
  id: string,
  actorId: string | null,
  until: Date | null,
  tx: Tx = db(),
): Promise<Submission> {
  return tx.transaction(async (tx) => {
    const before = await lockSubmission(id, tx);
    const now = new Date();
    if (until !== null && until <= now)
      throw new AppError('invalid', 'Choose a date in the future, or none to reveal the entry yourself.');
    const sealed = isSealed(before, now);
    if (!sealed && (before.visibility === 'published' || before.wasPublished))
      throw new AppError(
        'conflict',
        'This entry has been public under its name, so it cannot become anonymous. Submit the file again as an anonymous entry.',
      );
    const anonymousNumber = before.anonymousNumber ?? (await nextNumber(tx));
    const [after] = await tx
      .update(submissions)
      .set({ anonymous: true, anonymousUntil: until, anonymousNumber })
      .where(eq(submissions.id, id))
      .returning();
    await recordEvent(
      actorId,
      {
        kind: 'anonymised',
        submissionId: id,
        number: anonymousNumber,
        until: until?.toISOString() ?? null,
        changes: { anonymousUntil: { before: sealed ? before.anonymousUntil : 'not anonymous', after: until } },
      },
      tx,
    );
    return after;
  });
}

/** Reveal who made an entry. It keeps its number, and the board shows it among its method's versions. */
export async function reveal(id: string, actorId: string | null, tx: Tx = db()): Promise<Submission> {
  return tx.transaction(async (tx) => {
    const [row] = await tx.select({ methodId: submissions.methodId }).from(submissions).where(eq(submissions.id, id));
    if (row?.methodId) await lockMethod(row.methodId, tx);
    const before = await lockSubmission(id, tx);
    if (!isSealed(before, new Date())) throw new AppError('conflict', 'This entry is not anonymous (any more).');
    const [after] = await tx
      .update(submissions)
      .set({ anonymous: false, anonymousUntil: null })
      .where(eq(submissions.id, id))
      .returning();
    await recordEvent(actorId, { kind: 'revealed', submissionId: id }, tx);
    // until now it was not public under its name
    return keepShown({ ...before, visibility: 'private' }, after, tx);
  });
}

/** Lock a submission's row until the transaction ends, so that a second change sees the first. */
async function lockSubmission(id: string, tx: Tx): Promise<Submission> {
  const [submission] = await tx.select().from(submissions).where(eq(submissions.id, id)).for('update');
  if (!submission) throw new AppError('not-found', 'There is no such submission.');
  if (submission.state === 'withdrawn') throw new AppError('conflict', 'This submission is withdrawn.');
  return submission;
}

/** The advisory lock of transactions that give numbers; any value, the same in all processes. */
const NUMBERS = 70_452_007;

/** Return one more than the highest number ever given. The log remembers the numbers of deleted rows. */
async function nextNumber(tx: Tx): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(${NUMBERS})`);
  const [row] = await tx.execute<{ next: number }>(sql`
    select 1 + greatest(
      (select coalesce(max(anonymous_number), 0) from submissions),
      (select coalesce(max((detail ->> 'number')::int), 0) from audit_events where kind = 'anonymised')
    ) as next
  `);
  return Number(row.next);
}

// --- the reviewers' link: shown once; the database keeps its SHA-256 ---

/** Create a secret for the reviewers' link; an earlier one stops working. */
export async function makeReviewLink(id: string, actorId: string | null, tx: Tx = db()): Promise<string> {
  const secret = randomBytes(24).toString('base64url');
  return tx.transaction(async (tx) => {
    const before = await lockSubmission(id, tx);
    await tx
      .update(submissions)
      .set({ reviewSha256: secretDigest(secret) })
      .where(eq(submissions.id, id));
    await recordEvent(
      actorId,
      {
        kind: 'review-link-made',
        submissionId: id,
        replaced: before.reviewSha256 !== null,
      },
      tx,
    );
    return secret;
  });
}

/** Make the reviewers' link stop working. */
export async function revokeReviewLink(id: string, actorId: string | null, tx: Tx = db()): Promise<void> {
  return tx.transaction(async (tx) => {
    const revoked = await tx
      .update(submissions)
      .set({ reviewSha256: null })
      .where(and(eq(submissions.id, id), isNotNull(submissions.reviewSha256)))
      .returning({ id: submissions.id });
    if (revoked.length === 0) throw new AppError('conflict', 'There is no link for reviewers to revoke.');
    await recordEvent(actorId, { kind: 'review-link-revoked', submissionId: id }, tx);
  });
}

/** Return the id of the submission that a reviewers' link leads to, unless it is withdrawn. */
export async function idByReviewSecret(secret: string, tx: Tx = db()): Promise<string | null> {
  const [row] = await tx
    .select({ id: submissions.id })
    .from(submissions)
    .where(and(eq(submissions.reviewSha256, secretDigest(secret)), ne(submissions.state, 'withdrawn')));
  return row?.id ?? null;
}
