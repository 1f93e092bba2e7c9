/** Remembers a deleted account for a year: the charges and the suspension of its sign-ins, under a keyed digest. */
import { createHmac } from 'node:crypto';
import { eq, lt, sql } from 'drizzle-orm';
import type { Tx } from '#db/engine/client.ts';
import { accounts, departedSignIns, quotaLedger, type User, users } from '#db/schema.ts';
import { userHolder } from '#lib/quota.ts';
import { siteSecret } from '#lib/site-secret.ts';

interface SignIn {
  provider: string;
  providerAccountId: string;
}

function digestOf({ provider, providerAccountId }: SignIn): string {
  return createHmac('sha256', siteSecret() ?? '')
    .update(`${provider}\0${providerAccountId}`)
    .digest('hex');
}

/** Remember an account's sign-ins before it is deleted, and forget those of a year ago. */
export async function rememberDeparted(user: User, tx: Tx): Promise<void> {
  await tx.delete(departedSignIns).where(lt(departedSignIns.departedAt, sql`now() - interval '1 year'`));
  const { id: userId, suspendedAt, suspendedReason } = user;
  for (const signIn of await tx.select().from(accounts).where(eq(accounts.userId, userId)))
    await remember(signIn, userId, tx);
  // those that were unlinked before are theirs, too
  await tx
    .update(departedSignIns)
    .set({ suspendedAt, suspendedReason, departedAt: sql`now()` })
    .where(eq(departedSignIns.userId, userId));
}

/**
 * Remember a sign-in that its owner unlinks: otherwise somebody could unlink one, delete the account, and come back by
 * it as if they had never been here.
 */
export async function rememberUnlinked(userId: string, signIn: SignIn, tx: Tx): Promise<void> {
  await remember(signIn, userId, tx);
}

async function remember(signIn: SignIn, userId: string, tx: Tx): Promise<void> {
  await tx
    .insert(departedSignIns)
    .values({ digest: digestOf(signIn), userId })
    .onConflictDoUpdate({ target: departedSignIns.digest, set: { userId } });
}

/** Return charges and a suspension to a person who signs in again after deleting their account. */
export async function welcomeBack(userId: string, signIn: SignIn, tx: Tx): Promise<void> {
  const own = eq(departedSignIns.digest, digestOf(signIn));
  const [found] = await tx.select().from(departedSignIns).where(own);
  if (!found) return;
  // it was only unlinked: its charges stay with the account that made them
  const [there] = await tx.select({ id: users.id }).from(users).where(eq(users.id, found.userId));
  if (there && there.id !== userId) return;
  await tx.delete(departedSignIns).where(own);
  const [before, now] = [userHolder(found.userId), userHolder(userId)];
  await tx.update(quotaLedger).set({ holder: now }).where(eq(quotaLedger.holder, before));
  await tx.update(quotaLedger).set({ person: now }).where(eq(quotaLedger.person, before));
  const { suspendedAt, suspendedReason } = found;
  if (suspendedAt) await tx.update(users).set({ suspendedAt, suspendedReason }).where(eq(users.id, userId));
}
