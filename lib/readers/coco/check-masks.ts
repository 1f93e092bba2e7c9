/**
 * Checks whether masks lie in their own boxes and fill them as cells do. One cheap measure per object, from existing
 * columns; only if many masks fail are some of them examined for the likely cause.
 */
import type { Objects } from '#lib/coco/dataset.ts';
import type { Checked } from './check-boxes.ts';
import type { Tally } from './reading.ts';
import { canReach, type Screening } from './screening.ts';

/** A mask fails if less than this share of it lies in its box. */
const INSIDE = 0.5;

/** Failing masks cause a warning from this number, and this share of those with a box, on. */
const FEWEST = 3;
const SHARE = 0.1;

/** Number of masks examined for the cause. */
const SAMPLE = 200;

/** A cause must explain this share of the sample. */
const EXPLAINED = 0.6;

/** From this many runs per column of its extent on, a mask is hollow or striped; a filled cell has about one. */
const HOLLOW = 1.7;

type Extent = readonly [x0: number, y0: number, x1: number, y1: number];

/** Warn of masks outside their boxes, hollow masks, and masks of the background. */
export function warnOfMasks(checked: Checked, form: Pick<Tally, 'polygons' | 'runLengths' | 'screening'>): void {
  if (!canWarnOfMasks(form.screening)) return;
  const { objects, problems } = checked;
  const { count, box, maskExtent, maskArea } = objects;
  const off: number[] = [];
  let compared = 0;
  let outside = 0;
  let large = 0;
  let hollow = 0;
  let scattered = 0;
  let masks = 0;
  let [firstLarge, firstHollow, firstScattered] = [-1, -1, -1];
  // of the image at hand, since objects of one image mostly follow each other
  let [image, half] = [Number.NaN, 0];
  for (let k = 0; k < count; k++) {
    const area = maskArea[k];
    if (area === 0 || objects.crowd[k]) continue;
    masks++;
    const at = 4 * k;
    const width = maskExtent[at + 2] - maskExtent[at];
    const height = maskExtent[at + 3] - maskExtent[at + 1];
    const runs = (objects.maskEnd[k] - objects.maskStart[k]) / 2;
    if (width >= 4 && height >= 4 && area < 0.6 * width * height && runs > HOLLOW * width && hollow++ === 0)
      firstHollow = k;
    if (area < 0.1 * width * height && scattered++ === 0) firstScattered = k;
    if (objects.image[k] !== image) {
      image = objects.image[k];
      const i = checked.firstOf(image);
      half = 0.5 * checked.images.width[i] * checked.images.height[i];
    }
    if (area > half && large++ === 0) firstLarge = k;
    const w = box[at + 2];
    const h = box[at + 3];
    if (w <= 0 || h <= 0) continue;
    compared++;
    const across = Math.min(box[at] + w, maskExtent[at + 2]) - Math.max(box[at], maskExtent[at]);
    const down = Math.min(box[at + 1] + h, maskExtent[at + 3]) - Math.max(box[at + 1], maskExtent[at + 1]);
    if (across > 0 && down > 0 && across * down >= INSIDE * width * height) continue;
    outside++;
    if (off.length < SAMPLE) off.push(k);
  }
  const example = (k: number) => checked.images.fileNames[checked.firstOf(objects.image[k])];
  if (outside >= FEWEST && outside >= SHARE * compared) {
    problems.warn(
      'masks-outside-boxes',
      `Masks do not lie in their own boxes: ${outside.toLocaleString('en')} of ${compared.toLocaleString('en')}. ${likelyCause(checked, off, form)}`,
      example(off[0]),
      outside,
    );
    return;
  }
  if (large >= FEWEST && large > masks / 2) {
    problems.warn(
      'masks-cover-background',
      'Most masks cover more than half of their image: are they inverted? Foreground is the cell; run lengths begin with the background, with 0 where the first pixel is foreground.',
      example(firstLarge),
      large,
    );
    return;
  }
  if (hollow >= FEWEST && hollow > masks / 2) {
    problems.warn(
      'hollow-masks',
      'Most masks are hollow or striped, with gaps in nearly every column: do they hold the outlines alone, or do polygons list every pixel instead of the corners of the outline? Fill them, or trace the outline in order (cv2.findContours, skimage.measure.find_contours).',
      example(firstHollow),
      hollow,
    );
    return;
  }
  if (scattered >= FEWEST && scattered > masks / 2) {
    problems.warn(
      'scattered-masks',
      'Most masks are scattered over an extent of which they fill less than a tenth: are the run lengths counted along rows? COCO counts down columns (np.asfortranarray, order="F").',
      example(firstScattered),
      scattered,
    );
  }
}

function canWarnOfMasks(screening: Screening): boolean {
  const { outside, large, hollow, scattered } = screening;
  if (canReach(outside, screening, { fewest: FEWEST, share: SHARE })) return true;
  return [large, hollow, scattered].some((odd) => canReach(odd, screening, { fewest: FEWEST, share: 0.5 }));
}

interface Hypothesis {
  says: string;
  fits: (k: number, box: Extent) => boolean;
}

/** Return the cause that explains most of the failing masks. */
function likelyCause(
  { objects, images, firstOf }: Checked,
  off: readonly number[],
  { polygons, runLengths }: { polygons: number; runLengths: number },
): string {
  const sizeOf = (k: number) => {
    const i = firstOf(objects.image[k]);
    return { height: images.height[i], width: images.width[i] };
  };
  const moved = (change: (extent: Extent, size: { height: number; width: number }) => Extent) => {
    return (k: number, box: Extent) => agree(change(extentOf(objects, k), sizeOf(k)), box);
  };
  const shift = medianShift(objects, off);
  const scale = medianScale(objects, off);
  const mostlyRuns = runLengths >= polygons;
  const rows: Hypothesis = {
    says: 'Are the runs counted along rows, or the masks transposed? COCO counts down columns (np.asfortranarray, order="F").',
    fits: (k, box) => agree(extentByRows(objects, k, sizeOf(k)), box),
  };
  const exchanged: Hypothesis = {
    says: 'Are the coordinates y before x? Polygons are [x, y, x, y, …].',
    fits: moved(([x0, y0, x1, y1]) => [y0, x0, y1, x1]),
  };
  const hypotheses: Hypothesis[] = [
    {
      says: 'Are the polygons fractions of the image? Coordinates are pixels.',
      fits: (k) => extentOf(objects, k).every((end) => end <= 2),
    },
    {
      says: 'Are the masks inverted? They cover the background; run lengths begin with the background, with 0 where the first pixel is foreground.',
      fits: (k, box) => agree(extentOfBackground(objects, k, sizeOf(k)), box),
    },
    ...(mostlyRuns ? [rows, exchanged] : [exchanged, rows]),
    {
      says: 'Are the masks flipped upside down? The first row is the top of the image.',
      fits: moved(([x0, y0, x1, y1], { height }) => [x0, height - y1, x1, height - y0]),
    },
    {
      says: 'Are the masks flipped left to right?',
      fits: moved(([x0, y0, x1, y1], { width }) => [width - x1, y0, width - x0, y1]),
    },
    {
      says: 'Are the masks turned by 180°, flipped in both directions?',
      fits: moved(([x0, y0, x1, y1], { height, width }) => [width - x1, height - y1, width - x0, height - y0]),
    },
    {
      says: `Are the masks shifted? Moved by ${shift[0]} pixels to the right and ${shift[1]} down, they lie in their boxes.`,
      fits: moved(([x0, y0, x1, y1]) => [x0 + shift[0], y0 + shift[1], x1 + shift[0], y1 + shift[1]]),
    },
    {
      says: 'Are the polygons in per cent of the image? Coordinates are pixels.',
      fits: moved(([x0, y0, x1, y1], { height, width }) => [
        (x0 * width) / 100,
        (y0 * height) / 100,
        (x1 * width) / 100,
        (y1 * height) / 100,
      ]),
    },
    {
      says: `Are the masks those of a resized image? Enlarged ${scale[0].toFixed(1)} times across and ${scale[1].toFixed(1)} times down, they lie in their boxes.`,
      fits: moved(([x0, y0, x1, y1]) => [x0 * scale[0], y0 * scale[1], x1 * scale[0], y1 * scale[1]]),
    },
  ];
  let best = { says: '', share: 0 };
  for (const { says, fits } of hypotheses) {
    const explained = off.filter((k) => fits(k, boxOf(objects, k))).length / off.length;
    if (explained > best.share) best = { says, share: explained };
  }
  if (best.share >= EXPLAINED) return best.says;
  return 'Do segmentation and bbox belong to the same object, and are both in pixels of the original image?';
}

function extentOf({ maskExtent }: Objects, k: number): Extent {
  const at = 4 * k;
  return [maskExtent[at], maskExtent[at + 1], maskExtent[at + 2], maskExtent[at + 3]];
}

function boxOf({ box }: Objects, k: number): Extent {
  const at = 4 * k;
  return [box[at], box[at + 1], box[at] + box[at + 2], box[at + 1] + box[at + 3]];
}

/** Tell whether two extents nearly coincide: their intersection over union exceeds 0.6. */
function agree(a: Extent, b: Extent): boolean {
  const across = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const down = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (across <= 0 || down <= 0) return false;
  const both = across * down;
  return both > 0.6 * ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both);
}

interface Size {
  height: number;
  width: number;
}

/** Return the extent of a mask if its pixels were numbered along rows. */
function extentByRows(objects: Objects, k: number, { width }: Size): Extent {
  const data = objects.intervals[objects.part[k]];
  let [x0, y0, x1, y1] = [width, Number.POSITIVE_INFINITY, 0, 0];
  for (let i = objects.maskStart[k]; i < objects.maskEnd[k]; i += 2) {
    const last = data[i + 1] - 1;
    const top = Math.floor(data[i] / width);
    const bottom = Math.floor(last / width);
    y0 = Math.min(y0, top);
    y1 = Math.max(y1, bottom + 1);
    x0 = bottom > top ? 0 : Math.min(x0, data[i] - top * width);
    x1 = bottom > top ? width : Math.max(x1, last - bottom * width + 1);
  }
  return [x0, y0, x1, y1];
}

/** Return the extent of everything outside a mask. */
function extentOfBackground(objects: Objects, k: number, { height, width }: Size): Extent {
  const data = objects.intervals[objects.part[k]];
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  const add = (start: number, end: number): void => {
    if (start >= end) return;
    const left = Math.floor(start / height);
    const right = Math.floor((end - 1) / height);
    x0 = Math.min(x0, left);
    x1 = Math.max(x1, right + 1);
    y0 = right > left ? 0 : Math.min(y0, start - left * height);
    y1 = right > left ? height : Math.max(y1, end - right * height);
  };
  let before = 0;
  for (let i = objects.maskStart[k]; i < objects.maskEnd[k]; i += 2) {
    add(before, data[i]);
    before = data[i + 1];
  }
  add(before, height * width);
  return [x0, y0, x1, y1];
}

function medianShift(objects: Objects, off: readonly number[]): [number, number] {
  const at = (axis: 0 | 1) => Math.round(median(off.map((k) => boxOf(objects, k)[axis] - extentOf(objects, k)[axis])));
  return [at(0), at(1)];
}

function medianScale(objects: Objects, off: readonly number[]): [number, number] {
  const ratio = (axis: 0 | 1) =>
    median(
      off.map((k) => {
        const [box, extent] = [boxOf(objects, k), extentOf(objects, k)];
        return (box[axis + 2] - box[axis]) / (extent[axis + 2] - extent[axis]);
      }),
    );
  return [ratio(0), ratio(1)];
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
