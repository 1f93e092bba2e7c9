import { z } from 'zod';
import { InvalidFields, route } from '#app/_server/http.ts';
import { changedBody, findSubmission, giveUp } from '#app/_server/submissions.ts';
import { withdrawalSchema } from '#lib/http/api.ts';

/** Withdraw a submission; its record stays, its files do not. */
export const POST = route(
  {
    params: z.object({ id: z.string() }),
    body: withdrawalSchema,
    signIn: 'Send an API token: Authorization: Bearer <token>.',
  },
  async ({ params, body, viewer }) => {
    const { wasPublished } = await findSubmission(viewer, params.id);
    if (wasPublished && !body.reason)
      throw new InvalidFields({ reason: 'Say why: what is left of the entry on the site says it.' });
    return changedBody(await giveUp(viewer, params.id, body.reason));
  },
);
