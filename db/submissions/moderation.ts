/**
 * Maintainers' decisions about entries. `lib/permissions.ts` decides which are allowed; owners act in `publication.ts`.
 * Every decision notifies the owner in the same transaction. If two maintainers decide at once, the second reads what
 * the first did.
 *
 *   pending ─▶ published     approve
 *           ─▶ private       ask back: the owner answers by asking again
 *           ─▶ hidden        decline
 *   published ─▶ hidden      hide
 *   hidden ─▶ published      restore
 */
import { and, count, eq, inArray, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import { listEvents } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { audienceOf, type NewNotice, notify } from '#db/notices/notices.ts';
import { type Submission, submissions, teamMembers, users } from '#db/schema.ts';
import { type AuditEvent, auditSentence } from '#lib/audit.ts';
import { AppError } from '#lib/errors.ts';
import { moment } from '#lib/format.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { type ChangeRecord, changeSubmission } from './changes.ts';
import { isPublicSql } from './entries.ts';
import { type SubmissionSummary, summaries, toSummary } from './submissions.ts';

/** The longest reason, question or remark. */
export const MAX_REASON = 1000;

function requireText(text: string, what: string): string {
  const said = text.trim();
  if (!said) throw new AppError('invalid', `${what} The owner reads it.`);
  if (said.length > MAX_REASON) throw new AppError('invalid', 'At most 1,000 characters.');
  return said;
}

interface DecisionRecord extends ChangeRecord {
  /** the only maintainer decided about an entry of their own */
  own?: boolean;
}

async function decide(
  id: string,
  actorId: string | null,
  options: {
    allowed: SQL | undefined;
    set: PgUpdateSetSource<typeof submissions>;
    event: (record: DecisionRecord) => AuditEvent;
    /** it puts an entry before the public or vouches for it, so another maintainer than its owner decides */
    otherEyes?: boolean;
    otherwise: string;
    notice: (submission: Submission) => NewNotice;
  },
  tx: Tx,
): Promise<Submission> {
  const { allowed, set, otherEyes = false, otherwise, notice } = options;
  return tx.transaction(async (tx) => {
    const own = otherEyes && (await decidesOnOwn(id, actorId, tx));
    const event = (record: ChangeRecord) => options.event(own ? { ...record, own } : record);
    const changed = await changeSubmission(id, actorId, { allowed, set, event, otherwise }, tx).catch(async (error) => {
      if (error instanceof AppError && error.code === 'conflict')
        throw new AppError('conflict', `${otherwise} ${await describeLastEvent(id, tx)}`.trim());
      throw error;
    });
    await notify(await audienceOf(changed, tx), notice(changed), tx);
    return changed;
  });
}

/**
 * Whether somebody decides about their own entry, or their team's, because there is nobody else to do so.
 *
 * @throws AppError `forbidden` where another maintainer can
 */
async function decidesOnOwn(id: string, actorId: string | null, tx: Tx): Promise<boolean> {
  if (actorId === null) return false;
  const [entry] = await tx
    .select({ userId: submissions.userId, teamId: submissions.teamId })
    .from(submissions)
    .where(eq(submissions.id, id));
  if (!entry) return false;
  const team =
    entry.teamId === null
      ? []
      : await tx.select({ id: teamMembers.userId }).from(teamMembers).where(eq(teamMembers.teamId, entry.teamId));
  const involved = new Set([entry.userId, ...team.map((member) => member.id)]);
  if (!involved.has(actorId)) return false;
  const maintainers = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, 'maintainer'), isNull(users.suspendedAt)));
  if (maintainers.some((one) => !involved.has(one.id)))
    throw new AppError(
      'forbidden',
      'This entry is your own, or your team’s: another maintainer has to decide about it.',
    );
  return true;
}

/** Describe the last event of a submission, for a maintainer whose decision came too late. */
async function describeLastEvent(id: string, tx: Tx): Promise<string> {
  const last = (await listEvents(id, tx)).at(-1);
  if (!last) return '';
  return `What happened last (${last.actorName ?? 'the site'}, ${moment(last.at)}): ${auditSentence(last.event)}.`;
}

const boardName = ({ task }: Submission) => `the leaderboard of ${parseTask(task)?.name ?? task}`;

/** Publish an entry. The owner reads the remark. */
export async function approve(
  id: string,
  actorId: string | null,
  { remark }: { remark?: string } = {},
  tx: Tx = db(),
): Promise<Submission> {
  const said = remark?.trim() || null;
  if (said) requireText(said, '');
  return decide(
    id,
    actorId,
    {
      allowed: and(eq(submissions.visibility, 'pending'), eq(submissions.state, 'scored')),
      set: { visibility: 'published', hiddenReason: null, moderatorNote: said, publishedAt: sql`now()` },
      event: (record) => ({ kind: 'approved', ...record, ...(said && { reason: said }) }),
      otherEyes: true,
      otherwise: 'Only a scored submission whose owner has asked to publish can be approved.',
      notice: (submission) => ({
        kind: 'approved',
        text: `“${submission.method}” was approved and is on ${boardName(submission)}.${said ? ` The maintainer says: ${said}` : ''}`,
        link: `/entries/${id}`,
      }),
    },
    tx,
  );
}

/** Return an entry to its owner with a question. The owner answers by asking to publish again. */
export async function askBack(
  id: string,
  actorId: string | null,
  question: string,
  tx: Tx = db(),
): Promise<Submission> {
  const said = requireText(question, 'Say what you want to know.');
  return decide(
    id,
    actorId,
    {
      allowed: eq(submissions.visibility, 'pending'),
      set: { visibility: 'private', moderatorNote: said },
      event: (record) => ({ kind: 'asked-back', ...record, reason: said }),
      otherwise: 'This entry is not waiting for a decision.',
      notice: ({ method }) => ({
        kind: 'asked-back',
        text: `A maintainer has a question before publishing “${method}”: ${said} Ask to publish again with your answer.`,
        link: `/submissions/${id}`,
      }),
    },
    tx,
  );
}

/** Decline to publish an entry, with a reason that its owner reads. */
export async function decline(id: string, actorId: string | null, reason: string, tx: Tx = db()): Promise<Submission> {
  const said = requireText(reason, 'Rejecting an entry needs a reason.');
  return decide(
    id,
    actorId,
    {
      allowed: eq(submissions.visibility, 'pending'),
      set: { visibility: 'hidden', hiddenReason: said, moderatorNote: null },
      event: (record) => ({ kind: 'declined', ...record, reason: said }),
      otherwise: 'This entry is not waiting for a decision.',
      notice: ({ method }) => ({
        kind: 'hidden',
        text: `“${method}” was not published: ${said}`,
        link: `/submissions/${id}`,
      }),
    },
    tx,
  );
}

/** Take an entry off the board, with a reason that its owner reads. */
export async function hide(id: string, actorId: string | null, reason: string, tx: Tx = db()): Promise<Submission> {
  const said = requireText(reason, 'Hiding an entry needs a reason.');
  return decide(
    id,
    actorId,
    {
      allowed: eq(submissions.visibility, 'published'),
      set: { visibility: 'hidden', hiddenReason: said, moderatorNote: null },
      event: (record) => ({ kind: 'hidden', ...record, reason: said }),
      otherwise: 'Only a published entry can be hidden.',
      notice: (submission) => ({
        kind: 'hidden',
        text: `“${submission.method}” was taken off ${boardName(submission)}: ${said}`,
        link: `/submissions/${id}`,
      }),
    },
    tx,
  );
}

/** Put an entry on the board that was hidden or declined. */
export async function restore(id: string, actorId: string | null, reason: string, tx: Tx = db()): Promise<Submission> {
  const said = requireText(reason, 'Restoring an entry needs a reason.');
  return decide(
    id,
    actorId,
    {
      allowed: and(eq(submissions.visibility, 'hidden'), eq(submissions.state, 'scored')),
      set: {
        visibility: 'published',
        hiddenReason: null,
        moderatorNote: said,
        publishedAt: sql`coalesce(${submissions.publishedAt}, now())`,
      },
      event: (record) => ({ kind: 'restored', ...record, reason: said }),
      otherEyes: true,
      otherwise: 'Only a hidden entry that is scored can be restored.',
      notice: (submission) => ({
        kind: 'restored',
        text: `“${submission.method}” is on ${boardName(submission)} again: ${said}`,
        link: `/entries/${id}`,
      }),
    },
    tx,
  );
}

// --- verification: the level above “code linked” ---

/** Mark that a maintainer has run the code and got these numbers. */
export async function markVerified(
  id: string,
  actorId: string | null,
  note: string,
  tx: Tx = db(),
): Promise<Submission> {
  const said = requireText(note, 'Say what was run, and how close the numbers are.');
  return decide(
    id,
    actorId,
    {
      allowed: and(eq(submissions.state, 'scored'), isNull(submissions.verifiedAt)),
      set: { verifiedAt: sql`now()`, verifiedBy: actorId, verifiedNote: said },
      event: (record) => ({ kind: 'verified', ...record, reason: said }),
      otherEyes: true,
      otherwise: 'Only a scored entry that is not marked yet can be marked as re-run.',
      notice: ({ method }) => ({
        kind: 'verified',
        text: `“${method}” is marked as re-run by a maintainer: ${said}`,
        link: `/entries/${id}`,
      }),
    },
    tx,
  );
}

export async function revokeVerification(
  id: string,
  actorId: string | null,
  reason: string,
  tx: Tx = db(),
): Promise<Submission> {
  const said = requireText(reason, 'Taking back a mark needs a reason.');
  return decide(
    id,
    actorId,
    {
      allowed: isNotNull(submissions.verifiedAt),
      set: { verifiedAt: null, verifiedBy: null, verifiedNote: null },
      event: (record) => ({ kind: 'verification-revoked', ...record, reason: said }),
      otherwise: 'This entry is not marked as re-run.',
      notice: ({ method }) => ({
        kind: 'verified',
        text: `“${method}” is no longer marked as re-run by a maintainer: ${said}`,
        link: `/entries/${id}`,
      }),
    },
    tx,
  );
}

// --- several at once ---

export interface BulkOutcome {
  done: string[];
  /** entries that could not be decided, with the reason */
  refused: { id: string; method: string; why: string }[];
}

/** Decide about several entries, each on its own, so that one that cannot be decided does not stop the others. */
export async function decideMany(
  ids: readonly string[],
  decision: (id: string) => Promise<Submission>,
  tx: Tx = db(),
): Promise<BulkOutcome> {
  const outcome: BulkOutcome = { done: [], refused: [] };
  for (const id of new Set(ids)) {
    try {
      await decision(id);
      outcome.done.push(id);
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      const [there] = await tx.select({ method: submissions.method }).from(submissions).where(eq(submissions.id, id));
      outcome.refused.push({ id, method: there?.method ?? id, why: error.message });
    }
  }
  return outcome;
}

// --- searching ---

export const LIST_FILTERS = ['published', 'hidden', 'private', 'trouble', 'all'] as const;
export type ListFilter = (typeof LIST_FILTERS)[number];

/** Return a page of submissions by their state, newest first. `text` is part of a method's or person's name, or an id. */
export async function searchSubmissions(
  { filter, text = '', page = 1, size = 50 }: { filter: ListFilter; text?: string; page?: number; size?: number },
  tx: Tx = db(),
): Promise<{ rows: SubmissionSummary[]; total: number }> {
  const which: Record<ListFilter, SQL | undefined> = {
    published: isPublicSql(),
    hidden: eq(submissions.visibility, 'hidden'),
    private: eq(submissions.visibility, 'private'),
    trouble: or(
      inArray(submissions.state, ['failed', 'rejected']),
      // waits because of a fault of the site
      and(inArray(submissions.state, ['queued', 'scoring']), isNotNull(submissions.failure)),
    ),
    all: undefined,
  };
  const like = `%${text.trim().replace(/[\\%_]/g, '\\$&')}%`;
  const where = and(
    which[filter],
    text.trim()
      ? or(
          sql`${submissions.method} ilike ${like}`,
          sql`exists (select 1 from users where users.id = ${submissions.userId} and users.name ilike ${like})`,
          eq(submissions.id, text.trim()),
        )
      : undefined,
  );
  const [{ total }] = await tx.select({ total: count() }).from(submissions).where(where);
  const rows = await summaries(tx)
    .where(where)
    .orderBy(sql`${submissions.createdAt} desc`, submissions.id)
    .limit(size)
    .offset((page - 1) * size);
  return { rows: rows.map(toSummary), total };
}
