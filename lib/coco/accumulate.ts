/**
 * From matches to precision and recall: pycocotools' `COCOeval.accumulate` for one slice of the images, one size class
 * and one maxDets, over all ten IoU thresholds.
 *
 * Shapes: T = 10 IoU thresholds, R = 101 recall thresholds; `precision[t * R + r]`, `recall[t]`.
 *
 * A slice is a list of entries in ranking order, with an optional weight per image: 1 for the plain number, a drawn
 * count for a resample. Weighting an image by w equals repeating it w times.
 *
 * The reference computes precision at every detection, makes it non-increasing from the right, and reads it at 101
 * points. We turn the ordered detections into rows of bits (per threshold: which are true, which count) and walk them
 * once from the right, 64 at a time. Precision can only be best at the last of several consecutive true positives, so
 * only those are examined, and a word of 64 is skipped when even its best possible order would not exceed the best so
 * far. Per-detection work is done in WebAssembly, lib/kernels/assembly/curves.ts.
 */
import { curves as MODULE } from '../kernels/built.ts';
import { instantiate, type Kernel } from '../kernels/kernel.ts';
import { thread } from '../kernels/thread-state.ts';
import { ALL_BITS, type Evaluating, type Matches, THRESHOLDS } from './match.ts';
import { RECALL_THRESHOLDS } from './protocol.ts';
import type { Ranking } from './rank.ts';

export const RECALLS = RECALL_THRESHOLDS.length;

/** numpy's np.spacing(1), which the reference adds to the denominator of precision. */
const EPSILON = 2 ** -52;

/** Images evaluated together, such as all images or those of one cell type. */
export interface Slice {
  images: Uint32Array;
  /** the slice's entries, by score across all its images */
  order: Uint32Array;
}

export interface Curve {
  /** ground truth that counts (npig), weighted */
  countable: number;
  /** [T × R], or null without countable ground truth */
  precision: Float64Array | null;
  /** [T] last recall */
  recall: Float64Array | null;
  /** [T] exact area under the non-increasing precision-recall curve; only on request */
  area?: Float64Array;
  /** [T × R] the score at which each recall is reached, 0 where it never is; only on request */
  scores?: Float64Array;
}

/** Build a slice: the entries of the given images (indices), in ranking order. */
export function sliceOf(ranking: Ranking, images: Uint32Array, allImages: number): Slice {
  return { images, order: images.length === allImages ? ranking.order : inOrder(ranking, images) };
}

/** Return the entries of some images by score, each repeated by its image's weight. */
function inOrder(ranking: Ranking, images: Uint32Array, weights?: ArrayLike<number>): Uint32Array {
  const { order, place, image, start } = ranking;
  // one bit per place in the whole order
  const inside = new Uint32Array((order.length + 31) >> 5);
  let length = 0;
  for (const i of images) {
    const times = weights ? weights[i] : 1;
    if (times === 0) continue;
    length += times * (start[i + 1] - start[i]);
    for (let e = start[i]; e < start[i + 1]; e++) inside[place[e] >> 5] |= 1 << (place[e] & 31);
  }
  const chosen = new Uint32Array(length);
  let at = 0;
  for (let w = 0; w < inside.length; w++) {
    for (let bits = inside[w]; bits !== 0; bits &= bits - 1) {
      const entry = order[(w << 5) + 31 - Math.clz32(bits & -bits)];
      for (let times = weights ? weights[image[entry]] : 1; times > 0; times--) chosen[at++] = entry;
    }
  }
  return chosen;
}

/** Input of a curve: one evaluation's entries of some images. */
export interface Weighted extends Evaluating {
  slice: Slice;
  /** weight per image, a whole number: how often its detections are repeated; default 1 */
  weights?: ArrayLike<number>;
}

/** Which curve to compute. */
export interface Want {
  /** index into `matches.classes` */
  sizeClass: number;
  /** maximum number of detections per image */
  maxDets: number;
}

/** The detections of a slice that contribute to a curve, ordered by score, in the kernel's memory. */
interface Line extends Want, Evaluating {
  slice: Slice;
  /** the slice's entries in order, each repeated by its image's weight */
  order: Uint32Array;
  /** ground truth that counts (npig), weighted */
  countable: number;
  /** address of the entries' fates */
  fates: number;
}

type CurvesKernel = Kernel<
  | 'fates'
  | 'scores'
  | 'ious'
  | 'order'
  | 'images'
  | 'needed'
  | 'found'
  | 'counted'
  | 'precision'
  | 'reached'
  | 'area'
  | 'truePositives'
  | 'falsePositives'
  | 'jaccard'
  | 'iouSum'
  | 'above'
  | 'present',
  {
    layout(entries: number, length: number, images: number): void;
    lineUp(fates: number): void;
    curves(): void;
    areas(): void;
    best(countable: number): number;
    within(fates: number, images: number, maxDets: number): void;
    tally(fates: number, images: number, score: number): void;
  }
>;

/** The thread's kernel. */
const kept = thread.keep(
  () => ({
    // a module does not say what its exports are: the type repeats what lib/kernels/assembly says
    kernel: instantiate(MODULE) as unknown as CurvesKernel,
    /** whether it holds the scores and IoUs of the current slice */
    scored: false,
  }),
  ({ kernel }) => kernel.memory.buffer.byteLength,
);

function kernel(): CurvesKernel {
  return kept.get().kernel;
}

/** View doubles that the kernel wrote; valid until its memory grows or is overwritten. */
function doubles({ value }: WebAssembly.Global<'i32'>, length: number): Float64Array {
  return new Float64Array(kernel().memory.buffer, value, length);
}

function ints({ value }: WebAssembly.Global<'i32'>, length: number): Int32Array {
  return new Int32Array(kernel().memory.buffer, value, length);
}

/** Copy per-entry values of these images; they are mostly contiguous. */
function copyEntries<A extends Int32Array | Float64Array>(
  from: A,
  address: number,
  { start }: Ranking,
  images: Uint32Array,
): A {
  const to = new (from.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => A)(
    kernel().memory.buffer,
    address,
    from.length,
  );
  for (let k = 0; k < images.length; ) {
    const first = images[k];
    let behind = first + 1;
    while (images[++k] === behind) behind++;
    to.set(from.subarray(start[first], start[behind]), start[first]);
  }
  return to;
}

/**
 * Line up the detections for several curves of a slice, one curve after the other.
 *
 * @param read called for each line while it is in the kernel's memory; its results are returned in order
 */
export function lineUp<T>(
  { matches, ranking, slice, weights }: Weighted,
  wants: readonly Want[],
  read: (line: Line) => T,
): T[] {
  const { images } = slice;
  const { start } = ranking;
  const order = weights ? inOrder(ranking, images, weights) : slice.order;
  layOut(ranking, images, order.length);
  new Uint32Array(kernel().memory.buffer, kernel().order.value, order.length).set(order);
  return wants.map(({ sizeClass, maxDets }) => {
    const fates = setFates(matches, ranking, images, { sizeClass, maxDets });
    kernel().lineUp(fates);
    let countable = 0;
    for (const i of images) {
      countable += matches.countable[sizeClass * (start.length - 1) + i] * (weights ? weights[i] : 1);
    }
    return read({ matches, ranking, slice, order, sizeClass, maxDets, countable, fates });
  });
}

/** Make room for a slice; this discards the kernel's previous contents. */
function layOut({ start, count }: Ranking, images: Uint32Array, entriesInOrder: number): void {
  kernel().layout(count, entriesInOrder, images.length);
  const table = ints(kernel().images, 3 * images.length);
  for (let k = 0; k < images.length; k++) {
    table[3 * k] = start[images[k]];
    table[3 * k + 1] = start[images[k] + 1];
  }
  kept.get().scored = false;
}

/** Copy the fates of the images' entries, none beyond maxDets. @returns their address */
function setFates(matches: Matches, ranking: Ranking, images: Uint32Array, { sizeClass, maxDets }: Want): number {
  const { start, count } = ranking;
  const row = matches.fate.subarray(sizeClass * count, (sizeClass + 1) * count);
  const fates = copyEntries(row, kernel().fates.value + (row.byteOffset & 4), ranking, images);
  const table = ints(kernel().images, 3 * images.length);
  for (let k = 0; k < images.length; k++) {
    const i = images[k];
    table[3 * k + 2] = matches.countable[sizeClass * (start.length - 1) + i];
    if (start[i + 1] - start[i] > maxDets) fates.fill(ALL_BITS << 16, start[i] + maxDets, start[i + 1]);
  }
  return fates.byteOffset;
}

interface CurveOptions {
  /** also integrate the curve exactly */
  exactArea?: boolean;
  /** also return the score at which each recall is reached */
  scores?: boolean;
  /** [T] ground truth that does not count at a threshold; none of it may be matched there, and some must be left */
  absent?: ArrayLike<number>;
}

/** Compute one curve: `lineUp` for one size class, read with `curveOf`. */
export function accumulate(weighted: Weighted, want: Want, options: CurveOptions = {}): Curve {
  return lineUp(weighted, [want], (line) => curveOf(line, options))[0];
}

export function curveOf({ countable, ranking, order }: Line, options: CurveOptions = {}): Curve {
  // without countable ground truth there is nothing to average, which is not zero
  if (countable === 0) return { countable, precision: null, recall: null };
  const present = Float64Array.from({ length: THRESHOLDS }, (_, t) => countable - (options.absent?.[t] ?? 0));
  const needed = ints(kernel().needed, THRESHOLDS * RECALLS);
  for (let t = 0; t < THRESHOLDS; t++) {
    if (t > 0 && present[t] === present[t - 1]) needed.copyWithin(t * RECALLS, (t - 1) * RECALLS, t * RECALLS);
    else for (let r = 0; r < RECALLS; r++) needed[t * RECALLS + r] = hitsFor(RECALL_THRESHOLDS[r], present[t]);
  }
  kernel().curves();
  const found = ints(kernel().found, THRESHOLDS);
  const recall = present.map((objects, t) => found[t] / objects);
  const curve: Curve = { countable, precision: null, recall };
  let reached: Int32Array;
  if (ranking.unscored) {
    // only the end can be read: one precision at one recall, which no order can change
    const counted = ints(kernel().counted, THRESHOLDS);
    const atEnd = Float64Array.from(found, (hits, t) => hits / (counted[t] + EPSILON));
    const at = (k: number): number => Math.floor(k / RECALLS);
    curve.precision = Float64Array.from(needed, (hits, k) => (hits <= found[at(k)] ? atEnd[at(k)] : 0));
    if (options.exactArea) curve.area = atEnd.map((precision, t) => precision * recall[t]);
    reached = needed.map((hits, k) => (hits <= found[at(k)] ? order[0] : -1));
  } else {
    curve.precision = doubles(kernel().precision, THRESHOLDS * RECALLS).slice();
    if (options.exactArea) {
      kernel().areas();
      curve.area = doubles(kernel().area, THRESHOLDS).map((area, t) => area / present[t]);
    }
    reached = ints(kernel().reached, THRESHOLDS * RECALLS);
  }
  if (options.scores) {
    curve.scores = Float64Array.from(reached, (entry, k) => {
      // recall 0 is reached by the very first detection, true or not
      if (k % RECALLS === 0) return order.length === 0 ? 0 : ranking.score[order[0]];
      return entry < 0 ? 0 : ranking.score[entry];
    });
  }
  return curve;
}

/** Return the fewest true positives whose recall, as a float64 quotient, reaches a recall threshold. */
export function hitsFor(recall: number, countable: number): number {
  let hits = Math.ceil(recall * countable);
  while (hits > 0 && (hits - 1) / countable >= recall) hits--;
  while (hits / countable < recall) hits++;
  return hits;
}

/**
 * Return recall at each IoU threshold with the best `maxDets` detections of each image of a line, [T]; null without
 * ground truth.
 */
export function recallWithin(
  { slice, countable, fates }: Pick<Line, 'slice' | 'countable' | 'fates'>,
  maxDets: number,
): Float64Array | null {
  if (countable === 0) return null;
  kernel().within(fates, slice.images.length, Math.min(maxDets, 2 ** 30)); // a whole number, also where there is no limit
  return Float64Array.from(ints(kernel().found, THRESHOLDS), (hits) => hits / countable);
}

/** Counts at one score threshold, for measures without ranking. Shapes: T IoU thresholds. */
export interface Operating {
  /** detections with at least this score are counted; null without detections */
  scoreThreshold: number | null;
  countable: number;
  tp: Float64Array;
  fp: Float64Array;
  /** sum of IoU and count of the matches with IoU > 0.5 */
  iouSum: number;
  above: number;
  /** [T] mean over images of the image's Jaccard index; images without objects and detections are left out */
  meanImageJaccard: Float64Array | null;
}

/**
 * Return the counts at the score threshold with the best F1 at IoU 0.5 (the highest of equal ones). F1 = 2TP / (2TP +
 * FP + FN). Detections of equal score are accepted or rejected together.
 *
 * @param line all sizes, unweighted
 */
export function operatingPointOf({ matches, ranking, slice, order, countable, fates }: Line): Operating {
  const { scores, ious, best, tally } = kernel();
  const state = kept.get();
  if (!state.scored) {
    copyEntries(ranking.score, scores.value, ranking, slice.images);
    copyEntries(matches.iou, ious.value, ranking, slice.images);
    state.scored = true;
  }
  const entry = best(countable);
  const scoreThreshold = order.length === 0 ? null : ranking.score[entry < 0 ? order[0] : entry];
  tally(fates, slice.images.length, scoreThreshold ?? 0);
  const { truePositives, falsePositives, jaccard, iouSum, above, present } = kernel();
  return {
    scoreThreshold,
    countable,
    tp: doubles(truePositives, THRESHOLDS).slice(),
    fp: doubles(falsePositives, THRESHOLDS).slice(),
    iouSum: iouSum.value,
    above: above.value,
    meanImageJaccard: present.value > 0 ? doubles(jaccard, THRESHOLDS).map((sum) => sum / present.value) : null,
  };
}
