/** Several comparisons at once. */

/**
 * Holm's step-down procedure: adjust p-values so that, when every one below `alpha` is called significant, the
 * probability of at least one false positive is at most `alpha`, whatever the dependence between tests. O(n log n).
 *
 * Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
 *
 * @param p one per comparison, from 0 to 1
 * @returns adjusted p-values in the same order, at most 1
 * @example holm([0.01, 0.04, 0.03]) // [0.03, 0.06, 0.06]
 */
export function holm(p: readonly number[]): number[] {
  const ascending = [...p.keys()].sort((a, b) => p[a] - p[b]);
  const adjusted = new Array<number>(p.length);
  let largest = 0;
  ascending.forEach((index, k) => {
    largest = Math.max(largest, Math.min(1, (p.length - k) * p[index]));
    adjusted[index] = largest;
  });
  return adjusted;
}
