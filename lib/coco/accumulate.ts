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
 * points. We only add up, without a branch, how many detections and how many true ones stand before each; where a
 * recall is reached is found by bisection, and the best precision behind it by jumping over whatever could not exceed
 * the best so far even if all of it were true.
 */
import { ALL_BITS, type Matches, THRESHOLDS } from './match.ts';
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

/** Scratch columns of the detections that take part, reused from call to call. */
let scratch = newScratch(0);

function newScratch(n: number) {
  return {
    hits: new Uint16Array(n), // thresholds at which it is true
    counts: new Uint16Array(n), // thresholds at which it counts
    entry: new Uint32Array(n),
    weight: new Float64Array(n),
    /** up to and including each: detections that count, and true ones */
    all: new Float64Array(n),
    tp: new Float64Array(n),
  };
}

/**
 * @param sizeClass index into `matches.classes`
 * @param maxDets detections per image that take part
 * @param options.weights a weight per image
 * @param options.exactArea also integrate the curve exactly
 * @param options.scores also say at which score each recall is reached
 * @param options.absent [T] ground truth that does not count at a threshold; none of it may be matched there, and some
 * must be left
 */
export function accumulate(
  matches: Matches,
  ranking: Ranking,
  slice: Slice,
  sizeClass: number,
  maxDets: number,
  options: { weights?: ArrayLike<number>; exactArea?: boolean; scores?: boolean; absent?: ArrayLike<number> } = {},
): Curve {
  const { weights, absent } = options;
  const images = matches.countable.length / matches.classes.length;
  let countable = 0;
  for (const i of slice.images) countable += matches.countable[sizeClass * images + i] * (weights ? weights[i] : 1);
  // no ground truth that counts: nothing to average, which is not zero
  if (countable === 0) return { countable, precision: null, recall: null };

  const { order, orderImage, orderPlace } = slice;
  const row = sizeClass * ranking.count;
  const { matched, ignored } = matches;
  if (scratch.hits.length < order.length) scratch = newScratch(order.length);
  const { hits, counts, entry, weight, all, tp } = scratch;

  // the detections that take part, one behind the other
  let n = 0;
  let first = -1; // the first within maxDets, whatever becomes of it
  let alwaysCount = true;
  for (let k = 0; k < order.length; k++) {
    if (orderPlace[k] >= maxDets) continue;
    const w = weights ? weights[orderImage[k]] : 1;
    if (w === 0) continue;
    const e = order[k];
    if (first < 0) first = e;
    const counting = ALL_BITS & ~ignored[row + e];
    if (counting === 0) continue;
    if (counting !== ALL_BITS) alwaysCount = false;
    hits[n] = matched[row + e] & counting;
    counts[n] = counting;
    entry[n] = e;
    weight[n++] = w;
  }

  const precision = new Float64Array(THRESHOLDS * RECALLS);
  const recall = new Float64Array(THRESHOLDS);
  const scores = options.scores ? new Float64Array(THRESHOLDS * RECALLS) : null;
  const area = options.exactArea ? new Float64Array(THRESHOLDS) : undefined;
  for (let t = 0; t < THRESHOLDS; t++) {
    if (t === 0 || !alwaysCount) addUp(counts, weight, n, t, all);
    addUp(hits, weight, n, t, tp);
    let length = n;
    if (ranking.unscored && n > 0) {
      // without scores there is one place to look, the end: one precision at one recall, which no order can change
      all[0] = all[n - 1];
      tp[0] = tp[n - 1];
      length = 1;
    }
    const present = countable - (absent ? absent[t] : 0);
    recall[t] = length > 0 ? tp[length - 1] / present : 0;
    readCurve(all, tp, length, present, precision, t * RECALLS, (r, k) => {
      if (scores) scores[t * RECALLS + r] = ranking.score[entry[k]];
    });
    // recall 0 is reached by the very first detection, whatever became of it
    if (scores) scores[t * RECALLS] = first < 0 ? 0 : ranking.score[first];
    if (area) area[t] = areaUnder(all, tp, length, present);
  }
  const curve: Curve = { countable, precision, recall };
  if (area) curve.area = area;
  if (scores) curve.scores = scores;
  return curve;
}

/** Running sums of the weights of those whose bit t is set. */
function addUp(bits: Uint16Array, weight: Float64Array, n: number, t: number, sums: Float64Array): void {
  let sum = 0;
  for (let k = 0; k < n; k++) {
    sum += weight[k] * ((bits[k] >> t) & 1);
    sums[k] = sum;
  }
}

/**
 * Precision at the 101 recall thresholds, written to `out[at …]`: from the right, the best precision at or behind the
 * first detection at which the recall is reached, and 0 where it never is.
 *
 * @param all running sum of the detections that count, over `n` of them
 * @param tp running sum of the true ones
 * @param present ground truth that counts
 * @param reached called with each recall threshold that is reached, and where
 */
function readCurve(
  all: Float64Array,
  tp: Float64Array,
  n: number,
  present: number,
  out: Float64Array,
  at: number,
  reached: (r: number, k: number) => void,
): void {
  let envelope = 0;
  let next = n; // where the recall to the right is reached
  for (let r = RECALLS - 1; r >= 0; r--) {
    let first = 0;
    for (let above = next; first < above; ) {
      const middle = (first + above) >> 1;
      if (tp[middle] / present < RECALL_THRESHOLDS[r]) first = middle + 1;
      else above = middle;
    }
    for (let k = first; k < next; ) {
      // the reference's fp + tp + spacing: sums of whole numbers, so their order does not matter
      const precision = tp[k] / (all[k] + EPSILON);
      if (precision > envelope) envelope = precision;
      // (tp + x) / (all + x) > envelope needs x more, all of them true
      const x = (envelope * all[k] - tp[k]) / (1 - envelope);
      k = x > 1 ? firstWith(all, k, next, all[k] + x * (1 - 1e-9)) : k + 1;
    }
    out[at + r] = envelope;
    if (first < n) reached(r, first);
    next = first;
  }
}

/** The first place behind `k`, before `next`, with a sum of at least `wanted`, or `next`: galloping, then bisection. */
function firstWith(sums: Float64Array, k: number, next: number, wanted: number): number {
  let below = k;
  let above = k + 1;
  for (let step = 1; above < next && sums[above] < wanted; step *= 2) {
    below = above;
    above += step;
  }
  if (above > next) above = next;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (sums[middle] < wanted) below = middle;
    else above = middle;
  }
  return above;
}

/** Σ (R_k − R_{k−1}) · max_{j ≥ k} P_j over the true positives k, from the right. */
function areaUnder(all: Float64Array, tp: Float64Array, n: number, present: number): number {
  let area = 0;
  let envelope = 0;
  // the envelope as a fraction: comparing products costs less than dividing at every detection
  let bestTp = 0;
  let bestAll = 1;
  for (let k = n - 1; k >= 0; k--) {
    const gained = tp[k] - (k > 0 ? tp[k - 1] : 0);
    if (tp[k] * bestAll > bestTp * all[k]) {
      bestTp = tp[k];
      bestAll = all[k];
      envelope = bestTp / (bestAll + EPSILON);
    }
    area += gained * envelope;
  }
  return area / present;
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
    for (let e = ranking.start[i]; e < to; e++) patterns[matches.matched[row + e] & ~matches.ignored[row + e]]++;
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
 */
export function operatingPoint(matches: Matches, ranking: Ranking, slice: Slice, maxDets: number): Operating {
  const { matched, ignored } = matches;
  const { order, orderPlace, images } = slice;
  const { start, score } = ranking;
  let countable = 0;
  for (const i of images) countable += matches.countable[i];

  let tp = 0;
  let fp = 0;
  let bestF1 = -1;
  let scoreThreshold: number | null = null;
  let next = order.length > 0 ? score[order[0]] : 0;
  for (let k = 0; k < order.length; k++) {
    const e = order[k];
    if (orderPlace[k] < maxDets && !(ignored[e] & 1)) {
      if (matched[e] & 1) tp++;
      else fp++;
    }
    const here = next;
    if (k + 1 < order.length) {
      next = score[order[k + 1]];
      if (next === here) continue; // inside a tie
    }
    const f1 = (2 * tp) / (tp + fp + countable || 1);
    if (f1 > bestF1) {
      bestF1 = f1;
      scoreThreshold = here;
    }
  }

  const allImages = ranking.start.length - 1;
  const result: Operating = {
    scoreThreshold,
    countable,
    tp: new Float64Array(THRESHOLDS),
    fp: new Float64Array(THRESHOLDS),
    iouSum: 0,
    above: 0,
    meanImageJaccard: null,
  };
  const jaccard = new Float64Array(THRESHOLDS);
  const imageTp = new Float64Array(THRESHOLDS);
  const imageFp = new Float64Array(THRESHOLDS);
  let counted = 0;
  for (const i of images) {
    imageTp.fill(0);
    imageFp.fill(0);
    let any = matches.countable[i] > 0;
    const to = Math.min(start[i + 1], start[i] + maxDets);
    // within an image entries stand by score, so those below the threshold are all at the end
    for (let e = start[i]; e < to && score[e] >= scoreThreshold!; e++) {
      const counts = ALL_BITS & ~ignored[e];
      if (counts) any = true;
      for (let t = 0; t < THRESHOLDS; t++) {
        if (!((counts >> t) & 1)) continue;
        if ((matched[e] >> t) & 1) imageTp[t]++;
        else imageFp[t]++;
      }
      if (matched[e] & counts & 1 && matches.iou[e] > 0.5) {
        result.iouSum += matches.iou[e];
        result.above++;
      }
    }
    for (let t = 0; t < THRESHOLDS; t++) {
      result.tp[t] += imageTp[t];
      result.fp[t] += imageFp[t];
      const union = imageFp[t] + matches.countable[i];
      if (union > 0) jaccard[t] += imageTp[t] / union;
    }
    if (any) counted++;
  }
  if (counted > 0 && allImages > 0) result.meanImageJaccard = jaccard.map((sum) => sum / counted);
  return result;
}
