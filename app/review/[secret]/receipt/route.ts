import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { receiptOf, underReview } from '#app/_server/submissions.ts';
import { AppError } from '#lib/errors.ts';

/** The receipt of an entry under review, without whose it is. */
export const GET = route({ params: z.object({ secret: z.string() }) }, async ({ params }) => {
  const found = await underReview(params.secret);
  if (!found) throw new AppError('not-found', 'This link does not work (any more).');
  return receiptOf(found.entry, found.dataset);
});
