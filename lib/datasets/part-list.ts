/**
 * Which wells or fields a part of divided ground truth has. With this list, whoever has the whole file can build the
 * part again and recompute its scores. Reports name a part by a digest of the list, and the list holds a key that only
 * the site knows: otherwise trying all choices of a few wells would tell which ones are scored, to everybody who has
 * the names of the images.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Dataset } from '#lib/coco/dataset.ts';
import { takePart } from '#lib/coco/part.ts';
import { AppError } from '#lib/errors.ts';
import { cellTypeOf, parseImageName, stem } from '#lib/livecell/cell-types.ts';

export const SPLIT_BY = ['well', 'field'] as const;
export type SplitBy = (typeof SPLIT_BY)[number];

export const PARTS = ['public', 'private'] as const;

const digest = z.string().regex(/^[0-9a-f]{64}$/);

export const partListSchema = z.strictObject({
  name: z.enum(PARTS),
  by: z.enum(SPLIT_BY),
  /** SHA-256 of the whole ground truth */
  of: digest,
  /** random to everybody but the site */
  key: digest,
  /** wells or fields, such as `A172_A7` */
  units: z.array(z.string()).min(1),
});
export type PartList = z.infer<typeof partListSchema>;

/** Return the digest by which reports name the part. */
export function digestOfPart({ name, of, key, units }: PartList): string {
  return createHash('sha256')
    .update(`${of} ${name} part ${key}\n${[...units].sort().join('\n')}`)
    .digest('hex');
}

/**
 * Take the part that a list names out of the whole.
 *
 * @throws AppError `invalid` if the list is of another file, or names what the file does not have
 */
export function partOfList(dataset: Dataset, list: PartList): Dataset {
  if (dataset.meta.scored) throw new AppError('invalid', 'This ground truth is a part already.');
  if (dataset.meta.sha256 !== list.of)
    throw new AppError(
      'invalid',
      `The list is of other ground truth than this file: its SHA-256 is ${list.of}, the file’s ${dataset.meta.sha256}.`,
    );
  const wanted = new Set(list.units);
  const units = unitsOf(dataset, list.by);
  const images = units.flatMap(({ unit }, image) => (wanted.has(unit) ? [image] : []));
  for (const { unit } of units) wanted.delete(unit);
  if (wanted.size > 0)
    throw new AppError('invalid', `The ground truth has no image of these ${list.by}s: ${[...wanted].join(', ')}.`);
  const part = takePart(dataset, images, digestOfPart(list));
  const { name, by, of, key } = list;
  return { ...part, meta: { ...part.meta, part: { name, by, of, key } } };
}

/** Return the list of a part; null for a whole, and for a part that was made before parts kept what a list needs. */
export function listOfPart(dataset: Dataset): PartList | null {
  const { scored, part } = dataset.meta;
  if (!scored || !part) return null;
  const units = unitsOf(dataset, part.by);
  return { ...part, units: [...new Set(scored.map((image) => units[image].unit))].sort() };
}

/** The well or field of each image; the image itself if its name does not give them. */
export function unitsOf({ images }: Pick<Dataset, 'images'>, by: SplitBy): { unit: string; type: string }[] {
  return images.fileNames.map((file) => {
    const parsed = parseImageName(file);
    const type = cellTypeOf(file) ?? (parsed ? stem(file).split('_Phase_')[0] : '');
    if (!parsed) return { unit: stem(file), type };
    return { unit: `${type}_${parsed.well}${by === 'field' ? `_${parsed.location}` : ''}`, type };
  });
}
