/**
 * AP and the share of missed cells at each IoU threshold without each field of view, from stored outcomes: what paired
 * differences per IoU need (PROTOCOL, "Uncertainty").
 */
import { sliceOf } from '../coco/accumulate.ts';
import { type Evaluating, THRESHOLDS } from '../coco/match.ts';
import { accumulateReplicates } from '../coco/replicates.ts';
import { findFields, stratify } from './fields.ts';
import { compareReplicated, type Difference, replicateWeights } from './jackknife.ts';
import { evaluatingOf, type Outcomes } from './outcomes.ts';
import { largestOf } from './slice-table.ts';

export const PER_IOU_METRICS = ['AP', 'FNR'] as const;
export type PerIouMetric = (typeof PER_IOU_METRICS)[number];

/** The numbers at each of the ten IoU thresholds, pooled over all images and sizes. */
export interface PerIou {
  /** name and cell type of each field of view */
  fields: [name: string, cellType: string][];
  /** [1 + fields][10]: of all images, then without each field; null without countable ground truth */
  AP: (number | null)[][];
  FNR: (number | null)[][];
}

/** Compute the numbers from outcomes. */
export function makePerIou(outcomes: Outcomes, evaluating: Evaluating = evaluatingOf(outcomes)): PerIou {
  const { ranking, matches } = evaluating;
  const images = Uint32Array.from(outcomes.fileNames.keys());
  const fields = findFields(outcomes.fileNames, matches.countable.subarray(0, images.length));
  const units = fields.units.length + 1; // the last is for images of fields without objects
  const weights = new Uint8Array((1 + fields.units.length) * units).fill(1, 0, units);
  weights.set(replicateWeights(fields), units);
  const slice = sliceOf(ranking, images, ranking.start.length - 1);
  const { perIou } = accumulateReplicates({ matches, ranking, slice }, largestOf(evaluating, images), {
    unitOf: fields.unitOf.map((unit) => (unit < 0 ? units - 1 : unit)),
    units,
    replicates: 1 + fields.units.length,
    weights,
  });
  const rows = (values: Float64Array) =>
    Array.from({ length: 1 + fields.units.length }, (_, row) =>
      Array.from(values.subarray(row * THRESHOLDS, (row + 1) * THRESHOLDS), (x) => (Number.isNaN(x) ? null : x)),
    );
  return {
    fields: fields.units.map(({ name, cellType }) => [name, cellType]),
    AP: rows(perIou.AP),
    FNR: rows(perIou.FNR),
  };
}

/**
 * Compute the paired differences of two entries at each threshold, first less second.
 *
 * @returns [10]; null where the fields differ, or where there are too few of them
 */
export function comparePerIou(first: PerIou, second: PerIou, metric: PerIouMetric): (Difference | null)[] | null {
  if (JSON.stringify(first.fields) !== JSON.stringify(second.fields)) return null;
  const strata = stratify(first.fields.map(([name, cellType]) => ({ name, cellType })));
  const at = ({ [metric]: rows }: PerIou, t: number) => ({
    value: rows[0][t],
    replicates: rows.slice(1).map((row) => row[t]),
  });
  const found = Array.from({ length: THRESHOLDS }, (_, t) =>
    compareReplicated(at(first, t), at(second, t), strata, metric === 'FNR' ? 'lower' : 'higher'),
  );
  return found.every((difference) => difference === null) ? null : found;
}
