import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { requireTeamOwner } from '#app/_server/teams.ts';
import { leaveTeam, removeMember, setTeamRole } from '#db/people/teams.ts';
import { AppError } from '#lib/errors.ts';
import { memberChangeSchema } from '#lib/http/people-api.ts';
import { canLeaveTeam } from '#lib/permissions.ts';

const params = z.object({ id: z.string().max(100), person: z.string().max(100) });
const signIn = 'Send an API token: Authorization: Bearer <token>.';

/** Make a member an owner, or an owner a member. */
export const PATCH = route(
  { params, body: memberChangeSchema, signIn },
  async ({ params: { id, person }, body, viewer }) => {
    requireTeamOwner(viewer, id);
    await setTeamRole({ teamId: id, userId: person, role: body.role }, viewer.id);
    return new Response(null, { status: 204 });
  },
);

/** Remove a member, or leave the team oneself. */
export const DELETE = route({ params, signIn }, async ({ params: { id, person }, viewer }) => {
  if (person === viewer!.id) {
    if (!canLeaveTeam(viewer, id)) throw new AppError('not-found', 'There is no such team, or you are not in it.');
    await leaveTeam(id, person);
  } else {
    requireTeamOwner(viewer, id);
    await removeMember(id, person, viewer.id);
  }
  return new Response(null, { status: 204 });
});
