/** Accounts and their roles. */

import { eq, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import { apiTokens, type User, users } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import type { Role } from '#lib/vocabulary.ts';
import { lockPeople } from './locks.ts';

export async function listUsers(tx: Tx = db()): Promise<User[]> {
  return tx.select().from(users).orderBy(users.createdAt, users.id);
}

export async function getUser(id: string, tx: Tx = db()): Promise<User | null> {
  const [user] = await tx.select().from(users).where(eq(users.id, id));
  return user ?? null;
}

export async function getUserByEmail(email: string, tx: Tx = db()): Promise<User | null> {
  const [user] = await tx
    .select()
    .from(users)
    .where(eq(sql`lower(${users.email})`, normalizeEmail(email)));
  return user ?? null;
}

/**
 * Lock an account's row until the transaction ends.
 *
 * @throws AppError `not-found`
 */
export async function lockUser(userId: string, tx: Tx): Promise<User> {
  const [user] = await tx.select().from(users).where(eq(users.id, userId)).for('no key update');
  if (!user) throw new AppError('not-found', 'There is no such account (any more).');
  return user;
}

/** Return the user with this address, and create them if there is none. */
export async function ensureUser(
  input: { email: string; name?: string | null; role?: Role },
  tx: Tx = db(),
): Promise<User> {
  const existing = await getUserByEmail(input.email, tx);
  if (existing) return existing;
  const values = { email: normalizeEmail(input.email), name: input.name ?? null, role: input.role };
  const [created] = await tx.insert(users).values(values).onConflictDoNothing({ target: users.email }).returning();
  const user = created ?? (await getUserByEmail(input.email, tx)); // somebody else was faster
  if (!user) throw new Error(`could not create ${input.email}`);
  return user;
}

function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

/**
 * Change a person's role and notify them.
 *
 * @param options.lastMaintainer `may-go` only on a local installation, where anybody can become a maintainer at once
 * @throws AppError `not-found`; `conflict` for the last maintainer, even if several lose the role at the same time
 */
export async function setRole(
  userId: string,
  role: Role,
  options: { actorId?: string | null; reason?: string; lastMaintainer?: 'stays' | 'may-go' } = {},
  tx: Tx = db(),
): Promise<User> {
  const { actorId = null, lastMaintainer = 'stays' } = options;
  return tx.transaction(async (tx) => {
    if (role !== 'maintainer' && lastMaintainer !== 'may-go') await requireRemainingMaintainer(userId, tx);
    const [before] = await tx.select().from(users).where(eq(users.id, userId)).for('no key update');
    if (!before) throw new AppError('not-found', 'There is no such person.');
    const [user] = await tx.update(users).set({ role }).where(eq(users.id, userId)).returning();
    const reason = options.reason?.trim();
    // who has an old token of theirs must not become a maintainer with it
    const revoked =
      role === 'maintainer' && before.role !== role && actorId !== userId ? await revokeAllTokens(userId, tx) : 0;
    await recordEvent(
      actorId,
      {
        kind: 'role-changed',
        userId,
        role,
        before: before.role,
        ...(reason && { reason }),
      },
      tx,
    );
    if (before.role !== role && actorId !== userId)
      await notify(
        [userId],
        {
          kind: 'account',
          text: `You are now a ${role}.${reason ? ` Reason: ${reason}` : ''}${revoked > 0 ? ' Your API tokens were revoked: make new ones.' : ''}`,
          link: '/account',
        },
        tx,
      );
    return user;
  });
}

/** Revoke every API token of a person. Return how many there were. */
export async function revokeAllTokens(userId: string, tx: Tx): Promise<number> {
  return (await tx.delete(apiTokens).where(eq(apiTokens.userId, userId)).returning({ id: apiTokens.id })).length;
}

/**
 * Require that a maintainer who can act remains without this one. Locks all maintainers and the person in one order: if
 * two maintainers leave at once, the second finds that they are the last.
 *
 * @throws AppError `conflict`
 */
export async function requireRemainingMaintainer(userId: string, tx: Tx): Promise<void> {
  const people = await lockPeople([userId], tx);
  const acting = people.filter(({ role, suspendedAt }) => role === 'maintainer' && suspendedAt === null);
  if (acting.some(({ id }) => id === userId) && acting.length === 1)
    throw new AppError('conflict', 'This is the last maintainer. Make somebody else a maintainer first.');
}
