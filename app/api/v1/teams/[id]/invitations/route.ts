import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { requireTeamOwner } from '#app/_server/teams.ts';
import { getTeam, invite } from '#db/people/teams.ts';

const params = z.object({ id: z.string().max(100) });
const signIn = 'Send an API token: Authorization: Bearer <token>.';

/** The invitations that still open the team, without their secrets. */
export const GET = route({ params, signIn }, async ({ params: { id }, viewer }) => {
  requireTeamOwner(viewer, id);
  const { invitations } = (await getTeam(id))!;
  return {
    invitations: invitations.map(({ id, createdAt, expiresAt }) => ({
      ...{ id, createdAt: createdAt.toISOString() },
      expiresAt: expiresAt.toISOString(),
    })),
  };
});

/** Make an invitation. Only this answer states its address. */
export const POST = route({ params, signIn }, async ({ request, params, viewer }) => {
  requireTeamOwner(viewer, params.id);
  const { id, secret, expiresAt } = await invite(params.id, viewer.id);
  return Response.json(
    { id, url: `${siteOf(request)}/teams/join/${secret}`, expiresAt: expiresAt.toISOString() },
    { status: 201, headers: { 'cache-control': 'no-store' } },
  );
});
