import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { changedBody, requireAllowed } from '#app/_server/submissions.ts';
import { makeAnonymous, reveal } from '#db/submissions/anonymity.ts';
import { anonymityChangeSchema } from '#lib/http/people-api.ts';
import { canMakeAnonymous, canReveal } from '#lib/permissions.ts';

/** Make an entry anonymous, or reveal who made it. */
export const POST = route(
  {
    params: z.object({ id: z.string() }),
    body: anonymityChangeSchema,
    signIn: 'Send an API token: Authorization: Bearer <token>.',
  },
  async ({ params: { id }, body, viewer }) => {
    await requireAllowed(viewer, id, body.anonymous ? canMakeAnonymous : canReveal);
    const until = body.until ? new Date(body.until) : null;
    return changedBody(body.anonymous ? await makeAnonymous(id, viewer!.id, until) : await reveal(id, viewer!.id));
  },
);
