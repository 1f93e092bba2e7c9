/**
 * AP and AFNR of slices of biology: cell type, day since seeding, density and object size, one value of each of at most
 * two of them. AP does not add up over slices, so every slice is accumulated by itself, from stored outcomes.
 *
 * Density is the number of objects per image, in five bins that divide the data set's images evenly: the same for every
 * entry. Size classes are those of the primary protocol.
 */
import { CELL_TYPES, type CellType, cellTypeOf, parseImageName } from '#lib/livecell/cell-types.ts';
import { curveOf, lineUp, sliceOf } from '../coco/accumulate.ts';
import type { Evaluating } from '../coco/match.ts';
import { PRIMARY_PROTOCOL, PROTOCOLS } from '../coco/protocol.ts';
import { evaluatingOf, OUTCOME_CLASSES, type Outcomes } from './outcomes.ts';

export const SLICE_DIMENSIONS = ['type', 'day', 'density', 'size'] as const;
export type SliceDimension = (typeof SLICE_DIMENSIONS)[number];
/** A value of some dimensions; absent: all values. */
export type SliceChoice = Partial<Record<SliceDimension, string>>;

export const SIZES = ['small', 'medium', 'large'] as const;
/** More dimensions at once are not computed. */
export const MOST_DIMENSIONS = 2;
const DENSITY_BINS = 5;
const MINUTES_PER_DAY = 1440;

export type SliceRow = [images: number, objects: number, AP: number | null, AFNR: number | null];

/** The numbers of all slices of one evaluation. */
export interface SliceTable {
  schema: 1;
  /** fewest and most objects per image of each density bin, from sparse to dense; bin k has the value k + 1 */
  densities: [from: number, to: number][];
  /** by `sliceKey`; slices without images are absent */
  rows: Record<string, SliceRow>;
}

/** Return the name of a slice: `type=A172&day=1`; empty for all images. */
export function sliceKey(choice: SliceChoice): string {
  return SLICE_DIMENSIONS.flatMap((dimension) =>
    choice[dimension] === undefined ? [] : `${dimension}=${choice[dimension]}`,
  ).join('&');
}

/** Return the choice that a key names. */
export function parseSliceKey(key: string): SliceChoice {
  return Object.fromEntries(key.split('&').flatMap((part) => (part ? [part.split('=')] : [])));
}

/** Where an image lies; null if its name does not tell. */
interface ImagePlace {
  type: CellType | null;
  day: string | null;
  density: string;
}

/** Divide counts into bins with as equal numbers of images as ties allow. */
export function densityBins(counts: ArrayLike<number>): [from: number, to: number][] {
  const sorted = Array.from(counts).sort((a, b) => a - b);
  const bins: [number, number][] = [];
  for (let k = 1; k <= DENSITY_BINS && sorted.length > 0; k++) {
    const to = sorted[Math.ceil((k * sorted.length) / DENSITY_BINS) - 1];
    const from = bins.length === 0 ? sorted[0] : bins[bins.length - 1][1] + 1;
    if (bins.length === 0 || to >= from) bins.push([from, to]);
  }
  return bins;
}

/** Return cell type, day and density of each image. */
export function placeImages(
  fileNames: readonly string[],
  counts: ArrayLike<number>,
  bins: readonly (readonly [number, number])[],
): ImagePlace[] {
  return fileNames.map((name, i) => {
    const minutes = parseImageName(name)?.minutes;
    return {
      type: cellTypeOf(name),
      day: minutes === undefined ? null : String(Math.floor(minutes / MINUTES_PER_DAY)),
      density: String(1 + bins.findIndex(([, to]) => counts[i] <= to)),
    };
  });
}

/** Compute the table from stored outcomes. */
export function makeSliceTable(outcomes: Outcomes, evaluating: Evaluating = evaluatingOf(outcomes)): SliceTable {
  const images = outcomes.fileNames.length;
  const counts = evaluating.matches.countable.subarray(0, images);
  const densities = densityBins(counts);
  const places = placeImages(outcomes.fileNames, counts, densities);
  const values = {
    type: CELL_TYPES.filter((type) => places.some((place) => place.type === type)),
    day: distinct(places.map(({ day }) => day)),
    density: distinct(places.map(({ density }) => density)),
  };
  const single = (['type', 'day', 'density'] as const).flatMap((dimension) =>
    values[dimension].map((value): SliceChoice => ({ [dimension]: value })),
  );
  const pairs = single.flatMap((one, k) =>
    single.slice(k + 1).flatMap((other) => {
      const both = { ...one, ...other };
      return Object.keys(both).length === MOST_DIMENSIONS ? [both] : [];
    }),
  );
  const rows: SliceTable['rows'] = {};
  for (const choice of [{}, ...single, ...pairs]) {
    const inside = Uint32Array.from(
      [...places.keys()].filter((i) =>
        Object.entries(choice).every(([dimension, value]) => places[i][dimension as keyof ImagePlace] === value),
      ),
    );
    if (inside.length === 0) continue;
    // a size is a dimension too
    const sizes = Object.keys(choice).length < MOST_DIMENSIONS ? [undefined, ...SIZES] : [undefined];
    numbersOf(evaluating, inside, sizes).forEach((row, k) => {
      rows[sliceKey({ ...choice, ...(sizes[k] && { size: sizes[k] }) })] = row;
    });
  }
  return { schema: 1, densities, rows };
}

function distinct(values: readonly (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null))].sort((a, b) => Number(a) - Number(b));
}

/** The numbers of some images, for each size class; undefined: all sizes. */
function numbersOf(
  { ranking, matches }: Evaluating,
  images: Uint32Array,
  sizes: readonly (string | undefined)[],
): SliceRow[] {
  const slice = sliceOf(ranking, images, ranking.start.length - 1);
  const maxDets = largestOf({ ranking }, images);
  const wants = sizes.map((size) => ({
    sizeClass: OUTCOME_CLASSES.findIndex(({ id }) => id === (size ?? 'all')),
    maxDets,
  }));
  return lineUp({ matches, ranking, slice }, wants, (line): SliceRow => {
    const { countable, precision, recall } = curveOf(line);
    return [images.length, countable, precision && mean(precision), recall && mean(recall.map((found) => 1 - found))];
  });
}

/** Return how many detections of an image take part: the protocol's limit, or fewer where no image has so many. */
export function largestOf({ ranking }: Pick<Evaluating, 'ranking'>, images: Uint32Array): number {
  let largest = 0;
  for (const i of images) largest = Math.max(largest, ranking.start[i + 1] - ranking.start[i]);
  return ranking.unscored ? largest : Math.min(PROTOCOLS[PRIMARY_PROTOCOL].maxDets[2], largest);
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** The mean over cell types with weights of the reader's; null where a type with weight has no number. */
export function weightedMean(
  values: Partial<Record<CellType, number | null>>,
  weights: Partial<Record<CellType, number>>,
): number | null {
  let sum = 0;
  let total = 0;
  for (const type of CELL_TYPES) {
    const weight = weights[type] ?? 0;
    if (weight <= 0) continue;
    const value = values[type];
    if (typeof value !== 'number') return null;
    sum += weight * value;
    total += weight;
  }
  return total > 0 ? sum / total : null;
}
