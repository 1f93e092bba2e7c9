import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { findSubmission, submissionBody } from '#app/_server/submissions.ts';

export const GET = route({ params: z.object({ id: z.string() }) }, async ({ params, viewer }) =>
  submissionBody(viewer, await findSubmission(viewer, params.id)),
);
