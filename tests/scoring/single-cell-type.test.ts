/** The mean only when it is whole, and what training on everything gains. */
import { describe, expect, test } from 'vitest';
import { CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { gainOfTrainingOnAll, meanOfTypes, singleCellType } from '#lib/scoring/single-cell-type.ts';
import { metrics } from './reports.ts';

const numbers = (read: (i: number) => { AP: number | null; AFNR: number | null }, types: number = CELL_TYPES.length) =>
  Object.fromEntries(CELL_TYPES.slice(0, types).map((type, i) => [type, read(i)])) as Record<
    CellType,
    { AP: number | null; AFNR: number | null }
  >;

describe('the mean over types', () => {
  test('is unweighted', () => {
    const mean = meanOfTypes(numbers((i) => ({ AP: i / 10, AFNR: 1 - i / 10 })))!;
    expect(mean.AP).toBeCloseTo(0.35, 15);
    expect(mean.AFNR).toBeCloseTo(0.65, 15);
  });

  test('is not there for seven types, whatever they are', () => {
    expect(meanOfTypes(numbers(() => ({ AP: 0.4, AFNR: 0.3 }), 7))).toBeNull();
    expect(singleCellType({ BV2: metrics(0.5) })).toEqual({ cellTypes: { BV2: metrics(0.5) }, mean: null });
  });

  test('counts an AP of 0, and is null where a type has nothing to average', () => {
    expect(meanOfTypes(numbers((i) => ({ AP: i === 0 ? 0 : 0.8, AFNR: 1 })))?.AP).toBeCloseTo(0.7, 15);
    expect(meanOfTypes(numbers((i) => ({ AP: i === 0 ? null : 0.8, AFNR: 1 })))).toEqual({ AP: null, AFNR: 1 });
  });
});

describe('the gain of training on everything', () => {
  test('is of all less of one, tested in pairs over the types', () => {
    const one = numbers((i) => ({ AP: 0.3 + i / 100, AFNR: 0.5 }));
    const all = numbers((i) => ({ AP: 0.3 + i / 100 + (i % 2 ? 0.03 : 0.01), AFNR: 0.4 }));
    const found = gainOfTrainingOnAll(one, all, 'AP');
    expect(found.types).toHaveLength(8);
    expect(found.meanDifference).toBeCloseTo(0.02, 14);
    // four differences of 0.01 and four of 0.03: standard deviation 0.01 √(8 / 7), so t = 2 √7; p is SciPy's
    expect(found.test?.t).toBeCloseTo(2 * Math.sqrt(7), 9);
    expect(found.test?.p).toBeCloseTo(0.0011337831033596, 12);
    expect(gainOfTrainingOnAll(one, all, 'AFNR').meanDifference).toBeCloseTo(-0.1, 14);
  });

  test('is over the types that both have; one alone is not tested', () => {
    const all = numbers(() => ({ AP: 0.5, AFNR: 0.5 }));
    const found = gainOfTrainingOnAll({ BV2: { AP: 0.4, AFNR: 0.6 }, MCF7: { AP: null, AFNR: null } }, all, 'AP');
    expect(found.types.map(({ cellType }) => cellType)).toEqual(['BV2']);
    expect(found.meanDifference).toBeCloseTo(0.1, 15);
    expect(found.test).toBeNull();
    expect(gainOfTrainingOnAll({}, all, 'AP')).toEqual({ types: [], meanDifference: null, test: null });
  });
});
