/**
 * Charts with two numeric axes, drawn on the server: they need no script and fit any width. Shapes stretch with the
 * drawing; texts, markers and line widths do not.
 */
import type { ReactNode } from 'react';
import type { DirectLabel } from '#lib/charts/labels.ts';
import { ChartFiles } from './chart-files.tsx';
import { type Numbers, NumbersTable } from './numbers-table.tsx';
import './plot.css';
import { MARKER_WIDTH, MAX_SERIES, Marker, SERIES_STYLES } from './series-style.tsx';

export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly log?: boolean;
  readonly ticks: readonly number[];
  readonly label: string;
  readonly format?: (value: number) => string;
}

/** Return the position of a value on a scale, from 0 to 100. */
export function place({ from, to, log }: Scale, value: number): number {
  const share = log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
  return 100 * Math.min(1, Math.max(0, share));
}

/** Write a position as a per cent of the drawing: a tenth of it is less than a pixel. */
function along(position: number, digits = 1): string {
  return `${Number(position.toFixed(digits))}%`;
}

/** Write a position inside a stretched drawing. */
function short(position: number): number {
  return Number(position.toFixed(2));
}

/** Return a scale from 0 to a round number above the largest value. */
export function fromZero(largest: number, label: string, format?: Scale['format']): Scale {
  const power = 10 ** Math.floor(Math.log10(Math.max(largest, 1e-9) / 4));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => largest <= 4 * size) ?? 10 * power;
  const steps = Math.max(1, Math.ceil(largest / step - 1e-9));
  return {
    from: 0,
    to: steps * step,
    ticks: Array.from({ length: steps + 1 }, (_, k) => Number((k * step).toPrecision(12))),
    label,
    format,
  };
}

/** A frame with axes; its marks are `Line`, `Area`, `Point` and `Rule` with the same scales. */
export function Plot({
  x,
  y,
  say,
  tall,
  over,
  children,
}: {
  x: Scale;
  y: Scale;
  say: string;
  tall?: boolean | 'half';
  /** what lies above the drawing: `Reading` */
  over?: ReactNode;
  children: ReactNode;
}) {
  const text = (scale: Scale, value: number) => scale.format?.(value) ?? value.toLocaleString('en-US');
  return (
    <div className="plot" data-tall={tall}>
      <span className="plot-y-label" aria-hidden="true">
        {y.label}
      </span>
      <div className="plot-area">
        <svg width="100%" height="100%" role="img" aria-label={say}>
          <Stretched>
            <path d={y.ticks.map((tick) => `M0 ${short(100 - place(y, tick))}H100`).join('')} stroke="var(--rule)" />
          </Stretched>
          {y.ticks.includes(y.from) && <line y1="100%" x2="100%" y2="100%" stroke="var(--rule-2)" />}
          {children}
        </svg>
        <div className="plot-y-ticks" aria-hidden="true">
          {y.ticks.map((tick) => (
            <span key={tick} style={{ bottom: along(place(y, tick), 2) }}>
              {text(y, tick)}
            </span>
          ))}
        </div>
        <div className="plot-x-ticks" aria-hidden="true">
          {x.ticks.map((tick) => (
            <span key={tick} style={{ left: along(place(x, tick), 2) }}>
              {text(x, tick)}
            </span>
          ))}
        </div>
        {over}
      </div>
      <span className="plot-x-label" aria-hidden="true">
        {x.label}
      </span>
    </div>
  );
}

interface Path {
  x: Scale;
  y: Scale;
  points: readonly (readonly [number, number])[];
  color?: string;
}

function path({ x, y, points }: Path): string {
  return points.map(([px, py], i) => `${i ? 'L' : 'M'}${short(place(x, px))},${short(100 - place(y, py))}`).join('');
}

export function Line({ dash, width = 2, color = 'var(--series-1)', ...of }: Path & { dash?: string; width?: number }) {
  return (
    <Stretched>
      <path d={path(of)} fill="none" stroke={color} strokeWidth={width} strokeDasharray={dash} />
    </Stretched>
  );
}

/** The area enclosed by a line. */
export function Area({ color = 'var(--series-1)', opacity = 0.25, ...of }: Path & { opacity?: number }) {
  return (
    <Stretched>
      <path d={`${path(of)}Z`} fill={color} fillOpacity={opacity} />
    </Stretched>
  );
}

export function Stretched({ children }: { children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: a part of a drawing that is named
    <svg viewBox="0 0 100 100" preserveAspectRatio="none">
      {children}
    </svg>
  );
}

/** A marker of a series, or a plain dot. */
export function Point({
  x,
  y,
  at,
  style,
  size,
  color,
  shape,
  name,
  inherit,
  hollow,
}: {
  x: Scale;
  y: Scale;
  at: readonly [number, number];
  style?: number;
  size?: number;
  color?: string;
  shape?: number;
  name?: string;
  /** as of `Marker` */
  inherit?: boolean;
  /** a plain dot that is a ring: a published number */
  hollow?: boolean;
}) {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: a part of a drawing that is named
    <svg x={along(place(x, at[0]))} y={along(100 - place(y, at[1]))}>
      {style === undefined ? (
        <circle
          r={size ?? 2.5}
          fill={hollow ? 'none' : (color ?? 'var(--series-1)')}
          stroke={hollow ? (color ?? 'var(--series-1)') : undefined}
          fillOpacity="0.6"
        />
      ) : (
        <Marker index={style} shape={shape} size={size} inherit={inherit} />
      )}
      {name && (
        <text className="plot-name" x={6} y={-6}>
          {name}
        </text>
      )}
    </svg>
  );
}

/** The names of series beside their marks, in their colours; narrow drawings have a legend instead. */
export function Names({
  names,
  labels,
  styles,
}: {
  names: readonly string[];
  labels: readonly DirectLabel[];
  styles: readonly number[];
}) {
  return labels.map(({ x, y, side }, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey lint/a11y/noSvgWithoutTitle: two methods may share a name; a part of a drawing that is named
    <svg key={i} x={along(x)} y={along(100 - y)}>
      <text
        className="plot-name plot-direct"
        data-series={i}
        x={{ above: 2, below: 2, right: 9, left: -9 }[side]}
        y={{ above: -8, below: 17, right: 4, left: 4 }[side]}
        textAnchor={side === 'left' ? 'end' : undefined}
        style={{ fill: SERIES_STYLES[styles[i] % MAX_SERIES].color }}
      >
        {names[i]}
      </text>
    </svg>
  ));
}

/** Many plain dots as one element: lines of no length with round ends. */
export function Points({ x, y, points }: Pick<Path, 'x' | 'y' | 'points'>) {
  return (
    <Stretched>
      <Spots x={x} y={y} points={points} color="var(--series-1)" size={5} opacity={0.6} />
    </Stretched>
  );
}

/** The markers of a series: as one element where the ends of a line have their shape. */
export function Markers({
  x,
  y,
  points,
  style,
  size,
}: Pick<Path, 'x' | 'y' | 'points'> & { style: number; size: number }) {
  const { color, marker } = SERIES_STYLES[style % MAX_SERIES];
  if (marker === 'circle' || marker === 'square')
    return (
      <Stretched>
        <Spots
          x={x}
          y={y}
          points={points}
          color={color}
          size={size * MARKER_WIDTH[marker]}
          square={marker === 'square'}
        />
      </Stretched>
    );
  // biome-ignore lint/suspicious/noArrayIndexKey: points have no other name here
  return points.map((at, i) => <Point key={i} x={x} y={y} at={at} style={style} size={size} />);
}

function Spots({
  x,
  y,
  points,
  color,
  size,
  square,
  opacity,
}: Pick<Path, 'x' | 'y' | 'points'> & { color: string; size: number; square?: boolean; opacity?: number }) {
  return (
    <path
      d={points.map(([px, py]) => `M${short(place(x, px))} ${short(100 - place(y, py))}h0`).join('')}
      stroke={color}
      strokeWidth={size}
      strokeLinecap={square ? 'square' : 'round'}
      strokeOpacity={opacity}
    />
  );
}

/** A line across the plot at a value of x, with its name at the top. */
export function Rule({
  x,
  at,
  name,
  dash = '3 3',
  side = 'right',
}: {
  x: Scale;
  at: number;
  name?: string;
  dash?: string;
  side?: 'left' | 'right';
}) {
  const left = along(place(x, at));
  return (
    <>
      <line x1={left} x2={left} y1="0" y2="100%" stroke="var(--ink-2)" strokeDasharray={dash} />
      {name && (
        // biome-ignore lint/a11y/noSvgWithoutTitle: a part of a drawing that is named
        <svg x={left}>
          <text
            className="plot-name"
            x={side === 'right' ? 4 : -4}
            y={11}
            textAnchor={side === 'right' ? 'start' : 'end'}
          >
            {name}
          </text>
        </svg>
      )}
    </>
  );
}

/** A chart with its title, a sentence that states its result, and its numbers as a table. */
export function Figure({
  title,
  sentence,
  numbers,
  wide,
  linked,
  direct,
  ofMethods,
  files,
  children,
}: {
  title: string;
  sentence: ReactNode;
  numbers: Numbers;
  wide?: boolean;
  /** names stand beside their marks: a wide drawing needs no legend */
  direct?: boolean;
  /** the series are the methods of the page */
  ofMethods?: boolean;
  /** the columns of the numbers are the series of the drawing */
  linked?: boolean;
  /** address of the chart as a file, with a query but for its format */
  files?: string;
  children: ReactNode;
}) {
  return (
    <figure
      className="chart linked"
      data-wide={wide}
      data-direct={direct || undefined}
      data-methods={ofMethods || undefined}
    >
      <figcaption>
        <h3>{title}</h3>
        <p>{sentence}</p>
      </figcaption>
      {children}
      <details>
        <summary>
          Numbers <span className="visually-hidden">of the chart “{title}”</span>
        </summary>
        <NumbersTable title={title} numbers={numbers} linked={linked} />
      </details>
      {files && <ChartFiles address={files} of={title} />}
    </figure>
  );
}
