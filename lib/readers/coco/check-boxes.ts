/**
 * Detects boxes in another convention than x, y, width, height. A box with a mask can be compared with the mask's own
 * box; without masks, corner coordinates are recognised because the second corner is never left of or above the first,
 * and because as x, y, width, height they would leave the image.
 */
import type { Images, Objects } from '#lib/coco/dataset.ts';
import type { ProblemList } from '#lib/readers/problem-list.ts';
import { RECORD_MESSAGES } from './messages.ts';
import { canReach, type Screening } from './screening.ts';

/** Minimum number of boxes needed for a conclusion. */
const ENOUGH_BOXES = 10;

/** Returns the image of an object; for a group of images, the first. */
type ImageOf = (image: number) => number;

/** What is checked: columns, and words for messages. */
export interface Checked {
  objects: Objects;
  images: Images;
  /** the image of an object, or the first of a group */
  firstOf: ImageOf;
  problems: ProblemList;
}

/** Warn of boxes that are all zero, and of boxes in another convention. @returns whether it warned */
export function warnOfBoxes(checked: Checked, screening: Screening): boolean {
  const { zeroBoxes, unfit, bare } = screening;
  if (zeroBoxes > 0 && warnOfZeros(checked)) return true;
  const canWarn = bare >= ENOUGH_BOXES || canReach(unfit + bare, screening, { fewest: 1, share: 0.5 });
  return canWarn && warnOfConvention(checked);
}

/** Warn once about [0, 0, 0, 0] boxes, which some frameworks write beside every mask. */
function warnOfZeros({ objects: { count, box, maskArea, image }, images, firstOf, problems }: Checked): boolean {
  let zeros = 0;
  let first = -1;
  for (let k = 0; k < count; k++) {
    const at = 4 * k;
    if (maskArea[k] === 0 || box[at] !== 0 || box[at + 1] !== 0 || box[at + 2] !== 0 || box[at + 3] !== 0) continue;
    if (zeros++ === 0) first = k;
  }
  if (zeros === 0) return false;
  const example = images.fileNames[firstOf(image[first])];
  if (zeros > count / 2) {
    problems.warn(
      'zero-boxes',
      'Boxes are [0, 0, 0, 0] beside masks that have pixels, as Mask2Former writes them: box scores mean nothing. Leave bbox out, or compute it from the mask.',
      example,
      zeros,
    );
    return true;
  }
  problems.warn('empty-box', RECORD_MESSAGES['empty-box'], example, zeros);
  return false;
}

function warnOfConvention({ objects, images, firstOf, problems }: Checked): boolean {
  const { count, box, maskExtent, maskArea, image } = objects;
  let compared = 0;
  let asCorners = 0;
  let asCentre = 0;
  let bare = 0;
  let ordered = 0;
  let beyond = 0;
  let small = 0;
  for (let k = 0; k < count; k++) {
    const at = 4 * k;
    const x = box[at];
    const y = box[at + 1];
    const w = box[at + 2];
    const h = box[at + 3];
    if (w <= 1 && h <= 1 && x <= 1 && y <= 1) small++;
    if (maskArea[k] > 0) {
      const x0 = maskExtent[at];
      const y0 = maskExtent[at + 1];
      const x1 = maskExtent[at + 2];
      const y1 = maskExtent[at + 3];
      compared++;
      // boxes that fit both conventions count for neither
      if (near(w, x1 - x0) && near(h, y1 - y0)) {
        if (!near(x, x0) || !near(y, y0)) if (near(x, (x0 + x1) / 2) && near(y, (y0 + y1) / 2)) asCentre++;
      } else if (near(x, x0) && near(y, y0) && near(w, x1) && near(h, y1)) asCorners++;
    } else {
      const i = firstOf(image[k]);
      bare++;
      if (w > x && h > y) ordered++;
      if (x + w > images.width[i] + 1 || y + h > images.height[i] + 1) beyond++;
    }
  }
  const say = (what: string, why: string, n: number): true => {
    problems.warn(
      'boxes-in-another-convention',
      `The boxes look like ${what}: ${why}. They are read as [x, y, width, height] in pixels.`,
      undefined,
      n,
    );
    return true;
  };
  if (compared >= ENOUGH_BOXES && asCorners > compared / 2) {
    return say(
      'corners [x1, y1, x2, y2]',
      'each bbox agrees with its mask if its last two numbers are a corner',
      asCorners,
    );
  }
  if (compared >= ENOUGH_BOXES && asCentre > compared / 2) {
    const why = 'each bbox agrees with its mask if its first two numbers are the middle';
    return say('a centre [cx, cy, width, height]', why, asCentre);
  }
  if (bare >= ENOUGH_BOXES && ordered === bare && beyond > bare / 4) {
    return say('corners [x1, y1, x2, y2]', 'the last two numbers are always larger than the first two', ordered);
  }
  if (count >= ENOUGH_BOXES && small > count / 2)
    return say('fractions of the image', 'no number is larger than 1', small);
  return false;
}

/** Tell whether two lengths are nearly equal: detectors' boxes are slightly off their masks. */
function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 3;
}
