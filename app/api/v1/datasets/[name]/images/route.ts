import { z } from 'zod';
import { route } from '#app/_server/http.ts';
import { getDatasetByName } from '#db/datasets.ts';
import { AppError } from '#lib/errors.ts';
import { readImageList } from '#lib/readers/open.ts';
import { parseTask } from '#lib/scoring/tasks.ts';
import { storage } from '#lib/storage.ts';

/** Ids, names and sizes: enough to write predictions and to check them. Never annotations. */
export const GET = route({ params: z.object({ name: z.string() }) }, async ({ params }) => {
  const dataset = await getDatasetByName(params.name);
  if (!dataset) throw new AppError('not-found', `There is no data set “${params.name}”.`);
  if (parseTask(dataset.task)?.kind === 'counts')
    throw new AppError('conflict', `“${params.name}” is a series of counts: it has file names, and no sizes or ids.`);
  const images = await readImageList(await storage().localPath(dataset.packKey));
  return {
    dataset: dataset.name,
    images: images.map(({ id, file_name, width, height }) => ({ id, file_name, width, height })),
  };
});
