'use server';

import { revalidatePath } from 'next/cache';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { localSignInIsOn } from '#app/_server/local-sign-in.ts';
import { siteOf } from '#app/_server/site.ts';
import { liftSuspension, mergeAccounts, suspend } from '#db/people/moderation.ts';
import { inviteHome, signInAddress } from '#db/people/sign-in-links.ts';
import { setRole } from '#db/people/users.ts';
import { grantQuota } from '#db/quota/ledger.ts';
import { AppError } from '#lib/errors.ts';
import { canManagePeople, type Viewer } from '#lib/permissions.ts';
import { userHolder } from '#lib/quota.ts';

const reason = z.string().trim().max(1000, 'At most 1,000 characters');
const needed = reason.min(1, 'Say why: the person reads it.');
const about = z.object({ id: z.string() });

function mustManage(who: Viewer): void {
  if (!canManagePeople(who)) throw new AppError('forbidden', 'Only maintainers can do this.');
}

export const suspendPerson = action(about.extend({ reason: needed }), async ({ id, reason }, who) => {
  mustManage(who);
  await suspend(id, who.id, reason);
  revalidatePath('/', 'layout');
  return { done: true };
});

export const liftPerson = action(about.extend({ reason: needed }), async ({ id, reason }, who) => {
  mustManage(who);
  await liftSuspension(id, who.id, reason);
  revalidatePath('/', 'layout');
  return { done: true };
});

export const changeRole = action(
  about.extend({ role: z.enum(['maintainer', 'researcher']), reason: needed }),
  async ({ id, role, reason }, who) => {
    mustManage(who);
    await setRole(id, role, { actorId: who.id, reason });
    revalidatePath('/', 'layout');
    return { done: true };
  },
  { fresh: true },
);

export const grantPerson = action(
  about.extend({
    task: z.string().min(1, 'Choose a task'),
    amount: z.coerce.number('How many?').int('A whole number'),
    until: z.iso.date('A day, such as 2026-12-24'),
    reason: needed,
  }),
  async ({ id, task, amount, until, reason }, who) => {
    mustManage(who);
    // to the end of that day
    const end = new Date(`${until}T23:59:59Z`);
    await grantQuota({ holder: userHolder(id), task, amount, until: end, reason }, who.id);
    revalidatePath(`/maintain/people/${id}`);
    return { done: true };
  },
);

export const mergePeople = action(
  about.extend({ gone: z.string(), reason: needed }),
  async ({ id, gone, reason }, who) => {
    mustManage(who);
    await mergeAccounts({ keptId: id, goneId: gone, reason }, who.id);
    revalidatePath('/', 'layout');
    redirect(`/maintain/people/${id}`);
  },
);

const invitation = z.object({
  email: z.union([z.literal('').transform(() => null), z.email('An address such as kim@example.org, or nothing')]),
  role: z.enum(['maintainer', 'researcher']),
});

/** `made` is the link, shown only this once. Used only where people sign in with links. */
export const makeSignInLink = action(
  invitation,
  async (input, who) => {
    mustManage(who);
    if (!localSignInIsOn()) throw new AppError('not-found', 'People sign in to this site through a service.');
    const key = await inviteHome(input, who.id);
    return { done: true, made: signInAddress(siteOf({ headers: await headers() }), key) };
  },
  { fresh: true },
);
