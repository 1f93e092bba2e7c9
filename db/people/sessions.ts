/**
 * Sessions of signed-in browsers. Auth.js creates them for sign-in through a provider, `createSession` for local
 * sign-in. Only the browser has the token; the database keeps its SHA-256, so a copy of the database, its log or a
 * backup signs nobody in.
 */

import { randomBytes } from 'node:crypto';
import { and, desc, eq, gt, lt, or, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import { sessions, type User, users } from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { moment } from '#lib/format.ts';
import { secretDigest } from '#lib/secrets.ts';

/** A session ends after this time even if it is used every day. */
export const SESSION_DAYS = 90;
const DAY = 24 * 3600_000;
/** `seenAt` is exact to this many minutes, so that most requests write nothing. */
const SEEN_MINUTES = 5;
/** A person's devices to remember, the latest. */
const MOST_DEVICES = 30;

/** Where a session began, as far as it is kept. */
export interface Origin {
  /** `Firefox on Linux` */
  device: string | null;
  /** `203.0.113.0/24` */
  network: string | null;
}

const UNKNOWN: Origin = { device: null, network: null };

/** Create a session like those of Auth.js, for sign-in without a provider. */
export async function createSession(
  userId: string,
  origin: Origin = UNKNOWN,
  tx: Tx = db(),
): Promise<{ sessionToken: string; expires: Date }> {
  const sessionToken = randomBytes(32).toString('base64url');
  const expires = new Date(Date.now() + SESSION_DAYS * DAY);
  await openSession({ userId, sessionToken, expires }, origin, tx);
  return { sessionToken, expires };
}

/** Store a new session, and tell its owner if it begins on a device or in a network that is new for the account. */
export async function openSession(
  { userId, sessionToken, expires }: { userId: string; sessionToken: string; expires: Date },
  { device, network }: Origin,
  tx: Tx = db(),
): Promise<void> {
  await tx.transaction(async (tx) => {
    await tx.insert(sessions).values({ sessionToken: secretDigest(sessionToken), userId, expires, device, network });
    if (device === null && network === null) return;
    const [user] = await tx.select({ known: users.knownDevices }).from(users).where(eq(users.id, userId)).for('update');
    if (!user) return;
    const digest = secretDigest(`${userId} ${device} ${network}`).slice(0, 16);
    const others = user.known.filter((one) => one !== digest);
    await tx
      .update(users)
      .set({ knownDevices: [...others, digest].slice(-MOST_DEVICES) })
      .where(eq(users.id, userId));
    // the first sign-in of all is no news
    if (user.known.length === 0 || others.length < user.known.length) return;
    const where = [device ?? 'an unknown browser', network && `network ${network}`].filter(Boolean).join(', ');
    await notify(
      [userId],
      {
        kind: 'account',
        text: `New sign-in to your account: ${where}, ${moment(new Date())}. If that was not you, end the session and sign out everywhere.`,
        link: '/account?tab=sign-in',
      },
      tx,
    );
  });
}

/** The session has not reached its end, and was used lately enough for its owner's role. */
function isAlive() {
  const { LIVECELL_SESSION_IDLE_DAYS: most, LIVECELL_MAINTAINER_IDLE_DAYS: mostOfMaintainers } = env();
  const idle = sql`make_interval(days => case when ${users.role} = 'maintainer' then ${mostOfMaintainers}::int else ${most}::int end)`;
  return and(gt(sessions.expires, sql`now()`), gt(sessions.seenAt, sql`now() - ${idle}`));
}

/** A session's user, with the session's own id and age. */
export type SignedIn = User & { session: { id: string; signedInAt: Date } };

/** Return the session's user; null if the session is unknown, has expired, or was idle for too long. */
export async function userBySession(sessionToken: string, tx: Tx = db()): Promise<SignedIn | null> {
  const [row] = await tx
    .select({ user: users, id: sessions.id, signedInAt: sessions.createdAt, seenAt: sessions.seenAt })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.sessionToken, secretDigest(sessionToken)), isAlive()));
  if (!row) return null;
  const { user, id, signedInAt, seenAt } = row;
  if (Date.now() - seenAt.getTime() > SEEN_MINUTES * 60_000)
    await tx.update(sessions).set({ seenAt: sql`now()` }).where(eq(sessions.id, id));
  return { ...user, session: { id, signedInAt } };
}

/** Return a person's living sessions, last seen first. */
export async function listSessions(userId: string, tx: Tx = db()) {
  const { id, createdAt, seenAt, device, network, expires } = sessions;
  return tx
    .select({ id, createdAt, seenAt, device, network, expires })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.userId, userId), isAlive()))
    .orderBy(desc(sessions.seenAt), sessions.id);
}

/** End one session of a person. Return false if it is not theirs or no longer exists. */
export async function endSession(userId: string, id: string, tx: Tx = db()): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const ended = await tx
      .delete(sessions)
      .where(and(eq(sessions.id, id), eq(sessions.userId, userId)))
      .returning({ id: sessions.id });
    if (ended.length === 0) return false;
    await recordEvent(userId, { kind: 'session-ended', userId }, tx);
    return true;
  });
}

/** Delete sessions that nobody can use any more. Return how many there were. */
export async function deleteDeadSessions(tx: Tx = db()): Promise<number> {
  const idle = env().LIVECELL_SESSION_IDLE_DAYS;
  const dead = or(
    lt(sessions.expires, sql`now()`),
    lt(sessions.seenAt, sql`now() - make_interval(days => ${idle}::int)`),
  );
  return (await tx.delete(sessions).where(dead).returning({ id: sessions.id })).length;
}
