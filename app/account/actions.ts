'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { signOut } from '#app/_server/auth.ts';
import { action } from '#app/_server/http.ts';
import { TOKEN_SCOPES } from '#db/schema.ts';
import { createToken, DEFAULT_TOKEN_LIFETIME, revokeToken, TOKEN_LIFETIMES, tokenEnd } from '#db/users.ts';
import { AppError } from '#lib/errors.ts';

const newToken = z
  .object({
    name: z.string().trim().min(1, 'A name, so that you know later which one it is').max(80, 'At most 80 characters'),
    read: z.string().optional(),
    submit: z.string().optional(),
    days: z.enum(TOKEN_LIFETIMES).default(DEFAULT_TOKEN_LIFETIME),
  })
  .refine(({ read, submit }) => read || submit, { path: ['scopes'], error: 'Choose at least one thing it is for' });

/** `made` is the token: the only time it is shown. */
export const makeToken = action(newToken, async ({ name, days, ...chosen }, who) => {
  const scopes = TOKEN_SCOPES.filter((scope) => chosen[scope]);
  const { token } = await createToken(who.id, name, { expiresAt: tokenEnd(days), scopes });
  revalidatePath('/account');
  return { done: true, made: token };
});

export const dropToken = action(z.object({ id: z.string() }), async ({ id }, who) => {
  if (!(await revokeToken(who.id, id))) throw new AppError('not-found', 'This token is gone already.');
  revalidatePath('/account');
  return { done: true };
});

export async function leave(): Promise<void> {
  await signOut({ redirectTo: '/' });
}
