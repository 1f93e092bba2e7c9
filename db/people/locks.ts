/**
 * Locks that merging and deleting an account take. All transactions of the site lock in one order, so that none waits
 * for another that waits for it:
 *
 *   methods ─▶ submissions ─▶ people, each by id; maintainers and the people concerned in one query
 *
 * A row that refers to a person or a team (a notice, a submission) locks that person's key until the transaction ends.
 * Locks `for no key update` leave keys alone; only what removes an account locks its key, and does so last.
 */
import { asc, eq, inArray, or } from 'drizzle-orm';
import type { Tx } from '#db/engine/client.ts';
import { methods, submissions, teamMembers, type User, users } from '#db/schema.ts';

/** Lock all maintainers and these people, so that what is found about them stays so. Returns them all, by id. */
export async function lockPeople(ids: readonly string[], tx: Tx): Promise<User[]> {
  const wanted = or(eq(users.role, 'maintainer'), ids.length > 0 ? inArray(users.id, [...ids]) : undefined);
  return tx.select().from(users).where(wanted).orderBy(asc(users.id)).for('no key update');
}

/**
 * Lock everything that belongs to people and to their teams, then the people themselves, and keep out new references to
 * those in `leaving`: a transaction that inserts one waits, then finds the account gone.
 *
 * @returns the people and all maintainers, by id
 */
export async function lockForLeaving(ids: readonly string[], leaving: readonly string[], tx: Tx): Promise<User[]> {
  const theirTeams = tx
    .select({ id: teamMembers.teamId })
    .from(teamMembers)
    .where(inArray(teamMembers.userId, [...ids]));
  const theirs = (table: typeof methods | typeof submissions) =>
    or(inArray(table.userId, [...ids]), inArray(table.teamId, theirTeams));
  await tx.select({ id: methods.id }).from(methods).where(theirs(methods)).orderBy(methods.id).for('no key update');
  await tx
    .select({ id: submissions.id })
    .from(submissions)
    .where(theirs(submissions))
    .orderBy(submissions.id)
    .for('update');
  const people = await lockPeople(ids, tx);
  await tx
    .select({ id: users.id })
    .from(users)
    .where(inArray(users.id, [...leaving]))
    .orderBy(users.id)
    .for('update');
  return people;
}

const DEADLOCK = '40P01';
const ATTEMPTS = 3;

/**
 * Run a transaction again if the database ended it to resolve a deadlock: a reference that is inserted between two locks
 * can still cause one. A transaction inside another is not repeated, since the outer one has failed with it.
 */
export async function retryDeadlocks<T>(run: () => Promise<T>, tx: Tx): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if ('rollback' in tx || attempt === ATTEMPTS || !isDeadlock(error)) throw error;
    }
  }
}

/** Tell whether the database ended a statement because two transactions waited for each other. */
export function isDeadlock(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown };
  return code === DEADLOCK || (cause !== undefined && isDeadlock(cause));
}
