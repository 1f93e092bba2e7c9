/** Messages of the readers of COCO files: what was found, what was expected, and how to mend it. */
import type { ImageId } from '#lib/coco/dataset.ts';
import { integer } from '#lib/format.ts';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { type ProblemList, quoted, shortened } from '#lib/readers/problem-list.ts';

/** Format a number with thousands separators. */
export function count(n: number): string {
  return integer(n);
}

/** Return how a message refers to a record at the beginning of a sentence. */
export function titleOf(kind: 'predictions' | 'ground-truth', record: number): string {
  return `${kind === 'predictions' ? 'Detection' : 'Annotation'} ${count(record)}`;
}

/** Messages about a single record; problems follow “Detection 7: ”. */
export const RECORD_MESSAGES = {
  'ambiguous-image': 'the file name stands for images of different sizes; use image ids.',
  'category-not-a-number': 'category_id is not a number; leave it out, or write the number of the category.',
  'score-missing':
    'score is missing; every detection needs one. Predictions without scores can be sent as label images.',
  'score-not-a-number': 'score is not a number; write a number, without quotes.',
  'mask-score-missing':
    'mask_score is missing or not finite, although the first detection has one; write it for all or for none.',
  'bad-box': 'bbox has to be four finite numbers [x, y, width, height].',
  'nothing-to-score': 'there is neither a segmentation nor a bbox; write at least one of them.',
  'no-mask': 'there is no segmentation, although other annotations have one: write run lengths or polygons for all.',
  'empty-mask': 'Masks without pixels can match nothing and count as false positives. Leave such detections out.',
  'empty-runs': 'Masks with runs of length 0 are read as their pixels; pycocotools compares such masks only in part.',
  'empty-box':
    'Boxes without area can match nothing and count as false positives. Leave them out, or write [x, y, width, height].',
  'box-beyond-border': 'Boxes reach beyond the image; bbox is [x, y, width, height] in pixels.',
  'polygon-part-dropped':
    'Parts of polygons with fewer than three points are left out; the other parts of their masks count.',
} as const;

/** Warn of parts of polygons that were left out. */
export function warnOfDroppedParts(
  kind: 'predictions' | 'ground-truth',
  { dropped, droppedCount }: { dropped: readonly { record: number; image?: string }[]; droppedCount: number },
  problems: ProblemList,
): void {
  const code = 'polygon-part-dropped';
  for (const [k, { record, image }] of dropped.entries()) {
    const example = `${titleOf(kind, record).toLowerCase()}, image ${image}`;
    problems.warn(code, RECORD_MESSAGES[code], example, k === 0 ? droppedCount : 0);
  }
}

export function unknownImage(
  id: ImageId,
  { listed, candidates }: { listed: boolean; candidates: readonly string[] },
): string {
  if (candidates.length > 1) {
    return `the name ${quoted(String(id))} stands for several images (${candidates.slice(0, 3).map(quoted).join(', ')}); write the full path, or the image's id.`;
  }
  const shown = typeof id === 'string' ? quoted(id) : id;
  return listed
    ? `image ${shown} is listed in the file's “images” under a file name that is not in this data set. Leave other images out.`
    : `image ${shown} is not in this data set. Use the data set's own image ids or its file names.`;
}

export function idNotExact(field: string, text: string): string {
  return `${field} is ${shortened(text)}, and numbers above 9,007,199,254,740,991 cannot be told apart once a program has read them as floating point. Write it as a whole number or as a text, in quotation marks.`;
}

/** Return the rejection of a table of counts, which belongs to another task or slot: clearer than a syntax error. */
export function countsAsPredictions(): FileRejected {
  return new FileRejected({
    code: 'counts-not-predictions',
    message:
      'The file holds a count per image, and predictions are wanted here: a mask or box and a score for each cell, as COCO results or label images. Counts belong to the task “Fluorescence counts”.',
  });
}

/** Return the problem of a document of annotations, none of which has a score. */
export function annotationsAsPredictions(annotations: number): Problem {
  return {
    code: 'annotations-not-predictions',
    message: `This is an annotation file, not predictions: it lists images, and none of its ${count(annotations)} annotations has a score. Send the results that your model wrote, a list of {"image_id": …, "score": …, "segmentation": …}.`,
  };
}

/** Describe what is wrong with an image of “images”, field by field; null if it can be used. */
export function wrongImage(
  { id, file_name, width, height }: Record<string, unknown>,
  number: number,
  wantsSize: boolean,
): string | null {
  const called = `Image ${count(number)} of “images”${typeof file_name === 'string' ? ` (${quoted(file_name)})` : ''}`;
  if (!['number', 'string', 'bigint'].includes(typeof id)) {
    return `${called}: id ${howItCame(id)}; it has to be a number or a text.`;
  }
  if (!wantsSize) return null;
  if (typeof file_name !== 'string') return `${called}: file_name ${howItCame(file_name)}; it has to be a text.`;
  for (const [field, value] of [
    ['width', width],
    ['height', height],
  ] as const) {
    if (!Number.isInteger(value)) {
      const remedy = typeof value === 'string' && /^\d+$/.test(value) ? ' Write it without quotes.' : '';
      return `${called}: ${field} ${howItCame(value)}; it has to be a whole number of pixels.${remedy}`;
    }
    if ((value as number) <= 0) return `${called}: ${field} is ${value}; write the size of the image in pixels.`;
  }
  if ((width as number) * (height as number) < 2 ** 31) return null;
  return `${called}: it has ${width} × ${height} pixels, more than can be read.`;
}

function howItCame(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'is null';
  if (typeof value === 'string') return `is ${JSON.stringify(value).slice(0, 40)}, a text`;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return `is ${shortened(String(value))}`;
  return `is ${Array.isArray(value) ? 'a list' : 'an object'}`;
}
