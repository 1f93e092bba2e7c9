/**
 * What each kind of error costs by density, from stored outcomes. AP does not add over slices, so each density bin is
 * accumulated by itself, once as it is and once per kind that is repaired (`errors-by-kind.ts`). Kinds are those of the
 * pooled view: all bins have one score threshold.
 */
import type { Evaluating } from '../coco/match.ts';
import { NOT_COUNTED } from './error-kinds.ts';
import { countErrors, type ErrorsByKind, POOLED } from './errors-by-kind.ts';
import { evaluatingOf, type Outcomes } from './outcomes.ts';
import { placeImages, type SliceTable, sliceKey } from './slice-table.ts';

export interface DensityCost {
  /** fewest and most objects of its images */
  from: number;
  to: number;
  images: number;
  objects: number;
  AP: number | null;
  errors: ErrorsByKind;
}

/**
 * Compute a row per density bin, from sparse to dense; null for outcomes of before, which do not say what a repair
 * changes.
 *
 * @param slices of the same outcomes: its bins and their AP
 */
export function makeErrorCosts(
  outcomes: Outcomes,
  slices: SliceTable,
  evaluating: Evaluating = evaluatingOf(outcomes),
): DensityCost[] | null {
  const { kind, objectKind, becomes, leaves, objectStart, found, fileNames } = outcomes;
  if (!becomes || !leaves) return null;
  const named = {
    ...evaluating,
    dataset: { objectStart, objects: { count: found.length } },
    errors: {
      detection: kind,
      object: objectKind.map((code) => (code === NOT_COUNTED ? 0 : code)),
      becomes,
      leaves,
    },
  };
  const counts = evaluating.matches.countable.subarray(0, fileNames.length);
  const places = placeImages(fileNames, counts, slices.densities);
  return slices.densities.map(([from, to], k): DensityCost => {
    const density = String(k + 1);
    const images = Uint32Array.from([...places.keys()].filter((i) => places[i].density === density));
    const [, objects = 0, AP = null] = slices.rows[sliceKey({ density })] ?? [];
    const errors = countErrors(named, { view: POOLED, images, scoreThreshold: outcomes.scoreThreshold }, AP);
    return { from, to, images: images.length, objects, AP, errors };
  });
}
