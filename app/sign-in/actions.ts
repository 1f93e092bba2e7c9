'use server';

import { configuredProviders, type ProviderId, signIn } from '#app/_server/auth.ts';
import { safeReturn } from '#app/_server/return-to.ts';

export async function signInWith(form: FormData): Promise<void> {
  const provider = String(form.get('provider')) as ProviderId;
  if (!configuredProviders().includes(provider)) return;
  await signIn(provider, { redirectTo: safeReturn(form.get('returnTo')?.toString()) });
}
