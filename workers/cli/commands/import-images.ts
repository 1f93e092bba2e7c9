/** `livecell import-images`: registers the images of a data set. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from '#lib/env.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { CallError, type Command, InputError, JSON_OPTION, userPath } from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';

export const importImages: Command = {
  name: 'import-images',
  takes: 'NAME DIR|ZIP',
  help: 'Registers the images of a data set: its page then tells of intensities too, and shows examples if they are public.',
  details:
    'Images are 8-bit grey TIFF or PNG, named as the ground truth names them; folders and endings do not matter.\n' +
    'What belongs to other data sets is left out. Doing it again replaces the images, and whether they are public.\n' +
    'Outlines are drawn over public images only where the annotations were registered as public too.',
  example: 'livecell import-images "LIVECell test" images.zip --public',
  options: {
    public: { type: 'boolean', help: 'the images may be shown; default: they are only measured' },
    json: JSON_OPTION,
  },
  async run(values, args, out) {
    if (args.length !== 2) throw new CallError('The name of a data set and a folder or archive of images are needed.');
    const [name, given] = args;
    const path = userPath(given);
    await mustExist(path);
    const { storage } = await import('#lib/storage.ts');
    const data = env().LIVECELL_DATA;
    await mkdir(data, { recursive: true });
    const dir = await mkdtemp(join(data, 'import-'));
    try {
      const packed = join(dir, 'packed');
      const { files, examples, warnings } = await withDatabase(async () => {
        const { getDatasetByName, listDatasets, savePictures, saveStatistics } = await import(
          '#db/datasets/datasets.ts'
        );
        const dataset = await getDatasetByName(name);
        if (!dataset) {
          const known = (await listDatasets()).map((known) => `“${known.name}”`);
          throw new InputError(
            `There is no data set “${name}”; there is ${known.join(', ') || 'none yet'}. Register its ground truth first.`,
          );
        }
        if (parseTask(dataset.task)?.kind.outlines === false)
          throw new InputError(`“${name}” is a series of counts: it says nothing of its images' sizes and cells.`);
        // the statistics of its images would tell which of them are private
        if (dataset.part)
          throw new InputError(
            `“${name}” is divided, and scored on a part. Register images before a data set is divided.`,
          );
        const { openGroundTruth } = await import('#lib/readers/ground-truth-file.ts');
        const { openPictures, packPictures } = await import('#lib/datasets/pictures.ts');
        const groundTruth = await openGroundTruth(await storage().localPath(dataset.packKey));
        const source = await openPictures(path, groundTruth.images);
        const result = await packPictures(groundTruth, source, packed, (done, of) =>
          out.progress(`${done.toLocaleString('en-US')} of ${of.toLocaleString('en-US')} images`),
        ).finally(() => source.close());
        const packKey = `pictures/${randomUUID()}`;
        await storage().adopt(packKey, packed);
        const { db } = await import('#db/engine/client.ts');
        const before = await db()
          .transaction(async (tx) => {
            await saveStatistics(dataset, result.statistics, tx);
            return await savePictures(
              {
                datasetId: dataset.id,
                public: values.public === true,
                packKey,
                groundTruthSha256: dataset.sha256,
                files: result.files,
                examples: result.examples,
              },
              tx,
            );
          })
          .catch(async (error) => {
            await storage().delete(packKey);
            throw error;
          });
        if (before) await storage().delete(before);
        return result;
      });
      const shown = values.public === true;
      const about = { dataset: name, public: shown, images: files, examples: examples.map((example) => example.name) };
      out.document({ ...about, warnings });
      out.print(
        `Registered ${files.toLocaleString('en-US')} images of “${name}”: ${shown ? 'public' : 'not public, only measured'}.`,
      );
      if (!out.json) out.warnings([...warnings]);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

async function mustExist(path: string): Promise<void> {
  await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'ENOTDIR'
      ? new InputError(`There is no folder or file ${path}.`)
      : error;
  });
}
