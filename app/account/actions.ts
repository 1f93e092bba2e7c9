'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { signIn, signOut } from '#app/_server/auth.ts';
import { configuredProviders } from '#app/_server/auth-config.ts';
import { action, InvalidFields } from '#app/_server/http.ts';
import { release } from '#app/_server/uploads.ts';
import { savePreferences } from '#db/notices/notices.ts';
import { deleteAccount, type EntriesAfterwards } from '#db/people/deletion.ts';
import { endSession } from '#db/people/sessions.ts';
import { saveProfile, signOutEverywhere, unlinkSignIn } from '#db/people/sign-ins.ts';
import { createToken, DEFAULT_TOKEN_LIFETIME, revokeToken, TOKEN_LIFETIMES, tokenEnd } from '#db/people/tokens.ts';
import { AppError } from '#lib/errors.ts';
import { log } from '#lib/log.ts';
import { storage } from '#lib/storage.ts';
import { NOTICE_KINDS, type NoticePreferences, USUAL_SCOPES } from '#lib/vocabulary.ts';
import { confirmationOf } from './confirmation.ts';

const profile = z.object({
  name: z.string().trim().min(1, 'Enter a name; it is shown beside your entries').max(120, 'At most 120 characters'),
  affiliation: z
    .string()
    .trim()
    .max(200, 'At most 200 characters')
    .transform((text) => text || null),
});

export const changeProfile = action(profile, async (input, who) => {
  await saveProfile(who.id, input);
  revalidatePath('/', 'layout'); // the name in the header
  return { done: true };
});

/** Browsers do not send a box that is not ticked. */
export const changePreferences = action(z.record(z.string(), z.string()), async (ticked, who) => {
  const preferences: NoticePreferences = {};
  for (const kind of NOTICE_KINDS)
    preferences[kind] = { site: `site:${kind}` in ticked, email: `email:${kind}` in ticked };
  await savePreferences(who.id, preferences);
  revalidatePath('/account');
  return { done: true };
});

/** Redirect to the sign-in service. Returning from it signed in proves that the account there belongs to the person. */
export const linkWith = action(z.object({ provider: z.string() }), async ({ provider }) => {
  const known = configuredProviders().find((id) => id === provider);
  if (!known) throw new AppError('not-found', 'This site does not know this service.');
  await signIn(known, { redirectTo: '/account?tab=sign-in' });
  return undefined;
});

const signInOf = z.object({ provider: z.string(), providerAccountId: z.string() });

export const unlink = action(signInOf, async (input, who) => {
  await unlinkSignIn(who.id, input);
  revalidatePath('/account');
  return { done: true };
});

export const leaveEverywhere = action(
  z.object({}),
  async (_input, who) => {
    await signOutEverywhere(who.id);
    await signOut({ redirectTo: '/sign-in?out=everywhere' });
    return undefined;
  },
  { evenSuspended: true },
);

/** End one session of one's own; the present one by signing out. */
export const endOneSession = action(
  z.object({ id: z.string() }),
  async ({ id }, who) => {
    if (!(await endSession(who.id, id))) throw new AppError('not-found', 'This session has ended already.');
    revalidatePath('/account');
    return { done: true };
  },
  { evenSuspended: true },
);

const deletion = z.object({
  entries: z.enum(['credited', 'tombstones'], 'Choose what becomes of your published entries'),
  creditedTo: z.string().trim().max(120, 'At most 120 characters').default(''),
  confirm: z.string().trim(),
});

export const deleteMyAccount = action(
  deletion,
  async ({ entries, creditedTo, confirm }, who) => {
    const confirmation = confirmationOf(who);
    if (confirm !== confirmation) throw new InvalidFields({ confirm: `Type “${confirmation}” to confirm.` });
    if (entries === 'credited' && !creditedTo)
      throw new InvalidFields({ creditedTo: 'A name for the entries that stay, or choose to withdraw them.' });
    const choice: EntriesAfterwards = entries === 'credited' ? { entries, creditedTo } : { entries };
    const { files, uploads } = await deleteAccount(who.id, choice);
    const keys = [...files, ...uploads.map(({ storageKey }) => storageKey)];
    const done = await Promise.allSettled([
      ...keys.map((key) => storage().delete(key)),
      ...uploads.map(({ id }) => release(id)),
    ]);
    // the account is deleted anyway; the log tells the operator about a file that could not be
    for (const one of done) if (one.status === 'rejected') log.error('file-of-deleted-account-stayed', one.reason);
    await signOut({ redirectTo: '/account/deleted' });
    return undefined;
  },
  // suspended people also have the right to be forgotten
  { evenSuspended: true },
);

const newToken = z
  .object({
    name: z.string().trim().min(1, 'A name, so that you know later which one it is').max(80, 'At most 80 characters'),
    read: z.string().optional(),
    submit: z.string().optional(),
    days: z.enum(TOKEN_LIFETIMES).default(DEFAULT_TOKEN_LIFETIME),
  })
  .refine(({ read, submit }) => read || submit, { path: ['scopes'], error: 'Choose at least one thing it is for' });

/** `made` is the token, which is shown only this once. */
export const makeToken = action(
  newToken,
  async ({ name, days, ...chosen }, who) => {
    const scopes = USUAL_SCOPES.filter((scope) => chosen[scope as 'read' | 'submit']);
    const { token } = await createToken(who.id, name, { expiresAt: tokenEnd(days), scopes });
    revalidatePath('/account');
    return { done: true, made: token };
  },
  { limits: ['tokens'] },
);

export const dropToken = action(
  z.object({ id: z.string() }),
  async ({ id }, who) => {
    if (!(await revokeToken(who.id, id))) throw new AppError('not-found', 'This token is gone already.');
    revalidatePath('/account');
    return { done: true };
  },
  { evenSuspended: true },
);

export async function leave(): Promise<void> {
  await signOut({ redirectTo: '/' });
}
