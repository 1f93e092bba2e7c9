/** Several comparisons at once. */
import { expect, test } from 'vitest';
import { holm } from '#lib/stats/holm.ts';
import fc from '#tests/properties.ts';

test('holm multiplies the smallest p by their number, the next by one less, and never goes down', () => {
  // statsmodels' multipletests(…, method='holm')
  expect(holm([0.01, 0.04, 0.03])).toEqual([
    expect.closeTo(0.03, 15),
    expect.closeTo(0.06, 15),
    expect.closeTo(0.06, 15),
  ]);
  expect(holm([0.9, 0.6])).toEqual([1, 1]);
  expect(holm([0.02])).toEqual([0.02]);
  expect(holm([])).toEqual([]);
});

test('holm rejects what stepping down by hand rejects', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 0.2, noNaN: true }), { maxLength: 12 }), (p) => {
      const adjusted = holm(p);
      const rejected = new Set<number>();
      for (const index of [...p.keys()].sort((a, b) => p[a] - p[b])) {
        if (p[index] * (p.length - rejected.size) > 0.05) break;
        rejected.add(index);
      }
      expect([...adjusted.keys()].filter((index) => adjusted[index] <= 0.05)).toEqual(
        [...rejected].sort((a, b) => a - b),
      );
    }),
  );
});
