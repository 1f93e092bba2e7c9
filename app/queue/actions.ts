'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { findSubmission, giveUp } from '#app/_server/submissions.ts';
import { AppError } from '#lib/errors.ts';
import { canTakeOut } from '#lib/permissions.ts';

/** Withdraw a submission without a score; this costs no place of the quota. */
export const takeOut = action(z.object({ id: z.string() }), async ({ id }, who) => {
  const submission = await findSubmission(who, id);
  if (!canTakeOut(who, submission))
    throw new AppError('conflict', 'It is no longer in the queue. Reload the page to see the current state.');
  await giveUp(who, id);
  revalidatePath('/', 'layout');
  return { done: true };
});
