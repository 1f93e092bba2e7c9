/** Detects polygons in other units than pixels: fractions or per cent of the image. */
import type { Checked } from './check-boxes.ts';
import type { Tally } from './reading.ts';

/** Polygons as fractions cause a warning from this number, and this share of all objects, on. */
const FEWEST = 3;
const SHARE = 0.1;

/** Minimum number of polygons, and minimum size of their images in pixels, for a conclusion about per cent. */
const ENOUGH = 20;
const LARGE = 200;

/** Warn of polygons as fractions or per cent of the image. @returns whether it warned */
export function warnOfPolygonUnits(
  checked: Checked,
  tally: Pick<Tally, 'polygons' | 'runLengths' | 'fractions'>,
): boolean {
  return warnOfFractions(checked, tally) || warnOfPerCent(checked, tally);
}

function warnOfFractions(
  { objects, images, firstOf, problems }: Checked,
  { fractions }: Pick<Tally, 'fractions'>,
): boolean {
  if (fractions === 0) return false;
  if (fractions < objects.count && (fractions < FEWEST || fractions < SHARE * objects.count)) return false;
  // the same masks, with a worse explanation
  problems.withdrawWarning('empty-mask');
  problems.warn(
    'polygons-as-fractions',
    'Polygons have no coordinate above 1, and so hardly any pixels: they look like fractions of the image. Coordinates are pixels; multiply x by the width and y by the height.',
    images.fileNames[firstOf(objects.image[0])],
    fractions,
  );
  return true;
}

/** Polygons and boxes that all end at 100 in much larger images. */
function warnOfPerCent(
  { objects, images, firstOf, problems }: Checked,
  { polygons, runLengths }: Pick<Tally, 'polygons' | 'runLengths'>,
): boolean {
  const { count, box, maskExtent, maskArea, image } = objects;
  // the tally holds the first record, and those that the fast way does not read
  if (count < ENOUGH || polygons === 0 || runLengths > 0) return false;
  let [right, bottom] = [0, 0];
  for (let k = 0; k < count; k++) {
    const at = 4 * k;
    const i = firstOf(image[k]);
    if (images.width[i] < LARGE || images.height[i] < LARGE) return false;
    right = Math.max(right, box[at] + box[at + 2], maskArea[k] > 0 ? maskExtent[at + 2] : 0);
    bottom = Math.max(bottom, box[at + 1] + box[at + 3], maskArea[k] > 0 ? maskExtent[at + 3] : 0);
    if (right > 100.5 || bottom > 100.5) return false;
  }
  if (right < 60 || bottom < 60) return false;
  problems.warn(
    'polygons-in-per-cent',
    'Polygons have no coordinate above 100, though their images are much larger: they look like per cent of the image. Coordinates are pixels; multiply x by a hundredth of the width and y by a hundredth of the height.',
    images.fileNames[firstOf(image[0])],
    count,
  );
  return true;
}
