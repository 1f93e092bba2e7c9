import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { receiptOf, underReview } from '#app/_server/submissions.ts';
import { AppError } from '#lib/errors.ts';

/** Return the receipt of an entry under review, without its makers. */
export const GET = route({ params: z.object({ secret: z.string() }) }, async ({ params }) => {
  const found = await underReview(params.secret);
  if (!found) throw new AppError('not-found', 'This link does not work (any more).');
  return receiptOf(found.entry, found.dataset);
});
