import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { standingInWords, standings } from '#app/_server/standing.ts';
import { listPublished } from '#db/submissions/entries.ts';
import { escapeXml } from '#lib/xml.ts';

const LENGTH = 50;

/** Atom feed of the latest published entries, without demo entries. */
export const GET = route({}, async ({ request }) => {
  const site = siteOf(request);
  const published = await listPublished(LENGTH);
  const boards = new Map<string, ReturnType<typeof standings>>();
  for (const { entry, dataset } of published) {
    const key = JSON.stringify([entry.task, dataset]);
    if (!boards.has(key)) boards.set(key, standings(entry.task, dataset));
  }
  const items = published.map(async ({ entry, dataset }) => {
    const standing = (await boards.get(JSON.stringify([entry.task, dataset])))?.get(entry.id);
    const author = entry.anonymous ? 'Anonymous' : entry.authors || entry.submitter || entry.team || 'Not named';
    return `  <entry>
    <id>urn:uuid:${escapeXml(entry.id)}</id>
    <title>${escapeXml(`${entry.method} on ${dataset}`)}</title>
    <link rel="alternate" type="text/html" href="${escapeXml(`${site}/entries/${entry.id}`)}"/>
    <updated>${entry.publishedAt!.toISOString()}</updated>
    <author><name>${escapeXml(author)}</name></author>
    <summary>${escapeXml(standingInWords(entry.task, standing))}</summary>
  </entry>
`;
  });
  const updated = published[0]?.entry.publishedAt ?? new Date(0);
  const feed = `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>${escapeXml(`${site}/feed.xml`)}</id>
  <title>LIVECell benchmark: new entries</title>
  <link rel="self" type="application/atom+xml" href="${escapeXml(`${site}/feed.xml`)}"/>
  <link rel="alternate" type="text/html" href="${escapeXml(site)}"/>
  <updated>${updated.toISOString()}</updated>
${(await Promise.all(items)).join('')}</feed>
`;
  return new Response(feed, {
    headers: { 'content-type': 'application/atom+xml; charset=utf-8', 'cache-control': 'public, max-age=300' },
  });
});
