'use server';

import { revalidatePath } from 'next/cache';
import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { findSubmission } from '#app/_server/submissions.ts';
import { tryAgain } from '#db/submissions/scoring.ts';
import { AppError } from '#lib/errors.ts';
import { canTryAgain } from '#lib/permissions.ts';

/** Score a submission now that a fault of the site ended or keeps waiting, once the cause is removed; for maintainers. */
export const tryFailedAgain = action(z.object({ id: z.string() }), async ({ id }, who) => {
  if (!canTryAgain(who, await findSubmission(who, id)))
    throw new AppError('forbidden', 'This is no longer possible. Reload the page to see the current state.');
  await tryAgain(id, who.id);
  revalidatePath('/', 'layout');
  return { done: true };
});
