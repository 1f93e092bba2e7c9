import { expect, test } from 'vitest';
import { linkMethods } from '#lib/charts/figures.ts';
import { labelsOfLines, labelsOfRows } from '#lib/charts/labels.ts';
import type { Series } from '#lib/charts/series.ts';

const X = [0, 25, 50, 75, 100];
const line = (...heights: number[]) => heights.map((y, i) => [X[i], y] as const);

test('names stand above lines that fall and below lines that rise', () => {
  const falling = labelsOfLines(['one', 'two'], [line(90, 80, 60, 20, 0), line(40, 30, 20, 5, 0)], 208);
  expect(falling).toEqual([
    { x: 0, y: 90, side: 'above' },
    { x: 0, y: 40, side: 'above' },
  ]);
  const rising = labelsOfLines(
    ['a longer name', 'a shorter name'],
    [line(60, 70, 80, 90, 100), line(20, 30, 60, 80, 99)],
    208,
  );
  expect(rising?.map(({ side }) => side)).toEqual(['below', 'below']);
});

test('lines that lie together, a name too long, or a single name get no names', () => {
  const close = [line(50, 50, 50, 50, 50), line(49, 49, 49, 49, 49), line(51, 51, 51, 51, 51)];
  expect(labelsOfLines(['first method', 'second method', 'third method'], close, 208)).toBeNull();
  expect(labelsOfLines(['x'.repeat(40), 'two'], [close[0], line(10, 10, 10, 10, 10)], 208)).toBeNull();
  expect(labelsOfLines(['one'], [close[0]], 208)).toBeNull();
});

test('a name stands beside the first dot that leaves room for it, beyond the marks of that dot', () => {
  const dots = [
    [{ xs: [60, 55, 66], y: 75 }],
    [
      { xs: [30, 34], y: 70 },
      { xs: [10], y: 20 },
    ],
  ];
  expect(labelsOfRows(['strong', 'weak'], dots, 208)).toEqual([
    { x: 66, y: 75, side: 'right' },
    { x: 34, y: 70, side: 'right' },
  ]);
  // the mark of the other method lies where the name would be
  expect(
    labelsOfRows(
      ['strong', 'weak'],
      [
        dots[0],
        [
          { xs: [52], y: 75 },
          { xs: [10], y: 20 },
        ],
      ],
      208,
    )?.[1],
  ).toEqual({
    ...{ x: 52, y: 75, side: 'left' },
  });
  const crowded = [[{ xs: [50], y: 50 }], [{ xs: [55, 45, 62, 38], y: 51 }]];
  expect(labelsOfRows(['a method of some length', 'weak'], crowded, 208)).toBeNull();
});

test('figures are linked with the methods of a page only where their names are these', () => {
  const series = (names: string[]): Series => ({
    ...{ title: 't', sentence: 's', xLabel: 'x', yLabel: 'y', better: 'higher', rows: [] },
    names,
  });
  const figures = [
    { kind: 'bar', series: series(['a', 'b']) },
    { kind: 'line', series: series(['b']) },
  ] as const;
  const [group] = linkMethods([{ figures }], ['a', 'b']);
  expect(group.figures.map((figure) => 'ofMethods' in figure && figure.ofMethods)).toEqual([true, false]);
});
