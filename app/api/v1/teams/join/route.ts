import { route } from '#app/_server/http.ts';
import { acceptInvitation } from '#db/people/teams.ts';
import { AppError } from '#lib/errors.ts';
import { joinSchema } from '#lib/http/people-api.ts';
import { canAcceptInvitation } from '#lib/permissions.ts';

/** Join the team of an invitation. */
export const POST = route(
  { body: joinSchema, signIn: 'Send an API token: Authorization: Bearer <token>.' },
  async ({ body, viewer }) => {
    if (!canAcceptInvitation(viewer)) throw new AppError('forbidden', 'This account cannot join teams.');
    return { id: await acceptInvitation(body.invitation, viewer.id) };
  },
);
