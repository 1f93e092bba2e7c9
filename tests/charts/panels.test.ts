/** Charts over two axes of numbers, as files. */
import { expect, test } from 'vitest';
import type { Axis, PanelMarks, PanelsFile } from '#lib/charts/panels.ts';
import { chartToCsv, chartToSvg } from '#lib/charts/svg.ts';
import { readCsv } from '#lib/csv.ts';

const UNIT: Axis = { from: 0, to: 1, ticks: [0, 0.5, 1], label: 'Recall, %', fraction: true };
const note = { source: 'A source.', citation: 'A citation' };
const chart = (marks: PanelMarks[], more: object = {}): PanelsFile => ({
  kind: 'panels',
  series: { title: 'Title', sentence: 'A sentence.' },
  panels: [{ x: UNIT, y: { ...UNIT, label: 'Precision, %' }, marks, ...more }],
});

/** Places of circles: x and y in pixels. */
const circles = (svg: string) =>
  [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="4"/g)].map(([, ...at]) => at.map(Number));

test('points lie where the scales say, x to the right and y upwards', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 1, y: 1 },
    { x: 0.5, y: 0.25 },
  ];
  const svg = chartToSvg(chart([{ name: 'A', as: 'dots', points }]), note);
  const [[left, bottom], [right, top], [x, y]] = circles(svg);
  expect(x).toBeCloseTo((left + right) / 2);
  expect(y).toBeCloseTo(bottom + (top - bottom) / 4);
  expect([left < right, top < bottom]).toEqual([true, true]);
  for (const words of ['Title', 'A sentence.', 'Recall, %', 'Precision, %', '>50<', '>100<', 'A source.', 'A citation'])
    expect(svg).toContain(words);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

test('a log scale has equal steps for equal factors', () => {
  const x: Axis = { from: 1, to: 100, log: true, ticks: [1, 10, 100], label: 'Area' };
  const points = [1, 10, 100].map((x) => ({ x, y: 0.5 }));
  const [[a], [b], [c]] = circles(chartToSvg(chart([{ name: 'A', as: 'both', points }], { x }), note));
  expect(b - a).toBeCloseTo(c - b);
});

test('histograms are one closed path, intervals a line each, and names stand once', () => {
  const bins: PanelMarks = { name: 'A', as: 'bins', points: [{ x: 0, end: 0.5, y: 1, count: 3 }] };
  expect(chartToSvg(chart([bins]), note).match(/<path d="M[\d.,]+HV?.*?Z"|<path d="M.*?Z"/g)).toHaveLength(1);
  const spread: PanelMarks = { name: 'B', as: 'dots', points: [{ x: 0.5, y: 0.5, low: 0.25, high: 0.75 }] };
  const svg = chartToSvg(chart([{ ...spread, name: 'C & D' }, { ...spread, thin: true }, spread]), note);
  expect(svg.match(/stroke-width="1.5"/g)).toHaveLength(3);
  expect(svg.match(/>C &amp; D<.text/g)).toHaveLength(1);
  // the legend has names of marks that are not thin
  expect(svg.match(/>B<.text/g)).toHaveLength(1);
});

test('several panels have their names, and each its own scale', () => {
  const panel = (name: string, to: number) => ({
    ...{ name, x: UNIT, y: { from: 0, to, ticks: [0, to], label: 'Cells' } },
    marks: [
      {
        name,
        as: 'line',
        points: [
          { x: 0, y: to },
          { x: 1, y: to },
        ],
      },
    ] as PanelMarks[],
  });
  const svg = chartToSvg(
    { kind: 'panels', series: { title: 'T', sentence: 'S' }, panels: [panel('A172', 10), panel('BV-2', 2000)] },
    note,
  );
  for (const words of ['>A172: Cells<', '>BV-2: Cells<', '>10<', '>2,000<']) expect(svg).toContain(words);
  const lines = [...svg.matchAll(/points="([\d.]+),([\d.]+) /g)].map(([, x, y]) => [Number(x), Number(y)]);
  expect(lines).toHaveLength(2);
  expect(lines[0][1]).toBe(lines[1][1]);
  expect(lines[0][0]).toBeLessThan(lines[1][0]);
});

test('panels with the same names share a legend, so that a file says what its colours are', () => {
  const marks: PanelMarks[] = ['A − B', 'A − C'].map((name) => ({ name, as: 'dots', points: [{ x: 0.5, y: 0.5 }] }));
  const panels = ['AP', 'AFNR'].map((name) => ({ name, x: UNIT, y: UNIT, marks }));
  const svg = chartToSvg({ kind: 'panels', series: { title: 'T', sentence: 'S' }, panels }, note);
  for (const { name } of marks) expect(svg.match(new RegExp(`>${name}</text`, 'g'))).toHaveLength(1);
  // panels that are named for what they draw need none
  const own = ['A172', 'BV-2'].map((name) => ({ name, x: UNIT, y: UNIT, marks: [{ ...marks[0], name }] }));
  const each = chartToSvg({ kind: 'panels', series: { title: 'T', sentence: 'S' }, panels: own }, note);
  expect(each).not.toMatch(/>A172<.text/);
});

test('CSV has a line per point with what it has, and fractions stay fractions', () => {
  const rows = (marks: PanelMarks[]) => [...readCsv(chartToCsv(chart(marks), note))].map(({ fields }) => fields);
  expect(rows([{ name: '=A', as: 'line', points: [{ x: 0.125, y: 1 / 3 }] }])).toEqual([
    ['name', 'Recall', 'Precision', 'chart', 'source', 'citation'],
    ["'=A", '0.125', String(1 / 3), 'Title', 'A source.', 'A citation'],
  ]);
  const [head, first, second] = rows([
    {
      name: 'A',
      as: 'dots',
      points: [
        { x: -1, y: 0, label: 'one.tif', low: -1, high: 1 },
        { x: 0, y: 0, end: 1, count: 2 },
      ],
    },
  ]);
  expect(head.slice(0, 8)).toEqual(['name', 'label', 'Recall', 'end, excluded', 'Precision', 'count', 'low', 'high']);
  expect(first.slice(0, 8)).toEqual(['A', 'one.tif', '-1', '', '0', '', '-1', '1']);
  expect(second.slice(0, 8)).toEqual(['A', '', '0', '1', '0', '2', '', '']);
});

test('nothing to draw is an empty frame', () => {
  expect(chartToSvg(chart([]), note)).not.toMatch(/NaN|undefined|Infinity/);
  expect(chartToSvg({ ...chart([]), panels: [] }, note)).not.toMatch(/NaN|undefined|Infinity/);
});
