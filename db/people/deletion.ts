/** Deletes an account and decides what happens to everything that belongs to it. */
import { and, count, eq, isNull, ne } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { deleteMailTo } from '#db/notices/outbox.ts';
import {
  methods,
  type Submission,
  submissionFiles,
  submissions,
  teamMembers,
  teams,
  type User,
  users,
} from '#db/schema.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { isSharedFile } from '#db/submissions/submissions.ts';
import { listUploads } from '#db/submissions/uploads.ts';
import { AppError } from '#lib/errors.ts';
import { rememberDeparted } from './departed.ts';
import { lockForLeaving, retryDeadlocks } from './locks.ts';
import { leaveTeam } from './teams.ts';

export type EntriesAfterwards =
  /** keep published entries on the board, credited to this name */
  | { entries: 'credited'; creditedTo: string }
  /** withdraw published entries, leaving tombstones */
  | { entries: 'tombstones' };

/** Files to delete from storage after the account is deleted. */
interface LeftInStorage {
  files: string[];
  /** uploads that no submission has used */
  uploads: { id: string; storageKey: string }[];
}

/**
 * Delete an account. Published entries stay or become tombstones, as the person chose. Submissions that never were
 * public are deleted with their files. A team keeps its entries; if the person is its only member, its entries are
 * treated like the person's own. The audit log keeps the person's id and nothing else about them.
 *
 * @throws AppError `conflict` for the last maintainer, and for the last owner of a team that has other members
 */
export async function deleteAccount(userId: string, choice: EntriesAfterwards, tx: Tx = db()): Promise<LeftInStorage> {
  return retryDeadlocks(() => tx.transaction((tx) => deleteNow(userId, choice, tx)), tx);
}

async function deleteNow(userId: string, choice: EntriesAfterwards, tx: Tx): Promise<LeftInStorage> {
  const people = await lockForLeaving([userId], [userId], tx);
  const user = people.find(({ id }) => id === userId);
  if (!user) throw new AppError('not-found', 'There is no such account (any more).');
  if (user.role === 'maintainer') requireAnotherMaintainer(people, userId);
  await leaveTeams(userId, tx);

  const mine = await tx
    .select()
    .from(submissions)
    .where(and(eq(submissions.userId, userId), isNull(submissions.teamId)));
  const counts = { kept: 0, tombstones: 0, deleted: 0 };
  const gone: { submissionId: string; storageKey: string }[] = [];
  for (const submission of mine) {
    const became = await keepOrWithdraw(submission, userId, choice, tx);
    counts[became]++;
    if (became === 'kept') continue;
    gone.push(...(await listFileKeys(submission.id, tx)));
    if (became === 'deleted') await tx.delete(submissions).where(eq(submissions.id, submission.id));
  }
  // keep a method as long as it has entries
  const own = await tx
    .select({ id: methods.id, entry: submissions.id })
    .from(methods)
    .leftJoin(submissions, and(eq(submissions.methodId, methods.id), ne(submissions.state, 'withdrawn')))
    .where(and(eq(methods.userId, userId), isNull(methods.teamId)));
  for (const { id, entry } of own) if (entry === null) await tx.delete(methods).where(eq(methods.id, id));

  const files = new Set<string>();
  for (const { submissionId, storageKey } of gone)
    if (!(await isSharedFile(storageKey, submissionId, tx))) files.add(storageKey);
  const uploads = (await listUploads(userId, tx)).map(({ id, storageKey }) => ({ id, storageKey }));
  if (user.email) await deleteMailTo([user.email], tx);
  await recordEvent(userId, { kind: 'account-deleted', userId, ...counts }, tx);
  await rememberDeparted(user, tx);
  await tx.delete(users).where(eq(users.id, userId));
  return { files: [...files], uploads };
}

/** Count a person's own entries on the board. */
export async function countPublished(userId: string, tx: Tx = db()): Promise<number> {
  const own = and(eq(submissions.userId, userId), isNull(submissions.teamId));
  const onBoard = and(eq(submissions.visibility, 'published'), ne(submissions.state, 'withdrawn'));
  const [row] = await tx.select({ entries: count() }).from(submissions).where(and(own, onBoard));
  return row.entries;
}

function requireAnotherMaintainer(people: readonly User[], userId: string): void {
  if (!people.some(({ id, role, suspendedAt }) => id !== userId && role === 'maintainer' && suspendedAt === null))
    throw new AppError('conflict', 'You are the last maintainer. Make somebody else a maintainer first.');
}

async function leaveTeams(userId: string, tx: Tx): Promise<void> {
  const memberships = await tx
    .select({ teamId: teams.id, name: teams.name })
    .from(teamMembers)
    .innerJoin(teams, eq(teams.id, teamMembers.teamId))
    .where(eq(teamMembers.userId, userId))
    .orderBy(teams.id);
  for (const { teamId, name } of memberships) {
    await tx.select().from(teams).where(eq(teams.id, teamId)).for('update');
    const people = await tx.select().from(teamMembers).where(eq(teamMembers.teamId, teamId));
    if (people.length === 1) {
      // there is no other member, so the team's submissions are treated as this person's
      await tx.update(submissions).set({ teamId: null, userId }).where(eq(submissions.teamId, teamId));
      await tx.update(methods).set({ teamId: null, userId }).where(eq(methods.teamId, teamId));
    } else if (!people.some((person) => person.role === 'owner' && person.userId !== userId))
      throw new AppError(
        'conflict',
        `You are the last owner of the team “${name}”. Make somebody else its owner first.`,
      );
    await leaveTeam(teamId, userId, tx);
  }
}

async function keepOrWithdraw(
  submission: Submission,
  userId: string,
  choice: EntriesAfterwards,
  tx: Tx,
): Promise<'kept' | 'tombstones' | 'deleted'> {
  const { id, state, visibility } = submission;
  const wasPublished = submission.wasPublished || visibility === 'published';
  if (state === 'withdrawn') return wasPublished ? 'tombstones' : 'deleted';
  if (visibility === 'published' && choice.entries === 'credited') {
    await tx.update(submissions).set({ creditedTo: choice.creditedTo }).where(eq(submissions.id, id));
    return 'kept';
  }
  if (wasPublished) await tx.update(submissions).set({ wasPublished }).where(eq(submissions.id, id));
  await withdraw(id, userId, { reason: 'account-deleted' }, tx);
  return wasPublished ? 'tombstones' : 'deleted';
}

async function listFileKeys(submissionId: string, tx: Tx) {
  return tx
    .select({ submissionId: submissionFiles.submissionId, storageKey: submissionFiles.storageKey })
    .from(submissionFiles)
    .where(eq(submissionFiles.submissionId, submissionId));
}
