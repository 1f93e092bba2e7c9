/** A list of images, `[{id, file_name, width, height}, …]`: enough to check predictions where ground truth is hidden. */
import type { ImageId } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import { CELL_CATEGORY, sortImages } from './coco/ground-truth.ts';
import type { Target } from './coco/predictions.ts';
import type { ImageRecord } from './coco/reading.ts';

/** Return what predictions are checked against. @throws FileRejected naming the image and field that are wrong */
export function targetOfList(list: readonly unknown[], category?: number | string): Target {
  const records = list.map((entry, k) => imageOfList(entry, k + 1));
  // a list names no categories, so only a number can be meant
  return { images: sortImages(records), category: typeof category === 'number' ? category : CELL_CATEGORY };
}

function imageOfList(entry: unknown, number: number): ImageRecord {
  const { id, file_name, width, height } = (entry ?? {}) as Record<string, unknown>;
  const wrong = (field: string, wanted: string) => badList(`image ${number}: ${field} has to be ${wanted}`);
  const isId = ['number', 'string', 'bigint'].includes(typeof id);
  if (!isId) throw wrong('id', 'a number or a text');
  if (typeof file_name !== 'string') throw wrong('file_name', 'a text');
  if (!isSize(width)) throw wrong('width', 'a whole number of pixels');
  if (!isSize(height)) throw wrong('height', 'a whole number of pixels');
  const size = { fileName: file_name, width, height };
  return typeof id === 'bigint' ? { id: String(id), largeNumber: true, ...size } : { id: id as ImageId, ...size };
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}

/** The error of a list that is none. */
export function badList(why: string): FileRejected {
  return new FileRejected({
    code: 'bad-image-list',
    message: `The list of images is not one: ${why}. It has to be [{id, file_name, width, height}, …], as the site's data set page offers it, or give the ground truth itself.`,
  });
}
