/** What maintainers decide about entries. Who may do it is `lib/permissions.ts`; owners' acts are in `submissions.ts`. */
import { and, eq, inArray, notInArray, sql } from 'drizzle-orm';
import { AppError } from '#lib/errors.ts';
import { db, type Tx } from './client.ts';
import { type Submission, submissions } from './schema.ts';
import { changeSubmission, type SubmissionSummary, summaries, toSummary } from './submissions.ts';

/** What waits for a maintainer, the longest-waiting first. */
export async function listPending(tx: Tx = db()): Promise<SubmissionSummary[]> {
  const waiting = and(eq(submissions.visibility, 'pending'), notInArray(submissions.state, ['withdrawn']));
  const rows = await summaries(tx).where(waiting).orderBy(submissions.createdAt, submissions.id);
  return rows.map(toSummary);
}

/** A maintainer puts it on the board; also brings back what was hidden. */
export async function approve(id: string, actorId: string | null, tx: Tx = db()): Promise<Submission> {
  return changeSubmission(
    id,
    actorId,
    {
      allowed: and(inArray(submissions.visibility, ['pending', 'hidden']), eq(submissions.state, 'scored')),
      set: { visibility: 'published', hiddenReason: null, publishedAt: sql`now()` },
      event: { kind: 'approved' },
      otherwise: 'Only a scored submission whose owner has asked to publish can be approved.',
    },
    tx,
  );
}

/** A maintainer takes it off the board, or declines to publish it, with a reason its owner can read. */
export async function hide(id: string, actorId: string | null, reason: string, tx: Tx = db()): Promise<Submission> {
  if (!reason.trim()) throw new AppError('invalid', 'Hiding an entry needs a reason.');
  return changeSubmission(
    id,
    actorId,
    {
      allowed: inArray(submissions.visibility, ['pending', 'published']),
      set: { visibility: 'hidden', hiddenReason: reason.trim() },
      event: { kind: 'hidden', reason: reason.trim() },
      otherwise: 'Only a published or proposed submission can be hidden.',
    },
    tx,
  );
}
