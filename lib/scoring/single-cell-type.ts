/**
 * One model per cell type, each scored on its own type (Edlund et al. 2021, Figure 3c–d), and the gain from training on
 * all.
 */

import { CELL_TYPE_NAMES, CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { type PairedTTest, pairedTTest } from '../stats/t-test.ts';
import type { Metrics, SingleCellTypeResults } from './report.ts';
import { headlineInterval, type ModelReplicates, meanReplicates } from './uncertainty.ts';

/** The numbers of a type's metrics that this task needs. */
type Numbers = Partial<Record<CellType, Pick<Metrics, 'AP' | 'AFNR'>>>;

/**
 * The results of one evaluation: the types' metrics with their mean.
 *
 * @param replicates of each model on its own type, for the interval of the mean
 */
export function singleCellType(
  cellTypes: Partial<Record<CellType, Metrics>>,
  replicates: ModelReplicates | null = null,
): SingleCellTypeResults {
  const mean = meanOfTypes(cellTypes);
  if (!mean || !replicates) return { cellTypes, mean };
  const { fields, models } = replicates;
  const own = Object.fromEntries(CELL_TYPES.map((type) => [type, models[type]?.[type]]));
  const interval = headlineInterval(mean, meanReplicates(cellTypes, own, fields), fields);
  return { cellTypes, mean: { ...mean, ...(interval && { interval }) } };
}

/**
 * Return the unweighted mean over the eight types; null until all are there, since types differ too much for a partial
 * mean.
 */
export function meanOfTypes(cellTypes: Numbers): { AP: number | null; AFNR: number | null } | null {
  if (!CELL_TYPES.every((type) => cellTypes[type])) return null;
  const mean = (metric: 'AP' | 'AFNR'): number | null => {
    let sum = 0;
    for (const type of CELL_TYPES) {
      const value = cellTypes[type]?.[metric];
      if (typeof value !== 'number') return null;
      sum += value;
    }
    return sum / CELL_TYPES.length;
  };
  return { AP: mean('AP'), AFNR: mean('AFNR') };
}

/** Advantage of one model trained on everything over models trained on one type each. */
interface Gain {
  /** types with both numbers; `difference` is all minus one: above 0 is better for AP, below 0 for AFNR */
  readonly types: readonly { cellType: CellType; one: number; all: number; difference: number }[];
  readonly meanDifference: number | null;
  /** paired over the types; null if fewer than two have both numbers, or if none differs */
  readonly test: PairedTTest | null;
}

/**
 * Compare the models of Figures 3a and 3c.
 *
 * @param one metrics of the models trained on one type, on that type
 * @param all metrics of the model trained on every type (a LIVECell-wide result), per type
 */
export function gainOfTrainingOnAll(one: Numbers, all: Numbers, metric: 'AP' | 'AFNR'): Gain {
  const types = CELL_TYPES.flatMap((cellType) => {
    const [a, b] = [one[cellType]?.[metric], all[cellType]?.[metric]];
    if (typeof a !== 'number' || typeof b !== 'number') return [];
    return [{ cellType, one: a, all: b, difference: b - a }];
  });
  const sum = types.reduce((total, { difference }) => total + difference, 0);
  return {
    types,
    meanDifference: types.length > 0 ? sum / types.length : null,
    test: pairedTTest(
      types.map((type) => type.one),
      types.map((type) => type.all),
    ),
  };
}

/** One sentence per method that has both: models trained on one type each, and one trained on all. */
export function gainSentence(name: string, gain: Gain, metric: 'AP' | 'AFNR'): string {
  const { types, meanDifference, test } = gain;
  if (meanDifference === null) return `${name} has no cell type with both numbers.`;
  const points = Math.abs(100 * meanDifference).toFixed(1);
  const what =
    points === '0.0'
      ? `leaves ${metric} as it is`
      : `${meanDifference > 0 ? 'raises' : 'lowers'} ${metric} by ${points} percentage points`;
  const over =
    types.length === 1
      ? `on ${CELL_TYPE_NAMES[types[0].cellType]}, the only type with both`
      : `on average over ${types.length} types`;
  return `${name}: training on all cell types ${what} ${over}${test ? ` (paired t-test, p ${test.p < 0.001 ? '< 0.001' : `= ${test.p.toFixed(3)}`})` : ''}.`;
}
