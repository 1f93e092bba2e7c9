import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { listDatasets } from '#db/datasets/datasets.ts';
import { listPublished } from '#db/submissions/entries.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import { escapeXml } from '#lib/xml.ts';

/** Pages that stay, without those of demo entries. A sitemap holds at most 50,000 addresses. */
export const GET = route({}, async ({ request }) => {
  const site = siteOf(request);
  const [entries, datasets] = await Promise.all([listPublished(40_000), listDatasets()]);
  const pages: { path: string; at?: Date }[] = [
    ...['/', '/tasks', '/datasets', '/published', '/protocol', '/docs', '/docs/api', '/docs/tools'].map((path) => ({
      path,
    })),
    ...[
      '/docs/formats',
      '/docs/command-line',
      '/docs/operators',
      '/docs/problems',
      '/docs/limits',
      '/docs/my-number',
      '/check',
      '/verify',
      '/snapshots',
      '/changes',
    ].map((path) => ({
      path,
    })),
    ...listOpenTasks().flatMap(({ id }) => [{ path: `/leaderboards/${id}` }, { path: `/tasks/${id}` }]),
    ...datasets
      .filter(({ demo }) => !demo)
      .map(({ name, createdAt }) => ({ path: `/datasets/${encodeURIComponent(name)}`, at: createdAt })),
    ...entries.map(({ entry }) => ({ path: `/entries/${entry.id}`, at: entry.publishedAt! })),
  ];
  const urls = pages.map(
    ({ path, at }) =>
      `<url><loc>${escapeXml(site + path)}</loc>${at ? `<lastmod>${at.toISOString()}</lastmod>` : ''}</url>\n`,
  );
  return new Response(
    `<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${urls.join('')}</urlset>\n`,
    { headers: { 'content-type': 'application/xml; charset=utf-8', 'cache-control': 'public, max-age=3600' } },
  );
});
