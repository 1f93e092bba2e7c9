/**
 * Changes a submission. Each change states in its `where` what must hold before it, and records its audit event in the
 * same transaction, so two people or two scoring processes cannot both make it.
 */

import { and, eq } from 'drizzle-orm';
import { changesOf, recordEvent } from '#db/audit.ts';
import type { Tx } from '#db/engine/client.ts';
import { returnPlace } from '#db/quota/ledger.ts';
import { type Submission, submissions } from '#db/schema.ts';
import type { AuditEvent } from '#lib/audit.ts';
import { AppError } from '#lib/errors.ts';
import { keepShown, lockMethod } from './methods.ts';

/** An event of one submission, whose id goes without saying. */
type ChangeEvent = AuditEvent extends infer Event
  ? Event extends { submissionId: string }
    ? Omit<Event, 'submissionId'>
    : never
  : never;

/**
 * One change of a submission that is in a state that allows it, with its audit event.
 *
 * @throws AppError `not-found`; `conflict` with the words of `otherwise` where the state does not allow it
 */
export async function changeSubmission(
  id: string,
  actorId: string | null,
  options: {
    allowed: ReturnType<typeof and>;
    set: Partial<Record<keyof Submission, unknown>>;
    event: ChangeEvent;
    otherwise: string;
  },
  tx: Tx,
): Promise<Submission> {
  return tx.transaction(async (tx) => {
    await lockMethodOf(id, tx);
    // locked, so that what is recorded as before is what the change has changed
    const [before] = await tx.select().from(submissions).where(eq(submissions.id, id)).for('update');
    if (!before) throw new AppError('not-found', 'There is no such submission.');
    const [changed] = await tx
      .update(submissions)
      .set(options.set as Partial<Submission>)
      .where(and(eq(submissions.id, id), options.allowed))
      .returning();
    if (!changed) throw new AppError('conflict', options.otherwise);
    if (changed.state === 'withdrawn') await returnPlace(id, 'withdrawn before it had a score', tx);
    const changes = changesOf(before, changed, Object.keys(options.set) as (keyof Submission)[]);
    await recordEvent(actorId, { ...options.event, submissionId: id, changes } as AuditEvent, tx);
    return keepShown(before, changed, tx);
  });
}

/** Before the submission itself: the versions of a method are changed one after the other. */
export async function lockMethodOf(id: string, tx: Tx): Promise<void> {
  const [row] = await tx.select({ methodId: submissions.methodId }).from(submissions).where(eq(submissions.id, id));
  if (row?.methodId) await lockMethod(row.methodId, tx);
}
