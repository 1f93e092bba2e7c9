import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { findSubmission, receiptOf } from '#app/_server/submissions.ts';

export const GET = route({ params: z.object({ id: z.string() }) }, async ({ params, viewer }) => {
  const receipt = await receiptOf(await findSubmission(viewer, params.id));
  return Response.json(receipt, {
    headers: { 'content-disposition': `inline; filename="receipt-${receipt.submission.id}.json"` },
  });
});
