/** Student's t-test for paired measurements. */
import { tTwoSided } from './incomplete-beta.ts';
import { mean } from './regression.ts';

export interface PairedTTest {
  readonly pairs: number;
  /** mean of second minus first */
  readonly meanDifference: number;
  readonly t: number;
  readonly degreesOfFreedom: number;
  /** two-sided */
  readonly p: number;
}

/**
 * The paired t-test: do the second measurements differ from the first, each compared with its own partner?
 *
 * t is the mean difference in units of its standard error; p is the probability of a t at least as far from 0 if there
 * were no difference and differences were normally distributed. `null` for fewer than two pairs or when no pair
 * differs; identical differences give an infinite t and p = 0, as in SciPy's `ttest_rel`. O(n).
 * Source: Student 1908.
 *
 * @example pairedTTest([1, 2, 3], [2, 4, 6])?.t // 3.4641016…
 */
export function pairedTTest(first: ArrayLike<number>, second: ArrayLike<number>): PairedTTest | null {
  const pairs = first.length;
  if (pairs < 2) return null;
  const differences = Float64Array.from(first, (value, i) => second[i] - value);
  const meanDifference = mean(differences);
  let squares = 0;
  for (const difference of differences) squares += (difference - meanDifference) ** 2;
  if (squares === 0 && meanDifference === 0) return null;
  const degreesOfFreedom = pairs - 1;
  const t = meanDifference / Math.sqrt(squares / degreesOfFreedom / pairs);
  return { pairs, meanDifference, t, degreesOfFreedom, p: tTwoSided(t, degreesOfFreedom) };
}
