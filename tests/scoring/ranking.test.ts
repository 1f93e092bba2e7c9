import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ordered, ranks } from '#lib/scoring/ranking.ts';

const same = (value: number | null | undefined) => value;

test('equal numbers share a rank and the next one is skipped: 1, 2, 2, 4', () => {
  expect(ranks([0.4, 0.5, 0.3, 0.4], same, 'higher')).toEqual([2, 1, 4, 2]);
  expect(ranks([0.4, 0.5, 0.3, 0.4], same, 'lower')).toEqual([2, 4, 1, 2]);
});

test('numbers that look equal when rounded are not equal', () => {
  expect(ranks([0.47780001, 0.4778], same, 'higher')).toEqual([1, 2]);
});

test('what has no number has no rank and stands last, both ways', () => {
  expect(ranks([null, 0, undefined, Number.NaN], same, 'higher')).toEqual([null, 1, null, null]);
  expect(ordered([null, 0.1, undefined, 0.2], same, 'desc')).toEqual([0.2, 0.1, null, undefined]);
  expect(ordered([null, 0.1, undefined, 0.2], same, 'asc')).toEqual([0.1, 0.2, null, undefined]);
});

test('a rank is one more than the number of better rows', () => {
  const value = fc.option(fc.integer({ min: 0, max: 20 }).map((n) => n / 20));
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const found = ranks(values, same, 'higher');
      values.forEach((v, i) => {
        const better = values.filter((other) => other !== null && v !== null && other > v).length;
        expect(found[i]).toBe(v === null ? null : better + 1);
      });
    }),
  );
});

test('rows with equal numbers keep the order they came in', () => {
  const rows = [
    { id: 'a', v: 1 },
    { id: 'b', v: 2 },
    { id: 'c', v: 1 },
  ];
  expect(ordered(rows, (row) => row.v, 'asc').map((row) => row.id)).toEqual(['a', 'c', 'b']);
});
