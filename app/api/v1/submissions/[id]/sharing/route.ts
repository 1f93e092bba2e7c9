import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { changedBody, requireAllowed } from '#app/_server/submissions.ts';
import { changeSharing } from '#db/submissions/publication.ts';
import { sharingSchema } from '#lib/http/api.ts';
import { canChangeSharing } from '#lib/permissions.ts';

/** Choose the licence of the predictions, and whether others see the cells and download the files. */
export const POST = route(
  {
    params: z.object({ id: z.string() }),
    body: sharingSchema,
    signIn: 'Send an API token: Authorization: Bearer <token>.',
  },
  async ({ params, body, viewer }) => {
    await requireAllowed(viewer, params.id, canChangeSharing);
    return changedBody(await changeSharing(params.id, viewer!.id, body));
  },
);
