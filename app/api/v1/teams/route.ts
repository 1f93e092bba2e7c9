import { route } from '#app/_server/http.ts';
import { createTeam, listMemberships } from '#db/people/teams.ts';
import { AppError } from '#lib/errors.ts';
import { newTeamSchema } from '#lib/http/people-api.ts';
import { canCreateTeam } from '#lib/permissions.ts';

const signIn = 'Send an API token: Authorization: Bearer <token>.';

export const GET = route({ signIn }, async ({ viewer }) => ({
  teams: (await listMemberships(viewer!.id)).map(({ id, name, role }) => ({ id, name, role })),
}));

export const POST = route({ signIn, body: newTeamSchema }, async ({ body, viewer }) => {
  if (!canCreateTeam(viewer)) throw new AppError('forbidden', 'This account cannot make teams.');
  const { id, name } = await createTeam(body.name, viewer.id);
  return Response.json({ id, name }, { status: 201, headers: { location: `/api/v1/teams/${id}` } });
});
