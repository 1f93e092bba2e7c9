/** Figures of every task as charts in files. */
import { expect, test } from 'vitest';
import type { Figure } from '#lib/charts/figures.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { CountResults, Metrics, TransferabilityResults } from '#lib/scoring/report.ts';
import { chartFileOf } from '#lib/tasks/chart-files.ts';

test('transfer: a line of cells per cell type of training, a column per evaluated one', () => {
  const matrix = Object.fromEntries(
    CELL_TYPES.map((from, i) => [from, Object.fromEntries(CELL_TYPES.map((on, k) => [on, i === k ? 0.5 : i / 100]))]),
  );
  const results = { matrix, index: 0, indexMissing: null } as unknown as TransferabilityResults;
  const chart = chartFileOf({ kind: 'heat', name: 'masks', results, most: 0.5 })!;
  expect(chart.kind).toBe('heat');
  expect(chart.series.names).toHaveLength(8);
  // evaluated on the third type: what each of the eight trained ones reached there
  expect(chart.series.rows[2].values).toEqual([0, 0.01, 0.5, 0.03, 0.04, 0.05, 0.06, 0.07]);
});

test('training sizes: a line per method, with gaps where a size was not sent', () => {
  const curves = [{ name: 'A', sizes: { '2': { AP: 0.2 } as Metrics, '100': { AP: 0.5 } as Metrics } }];
  const chart = chartFileOf({ kind: 'learning-curves', curves, metric: 'AP', what: 'masks' })!;
  expect(chart.series.rows[0]).toMatchObject({ label: '2 %', values: [0.2] });
  expect(chart.series.rows.at(-1)).toMatchObject({ label: '100 %', values: [0.5] });
  expect(chart.series.rows.some(({ values }) => values[0] === null)).toBe(true);
});

const counts = (result: Partial<CountResults>): CountResults =>
  ({
    images: 2,
    imagesBelow1600: 2,
    r2: 0.9,
    linearityLimit: null,
    linearityBroken: null,
    points: [],
    ...result,
  }) as CountResults;

test('counts: a pair per image; nothing where the reference is not told', () => {
  const figure = (result: CountResults): Figure => ({ kind: 'counts', name: 'A172', result });
  const open = counts({
    points: [
      [10, 9],
      [20, 22],
    ],
    files: ['a.tif', 'b.tif'],
  });
  expect(chartFileOf(figure(open))).toMatchObject({
    kind: 'scatter',
    unit: 'count',
    series: {
      rows: [
        { label: 'a.tif', values: [10, 9] },
        { label: 'b.tif', values: [20, 22] },
      ],
    },
  });
  expect(chartFileOf(figure(counts({})))).toBeNull();
});

test('counts over time: a line per well, without the reference where it is not told', () => {
  const at = (hours: number, mean: number) => ({ well: 'B2', hours, images: 60, predicted: { mean, sem: null } });
  const result = counts({ overTime: [at(0, 10), at(4.25, 14)] });
  expect(chartFileOf({ kind: 'counts-over-time', name: 'A172', result })).toMatchObject({
    unit: 'count',
    series: {
      names: ['B2, predicted'],
      rows: [
        { label: '0', values: [10] },
        { label: '4.3', values: [14] },
      ],
    },
  });
  const one = counts({ overTime: [at(0, 10)] });
  expect(chartFileOf({ kind: 'counts-over-time', name: 'A172', result: one })).toBeNull();
});

test('tables have files of their own elsewhere', () => {
  expect(chartFileOf({ kind: 'table', title: 'T', head: [], rows: [] })).toBeNull();
});
