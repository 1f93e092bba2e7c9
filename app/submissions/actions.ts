'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { action, InvalidFields } from '#app/_server/http.ts';
import { deleteFiles, findSubmission, giveUp, requireAllowed } from '#app/_server/submissions.ts';
import { showVersion } from '#db/submissions/methods.ts';
import { requestPublication, unpublish } from '#db/submissions/publication.ts';
import { canChooseShown, canPublish, canUnpublish } from '#lib/permissions.ts';

import { OWNERS_REASONS } from './withdrawal.ts';

const about = z.object({ id: z.string() });

const withAnswer = about.extend({
  /** reply to a maintainer's question */
  message: z.string().trim().max(1000, 'At most 1,000 characters').default(''),
});

export const askToPublish = action(withAnswer, async ({ id, message }, who) => {
  await requireAllowed(who, id, canPublish);
  await requestPublication(id, who.id, { message });
  revalidatePath('/', 'layout');
  return { done: true };
});

export const takeBack = action(about, async ({ id }, who) => {
  await requireAllowed(who, id, canUnpublish);
  await unpublish(id, who.id);
  revalidatePath('/', 'layout');
  return { done: true };
});

const withReason = about.extend({
  /** required for a formerly public entry, whose tombstone shows it */
  reason: z.enum(['', ...OWNERS_REASONS]).default(''),
});

export const withdrawSubmission = action(withReason, async ({ id, reason }, who) => {
  const { wasPublished } = await findSubmission(who, id);
  if (wasPublished && !reason)
    throw new InvalidFields({ reason: 'Say why: what is left of the entry on the site says it.' });
  await giveUp(who, id, reason || undefined);
  revalidatePath('/', 'layout');
  return { done: true };
});

export const deleteSubmissionFiles = action(about, async ({ id }, who) => {
  await deleteFiles(who, id);
  revalidatePath('/', 'layout');
  return { done: true };
});

export const showThisVersion = action(about, async ({ id }, who) => {
  await requireAllowed(who, id, canChooseShown);
  await showVersion(id, who.id);
  revalidatePath('/', 'layout');
  return { done: true };
});
