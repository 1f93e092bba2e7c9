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

import { parseImageName } from '#lib/livecell/cell-types.ts';
import { hitsFor, type Slice } from '../coco/accumulate.ts';
import { ALL_BITS, ignoredIn, type Matches, matchedIn, THRESHOLDS } from '../coco/match.ts';
import { RECALL_THRESHOLDS } from '../coco/protocol.ts';
import type { Ranking } from '../coco/rank.ts';
import { resampling as MODULE } from '../kernels/built.ts';
import { instanceOf, type Kernel } from '../kernels/kernel.ts';
import { drawUnits, interval95 } from '../stats/bootstrap.ts';

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

type ResamplingKernel = Kernel<
  'hits' | 'ignored' | 'block' | 'weights' | 'needed' | 'found' | 'counted' | 'precisions',
  {
    layout(detections: number, blocks: number): void;
    prepare(detections: number): void;
    addUp(): void;
    read(draw: number, whole: boolean): void;
  }
>;

/** Draws that are added up together. */
const TOGETHER = 16;

/**
 * AP and AFNR of one slice for draws `from` to `to`, all sizes.
 *
 * What is done per detection is done in WebAssembly, lib/kernels/assembly/resampling.ts. Of each draw the weights of
 * the true positives and of all that count are added up, 64 detections at a time. Where a recall is reached is found by
 * bisection; and of 64 detections only those are looked at one by one where even the best order of them would exceed
 * the best so far.
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
  const kernel = instanceOf(MODULE) as unknown as ResamplingKernel;
  const { order } = slice;
  kernel.layout(order.length, blocks);
  const { buffer } = kernel.memory;
  const patterns = (at: WebAssembly.Global<'i32'>) => new Uint16Array(buffer, at.value, order.length);

  // the slice's detections that take part, by score: at which thresholds they are true or ignored, and the block
  const [hits, ignored, block] = [kernel.hits, kernel.ignored, kernel.block].map(patterns);
  let n = 0;
  for (let k = 0; k < order.length; k++) {
    const entry = order[k];
    const image = ranking.image[entry];
    if (entry - ranking.start[image] >= maxDets && !ranking.unscored) continue;
    const of = matches.fate[entry];
    if (ignoredIn(of) === ALL_BITS) continue;
    hits[n] = matchedIn(of) & ~ignoredIn(of);
    ignored[n] = ignoredIn(of);
    block[n++] = blockOf[image];
  }
  kernel.prepare(n);

  const objects = new Float64Array(blocks); // ground truth that counts, per block
  for (const i of slice.images) objects[blockOf[i]] += matches.countable[i];

  const result: Resampled = { AP: new Float64Array(to - from), AFNR: new Float64Array(to - from) };
  const weights = new Uint8Array(buffer, kernel.weights.value, TOGETHER * blocks);
  const needed = new Int32Array(buffer, kernel.needed.value, TOGETHER * RECALLS);
  const found = new Int32Array(buffer, kernel.found.value, TOGETHER * THRESHOLDS);
  const counted = new Int32Array(buffer, kernel.counted.value, TOGETHER * THRESHOLDS);
  const precisions = new Float64Array(buffer, kernel.precisions.value, TOGETHER * THRESHOLDS);
  for (let first = from; first < to; first += TOGETHER) {
    const together = Math.min(TOGETHER, to - first);
    weights.fill(0);
    weights.set(counts.subarray(first * blocks, (first + together) * blocks));
    kernel.addUp();
    for (let d = 0; d < together; d++) {
      let countable = 0;
      for (let b = 0; b < blocks; b++) countable += objects[b] * weights[d * blocks + b];
      const at = first + d - from;
      if (countable === 0) {
        result.AP[at] = Number.NaN;
        result.AFNR[at] = Number.NaN;
        continue;
      }
      for (let r = 0; r < RECALLS; r++) needed[d * RECALLS + r] = hitsFor(RECALL_THRESHOLDS[r], countable);
      kernel.read(d, !ranking.unscored);
      let precision = 0;
      let missed = 0;
      for (let t = d * THRESHOLDS; t < (d + 1) * THRESHOLDS; t++) {
        precision += ranking.unscored ? atEnd(found[t], counted[t], needed, d) : precisions[t];
        missed += 1 - found[t] / countable;
      }
      result.AP[at] = precision / (THRESHOLDS * RECALLS);
      result.AFNR[at] = missed / THRESHOLDS;
    }
  }
  return result;
}

/** Without scores all detections are one block, and the curve is looked at behind its last: see `Ranking.unscored`. */
function atEnd(found: number, counted: number, needed: Int32Array, draw: number): number {
  const precision = found / (counted + EPSILON);
  let sum = 0;
  for (let r = 0; r < RECALLS; r++) if (needed[draw * RECALLS + r] <= found) sum += precision;
  return sum;
}

const EPSILON = 2 ** -52;
const RECALLS = RECALL_THRESHOLDS.length;

/** The central 95 % of the draws, as the report states them; undefined where no draw had ground truth. */
export function intervalOf(parts: readonly Resampled[]): { AP: [number, number]; AFNR: [number, number] } | undefined {
  const all = (key: keyof Resampled): number[] =>
    parts.flatMap((part) => [...part[key]]).filter((value) => !Number.isNaN(value));
  const AP = interval95(all('AP'));
  const AFNR = interval95(all('AFNR'));
  return AP && AFNR ? { AP, AFNR } : undefined;
}
