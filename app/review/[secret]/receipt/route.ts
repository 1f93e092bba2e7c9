import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { underReview } from '#app/_server/submissions.ts';
import { receiptOf } from '#db/board/entry-body.ts';
import { AppError } from '#lib/errors.ts';

/** Return the receipt of an entry under review, without its makers. */
export const GET = route({ params: z.object({ secret: z.string() }) }, async ({ params, request }) => {
  const found = await underReview(params.secret);
  if (!found) throw new AppError('not-found', 'This link does not work (any more).');
  return receiptOf(found.entry, found.dataset, siteOf(request));
});
