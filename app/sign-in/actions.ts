'use server';

import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { signIn } from '#app/_server/auth.ts';
import { configuredProviders, type ProviderId } from '#app/_server/auth-config.ts';
import { countUse, LimitReached } from '#app/_server/limits.ts';
import { safeReturn } from '#app/_server/return-to.ts';

export async function signInWith(form: FormData): Promise<void> {
  const provider = String(form.get('provider')) as ProviderId;
  if (!configuredProviders().includes(provider)) return;
  try {
    await countUse('sign-in', await headers(), null);
  } catch (error) {
    if (error instanceof LimitReached) redirect('/sign-in?error=TooManyAttempts');
    throw error;
  }
  await signIn(provider, { redirectTo: safeReturn(form.get('returnTo')?.toString()) });
}
