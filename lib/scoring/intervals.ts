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
import type { Slice } from '../coco/accumulate.ts';
import type { Matches } from '../coco/match.ts';
import type { Ranking } from '../coco/rank.ts';
import { accumulateReplicates, type Replicates } from '../coco/replicates.ts';
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

export type Resampled = Replicates;

/** AP and AFNR of one slice for draws `from` to `to`, all sizes: `accumulateReplicates`, a draw being a replicate. */
export function resample(
  matches: Matches,
  ranking: Ranking,
  slice: Slice,
  maxDets: number,
  { counts, blocks, blockOf }: Draws,
  from: number,
  to: number,
): Resampled {
  return accumulateReplicates({ matches, ranking, slice }, maxDets, {
    unitOf: blockOf,
    units: blocks,
    replicates: to - from,
    weights: counts.subarray(from * blocks, to * blocks),
  });
}

/** The central 95 % of the draws, as the report states them; undefined where no draw had ground truth. */
export function intervalOf(parts: readonly Resampled[]): { AP: [number, number]; AFNR: [number, number] } | undefined {
  const all = (key: keyof Resampled): number[] =>
    parts.flatMap((part) => [...part[key]]).filter((value) => !Number.isNaN(value));
  const AP = interval95(all('AP'));
  const AFNR = interval95(all('AFNR'));
  return AP && AFNR ? { AP, AFNR } : undefined;
}
