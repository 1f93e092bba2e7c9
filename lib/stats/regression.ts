/**
 * How well one series of numbers follows another. `null` means no answer: too few numbers, or numbers that do not vary.
 * Each function makes two passes over the data, O(n), using deviations from the mean to avoid cancellation.
 */

/** A straight line, `y = intercept + slope * x`. */
interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/**
 * R², the coefficient of determination: 1 - Σ(y - ŷ)² / Σ(y - ȳ)².
 *
 * The share of the reference's variance that the predictions explain directly, without a fitted line. Negative if the
 * mean of the reference would have predicted better. Source: scikit-learn's `r2_score`.
 *
 * @example rSquared([1, 2, 3], [1, 2, 4]) // 0.5
 */
export function rSquared(reference: ArrayLike<number>, predicted: ArrayLike<number>): number | null {
  const n = reference.length;
  const centre = mean(reference);
  let residual = 0;
  let total = 0;
  for (let i = 0; i < n; i++) {
    residual += (reference[i] - predicted[i]) ** 2;
    total += (reference[i] - centre) ** 2;
  }
  return total > 0 ? 1 - residual / total : null;
}

/**
 * The least-squares line (ordinary linear regression of y on x).
 *
 * Among all straight lines it has the smallest sum of squared vertical distances to the points. If x does not vary,
 * every line through the mean is equally good; the flat one is returned, like LAPACK's minimum-norm solution (numpy,
 * SciPy, scikit-learn). Source: Legendre 1805.
 *
 * @example leastSquaresLine([0, 1, 2], [1, 3, 5]) // { slope: 2, intercept: 1 }
 */
export function leastSquaresLine(x: ArrayLike<number>, y: ArrayLike<number>): Line | null {
  if (x.length === 0) return null;
  const { meanX, meanY, xx, xy } = products(x, y);
  const slope = xx > 0 ? xy / xx : 0;
  return { slope, intercept: meanY - slope * meanX };
}

/**
 * Pearson's r, the product-moment correlation: how close the points are to any rising (1) or falling (-1) line.
 * Source: Pearson 1895.
 *
 * @example pearson([1, 2, 3], [2, 4, 7]) // 0.9933…
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const { xx, xy, yy } = products(x, y);
  // two separate roots: the product of two large sums could overflow
  return xx > 0 && yy > 0 ? Math.max(-1, Math.min(1, xy / Math.sqrt(xx) / Math.sqrt(yy))) : null;
}

/**
 * Mean absolute error: how far off a prediction is on average, in its own unit.
 *
 * @example meanAbsoluteError([10, 20], [13, 19]) // 2
 */
export function meanAbsoluteError(reference: ArrayLike<number>, predicted: ArrayLike<number>): number | null {
  const n = reference.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.abs(reference[i] - predicted[i]);
  return n > 0 ? sum / n : null;
}

/** The arithmetic mean; NaN for no numbers. O(n). */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Sum of squares and products of the deviations from the means. */
function products(x: ArrayLike<number>, y: ArrayLike<number>) {
  const meanX = mean(x);
  const meanY = mean(y);
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i] - meanX;
    const dy = y[i] - meanY;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  return { meanX, meanY, xx, xy, yy };
}
