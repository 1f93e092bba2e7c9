import { expect, test } from 'vitest';
import { bestSoFar, recordsOf, timeTicks } from '#lib/charts/progress.ts';
import { fractionOf } from '#lib/published/ledger.ts';

const at = (month: number) => new Date(Date.UTC(2026, month, 1));
const row = (name: string, month: number, value: number) => ({ name, at: at(month), value });
const rows = [
  row('late', 5, 0.5),
  row('first', 0, 0.3),
  row('worse', 1, 0.2),
  row('equal', 2, 0.3),
  row('best', 3, 0.6),
];

test('records are the entries better than all before them; equal ones are not', () => {
  expect(recordsOf(rows, 'higher').map(({ name }) => name)).toEqual(['first', 'best']);
  expect(recordsOf(rows, 'lower').map(({ name }) => name)).toEqual(['first', 'worse']);
  expect(recordsOf([], 'higher')).toEqual([]);
});

test('the line is level until the next record, and goes on to the end', () => {
  const records = recordsOf(rows, 'higher');
  const [first, best, end] = [0, 3, 6].map((month) => at(month).getTime());
  expect(bestSoFar(records, at(6))).toEqual([
    [first, 0.3],
    [best, 0.3],
    [best, 0.6],
    [end, 0.6],
  ]);
  expect(bestSoFar(records, at(3))).toHaveLength(3);
  expect(bestSoFar([], at(3))).toEqual([]);
});

test('ticks are quarters of few years, and years of many, within the axis', () => {
  const of = (from: string, to: string) =>
    timeTicks(Date.parse(from), Date.parse(to)).map((time) => new Date(time).toISOString().slice(0, 7));
  expect(of('2026-02-01', '2026-11-01')).toEqual(['2026-04', '2026-07', '2026-10']);
  expect(of('2021-06-01', '2026-03-01')).toEqual(['2022-01', '2023-01', '2024-01', '2025-01', '2026-01']);
});

test('a number of the ledger is a fraction however its source writes it', () => {
  expect(['.418', '41.8', '~.49', '.3893 [.3533, .4259]'].map(fractionOf)).toEqual([0.418, 0.418, 0.49, 0.3893]);
});
