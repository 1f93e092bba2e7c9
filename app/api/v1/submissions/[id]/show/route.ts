import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { changedBody, findSubmission, requireAllowed } from '#app/_server/submissions.ts';
import { showVersion } from '#db/submissions/methods.ts';
import { canChooseShown } from '#lib/permissions.ts';

/** Let the board show this version of its method. */
export const POST = route(
  { params: z.object({ id: z.string() }), signIn: 'Send an API token: Authorization: Bearer <token>.' },
  async ({ params: { id }, viewer }) => {
    await requireAllowed(viewer, id, canChooseShown);
    await showVersion(id, viewer!.id);
    return changedBody(await findSubmission(viewer, id));
  },
);
