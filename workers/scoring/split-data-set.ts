/** Divides a registered data set and stores both parts; for the job of a maintainer and for the command line. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { getDataset } from '#db/datasets/datasets.ts';
import { divideDataset, requireDivisible } from '#db/rescore/split.ts';
import type { Rescore, Splitting } from '#db/schema.ts';
import { type PackedPart, splitParts } from '#lib/datasets/split-parts.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { openPacked } from '#lib/readers/ground-truth-file.ts';
import { storage } from '#lib/storage.ts';

/**
 * Divide a data set by wells or fields. Which of them are private depends on the site's secret.
 *
 * @throws AppError `invalid`, `conflict` if it cannot be divided
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
  const secret = `${env().AUTH_SECRET ?? ''} ${dataset.sha256}`;
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
