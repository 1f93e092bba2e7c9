import { route } from '#app/_server/http.ts';
import { listNotices, markRead } from '#db/notices/notices.ts';
import { noticesReadSchema } from '#lib/http/people-api.ts';

const signIn = 'Send an API token: Authorization: Bearer <token>.';

/** What the site has told the caller, the newest first. */
export const GET = route({ signIn }, async ({ viewer }) => ({
  notices: (await listNotices(viewer!.id)).map(({ id, kind, text, link, createdAt, readAt }) => ({
    ...{ id, kind, text, link },
    createdAt: createdAt.toISOString(),
    readAt: readAt?.toISOString() ?? null,
  })),
}));

/** Mark one notice, or all, as read. */
export const POST = route({ body: noticesReadSchema, signIn }, async ({ body, viewer }) => {
  await markRead(viewer!.id, body.id);
  return new Response(null, { status: 204 });
});
