/**
 * Local sign-in by a link with a key that works once. `npm start` and `livecell sign-in-link` print the operator's
 * link, which lets its holder choose an identity; maintainers create links for other people. A key is shown once, and
 * the database keeps only its SHA-256.
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
/** How long a link stays valid: the operator's for a working day, an invitation for a week. */
const OPERATOR_HOURS = 24;
export const SIGN_IN_LINK_DAYS = 7;

/** Return the address that passes the key to the site's sign-in page. */
export function signInAddress(site: string, key: string): string {
  return `${site}/sign-in?key=${key}`;
}

/** Create an operator's link and return its key. Its holder chooses the account to sign in to. */
export async function makeOperatorLink(tx: Tx = db()): Promise<string> {
  return insertLink({ userId: null, role: null, createdBy: null, hours: OPERATOR_HOURS }, tx);
}

/**
 * Create a link for another person and return its key. It signs in to the account with the given address if there is
 * one, else to a new account. The audit log records the inviting maintainer.
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

/** Return the link with this key if it is still valid, else null. The comparison takes constant time. */
export async function findSignInLink(key: string, tx: Tx = db()): Promise<SignInLink | null> {
  const given = Buffer.from(secretDigest(key));
  const usable = and(isNull(signInLinks.usedAt), gt(signInLinks.expiresAt, sql`now()`));
  let found: SignInLink | null = null;
  for (const link of await tx.select().from(signInLinks).where(usable))
    if (timingSafeEqual(Buffer.from(link.sha256), given)) found = link;
  return found;
}

/**
 * Use up a link and return the user it signs in. `person` names the identity the holder chose, where the link leaves
 * that open.
 *
 * @throws AppError `forbidden` if the key is unknown, used or too old; `conflict` if an invitation for a new person
 * names an address that already has an account
 */
export async function followSignInLink(
  key: string,
  person: { name: string; email: string; role: Role } | null,
  tx: Tx = db(),
): Promise<User> {
  return tx.transaction(async (tx) => {
    const link = await findSignInLink(key, tx);
    // if two requests bring the same key, one finds it used
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
      // the operator may choose any identity: access to the data folder allows that anyway
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
