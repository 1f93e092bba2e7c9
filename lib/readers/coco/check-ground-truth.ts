/** Checks ground truth as strictly as predictions, since every number depends on it. */
import type { Images, Objects } from '#lib/coco/dataset.ts';
import { type ProblemList, quoted } from '#lib/readers/problem-list.ts';
import { type Checked, warnOfBoxes } from './check-boxes.ts';
import { findDuplicates } from './check-duplicates.ts';
import { warnOfMasks } from './check-masks.ts';
import { warnOfPolygonUnits } from './check-polygons.ts';
import { count, RECORD_MESSAGES, titleOf, warnOfDroppedParts } from './messages.ts';
import { addTallies, type ReadResult, type Tally } from './reading.ts';

/** Odd annotations cause a warning from this number, and this share of all, on. */
const FEWEST = 3;
const SHARE = 0.1;

/**
 * Add problems and warnings about annotations.
 *
 * @returns whether they are boxes without masks
 */
export function checkGroundTruth(
  parts: readonly ReadResult[],
  {
    images,
    objects,
    category,
    problems,
  }: { images: Images; objects: Objects; category: number; problems: ProblemList },
): { boxesOnly: boolean } {
  const tally = addTallies(parts);
  const boxesOnly = objects.count > 0 && tally.withoutMask === objects.count && tally.withNothingCount === 0;
  warnOfDroppedParts('ground-truth', tally, problems);
  warnOfIds(parts, problems);
  checkCategories(parts, { objects, category, problems });
  if (objects.count === 0) return { boxesOnly: false };
  refuseMissingMasks(tally, boxesOnly, problems);
  if (boxesOnly) {
    const message = 'The annotations are boxes without masks: boxes are scored, masks are not.';
    problems.warn('ground-truth-without-masks', message, undefined, objects.count);
  }
  const checked: Checked = { objects, images, firstOf: (image) => image, problems };
  warnOfCrowds(checked);
  const exchanged = warnOfBorders(checked, tally);
  const otherUnits = warnOfPolygonUnits(checked, tally);
  if (!otherUnits && !boxesOnly) warnOfEmptyMasks(checked);
  if (!warnOfBoxes(checked, tally.screening) && !otherUnits && !exchanged) warnOfMasks(checked, tally);
  if (!boxesOnly) warnOfAreas(checked);
  warnOfDuplicates(checked);
  return { boxesOnly };
}

/** Warn of annotations that share an id: pycocotools silently replaces the first. */
function warnOfIds(parts: readonly ReadResult[], problems: ProblemList): void {
  const ids = new Float64Array(parts.reduce((sum, part) => sum + part.ids.length, 0));
  let at = 0;
  for (const part of parts) {
    ids.set(part.ids, at);
    at += part.ids.length;
  }
  if (ascend(ids)) return; // nearly always, and sorting takes longer than reading
  ids.sort();
  for (let k = 1; k < ids.length; k++) {
    // larger ids may be equal only because of rounding
    if (ids[k] !== ids[k - 1] || Math.abs(ids[k]) > Number.MAX_SAFE_INTEGER) continue;
    problems.warn('duplicate-annotation-id', 'Annotations share an id; all are kept.', String(ids[k]));
  }
}

function ascend(numbers: Float64Array): boolean {
  for (let k = 1; k < numbers.length; k++) if (!(numbers[k] > numbers[k - 1])) return false;
  return true;
}

function checkCategories(
  parts: readonly ReadResult[],
  { objects, category, problems }: { objects: Objects; category: number; problems: ProblemList },
): void {
  const names = new Map(parts.flatMap(({ categories }) => categories.map(({ id, name }) => [id, name])));
  const nameOf = (id: number) => (names.get(id) ? `${id} (${names.get(id)})` : String(id));
  const others = new Map<number, number>();
  for (const part of parts) {
    for (const [id, n] of part.otherCategories) others.set(id, (others.get(id) ?? 0) + n);
  }
  if (objects.count === 0) {
    if (others.size === 0) {
      problems.warn('no-annotations', 'The ground truth has no annotations: there is nothing to be found.');
      return;
    }
    const found = [...others].sort(([a], [b]) => a - b).map(([id, n]) => `${nameOf(id)}: ${count(n)}`);
    problems.add('no-annotation-of-category', () => ({
      message: `The ground truth has no annotation of category ${nameOf(category)}, the one that is scored. Its annotations are of ${found.slice(0, 5).join(', ')}. Set category_id of the cells to ${category}, keep the cells' category alone, or choose another category: a field of the form, --category on the command line.`,
    }));
    return;
  }
  for (const [id, n] of others) {
    problems.warn(
      'category-not-scored',
      `Annotations of categories other than ${category} are not scored.`,
      `category ${id}: ${n}`,
      n,
    );
  }
}

function refuseMissingMasks(tally: Tally, boxesOnly: boolean, problems: ProblemList): void {
  for (const { record, image } of tally.withNothing) {
    const message = `${titleOf('ground-truth', record)}: ${RECORD_MESSAGES['nothing-to-score']}`;
    problems.add('nothing-to-score', () => ({ record, image, message }));
  }
  problems.addMore('nothing-to-score', tally.withNothingCount - tally.withNothing.length);
  if (boxesOnly) return;
  for (const { record, image } of tally.annotationsWithoutMask) {
    const message = `${titleOf('ground-truth', record)}: ${RECORD_MESSAGES['no-mask']}`;
    problems.add('no-mask', () => ({ record, image, message }));
  }
  const listed = tally.annotationsWithoutMask.length;
  problems.addMore('no-mask', tally.withoutMask - tally.withNothingCount - listed);
}

function warnOfCrowds({ objects: { count: all, crowd, image }, images, problems }: Checked): void {
  if (!crowd.every((flag) => flag === 1)) return;
  problems.warn(
    'all-crowd',
    'All annotations have iscrowd 1, as CVAT exports masks: crowd regions are nothing that can be found, so that there is nothing to score. Set iscrowd to 0.',
    images.fileNames[image[0]],
    all,
  );
}

/** Warn of objects beyond the image. @returns whether width and height look swapped */
function warnOfBorders({ objects, images, problems }: Checked, tally: Tally): boolean {
  const { box, image } = objects;
  let beyond = 0;
  let beyondExchanged = 0;
  let example = -1;
  for (let k = 0; k < objects.count; k++) {
    const i = image[k];
    const right = box[4 * k] + box[4 * k + 2];
    const bottom = box[4 * k + 1] + box[4 * k + 3];
    const [width, height] = [images.width[i], images.height[i]];
    if (right > height + 1 || bottom > width + 1) beyondExchanged++;
    if (right <= width + 1 && bottom <= height + 1) continue;
    beyond++;
    if (example < 0) example = i;
  }
  // without boxes, use the outlines
  const n = Math.max(beyond, tally.beyond);
  if (n < FEWEST || n < 0.05 * objects.count) return false;
  const exchanged = (tally.beyond > beyond ? tally.beyondExchanged : beyondExchanged) < n / 10;
  const why = exchanged
    ? 'With width and height exchanged in “images” they would lie inside: are width and height exchanged?'
    : 'Are width and height in “images” those of the original images, and bbox [x, y, width, height] in pixels?';
  problems.warn(
    'annotations-beyond-image',
    `Annotations reach beyond their images. ${why}`,
    example >= 0 ? images.fileNames[example] : undefined,
    n,
  );
  return exchanged;
}

function warnOfEmptyMasks({ objects, images, problems }: Checked): void {
  const { maskArea, image } = objects;
  for (let k = 0; k < objects.count; k++) {
    if (maskArea[k] > 0) continue;
    problems.warn(
      'empty-annotation',
      'Annotations whose masks have no pixels cannot be found. Leave them out, or mend their masks.',
      images.fileNames[image[k]],
    );
  }
}

/** Warn of wrong `area` values: they decide the size class of an object. */
function warnOfAreas({ objects, images, problems }: Checked): void {
  const { area, maskArea, box, crowd, image } = objects;
  let compared = 0;
  let off = 0;
  let asBox = 0;
  let fill = 0;
  let example = -1;
  for (let k = 0; k < objects.count; k++) {
    if (maskArea[k] === 0 || crowd[k]) continue;
    compared++;
    const w = box[4 * k + 2];
    const h = box[4 * k + 3];
    if (w * h > 0) fill += maskArea[k] / (w * h);
    // a polygon's area and its pixel count differ by the pixels on its outline
    const slack = 0.2 * maskArea[k] + w + h;
    if (Math.abs(area[k] - w * h) <= 0.01 * w * h) asBox++;
    if (Math.abs(area[k] - maskArea[k]) <= slack) continue;
    off++;
    if (example < 0) example = k;
  }
  if (compared < FEWEST) return;
  const boxes = asBox > 0.9 * compared && fill < 0.9 * compared;
  if (!boxes && (off < FEWEST || off < SHARE * compared)) return;
  const why = boxes
    ? 'they are those of the boxes, width × height'
    : `“area” is ${Number(area[example].toFixed(2))} where the mask has ${count(maskArea[example])} pixels, on ${quoted(images.fileNames[image[example]])}`;
  problems.warn(
    'areas-not-of-masks',
    `The areas of annotations are not those of their masks: ${why}. Size classes go by “area”; write the number of pixels.`,
    undefined,
    boxes ? asBox : off,
  );
}

function warnOfDuplicates({ objects, images, problems }: Checked): void {
  const { count: duplicates, images: on, first } = findDuplicates(objects);
  if (duplicates === 0) return;
  problems.warn(
    'duplicate-annotation',
    `Annotations occur twice, the same in image, box and mask, on ${count(on)} ${on === 1 ? 'image' : 'images'}: only one of two can be found. Keep each once.`,
    images.fileNames[first],
    duplicates,
  );
}
