/** Download everything that the site holds about the caller. */
import { route } from '#app/_server/http.ts';
import { accountData } from '#db/people/export.ts';
import { AppError } from '#lib/errors.ts';

export const GET = route({ signIn: 'Sign in to download your data.', limit: 'exports' }, async ({ viewer }) => {
  const document = await accountData(viewer!.id);
  if (!document) throw new AppError('not-found', 'There is no such account (any more).');
  return new Response(JSON.stringify(document, null, 2), {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': `attachment; filename="livecell-benchmark-my-data-${new Date().toISOString().slice(0, 10)}.json"`,
      'cache-control': 'no-store',
    },
  });
});
