/**
 * AP and AFNR of a slice under many weightings of its images at once. A replicate is a weight per unit, a unit some
 * images that always weigh the same: a field of view.
 *
 * It gives the numbers of `accumulate` with weights (a test compares them) in a fraction of the time. What is done per
 * detection is done in WebAssembly, lib/kernels/assembly/replicates.ts: of each replicate the weights of the true
 * positives and of all that count are added up, 64 detections at a time. Bisection finds where a recall is reached; and
 * of 64 detections only those are looked at one by one where even the best order of them would exceed the best so far.
 */
import { replicates as MODULE } from '../kernels/built.ts';
import { instanceOf, type Kernel } from '../kernels/kernel.ts';
import { hitsFor, RECALLS, type Slice } from './accumulate.ts';
import { ALL_BITS, ignoredIn, type Matches, matchedIn, THRESHOLDS } from './match.ts';
import { RECALL_THRESHOLDS } from './protocol.ts';
import type { Ranking } from './rank.ts';

/** Weights of units in some replicates. */
export interface Weights {
  /** [images] unit of each image */
  unitOf: ArrayLike<number>;
  units: number;
  replicates: number;
  /** [replicates × units] whole numbers */
  weights: Uint8Array;
}

/** AP and AFNR of each replicate, all sizes; NaN where a replicate has no ground truth that counts. Shapes: [replicates]. */
export interface Replicates {
  AP: Float64Array;
  AFNR: Float64Array;
}

type ReplicatesKernel = Kernel<
  'hits' | 'ignored' | 'unit' | 'weights' | 'needed' | 'found' | 'counted' | 'precisions',
  {
    layout(detections: number, units: number): void;
    prepare(detections: number): void;
    addUp(): void;
    read(replicate: number, whole: boolean): void;
  }
>;

/** Replicates that are added up together. */
const TOGETHER = 16;

/** numpy's np.spacing(1), which the reference adds to the denominator of precision. */
const EPSILON = 2 ** -52;

/**
 * AP and AFNR of one slice in each replicate, all sizes.
 *
 * @param maxDets detections per image that take part; without scores all do
 */
export function accumulateReplicates(
  { matches, ranking, slice }: { matches: Matches; ranking: Ranking; slice: Slice },
  maxDets: number,
  { unitOf, units, replicates, weights: given }: Weights,
): Replicates {
  const kernel = instanceOf(MODULE) as unknown as ReplicatesKernel;
  const { order } = slice;
  kernel.layout(order.length, units);
  const { buffer } = kernel.memory;
  const patterns = (at: WebAssembly.Global<'i32'>) => new Uint16Array(buffer, at.value, order.length);

  // the slice's detections that take part, by score: at which thresholds they are true or ignored, and the unit
  const [hits, ignored, unit] = [kernel.hits, kernel.ignored, kernel.unit].map(patterns);
  let n = 0;
  for (let k = 0; k < order.length; k++) {
    const entry = order[k];
    const image = ranking.image[entry];
    if (entry - ranking.start[image] >= maxDets && !ranking.unscored) continue;
    const of = matches.fate[entry];
    if (ignoredIn(of) === ALL_BITS) continue;
    hits[n] = matchedIn(of) & ~ignoredIn(of);
    ignored[n] = ignoredIn(of);
    unit[n++] = unitOf[image];
  }
  kernel.prepare(n);

  const objects = new Float64Array(units); // ground truth that counts, per unit
  for (const i of slice.images) objects[unitOf[i]] += matches.countable[i];

  const result: Replicates = { AP: new Float64Array(replicates), AFNR: new Float64Array(replicates) };
  const weights = new Uint8Array(buffer, kernel.weights.value, TOGETHER * units);
  const needed = new Int32Array(buffer, kernel.needed.value, TOGETHER * RECALLS);
  const found = new Int32Array(buffer, kernel.found.value, TOGETHER * THRESHOLDS);
  const counted = new Int32Array(buffer, kernel.counted.value, TOGETHER * THRESHOLDS);
  const precisions = new Float64Array(buffer, kernel.precisions.value, TOGETHER * THRESHOLDS);
  for (let first = 0; first < replicates; first += TOGETHER) {
    const together = Math.min(TOGETHER, replicates - first);
    weights.fill(0);
    weights.set(given.subarray(first * units, (first + together) * units));
    kernel.addUp();
    for (let r = 0; r < together; r++) {
      let countable = 0;
      for (let u = 0; u < units; u++) countable += objects[u] * weights[r * units + u];
      if (countable === 0) {
        result.AP[first + r] = Number.NaN;
        result.AFNR[first + r] = Number.NaN;
        continue;
      }
      for (let k = 0; k < RECALLS; k++) needed[r * RECALLS + k] = hitsFor(RECALL_THRESHOLDS[k], countable);
      kernel.read(r, !ranking.unscored);
      let precision = 0;
      let missed = 0;
      for (let t = r * THRESHOLDS; t < (r + 1) * THRESHOLDS; t++) {
        precision += ranking.unscored ? atEnd(found[t], counted[t], needed, r) : precisions[t];
        missed += 1 - found[t] / countable;
      }
      result.AP[first + r] = precision / (THRESHOLDS * RECALLS);
      result.AFNR[first + r] = missed / THRESHOLDS;
    }
  }
  return result;
}

/** Without scores all detections are one block, and the curve is looked at behind its last: see `Ranking.unscored`. */
function atEnd(found: number, counted: number, needed: Int32Array, replicate: number): number {
  const precision = found / (counted + EPSILON);
  let sum = 0;
  for (let k = 0; k < RECALLS; k++) if (needed[replicate * RECALLS + k] <= found) sum += precision;
  return sum;
}
