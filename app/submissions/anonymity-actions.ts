'use server';

import { revalidatePath } from 'next/cache';
import { headers } from 'next/headers';
import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { requireAllowed } from '#app/_server/submissions.ts';
import { makeAnonymous, makeReviewLink, reveal, revokeReviewLink } from '#db/submissions/anonymity.ts';
import { canMakeAnonymous, canReveal, canShareWithReviewers } from '#lib/permissions.ts';

const about = z.object({ id: z.string() });
/** A day begins at midnight UTC. */
const until = z
  .union([z.literal(''), z.iso.date('A day, such as 2027-03-01')])
  .optional()
  .transform((day) => (day ? new Date(day) : null));

export const sealEntry = action(about.extend({ until }), async ({ id, until }, who) => {
  await requireAllowed(who, id, canMakeAnonymous);
  await makeAnonymous(id, who.id, until);
  revalidatePath('/', 'layout');
  return { done: true };
});

export const revealEntry = action(about, async ({ id }, who) => {
  await requireAllowed(who, id, canReveal);
  await reveal(id, who.id);
  revalidatePath('/', 'layout');
  return { done: true };
});

/** `made`: the new link, shown only now. */
export const shareWithReviewers = action(about, async ({ id }, who) => {
  await requireAllowed(who, id, canShareWithReviewers);
  const secret = await makeReviewLink(id, who.id);
  return { done: true, made: `${siteOf({ headers: await headers() })}/review/${secret}` };
});

export const stopSharing = action(about, async ({ id }, who) => {
  await requireAllowed(who, id, canShareWithReviewers);
  await revokeReviewLink(id, who.id);
  revalidatePath(`/submissions/${id}`);
  return { done: true };
});
