import { z } from 'zod';
import { chartToPng } from '#app/_server/chart-picture.tsx';
import { route } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { chartsOf, noteOf } from '#db/board/charts.ts';
import { chartToSvg, drawChart, seriesToCsv } from '#lib/charts/svg.ts';
import { AppError } from '#lib/errors.ts';
import { chartQuerySchema } from '#lib/http/api.ts';

/** A chart of published entries as a file of its own. */
export const GET = route(
  { params: z.object({ task: z.string().max(40) }), query: chartQuerySchema },
  async ({ params, query, request }) => {
    const { charts, source } = await chartsOf(params.task, query);
    const site = siteOf(request);
    const url = new URL(request.url);
    const address = `${site}${url.pathname}${url.search}`;
    if (query.format === 'json')
      return {
        charts: charts.map(({ series, kind }, chart) => ({
          chart,
          title: series.title,
          sentence: series.sentence,
          kind,
        })),
        source,
      };
    const found = charts[query.chart];
    if (!found)
      throw new AppError(
        'not-found',
        `There are ${charts.length} charts of this view, numbered from 0; format=json lists them.`,
      );
    const note = noteOf(source, address);
    const [body, type]: [BodyInit, string] =
      query.format === 'csv'
        ? [seriesToCsv(found.series, note), 'text/csv; charset=utf-8']
        : query.format === 'png'
          ? [await chartToPng(drawChart(found, note)), 'image/png']
          : [chartToSvg(found, note), 'image/svg+xml; charset=utf-8'];
    return new Response(body, {
      headers: {
        'content-type': type,
        'content-disposition': `inline; filename="${params.task}-${query.chart}.${query.format}"`,
        // an image that is opened by itself runs nothing
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
        'cache-control': 'public, max-age=300',
      },
    });
  },
);
