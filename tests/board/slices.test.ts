/** Boards of slices: what is asked, what is ranked, and what is told of hidden ground truth. */
import { describe, expect, test } from 'vitest';
import {
  choiceInWords,
  columnsOf,
  keysOf,
  parseSliceQuery,
  parseWeights,
  rankSlices,
  sliceParams,
  tellSlice,
  valueName,
  valuesOf,
} from '#lib/board/slices.ts';
import type { SliceRow } from '#lib/scoring/slice-table.ts';

const values = valuesOf(
  ['', 'type=BV2', 'type=A172', 'day=10', 'day=2', 'type=A172&day=2', 'size=small'],
  [
    [3, 9],
    [10, 40],
    [41, 41],
  ],
);

describe('a query', () => {
  test('is read from its parameters, and written back', () => {
    const query = parseSliceQuery({ type: 'sk-ov-3', day: '02', metric: 'AFNR', by: 'day', weights: 'A172:2,bv2:.5' });
    expect(query).toEqual({
      choice: { type: 'SKOV3', day: '2' },
      by: 'day',
      metric: 'AFNR',
      weights: { A172: 2, BV2: 0.5 },
    });
    expect(parseSliceQuery(Object.fromEntries(sliceParams(query)))).toEqual(query);
    expect(sliceParams(parseSliceQuery({}))).toEqual([]);
  });

  test('has at most two dimensions, and columns that fit beside them', () => {
    expect(parseSliceQuery({ type: 'A172', day: '1', density: '3' }).choice).toEqual({ type: 'A172', day: '1' });
    expect(parseSliceQuery({ day: '1', density: '3', by: 'type' }).by).toBe('day');
    expect(parseSliceQuery({ day: '1', by: 'size' }).by).toBe('size');
    expect(parseSliceQuery({ type: 'none', day: 'x', density: '6', size: 'huge', by: 'x' })).toMatchObject({
      choice: {},
      by: 'type',
    });
  });

  test('takes no weights that are none', () => {
    expect(parseWeights('A172:0,BV2:-1,MCF7:,x:3,SkBr3:Infinity')).toBeNull();
    expect(parseWeights(undefined)).toBeNull();
  });
});

test('values are in order, and named for people', () => {
  expect(values.type).toEqual(['A172', 'BV2']);
  expect(values.day).toEqual(['2', '10']);
  expect(valueName('density', '2', values, true)).toBe('10–40 cells');
  expect(valueName('density', '3', values, true)).toBe('41 cells');
  // numbers of cells per image are ground truth
  expect(values.density.map(({ value }) => valueName('density', value, values, false))).toEqual([
    'Sparsest fifth',
    'Fifth 2 of 5',
    'Densest fifth',
  ]);
  expect(choiceInWords({ type: 'BV2', density: '1' }, values, true)).toBe('BV-2, 3–9 cells per image');
  expect(choiceInWords({}, values, true)).toBe('all images');
});

describe('ranks', () => {
  const row = (AP: number | null, objects = 1000): SliceRow => [4, objects, AP, AP === null ? null : 1 - AP];
  const of = (day: number) => ({ publishedAt: new Date(Date.UTC(2026, 0, day)), unscored: false });
  const entries = [
    { id: 'a', method: 'A', ...of(1), rows: { '': row(0.5), 'type=A172': row(0.7), 'type=BV2': row(0.3) } },
    { id: 'b', method: 'B', ...of(3), rows: { '': row(0.6), 'type=A172': row(0.4), 'type=BV2': row(0.6) } },
    { id: 'c', method: 'C', ...of(2), rows: { '': row(0.6), 'type=A172': row(null), 'type=BV2': row(0.1) } },
    { id: 'd', method: 'D', ...of(4), rows: {} },
  ];
  const board = (params: Parameters<typeof parseSliceQuery>[0], truthIsPublic = true) => {
    const query = parseSliceQuery(params);
    const columns = columnsOf(query, values, truthIsPublic);
    expect(keysOf(query, columns, values)).toEqual(expect.arrayContaining(columns.map(({ key }) => key)));
    return rankSlices(entries, query, columns, truthIsPublic).map(({ rank, id, columns }) => [rank, id, columns]);
  };

  test('by the slice, equal numbers alike, none last', () => {
    expect(board({})).toEqual([
      // of equal entries the one published first, as on every board
      [1, 'c', [null, 0.1]],
      [1, 'b', [0.4, 0.6]],
      [3, 'a', [0.7, 0.3]],
      [null, 'd', [null, null]],
    ]);
    expect(board({ type: 'A172' }).map(([rank, id]) => [rank, id])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [null, 'c'],
      [null, 'd'],
    ]);
    expect(board({ metric: 'AFNR' })[0].slice(0, 2)).toEqual([1, 'c']);
  });

  test('as on the board: without scores among themselves, and none where cells were pointed out', () => {
    const query = parseSliceQuery({});
    const ranked = rankSlices(
      [{ ...entries[0], unscored: true }, { ...entries[1], exposure: 'prompted' }, entries[2]],
      query,
      columnsOf(query, values, true),
      true,
    );
    expect(ranked.map(({ rank, id }) => [rank, id])).toEqual([
      [1, 'c'],
      [null, 'b'],
      [1, 'a'],
    ]);
  });

  test('by the reader’s mean over cell types', () => {
    const ids = (weights: string) => board({ weights }).map(([, id]) => id);
    expect(ids('A172:1')).toEqual(['a', 'b', 'c', 'd']);
    expect(ids('BV2:1').slice(0, 2)).toEqual(['b', 'a']);
    // of both, an entry without one of them has none
    expect(board({ weights: 'A172:1,BV2:3' })[2]).toEqual([null, 'c', expect.anything()]);
  });

  test('on hidden ground truth nothing of fewer than 50 cells is told, and the rest is rounded', () => {
    expect(tellSlice(row(0.123456, 49), false)).toBeUndefined();
    expect(tellSlice(row(0.123456, 49), true)![2]).toBe(0.123456);
    // ten cells of 104 are the step
    const [images, objects, AP] = tellSlice(row(0.5, 104), false)!;
    expect([images, objects]).toEqual([4, 100]);
    expect(AP! / (10 / 104)).toBeCloseTo(Math.round(AP! / (10 / 104)), 9);
    expect(tellSlice(row(0.123456, 100_000), false)![2]).toBe(0.123);
  });
});
