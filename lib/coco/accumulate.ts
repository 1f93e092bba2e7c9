/**
 * From matches to precision and recall: pycocotools' `COCOeval.accumulate` for one slice of the images, one size class
 * and one maxDets, over all ten IoU thresholds.
 *
 * Shapes: T = 10 IoU thresholds, R = 101 recall thresholds; `precision[t * R + r]`, `recall[t]`.
 *
 * A slice is a list of entries in ranking order plus, if wanted, a weight per image: 1 for the plain number, a drawn
 * count for a resample. Weighting an image by w equals repeating it w times.
 *
 * The reference builds the whole precision-recall curve, makes it non-increasing from the right, and reads it at 101
 * points. Precision can only rise at a true positive, so the value read at recall r is the best precision at any true
 * positive whose recall is at least r, and the last of a run of true positives is the best of the run: one running
 * maximum per recall interval, looked at where runs end, is enough.
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
  if (images.length === allImages) return { images, order: ranking.order };
  const inside = new Uint8Array(allImages);
  for (const i of images) inside[i] = 1;
  let count = 0;
  for (const i of images) count += ranking.start[i + 1] - ranking.start[i];
  const order = new Uint32Array(count);
  let at = 0;
  for (const e of ranking.order) if (inside[ranking.image[e]]) order[at++] = e;
  return { images, order };
}

const bestPrecision = new Float64Array(RECALLS + 1);

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

  const row = sizeClass * ranking.count;
  const { matched, ignored } = matches;
  const { order } = slice;
  const { start, image } = ranking;

  const present = Float64Array.from({ length: THRESHOLDS }, (_, t) => countable - (absent ? absent[t] : 0));
  const tp = new Float64Array(THRESHOLDS);
  const fp = new Float64Array(THRESHOLDS);
  let fpAtAll = 0; // false at every threshold: most false positives, kept apart to touch one number instead of ten
  // recall interval b: b recall thresholds are reached; its best precision so far
  const reached = new Uint8Array(THRESHOLDS);
  const best = new Float64Array(THRESHOLDS * (RECALLS + 1));
  const scores = options.scores ? new Float64Array(THRESHOLDS * RECALLS) : null;
  let firstScore: number | null = null;
  const steps = options.exactArea
    ? Array.from({ length: THRESHOLDS }, () => ({
        precision: new Float64Array(1024),
        recall: new Float64Array(1024),
        n: 0,
      }))
    : null;

  /** Looks at the curves of some thresholds where they stand now; `e` is the detection there. */
  const look = (bits: number, falseAtAll: number, e: number): void => {
    for (let rest = bits; rest; rest &= rest - 1) {
      const t = 31 - Math.clz32(rest & -rest);
      const recall = tp[t] / present[t];
      // the reference adds in this order: fp + tp + spacing
      const precision = tp[t] / (fp[t] + falseAtAll + tp[t] + EPSILON);
      let b = reached[t];
      while (b < RECALLS && RECALL_THRESHOLDS[b] <= recall) {
        if (scores) scores[t * RECALLS + b] = ranking.score[e];
        b++;
      }
      reached[t] = b;
      const cell = t * (RECALLS + 1) + b;
      if (precision > best[cell]) best[cell] = precision;
      if (steps) append(steps[t], precision, recall);
    }
  };

  // thresholds whose last detection was a true positive: precision rises until a false one comes, so the curve is
  // looked at only there
  let rising = 0;
  // without scores there is one place to look, the end: one precision at one recall, which no order can change
  const oneBlock = ranking.unscored ?? false;
  let e = 0;
  for (let k = 0; k < order.length; k++) {
    e = order[k];
    const i = image[e];
    if (e - start[i] >= maxDets) continue;
    const counts = ALL_BITS & ~ignored[row + e];
    if (counts === 0 && !scores) continue;
    const weight = weights ? weights[i] : 1;
    if (weight === 0) continue;
    if (scores) firstScore ??= ranking.score[e];
    const hits = counts & matched[row + e];
    const misses = counts & ~hits;
    if (misses) {
      if (rising & misses && !oneBlock) {
        look(rising & misses, fpAtAll, e);
        rising &= ~misses;
      }
      if (misses === ALL_BITS) {
        fpAtAll += weight;
        continue;
      }
      for (let rest = misses; rest; rest &= rest - 1) fp[31 - Math.clz32(rest & -rest)] += weight;
    }
    if (hits) {
      for (let rest = hits; rest; rest &= rest - 1) tp[31 - Math.clz32(rest & -rest)] += weight;
      rising |= hits;
      if (scores && !oneBlock) look(hits, fpAtAll, e); // each detection may be the one at which a recall is reached
    }
  }
  look(oneBlock ? ALL_BITS : rising, fpAtAll, e);

  const precision = new Float64Array(THRESHOLDS * RECALLS);
  const recall = new Float64Array(THRESHOLDS);
  for (let t = 0; t < THRESHOLDS; t++) {
    recall[t] = tp[t] / present[t];
    // recall 0 is reached by the very first detection, whatever became of it
    if (scores) scores[t * RECALLS] = firstScore ?? 0;
    bestPrecision.set(best.subarray(t * (RECALLS + 1), (t + 1) * (RECALLS + 1)));
    let envelope = 0;
    for (let r = RECALLS - 1; r >= 0; r--) {
      if (bestPrecision[r + 1] > envelope) envelope = bestPrecision[r + 1];
      precision[t * RECALLS + r] = envelope;
    }
  }
  const curve: Curve = { countable, precision, recall };
  if (steps) curve.area = Float64Array.from(steps, areaUnder);
  if (scores) curve.scores = scores;
  return curve;
}

interface Steps {
  precision: Float64Array;
  recall: Float64Array;
  n: number;
}

function append(steps: Steps, precision: number, recall: number): void {
  if (steps.n === steps.precision.length) {
    for (const key of ['precision', 'recall'] as const) {
      const grown = new Float64Array(steps.n * 2);
      grown.set(steps[key]);
      steps[key] = grown;
    }
  }
  steps.precision[steps.n] = precision;
  steps.recall[steps.n++] = recall;
}

/** Σ (R_k − R_{k−1}) · max_{j ≥ k} P_j over the ends k of runs of true positives: within a run the maximum lies at its end. */
function areaUnder({ precision, recall, n }: Steps): number {
  let area = 0;
  let envelope = 0;
  for (let k = n - 1; k >= 0; k--) {
    if (precision[k] > envelope) envelope = precision[k];
    area += (recall[k] - (k > 0 ? recall[k - 1] : 0)) * envelope;
  }
  return area;
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
  const tp = new Float64Array(THRESHOLDS);
  let countable = 0;
  for (const i of images) {
    countable += matches.countable[sizeClass * allImages + i];
    const to = Math.min(ranking.start[i + 1], ranking.start[i] + maxDets);
    for (let e = ranking.start[i]; e < to; e++) {
      const hits = matches.matched[row + e] & ~matches.ignored[row + e];
      for (let t = 0; hits >> t; t++) tp[t] += (hits >> t) & 1;
    }
  }
  if (countable === 0) return null;
  for (let t = 0; t < THRESHOLDS; t++) tp[t] /= countable;
  return tp;
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
  const { order, images } = slice;
  const { start, image, score } = ranking;
  let countable = 0;
  for (const i of images) countable += matches.countable[i];

  let tp = 0;
  let fp = 0;
  let bestF1 = -1;
  let scoreThreshold: number | null = null;
  for (let k = 0; k < order.length; k++) {
    const e = order[k];
    if (e - start[image[e]] < maxDets && !(ignored[e] & 1)) {
      if (matched[e] & 1) tp++;
      else fp++;
    }
    if (k + 1 < order.length && score[order[k + 1]] === score[e]) continue; // inside a tie
    const f1 = (2 * tp) / (tp + fp + countable || 1);
    if (f1 > bestF1) {
      bestF1 = f1;
      scoreThreshold = score[e];
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
