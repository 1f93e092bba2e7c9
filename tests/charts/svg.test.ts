/** Charts as files of their own. */
import { expect, test } from 'vitest';
import type { Series } from '#lib/charts/series.ts';
import { chartToCsv, chartToSvg } from '#lib/charts/svg.ts';
import { readCsv } from '#lib/csv.ts';

const series: Series = {
  title: 'AP by cell type',
  sentence: 'A <b>leads & wins',
  xLabel: 'Cell type',
  yLabel: 'AP, %',
  better: 'higher',
  names: ['A <b>', '=B'],
  rows: [
    { label: 'A172', values: [0.41234567890123, 0.3], intervals: [[0.4, 0.45], null] },
    { label: 'BV-2', values: [0.52, null] },
  ],
};
const note = { source: 'LIVECell-wide on test, masks.', citation: 'LIVECell benchmark, https://example.org/charts/x' };

test.each(['line', 'dots'] as const)('SVG (%s): one mark per number, with title, source and citation', (kind) => {
  const svg = chartToSvg({ series, kind }, note);
  expect(svg.match(/<circle[^>]*><title>/g)).toHaveLength(3);
  expect(svg.match(/<polyline/g)?.length ?? 0).toBe(kind === 'line' ? 1 : 0);
  for (const words of ['AP by cell type', 'Cell type', 'AP, %; higher is better', note.source, note.citation])
    expect(svg).toContain(words);
  expect(svg).toContain('A &lt;b&gt;leads &amp; wins'.replace('&lt;b&gt;', '&lt;b&gt;'));
  expect(svg).not.toMatch(/<b>|NaN|undefined|<script|Infinity/);
  // tags are balanced: every element that is opened is closed
  const open: string[] = [];
  for (const [, close, name, self] of svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!self) open.push(name);
  }
  expect(open).toEqual([]);
});

test('a value at the top of the scale lies at or below the title', () => {
  const svg = chartToSvg({ series: { ...series, rows: [{ label: 'A172', values: [1, 0] }] }, kind: 'dots' }, note);
  const at = [...svg.matchAll(/cy="([\d.]+)" r="4"/g)].map(([, y]) => Number(y));
  expect(Math.min(...at)).toBeGreaterThanOrEqual(96);
  expect(Math.max(...at)).toBeLessThan(460);
});

test('nothing to draw is an empty frame', () => {
  expect(chartToSvg({ series: { ...series, names: [], rows: [] }, kind: 'line' }, note)).not.toMatch(/NaN|Infinity/);
});

test('CSV: a line per number with every digit, and no formulas', () => {
  const rows = [...readCsv(chartToCsv({ series, kind: 'line' }, note))].map(({ fields }) => fields);
  expect(rows).toHaveLength(5);
  expect(rows[0].slice(0, 5)).toEqual(['Cell type', 'name', 'AP', 'low', 'high']);
  expect(rows[1].slice(0, 5)).toEqual(['A172', 'A <b>', '0.41234567890123', '0.4', '0.45']);
  expect(rows[4].slice(0, 5)).toEqual(['BV-2', "'=B", '', '', '']);
});

test('a grid has a cell per number, with the number in it', () => {
  const svg = chartToSvg({ series: { ...series, names: ['A172', 'BV-2'] }, kind: 'heat' }, note);
  // four cells, and the ground
  expect(svg.match(/<rect /g)).toHaveLength(5);
  for (const number of ['41.2', '30.0', '52.0', '–']) expect(svg).toContain(`>${number}</text>`);
  // the darkest has light letters
  expect(svg).toMatch(/fill="#ffffff"[^>]*>52\.0</);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

test('one number over another: a mark per pair, counts on both axes', () => {
  const rows = [
    { label: 'one.tif', values: [1480, 1210] },
    { label: 'two.tif', values: [20, null] },
  ];
  const counted = { ...series, names: ['Reference', 'Predicted'], rows };
  const svg = chartToSvg({ series: counted, kind: 'scatter', unit: 'count' }, note);
  expect(svg.match(/<circle /g)).toHaveLength(1);
  expect(svg).toContain('<title>one.tif: 1480, 1210</title>');
  expect(svg.match(/>1,000<\/text>/g)).toHaveLength(2);
});

test.each([3, 7, 48, 1600, 98_304])(
  'an axis of counts up to %d has a few round ticks, none beyond the data',
  (most) => {
    const rows = [0, most].map((value, i) => ({ label: String(i), values: [value] }));
    const svg = chartToSvg({ series: { ...series, names: ['A'], rows }, kind: 'line', unit: 'count' }, note);
    const ticks = [...svg.matchAll(/text-anchor="end">([\d,]+)</g)].map(([, text]) => Number(text.replaceAll(',', '')));
    expect(ticks[0]).toBe(0);
    expect(ticks.length).toBeGreaterThan(2);
    expect(ticks.length).toBeLessThan(9);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(most);
    expect(ticks.at(-2)).toBeLessThan(most);
  },
);
