import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { requireAllowed } from '#app/_server/submissions.ts';
import { makeReviewLink, revokeReviewLink } from '#db/submissions/anonymity.ts';
import { canShareWithReviewers } from '#lib/permissions.ts';

const params = z.object({ id: z.string() });
const signIn = 'Send an API token: Authorization: Bearer <token>.';

/** Make the link for reviewers, in place of an earlier one. Only this answer states it. */
export const POST = route({ params, signIn }, async ({ request, params: { id }, viewer }) => {
  await requireAllowed(viewer, id, canShareWithReviewers);
  const secret = await makeReviewLink(id, viewer!.id);
  return Response.json(
    { url: `${siteOf(request)}/review/${secret}` },
    { status: 201, headers: { 'cache-control': 'no-store' } },
  );
});

export const DELETE = route({ params, signIn }, async ({ params: { id }, viewer }) => {
  await requireAllowed(viewer, id, canShareWithReviewers);
  await revokeReviewLink(id, viewer!.id);
  return new Response(null, { status: 204 });
});
