/** Charts as files: SVG that stands alone, and CSV, each with title, source and citation. */
import { guardFormula, quoteField } from '#lib/csv.ts';
import { integer } from '#lib/format.ts';
import { escapeXml } from '#lib/xml.ts';
import { drawPanels, type PanelsFile, panelsToRows } from './panels.ts';
import type { Series } from './series.ts';
import {
  type ChartDrawing,
  type ChartNote,
  COLOURS,
  type Drawn,
  FONT,
  HEIGHT,
  LEFT,
  line,
  RIGHT,
  rounded,
  shortened,
  TOP,
  WIDTH,
} from './svg-parts.ts';

export type { ChartDrawing, ChartNote, ChartText } from './svg-parts.ts';

/** How a series is drawn: lines over ordered labels, dots per label, a shaded grid, or the second name over the first. */
export type DrawnKind = 'line' | 'dots' | 'heat' | 'scatter';

/** A series of numbers by label. */
export interface SeriesFile {
  readonly series: Series;
  readonly kind: DrawnKind;
  /** values are fractions, drawn as per cent, unless they are counts */
  readonly unit?: 'count';
}

/** What stands in a chart's file. */
export type ChartFile = SeriesFile | PanelsFile;

/** An axis from 0 on: where it ends, its ticks, and a value as it is written beside one. */
function axisOf(values: readonly number[], unit: SeriesFile['unit']) {
  const highest = Math.max(...values, 0);
  if (unit === 'count') {
    const power = 10 ** Math.floor(Math.log10(Math.max(1, highest / 4)));
    const step = power * ([1, 2, 5, 10].find((factor) => factor * power * 5 >= highest) ?? 10);
    const most = step * Math.max(1, Math.ceil(highest / step));
    return { most, ticks: ticksOf(most, step), write: (value: number) => integer(value) };
  }
  const most = Math.min(1, Math.max(0.1, highest) * 1.05);
  const step = most > 0.5 ? 0.2 : most > 0.25 ? 0.1 : 0.05;
  return { most, ticks: ticksOf(most, step), write: (value: number) => String(Math.round(value * 100)) };
}

function ticksOf(most: number, step: number): number[] {
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}

const isNumber = (value: number | null | undefined): value is number => typeof value === 'number';

/** Lay out a chart. Nothing is drawn for null. */
export function drawChart(chart: ChartFile, { source, citation }: ChartNote): ChartDrawing {
  const { title, sentence } = chart.series;
  const drawn = chart.kind === 'panels' ? drawPanels(chart) : drawSeries(chart);
  return {
    width: WIDTH,
    height: HEIGHT,
    shapes: [`<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`, ...drawn.shapes].join('\n'),
    texts: [
      line(LEFT, 32, shortened(title, 76), { size: 19, bold: true }),
      line(LEFT, 56, shortened(sentence, 108)),
      ...drawn.texts,
      line(LEFT, HEIGHT - 28, shortened(source, 116), { size: 11, muted: true }),
      line(LEFT, HEIGHT - 12, shortened(citation, 116), { size: 11, muted: true }),
    ],
  };
}

function drawSeries({ series, kind, unit }: SeriesFile): Drawn {
  const legend = kind === 'heat' || kind === 'scatter' ? 0 : Math.ceil(series.names.length / 3);
  const bottom = HEIGHT - 92 - 20 * legend;
  const unranked = kind === 'scatter' || unit === 'count';
  const drawn =
    kind === 'heat'
      ? drawHeat(series, bottom)
      : kind === 'scatter'
        ? drawScatter(series, bottom)
        : drawMarks({ series, kind, unit }, bottom);
  const over = unranked ? series.yLabel : `${series.yLabel}; ${series.better} is better`;
  return { shapes: drawn.shapes, texts: [line(LEFT, 80, over, { muted: true }), ...drawn.texts] };
}

/** Lines over ordered labels, or a dot per name and label with its interval, and a legend below. */
function drawMarks({ series: { names, rows, xLabel }, kind, unit }: SeriesFile, bottom: number): Drawn {
  const plot = { width: WIDTH - LEFT - RIGHT, height: bottom - TOP };
  const values = rows.flatMap(({ values, intervals }) => [...values, ...(intervals ?? []).flatMap((one) => one ?? [])]);
  const { most, ticks, write } = axisOf(values.filter(isNumber), unit);
  const n = rounded;
  const x = (row: number) => LEFT + (plot.width * (row + 0.5)) / Math.max(1, rows.length);
  const y = (value: number) => bottom - (plot.height * Math.max(0, value)) / most;
  const marks = names.map((_, s) => {
    const colour = COLOURS[s % COLOURS.length];
    const shift =
      kind === 'dots' ? (s - (names.length - 1) / 2) * Math.min(14, plot.width / rows.length / (names.length + 1)) : 0;
    const points = rows.flatMap(({ values, intervals }, r) => {
      const value = values[s];
      return isNumber(value) ? [{ r, value, interval: intervals?.[s] ?? null }] : [];
    });
    const path =
      kind === 'line' && points.length > 1
        ? `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map(({ r, value }) => `${n(x(r))},${n(y(value))}`).join(' ')}"/>`
        : '';
    const dots = points.map(({ r, value, interval }) => {
      const at = x(r) + shift;
      const whisker = interval
        ? `<line x1="${n(at)}" x2="${n(at)}" y1="${n(y(interval[0]))}" y2="${n(y(interval[1]))}" stroke="${colour}" stroke-width="2"/>`
        : '';
      return `${whisker}<circle cx="${n(at)}" cy="${n(y(value))}" r="4" fill="${colour}"><title>${escapeXml(`${names[s]}, ${rows[r].label}: ${value}`)}</title></circle>`;
    });
    return `<g>${path}${dots.join('')}</g>`;
  });
  const inLegend = (s: number): [number, number] => [
    LEFT + (s % 3) * (plot.width / 3),
    bottom + 62 + 20 * Math.floor(s / 3),
  ];
  // labels that would run into each other are left out
  const every = Math.ceil((rows.length * 44) / plot.width);
  return {
    shapes: [
      ...ticks.map((value) => across(y(value))),
      ...marks,
      ...names.map(
        (_, s) =>
          `<circle cx="${n(inLegend(s)[0] + 5)}" cy="${n(inLegend(s)[1] - 4)}" r="5" fill="${COLOURS[s % COLOURS.length]}"/>`,
      ),
    ],
    texts: [
      ...ticks.map((value) => line(LEFT - 8, y(value) + 4, write(value), { anchor: 'end' })),
      ...rows.flatMap(({ label }, r) =>
        r % every === 0 ? [line(x(r), bottom + 20, shortened(label, 14), { anchor: 'middle' })] : [],
      ),
      line(LEFT + plot.width / 2, bottom + 40, xLabel, { anchor: 'middle' }),
      ...names.map((name, s) => line(inLegend(s)[0] + 16, inLegend(s)[1], shortened(name, 32))),
    ],
  };
}

const across = (y: number) =>
  `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${rounded(y)}" y2="${rounded(y)}" stroke="#d0d0d0"/>`;

/** A grid: a line of cells per name, a column per label, each shaded by its value and with the value in it. */
function drawHeat({ names, rows, xLabel }: Series, bottom: number): Drawn {
  const left = LEFT + 56;
  const width = (WIDTH - RIGHT - left) / Math.max(1, rows.length);
  const height = (bottom - TOP) / Math.max(1, names.length);
  const most = Math.max(...rows.flatMap(({ values }) => values.filter(isNumber)), 0.01);
  const drawn: Drawn = { shapes: [], texts: [] };
  names.forEach((name, s) => {
    const y = TOP + s * height;
    drawn.texts.push(line(left - 8, y + height / 2 + 4, shortened(name, 16), { anchor: 'end' }));
    rows.forEach(({ values }, r) => {
      const value = values[s];
      const x = left + r * width;
      const shade = isNumber(value) ? 0.85 * (value / most) : 0;
      drawn.shapes.push(
        `<rect x="${rounded(x + 1)}" y="${rounded(y + 1)}" width="${rounded(width - 2)}" height="${rounded(height - 2)}" fill="${COLOURS[0]}" fill-opacity="${rounded(shade)}" stroke="#d0d0d0"/>`,
      );
      drawn.texts.push(
        line(x + width / 2, y + height / 2 + 4, isNumber(value) ? (100 * value).toFixed(1) : '–', {
          anchor: 'middle',
          light: shade > 0.78,
        }),
      );
    });
  });
  rows.forEach(({ label }, r) => {
    drawn.texts.push(line(left + (r + 0.5) * width, bottom + 20, shortened(label, 14), { anchor: 'middle' }));
  });
  drawn.texts.push(line(left + (rows.length * width) / 2, bottom + 40, xLabel, { anchor: 'middle' }));
  return drawn;
}

/** The second name over the first, with the line on which both are equal. */
function drawScatter({ names, rows }: Series, bottom: number): Drawn {
  const points = rows.flatMap(({ label, values: [x, y] }) => (isNumber(x) && isNumber(y) ? [{ label, x, y }] : []));
  const { most, ticks, write } = axisOf(
    points.flatMap(({ x, y }) => [x, y]),
    'count',
  );
  const x = (value: number) => LEFT + ((WIDTH - LEFT - RIGHT) * value) / most;
  const y = (value: number) => bottom - ((bottom - TOP) * value) / most;
  return {
    shapes: [
      ...ticks.map((value) => across(y(value))),
      `<line x1="${rounded(x(0))}" y1="${rounded(y(0))}" x2="${rounded(x(most))}" y2="${rounded(y(most))}" stroke="#1a1a1a"/>`,
      ...points.map(
        (point) =>
          `<circle cx="${rounded(x(point.x))}" cy="${rounded(y(point.y))}" r="3" fill="${COLOURS[0]}" fill-opacity="0.6"><title>${escapeXml(`${point.label}: ${point.x}, ${point.y}`)}</title></circle>`,
      ),
    ],
    texts: [
      ...ticks.flatMap((value) => [
        line(LEFT - 8, y(value) + 4, write(value), { anchor: 'end' }),
        line(x(value), bottom + 20, write(value), { anchor: 'middle' }),
      ]),
      line((LEFT + WIDTH - RIGHT) / 2, bottom + 40, names[0], { anchor: 'middle' }),
    ],
  };
}

/** Draw a chart as SVG that stands alone, with title, source and citation. */
export function chartToSvg(chart: ChartFile, note: ChartNote): string {
  const { series } = chart;
  const { width, height, shapes, texts } = drawChart(chart, note);
  const written = texts.map(
    ({ x, y, words, size, anchor, bold, muted, light }) =>
      `<text x="${rounded(x)}" y="${rounded(y)}" ${FONT} font-size="${size}" fill="${light ? '#ffffff' : '#1a1a1a'}"${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}${bold ? ' font-weight="bold"' : ''}${muted ? ' fill-opacity="0.75"' : ''}>${escapeXml(words)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">
<title id="t">${escapeXml(series.title)}</title>
<desc id="d">${escapeXml(`${series.sentence} ${note.source} ${note.citation}`)}</desc>
${shapes}
${written.join('\n')}
</svg>
`;
}

/** Return the numbers of a chart as CSV (RFC 4180), each with the chart's title, source and citation. */
export function chartToCsv(chart: ChartFile, { source, citation }: ChartNote): string {
  const [head, ...rows] = chart.kind === 'panels' ? panelsToRows(chart) : seriesToRows(chart.series);
  const told = [chart.series.title, source, citation];
  const lines = [[...head, 'chart', 'source', 'citation'], ...rows.map((row) => [...row, ...told])];
  const written = lines.map((cells) =>
    cells.map((cell) => quoteField(typeof cell === 'string' ? guardFormula(cell) : cell)).join(','),
  );
  return `${written.join('\r\n')}\r\n`;
}

/** A line per label and name, fractions with every digit. */
function seriesToRows({ xLabel, yLabel, names, rows }: Series): (string | number)[][] {
  return [
    [xLabel, 'name', yLabel.replace(/, %$/, ''), 'low', 'high'],
    ...rows.flatMap(({ label, values, intervals }) =>
      names.map((name, s) => [label, name, values[s] ?? '', ...(intervals?.[s] ?? ['', ''])]),
    ),
  ];
}
