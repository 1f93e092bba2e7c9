import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { datasetBody } from '#db/board/dataset-body.ts';
import { getDatasetByName } from '#db/datasets/datasets.ts';
import { AppError } from '#lib/errors.ts';

export const GET = route({ params: z.object({ name: z.string().max(200) }) }, async ({ params }) => {
  const dataset = await getDatasetByName(params.name);
  if (!dataset) throw new AppError('not-found', `There is no data set “${params.name}”.`);
  return datasetBody(dataset);
});
