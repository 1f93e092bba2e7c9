/** Changes that people make to their own account: profile, linked services, and sessions. */
import { and, eq, isNull, notExists, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { accounts, sessions, type User, users } from '#db/schema.ts';
import { requireOwnName } from '#db/submissions/public-names.ts';
import { AppError } from '#lib/errors.ts';
import { plainName, publicName } from '#lib/names.ts';
import { rememberUnlinked, welcomeBack } from './departed.ts';
import { lockUser } from './users.ts';

/** An account at a service, by the service's own id. Its tokens are not kept: the site never uses them again. */
interface SignIn {
  provider: string;
  providerAccountId: string;
}

/** Change name and affiliation; null removes one. */
export async function saveProfile(
  userId: string,
  wanted: Pick<User, 'name' | 'affiliation'>,
  tx: Tx = db(),
): Promise<void> {
  const profile = {
    name: wanted.name && publicName(wanted.name),
    affiliation: wanted.affiliation && (plainName(wanted.affiliation) || null),
  };
  await tx.transaction(async (tx) => {
    const before = await lockUser(userId, tx);
    const fields = (['name', 'affiliation'] as const).filter((field) => before[field] !== profile[field]);
    if (fields.length === 0) return;
    if (profile.name && fields.includes('name')) await requireOwnName('person', profile.name, { userId }, tx);
    await tx.update(users).set(profile).where(eq(users.id, userId));
    await recordEvent(userId, { kind: 'profile-changed', userId, fields }, tx);
  });
}

// --- sign-in ---

export async function listSignIns(userId: string, tx: Tx = db()): Promise<SignIn[]> {
  return tx
    .select({ provider: accounts.provider, providerAccountId: accounts.providerAccountId })
    .from(accounts)
    .where(eq(accounts.userId, userId))
    .orderBy(accounts.provider, accounts.providerAccountId);
}

/** Record that a person has proved control of an account at a service. An ORCID iD becomes part of the profile. */
export async function linkSignIn(userId: string, account: SignIn & { type: string }, tx: Tx = db()): Promise<void> {
  const { provider, providerAccountId, type } = account;
  await tx.transaction(async (tx) => {
    await tx.insert(accounts).values({ userId, provider, providerAccountId, type });
    await welcomeBack(userId, { provider, providerAccountId }, tx);
    if (provider === 'orcid') await showOrcid(userId, tx);
    await recordEvent(userId, { kind: 'sign-in-linked', userId, provider }, tx);
  });
}

/** Put an iD into the profile that the person can sign in with: the present one, if that still holds. */
async function showOrcid(userId: string, tx: Tx): Promise<void> {
  const iDs = (await listSignIns(userId, tx)).flatMap((one) =>
    one.provider === 'orcid' ? [one.providerAccountId] : [],
  );
  const [user] = await tx.select({ orcid: users.orcid }).from(users).where(eq(users.id, userId));
  const orcid = iDs.find((id) => id === user?.orcid) ?? iDs[0] ?? null;
  await tx.update(users).set({ orcid }).where(eq(users.id, userId));
}

/** Adopt the address a service vouched for, if the person has none and no other account uses it. */
export async function adoptEmail(userId: string, verifiedEmail: string, tx: Tx = db()): Promise<void> {
  const email = verifiedEmail.trim().toLowerCase();
  const taken = tx
    .select({ id: users.id })
    .from(users)
    .where(eq(sql`lower(${users.email})`, email));
  await tx
    .update(users)
    .set({ email, emailVerified: sql`now()` })
    .where(and(eq(users.id, userId), isNull(users.email), notExists(taken)));
}

/**
 * Link a sign-in to an account that a maintainer added on the command line, if the service has vouched for the
 * account's address. This applies only to accounts without any sign-in; people who can already sign in link further
 * services afterwards. Return whether it did.
 */
export async function claimByEmail(
  verifiedEmail: string,
  account: SignIn & { type: string; name?: string | null },
  tx: Tx = db(),
): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const [user] = await tx
      .select()
      .from(users)
      .where(eq(sql`lower(${users.email})`, verifiedEmail.trim().toLowerCase()))
      .for('no key update');
    if (!user || (await listSignIns(user.id, tx)).length > 0) return false;
    const { provider, providerAccountId, name = null } = account;
    const [known] = await tx
      .select({ userId: accounts.userId })
      .from(accounts)
      .where(and(eq(accounts.provider, provider), eq(accounts.providerAccountId, providerAccountId)));
    if (known) return false; // they have signed in with it before, as somebody else
    await linkSignIn(user.id, account, tx);
    await tx
      .update(users)
      .set({ emailVerified: sql`now()`, name: user.name ?? name })
      .where(eq(users.id, user.id));
    return true;
  });
}

/** Unlink the sign-in through a service. Throw for the last one, since without it the person could not come back. */
export async function unlinkSignIn(userId: string, signIn: SignIn, tx: Tx = db()): Promise<void> {
  const { provider, providerAccountId } = signIn;
  await tx.transaction(async (tx) => {
    await lockUser(userId, tx); // of two who unlink the last two, one finds that there is only one left
    const all = await listSignIns(userId, tx);
    if (!all.some((one) => one.provider === provider && one.providerAccountId === providerAccountId))
      throw new AppError('not-found', 'This sign-in is not linked (any more).');
    if (all.length === 1)
      throw new AppError('conflict', 'This is your only sign-in. Link another one first, or you could not come back.');
    await tx
      .delete(accounts)
      .where(
        and(
          eq(accounts.userId, userId),
          eq(accounts.provider, provider),
          eq(accounts.providerAccountId, providerAccountId),
        ),
      );
    await rememberUnlinked(userId, { provider, providerAccountId }, tx);
    if (provider === 'orcid') await showOrcid(userId, tx);
    await recordEvent(userId, { kind: 'sign-in-unlinked', userId, provider }, tx);
  });
}

/** End every session of a person, in all browsers, and return how many there were. API tokens stay valid. */
export async function signOutEverywhere(userId: string, tx: Tx = db()): Promise<number> {
  return tx.transaction(async (tx) => {
    const ended = await tx.delete(sessions).where(eq(sessions.userId, userId)).returning({ userId: sessions.userId });
    await recordEvent(userId, { kind: 'signed-out-everywhere', userId, sessions: ended.length }, tx);
    return ended.length;
  });
}
