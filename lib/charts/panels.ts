/**
 * Charts in files over two axes of numbers: curves, points and histograms, in one drawing or in a panel for each of
 * several groups.
 */
import { escapeXml } from '#lib/xml.ts';
import type { Series } from './series.ts';
import {
  type ChartText,
  COLOURS,
  type Drawn,
  HEIGHT,
  LEFT,
  line,
  RIGHT,
  rounded,
  shortened,
  TOP,
  WIDTH,
} from './svg-parts.ts';

export interface Axis {
  readonly from: number;
  readonly to: number;
  readonly log?: boolean;
  readonly ticks: readonly number[];
  readonly label: string;
  /** values are fractions, drawn as per cent */
  readonly fraction?: boolean;
}

export interface PanelPoint {
  readonly x: number;
  readonly y: number;
  /** what it is, such as an image */
  readonly label?: string;
  /** ends of an interval of y */
  readonly low?: number;
  readonly high?: number;
  /** of a histogram: where the bin ends, and what is in it */
  readonly end?: number;
  readonly count?: number;
}

export interface PanelMarks {
  readonly name: string;
  readonly as: 'line' | 'dots' | 'both' | 'bins';
  /** default: that of the `nth` name, or of their order */
  readonly colour?: string;
  readonly nth?: number;
  /** fainter, and without a place in the legend */
  readonly thin?: boolean;
  /** the name stands beside the last point instead of in a legend */
  readonly beside?: boolean;
  readonly points: readonly PanelPoint[];
}

export interface Panel {
  /** none if there is one panel */
  readonly name?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: readonly PanelMarks[];
  /** lines across from bottom to top */
  readonly rules?: readonly { readonly at: number; readonly dash: string }[];
  /** a line on which x equals y */
  readonly diagonal?: boolean;
}

export interface PanelsFile {
  readonly kind: 'panels';
  readonly series: Pick<Series, 'title' | 'sentence'>;
  readonly panels: readonly Panel[];
}

/** Where a panel is, in pixels. */
interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Return the marks that need a legend: of one panel if there are several, of several panels that have the same. */
function legendOf(panels: readonly Panel[]): PanelMarks[] {
  const [first, ...others] = panels.map(({ marks }) => marks.filter(({ thin, beside }) => !thin && !beside));
  if (!first || (others.length === 0 && first.length < 2)) return [];
  const names = first.map(({ name }) => name).join('\n');
  const shared = others.every((marks) => marks.map(({ name }) => name).join('\n') === names);
  return shared && names !== panels[0].name ? first : [];
}

/** Lay out the panels of a chart, and a legend where names need one. */
export function drawPanels({ panels }: PanelsFile): Drawn {
  const alone = panels.length === 1;
  const legend = legendOf(panels);
  const bottom = HEIGHT - 92 - 20 * Math.ceil(legend.length / 3);
  const columns = alone ? 1 : panels.length <= 4 ? 2 : panels.length <= 9 ? 3 : 4;
  const rows = Math.ceil(panels.length / columns);
  const [gapX, gapY] = [50, 56];
  const width = (WIDTH - LEFT - RIGHT - (columns - 1) * gapX) / columns;
  const height = (bottom - TOP - (rows - 1) * gapY) / Math.max(1, rows);
  const drawn: Drawn = { shapes: [], texts: [] };
  panels.forEach((panel, k) => {
    const frame = {
      left: LEFT + (k % columns) * (width + gapX),
      top: TOP + Math.floor(k / columns) * (height + gapY),
      width,
      height,
    };
    const { shapes, texts } = drawPanel(panel, frame, alone ? 13 : 10);
    drawn.shapes.push(...shapes);
    drawn.texts.push(...texts);
  });
  legend.forEach(({ name }, s) => {
    const [x, y] = [LEFT + (s % 3) * ((WIDTH - LEFT - RIGHT) / 3), bottom + 62 + 20 * Math.floor(s / 3)];
    drawn.shapes.push(
      `<circle cx="${rounded(x + 5)}" cy="${rounded(y - 4)}" r="5" fill="${colourOf(legend[s], panels[0].marks.indexOf(legend[s]))}"/>`,
    );
    drawn.texts.push(line(x + 16, y, shortened(name, 32)));
  });
  return drawn;
}

const colourOf = ({ colour, nth }: PanelMarks, s: number) => colour ?? COLOURS[(nth ?? s) % COLOURS.length];

function share({ from, to, log }: Axis, value: number): number {
  const at = log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
  return Math.min(1, Math.max(0, Number.isFinite(at) ? at : 0));
}

function written({ fraction }: Axis, value: number): string {
  return (fraction ? Math.round(100 * value) : value).toLocaleString('en-US').replace('-', '−');
}

function drawPanel({ name, x, y, marks, rules = [], diagonal }: Panel, frame: Frame, size: number): Drawn {
  const { left, top, width, height } = frame;
  const bottom = top + height;
  const px = (value: number) => rounded(left + width * share(x, value));
  const py = (value: number) => rounded(bottom - height * share(y, value));
  const right = rounded(left + width);
  // labels that would run into each other are left out
  const every = Math.max(1, Math.ceil((x.ticks.length * size * 3.4) / width));
  const texts: ChartText[] = [
    line(left, top - 10, name === undefined ? y.label : shortened(`${name}: ${y.label}`, Math.floor(width / 5)), {
      ...(name === undefined ? { muted: true } : { size: 11, bold: true }),
    }),
    ...y.ticks.map((tick) => line(left - 6, Number(py(tick)) + size / 3, written(y, tick), { size, anchor: 'end' })),
    ...x.ticks.flatMap((tick, k) =>
      k % every === 0 ? [line(Number(px(tick)), bottom + size + 5, written(x, tick), { size, anchor: 'middle' })] : [],
    ),
    line(left + width / 2, bottom + 2 * size + 10, x.label, { size, anchor: 'middle' }),
    ...marks.flatMap(({ name, beside, points }) => {
      const last = points.at(-1);
      if (!beside || !last) return [];
      const side = last.x < 0 ? ({ shift: -7, anchor: 'end' } as const) : ({ shift: 7, anchor: 'start' } as const);
      return [line(Number(px(last.x)) + side.shift, Number(py(last.y)) + 4, name, { size: 11, anchor: side.anchor })];
    }),
  ];
  const straight = (from: readonly [number, number], to: readonly [number, number], more: string) =>
    `<line x1="${px(from[0])}" y1="${py(from[1])}" x2="${px(to[0])}" y2="${py(to[1])}" ${more}/>`;
  const end = Math.min(x.to, y.to);
  return {
    shapes: [
      ...y.ticks.map(
        (tick) => `<line x1="${rounded(left)}" x2="${right}" y1="${py(tick)}" y2="${py(tick)}" stroke="#d0d0d0"/>`,
      ),
      ...rules.map(({ at, dash }) => straight([at, y.from], [at, y.to], `stroke="#606060" stroke-dasharray="${dash}"`)),
      ...(diagonal
        ? [straight([Math.max(x.from, y.from), Math.max(x.from, y.from)], [end, end], 'stroke="#1a1a1a"')]
        : []),
      ...marks.map((own, s) => drawMarks(own, colourOf(own, s), { px, py, floor: py(Math.max(y.from, 0)) })),
    ],
    texts,
  };
}

interface Places {
  px: (value: number) => string;
  py: (value: number) => string;
  /** y of the lower end of bins */
  floor: string;
}

function drawMarks({ name, as, thin, points }: PanelMarks, colour: string, { px, py, floor }: Places): string {
  if (as === 'bins') {
    const bars = points.map(({ x, end = x, y }) => `H${px(x)}V${py(y)}H${px(end)}`).join('');
    const path = points.length > 0 ? `M${px(points[0].x)},${floor}${bars}V${floor}Z` : '';
    return `<path d="${path}" fill="${colour}" fill-opacity="0.35" stroke="${colour}"><title>${escapeXml(name)}</title></path>`;
  }
  const shapes: string[] = [];
  if (as !== 'dots' && points.length > 1)
    shapes.push(
      `<polyline fill="none" stroke="${colour}" stroke-width="${thin ? 1 : 2}"${thin ? ' stroke-opacity="0.6"' : ''} points="${points.map(({ x, y }) => `${px(x)},${py(y)}`).join(' ')}"/>`,
    );
  for (const { x, low, high } of points)
    if (low !== undefined && high !== undefined)
      shapes.push(
        `<line x1="${px(x)}" x2="${px(x)}" y1="${py(low)}" y2="${py(high)}" stroke="${colour}" stroke-width="1.5"/>`,
      );
  if (as !== 'line')
    for (const { x, y, label } of points)
      shapes.push(
        `<circle cx="${px(x)}" cy="${py(y)}" r="${points.length > 60 ? 2.5 : 4}" fill="${colour}" fill-opacity="${points.length > 60 ? 0.6 : 1}"><title>${escapeXml([name, label].filter(Boolean).join(', '))}</title></circle>`,
      );
  return `<g>${shapes.join('')}</g>`;
}

/** Return a head, and a line per point with every digit; fractions stay fractions. */
export function panelsToRows({ panels }: PanelsFile): (string | number)[][] {
  const all = panels.flatMap((panel) =>
    panel.marks.flatMap(({ name, points }) => points.map((point) => ({ panel: panel.name, name, ...point }))),
  );
  const any = (field: keyof PanelPoint | 'panel') => all.some((point) => point[field] !== undefined);
  const head = ({ label, fraction }: Axis) => (fraction ? label.replace(/, %$/, '') : label);
  const columns = [
    ...(any('panel') ? [{ head: 'group', of: 'panel' as const }] : []),
    { head: 'name', of: 'name' as const },
    ...(any('label') ? [{ head: 'label', of: 'label' as const }] : []),
    { head: panels[0] ? head(panels[0].x) : 'x', of: 'x' as const },
    ...(any('end') ? [{ head: 'end, excluded', of: 'end' as const }] : []),
    { head: panels[0] ? head(panels[0].y) : 'y', of: 'y' as const },
    ...(any('count') ? [{ head: 'count', of: 'count' as const }] : []),
    ...(any('low')
      ? [
          { head: 'low', of: 'low' as const },
          { head: 'high', of: 'high' as const },
        ]
      : []),
  ];
  return [columns.map(({ head }) => head), ...all.map((point) => columns.map(({ of }) => point[of] ?? ''))];
}
