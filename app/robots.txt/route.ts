import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';

/** What searches may read: everything public. Views of boards that differ by their parameters only are not worth it. */
export const GET = route(
  {},
  async ({ request }) =>
    new Response(
      [
        'User-agent: *',
        ...[
          '/account',
          '/api/',
          '/device',
          '/maintain',
          '/notices',
          '/review/',
          '/sign-in',
          '/submissions',
          '/teams',
        ].map((path) => `Disallow: ${path}`),
        'Disallow: /leaderboards/*?*sort=',
        `Sitemap: ${siteOf(request)}/sitemap.xml`,
        '',
      ].join('\n'),
      { headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=3600' } },
    ),
);
