/**
 * How far a number could have been otherwise: intervals of AP and AFNR from resampled fields of view (PROTOCOL,
 * "Uncertainty").
 *
 * Neighbouring crops and time points of a well are strongly alike, so images are not drawn one by one. All images of
 * one cell type, well and location are a time series; it is cut into blocks of six consecutive time points (a day, at
 * one image every four hours), each with its crops; blocks are drawn with replacement within each cell type. Seed and
 * block length are part of the protocol: the draws are the same for every entry of a data set, so that two entries can
 * be compared draw by draw.
 *
 * Matching is not repeated: a draw is a weight per image, and `accumulate` takes weights. What this file adds is speed:
 * it does for a thousand draws what `accumulate` does for one, and gives the same numbers (a test compares them).
 */

import { hitsFor, type Slice } from '../coco/accumulate.ts';
import { ALL_BITS, ignoredIn, type Matches, matchedIn, THRESHOLDS } from '../coco/match.ts';
import { RECALL_THRESHOLDS } from '../coco/protocol.ts';
import type { Ranking } from '../coco/rank.ts';
import { drawUnits, interval95 } from '../stats/bootstrap.ts';
import { parseImageName } from './cell-types.ts';

export const RESAMPLING = { draws: 1000, seed: 2021, timePointsPerBlock: 6 } as const;

/** Blocks of images that are drawn together, and how often each is drawn. */
export interface Draws {
  draws: number;
  blocks: number;
  /** [images] block of each image */
  blockOf: Uint16Array;
  /** [draws × blocks] */
  counts: Uint8Array;
}

/** The draws of a data set: they depend on the names of its images alone. */
export function drawBlocks(fileNames: readonly string[], draws: number = RESAMPLING.draws): Draws {
  // fields of view, each a list of images by time
  const fields = new Map<string, { stratum: string; images: { image: number; minutes: number }[] }>();
  fileNames.forEach((fileName, image) => {
    const name = parseImageName(fileName);
    // an image whose name says nothing stands for itself
    const key = name ? `${name.cellType}/${name.well}/${name.location}` : `/${fileName}`;
    const field = fields.get(key) ?? { stratum: name?.cellType ?? '', images: [] };
    field.images.push({ image, minutes: name?.minutes ?? 0 });
    fields.set(key, field);
  });

  const blockOf = new Uint16Array(fileNames.length);
  const strata = new Map<string, number[]>();
  let blocks = 0;
  for (const [, { stratum, images }] of [...fields].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const times = [...new Set(images.map(({ minutes }) => minutes))].sort((a, b) => a - b);
    const first = blocks;
    blocks += Math.ceil(times.length / RESAMPLING.timePointsPerBlock);
    for (const { image, minutes } of images) {
      blockOf[image] = first + Math.floor(times.indexOf(minutes) / RESAMPLING.timePointsPerBlock);
    }
    const units = strata.get(stratum) ?? [];
    for (let block = first; block < blocks; block++) units.push(block);
    strata.set(stratum, units);
  }
  return { draws, blocks, blockOf, counts: drawUnits(strata, draws, RESAMPLING.seed) };
}

/** AP and AFNR of each draw; NaN where a draw has no ground truth that counts. Shapes: [draws]. */
export interface Resampled {
  AP: Float64Array;
  AFNR: Float64Array;
}

/**
 * AP and AFNR of one slice for draws `from` to `to`, all sizes.
 *
 * Precision can only have a local maximum at the last true positive before a false one, so per threshold only the ends
 * of such runs are looked at. How many detections came before (true and false) is one running sum per draw, shared by
 * the thresholds; of true and false positives only the rarer are added up, the others are the difference. What is left
 * to look at is found by bisection.
 */
export function resample(
  matches: Matches,
  ranking: Ranking,
  slice: Slice,
  maxDets: number,
  { counts, blocks, blockOf }: Draws,
  from: number,
  to: number,
): Resampled {
  const { order } = slice;

  // the slice's detections that take part, by score: at which thresholds they are true or do not count, and the block
  const hits = new Uint16Array(order.length);
  const ignored = new Uint16Array(order.length);
  const blockOfEach = new Uint16Array(order.length);
  let n = 0;
  let anyIgnored = false;
  for (let k = 0; k < order.length; k++) {
    const image = ranking.image[order[k]];
    if (order[k] - ranking.start[image] >= maxDets && !ranking.unscored) continue;
    const of = matches.fate[order[k]];
    if (ignoredIn(of) === ALL_BITS) continue;
    if (ignoredIn(of)) anyIgnored = true;
    hits[n] = matchedIn(of);
    ignored[n] = ignoredIn(of);
    blockOfEach[n++] = blockOf[image];
  }
  const block = blockOfEach.subarray(0, n);
  const runs = Array.from({ length: THRESHOLDS }, (_, t) => {
    const found = runsOf(hits, ignored, block, t, blocks);
    return ranking.unscored ? oneRun(found, n) : found;
  });

  const objects = new Float64Array(blocks); // ground truth that counts, per block
  for (const i of slice.images) objects[blockOf[i]] += matches.countable[i];

  const result: Resampled = { AP: new Float64Array(to - from), AFNR: new Float64Array(to - from) };
  const total = new Float64Array(n); // weight of all detections up to each
  const listedTotal = new Float64Array(n); // the same of the listed ones
  const packed = new Float64Array(blocks);
  const pair = [0, 1].map(() => ({
    weights: new Float64Array(blocks),
    needed: new Float64Array(RECALLS),
    countable: 0,
    precision: 0,
    missed: 0,
  }));
  // two draws at a time: adding up is most of the work, and a float64 holds two sums
  for (let draw = from; draw < to; draw += 2) {
    const both = pair.slice(0, Math.min(2, to - draw));
    packed.fill(0);
    for (const [half, one] of both.entries()) {
      for (let b = 0; b < blocks; b++) {
        one.weights[b] = counts[(draw + half) * blocks + b];
        packed[b] += one.weights[b] * (half ? HALF : 1);
      }
      one.countable = dot(objects, one.weights);
      for (let r = 0; r < RECALLS; r++) one.needed[r] = hitsFor(RECALL_THRESHOLDS[r], one.countable);
      one.precision = 0;
      one.missed = 0;
    }
    if (!anyIgnored) addUp(block, packed, total);
    for (let t = 0; t < THRESHOLDS; t++) {
      if (anyIgnored) addUpCounted(block, packed, total, ignored, t);
      addUp(runs[t].listed, packed, listedTotal);
      for (const [half, one] of both.entries()) {
        one.precision += readCurve(runs[t], total, listedTotal, half === 1, one.needed);
        one.missed += 1 - dot(runs[t].hits, one.weights) / one.countable;
      }
    }
    for (const [half, { countable, precision, missed }] of both.entries()) {
      const none = countable === 0;
      result.AP[draw - from + half] = none ? Number.NaN : precision / (THRESHOLDS * RECALLS);
      result.AFNR[draw - from + half] = none ? Number.NaN : missed / THRESHOLDS;
    }
  }
  return result;
}

/** Two sums share a float64: the second counts in units of 2^26, which the first (at most 4 million) never reaches. */
const HALF = 2 ** 26;

function unpack(sum: number, second: boolean): number {
  const high = Math.floor(sum / HALF);
  return second ? high : sum - high * HALF;
}

/** Where one threshold's true positives come in runs without a false positive between them. */
interface Runs {
  /** [blocks] true positives of each block */
  hits: Float64Array;
  /** the true positives are listed, or else the false ones, whichever are fewer */
  listsHits: boolean;
  /** [listed] block of each */
  listed: Uint16Array;
  /** [runs] how many are listed up to the run's end */
  end: Uint32Array;
  /** [runs] position of the run's last true positive among all detections */
  position: Uint32Array;
}

function runsOf(bits: Uint16Array, ignored: Uint16Array, block: Uint16Array, t: number, blocks: number): Runs {
  const n = block.length;
  const hits = new Float64Array(blocks);
  let balance = 0;
  for (let k = 0; k < n; k++) {
    if ((ignored[k] >> t) & 1) continue;
    const hit = (bits[k] >> t) & 1;
    hits[block[k]] += hit;
    balance += hit ? 1 : -1;
  }
  const listsHits = balance < 0;
  const listed = new Uint16Array(n);
  const end = new Uint32Array(n);
  const position = new Uint32Array(n);
  let length = 0;
  let runs = 0;
  let inRun = false;
  for (let k = 0; k < n; k++) {
    if ((ignored[k] >> t) & 1) continue;
    const hit = ((bits[k] >> t) & 1) === 1;
    if (hit === listsHits) listed[length++] = block[k];
    if (hit) {
      if (!inRun) runs++;
      end[runs - 1] = length;
      position[runs - 1] = k;
    }
    inRun = hit;
  }
  return {
    hits,
    listsHits,
    listed: listed.slice(0, length),
    end: end.slice(0, runs),
    position: position.slice(0, runs),
  };
}

/** Without scores all detections are one block, and the curve is looked at behind its last: see `Ranking.unscored`. */
function oneRun(runs: Runs, n: number): Runs {
  if (runs.end.length === 0) return runs;
  return { ...runs, end: Uint32Array.of(runs.listed.length), position: Uint32Array.of(n - 1) };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Weight of all detections up to each. */
function addUp(block: Uint16Array, weights: Float64Array, total: Float64Array): void {
  const n = block.length;
  let sum = 0;
  for (let k = 0; k < n; k++) {
    sum += weights[block[k]];
    total[k] = sum;
  }
}

/** The same without the detections that one threshold ignores. */
function addUpCounted(
  block: Uint16Array,
  weights: Float64Array,
  total: Float64Array,
  ignored: Uint16Array,
  t: number,
): void {
  let sum = 0;
  for (let k = 0; k < block.length; k++) {
    if (!((ignored[k] >> t) & 1)) sum += weights[block[k]];
    total[k] = sum;
  }
}

const EPSILON = 2 ** -52;
const RECALLS = RECALL_THRESHOLDS.length;

/**
 * Sum of the precisions at the 101 recall points, as `accumulate` reads them: from the right, the best precision of all
 * runs that reach the recall. Between two recalls the best is looked for from the left; where the precision at hand is
 * below the best by so much that even a row of true positives could not make up for it, the row is jumped over.
 */
function readCurve(
  { listsHits, end, position }: Runs,
  total: Float64Array,
  listedTotal: Float64Array,
  second: boolean,
  needed: Float64Array,
): number {
  let sum = 0;
  let envelope = 0;
  let next = end.length; // first run that reaches the recall to the right
  for (let r = RECALLS - 1; r >= 0; r--) {
    // first run that reaches this recall
    let first = 0;
    for (let above = next; first < above; ) {
      const middle = (first + above) >> 1;
      const listedWeight = end[middle] > 0 ? unpack(listedTotal[end[middle] - 1], second) : 0;
      const hits = listsHits ? listedWeight : unpack(total[position[middle]], second) - listedWeight;
      if (hits < needed[r]) first = middle + 1;
      else above = middle;
    }
    for (let run = first; run < next; ) {
      const all = unpack(total[position[run]], second);
      const listedWeight = end[run] > 0 ? unpack(listedTotal[end[run] - 1], second) : 0;
      const hits = listsHits ? listedWeight : all - listedWeight;
      const precision = hits / (all + EPSILON);
      if (precision > envelope) envelope = precision;
      // (hits + x) / (all + x) > envelope needs x of them
      const x = (envelope * all - hits) / (1 - envelope);
      run = x > 1 ? firstWith(total, position, second, run, next, all + x * (1 - 1e-9)) : run + 1;
    }
    sum += envelope;
    next = first;
  }
  return sum;
}

/** The first run behind `run`, before `next`, with at least `wanted` detections up to its end, or `next`: galloping, then bisection. */
function firstWith(
  total: Float64Array,
  position: Uint32Array,
  second: boolean,
  run: number,
  next: number,
  wanted: number,
): number {
  let below = run;
  let above = run + 1;
  for (let step = 1; above < next && unpack(total[position[above]], second) < wanted; step *= 2) {
    below = above;
    above += step;
  }
  if (above > next) above = next;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (unpack(total[position[middle]], second) < wanted) below = middle;
    else above = middle;
  }
  return above;
}

/** The central 95 % of the draws, as the report states them; undefined where no draw had ground truth. */
export function intervalOf(parts: readonly Resampled[]): { AP: [number, number]; AFNR: [number, number] } | undefined {
  const all = (key: keyof Resampled): number[] =>
    parts.flatMap((part) => [...part[key]]).filter((value) => !Number.isNaN(value));
  const AP = interval95(all('AP'));
  const AFNR = interval95(all('AFNR'));
  return AP && AFNR ? { AP, AFNR } : undefined;
}
