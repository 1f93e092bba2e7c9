/** Levene's test: do several samples have the same spread? Once, or repeatedly on samples that change little. */
import { fTail } from './incomplete-beta.ts';

export interface Levene {
  /**
   * W: between-sample over within-sample variance of the distances; infinite if only the within-sample variance is zero
   */
  readonly statistic: number;
  readonly p: number;
}

/** Distances of a sample's numbers from its median, summed up. */
interface Distances {
  readonly count: number;
  readonly mean: number;
  /** Σ(distance - mean)² */
  readonly squares: number;
}

/**
 * Levene's test with the median as centre (the Brown–Forsythe test): an analysis of variance of the numbers' absolute
 * distances from their sample's median.
 *
 * The median makes it robust when the numbers are skewed; it is the default of SciPy's `levene`. `null` when distances
 * vary neither within samples nor between them (0 / 0). O(n) per sample.
 * Source: Brown and Forsythe 1974; Levene 1960 with the mean.
 *
 * @example levene([[1, 2, 3], [2, 4, 6]])?.statistic // 0.8
 */
export function levene(samples: readonly ArrayLike<number>[]): Levene | null {
  return leveneOfDistances(samples.map((sample) => distances(Float64Array.from(sample))));
}

/** Compute Levene's test from each sample's distances. O(samples). */
export function leveneOfDistances(samples: readonly Distances[]): Levene | null {
  const statistic = leveneStatistic(samples);
  if (Number.isNaN(statistic)) return null;
  let total = 0;
  for (const { count } of samples) total += count;
  return { statistic, p: fTail(statistic, samples.length - 1, total - samples.length) };
}

/** Compute only W; NaN for 0 / 0. */
function leveneStatistic(samples: readonly Distances[]): number {
  let total = 0;
  let sum = 0;
  let within = 0;
  for (const { count, mean, squares } of samples) {
    total += count;
    sum += count * mean;
    within += squares;
  }
  let between = 0;
  for (const { count, mean } of samples) between += count * (mean - sum / total) ** 2;
  return ((total - samples.length) * between) / ((samples.length - 1) * within);
}

/** Sum up the distances from the median. Reorders `values`. */
function distances(values: Float64Array): Distances {
  const count = values.length;
  const median = selectMedian(values, count, (count - 1) >> 1, count >> 1);
  let sum = 0;
  for (const value of values) sum += Math.abs(value - median);
  const mean = sum / count;
  let squares = 0;
  for (const value of values) squares += (Math.abs(value - median) - mean) ** 2;
  return { count, mean, squares };
}

/** Expected number of values collected around the guessed median; more is slower, fewer misses it more often. */
const NEAR = 100;

/**
 * Compute distances of a sample that changes little from one call to the next.
 *
 * The last median is the guess for the next: one pass adds up the distances from the guess, counts the numbers clearly
 * below it and collects about a hundred around it. If the median is among these, only their part of the sums is
 * corrected; otherwise everything is computed afresh. O(n) either way; the shortcut selects ranks only among those
 * hundred.
 * among more than that hundred.
 */
export class DistancesTracker {
  /** median of the last sample; the guess for the next */
  median = 0;
  /** numbers this close to the guess are collected */
  private reach = -1;
  private readonly near: Float64Array;

  /** @param capacity length of the longest sample */
  constructor(capacity: number) {
    this.near = new Float64Array(capacity);
  }

  /** Measure the first `count` numbers of `values`. */
  measure(values: Float64Array, count: number): Distances {
    const { near, median: guess, reach } = this;
    let collected = 0;
    let signs = 0;
    let sum = 0;
    let distance = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const offset = values[i] - guess;
      const size = Math.abs(offset);
      sum += offset;
      distance += size;
      squares += offset * offset;
      if (size <= reach) near[collected++] = offset;
      else signs += offset / size; // -1 or 1; a branch on the sign would be mispredicted half the time
    }
    const below = (count - collected - signs) / 2;
    const [low, high] = [(count - 1) >> 1, count >> 1]; // ranks of the median, two if the count is even
    if (reach < 0 || low < below || high >= below + collected) return this.measureAnew(values, count);

    let collectedDistance = 0;
    for (let k = 0; k < collected; k++) collectedDistance += Math.abs(near[k]);
    const shift = selectMedian(near, collected, low - below, high - below);
    // convert distances from the guess to distances from the median: each side shifts by a constant
    distance += shift * (below - (count - below - collected)) - collectedDistance;
    for (let k = 0; k < collected; k++) distance += Math.abs(near[k] - shift);
    squares += shift * (count * shift - 2 * sum);
    return this.remember(guess + shift, { count, mean: distance / count, squares: squares - distance ** 2 / count });
  }

  private measureAnew(values: Float64Array, count: number): Distances {
    const copy = this.near.subarray(0, count);
    copy.set(values.subarray(0, count));
    const found = distances(copy);
    return this.remember(selectMedian(copy, count, (count - 1) >> 1, count >> 1), found);
  }

  private remember(median: number, found: Distances): Distances {
    this.median = median;
    // in a normal sample, NEAR numbers lie within this distance of the median
    this.reach = (found.mean * 1.6 * NEAR) / found.count;
    return found.squares < 0 ? { ...found, squares: 0 } : found;
  }
}

/**
 * Return the mean of the numbers at two neighbouring (or equal) ranks among the first `count`; reorders them. Hoare's
 * quickselect 1961, O(n) on average, also with many equal numbers.
 */
function selectMedian(values: Float64Array, count: number, low: number, high: number): number {
  let left = 0;
  let right = count - 1;
  while (left < right) {
    const pivot = values[(left + right) >> 1];
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (pivot < values[j]) j--;
      if (i <= j) {
        const swapped = values[i];
        values[i++] = values[j];
        values[j--] = swapped;
      }
    }
    if (high <= j) right = j;
    else if (high >= i) left = i;
    else break;
  }
  if (low === high) return values[high];
  // nothing before `high` exceeds it, so the number at the rank below is the largest of those
  let below = values[0];
  for (let k = 1; k < high; k++) if (values[k] > below) below = values[k];
  return (below + values[high]) / 2;
}
