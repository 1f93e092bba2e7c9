/**
 * Uncertainty of a number: the stratified delete-one jackknife over fields of view (PROTOCOL, "Uncertainty"). There is
 * one replicate per field, the same for every entry, and nothing random.
 *
 * The replicate without field i of a stratum with n fields gives weight 0 to its images, n to those of the stratum's
 * other fields, and n - 1 to all others: the usual weights n / (n - 1) and 1, scaled to whole numbers so that sums are
 * exact. Matching is not repeated.
 *
 * Source: Wolter, Introduction to Variance Estimation, 2nd edition, chapter 4.
 */
import { thread } from '../kernels/thread-state.ts';
import { tDistribution, tQuantile } from '../stats/student-t.ts';
import { degreesOfFreedom, type Fields, type Strata } from './fields.ts';

/**
 * With fewer degrees of freedom, a view has values and the fields' own numbers, but no intervals and no comparisons.
 */
export const FEWEST_DEGREES_OF_FREEDOM = 5;

export type Interval = [low: number, high: number];

/**
 * Compute the weights of all replicates.
 *
 * @returns [replicates × units + 1] a row per replicate; the last column is for images in no unit
 */
export function replicateWeights({ units, strata }: Pick<Fields, 'units' | 'strata'>): Uint8Array {
  const columns = units.length + 1;
  const weights = new Uint8Array(units.length * columns);
  for (let out = 0; out < units.length; out++) {
    const n = strata.sizes[strata.of[out]];
    const row = weights.subarray(out * columns, (out + 1) * columns).fill(n - 1);
    for (let unit = 0; unit < units.length; unit++) if (strata.of[unit] === strata.of[out]) row[unit] = n;
    row[out] = 0;
  }
  return weights;
}

/**
 * Compute the variance of a number from its values without each field, v = Σ_h (n_h - 1)/n_h · Σ_i (x_hi - x)².
 *
 * @param value the number over all fields
 * @param replicates [units]
 */
export function jackknifeVariance(value: number, replicates: ArrayLike<number>, { of, sizes }: Strata): number {
  let variance = 0;
  for (let unit = 0; unit < of.length; unit++) {
    const n = sizes[of[unit]];
    variance += ((n - 1) / n) * (replicates[unit] - value) ** 2;
  }
  return variance;
}

/**
 * Compute the 95 % interval of a number: for a fraction on the logit scale, so that it stays between 0 and 1; if the
 * fraction or one of its replicates is 0 or 1, on the plain scale, cut at 0 and 1.
 *
 * @param replicates [units] the number without each field
 * @param scale `plain` for numbers that are not fractions
 * @returns null if there are too few fields, or if the number or a replicate is missing
 */
export function jackknifeInterval(
  value: number | null,
  replicates: readonly (number | null)[],
  strata: Strata,
  scale: 'fraction' | 'plain' = 'fraction',
): Interval | null {
  const df = degreesOfFreedom(strata);
  if (df < FEWEST_DEGREES_OF_FREEDOM || !isNumber(value) || !replicates.every(isNumber)) return null;
  const t = studentFor(df);
  if (scale === 'fraction' && [value, ...replicates].every((x) => x > 0 && x < 1)) {
    const middle = logit(value);
    const half = t * Math.sqrt(jackknifeVariance(middle, replicates.map(logit), strata));
    return [inverseLogit(middle - half), inverseLogit(middle + half)];
  }
  const half = t * Math.sqrt(jackknifeVariance(value, replicates, strata));
  const cut = (x: number): number => (scale === 'fraction' ? Math.min(1, Math.max(0, x)) : x);
  return [cut(value - half), cut(value + half)];
}

/** Difference between two entries in one number on the same fields. */
export interface Difference {
  /** first minus second */
  difference: number;
  standardError: number;
  interval: Interval;
  /** approximate probability that the first is better on other fields of the same wells */
  probabilityBetter: number;
  /** two-sided */
  p: number;
}

/** A number with its replicates: [units], in the order of the fields' names. */
export interface Replicated {
  value: number | null;
  replicates: readonly (number | null)[];
}

/**
 * Compute the paired difference of two entries, on the plain scale; both must have replicates from the same fields.
 *
 * @returns null if there are too few fields, or if a number is missing
 */
export function compareReplicated(
  first: Replicated,
  second: Replicated,
  strata: Strata,
  better: 'higher' | 'lower',
): Difference | null {
  const df = degreesOfFreedom(strata);
  if (df < FEWEST_DEGREES_OF_FREEDOM || !isNumber(first.value) || !isNumber(second.value)) return null;
  if (!first.replicates.every(isNumber) || !second.replicates.every(isNumber)) return null;
  const others = second.replicates;
  const difference = first.value - second.value;
  const standardError = Math.sqrt(
    jackknifeVariance(
      difference,
      first.replicates.map((value, unit) => value - others[unit]),
      strata,
    ),
  );
  const half = studentFor(df) * standardError;
  const interval: Interval = [difference - half, difference + half];
  if (difference === 0) return { difference, standardError, interval, probabilityBetter: 0.5, p: 1 };
  const t = difference / standardError; // infinite if all fields agree
  return {
    difference,
    standardError,
    interval,
    probabilityBetter: tDistribution(better === 'higher' ? t : -t, df),
    p: 2 * tDistribution(-Math.abs(t), df),
  };
}

const quantiles = thread.keep(() => new Map<number, number>());

/** Return Student's t at 0.975. */
export function studentFor(df: number): number {
  const known = quantiles.get();
  const quantile = known.get(df) ?? tQuantile(0.975, df);
  known.set(df, quantile);
  return quantile;
}

function logit(x: number): number {
  return Math.log(x / (1 - x));
}

function inverseLogit(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}
