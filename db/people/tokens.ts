/** API tokens. A token is shown once; the database keeps only its SHA-256. */

import { randomBytes } from 'node:crypto';
import { and, desc, eq, gt, isNull, or, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import { type ApiToken, apiTokens, type User, users } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { secretDigest } from '#lib/secrets.ts';
import { TOKEN_SCOPES, type TokenScope, USUAL_SCOPES } from '#lib/vocabulary.ts';
import { lockUser } from './users.ts';

const DAY = 24 * 3600_000;
const TOKEN_PREFIX = 'lcb_';

// lets secret scanners recognise a token

/** Choices for a token's lifetime in days; `never`: valid until revoked. */
export const TOKEN_LIFETIMES = ['30', '90', '365', 'never'] as const;

type TokenLifetime = (typeof TOKEN_LIFETIMES)[number];

export const DEFAULT_TOKEN_LIFETIME: TokenLifetime = '90';

/** Most valid tokens per person. */
export const MOST_TOKENS = 50;

/** Return when a token created now expires; null: never. */
export function tokenEnd(lifetime: TokenLifetime, now = Date.now()): Date | null {
  return lifetime === 'never' ? null : new Date(now + Number(lifetime) * DAY);
}

/**
 * Create a token. Unless `options` say otherwise, it may read and submit, and never expires.
 *
 * @throws AppError `forbidden` for the scope to moderate, unless the person is a maintainer
 */
export async function createToken(
  userId: string,
  name: string,
  options: { expiresAt?: Date | null; scopes?: readonly TokenScope[] } = {},
  tx: Tx = db(),
): Promise<{ token: string; id: string }> {
  const token = TOKEN_PREFIX + randomBytes(30).toString('base64url');
  const scopes = TOKEN_SCOPES.filter((scope) => (options.scopes ?? USUAL_SCOPES).includes(scope));
  if (scopes.length === 0) throw new AppError('invalid', 'A token needs at least one scope: read, submit.');
  return tx.transaction(async (tx) => {
    const { role } = await lockUser(userId, tx);
    if (scopes.includes('moderate') && role !== 'maintainer')
      throw new AppError('forbidden', 'Only a maintainer’s token can moderate.');
    const valid = and(
      eq(apiTokens.userId, userId),
      or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, sql`now()`)),
    );
    if ((await tx.$count(apiTokens, valid)) >= MOST_TOKENS)
      throw new AppError(
        'too-many',
        `You have ${MOST_TOKENS} tokens that are valid. Revoke one that you no longer use.`,
      );
    const values = { userId, name, sha256: secretDigest(token), scopes, expiresAt: options.expiresAt ?? null };
    const [created] = await tx.insert(apiTokens).values(values).returning({ id: apiTokens.id });
    await recordEvent(userId, { kind: 'token-created', userId, name, scopes }, tx);
    const text = `A new API token of yours: “${name}”, to ${scopes.join(' and ')}. If you did not make it, revoke it.`;
    await notify([userId], { kind: 'account', text, link: '/account?tab=tokens' }, tx);
    return { token, id: created.id };
  });
}

/** Return a token's user and scopes; null if it is unknown or expired. */
export async function userByToken(
  token: string,
  tx: Tx = db(),
): Promise<(User & { tokenScopes: readonly TokenScope[] }) | null> {
  const valid = or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, sql`now()`));
  const [row] = await tx
    .select({ user: users, tokenId: apiTokens.id, scopes: apiTokens.scopes, lastUsedAt: apiTokens.lastUsedAt })
    .from(apiTokens)
    .innerJoin(users, eq(users.id, apiTokens.userId))
    .where(and(eq(apiTokens.sha256, secretDigest(token)), valid));
  if (!row) return null;
  // a precision of one minute is enough, and an upload in pieces sends many requests
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

/** Revoke a token. Return false if it is not the user's or no longer exists. */
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
