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

import type { Slice } from '../coco/accumulate.ts';
import { ALL_BITS, type Matches, THRESHOLDS } from '../coco/match.ts';
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
 * Precision can only have a local maximum at the last true positive before a false one. So, per threshold, only true
 * positives are added up and only the ends of their runs are looked at; how many detections came before (true and
 * false) is one running sum per draw, shared by the thresholds.
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
  const { matched, ignored } = matches;
  const { start, image } = ranking;
  const { order } = slice;

  // the slice's detections that take part, by score, and the block of each
  const entry = new Uint32Array(order.length);
  const block = new Uint16Array(order.length);
  let n = 0;
  let anyIgnored = false;
  for (const e of order) {
    if (e - start[image[e]] >= maxDets || ignored[e] === ALL_BITS) continue;
    if (ignored[e]) anyIgnored = true;
    entry[n] = e;
    block[n++] = blockOf[image[e]];
  }
  const runs = Array.from({ length: THRESHOLDS }, (_, t) => runsOf(entry, block, n, matched, ignored, t));

  const objects = new Float64Array(blocks); // ground truth that counts, per block
  for (const i of slice.images) objects[blockOf[i]] += matches.countable[i];

  const result: Resampled = { AP: new Float64Array(to - from), AFNR: new Float64Array(to - from) };
  const total = new Float64Array(n); // weight of all detections up to each, in this draw
  for (let draw = from; draw < to; draw++) {
    const weights = Float64Array.from(counts.subarray(draw * blocks, (draw + 1) * blocks));
    let countable = 0;
    for (let b = 0; b < blocks; b++) countable += weights[b] * objects[b];
    if (countable === 0) {
      result.AP[draw - from] = Number.NaN;
      result.AFNR[draw - from] = Number.NaN;
      continue;
    }
    if (!anyIgnored) runningTotal(total, block, weights, n);
    let ap = 0;
    let missed = 0;
    for (let t = 0; t < THRESHOLDS; t++) {
      if (anyIgnored) runningTotal(total, block, weights, n, entry, ignored, 1 << t);
      const { precision, recall } = readCurve(runs[t], total, weights, countable);
      ap += precision;
      missed += 1 - recall;
    }
    result.AP[draw - from] = ap / THRESHOLDS;
    result.AFNR[draw - from] = missed / THRESHOLDS;
  }
  return result;
}

/** The true positives of one threshold, in runs without a false positive between them. */
interface Runs {
  /** [true positives] block of each */
  block: Uint16Array;
  /** [runs] true positives up to the run's end */
  end: Uint32Array;
  /** [runs] position of the run's last true positive among all detections */
  position: Uint32Array;
}

function runsOf(
  entry: Uint32Array,
  block: Uint16Array,
  n: number,
  matched: Uint16Array,
  ignored: Uint16Array,
  t: number,
): Runs {
  const blocks = new Uint16Array(n);
  const end = new Uint32Array(n);
  const position = new Uint32Array(n);
  let hits = 0;
  let runs = 0;
  let inRun = false;
  for (let k = 0; k < n; k++) {
    if ((ignored[entry[k]] >> t) & 1) continue;
    if ((matched[entry[k]] >> t) & 1) {
      blocks[hits++] = block[k];
      if (!inRun) runs++;
      inRun = true;
      end[runs - 1] = hits;
      position[runs - 1] = k;
    } else inRun = false;
  }
  return { block: blocks.slice(0, hits), end: end.slice(0, runs), position: position.slice(0, runs) };
}

function runningTotal(
  total: Float64Array,
  block: Uint16Array,
  weights: Float64Array,
  n: number,
  entry?: Uint32Array,
  ignored?: Uint16Array,
  bit = 0,
): void {
  let sum = 0;
  for (let k = 0; k < n; k++) {
    if (!bit || !(ignored![entry![k]] & bit)) sum += weights[block[k]];
    total[k] = sum;
  }
}

const EPSILON = 2 ** -52;
const RECALLS = RECALL_THRESHOLDS.length;
const best = new Float64Array(RECALLS + 1);

/** Mean precision at the 101 recall points, and the last recall, as `accumulate` computes them. */
function readCurve(
  { block, end, position }: Runs,
  total: Float64Array,
  weights: Float64Array,
  countable: number,
): { precision: number; recall: number } {
  best.fill(0);
  let hits = 0;
  let reached = 0; // recall thresholds reached so far
  let bestHere = 0;
  let j = 0;
  for (let run = 0; run < end.length; run++) {
    const to = end[run];
    for (; j < to; j++) hits += weights[block[j]];
    if (hits === 0) continue;
    const recall = hits / countable;
    if (reached < RECALLS && RECALL_THRESHOLDS[reached] <= recall) {
      best[reached] = bestHere;
      bestHere = 0;
      do reached++;
      while (reached < RECALLS && RECALL_THRESHOLDS[reached] <= recall);
    }
    const precision = hits / (total[position[run]] + EPSILON);
    if (precision > bestHere) bestHere = precision;
  }
  best[reached] = bestHere;
  let sum = 0;
  let envelope = 0;
  for (let r = RECALLS - 1; r >= 0; r--) {
    if (best[r + 1] > envelope) envelope = best[r + 1];
    sum += envelope;
  }
  return { precision: sum / RECALLS, recall: hits / countable };
}

/** The central 95 % of the draws, as the report states them; undefined where no draw had ground truth. */
export function intervalOf(parts: readonly Resampled[]): { AP: [number, number]; AFNR: [number, number] } | undefined {
  const all = (key: keyof Resampled): number[] =>
    parts.flatMap((part) => [...part[key]]).filter((value) => !Number.isNaN(value));
  const AP = interval95(all('AP'));
  const AFNR = interval95(all('AFNR'));
  return AP && AFNR ? { AP, AFNR } : undefined;
}
