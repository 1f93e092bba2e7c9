/**
 * Reports of the suite's tasks → what their charts and tables draw. What a report is of is seen by the shape of its
 * results, so a task with results of a known shape needs no page of its own.
 */

import { list, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import type { AnyReport, Metrics, ReportOf, TransferabilityResults } from '#lib/scoring/report.ts';
import { COUNTING_CELL_TYPES, TRAINING_SIZES, type TrainingSize } from '#lib/scoring/report.ts';
import type { Gain } from '#lib/scoring/single-cell-type.ts';
import { IOU_LABELS, type Series } from './series.ts';

export type TaskResults = AnyReport['results'];

/** Results with what they are: one model, a model per type, the 8 × 8 matrix, a model per share of images, counts, or outside sets. */
export type KnownResults =
  | { kind: 'wide'; results: ReportOf<'livecell-wide'>['results'] }
  | { kind: 'types'; results: ReportOf<'single-cell-type'>['results'] }
  | { kind: 'matrix'; results: ReportOf<'transferability'>['results'] }
  | { kind: 'sizes'; results: ReportOf<'training-size'>['results'] }
  | { kind: 'counts'; results: ReportOf<'fluorescence-counts'>['results'] }
  | { kind: 'datasets'; results: ReportOf<'zero-shot'>['results'] };

export function knownResults(results: TaskResults): KnownResults {
  if ('counts' in results) return { kind: 'counts', results };
  if ('sizes' in results) return { kind: 'sizes', results };
  if ('datasets' in results) return { kind: 'datasets', results };
  if ('matrix' in results.bbox) return { kind: 'matrix', results: results as ReportOf<'transferability'>['results'] };
  if ('overall' in results.bbox) return { kind: 'wide', results: results as ReportOf<'livecell-wide'>['results'] };
  return { kind: 'types', results: results as ReportOf<'single-cell-type'>['results'] };
}

// --- training-set size ---

/** A method's metrics by share of the training images, for one evaluation. */
export interface LearningCurve {
  readonly name: string;
  readonly sizes: Partial<Record<TrainingSize, Metrics>>;
}

export function learningCurve(
  name: string,
  { sizes }: ReportOf<'training-size'>['results'],
  evaluation: 'segm' | 'bbox',
): LearningCurve {
  const known = TRAINING_SIZES.flatMap((size) => {
    const metrics = sizes[size]?.[evaluation];
    return metrics ? [[size, metrics] as const] : [];
  });
  return { name, sizes: Object.fromEntries(known) };
}

/** What the curves say: what the whole training set adds to the smallest share a method has. */
export function learningSentence(curves: readonly LearningCurve[], metric: 'AP' | 'AFNR'): string {
  const said = curves.flatMap(({ name, sizes }) => {
    const have = TRAINING_SIZES.filter((size) => typeof sizes[size]?.[metric] === 'number');
    if (have.length < 2) return [];
    const [first, last] = [have[0], have[have.length - 1]];
    return [
      `${name} from ${percent(sizes[first]?.[metric], 1)} % at ${first} % to ${percent(sizes[last]?.[metric], 1)} % at ${last} %`,
    ];
  });
  return said.length > 0
    ? `${metric} by share of the training images: ${list(said)}.`
    : 'There is nothing to draw for this choice.';
}

/** AP per IoU, a line per share of the training images. */
export function perIouAndSize({ name, sizes }: LearningCurve): Series {
  const have = TRAINING_SIZES.filter((size) => sizes[size]);
  const last = have[have.length - 1];
  return {
    title: `AP per IoU threshold, ${name}`,
    sentence: last
      ? `Trained on ${last} % of the images, AP is ${percent(sizes[last]?.apPerIou[0], 1)} % at IoU 0.50 and ${percent(sizes[last]?.apPerIou[5], 1)} % at 0.75.`
      : 'There is nothing to draw for this choice.',
    xLabel: 'IoU threshold',
    yLabel: 'AP, %',
    better: 'higher',
    names: have.map((size) => `${size} %`),
    rows: IOU_LABELS.map((label, t) => ({ label, values: have.map((size) => sizes[size]?.apPerIou[t] ?? null) })),
    // a share keeps its look, whichever others a method has
    styles: have.map((size) => TRAINING_SIZES.indexOf(size)),
  };
}

// --- transferability ---

export interface HeatCell {
  readonly evaluatedOn: CellType;
  readonly AP: number | null;
  /** AP over the model's AP at home; null where either is missing or home is 0 */
  readonly ofHome: number | null;
  readonly home: boolean;
}

export function heatMap({
  matrix,
}: Pick<TransferabilityResults, 'matrix'>): { trainedOn: CellType; cells: HeatCell[] }[] {
  return CELL_TYPES.map((trainedOn) => {
    const home = matrix[trainedOn]?.[trainedOn];
    return {
      trainedOn,
      cells: CELL_TYPES.map((evaluatedOn) => {
        const AP = matrix[trainedOn]?.[evaluatedOn] ?? null;
        return { evaluatedOn, AP, ofHome: AP !== null && home ? AP / home : null, home: evaluatedOn === trainedOn };
      }),
    };
  });
}

/** The best and the worst journey. */
export function transferSentence(results: Pick<TransferabilityResults, 'matrix'>): string {
  const away = heatMap(results).flatMap(({ trainedOn, cells }) =>
    cells.flatMap(({ evaluatedOn, AP, home }) => (AP === null || home ? [] : [{ trainedOn, evaluatedOn, AP }])),
  );
  if (away.length === 0) return 'There is no AP away from home.';
  const sorted = away.sort((a, b) => a.AP - b.AP);
  const say = ({ trainedOn, evaluatedOn, AP }: (typeof away)[number]) =>
    `${percent(AP, 1)} %, trained on ${CELL_TYPE_NAMES[trainedOn]} and evaluated on ${CELL_TYPE_NAMES[evaluatedOn]}`;
  return `Away from home the highest AP is ${say(sorted[sorted.length - 1])}; the lowest is ${say(sorted[0])}.`;
}

// --- counts ---

export function countedTypes({ counts }: ReportOf<'fluorescence-counts'>['results']) {
  return COUNTING_CELL_TYPES.flatMap((cellType) => {
    const result = counts[cellType];
    return result ? [{ cellType, result }] : [];
  });
}

// --- what training on all types gains ---

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
