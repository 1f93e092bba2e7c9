/** Divides a registered data set and stores both parts; for the job of a maintainer and for the command line. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { getDataset } from '#db/datasets/datasets.ts';
import { divideDataset, findPart, requireDivisible } from '#db/rescore/split.ts';
import type { Dataset, Rescore, Splitting } from '#db/schema.ts';
import { listOfPart, type PartList } from '#lib/datasets/part-list.ts';
import { type PackedPart, splitParts } from '#lib/datasets/split-parts.ts';
import { AppError } from '#lib/errors.ts';
import { openPacked } from '#lib/readers/ground-truth-file.ts';
import { siteSecret } from '#lib/site-secret.ts';
import { storage } from '#lib/storage.ts';

/**
 * Divide a data set by wells or fields. Which of them are private depends on the site's secret.
 *
 * @throws AppError `invalid`, `conflict` if it cannot be divided, `unavailable` where the secret is not known
 */
export async function splitDataSet(
  datasetId: string,
  { by, share, until: date }: Splitting,
  actorId: string | null,
): Promise<{ rescore: Rescore; parts: PackedPart['part'][] }> {
  const until = new Date(date);
  if (!(share > 0 && share < 1)) throw new AppError('invalid', 'The share must be between 0 and 1, such as 0.5.');
  const dataset = await getDataset(datasetId);
  if (!dataset) throw new AppError('not-found', 'There is no such data set.');
  await requireDivisible(dataset, until);
  const packed = await openPacked(await storage().localPath(dataset.packKey));
  if (!packed) throw new AppError('invalid', `The ground truth of “${dataset.name}” has no outlines to divide.`);
  await packed.ready;
  const own = siteSecret();
  // without it everybody could compute which wells are private
  if (!own)
    throw new AppError(
      'unavailable',
      'The site’s secret decides what is private, and is not known here: set AUTH_SECRET as the site has it, or LIVECELL_DATA to its folder.',
    );
  const secret = `${own} ${dataset.sha256}`;
  const { public: shown, private: hidden } = splitParts(packed.dataset, { by, share, secret });
  const stored: string[] = [];
  const store = async ({ packed, ...facts }: PackedPart) => {
    const packKey = `datasets/${randomUUID()}`;
    await storage().put(packKey, Readable.from([packed]));
    stored.push(packKey);
    return { ...facts, packKey };
  };
  try {
    const parts = { public: await store(shown), private: await store(hidden) };
    const rescore = await divideDataset(datasetId, { parts, until, of: dataset.sha256 }, actorId);
    return { rescore, parts: [shown.part, hidden.part] };
  } catch (error) {
    for (const key of stored) await storage().delete(key);
    throw error;
  }
}

/**
 * Return the list of wells or fields of a part that a data set has or had.
 *
 * @throws AppError `not-found` if it was never divided, or by a version of the site that kept no lists
 */
export async function listPart(dataset: Dataset, name: PartList['name']): Promise<PartList> {
  const packKey = await findPart(dataset.id, name);
  if (!packKey) throw new AppError('not-found', `“${dataset.name}” has no ${name} part: it is not divided.`);
  const packed = await openPacked(await storage().localPath(packKey));
  await packed?.ready;
  const list = packed && listOfPart(packed.dataset);
  if (!list)
    throw new AppError(
      'not-found',
      `“${dataset.name}” was divided before parts kept a list; its scores can be computed again with livecell rescore alone.`,
    );
  return list;
}
