/**
 * Sessions of signed-in browsers. Auth.js makes them for providers, `createSession` for the sign-in at home. The browser alone has the token; the database keeps its SHA-256, so a copy of the database, of its
 * log or of a backup signs nobody in.
 */
import { createHash } from 'node:crypto';
import { and, eq, gt, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { sessions, type User, users } from '#db/schema.ts';

/** What is kept of a session's token. */
export function sessionDigest(sessionToken: string): string {
  return createHash('sha256').update(sessionToken).digest('hex');
}

/** Whose session this is; null when unknown or over. */
export async function userBySession(sessionToken: string, tx: Tx = db()): Promise<User | null> {
  const [row] = await tx
    .select({ user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.sessionToken, sessionDigest(sessionToken)), gt(sessions.expires, sql`now()`)));
  return row?.user ?? null;
}
