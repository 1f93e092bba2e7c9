import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { deleteFiles } from '#app/_server/submissions.ts';

/** Delete the files of a scored submission; its scores stay. */
export const DELETE = route(
  { params: z.object({ id: z.string() }), signIn: 'Send an API token: Authorization: Bearer <token>.' },
  async ({ params: { id }, viewer }) => {
    await deleteFiles(viewer, id);
    return new Response(null, { status: 204 });
  },
);
