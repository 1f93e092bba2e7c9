import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { findSubmission, receiptOf } from '#app/_server/submissions.ts';
import { entryOf } from '#db/submissions/entries.ts';

export const GET = route({ params: z.object({ id: z.string() }) }, async ({ params, viewer }) => {
  const submission = await findSubmission(viewer, params.id);
  const receipt = await receiptOf(entryOf(submission, 'public'), submission.dataset);
  return Response.json(receipt, {
    headers: { 'content-disposition': `inline; filename="receipt-${receipt.submission.id}.json"` },
  });
});
