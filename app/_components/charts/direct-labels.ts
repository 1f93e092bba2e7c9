/** Where the names of a chart stand in its drawing. Computed on the server: browsers draw from the result. */
import { type DirectLabel, labelsOfLines, labelsOfRows } from '#lib/charts/labels.ts';
import type { Series } from '#lib/charts/series.ts';
import { type Marks, pointsOf, scalesOfLines, scalesOfRows } from './drawing.tsx';
import { place } from './plot.tsx';

/** Height in pixels of a drawing with lines, of the margin of one with rows, and of a method in a row: see plot.css. */
const HEIGHT = 208;
const MARGIN = 16;
const ROW = 8;

/** Return where the names stand; null where there is no room for them. */
export function labelsOf(series: Series, kind: 'line' | 'bar', marks: Marks = []): DirectLabel[] | null {
  const { names, rows } = series;
  if (kind === 'line') {
    const { x, y } = scalesOfLines(series);
    const lines = names.map((_, i) =>
      pointsOf(series, i).map(([px, py]): [number, number] => [place(x, px), place(y, py)]),
    );
    return labelsOfLines(names, lines, HEIGHT);
  }
  const { x, y, at } = scalesOfRows(series, marks);
  const dots = names.map((_, k) =>
    rows.flatMap(({ values, intervals }, row) => {
      if (typeof values[k] !== 'number') return [];
      const all = [values[k], ...(marks[row]?.[k] ?? []), ...(intervals?.[k] ?? [])];
      return [{ xs: all.map((value) => place(x, 100 * value)), y: place(y, at(row, k)) }];
    }),
  );
  return labelsOfRows(names, dots, MARGIN + ROW * rows.length * Math.max(2, names.length));
}
