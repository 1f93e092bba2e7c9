/**
 * What the replicates of all slices say of one evaluation (PROTOCOL, "Uncertainty"): intervals, the mean over cell types,
 * each field's own numbers; and, from two reports, how two entries differ.
 */
import { CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { degreesOfFreedom, type Fields, stratify } from './fields.ts';
import { compareReplicated, type Difference, type Interval, jackknifeInterval, type Replicated } from './jackknife.ts';
import type { Headline, SliceReplicates } from './replicates.ts';
import type { SliceName } from './slices.ts';

/** Replicates of the slices of one evaluation under one protocol; a slice that was not asked for is absent. */
export type ReplicatesBySlice = Partial<Record<SliceName, SliceReplicates>>;

/** One model per cell type, each without each field, by the type it was trained on. */
export interface ModelReplicates {
  fields: Fields;
  models: Partial<Record<CellType, ReplicatesBySlice>>;
}

/** A 95 % interval of both headline numbers. */
interface HeadlineInterval {
  AP: Interval;
  AFNR: Interval;
  degreesOfFreedom: number;
}

export interface MeanOfTypes extends Headline {
  interval?: HeadlineInterval;
}

/** One field's own numbers. */
interface FieldNumbers extends Headline {
  field: string;
  cellType: string | null;
  images: number;
}

/** The numbers without one field. */
interface ReplicateNumbers extends Headline {
  without: string;
  meanAP: number | null;
  meanAFNR: number | null;
}

/** The interval of a headline from its replicates; undefined where there are too few fields, or a number is missing. */
export function headlineInterval(
  value: Headline,
  replicates: readonly Headline[],
  { strata }: Pick<Fields, 'strata'>,
): HeadlineInterval | undefined {
  const of = (key: keyof Headline) =>
    jackknifeInterval(
      value[key],
      replicates.map((replicate) => replicate[key]),
      strata,
    );
  const [AP, AFNR] = [of('AP'), of('AFNR')];
  return AP && AFNR ? { AP, AFNR, degreesOfFreedom: degreesOfFreedom(strata) } : undefined;
}

/** The unweighted mean over the cell types that have objects; null where there is none. */
function meanOverTypes(types: Partial<Record<CellType, Headline>>): Headline {
  const mean = (key: keyof Headline): number | null => {
    const found = CELL_TYPES.flatMap((type) => types[type]?.[key] ?? []);
    return found.length > 0 ? found.reduce((sum, value) => sum + value, 0) / found.length : null;
  };
  return { AP: mean('AP'), AFNR: mean('AFNR') };
}

/**
 * The mean over cell types without each field; null where a type with objects has none left.
 *
 * @param types the numbers of all fields, by type
 * @returns [units]
 */
export function meanReplicates(
  types: Partial<Record<CellType, Headline>>,
  slices: ReplicatesBySlice,
  { units }: Pick<Fields, 'units'>,
): Headline[] {
  const present = CELL_TYPES.filter((type) => typeof types[type]?.AP === 'number');
  return units.map((_, unit) => {
    const without = present.map((type) => slices[type]?.without[unit]);
    if (!without.every((one) => typeof one?.AP === 'number')) return { AP: null, AFNR: null };
    return meanOverTypes(Object.fromEntries(present.map((type, k) => [type, without[k]])));
  });
}

/** What stands beside the numbers of one evaluation. */
export interface EvaluationUncertainty {
  meanOfTypes?: MeanOfTypes;
  fields: FieldNumbers[];
  replicates: ReplicateNumbers[];
}

/** The mean over cell types with its interval, fields and replicates of one evaluation of all images. */
export function describeMeans(
  cellTypes: Partial<Record<CellType, Headline>>,
  slices: ReplicatesBySlice,
  fields: Fields,
): EvaluationUncertainty {
  const pooled = slices.overall!;
  const mean = meanOverTypes(cellTypes);
  const means = meanReplicates(cellTypes, slices, fields);
  const images = new Uint32Array(fields.units.length);
  for (const unit of fields.unitOf) if (unit >= 0) images[unit]++;
  const meanInterval = headlineInterval(mean, means, fields);
  return {
    ...(mean.AP !== null && { meanOfTypes: { ...mean, ...(meanInterval && { interval: meanInterval }) } }),
    fields: fields.units.map(({ name, cellType }, unit) => ({
      field: name,
      cellType: cellType || null,
      images: images[unit],
      ...ownNumbers(slices, unit),
    })),
    replicates: fields.units.map(({ name }, unit) => ({
      without: name,
      ...pooled.without[unit],
      meanAP: means[unit].AP,
      meanAFNR: means[unit].AFNR,
    })),
  };
}

/** A field's own numbers, from whichever slice has them. */
function ownNumbers(slices: ReplicatesBySlice, unit: number): Headline {
  for (const slice of Object.values(slices)) if (slice.own[unit]) return slice.own[unit];
  return { AP: null, AFNR: null };
}

// --- two entries ---

export const COMPARED_METRICS = ['AP', 'AFNR', 'meanAP', 'meanAFNR'] as const;
export type ComparedMetric = (typeof COMPARED_METRICS)[number];

/** What comparing asks of one evaluation of a report. */
interface ComparableResults {
  overall: Headline;
  meanOfTypes?: Headline;
  fields?: readonly Pick<FieldNumbers, 'field' | 'cellType'>[];
  replicates?: readonly ReplicateNumbers[];
}

/** The strata that a report's replicates come from: they follow from its fields' names and cell types. */
export function strataOf(fields: NonNullable<ComparableResults['fields']>) {
  return stratify(fields.map(({ field, cellType }) => ({ name: field, cellType: cellType ?? '' })));
}

/** One number of an evaluation with its replicates, for comparisons and rank ranges; null without replicates. */
function replicatedNumber(results: ComparableResults, metric: ComparedMetric): Replicated | null {
  const { overall, meanOfTypes, replicates } = results;
  if (!replicates?.length) return null;
  const value =
    metric === 'AP' || metric === 'AFNR' ? overall[metric] : metric === 'meanAP' ? meanOfTypes?.AP : meanOfTypes?.AFNR;
  return { value: value ?? null, replicates: replicates.map((replicate) => replicate[metric]) };
}

/**
 * Paired differences of two entries in every number that both have with replicates of the same fields.
 *
 * @returns null where the fields differ, where there are none, or where there are too few of them
 */
export function compareResults(
  first: ComparableResults,
  second: ComparableResults,
): Partial<Record<ComparedMetric, Difference>> | null {
  const [names, others] = [first, second].map(({ fields }) => fields?.map(({ field }) => field).join('\n'));
  if (!first.fields?.length || names !== others) return null;
  const strata = strataOf(first.fields);
  const found = COMPARED_METRICS.flatMap((metric) => {
    const [a, b] = [replicatedNumber(first, metric), replicatedNumber(second, metric)];
    const better = metric.endsWith('AFNR') ? 'lower' : 'higher';
    const difference = a && b && compareReplicated(a, b, strata, better);
    return difference ? [[metric, difference] as const] : [];
  });
  return found.length > 0 ? (Object.fromEntries(found) as Partial<Record<ComparedMetric, Difference>>) : null;
}
