import { route } from '#app/_server/http.ts';
import { callerOf } from '#app/_server/viewer.ts';
import { listMemberships } from '#db/people/teams.ts';
import type { Me } from '#lib/http/api.ts';

/** Tell whose token this is: what `livecell whoami` prints. */
export const GET = route(
  { signIn: 'Send an API token: Authorization: Bearer <token>.' },
  async ({ viewer, request }): Promise<Me> => {
    const { id, name, email, role, suspended } = viewer!;
    const { scopes } = await callerOf(request.headers);
    const teams = (await listMemberships(id)).map((team) => ({ id: team.id, name: team.name, role: team.role }));
    return { id, name, email, role, suspended, teams, scopes: scopes ? [...scopes] : null };
  },
);
