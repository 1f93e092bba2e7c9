import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { changedBody, requireAllowed } from '#app/_server/submissions.ts';
import { unpublish } from '#db/submissions/publication.ts';
import { canUnpublish } from '#lib/permissions.ts';

/** Take an entry off the board, or a request to publish it back. */
export const POST = route(
  { params: z.object({ id: z.string() }), signIn: 'Send an API token: Authorization: Bearer <token>.' },
  async ({ params, viewer }) => {
    await requireAllowed(viewer, params.id, canUnpublish);
    return changedBody(await unpublish(params.id, viewer!.id));
  },
);
