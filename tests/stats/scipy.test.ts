/** lib/stats against SciPy 1.17 and mpmath; `tests/parity/make-stats.py` made the numbers. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fTail, tTwoSided } from '#lib/stats/incomplete-beta.ts';
import { levene } from '#lib/stats/levene.ts';
import { leastSquaresLine, pearson } from '#lib/stats/regression.ts';
import { tDistribution, tQuantile } from '#lib/stats/student-t.ts';
import { pairedTTest } from '#lib/stats/t-test.ts';

interface Fixture {
  fTail: [f: number, d1: number, d2: number, exact: number, scipy: number][];
  tTwoSided: [t: number, df: number, exact: number, scipy: number][];
  tQuantile: [p: number, df: number, scipy: number][];
  tDistribution: [t: number, df: number, scipy: number][];
  levene: { samples: number[][]; statistic: number; p: number }[];
  pairs: {
    first: number[];
    second: number[];
    t: number;
    p: number;
    slope: number;
    intercept: number;
    pearson: number;
  }[];
}
const fixture: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/parity/stats.json', import.meta.url), 'utf8'),
) as Fixture;

const apart = (found: number, wanted: number) => (found === wanted ? 0 : Math.abs(found - wanted) / Math.abs(wanted));

describe('tails', () => {
  test('of F agree with 50 digits to 1e-12 relative, down to 1e-300', () => {
    const wrong = fixture.fTail
      .map(([f, d1, d2, exact]) => ({ f, d1, d2, exact, error: apart(fTail(f, d1, d2), exact) }))
      .filter(({ error }) => !(error < 1e-12));
    expect(wrong).toEqual([]);
    expect(Math.min(...fixture.fTail.map(([, , , exact]) => exact))).toBeLessThan(1e-290);
  });

  test("of F agree with SciPy's as far as SciPy's agree with 50 digits", () => {
    const wrong = fixture.fTail.filter(
      ([f, d1, d2, exact, scipy]) => !(apart(fTail(f, d1, d2), scipy) < 1.1 * apart(scipy, exact) + 1e-12),
    );
    expect(wrong).toEqual([]);
  });

  test('of t agree with 50 digits to 1e-12 relative', () => {
    const wrong = fixture.tTwoSided.filter(([t, df, exact]) => !(apart(tTwoSided(t, df), exact) < 1e-12));
    expect(wrong).toEqual([]);
  });

  test('end where they have to', () => {
    expect(fTail(0, 1, 10)).toBe(1);
    expect(fTail(Number.POSITIVE_INFINITY, 1, 10)).toBe(0);
    expect(fTail(Number.NaN, 1, 10)).toBeNaN();
    expect(tTwoSided(0, 3)).toBe(1);
  });
});

describe("Student's t", () => {
  test('has the distribution function of SciPy, relative to 1e-12', () => {
    const wrong = fixture.tDistribution.filter(([t, df, scipy]) => !(apart(tDistribution(t, df), scipy) < 1e-12));
    expect(wrong).toEqual([]);
  });

  test('has the quantiles of SciPy, relative to 1e-11', () => {
    const near = (found: number, wanted: number) => (wanted === 0 ? Math.abs(found) : apart(found, wanted)) < 1e-11;
    const wrong = fixture.tQuantile.filter(([p, df, scipy]) => !near(tQuantile(p, df), scipy));
    expect(wrong).toEqual([]);
  });

  test('has quantiles that its distribution function leads back', () => {
    for (const [p, df] of fixture.tQuantile) expect(tDistribution(tQuantile(p, df), df)).toBeCloseTo(p, 14);
  });

  test('ends where it has to', () => {
    expect(tDistribution(Number.NEGATIVE_INFINITY, 10)).toBe(0);
    expect(tDistribution(Number.POSITIVE_INFINITY, 10)).toBe(1);
    expect(tDistribution(0, 10)).toBe(0.5);
    expect(() => tQuantile(1, 10)).toThrow('between 0 and 1');
    expect(() => tQuantile(0.5, 0)).toThrow('above 0');
  });
});

describe('tests', () => {
  test.each(fixture.levene.map((each) => [each.samples.map(({ length }) => length).join(', '), each] as const))(
    'Levene around medians, samples of %s',
    (_, { samples, statistic, p }) => {
      const found = levene(samples);
      expect(apart(found!.statistic, statistic)).toBeLessThan(1e-12);
      expect(apart(found!.p, p)).toBeLessThan(1e-11); // SciPy's own tail has fewer digits, and W is rounded
    },
  );

  test.each(fixture.pairs.map((each) => [each.first.length, each] as const))('%i pairs', (_, pair) => {
    const found = pairedTTest(pair.first, pair.second)!;
    expect(apart(found.t, pair.t)).toBeLessThan(1e-11);
    expect(apart(found.p, pair.p)).toBeLessThan(1e-11);
    expect(found.degreesOfFreedom).toBe(pair.first.length - 1);
    const line = leastSquaresLine(pair.first, pair.second)!;
    expect(line.slope).toBeCloseTo(pair.slope, 11);
    expect(line.intercept).toBeCloseTo(pair.intercept, 11);
    expect(pearson(pair.first, pair.second)).toBeCloseTo(pair.pearson, 11);
  });
});
