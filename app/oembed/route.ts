import { InvalidFields, route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { findPublished } from '#app/_server/submissions.ts';
import { chartsOf } from '#db/board/charts.ts';
import { AppError } from '#lib/errors.ts';
import { chartQuerySchema, oembedQuerySchema } from '#lib/http/api.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { escapeXml } from '#lib/xml.ts';

/** oEmbed 1.0: a board, an entry or a chart of this site as a picture with a link, for pages elsewhere. */
export const GET = route({ query: oembedQuerySchema }, async ({ query, request }) => {
  const site = siteOf(request);
  const url = URL.canParse(query.url) ? new URL(query.url) : null;
  if (!url || url.origin !== new URL(site).origin)
    throw new InvalidFields({ url: `An address of this site is needed, such as ${site}/leaderboards/livecell-wide.` });
  const [, page, id = ''] = url.pathname.split('/');
  let search = new URLSearchParams(url.search);
  let task = id;
  if (page === 'entries') {
    const { entry, dataset } = await findPublished(decodeURIComponent(id));
    task = entry.task;
    search = new URLSearchParams({ dataset: dataset.name, entries: entry.id });
  } else if ((page !== 'leaderboards' && page !== 'charts') || !parseTask(task))
    throw new AppError('not-found', 'Boards, entries and charts can be embedded; this address is none of them.');
  const asked = chartQuerySchema.safeParse(Object.fromEntries(search));
  const { charts, source } = await chartsOf(task, asked.success ? asked.data : chartQuerySchema.parse({}));
  const chart = charts[asked.success ? asked.data.chart : 0];
  if (!chart) throw new AppError('not-found', 'There is nothing to draw at this address yet.');
  search.set('format', 'svg');
  const picture = `${site}/charts/${task}?${search}`;
  const width = Math.min(820, query.maxwidth ?? 820);
  const height = Math.round((width * 520) / 820);
  const { title, sentence } = chart.series;
  return {
    version: '1.0',
    type: 'rich',
    provider_name: 'LIVECell benchmark',
    provider_url: site,
    title: `${title}. ${source}`,
    width,
    height,
    cache_age: 3600,
    html: `<figure><a href="${escapeXml(url.href)}"><img src="${escapeXml(picture)}" width="${width}" height="${height}" alt="${escapeXml(`${title}. ${sentence}`)}"></a><figcaption>${escapeXml(source)} <a href="${escapeXml(url.href)}">LIVECell benchmark</a></figcaption></figure>`,
  };
});
