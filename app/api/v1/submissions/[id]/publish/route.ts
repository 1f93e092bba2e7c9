import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { changedBody, requireAllowed } from '#app/_server/submissions.ts';
import { requestPublication } from '#db/submissions/publication.ts';
import { publicationSchema } from '#lib/http/api.ts';
import { canPublish } from '#lib/permissions.ts';

/** Ask to publish; a maintainer decides. */
export const POST = route(
  {
    params: z.object({ id: z.string() }),
    body: publicationSchema,
    signIn: 'Send an API token: Authorization: Bearer <token>.',
  },
  async ({ params, body, viewer }) => {
    await requireAllowed(viewer, params.id, canPublish);
    return changedBody(await requestPublication(params.id, viewer!.id, body));
  },
);
