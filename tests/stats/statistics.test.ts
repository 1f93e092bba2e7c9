/** lib/stats by hand: small numbers, edges, and structures that are updated against the same made anew. */
import { describe, expect, test } from 'vitest';
import { DistancesTracker, levene } from '#lib/stats/levene.ts';
import { GrowingNeighbours, nearestNeighbourMeans } from '#lib/stats/nearest-neighbours.ts';
import { leastSquaresLine, meanAbsoluteError, pearson, rSquared } from '#lib/stats/regression.ts';
import { pairedTTest } from '#lib/stats/t-test.ts';
import fc from '#tests/properties.ts';

describe('regression', () => {
  test('R² is 1 for identical numbers, 0 for their mean, negative for worse', () => {
    expect(rSquared([1, 2, 3], [1, 2, 3])).toBe(1);
    expect(rSquared([1, 2, 3], [2, 2, 2])).toBe(0);
    expect(rSquared([1, 2, 3], [1, 2, 4])).toBe(0.5);
    expect(rSquared([1, 2, 3], [3, 2, 1])).toBe(-3);
  });

  test('R² of numbers that do not vary, or of none, is no number', () => {
    expect(rSquared([2, 2], [2, 2])).toBeNull();
    expect(rSquared([], [])).toBeNull();
  });

  test('a line through points on a line is that line', () => {
    expect(leastSquaresLine([0, 1, 2], [1, 3, 5])).toEqual({ slope: 2, intercept: 1 });
    const { slope, intercept } = leastSquaresLine([0, 1, 2, 3], [1, 0, 3, 2])!;
    expect(slope).toBeCloseTo(0.6, 15);
    expect(intercept).toBeCloseTo(0.6, 15);
  });

  test('over one x the line is flat, over none there is none', () => {
    expect(leastSquaresLine([4, 4], [1, 3])).toEqual({ slope: 0, intercept: 2 });
    expect(leastSquaresLine([], [])).toBeNull();
  });

  test('r is the sign of a line without scatter', () => {
    expect(pearson([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 15);
    expect(pearson([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 15);
    expect(pearson([0, 1, 2, 3], [1, 0, 3, 2])).toBeCloseTo(0.6, 15);
    expect(pearson([1, 1], [1, 2])).toBeNull();
  });

  test('mean absolute error', () => {
    expect(meanAbsoluteError([10, 20], [13, 19])).toBe(2);
    expect(meanAbsoluteError([], [])).toBeNull();
  });
});

describe('paired t-test', () => {
  test('by hand: differences 1, 2, 3 have mean 2 and standard error 1 / √3', () => {
    const found = pairedTTest([1, 2, 3], [2, 4, 6])!;
    expect(found).toMatchObject({ pairs: 3, meanDifference: 2, degreesOfFreedom: 2 });
    expect(found.t).toBeCloseTo(2 * Math.sqrt(3), 14);
    // two degrees of freedom have a closed form: p = 1 - t / √(t² + 2)
    expect(found.p).toBeCloseTo(1 - found.t / Math.sqrt(found.t ** 2 + 2), 15);
  });

  test('one pair, or pairs that do not differ, say nothing; a constant difference is infinitely clear', () => {
    expect(pairedTTest([1], [2])).toBeNull();
    expect(pairedTTest([1, 2], [1, 2])).toBeNull();
    expect(pairedTTest([1, 2], [2, 3])).toMatchObject({ t: Number.POSITIVE_INFINITY, p: 0 });
  });
});

describe('Levene around medians', () => {
  test('by hand: distances 1, 0, 1 and 2, 0, 2', () => {
    // means 2/3 and 4/3: between 3 · (1/3)² · 2 = 2/3, within 2/3 + 8/3 = 10/3; W = 4 · (2/3) / (10/3)
    expect(levene([[1, 2, 3], [2, 4, 6]])?.statistic).toBeCloseTo(0.8, 14); // biome-ignore format: two samples
  });

  test('samples in which nothing varies say nothing', () => {
    expect(levene([[1, 1], [2, 2]])).toBeNull(); // biome-ignore format: two samples
  });

  test('distances that differ between samples and not within are infinitely clear, as in SciPy', () => {
    expect(levene([[0, 2], [0, 4]])).toEqual({ statistic: Number.POSITIVE_INFINITY, p: 0 }); // biome-ignore format: two samples
  });

  test('followed from sample to sample, distances are those of each sample alone', () => {
    const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -50, max: 50, noNaN: true }));
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 300 }),
        fc.array(fc.tuple(fc.nat(299), value), { maxLength: 40 }),
        (start, changes) => {
          const values = Float64Array.from([...start, ...changes.map(([, v]) => v)]);
          const tracker = new DistancesTracker(values.length);
          changes.forEach(([at, v], k) => {
            const count = start.length + k;
            values[at % count] = v;
            const sorted = [...values.subarray(0, count)].sort((a, b) => a - b);
            const median = (sorted[(count - 1) >> 1] + sorted[count >> 1]) / 2;
            const distances = sorted.map((each) => Math.abs(each - median));
            const mean = distances.reduce((a, b) => a + b, 0) / count;
            const found = tracker.measure(values, count);
            expect(tracker.median).toBeCloseTo(median, 10);
            expect(found.mean).toBeCloseTo(mean, 10);
            expect(found.squares).toBeCloseTo(
              distances.reduce((sum, each) => sum + (each - mean) ** 2, 0),
              6,
            );
          });
        },
      ),
    );
  });
});

/** The definition: all points by distance, then index. */
function plainMeans(x: readonly number[], y: readonly number[], k: number): number[] {
  return x.map((at) => {
    const byDistance = [...x.keys()].sort((a, b) => Math.abs(x[a] - at) - Math.abs(x[b] - at) || a - b).slice(0, k);
    return byDistance.reduce((sum, i) => sum + y[i], 0) / byDistance.length;
  });
}

describe('nearest neighbours', () => {
  test('by hand: a point is its own neighbour, and of equally near ones the lower index counts', () => {
    expect([...nearestNeighbourMeans([1, 2, 4], [10, 20, 60], 2)]).toEqual([15, 15, 40]);
    expect([...nearestNeighbourMeans([1, 2, 3], [10, 20, 60], 2)]).toEqual([15, 15, 40]);
    expect([...nearestNeighbourMeans([5, 5, 5], [1, 2, 6], 2)]).toEqual([1.5, 1.5, 1.5]);
    expect([...nearestNeighbourMeans([1, 3], [2, 4], 5)]).toEqual([3, 3]);
  });

  test('of a tie on the left, the lowest indices count, though the walk meets the highest first', () => {
    expect([...nearestNeighbourMeans([1, 1, 1, 2], [10, 20, 30, 40], 3)]).toEqual([20, 20, 20, (40 + 10 + 20) / 3]);
  });

  test('updated point by point, they are those of the points that are in', () => {
    const points = fc.array(fc.tuple(fc.nat(12), fc.nat(1000), fc.nat(9)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 6 }), (given, k) => {
        const sorted = [...given].sort((a, b) => a[0] - b[0]);
        const x = sorted.map(([at]) => at);
        const y = sorted.map(([, value]) => value);
        const order = Uint32Array.from(x.keys()).sort((a, b) => sorted[a][2] - sorted[b][2]);
        const growing = new GrowingNeighbours(x, y, k, order);
        const found = new Map<number, number>();
        for (let n = 1; n <= order.length; n++) {
          let own = 0;
          const point = order[n - 1];
          const grown = growing.grow((changed, mean) => {
            if (changed === point) own++;
            found.set(changed, mean);
          });
          expect(grown).toBe(point);
          expect(own).toBe(1);
          const inside = [...order.subarray(0, n)].sort((a, b) => a - b);
          const plain = plainMeans(
            inside.map((i) => x[i]),
            inside.map((i) => y[i]),
            k,
          );
          expect(inside.map((i) => found.get(i))).toEqual(plain);
        }
        expect(growing.grow(() => {})).toBe(-1);
      }),
    );
  });
});
