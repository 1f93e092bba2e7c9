import { route } from '#app/_server/http.ts';
import { factsOf } from '#app/_server/methods.ts';
import { linkToNext, pageOf } from '#app/_server/paging.ts';
import { listMethods } from '#db/submissions/methods.ts';
import { pageQuerySchema } from '#lib/http/api.ts';

/** List the viewer's own methods and those of their teams. */
export const GET = route(
  { query: pageQuerySchema, signIn: 'Send an API token: Authorization: Bearer <token>.' },
  async ({ query, viewer, request }) => {
    const all = await listMethods(
      viewer!.id,
      viewer!.teams.map(({ id }) => id),
    );
    const { items, next } = pageOf(all, query);
    const methods = items.map((method) => ({ ...factsOf(method), team: method.team }));
    return Response.json({ methods, next }, { headers: { 'cache-control': 'no-store', ...linkToNext(request, next) } });
  },
);
