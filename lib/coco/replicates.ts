/**
 * AP and AFNR of a slice under many weightings of its images at once. A replicate is a weight per unit; a unit is a set
 * of images that always have the same weight: a field of view.
 *
 * The numbers equal those of `accumulate` with weights (a test compares them) at a fraction of the time. Per-detection
 * work is done in WebAssembly, lib/kernels/assembly/replicates.ts: for each replicate it adds up the weights of the
 * true positives and of all that count, 64 detections at a time. Bisection finds where a recall is reached, and a group
 * of 64 is examined one by one only if its best possible order would exceed the best so far.
 */
import { replicates as MODULE } from '../kernels/built.ts';
import { instanceOf, type Kernel } from '../kernels/kernel.ts';
import { hitsFor, RECALLS, type Slice } from './accumulate.ts';
import { ALL_BITS, ignoredIn, type Matches, matchedIn, THRESHOLDS } from './match.ts';
import { RECALL_THRESHOLDS } from './protocol.ts';
import type { Ranking } from './rank.ts';

/** Weights of units in some replicates. */
interface Weights {
  /** [images] unit of each image */
  unitOf: ArrayLike<number>;
  units: number;
  replicates: number;
  /** [replicates × units] whole numbers */
  weights: Uint8Array;
}

/** AP and AFNR of each replicate, all sizes; NaN if a replicate has no countable ground truth. Shapes: [replicates]. */
interface Replicates {
  AP: Float64Array;
  AFNR: Float64Array;
  /** the same at each threshold: [replicates × T] */
  perIou: { AP: Float64Array; FNR: Float64Array };
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

/** Number of replicates added up together. */
const TOGETHER = 16;

/** numpy's np.spacing(1), which the reference adds to the denominator of precision. */
const EPSILON = 2 ** -52;

/**
 * Compute AP and AFNR of one slice in each replicate, all sizes.
 *
 * @param maxDets detections per image that count; without scores all do
 */
export function accumulateReplicates(
  { matches, ranking, slice }: { matches: Matches; ranking: Ranking; slice: Slice },
  maxDets: number,
  { unitOf, units, replicates, weights: given }: Weights,
): Replicates {
  // a module does not say what its exports are: the type repeats what lib/kernels/assembly says
  const kernel = instanceOf(MODULE) as unknown as ReplicatesKernel;
  const { order } = slice;
  kernel.layout(order.length, units);
  const { buffer } = kernel.memory;
  const patterns = (at: WebAssembly.Global<'i32'>) => new Uint16Array(buffer, at.value, order.length);

  // the slice's counted detections, by score: the thresholds at which each is true or ignored, and its unit
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

  const objects = new Float64Array(units); // countable ground truth per unit
  for (const i of slice.images) objects[unitOf[i]] += matches.countable[i];

  const [AP, FNR] = [0, 1].map(() => new Float64Array(replicates * THRESHOLDS).fill(Number.NaN));
  const result: Replicates = {
    AP: new Float64Array(replicates),
    AFNR: new Float64Array(replicates),
    perIou: { AP, FNR },
  };
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
        const own = ranking.unscored ? atEnd(found[t], counted[t], needed, r) : precisions[t];
        const unfound = 1 - found[t] / countable;
        precision += own;
        missed += unfound;
        AP[first * THRESHOLDS + t] = own / RECALLS;
        FNR[first * THRESHOLDS + t] = unfound;
      }
      result.AP[first + r] = precision / (THRESHOLDS * RECALLS);
      result.AFNR[first + r] = missed / THRESHOLDS;
    }
  }
  return result;
}

/** Read the curve after its last entry: without scores all detections are one block, see `Ranking.unscored`. */
function atEnd(found: number, counted: number, needed: Int32Array, replicate: number): number {
  const precision = found / (counted + EPSILON);
  let sum = 0;
  for (let k = 0; k < RECALLS; k++) if (needed[replicate * RECALLS + k] <= found) sum += precision;
  return sum;
}
