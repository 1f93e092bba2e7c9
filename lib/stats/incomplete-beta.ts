/** The incomplete beta function behind F and t tests, accurate far into the tail, where `1 - cdf` loses all digits. */

/**
 * The upper tail of Fisher's F distribution (survival function): the probability that F with `d1` and `d2` degrees of
 * freedom exceeds `f`. Relative error below 1e-12 down to 1e-300; NaN for NaN.
 *
 * @example fTail(4, 1, 10) // 0.0733880…
 */
export function fTail(f: number, d1: number, d2: number): number {
  if (f <= 0) return 1;
  const ratio = (d1 * f) / d2;
  return incompleteBeta(d2 / 2, d1 / 2, 1 / (1 + ratio), 1 / (1 + 1 / ratio));
}

/**
 * The two-sided tail of Student's t distribution with `df` degrees of freedom: the probability of a value at least as
 * far from 0 as `t`. t² has the F distribution with 1 and `df` degrees of freedom.
 *
 * @example tTwoSided(2, 10) // 0.0733880…
 */
export function tTwoSided(t: number, df: number): number {
  return fTail(t * t, 1, df);
}

/**
 * The regularised incomplete beta function I_x(a, b).
 *
 * A power term divided by a continued fraction (Didonato and Morris 1992, algorithm 708), evaluated on the side where
 * it converges quickly: O(√max(a, b)) steps. The power term never subtracts two large logarithms of the gamma function,
 * and the fraction never subtracts two numbers near 1; either would lose the digits that small p-values need.
 *
 * @param y 1 - x, passed in because it may have more digits than the subtraction would keep
 */
function incompleteBeta(a: number, b: number, x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBetaBelow(b, a, y, x);
  return incompleteBetaBelow(a, b, x, y);
}

/** I_x(a, b) for x up to (a + 1) / (a + b + 2). */
function incompleteBetaBelow(a: number, b: number, x: number, y: number): number {
  return powerTerm(a, b, x, y) / fraction(a, b, x, y);
}

const STEPS = 100_000; // about √max(a, b) are needed: enough for 10^10 degrees of freedom

/**
 * The continued fraction by Lentz's method, as modified by Thompson and Barnett 1986. It is finite if b is a whole
 * number.
 */
function fraction(a: number, b: number, x: number, y: number): number {
  const term = (m: number): number =>
    (m === 0 ? 0 : m + (m * (b - m) * x) / (a + 2 * m - 1)) +
    ((a + m) * (a * y - b * x + 1 + m * (1 + y))) / (a + 2 * m + 1);
  let value = term(0);
  let c = value;
  let d = 0;
  for (let m = 1; m <= STEPS; m++) {
    const over = (((a + m - 1) * (a + b + m - 1)) / (a + 2 * m - 1)) * ((m * (b - m) * x * x) / (a + 2 * m - 1));
    if (over === 0) break;
    const under = term(m);
    d = 1 / (under + over * d);
    c = under + over / c;
    const step = c * d;
    value *= step;
    if (Math.abs(step - 1) < 2.3e-16) break;
  }
  return value;
}

/** x^a y^b / B(a, b). */
function powerTerm(a: number, b: number, x: number, y: number): number {
  const small = Math.min(a, b);
  if (small >= STIRLING_FROM) {
    // relative to the maximum of x^a y^b, so that the two large exponents cancel before they are rounded
    const n = a + b;
    const away = (x * b - y * a) / n; // x - a / n
    const exponent =
      a * logRatio((x * n) / a, (away * n) / a) +
      b * logRatio((y * n) / b, (-away * n) / b) +
      stirling(n) -
      stirling(a) -
      stirling(b);
    return Math.sqrt((a / n) * (b / (2 * Math.PI))) * Math.exp(exponent);
  }
  // 1 / B(a, b) = Γ(large + small) / Γ(large) / Γ(small); the first quotient from Stirling's series, where it is exact
  let large = Math.max(a, b);
  let factor = 1;
  for (; large < STIRLING_FROM; large++) factor *= large / (large + small);
  const exponent =
    a * logOf(x, y) +
    b * logOf(y, x) +
    (large - 0.5) * Math.log1p(small / large) +
    small * (Math.log(large + small) - 1) +
    stirling(large + small) -
    stirling(large);
  return (Math.exp(exponent) * factor) / gamma(small);
}

/** log r, computed from r - 1 where that has more digits. */
function logRatio(r: number, lessOne: number): number {
  return Math.abs(lessOne) < 0.5 ? Math.log1p(lessOne) : Math.log(r);
}

/** log x, computed from whichever of x and 1 - x has more digits. */
function logOf(x: number, oneMinusX: number): number {
  return x < 0.5 ? Math.log(x) : Math.log1p(-oneMinusX);
}

/** Γ(x) for x below 10, by recurrence from an argument where Stirling's series is exact. */
function gamma(x: number): number {
  let at = x;
  let divisor = 1;
  for (; at < STIRLING_FROM; at++) divisor *= at;
  return (Math.sqrt((2 * Math.PI) / at) * Math.exp(at * (Math.log(at) - 1) + stirling(at))) / divisor;
}

const STIRLING_FROM = 10;

/** The remainder of Stirling's formula for log Γ(x): the series of DLMF 5.11.1, below 1e-16 from x = 10 on. */
function stirling(x: number): number {
  const r = 1 / (x * x);
  return (
    (1 / 12 + r * (-1 / 360 + r * (1 / 1260 + r * (-1 / 1680 + r * (1 / 1188 + r * (-691 / 360360 + r / 156)))))) / x
  );
}
