import { expect, test } from 'vitest';
import {
  bestFirst,
  findSort,
  ordered,
  type Rankable,
  rankBoard,
  ranks,
  type Sort,
  sortNames,
} from '#lib/board/ranking.ts';
import { headlineColumn } from '#lib/tasks/board-columns.ts';
import { columnNumber } from '#lib/tasks/columns.ts';
import { TASKS } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import fc from '#tests/properties.ts';
import { metrics } from '#tests/scoring/reports.ts';

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

const task: Task = TASKS['livecell-wide'];
const headline = headlineColumn(task);
const view = { protocol: 'livecell-paper', evaluation: 'segm' } as const;
const sort = (name: string) => findSort(task, name, view)!;
/** What a report of these metrics has in the columns of the board. */
const valuesOf = (overall: object, cellTypes: object = {}) => {
  const results = { segm: { overall, cellTypes } };
  return Object.fromEntries(task.columns.map((column) => [column.key, columnNumber(column, results, view)]));
};
const row = (id: string, ap: number | null, more: Partial<Rankable> = {}): Rankable => ({
  id,
  kind: 'entry',
  unscored: false,
  method: id,
  publishedAt: null,
  values: valuesOf(ap === null ? {} : metrics(ap)),
  ...more,
});

test('a board is ordered by any column, by the name the page or the table gives it', () => {
  expect(sortNames(task)).toEqual(expect.arrayContaining(['AP', 'ARmax', 'AP-BV2', 'AFNR-SkBr3', 'PQ', 'publishedAt']));
  for (const name of sortNames(task)) expect(findSort(task, name.toLowerCase(), view)).toBeTruthy();
  expect(findSort(task, 'AR@3000', view)).toBe(sort('ARmax'));
  expect(findSort(task, 'AR@2000', view)).toBeNull();
});

test('ranks of a recall column are by that column, not by AP', () => {
  const rows = [row('a', 0.5), row('b', 0.4, { values: valuesOf({ ...metrics(0.4), AR: { 100: 0.9 } }) })];
  expect(rankBoard(rows, { headline, sort: sort('AR@100') }).map(({ id, rank }) => [id, rank])).toEqual([
    ['b', 1],
    ['a', 2],
  ]);
});

test('by name or time the ranks are still those of the headline', () => {
  const rows = [
    row('zeta', 0.5, { publishedAt: new Date(1) }),
    row('alpha', 0.4, { publishedAt: new Date(2) }),
    row('none', null),
  ];
  const shown = (name: string) =>
    rankBoard(rows, { headline, sort: sort(name) }).map(({ id, rank }) => `${id} ${rank}`);
  expect(shown('method')).toEqual(['alpha 2', 'none null', 'zeta 1']);
  expect(shown('publishedAt')).toEqual(['alpha 2', 'zeta 1', 'none null']);
});

test('among equal rows the first published stands first, and an unpublished one last', () => {
  const rows = [
    row('a', 0.5),
    row('b', 0.5, { publishedAt: new Date('2026-02-01') }),
    row('c', 0.5, { publishedAt: new Date('2026-01-01') }),
  ];
  for (const direction of ['asc', 'desc'] as const)
    expect(rankBoard(rows, { headline, sort: sort('AP'), direction }).map(({ id }) => id)).toEqual(['c', 'b', 'a']);
});

test('label images are ranked among themselves, published results not at all', () => {
  const rows = [row('a', 0.5), row('b', 0.9, { unscored: true }), row('c', 0.7, { kind: 'reference' }), row('d', 0.6)];
  expect(rankBoard(rows, { headline }).map(({ id, rank }) => [id, rank])).toEqual([
    ['b', 1],
    ['c', null],
    ['d', 1],
    ['a', 2],
  ]);
});

test('an entry prompted from the annotation keeps its place and has no rank', () => {
  const rows = [row('a', 0.5), row('b', 0.9, { exposure: 'prompted' }), row('c', 0.7, { exposure: 'never-seen' })];
  expect(rankBoard(rows, { headline }).map(({ id, rank }) => [id, rank])).toEqual([
    ['b', null],
    ['c', 1],
    ['a', 2],
  ]);
});

test('for any rows and any column: the order is that of the ranks, and nothing without a number has one', () => {
  const number = fc.option(fc.integer({ min: 0, max: 6 }).map((n) => n / 10));
  const someRows = fc.array(
    fc.record({
      ap: number,
      ofType: number,
      kind: fc.constantFrom('entry' as const, 'entry' as const, 'reference' as const),
      unscored: fc.boolean(),
      time: fc.option(fc.integer({ min: 0, max: 3 })),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(someRows, fc.constantFrom(...sortNames(task)), fc.boolean(), (made, name, turned) => {
      const by: Sort = sort(name);
      const rows = made.map(({ ap, ofType, kind, unscored, time }, i) =>
        row(`r${i}`, ap, {
          kind,
          unscored,
          publishedAt: time === null ? null : new Date(time),
          values: valuesOf(ap === null ? {} : metrics(ap), ofType === null ? {} : { BV2: metrics(ofType) }),
        }),
      );
      const best = bestFirst(by);
      const direction = turned ? (best === 'asc' ? 'desc' : 'asc') : best;
      const board = rankBoard(rows, { headline, sort: by, direction });
      expect(board.map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
      const column = typeof by === 'object' ? by : task.columns[0];
      const value = (row: Rankable) => row.values[column.key] ?? null;
      for (const { rank, ...row } of board)
        expect(rank !== null, row.id).toBe(row.kind === 'entry' && value(row) !== null);
      if (typeof by !== 'object') return;
      // what has a number comes before what has none
      const has = board.map((row) => value(row) !== null);
      expect(has).toEqual([...has].sort((a, b) => Number(b) - Number(a)));
      for (const unscored of [false, true]) {
        const found = board.filter((row) => row.rank !== null && row.unscored === unscored).map(({ rank }) => rank!);
        expect(found).toEqual([...found].sort((a, b) => (turned ? b - a : a - b)));
        if (found.length > 0) expect(Math.min(...found)).toBe(1);
      }
    }),
  );
});
