'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { signOut } from '#app/_server/auth.ts';
import { action } from '#app/_server/http.ts';
import { createToken, revokeToken } from '#db/users.ts';
import { AppError } from '#lib/errors.ts';

const MONTH = 30 * 24 * 3600_000;

const newToken = z.object({
  name: z.string().trim().min(1, 'A name, so that you know later which one it is').max(80, 'At most 80 characters'),
  months: z
    .enum(['1', '3', '12', 'never'])
    .default('12')
    .transform((months) => (months === 'never' ? null : Number(months))),
});

/** `made` is the token: the only time it is shown. */
export const makeToken = action(newToken, async ({ name, months }, who) => {
  const expiresAt = months === null ? null : new Date(Date.now() + months * MONTH);
  const { token } = await createToken(who.id, name, { expiresAt });
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
