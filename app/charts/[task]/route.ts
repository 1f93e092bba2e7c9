import { z } from 'zod';
import { chartResponse } from '#app/_server/chart-response.ts';
import { route } from '#app/_server/http.ts';
import { chartsOf } from '#db/board/charts.ts';
import { AppError } from '#lib/errors.ts';
import { chartQuerySchema } from '#lib/http/api.ts';

/** A chart of published entries as a file of its own. */
export const GET = route(
  { params: z.object({ task: z.string().max(40) }), query: chartQuerySchema },
  async ({ params, query, request }) => {
    const { charts, source } = await chartsOf(params.task, query);
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
    return chartResponse(found, {
      ...{ request, source, format: query.format },
      fileName: `${params.task}-${query.chart}`,
    });
  },
);
