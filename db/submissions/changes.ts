/**
 * Changes a submission. Each change states in its `where` what must hold before it, and records its audit event in the
 * same transaction, so two people or two scoring processes cannot both make it.
 */

import { and, eq, type SQL } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import { changesOf, recordEvent } from '#db/audit.ts';
import type { Tx } from '#db/engine/client.ts';
import { returnPlace } from '#db/quota/ledger.ts';
import { type Submission, submissions } from '#db/schema.ts';
import type { AuditEvent, Changes } from '#lib/audit.ts';
import { AppError } from '#lib/errors.ts';
import { keepShown, lockMethod } from './methods.ts';

/** Additions of `changeSubmission` to the event it records. */
export interface ChangeRecord {
  submissionId: string;
  changes: Changes;
}

/**
 * Change a submission that is in a state that allows it, and record the audit event.
 *
 * @throws AppError `not-found`; `conflict` with the words of `otherwise` where the state does not allow it
 */
export async function changeSubmission(
  id: string,
  actorId: string | null,
  options: {
    allowed: SQL | undefined;
    set: PgUpdateSetSource<typeof submissions>;
    event: (record: ChangeRecord) => AuditEvent;
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
      .set(options.set)
      .where(and(eq(submissions.id, id), options.allowed))
      .returning();
    if (!changed) throw new AppError('conflict', options.otherwise);
    if (changed.state === 'withdrawn') await returnPlace(id, 'withdrawn before it had a score', tx);
    const columns = Object.keys(options.set).filter((key): key is keyof Submission => key in before);
    const changes = changesOf(before, changed, columns);
    await recordEvent(actorId, options.event({ submissionId: id, changes }), tx);
    return keepShown(before, changed, tx);
  });
}

/** Lock the submission's method. Always before the submission itself, so that versions of a method change in turn. */
export async function lockMethodOf(id: string, tx: Tx): Promise<void> {
  const [row] = await tx.select({ methodId: submissions.methodId }).from(submissions).where(eq(submissions.id, id));
  if (row?.methodId) await lockMethod(row.methodId, tx);
}
