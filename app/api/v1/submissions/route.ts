import { route } from '#app/_server/http.ts';
import { submit } from '#app/_server/submissions.ts';
import { newSubmissionSchema } from '#lib/http/api.ts';

export const POST = route(
  { body: newSubmissionSchema, signIn: 'Send an API token: Authorization: Bearer <token>.' },
  async ({ body, viewer }) => {
    const created = await submit(viewer, body);
    return Response.json(created, { status: 201, headers: { location: `/api/v1/submissions/${created.id}` } });
  },
);
