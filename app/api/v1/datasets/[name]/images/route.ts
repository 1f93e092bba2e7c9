import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { versionOf } from '#app/_server/cells.ts';
import { route } from '#app/_server/http.ts';
import { getDatasetByName, getPictures } from '#db/datasets/datasets.ts';
import { pictureNames } from '#lib/datasets/pictures.ts';
import { AppError } from '#lib/errors.ts';
import { canSeePictures } from '#lib/permissions.ts';
import { countedImages } from '#lib/readers/counts/table.ts';
import { readImageList } from '#lib/readers/ground-truth-file.ts';
import { storage } from '#lib/storage.ts';
import { parseTask } from '#lib/tasks/index.ts';

/** Return ids, names and sizes, enough to write and check predictions. Never return annotations. */
export const GET = route({ params: z.object({ name: z.string() }) }, async ({ params }) => {
  const dataset = await getDatasetByName(params.name);
  if (!dataset) throw new AppError('not-found', `There is no data set “${params.name}”.`);
  const path = await storage().localPath(dataset.packKey);
  if (parseTask(dataset.task)?.kind.outlines === false) {
    // for a series of counts, only the names of the images are known
    const images = countedImages(await readFile(path, 'utf8'));
    return { dataset: dataset.name, images: images.map(({ file, ...of }) => ({ id: file, file_name: file, ...of })) };
  }
  const images = await readImageList(path);
  const pictures = await getPictures(dataset.id);
  const shown = pictures && canSeePictures(pictures) ? pictureNames(images.map(({ file_name }) => file_name)) : null;
  const base = `/datasets/${encodeURIComponent(dataset.name)}/pictures`;
  return {
    dataset: dataset.name,
    images: images.map(({ id, file_name, width, height }, i) => ({
      ...{ id, file_name, width, height },
      ...(shown && {
        picture: `${base}/${encodeURIComponent(shown[i])}.png?as=stretched&v=${versionOf(pictures!.packKey)}`,
      }),
    })),
  };
});
