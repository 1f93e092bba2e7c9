import { z } from 'zod';
import { namedChartResponse } from '#app/_server/chart-response.ts';
import { route } from '#app/_server/http.ts';
import { getDatasetByName, getStatistics } from '#db/datasets/datasets.ts';
import { AppError } from '#lib/errors.ts';
import { namedChartQuerySchema } from '#lib/http/api.ts';
import { datasetCharts, datasetSource } from '../chart-files.ts';

/** A chart of a data set's page as a file of its own. */
export const GET = route(
  { params: z.object({ name: z.string() }), query: namedChartQuerySchema },
  async ({ params: { name }, query, request }) => {
    const dataset = await getDatasetByName(name);
    if (!dataset) throw new AppError('not-found', `There is no data set “${name}”.`);
    return namedChartResponse(datasetCharts(dataset, await getStatistics(dataset)), {
      ...{ ...query, request, source: datasetSource(dataset), fileName: 'data-set' },
    });
  },
);
