/**
 * From matches to precision and recall: pycocotools' `COCOeval.accumulate` for one slice of the images, one size class
 * and one maxDets, over all ten IoU thresholds.
 *
 * Shapes: T = 10 IoU thresholds, R = 101 recall thresholds; `precision[t * R + r]`, `recall[t]`.
 *
 * A slice is a list of entries in ranking order plus, if wanted, a weight per image: 1 for the plain number, a drawn
 * count for a resample. Weighting an image by w equals repeating it w times.
 *
 * The reference computes precision at every detection, makes it non-increasing from the right, and reads it at 101
 * points. We line up the detections that take part and turn them into a row of bits per threshold, true or not, with
 * running counts every 32 bits. Where a recall is reached is found by bisection; and since precision can only be best
 * at the last of several true positives in a row, only those are looked at, and of 32 bits none where even the best
 * order of them would not exceed the best so far.
 */
import { ALL_BITS, ignoredIn, type Matches, matchedIn, THRESHOLDS } from './match.ts';
import { RECALL_THRESHOLDS } from './protocol.ts';
import type { Ranking } from './rank.ts';

export const RECALLS = RECALL_THRESHOLDS.length;

/** numpy's np.spacing(1), which the reference adds to the denominator of precision. */
const EPSILON = 2 ** -52;

/** Images that belong together, e.g. all, or those of one cell type. */
export interface Slice {
  images: Uint32Array;
  /** the slice's entries, by score over all its images */
  order: Uint32Array;
  /** image of each, and its place among the image's entries */
  orderImage: Uint32Array;
  orderPlace: Uint32Array;
}

export interface Curve {
  /** ground truth that counts (npig), weighted */
  countable: number;
  /** [T × R], or null without countable ground truth */
  precision: Float64Array | null;
  /** [T] last recall */
  recall: Float64Array | null;
  /** [T] exact area under the non-increasing precision-recall curve; only when asked for */
  area?: Float64Array;
  /** [T × R] the score at which each recall is reached, 0 where it never is; only when asked for */
  scores?: Float64Array;
}

/** The entries of some images, in ranking order. */
export function sliceOf(ranking: Ranking, images: Uint32Array, allImages: number): Slice {
  const { order, orderImage, orderPlace } = ranking;
  if (images.length === allImages) return { images, order, orderImage, orderPlace };
  const inside = new Uint8Array(allImages);
  for (const i of images) inside[i] = 1;
  let count = 0;
  for (const i of images) count += ranking.start[i + 1] - ranking.start[i];
  const slice = {
    images,
    order: new Uint32Array(count),
    orderImage: new Uint32Array(count),
    orderPlace: new Uint32Array(count),
  };
  let at = 0;
  for (let k = 0; k < order.length; k++) {
    if (!inside[orderImage[k]]) continue;
    slice.order[at] = order[k];
    slice.orderImage[at] = orderImage[k];
    slice.orderPlace[at++] = orderPlace[k];
  }
  return slice;
}

/** What a curve is of. */
export interface Want {
  /** index into `matches.classes` */
  sizeClass: number;
  /** detections per image that take part */
  maxDets: number;
}

/** The detections of a slice that take part in a curve, one behind the other by score. */
export interface Line extends Want {
  /** ground truth that counts (npig), weighted */
  countable: number;
  n: number;
  /** [n] thresholds at which it is true */
  hits: Uint16Array;
  /** [n] thresholds at which it counts */
  counts: Uint16Array;
  /** all of them count at all thresholds */
  alwaysCount: boolean;
  /** [n] its place in the slice's order */
  place: Uint32Array;
  /** place of the first detection within maxDets, whatever becomes of it; -1 when there is none */
  first: number;
}

/**
 * Lines up the detections that take part in some curves of a slice.
 *
 * @param weights a weight per image, a whole number: so often the image's detections stand in line
 * @returns a line for each that is wanted; good until the next call
 */
export function lineUp(
  matches: Matches,
  ranking: Ranking,
  slice: Slice,
  wants: readonly Want[],
  weights?: ArrayLike<number>,
): Line[] {
  const { order, orderPlace, originalPlace } = weights ? repeated(slice, weights) : { ...slice, originalPlace: null };
  const images = ranking.start.length - 1;
  const inOrder = room(order.length);
  let at = -1; // the size class whose fates stand there
  return wants.map(({ sizeClass, maxDets }, w) => {
    if (sizeClass !== at) {
      // one row at a time: it fits a processor's cache, and from here on all is read in order
      const row = matches.fate.subarray(sizeClass * ranking.count, (sizeClass + 1) * ranking.count);
      for (let k = 0; k < order.length; k++) inOrder[k] = row[order[k]];
      at = sizeClass;
    }
    let countable = 0;
    for (const i of slice.images) countable += matches.countable[sizeClass * images + i] * (weights ? weights[i] : 1);
    const line = { sizeClass, maxDets, countable, n: 0, ...columnsFor(w, order.length), alwaysCount: true, first: -1 };
    fill(line, inOrder, orderPlace);
    line.first = orderPlace.findIndex((place) => place < maxDets);
    if (originalPlace) {
      for (let k = 0; k < line.n; k++) line.place[k] = originalPlace[line.place[k]];
      if (line.first >= 0) line.first = originalPlace[line.first];
    }
    return line;
  });
}

/** A slice in which each detection stands as often as its image weighs. */
function repeated({ order, orderImage, orderPlace }: Slice, weights: ArrayLike<number>) {
  let length = 0;
  for (let k = 0; k < order.length; k++) length += weights[orderImage[k]];
  const slice = {
    order: new Uint32Array(length),
    orderPlace: new Uint32Array(length),
    originalPlace: new Uint32Array(length),
  };
  let at = 0;
  for (let k = 0; k < order.length; k++) {
    for (let copy = 0; copy < weights[orderImage[k]]; copy++) {
      slice.order[at] = order[k];
      slice.orderPlace[at] = orderPlace[k];
      slice.originalPlace[at++] = k;
    }
  }
  return slice;
}

function room(length: number): Int32Array {
  if (fates.length < length) fates = new Int32Array(length);
  return fates;
}

let fates = new Int32Array(0);

/** Columns of the lines, used again for the next slice. */
const columns: Pick<Line, 'hits' | 'counts' | 'place'>[] = [];

function columnsFor(line: number, length: number): (typeof columns)[number] {
  // one more is written behind the last, and bits are read 32 at a time
  const room = length + 32;
  if (!columns[line] || columns[line].hits.length < room) {
    columns[line] = { hits: new Uint16Array(room), counts: new Uint16Array(room), place: new Uint32Array(room) };
  }
  return columns[line];
}

/** Takes those that count somewhere, of each image as many as take part. */
function fill(line: Line, fates: Int32Array, orderPlace: Uint32Array): void {
  const { hits, counts, place } = line;
  const maxDets = Math.min(line.maxDets, 2 ** 30); // a whole number, also where all take part
  let n = 0;
  let always = ALL_BITS;
  for (let k = 0; k < orderPlace.length; k++) {
    const fate = fates[k];
    const counting = ALL_BITS & ~ignoredIn(fate);
    // written first and kept only if it counts: which do is anybody's guess, a processor's too
    hits[n] = fate & counting;
    counts[n] = counting;
    place[n] = k;
    // 1, or 0 if it counts nowhere or is beyond maxDets
    const keep = ((counting + ALL_BITS) >> THRESHOLDS) & ((orderPlace[k] - maxDets) >>> 31);
    n += keep;
    always &= counting | (keep - 1);
  }
  line.n = n;
  line.alwaysCount = always === ALL_BITS;
}

/** A line as a row of bits per threshold, 32 to a word, with running counts. */
interface BitRows {
  words: number;
  /** [T × W] bit j of word w is detection 32 w + j */
  bits: Int32Array;
  /** [T × (W + 1)] set bits before each word */
  before: Int32Array;
}

const NO_ROWS: BitRows = { words: 0, bits: new Int32Array(0), before: new Int32Array(0) };
let hitRows = NO_ROWS;
let countRows = NO_ROWS;

function toRows(patterns: Uint16Array, n: number, room: BitRows): BitRows {
  const words = (n + 31) >> 5;
  const rows =
    room.bits.length >= THRESHOLDS * words && room.before.length >= THRESHOLDS * (words + 1)
      ? { ...room, words }
      : {
          words,
          bits: new Int32Array(THRESHOLDS * words),
          before: new Int32Array(THRESHOLDS * (words + 1)),
        };
  const { bits, before } = rows;
  patterns.fill(0, n, words << 5);
  for (let w = 0; w < words; w++) {
    // two 16 × 16 matrices of bits side by side, transposed (Warren, Hacker's Delight, 7-3)
    for (let j = 0; j < 16; j++) square[j] = patterns[(w << 5) + j] | (patterns[(w << 5) + 16 + j] << 16);
    swapHalves(8, 0x00ff00ff);
    swapHalves(4, 0x0f0f0f0f);
    swapHalves(2, 0x33333333);
    swapHalves(1, 0x55555555);
    for (let t = 0; t < THRESHOLDS; t++) bits[t * words + w] = square[t];
  }
  for (let t = 0; t < THRESHOLDS; t++) {
    let sum = 0;
    for (let w = 0; w < words; w++) {
      before[t * (words + 1) + w] = sum;
      sum += popcount(bits[t * words + w]);
    }
    before[t * (words + 1) + words] = sum;
  }
  return rows;
}

const square = new Int32Array(16);

function swapHalves(by: number, mask: number): void {
  for (let k = 0; k < 16; k = (k + by + 1) & ~by) {
    const swap = ((square[k] >>> by) ^ square[k + by]) & mask;
    square[k + by] ^= swap;
    square[k] ^= swap << by;
  }
}

/** Bits that are set. */
function popcount(x: number): number {
  x -= (x >>> 1) & 0x55555555;
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  x = (x + (x >>> 4)) & 0x0f0f0f0f;
  return Math.imul(x, 0x01010101) >>> 24;
}

export interface CurveOptions {
  /** also integrate the curve exactly */
  exactArea?: boolean;
  /** also say at which score each recall is reached */
  scores?: boolean;
  /** [T] ground truth that does not count at a threshold; none of it may be matched there, and some must be left */
  absent?: ArrayLike<number>;
}

/**
 * One curve: `lineUp` for one size class, and what `curveOf` reads from it.
 *
 * @param sizeClass index into `matches.classes`
 * @param maxDets detections per image that take part
 * @param options.weights a weight per image, a whole number
 */
export function accumulate(
  matches: Matches,
  ranking: Ranking,
  slice: Slice,
  sizeClass: number,
  maxDets: number,
  options: CurveOptions & { weights?: ArrayLike<number> } = {},
): Curve {
  const [line] = lineUp(matches, ranking, slice, [{ sizeClass, maxDets }], options.weights);
  return curveOf(line, ranking, slice, options);
}

export function curveOf(line: Line, ranking: Ranking, slice: Slice, options: CurveOptions = {}): Curve {
  const { countable, n, hits, counts, place, alwaysCount, first } = line;
  // no ground truth that counts: nothing to average, which is not zero
  if (countable === 0) return { countable, precision: null, recall: null };
  hitRows = toRows(hits, n, hitRows);
  if (!alwaysCount) countRows = toRows(counts, n, countRows);

  const precision = new Float64Array(THRESHOLDS * RECALLS);
  const recall = new Float64Array(THRESHOLDS);
  const scores = options.scores ? new Float64Array(THRESHOLDS * RECALLS) : null;
  const area = options.exactArea ? new Float64Array(THRESHOLDS) : undefined;
  const reached = new Int32Array(RECALLS);
  for (let t = 0; t < THRESHOLDS; t++) {
    const present = countable - (options.absent ? options.absent[t] : 0);
    const row: Row = {
      hits: hitRows,
      counts: alwaysCount ? null : countRows,
      t,
      n,
      found: hitRows.before[t * (hitRows.words + 1) + hitRows.words],
    };
    recall[t] = row.found / present;
    if (ranking.unscored) readEnd(row, present, precision, reached);
    else readCurve(row, present, precision, reached);
    if (area) area[t] = ranking.unscored ? precisionAtEnd(row) * recall[t] : areaUnder(row) / present;
    if (!scores) continue;
    for (let r = 0; r < RECALLS; r++)
      if (reached[r] >= 0) scores[t * RECALLS + r] = ranking.score[slice.order[place[reached[r]]]];
    // recall 0 is reached by the very first detection, whatever became of it
    scores[t * RECALLS] = first < 0 ? 0 : ranking.score[slice.order[first]];
  }
  const curve: Curve = { countable, precision, recall };
  if (area) curve.area = area;
  if (scores) curve.scores = scores;
  return curve;
}

/** One threshold of a line. */
interface Row {
  hits: BitRows;
  /** null: all count */
  counts: BitRows | null;
  t: number;
  n: number;
  /** true positives in all */
  found: number;
}

/** Detections that count before word w. */
function countedBefore({ counts, t }: Row, w: number): number {
  return counts ? counts.before[t * (counts.words + 1) + w] : w << 5;
}

/** Those of word w that count, up to and including bit j. */
function countedUpTo({ counts, t }: Row, w: number, j: number): number {
  return counts ? popcount(counts.bits[t * counts.words + w] & upTo(j)) : j + 1;
}

/** Bits 0 to j. */
function upTo(j: number): number {
  return -1 >>> (31 - j);
}

/**
 * Precision at the 101 recall thresholds, written to `out[t …]`: from the right, the best precision at or behind the
 * first detection at which the recall is reached, and 0 where it never is.
 *
 * @param present ground truth that counts
 * @param reached [R] gets the place of that detection in the line, or -1
 */
function readCurve(row: Row, present: number, out: Float64Array, reached: Int32Array): void {
  const { hits, t, n, found } = row;
  const at = t * RECALLS;
  let envelope = 0;
  let next = n; // where the recall to the right is reached
  for (let r = RECALLS - 1; r >= 0; r--) {
    const needed = hitsFor(RECALL_THRESHOLDS[r], present);
    const first = n === 0 || needed > found ? n : needed === 0 ? 0 : placeOf(hits, t, needed, next);
    if (first < next) envelope = bestBetween(row, first, next, envelope);
    out[at + r] = first < n ? envelope : 0;
    reached[r] = first < n ? first : -1;
    next = first;
  }
}

/** The fewest true positives whose recall, as a float64 quotient, reaches a recall threshold. */
export function hitsFor(recall: number, countable: number): number {
  let hits = Math.ceil(recall * countable);
  while (hits > 0 && (hits - 1) / countable >= recall) hits--;
  while (hits / countable < recall) hits++;
  return hits;
}

/** The place of the `wanted`-th true positive, counted from 1, which is before or at `last`. */
function placeOf({ words, bits, before }: BitRows, t: number, wanted: number, last: number): number {
  const row = t * (words + 1);
  let low = 0;
  let high = Math.min(words - 1, last >> 5); // the last word with fewer than `wanted` before it
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (before[row + middle] < wanted) low = middle;
    else high = middle - 1;
  }
  let word = bits[t * words + low];
  for (let skip = wanted - before[row + low] - 1; skip > 0; skip--) word &= word - 1;
  return (low << 5) + 31 - Math.clz32(word & -word);
}

/** The best precision of the places from `first` to before `next`, or `envelope` if that is better. */
function bestBetween(row: Row, first: number, next: number, envelope: number): number {
  const { hits, t } = row;
  const lastWord = (next - 1) >> 5;
  for (let w = first >> 5; w <= lastWord; ) {
    const word = hits.bits[t * hits.words + w];
    const tp = hits.before[t * (hits.words + 1) + w];
    const all = countedBefore(row, w);
    // (tp + x) / (all + x) > envelope needs x more, all of them true
    const x = (envelope * all - tp) / (1 - envelope);
    if (x >= 32) {
      // at most 32 of a word count
      w += Math.min(x * (1 - 1e-9), 2 ** 30) >> 5 || 1;
      continue;
    }
    // the last of each row of true positives, within the bounds
    let ends = word & ~(word >>> 1);
    if (w === first >> 5) ends &= -1 << (first & 31);
    if (w === lastWord) {
      const bound = upTo((next - 1) & 31);
      ends = (ends & bound) | (word & bound & ~(bound >>> 1));
      if (w === first >> 5) ends &= -1 << (first & 31);
    }
    while (ends !== 0) {
      const j = 31 - Math.clz32(ends & -ends);
      ends &= ends - 1;
      // the reference's fp + tp + spacing: sums of whole numbers, so their order does not matter
      const precision = (tp + popcount(word & upTo(j))) / (all + countedUpTo(row, w, j) + EPSILON);
      if (precision > envelope) envelope = precision;
    }
    w++;
  }
  return envelope;
}

/** Σ (R_k − R_{k−1}) · max_{j ≥ k} P_j over the true positives k, from the right, times the ground truth present. */
function areaUnder(row: Row): number {
  const { hits, t } = row;
  let area = 0;
  // the best so far as a fraction: comparing products costs less than dividing
  let bestTp = 0;
  let bestAll = 1;
  for (let w = hits.words - 1; w >= 0; w--) {
    const word = hits.bits[t * hits.words + w];
    if (word === 0) continue;
    const tp = hits.before[t * (hits.words + 1) + w];
    const all = countedBefore(row, w);
    for (let ends = word & ~(word >>> 1); ends !== 0; ) {
      const j = 31 - Math.clz32(ends);
      ends &= ~(1 << j);
      const tpHere = tp + popcount(word & upTo(j));
      const allHere = all + countedUpTo(row, w, j);
      if (tpHere * bestAll > bestTp * allHere) {
        // all recall gained between here and the best so far was gained at that precision
        area += (bestTp - tpHere) * (bestTp / (bestAll + EPSILON));
        bestTp = tpHere;
        bestAll = allHere;
      }
    }
  }
  return area + bestTp * (bestTp / (bestAll + EPSILON));
}

/** Without scores there is one place to look, the end: one precision at one recall, which no order can change. */
function readEnd(row: Row, present: number, out: Float64Array, reached: Int32Array): void {
  const precision = precisionAtEnd(row);
  for (let r = 0; r < RECALLS; r++) {
    const here = row.n > 0 && hitsFor(RECALL_THRESHOLDS[r], present) <= row.found;
    out[row.t * RECALLS + r] = here ? precision : 0;
    reached[r] = here ? 0 : -1;
  }
}

function precisionAtEnd(row: Row): number {
  const all = row.counts ? countedBefore(row, row.counts.words) : row.n;
  return row.found / (all + EPSILON);
}

/** Recall at each IoU threshold with the best `maxDets` detections of each image, [T], or null without ground truth. */
export function recallAt(
  matches: Matches,
  ranking: Ranking,
  images: Uint32Array,
  sizeClass: number,
  maxDets: number,
): Float64Array | null {
  const allImages = matches.countable.length / matches.classes.length;
  const row = sizeClass * ranking.count;
  // how often each pattern of thresholds occurs
  const patterns = new Uint32Array(ALL_BITS + 1);
  let countable = 0;
  for (const i of images) {
    countable += matches.countable[sizeClass * allImages + i];
    const to = Math.min(ranking.start[i + 1], ranking.start[i] + maxDets);
    for (let e = ranking.start[i]; e < to; e++) {
      const of = matches.fate[row + e];
      patterns[matchedIn(of) & ~ignoredIn(of)]++;
    }
  }
  if (countable === 0) return null;
  const tp = countBits(patterns);
  for (let t = 0; t < THRESHOLDS; t++) tp[t] /= countable;
  return tp;
}

/** How many have each bit set, from how often each pattern of bits occurs. */
function countBits(patterns: Uint32Array): Float64Array {
  const counts = new Float64Array(THRESHOLDS);
  patterns.forEach((times, pattern) => {
    for (let t = 0; t < THRESHOLDS; t++) counts[t] += times * ((pattern >> t) & 1);
  });
  return counts;
}

/** Counts at one score threshold, for measures that know no ranking. Shapes: T IoU thresholds. */
export interface Operating {
  /** detections at or above it take part; null when there are none */
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
 * The counts at the single score threshold with the best F1 at IoU 0.5 (of equal ones the highest), all sizes.
 * F1 = 2TP / (2TP + FP + FN). Detections of equal score stand or fall together.
 *
 * @param line the slice's detections of all sizes, lined up with the same `maxDets`
 */
export function operatingPoint(
  matches: Matches,
  ranking: Ranking,
  slice: Slice,
  maxDets: number,
  [line]: readonly Line[] = lineUp(matches, ranking, slice, [{ sizeClass: 0, maxDets }]),
): Operating {
  const { images } = slice;
  const { start, score } = ranking;
  const { fate } = matches;
  const scoreThreshold = bestThreshold(ranking, slice, line);

  const result: Operating = {
    scoreThreshold,
    countable: line.countable,
    tp: new Float64Array(THRESHOLDS),
    fp: new Float64Array(THRESHOLDS),
    iouSum: 0,
    above: 0,
    meanImageJaccard: null,
  };
  const jaccard = new Float64Array(THRESHOLDS);
  const imageTp = new Float64Array(THRESHOLDS);
  const imageFp = new Float64Array(THRESHOLDS);
  // an IoU reaches all thresholds up to one: nearly every detection is true at those below some t and false above
  const below = new Uint32Array(THRESHOLDS + 1);
  let counted = 0;
  for (const i of images) {
    imageTp.fill(0);
    imageFp.fill(0);
    below.fill(0);
    let any = matches.countable[i] > 0;
    const to = Math.min(start[i + 1], start[i] + maxDets);
    // within an image entries stand by score, so those below the threshold are all at the end
    for (let e = start[i]; e < to && score[e] >= scoreThreshold!; e++) {
      const of = fate[e];
      const counts = ALL_BITS & ~ignoredIn(of);
      const hits = matchedIn(of) & counts;
      if (counts) any = true;
      if (counts === ALL_BITS && (hits & (hits + 1)) === 0) below[32 - Math.clz32(hits)]++;
      else {
        for (let t = 0; t < THRESHOLDS; t++) {
          imageTp[t] += (hits >> t) & 1;
          imageFp[t] += ((counts ^ hits) >> t) & 1;
        }
      }
      if (hits & 1 && matches.iou[e] > 0.5) {
        result.iouSum += matches.iou[e];
        result.above++;
      }
    }
    let fp = 0;
    let tp = 0;
    for (let t = 0; t <= THRESHOLDS; t++) tp += below[t];
    for (let t = 0; t < THRESHOLDS; t++) {
      tp -= below[t];
      fp += below[t];
      imageTp[t] += tp;
      imageFp[t] += fp;
    }
    for (let t = 0; t < THRESHOLDS; t++) {
      result.tp[t] += imageTp[t];
      result.fp[t] += imageFp[t];
      const union = imageFp[t] + matches.countable[i];
      if (union > 0) jaccard[t] += imageTp[t] / union;
    }
    if (any) counted++;
  }
  if (counted > 0 && start.length > 1) result.meanImageJaccard = jaccard.map((sum) => sum / counted);
  return result;
}

/** The score at and above which F1 at IoU 0.5 is best; null without detections. */
function bestThreshold({ score }: Ranking, { order }: Slice, line: Line): number | null {
  const { n, hits, counts, place, countable } = line;
  if (order.length === 0) return null;
  // before the first that counts, nothing is found: F1 is 0 from the very first on
  let best = -1;
  let bestF1 = -1;
  let tp = 0;
  let all = 0;
  for (let k = 0; k < n; k++) {
    all += counts[k] & 1;
    tp += hits[k] & 1;
    const f1 = (2 * tp) / (all + countable || 1);
    if (f1 <= bestF1) continue;
    // inside a tie nothing is decided: it ends before the next score
    if (k + 1 < n && score[order[place[k]]] === score[order[place[k + 1]]]) continue;
    bestF1 = f1;
    best = place[k];
  }
  return best < 0 || bestF1 <= 0 ? score[order[0]] : score[order[best]];
}
