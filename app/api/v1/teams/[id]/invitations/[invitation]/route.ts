import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { requireTeamOwner } from '#app/_server/teams.ts';
import { revokeInvitation } from '#db/people/teams.ts';

/** Revoke an invitation. */
export const DELETE = route(
  {
    params: z.object({ id: z.string().max(100), invitation: z.string().max(100) }),
    signIn: 'Send an API token: Authorization: Bearer <token>.',
  },
  async ({ params, viewer }) => {
    requireTeamOwner(viewer, params.id);
    await revokeInvitation(params.invitation, params.id, viewer.id);
    return new Response(null, { status: 204 });
  },
);
