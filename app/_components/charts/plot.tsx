/**
 * Charts with two numeric axes, drawn on the server: they need no script and fit any width. Shapes stretch with the
 * drawing; texts, markers and line widths do not.
 */
import type { ReactNode } from 'react';
import { TableFrame } from '../table-frame.tsx';
import './plot.css';
import { Marker } from './series-style.tsx';

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
  children,
}: {
  x: Scale;
  y: Scale;
  say: string;
  tall?: boolean;
  children: ReactNode;
}) {
  const text = (scale: Scale, value: number) => scale.format?.(value) ?? value.toLocaleString('en-US');
  return (
    <div className="plot" data-tall={tall} role="img" aria-label={say}>
      <span className="plot-y-label">{y.label}</span>
      <div className="plot-area">
        <svg width="100%" height="100%" aria-hidden="true">
          {y.ticks.map((tick) => (
            <line
              key={tick}
              x1="0"
              x2="100%"
              y1={`${100 - place(y, tick)}%`}
              y2={`${100 - place(y, tick)}%`}
              stroke={tick === y.from ? 'var(--rule-2)' : 'var(--rule)'}
            />
          ))}
          {children}
        </svg>
        {y.ticks.map((tick) => (
          <span key={tick} className="plot-y-tick" style={{ bottom: `${place(y, tick)}%` }}>
            {text(y, tick)}
          </span>
        ))}
        {x.ticks.map((tick) => (
          <span key={tick} className="plot-x-tick" style={{ left: `${place(x, tick)}%` }}>
            {text(x, tick)}
          </span>
        ))}
      </div>
      <span className="plot-x-label">{x.label}</span>
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
  return points
    .map(([px, py], i) => `${i ? 'L' : 'M'}${place(x, px).toFixed(2)},${(100 - place(y, py)).toFixed(2)}`)
    .join('');
}

export function Line({ dash, width = 2, color = 'var(--series-1)', ...of }: Path & { dash?: string; width?: number }) {
  return (
    <Stretched>
      <path
        d={path(of)}
        fill="none"
        stroke={color}
        strokeWidth={width}
        strokeDasharray={dash}
        vectorEffect="non-scaling-stroke"
      />
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

function Stretched({ children }: { children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: a part of a drawing that is named
    <svg width="100%" height="100%" viewBox="0 0 100 100" preserveAspectRatio="none">
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
}: {
  x: Scale;
  y: Scale;
  at: readonly [number, number];
  style?: number;
  size?: number;
  color?: string;
  shape?: number;
  name?: string;
}) {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: a part of a drawing that is named
    <svg x={`${place(x, at[0]).toFixed(2)}%`} y={`${(100 - place(y, at[1])).toFixed(2)}%`} overflow="visible">
      {style === undefined ? (
        <circle r={size ?? 2.5} fill={color ?? 'var(--series-1)'} fillOpacity="0.6" />
      ) : (
        <Marker cx={0} cy={0} index={style} shape={shape} size={size} />
      )}
      {name && (
        <text className="plot-name" x={6} y={-6}>
          {name}
        </text>
      )}
    </svg>
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
  const left = `${place(x, at).toFixed(2)}%`;
  return (
    <>
      <line x1={left} x2={left} y1="0" y2="100%" stroke="var(--ink-2)" strokeDasharray={dash} />
      {name && (
        // biome-ignore lint/a11y/noSvgWithoutTitle: a part of a drawing that is named
        <svg x={left} y="0" overflow="visible">
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

export interface Numbers {
  readonly head: readonly string[];
  /** the first value of each row is its name */
  readonly rows: readonly (readonly string[])[];
}

/** A chart with its title, a sentence that states its result, and its numbers as a table. */
export function Figure({
  title,
  sentence,
  numbers,
  wide,
  children,
}: {
  title: string;
  sentence: ReactNode;
  numbers: Numbers;
  wide?: boolean;
  children: ReactNode;
}) {
  return (
    <figure className="chart" data-wide={wide}>
      <figcaption>
        <h3>{title}</h3>
        <p>{sentence}</p>
      </figcaption>
      {children}
      <details>
        <summary>
          Numbers <span className="visually-hidden">of the chart “{title}”</span>
        </summary>
        <NumbersTable title={title} numbers={numbers} />
      </details>
    </figure>
  );
}

/** The first column names the rows, the others are numbers. */
export function NumbersTable({ title, numbers: { head, rows } }: { title: string; numbers: Numbers }) {
  return (
    <TableFrame label={`Table: ${title}`}>
      <table>
        <caption className="visually-hidden">{title}</caption>
        <thead>
          <tr>
            {head.map((name, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two columns may share a name
              <th key={i} scope="col" className={i ? 'num' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, ...cells], r) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two rows may share a name
            <tr key={r}>
              <th scope="row" className="num-text">
                {name}
              </th>
              {cells.map((cell, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                <td key={i} className="num">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}
