'use server';

import { signIn } from '#app/_server/auth.ts';
import { configuredProviders, type ProviderId } from '#app/_server/auth-config.ts';
import { safeReturn } from '#app/_server/return-to.ts';

export async function signInWith(form: FormData): Promise<void> {
  const provider = String(form.get('provider')) as ProviderId;
  if (!configuredProviders().includes(provider)) return;
  await signIn(provider, { redirectTo: safeReturn(form.get('returnTo')?.toString()) });
}
