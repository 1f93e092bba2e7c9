/** Answers with a chart as SVG, PNG or CSV, or with the list of charts. */
import { chartToPng } from '#app/_server/chart-picture.tsx';
import { siteOf } from '#app/_server/site.ts';
import { noteOf } from '#db/board/charts.ts';
import { type ChartFile, chartToCsv, chartToSvg, drawChart } from '#lib/charts/svg.ts';
import { AppError } from '#lib/errors.ts';
import { list } from '#lib/format.ts';

interface Asked {
  request: Request;
  format: 'svg' | 'png' | 'csv';
  /** what the chart was made of */
  source: string;
  /** without ending */
  fileName: string;
}

/** Return a chart with its title, source and citation. */
export async function chartResponse(chart: ChartFile, { request, format, source, fileName }: Asked): Promise<Response> {
  const url = new URL(request.url);
  const note = noteOf(source, `${siteOf(request)}${url.pathname}${url.search}`);
  const [body, type]: [BodyInit, string] =
    format === 'csv'
      ? [chartToCsv(chart, note), 'text/csv; charset=utf-8']
      : format === 'png'
        ? [await chartToPng(drawChart(chart, note)), 'image/png']
        : [chartToSvg(chart, note), 'image/svg+xml; charset=utf-8'];
  return new Response(body, {
    headers: {
      'content-type': type,
      'content-disposition': `inline; filename="${fileName}.${format}"`,
      // an image that is opened by itself runs nothing
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'cache-control': 'public, max-age=300',
    },
  });
}

/** Charts of a page by their names in addresses. */
export type NamedCharts = Readonly<Record<string, ChartFile>>;

interface AskedByName extends Omit<Asked, 'format'> {
  chart: string;
  format: Asked['format'] | 'json';
}

/** Return the chart of a name, or the list of them. @throws AppError `not-found`, with the names that there are */
export async function namedChartResponse(charts: NamedCharts, { chart, format, ...asked }: AskedByName) {
  if (format === 'json') return chartList(charts, asked.source);
  const found = Object.hasOwn(charts, chart) ? charts[chart] : undefined;
  if (found) return chartResponse(found, { ...asked, format, fileName: `${asked.fileName}-${chart}` });
  const names = Object.keys(charts);
  throw new AppError(
    'not-found',
    names.length > 0
      ? `There is no chart “${chart}” here; there are ${list(names)}.`
      : 'There are no charts here, as on the page.',
  );
}

/** List the charts of a page. */
function chartList(charts: NamedCharts, source: string) {
  return {
    charts: Object.entries(charts).map(([chart, { series, kind }]) => ({
      chart,
      title: series.title,
      sentence: series.sentence,
      kind,
    })),
    source,
  };
}
