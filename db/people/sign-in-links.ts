/**
 * Signing in at home: a link with a key, good for one sign-in. `npm start` and `livecell sign-in-link` print the
 * operator's own, whose holder says who they are; maintainers make links for others. The key is shown once, and only
 * its SHA-256 is kept.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type SignInLink, signInLinks, type User } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { secretDigest } from '#lib/secrets.ts';
import type { Role } from '#lib/vocabulary.ts';
import { ensureUser, getUser, getUserByEmail, setRole } from './users.ts';

const HOUR = 3600_000;
/** How long a link may wait to be followed: the operator's as long as a working day, an invitation a week. */
const OPERATOR_HOURS = 24;
export const SIGN_IN_LINK_DAYS = 7;

/** The address that hands the key to the site's sign-in page. */
export function signInAddress(site: string, key: string): string {
  return `${site}/sign-in?key=${key}`;
}

/** The key of a new link of the operator's. Its holder chooses who they are. */
export async function makeOperatorLink(tx: Tx = db()): Promise<string> {
  return insertLink({ userId: null, role: null, createdBy: null, hours: OPERATOR_HOURS }, tx);
}

/**
 * The key of a link for somebody else: for the account with that address where there is one, else for one new person.
 * The log says who invited.
 */
export async function inviteHome(
  invitation: { email: string | null; role: Role },
  actorId: string,
  tx: Tx = db(),
): Promise<string> {
  return tx.transaction(async (tx) => {
    const known = invitation.email ? await getUserByEmail(invitation.email, tx) : null;
    const key = await insertLink(
      { userId: known?.id ?? null, role: invitation.role, createdBy: actorId, hours: SIGN_IN_LINK_DAYS * 24 },
      tx,
    );
    await recordEvent(actorId, { kind: 'sign-in-link-made', role: invitation.role, userId: known?.id }, tx);
    return key;
  });
}

async function insertLink(
  { userId, role, createdBy, hours }: Pick<SignInLink, 'userId' | 'role' | 'createdBy'> & { hours: number },
  tx: Tx,
): Promise<string> {
  const key = randomBytes(32).toString('base64url');
  await tx.delete(signInLinks).where(lt(signInLinks.expiresAt, sql`now()`));
  const expiresAt = new Date(Date.now() + hours * HOUR);
  await tx.insert(signInLinks).values({ sha256: secretDigest(key), userId, role, createdBy, expiresAt });
  return key;
}

/** The link with this key, if it can still be followed; null otherwise. Compared in constant time. */
export async function findSignInLink(key: string, tx: Tx = db()): Promise<SignInLink | null> {
  const given = Buffer.from(secretDigest(key));
  const usable = and(isNull(signInLinks.usedAt), gt(signInLinks.expiresAt, sql`now()`));
  let found: SignInLink | null = null;
  for (const link of await tx.select().from(signInLinks).where(usable))
    if (timingSafeEqual(Buffer.from(link.sha256), given)) found = link;
  return found;
}

/**
 * Uses a link up and says whom it signs in. `person` is who its holder says they are, where the link leaves that open.
 *
 * @throws AppError `forbidden` where the key is unknown, used or too old; `conflict` where an invitation for a new person
 * names an address that somebody has already
 */
export async function followSignInLink(
  key: string,
  person: { name: string; email: string; role: Role } | null,
  tx: Tx = db(),
): Promise<User> {
  return tx.transaction(async (tx) => {
    const link = await findSignInLink(key, tx);
    // of two who come with the same key, one finds it used
    const [mine] = link
      ? await tx
          .update(signInLinks)
          .set({ usedAt: sql`now()` })
          .where(and(eq(signInLinks.sha256, link.sha256), isNull(signInLinks.usedAt)))
          .returning()
      : [];
    if (!mine)
      throw new AppError(
        'forbidden',
        'This sign-in link was used already, is too old, or never was one. Ask for another.',
      );
    if (mine.userId) {
      const user = await getUser(mine.userId, tx);
      if (!user) throw new AppError('not-found', 'The account this link was made for is gone.');
      return user;
    }
    if (!person) throw new AppError('invalid', 'A name and an e-mail address are needed.');
    if (mine.role === null) {
      // the operator: may be anybody, as whoever holds the data folder could be anyhow
      const user = await ensureUser(person, tx);
      if (user.role === person.role) return user;
      return setRole(user.id, person.role, { actorId: user.id, lastMaintainer: 'may-go' }, tx);
    }
    if (await getUserByEmail(person.email, tx))
      throw new AppError(
        'conflict',
        'Somebody here has this e-mail address already. If that is you, ask for a link that is made for your address.',
      );
    return ensureUser({ name: person.name, email: person.email, role: mine.role }, tx);
  });
}
