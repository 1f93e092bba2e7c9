import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { findSubmission } from '#app/_server/submissions.ts';
import { receiptOf } from '#db/board/entry-body.ts';
import { entryOf } from '#db/submissions/entries.ts';

export const GET = route({ params: z.object({ id: z.string() }) }, async ({ params, viewer, request }) => {
  const submission = await findSubmission(viewer, params.id);
  const receipt = await receiptOf(entryOf(submission, 'public'), submission.dataset, siteOf(request));
  return Response.json(receipt, {
    headers: { 'content-disposition': `inline; filename="receipt-${receipt.submission.id}.json"` },
  });
});
