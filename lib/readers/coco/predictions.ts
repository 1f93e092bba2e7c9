/** Reads a file of predictions into packed detections, and finds everything wrong or suspicious about it. */

import type { ImageId, Images, Objects, Predictions } from '#lib/coco/dataset.ts';
import { FileRejected } from '#lib/problems.ts';
import { keepingAccepted } from '#lib/readers/accepted.ts';
import { whatScoresMatterFor } from '#lib/readers/at-once.ts';
import { ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { ImageResolver } from '#lib/readers/resolver.ts';
import { warnOfBoxes } from './check-boxes.ts';
import { findDuplicates } from './check-duplicates.ts';
import { warnOfMasks } from './check-masks.ts';
import { warnOfPolygonUnits } from './check-polygons.ts';
import { readAnnotations } from './document.ts';
import { annotationsAsPredictions, RECORD_MESSAGES, titleOf, warnOfDroppedParts } from './messages.ts';
import { addTallies, type ReadResult, type Tally } from './reading.ts';

/** Predictions, with what the report states about their file. */
export interface ReadPredictions extends Predictions {
  images: number;
  /** `coco-json` or `label-images` */
  format: string;
  warnings: ReturnType<ProblemList['warnings']>;
}

/** What predictions are read against: ids, names and sizes of the images, and the category of cells. */
export interface Target {
  images: Images;
  category: number;
  /** count detections of every category as cells: for frameworks that count categories from 0 */
  anyCategory?: boolean;
}

/**
 * Read COCO results: an array of detections, or a COCO document whose annotations have scores.
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
    return keepingAccepted({ detections: result.objects, groups: index.groups }, () =>
      finishPredictions([result], { problems, index, target }),
    );
  }
}

/** Check a fully read file, possibly read in parts. @throws FileRejected */
export function finishPredictions(
  parts: ReadResult[],
  { problems, index, target }: { problems: ProblemList; index: ImageResolver; target: Target },
  objects: Objects = parts[0].objects,
): ReadPredictions {
  const { images, category, anyCategory } = target;
  const total = parts.reduce((sum, part) => sum + part.records, 0);
  const otherCategories = new Map<number, number>();
  for (const part of parts) {
    for (const [id, count] of part.otherCategories) otherCategories.set(id, (otherCategories.get(id) ?? 0) + count);
  }

  const tally = addTallies(parts);
  refuseUnknownImages(parts, problems, images);
  if (parts[0].fileImages && total > 0 && problems.countOf('score-missing') === total)
    throw new FileRejected([annotationsAsPredictions(total)], problems.warnings());
  // if the whole file has no masks, records without a box have neither
  if (tally.withNothingCount > 0 && tally.withoutMask === objects.count) {
    for (const { record, image } of tally.withNothing) {
      const message = `${titleOf('predictions', record)}: ${RECORD_MESSAGES['nothing-to-score']}`;
      problems.add('nothing-to-score', () => ({ record, image, message }));
    }
    problems.addMore('nothing-to-score', tally.withNothingCount - tally.withNothing.length);
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
  const hasMasks = tally.withoutMask < objects.count;
  warnOfDroppedParts('predictions', tally, problems);
  warnOfMissingMasks(tally, hasMasks, problems);
  warnOfMeanings(parts, tally, problems);
  const withDetections = warnOfSuspicions(objects, { index, images, problems }, { tally });
  return {
    detections: objects,
    groups: index.groups,
    hasMasks,
    hasMaskScores: parts[0].firstHas?.maskScore ?? false,
    images: withDetections,
    format: 'coco-json',
    warnings: problems.warnings(),
  };
}

/**
 * Warn of legal but odd things.
 *
 * @param options.unscored there are no scores to be suspiciously equal, and no limit drops the worst detections
 * @param options.tally how masks were written; absent for label images, whose masks need no check
 * @param options.note what to add to the name of an image without detections
 * @returns the number of images with detections
 */
export function warnOfSuspicions(
  objects: Objects,
  { index, images, problems }: { index: ImageResolver; images: Images; problems: ProblemList },
  {
    unscored = false,
    note = () => '',
    tally,
  }: {
    unscored?: boolean;
    note?: (image: number) => string;
    tally?: Pick<Tally, 'polygons' | 'runLengths' | 'fractions' | 'screening'>;
  } = {},
): number {
  const perImage = new Uint32Array(images.ids.length);
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  let beyond = 0;
  const { image: imageOf, score } = objects;
  for (let d = 0; d < objects.count; d++) {
    const image = imageOf[d];
    if (image >= 0) perImage[image]++;
    else for (const i of index.groups[-1 - image]) perImage[i]++;
    if (score[d] < 0 || score[d] > 1) beyond++;
    if (score[d] < lowest) lowest = score[d];
    if (score[d] > highest) highest = score[d];
  }
  let withDetections = 0;
  const atLimit = new Map<number, number>();
  for (let i = 0; i < perImage.length; i++) {
    const n = perImage[i];
    if (n > 0) withDetections++;
    else {
      problems.warn(
        'image-without-detections',
        'Images without any detection: all their cells count as missed. Predict every image of the test set.',
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
  if (tally) {
    const checked = { objects, images, firstOf: (image: number) => index.firstOf(image), problems };
    const otherUnits = warnOfPolygonUnits(checked, tally);
    if (!warnOfBoxes(checked, tally.screening) && !otherUnits) warnOfMasks(checked, tally);
    warnOfDuplicates(objects, index, images, problems);
  }
  if (!unscored && objects.count > 1 && lowest === highest) {
    problems.warn(
      'all-scores-equal',
      `All scores are ${lowest}: the ranking, and so AP, is an accident of order.`,
      undefined,
      objects.count,
    );
  }
  if (!unscored && beyond > 0) {
    problems.warn(
      'scores-beyond-0-1',
      `Scores run from ${roughly(lowest)} to ${roughly(highest)}, beyond 0 to 1. ${whatScoresMatterFor({ lowest, highest })}`,
      undefined,
      beyond,
    );
  }
  return withDetections;
}

/** Write a score in at most three significant digits. */
function roughly(score: number): string {
  return String(Number(score.toPrecision(3)));
}

/** Throw for images that are not in the data set; a common cause is reported first. @throws FileRejected */
function refuseUnknownImages(parts: readonly ReadResult[], problems: ProblemList, images: Images): void {
  if (problems.countOf('unknown-image') === 0) return;
  const unknownFileName = parts.find((part) => part.unknownFileName)?.unknownFileName;
  if (unknownFileName) {
    throw problems.rejection([
      {
        code: 'document-names-unknown',
        message: `The file names that the document lists in “images” are not in this data set, such as ${quoted(unknownFileName)}; one of the data set's is ${quoted(images.fileNames[0] ?? '')}. Write the data set's own file names or ids.`,
      },
    ]);
  }
  const min = Math.min(...parts.map(({ unknownIds }) => unknownIds.min));
  const max = Math.max(...parts.map(({ unknownIds }) => unknownIds.max));
  if (!(min >= 0 && min <= 1 && max <= images.ids.length * 2)) return;
  throw problems.rejection([
    {
      code: 'image-ids-re-indexed',
      message: `The images look re-indexed by the framework that wrote the file: its ids that are not in this data set run from ${min} to ${max}. Use the ids of the data set (its first is ${images.ids[0]}), or file names.`,
    },
  ]);
}

function warnOfMissingMasks(
  { withoutMask, withoutMaskRecords }: Tally,
  hasMasks: boolean,
  problems: ProblemList,
): void {
  if (withoutMask === 0) return;
  if (!hasMasks) {
    const message = 'Detections without a segmentation: the file is scored for boxes only.';
    problems.warn('no-mask', message, undefined, withoutMask);
    return;
  }
  const message =
    'Detections have no segmentation, although others do: they count as masks without pixels, which can match nothing and are false positives.';
  const [first, ...others] = withoutMaskRecords.map((record) => titleOf('predictions', record).toLowerCase());
  problems.warn('detection-without-mask', message, first, withoutMask);
  for (const example of others) problems.warn('detection-without-mask', message, example, 0);
}

function warnOfMeanings(parts: readonly ReadResult[], { twoMeanings }: Tally, problems: ProblemList): void {
  const unknownFileName = parts.find((part) => part.unknownFileName)?.unknownFileName;
  if (unknownFileName) {
    problems.warn(
      'document-names-unknown',
      'The file names that the document lists in “images” are not in this data set, but its ids are: they are taken for the data set’s own. If the document numbers images its own way, the numbers are wrong.',
      quoted(unknownFileName),
    );
  }
  if (twoMeanings > 0) {
    problems.warn(
      'id-or-name',
      'Detections whose image_id is a text of digits that is the name of one image and the id of another: it is taken for the name. Write ids as numbers, without quotes, or names with their extension.',
      undefined,
      twoMeanings,
    );
  }
}

function warnOfDuplicates(objects: Objects, index: ImageResolver, images: Images, problems: ProblemList): void {
  const { count, images: on, first } = findDuplicates(objects);
  if (count === 0) return;
  problems.warn(
    'duplicate-detection',
    `Detections occur twice, the same in image, score, box and mask, on ${on.toLocaleString('en')} ${on === 1 ? 'image' : 'images'}: the second is a false positive. Distributed samplers pad their last batch that way; keep each image once.`,
    images.fileNames[index.firstOf(first)],
    count,
  );
}
