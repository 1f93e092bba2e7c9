import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { requireTeamOwner } from '#app/_server/teams.ts';
import { deleteTeam, getTeam, renameTeam } from '#db/people/teams.ts';
import { AppError } from '#lib/errors.ts';
import { newTeamSchema } from '#lib/http/people-api.ts';
import { canViewTeam } from '#lib/permissions.ts';

const params = z.object({ id: z.string().max(100) });
const signIn = 'Send an API token: Authorization: Bearer <token>.';

/** A team, to its members and to maintainers. */
export const GET = route({ params, signIn }, async ({ params, viewer }) => {
  const team = canViewTeam(viewer, params.id) ? await getTeam(params.id) : null;
  if (!team) throw new AppError('not-found', 'There is no such team, or you are not in it.');
  const { id, name, members, submissions, methods } = team;
  return {
    ...{ id, name, submissions, methods },
    members: members.map(({ userId, name, role, joinedAt }) => ({
      ...{ id: userId, name, role },
      joinedAt: joinedAt.toISOString(),
    })),
  };
});

/** Rename a team. */
export const PATCH = route({ params, body: newTeamSchema, signIn }, async ({ params, body, viewer }) => {
  requireTeamOwner(viewer, params.id);
  const { id, name } = await renameTeam(params.id, body.name, viewer.id);
  return { id, name };
});

/** Delete a team that never had a submission and has no other member. */
export const DELETE = route({ params, signIn }, async ({ params, viewer }) => {
  requireTeamOwner(viewer, params.id);
  await deleteTeam(params.id, viewer.id);
  return new Response(null, { status: 204 });
});
