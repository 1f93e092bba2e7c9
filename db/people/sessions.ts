/**
 * Sessions of signed-in browsers. Auth.js creates them for sign-in through a provider, `createSession` for local
 * sign-in. Only the browser has the token; the database keeps its SHA-256, so a copy of the database, its log or a
 * backup signs nobody in.
 */

import { randomBytes } from 'node:crypto';
import { and, eq, gt, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { sessions, type User, users } from '#db/schema.ts';
import { secretDigest } from '#lib/secrets.ts';

const SESSION_DAYS = 30;

const DAY = 24 * 3600_000;

/** Create a session like those of Auth.js, for sign-in without a provider. */
export async function createSession(userId: string, tx: Tx = db()): Promise<{ sessionToken: string; expires: Date }> {
  const sessionToken = randomBytes(32).toString('base64url');
  const expires = new Date(Date.now() + SESSION_DAYS * DAY);
  await tx.insert(sessions).values({ sessionToken: secretDigest(sessionToken), userId, expires });
  return { sessionToken, expires };
}

/** Return the session's user; null if the session is unknown or has expired. */
export async function userBySession(sessionToken: string, tx: Tx = db()): Promise<User | null> {
  const [row] = await tx
    .select({ user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.sessionToken, secretDigest(sessionToken)), gt(sessions.expires, sql`now()`)));
  return row?.user ?? null;
}
