/**
 * How much the headline depends on irregularities of the official test set: 52 files are listed under two image ids
 * with two sets of annotations, and two images have only two annotations each. They stay in the official number; the
 * report adds the number without them.
 *
 * Matching is not repeated: an excluded image has weight 0.
 */

import { stem } from '#lib/livecell/cell-types.ts';
import { accumulate, type Slice } from '../coco/accumulate.ts';
import type { Dataset } from '../coco/dataset.ts';
import { classIndex, type Evaluating } from '../coco/match.ts';
import type { Metrics } from '../coco/metrics.ts';
import { PROTOCOLS, type ProtocolId } from '../coco/protocol.ts';

/** Images of the official test set in which almost no cell is annotated: two in each. */
export const INCOMPLETE_IMAGES = ['BV2_Phase_A4_2_00d00h00m_1', 'BV2_Phase_A4_2_02d04h00m_3'] as const;

const ANNOTATED_AT_MOST = 2;

type Sensitivity = NonNullable<Metrics['sensitivity']>;
export type SensitivityLine = keyof Sensitivity;
export type SensitivityNumbers = NonNullable<Sensitivity[SensitivityLine]>;

/**
 * Return the images each variant excludes, as a weight per image: 0 or 1. A variant that would exclude nothing is
 * absent. Of a file with several ids the first image is kept, the one with the lowest id. An image with the name of an
 * incomplete one but all cells annotated, as in demo data, is complete.
 */
export function sensitivityWeights({
  images: { fileNames },
  objectStart,
}: Pick<Dataset, 'images' | 'objectStart'>): Map<SensitivityLine, Uint8Array> {
  const names = fileNames.map(stem);
  const seen = new Set<string>();
  const incomplete = (name: string, image: number) =>
    INCOMPLETE_IMAGES.some((other) => other === name) &&
    objectStart[image + 1] - objectStart[image] <= ANNOTATED_AT_MOST;
  const weights: [SensitivityLine, Uint8Array][] = [
    ['withoutDuplicates', Uint8Array.from(names, (name) => Number(seen.size < seen.add(name).size))],
    ['withoutIncomplete', Uint8Array.from(names, (name, i) => Number(!incomplete(name, i)))],
  ];
  return new Map(weights.filter(([, weight]) => weight.includes(0) && weight.includes(1)));
}

/** Compute AP and AFNR of the images with weight 1, pooled, per protocol. */
export function sensitivityNumbers(
  { ranking, matches }: Evaluating,
  weights: Uint8Array,
  protocols: readonly ProtocolId[],
): SensitivityNumbers[] {
  const slice: Slice = { images: Uint32Array.from(weights.keys()), order: ranking.order };
  let largest = 0;
  weights.forEach((weight, i) => {
    if (weight) largest = Math.max(largest, ranking.start[i + 1] - ranking.start[i]);
  });
  const known = new Map<number, SensitivityNumbers>(); // here protocols differ only in maxDets
  return protocols.map((id) => {
    const { areaRanges, maxDets } = PROTOCOLS[id];
    const most = ranking.unscored ? largest : Math.min(maxDets[2], largest);
    const numbers = known.get(most) ?? compute(most, classIndex(matches.classes, areaRanges[0]));
    known.set(most, numbers);
    return { ...numbers };
  });

  function compute(most: number, allSizes: number): SensitivityNumbers {
    const { countable, precision, recall } = accumulate(
      { matches, ranking, slice, weights },
      { sizeClass: allSizes, maxDets: most },
    );
    const images = weights.reduce((sum, weight) => sum + weight, 0);
    return {
      images,
      objects: countable,
      AP: precision && mean(precision),
      AFNR: recall && mean(recall.map((found) => 1 - found)),
    };
  }
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
