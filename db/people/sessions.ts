/** Sessions of signed-in browsers. Auth.js writes them (and `createSession` for the local sign-in); this reads them. */
import { and, eq, gt, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { sessions, type User, users } from '#db/schema.ts';

/** Whose session this is; null when unknown or over. */
export async function userBySession(sessionToken: string, tx: Tx = db()): Promise<User | null> {
  const [row] = await tx
    .select({ user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.sessionToken, sessionToken), gt(sessions.expires, sql`now()`)));
  return row?.user ?? null;
}
