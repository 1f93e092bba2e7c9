/**
 * Ground truth as label images, in which each pixel belongs to at most one object (PROTOCOL, "The numbers other papers
 * report"). There are two ways to flatten overlapping annotations, and other papers use one or the other. Crowd regions
 * are left out; of images that share a file name, the first represents all.
 *
 * Pixels are numbered column by column, as in run-length masks.
 *
 * Sources: torch-em's `get_livecell_loader` (`flat-large`), Cellpose 2's preparation of LIVECell (`flat-cellpose`).
 */
import { stem } from '#lib/livecell/cell-types.ts';
import { allocate, type Dataset } from '../coco/dataset.ts';
import { type Kept, thread } from '../kernels/thread-state.ts';

export const TRUTH_VARIANTS = ['flat-large', 'flat-cellpose'] as const;
export type TruthVariant = (typeof TRUTH_VARIANTS)[number];

/**
 * One flattened variant of a data set. Shapes: F files, L labels. Most labels equal their object's mask in the data
 * set.
 */
export interface FlatTruth {
  /** SHA-256 of all label images: little-endian uint16, row by row, labels numbered as they appear */
  digest: string;
  /** [F] image that represents the file, ascending */
  images: Uint32Array;
  /** [F + 1] first label of each file */
  labelStart: Uint32Array;
  /** [L] object shown by the label */
  object: Uint32Array;
  /** [L] pixels */
  area: Uint32Array;
  /**
   * [L + 1] start in `runs` of each label that differs from its object's mask; equal to the next start if it does not
   * differ
   */
  runStart: Uint32Array;
  /** first pixel and end of each run */
  runs: Uint32Array;
}

/** Incremental digest of bytes. */
interface Digester {
  update(bytes: Uint8Array): void;
  digest(): string;
}

/** torch-em drops labels with fewer pixels. */
const FEWEST_PIXELS = 50;
/** Cellpose drops a mask if a larger share of it lies under other masks. */
const MOST_OVERLAP = 0.75;

/** Return the first of the images that share a file name, for each file; ascending. */
export function imagesByFile(fileNames: readonly string[]): Uint32Array {
  const seen = new Set<string>();
  return Uint32Array.from([...fileNames.keys()].filter((i) => seen.size < seen.add(stem(fileNames[i])).size));
}

/**
 * Flatten a data set in one of the two ways.
 *
 * @param digester the platform's SHA-256
 * @throws RangeError if an image has more objects than a 16-bit label image can number
 */
export function flattenTruth(dataset: Dataset, variant: TruthVariant, digester: Digester): FlatTruth {
  const { images: all, objects, objectStart } = dataset;
  const images = imagesByFile(all.fileNames);
  const labels: { object: number; area: number; runs: number[] }[] = [];
  const labelStart = new Uint32Array(allocate(4 * (images.length + 1)));
  images.forEach((image, file) => {
    const width = all.width[image];
    const height = all.height[image];
    const inside: number[] = [];
    for (let g = objectStart[image]; g < objectStart[image + 1]; g++) if (!objects.crowd[g]) inside.push(g);
    if (inside.length > 0xffff)
      throw new RangeError(
        `${all.fileNames[image]} has ${inside.length} objects; a label image of 16 bits numbers 65,535.`,
      );
    const flat = variant === 'flat-large' ? paintLargeOnTop : paintNearest;
    const canvas = clearCanvas(width * height);
    const changed = flat(dataset, inside, canvas, height);
    const found = new Map(inside.map((object, k) => [k + 1, { object, area: 0, runs: [] as number[] }]));
    for (let p = 0; p < canvas.length; ) {
      const label = canvas[p];
      let end = p + 1;
      while (end < canvas.length && canvas[end] === label) end++;
      if (label !== 0) {
        const own = found.get(label)!;
        own.area += end - p;
        if (changed[label - 1]) own.runs.push(p, end);
      }
      p = end;
    }
    for (const own of found.values()) if (own.area > 0) labels.push(own);
    labelStart[file + 1] = labels.length;
    digester.update(labelImage(canvas, width, height));
  });
  const runStart = new Uint32Array(allocate(4 * (labels.length + 1)));
  labels.forEach(({ runs }, l) => {
    runStart[l + 1] = runStart[l] + runs.length;
  });
  const runs = new Uint32Array(allocate(4 * runStart[labels.length]));
  const object = new Uint32Array(allocate(4 * labels.length));
  const area = new Uint32Array(allocate(4 * labels.length));
  labels.forEach((label, l) => {
    object[l] = label.object;
    area[l] = label.area;
    runs.set(label.runs, runStart[l]);
  });
  return { digest: digester.digest(), images, labelStart, object, area, runStart, runs };
}

/**
 * Paint objects by annotated area, small ones first, so that larger cells lie on top; then remove labels of few pixels.
 *
 * @param inside objects of the image
 * @param canvas [pixels] zeros; set to the index in `inside` + 1
 * @returns [inside] whether the label may differ from the object's mask
 */
function paintLargeOnTop({ objects }: Dataset, inside: readonly number[], canvas: Uint16Array): Uint8Array {
  const order = [...inside.keys()].sort((a, b) => objects.area[inside[a]] - objects.area[inside[b]]);
  for (const k of order) eachRun(objects, inside[k], (from, to) => canvas.fill(k + 1, from, to));
  const left = new Uint32Array(inside.length + 1);
  for (const label of canvas) left[label]++;
  for (const k of inside.keys()) {
    if (left[k + 1] >= FEWEST_PIXELS) continue;
    eachRun(objects, inside[k], (from, to) => {
      for (let p = from; p < to; p++) if (canvas[p] === k + 1) canvas[p] = 0;
    });
  }
  return Uint8Array.from(inside, (object, k) => Number(left[k + 1] < objects.maskArea[object]));
}

/**
 * Visit masks by size, small ones first, and drop each one of which at least 75 % is covered by more than one remaining
 * mask; then give each shared pixel to the mask with the nearest centre among all remaining masks of the image.
 * Parameters and result as for `paintLargeOnTop`.
 */
function paintNearest(
  { objects }: Dataset,
  inside: readonly number[],
  canvas: Uint16Array,
  height: number,
): Uint8Array {
  const covering = scratchFor(coveringScratch, canvas.length).fill(0);
  const add = (object: number, by: number): void =>
    eachRun(objects, object, (from, to) => {
      for (let p = from; p < to; p++) covering[p] += by;
    });
  for (const object of inside) add(object, 1);

  const order = [...inside.keys()].sort((a, b) => objects.maskArea[inside[a]] - objects.maskArea[inside[b]]);
  const dropped = new Uint8Array(inside.length);
  for (const k of order) {
    let shared = 0;
    eachRun(objects, inside[k], (from, to) => {
      for (let p = from; p < to; p++) if (covering[p] > 1) shared++;
    });
    if (shared < MOST_OVERLAP * objects.maskArea[inside[k]]) continue;
    dropped[k] = 1;
    add(inside[k], -1);
  }

  const remaining = [...inside.keys()].filter((k) => !dropped[k]);
  const nearest = nearestOf(remaining.map((k) => ({ k, ...centreOf(objects, inside[k], height) })));
  const changed = new Uint8Array(inside.length);
  for (const k of remaining) {
    eachRun(objects, inside[k], (from, to) => {
      for (let p = from; p < to; p++) {
        if (covering[p] === 1) canvas[p] = k + 1;
        else {
          changed[k] = 1;
          if (canvas[p] !== 0) continue; // already assigned via another of its masks
          const winner = nearest(Math.floor(p / height), p % height);
          canvas[p] = winner + 1;
          changed[winner] = 1;
        }
      }
    });
  }
  return changed;
}

interface Centre {
  k: number;
  x: number;
  y: number;
}

/** Return the mean position of a mask's pixels. */
function centreOf(objects: Dataset['objects'], object: number, height: number): { x: number; y: number } {
  let x = 0;
  let y = 0;
  eachRun(objects, object, (from, to) => {
    for (let p = from; p < to; p++) {
      x += Math.floor(p / height);
      y += p % height;
    }
  });
  const pixels = objects.maskArea[object];
  return { x: x / pixels, y: y / pixels };
}

/** Find the centre nearest to a pixel, the lower index among equals: search outwards by x until none can be nearer. */
function nearestOf(centres: readonly Centre[]): (x: number, y: number) => number {
  const byX = [...centres].sort((a, b) => a.x - b.x);
  return (x, y) => {
    let right = 0;
    for (let high = byX.length; right < high; ) {
      const middle = (right + high) >> 1;
      if (byX[middle].x < x) right = middle + 1;
      else high = middle;
    }
    let left = right - 1;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    const look = ({ k, x: cx, y: cy }: Centre): boolean => {
      const across = (cx - x) ** 2;
      if (across > least) return false;
      const distance = across + (cy - y) ** 2;
      if (distance < least || (distance === least && k < best)) {
        least = distance;
        best = k;
      }
      return true;
    };
    while (left >= 0 || right < byX.length) {
      if (left >= 0 && !look(byX[left--])) left = -1;
      if (right < byX.length && !look(byX[right++])) right = byX.length;
    }
    return best;
  };
}

function clearCanvas(pixels: number): Uint16Array {
  return scratchFor(canvasScratch, pixels).fill(0);
}

/** One number per pixel. */
interface PixelScratch {
  values: Uint16Array<ArrayBuffer>;
}

const newScratch = (): PixelScratch => ({ values: new Uint16Array(0) });
const scratchBytes = ({ values }: PixelScratch): number => values.byteLength;
const canvasScratch = thread.keep(newScratch, scratchBytes);
const rowsScratch = thread.keep(newScratch, scratchBytes);
/** how many masks lie over each pixel */
const coveringScratch = thread.keep(newScratch, scratchBytes);

/** Return room for the pixels of an image, with whatever was in it before. */
function scratchFor(kept: Kept<PixelScratch>, pixels: number): Uint16Array<ArrayBuffer> {
  const scratch = kept.get();
  if (scratch.values.length < pixels) scratch.values = new Uint16Array(pixels);
  return scratch.values.subarray(0, pixels);
}

/** Return the label image as bytes: row by row, little-endian uint16, labels numbered from 1 in order of appearance. */
function labelImage(canvas: Uint16Array, width: number, height: number): Uint8Array {
  const rows = scratchFor(rowsScratch, canvas.length);
  const numbers = new Uint16Array(0x10000);
  let count = 0;
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let p = y; p < canvas.length; p += height) {
      const label = canvas[p];
      if (label !== 0 && numbers[label] === 0) numbers[label] = ++count;
      rows[at++] = numbers[label];
    }
  }
  const bytes = new Uint8Array(rows.buffer, rows.byteOffset, 2 * width * height);
  return LITTLE_ENDIAN ? bytes : swapped(bytes);
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function swapped(bytes: Uint8Array): Uint8Array {
  return bytes.map((_, k) => bytes[k ^ 1]);
}

/** Call `visit` with first pixel and end of each run of an object's mask. */
function eachRun(objects: Dataset['objects'], object: number, visit: (from: number, to: number) => void): void {
  const intervals = objects.intervals[objects.part[object]];
  for (let k = objects.maskStart[object]; k < objects.maskEnd[object]; k += 2) visit(intervals[k], intervals[k + 1]);
}
