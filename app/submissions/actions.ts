'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { findSubmission, giveUp } from '#app/_server/submissions.ts';
import { requestPublication, type SubmissionDetail, unpublish } from '#db/submissions.ts';
import { AppError } from '#lib/errors.ts';
import { canPublish, canUnpublish, type Viewer } from '#lib/permissions.ts';

const about = z.object({ id: z.string() });

async function allowed(
  who: Viewer,
  id: string,
  may: (viewer: Viewer, submission: SubmissionDetail) => boolean,
): Promise<void> {
  if (!may(who, await findSubmission(who, id)))
    throw new AppError('forbidden', 'This is not possible (any more). Reload the page to see how things stand.');
}

const withAnswer = about.extend({
  /** to the question of a maintainer */
  message: z.string().trim().max(1000, 'At most 1,000 characters').default(''),
});

export const askToPublish = action(withAnswer, async ({ id, message }, who) => {
  await allowed(who, id, canPublish);
  await requestPublication(id, who.id, undefined, { message });
  revalidatePath('/', 'layout');
  return { done: true };
});

export const takeBack = action(about, async ({ id }, who) => {
  await allowed(who, id, canUnpublish);
  await unpublish(id, who.id);
  revalidatePath('/', 'layout');
  return { done: true };
});

export const withdrawSubmission = action(about, async ({ id }, who) => {
  await giveUp(who, id);
  revalidatePath('/', 'layout');
  return { done: true };
});
