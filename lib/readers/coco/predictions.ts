/** A file of predictions into packed detections, with everything that is wrong or suspicious about it. */

import type { ImageId, Images, Objects, Predictions } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import { ProblemList } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import { type ReadResult, readAnnotations } from './document.ts';

/** What the report says of a file. */
export interface ReadPredictions extends Predictions {
  images: number;
  /** `coco-json` or `label-images` */
  format: string;
  warnings: ReturnType<ProblemList['warnings']>;
}

/** What predictions are read against: ids, names and sizes of the images, and the category that is a cell. */
export interface Target {
  images: Images;
  category: number;
  /** count detections of every category as cells: for frameworks that count categories from 0 */
  anyCategory?: boolean;
}

/**
 * Reads COCO results: an array of detections, or a COCO document whose annotations have scores.
 *
 * @param open starts the stream of the file's bytes
 * @throws FileRejected with all problems; a file with problems is never scored in part
 */
export async function readPredictions(
  open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  target: Target,
  onBytes?: (bytes: number) => void,
  capacity?: number,
): Promise<ReadPredictions> {
  const index = new ImageResolver(target.images);
  let fileImages: Map<ImageId, number> | undefined;
  for (;;) {
    const problems = new ProblemList();
    let result: ReadResult;
    try {
      const { images, category, anyCategory } = target;
      result = await readAnnotations(
        open(),
        { kind: 'predictions', problems, images, index, category, anyCategory, fileImages, capacity },
        onBytes,
      );
    } catch (error) {
      if (!(error instanceof FileRejected)) throw error;
      throw problems.rejection(error.problems);
    }
    if (result.needsImages && !fileImages) {
      fileImages = result.fileImages;
      continue;
    }
    return finishPredictions([result], problems, index, target);
  }
}

/** Looks at a file that has been read to its end, possibly in parts. @throws FileRejected */
export function finishPredictions(
  parts: ReadResult[],
  problems: ProblemList,
  index: ImageResolver,
  target: Target,
  objects: Objects = parts[0].objects,
): ReadPredictions {
  const { images, category, anyCategory } = target;
  const total = parts.reduce((sum, part) => sum + part.records, 0);
  const otherCategories = new Map<number, number>();
  for (const part of parts) {
    for (const [id, count] of part.otherCategories) otherCategories.set(id, (otherCategories.get(id) ?? 0) + count);
  }

  const unknown = problems.countOf('unknown-image');
  const { min, max } = parts.reduce(
    (range, { unknownIds }) => ({ min: Math.min(range.min, unknownIds.min), max: Math.max(range.max, unknownIds.max) }),
    { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
  );
  if (unknown > 0 && min >= 0 && min <= 1 && max <= images.ids.length * 2) {
    // said first, because it explains all the others
    const reIndexed = {
      code: 'image-ids-re-indexed',
      message: `The images look re-indexed by the framework that wrote the file: its ids that are not in this data set run from ${min} to ${max}. Use the ids of the data set (its first is ${images.ids[0]}), or file names.`,
    };
    throw problems.rejection([reIndexed]);
  }
  if (problems.count > 0) throw problems.rejection();

  if (total === 0) {
    throw new FileRejected(
      [
        {
          code: 'no-detections',
          message: 'The file holds no detections at all. Was the score threshold too high, or the wrong file written?',
        },
      ],
      [],
    );
  }
  if (objects.count === 0) {
    const [id] = otherCategories.keys();
    throw new FileRejected(
      [
        {
          code: 'no-detections-of-category',
          message: `None of the ${total.toLocaleString('en')} detections has category_id ${category}, the data set's cell (they have ${[...otherCategories.keys()].slice(0, 5).join(', ')}). ${id === category - 1 ? `Several frameworks count categories from 0: add 1` : `Set category_id to ${category}`}, leave category_id out, or ask to count detections of every category as cells: a box to tick in the form, anyCategory in the API, --any-category on the command line.`,
        },
      ],
      problems.warnings(),
    );
  }
  for (const [id, count] of otherCategories) {
    problems.warn(
      anyCategory ? 'category-counted-as-cell' : 'category-not-scored',
      anyCategory
        ? `Detections whose category_id is not ${category} are counted as cells, as asked.`
        : `Detections whose category_id is not ${category} are not scored, as in the reference. If they are cells, ask to count every category (a box to tick in the form, --any-category on the command line).`,
      `category ${id}: ${count.toLocaleString('en')}`,
      count,
    );
  }
  const withoutMask = parts.reduce((sum, part) => sum + part.withoutMask, 0);
  if (withoutMask > 0) {
    problems.warn(
      'no-mask',
      'Detections without a segmentation: the file is scored for boxes only.',
      undefined,
      withoutMask,
    );
  }
  const withDetections = warnOfSuspicions(objects, index, images, problems);
  return {
    detections: objects,
    groups: index.groups,
    hasMasks: withoutMask === 0,
    hasMaskScores: parts[0].firstHas?.maskScore ?? false,
    images: withDetections,
    format: 'coco-json',
    warnings: problems.warnings(),
  };
}

/**
 * Legal but odd things.
 *
 * @param options.unscored there are no scores whose likeness would be odd, and no limit cuts off the worst
 * @param options.note what to add to the name of an image without detections
 * @returns the number of images with detections
 */
export function warnOfSuspicions(
  objects: Objects,
  index: ImageResolver,
  images: Images,
  problems: ProblemList,
  { unscored = false, note = () => '' }: { unscored?: boolean; note?: (image: number) => string } = {},
): number {
  const perImage = new Uint32Array(images.ids.length);
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let d = 0; d < objects.count; d++) {
    const image = objects.image[d];
    if (image >= 0) perImage[image]++;
    else for (const i of index.groups[-1 - image]) perImage[i]++;
    if (objects.score[d] < lowest) lowest = objects.score[d];
    if (objects.score[d] > highest) highest = objects.score[d];
  }
  let withDetections = 0;
  const atLimit = new Map<number, number>();
  for (let i = 0; i < perImage.length; i++) {
    const n = perImage[i];
    if (n > 0) withDetections++;
    else {
      problems.warn(
        'image-without-detections',
        'Images without any detection: all their cells count as missed.',
        images.fileNames[i] + note(i),
      );
    }
    if (n === 100 || n === 300 || n === 500 || n === 1000) atLimit.set(n, (atLimit.get(n) ?? 0) + 1);
    if (n > 2000 && !unscored) {
      problems.warn(
        'more-than-2000-detections',
        'Images with more than 2,000 detections: beyond 2,000 (livecell-code) or 3,000 (livecell-paper) only the best-scored count.',
        images.fileNames[i],
      );
    }
  }
  for (const [limit, count] of atLimit) {
    if (count >= 3 && count >= withDetections / 10) {
      problems.warn(
        'detector-limit',
        `Images with exactly ${limit} detections: probably the detector's own limit, which cuts off cells in dense images. Raise it (max_det, detections_per_image) to 3,000.`,
        undefined,
        count,
      );
    }
  }
  if (!unscored) warnOfBoxes(objects, images, index, problems);
  if (!unscored && objects.count > 1 && lowest === highest) {
    problems.warn(
      'all-scores-equal',
      `All scores are ${lowest}: the ranking, and so AP, is an accident of order.`,
      undefined,
      objects.count,
    );
  }
  return withDetections;
}

/** Detections needed before their boxes as a whole say anything. */
const ENOUGH_BOXES = 10;

/**
 * Boxes in another convention than x, y, width, height. Beside a mask, a box can be compared with the mask's own; where
 * there are only boxes, corners give themselves away by never being left of or above themselves and by leaving the image.
 */
function warnOfBoxes(objects: Objects, images: Images, index: ImageResolver, problems: ProblemList): void {
  const { count, box, maskExtent, maskArea, image } = objects;
  let compared = 0;
  let asCorners = 0;
  let asCentre = 0;
  let bare = 0;
  let ordered = 0;
  let beyond = 0;
  let small = 0;
  for (let d = 0; d < count; d++) {
    const at = 4 * d;
    const x = box[at];
    const y = box[at + 1];
    const w = box[at + 2];
    const h = box[at + 3];
    if (w <= 1 && h <= 1 && x <= 1 && y <= 1) small++;
    if (maskArea[d] > 0) {
      const x0 = maskExtent[at];
      const y0 = maskExtent[at + 1];
      const x1 = maskExtent[at + 2];
      const y1 = maskExtent[at + 3];
      compared++;
      // what does not tell the conventions apart counts for none
      if (near(w, x1 - x0) && near(h, y1 - y0)) {
        if (!near(x, x0) || !near(y, y0)) if (near(x, (x0 + x1) / 2) && near(y, (y0 + y1) / 2)) asCentre++;
      } else if (near(x, x0) && near(y, y0) && near(w, x1) && near(h, y1)) asCorners++;
    } else {
      const i = image[d] >= 0 ? image[d] : index.groups[-1 - image[d]][0];
      bare++;
      if (w > x && h > y) ordered++;
      if (x + w > images.width[i] + 1 || y + h > images.height[i] + 1) beyond++;
    }
  }
  const other =
    compared >= ENOUGH_BOXES && asCorners > compared / 2
      ? ['corners [x1, y1, x2, y2]', 'each bbox agrees with its mask if its last two numbers are a corner', asCorners]
      : compared >= ENOUGH_BOXES && asCentre > compared / 2
        ? [
            'a centre [cx, cy, width, height]',
            'each bbox agrees with its mask if its first two numbers are the middle',
            asCentre,
          ]
        : bare >= ENOUGH_BOXES && ordered === bare && beyond > bare / 4
          ? ['corners [x1, y1, x2, y2]', 'the last two numbers are always larger than the first two', ordered]
          : count >= ENOUGH_BOXES && small > count / 2
            ? ['fractions of the image', 'no number is larger than 1', small]
            : null;
  if (!other) return;
  const [what, why, n] = other as [string, string, number];
  problems.warn(
    'boxes-in-another-convention',
    `The boxes look like ${what}: ${why}. They are read as [x, y, width, height] in pixels.`,
    undefined,
    n,
  );
}

/** Detectors' boxes are a little off their masks. */
function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 3;
}
