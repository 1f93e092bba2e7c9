/**
 * Transferability (Edlund et al. 2021, Figure 3e–f): eight models, each trained on one cell type and scored on every
 * type. How much worse is a model on cell types it was not trained on?
 */

import { list } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { degreesOfFreedom } from './fields.ts';
import { type Interval, jackknifeInterval } from './jackknife.ts';
import type { TransferabilityResults } from './report.ts';
import type { ModelReplicates } from './uncertainty.ts';

/** AP by the type a model was trained on, then by the type it was evaluated on. */
export type TransferMatrix = Partial<Record<CellType, Partial<Record<CellType, number | null>>>>;

/**
 * Compute the index, -1 / (n (n - 1)) · Σ over trained ≠ evaluated of log2(AP evaluated / AP trained): the average
 * number of halvings of AP on another cell type. 0 means as good as on the model's own type.
 *
 * An AP of 0 would make it infinite and a missing AP leaves it undefined; then it is `null`, and `indexMissing` lists
 * the pairs responsible.
 *
 * @param replicates of each model on every type, for the intervals of the index and of the means
 */
export function transferability(
  matrix: TransferMatrix,
  replicates: ModelReplicates | null = null,
): TransferabilityResults {
  const results = indexOf(matrix);
  const interval = replicates && intervalsOf(results, replicates);
  return { ...results, ...(interval && { interval }) };
}

/** Index and means computed anew without each field of view; undefined where there are too few fields. */
function intervalsOf(
  { matrix, index, meanTransferredAP }: TransferabilityResults,
  { fields, models }: ModelReplicates,
): TransferabilityResults['interval'] {
  const { strata, units } = fields;
  const without = units.map((_, unit) =>
    indexOf(
      Object.fromEntries(
        CELL_TYPES.filter((type) => matrix[type]).map((trainedOn) => [
          trainedOn,
          Object.fromEntries(CELL_TYPES.map((type) => [type, models[trainedOn]?.[type]?.without[unit].AP ?? null])),
        ]),
      ),
    ),
  );
  const ofIndex = jackknifeInterval(
    index,
    without.map((one) => one.index),
    strata,
    'plain',
  );
  const ofMeans = CELL_TYPES.flatMap((type): [CellType, Interval][] => {
    const interval = jackknifeInterval(
      meanTransferredAP[type] ?? null,
      without.map((one) => one.meanTransferredAP[type] ?? null),
      strata,
    );
    return interval ? [[type, interval]] : [];
  });
  if (!ofIndex && ofMeans.length === 0) return undefined;
  return {
    ...(ofIndex && { index: ofIndex }),
    meanTransferredAP: Object.fromEntries(ofMeans),
    degreesOfFreedom: degreesOfFreedom(strata),
  };
}

function indexOf(matrix: TransferMatrix): TransferabilityResults {
  const n = CELL_TYPES.length;
  const meanTransferredAP: TransferabilityResults['meanTransferredAP'] = {};
  const pairs: NonNullable<TransferabilityResults['indexMissing']>['pairs'] = [];
  let logs = 0;
  for (const trainedOn of CELL_TYPES) {
    const row = matrix[trainedOn] ?? {};
    const home = row[trainedOn];
    let sum: number | null = 0;
    for (const evaluatedOn of CELL_TYPES) {
      const AP = row[evaluatedOn];
      if (!AP) pairs.push({ trainedOn, evaluatedOn, AP: AP ?? null });
      if (evaluatedOn === trainedOn) continue;
      sum = sum === null || typeof AP !== 'number' ? null : sum + AP;
      if (AP && home) logs += Math.log2(AP / home);
    }
    if (matrix[trainedOn]) meanTransferredAP[trainedOn] = sum === null ? null : sum / (n - 1);
  }
  if (pairs.length > 0)
    return { matrix, index: null, indexMissing: { reason: reasonOf(pairs), pairs }, meanTransferredAP };
  // + 0: a model that loses nothing has an index of 0, not -0
  return { matrix, index: -logs / (n * (n - 1)) + 0, meanTransferredAP };
}

/** Number of pairs that a sentence names; the rest are counted. */
const NAMED = 3;

function reasonOf(pairs: readonly { trainedOn: CellType; evaluatedOn: CellType; AP: number | null }[]): string {
  const zeros = pairs.filter(({ AP }) => AP === 0);
  const missing = pairs.filter(({ AP }) => AP === null);
  const said: string[] = [];
  if (zeros.length > 0) said.push(`AP is 0 ${named(zeros)}, and a ratio to 0 has no logarithm.`);
  if (missing.length > 0) {
    // report a missing file once, not eight times
    const files = CELL_TYPES.filter(
      (type) => missing.filter(({ trainedOn }) => trainedOn === type).length === CELL_TYPES.length,
    );
    const cells = missing.filter(({ trainedOn }) => !files.includes(trainedOn));
    if (files.length > 0) {
      said.push(
        `There is no AP of the ${files.length === 1 ? 'model' : 'models'} trained on ${list(files.map((type) => CELL_TYPE_NAMES[type]))}.`,
      );
    }
    if (cells.length > 0) said.push(`There is no AP ${named(cells)}.`);
  }
  return said.join(' ');
}

function named(pairs: readonly { trainedOn: CellType; evaluatedOn: CellType }[]): string {
  const words = pairs
    .slice(0, NAMED)
    .map(
      ({ trainedOn, evaluatedOn }) =>
        `trained on ${CELL_TYPE_NAMES[trainedOn]} and evaluated on ${CELL_TYPE_NAMES[evaluatedOn]}`,
    );
  const more = pairs.length - words.length;
  return `for the model ${list(more > 0 ? [...words, `${more} more pairs`.replace(/^1 more pairs$/, '1 more pair')] : words)}`;
}
