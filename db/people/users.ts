/** People, their roles, sessions and API tokens. */
import { createHash, randomBytes } from 'node:crypto';
import { and, desc, eq, gt, isNull, or, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import { type ApiToken, apiTokens, sessions, type User, users } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { type Role, TOKEN_SCOPES, type TokenScope } from '#lib/vocabulary.ts';
import { sessionDigest } from './sessions.ts';

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
    .where(eq(sql`lower(${users.email})`, plain(email)));
  return user ?? null;
}

/** The person with this address, created where there is none. */
export async function ensureUser(
  input: { email: string; name?: string | null; role?: Role },
  tx: Tx = db(),
): Promise<User> {
  const existing = await getUserByEmail(input.email, tx);
  if (existing) return existing;
  const values = { email: plain(input.email), name: input.name ?? null, role: input.role };
  const [created] = await tx.insert(users).values(values).onConflictDoNothing({ target: users.email }).returning();
  const user = created ?? (await getUserByEmail(input.email, tx)); // somebody else was faster
  if (!user) throw new Error(`could not create ${input.email}`);
  return user;
}

function plain(email: string): string {
  return email.trim().toLowerCase();
}

/**
 * Makes somebody a maintainer or a researcher, and tells them.
 *
 * @param options.lastMaintainer `may-go` only where anybody can become a maintainer at once: on one's own machine
 * @throws AppError `not-found`; `conflict` for the last maintainer, however many are let go at the same time
 */
export async function setRole(
  userId: string,
  role: Role,
  options: { actorId?: string | null; reason?: string; lastMaintainer?: 'stays' | 'may-go' } = {},
  tx: Tx = db(),
): Promise<User> {
  const { actorId = null, lastMaintainer = 'stays' } = options;
  return tx.transaction(async (tx) => {
    if (role !== 'maintainer' && lastMaintainer !== 'may-go') await mustLeaveAMaintainer(userId, tx);
    const [before] = await tx.select().from(users).where(eq(users.id, userId)).for('update');
    if (!before) throw new AppError('not-found', 'There is no such person.');
    const [user] = await tx.update(users).set({ role }).where(eq(users.id, userId)).returning();
    const reason = options.reason?.trim();
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
          text: `You are now a ${role}.${reason ? ` Reason: ${reason}` : ''}`,
          link: '/account',
        },
        tx,
      );
    return user;
  });
}

/**
 * Refuses to let the last maintainer go who can act. All maintainers are locked, always in the same order: of two who
 * are let go at the same time, the second finds that they are the last.
 */
export async function mustLeaveAMaintainer(userId: string, tx: Tx): Promise<void> {
  const maintainers = await tx.select().from(users).where(eq(users.role, 'maintainer')).orderBy(users.id).for('update');
  const acting = maintainers.filter(({ suspendedAt }) => suspendedAt === null);
  if (acting.some(({ id }) => id === userId) && acting.length === 1)
    throw new AppError('conflict', 'This is the last maintainer. Make somebody else a maintainer first.');
}

// --- API tokens: shown once; only their SHA-256 is kept ---

const TOKEN_PREFIX = 'lcb_'; // lets secret scanners recognise one

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** How many days a token may be valid; `never`: until it is revoked. */
export const TOKEN_LIFETIMES = ['30', '90', '365', 'never'] as const;
export type TokenLifetime = (typeof TOKEN_LIFETIMES)[number];
export const DEFAULT_TOKEN_LIFETIME: TokenLifetime = '90';

/** Valid tokens of one person. */
export const MOST_TOKENS = 50;

/** When a token made now ends; null: never. */
export function tokenEnd(lifetime: TokenLifetime, now = Date.now()): Date | null {
  return lifetime === 'never' ? null : new Date(now + Number(lifetime) * DAY);
}

/** Makes a token that may do everything a token can, for ever, unless `options` say less. */
export async function createToken(
  userId: string,
  name: string,
  options: { expiresAt?: Date | null; scopes?: readonly TokenScope[] } = {},
  tx: Tx = db(),
): Promise<{ token: string; id: string }> {
  const token = TOKEN_PREFIX + randomBytes(30).toString('base64url');
  const scopes = TOKEN_SCOPES.filter((scope) => (options.scopes ?? TOKEN_SCOPES).includes(scope));
  if (scopes.length === 0) throw new AppError('invalid', 'A token needs at least one scope: read, submit.');
  return tx.transaction(async (tx) => {
    await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('update');
    const alive = and(
      eq(apiTokens.userId, userId),
      or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, sql`now()`)),
    );
    if ((await tx.$count(apiTokens, alive)) >= MOST_TOKENS)
      throw new AppError(
        'too-many',
        `You have ${MOST_TOKENS} tokens that are valid. Revoke one that you no longer use.`,
      );
    const values = { userId, name, sha256: digest(token), scopes, expiresAt: options.expiresAt ?? null };
    const [created] = await tx.insert(apiTokens).values(values).returning({ id: apiTokens.id });
    await recordEvent(userId, { kind: 'token-created', userId, name, scopes }, tx);
    return { token, id: created.id };
  });
}

/** Whose token this is, and what it may do; null when unknown or expired. */
export async function userByToken(
  token: string,
  tx: Tx = db(),
): Promise<(User & { tokenScopes: readonly TokenScope[] }) | null> {
  const valid = or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, sql`now()`));
  const [row] = await tx
    .select({ user: users, tokenId: apiTokens.id, scopes: apiTokens.scopes, lastUsedAt: apiTokens.lastUsedAt })
    .from(apiTokens)
    .innerJoin(users, eq(users.id, apiTokens.userId))
    .where(and(eq(apiTokens.sha256, digest(token)), valid));
  if (!row) return null;
  // once a minute is exact enough, and an upload in pieces asks often
  if (!row.lastUsedAt || Date.now() - row.lastUsedAt.getTime() > 60_000) {
    await tx.update(apiTokens).set({ lastUsedAt: sql`now()` }).where(eq(apiTokens.id, row.tokenId));
  }
  return { ...row.user, tokenScopes: row.scopes };
}

export async function listTokens(userId: string, tx: Tx = db()): Promise<Omit<ApiToken, 'sha256'>[]> {
  const { id, name, scopes, lastUsedAt, expiresAt, createdAt } = apiTokens;
  return tx
    .select({ id, userId: apiTokens.userId, name, scopes, lastUsedAt, expiresAt, createdAt })
    .from(apiTokens)
    .where(eq(apiTokens.userId, userId))
    .orderBy(desc(apiTokens.createdAt), apiTokens.id);
}

/** False: not theirs, or gone already. */
export async function revokeToken(userId: string, tokenId: string, tx: Tx = db()): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const [revoked] = await tx
      .delete(apiTokens)
      .where(and(eq(apiTokens.id, tokenId), eq(apiTokens.userId, userId)))
      .returning({ name: apiTokens.name });
    if (!revoked) return false;
    await recordEvent(userId, { kind: 'token-revoked', userId, name: revoked.name }, tx);
    return true;
  });
}

const DAY = 24 * 3600_000;
const SESSION_DAYS = 30;

/** A session of the kind Auth.js keeps in the database, for sign-in that does not go through a provider. */
export async function createSession(userId: string, tx: Tx = db()): Promise<{ sessionToken: string; expires: Date }> {
  const sessionToken = randomBytes(32).toString('base64url');
  const expires = new Date(Date.now() + SESSION_DAYS * DAY);
  await tx.insert(sessions).values({ sessionToken: sessionDigest(sessionToken), userId, expires });
  return { sessionToken, expires };
}
