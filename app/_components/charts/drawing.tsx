/** The drawing of a chart, on the server: lines over thresholds, a dot per method in a row, or stacked bars in a row. */
import type { DirectLabel } from '#lib/charts/labels.ts';
import type { Series } from '#lib/charts/series.ts';
import { percent } from '#lib/format.ts';
import { fromZero, Line, Names, Plot, Point, place, type Scale, Stretched } from './plot.tsx';
import { Reading } from './reading.tsx';
import { barFill, Hatchings, MAX_SERIES, SERIES_STYLES } from './series-style.tsx';

export type ChartKind = 'line' | 'bar' | 'stack';

export function Drawing({ series, kind, labels }: { series: Series; kind: ChartKind; labels: Labels }) {
  if (kind === 'line') return <Lines series={series} labels={labels} />;
  return kind === 'stack' ? <Stack series={series} /> : <DotRows series={series} labels={labels} />;
}

/** [rows × series] the numbers behind each, as fractions */
export type Marks = readonly (readonly (readonly number[])[])[];

/** Where names stand; null: in a legend. */
export type Labels = readonly DirectLabel[] | null;

/** Write a position of a drawing: 20, 33.3. */
const short = (position: number): number => Number(position.toFixed(1));

export function scalesOfLines(series: Series): { x: Scale; y: Scale } {
  const { rows, xLabel, yLabel } = series;
  const x: Scale = {
    from: 0,
    to: Math.max(1, rows.length - 1),
    ticks: rows.map((_, row) => row),
    label: xLabel,
    format: (tick) => rows[tick]?.label ?? '',
  };
  return { x, y: fromZero(100 * largest(series), yLabel) };
}

export function pointsOf({ rows }: Series, i: number): [number, number][] {
  return rows.flatMap(({ values }, row): [number, number][] =>
    values[i] === null ? [] : [[row, 100 * (values[i] as number)]],
  );
}

export function scalesOfRows(series: Series, marks: Marks) {
  const { rows, names, yLabel } = series;
  return {
    x: fromZero(100 * Math.max(largest(series), ...marks.flat(2), 0), yLabel),
    y: rowScale(rows),
    /** the height of a method's dot in a row */
    at: (row: number, k: number) => rows.length - row - (k + 1) / (names.length + 1),
  };
}

function NamesOf({ series, labels }: { series: Series; labels: Labels }) {
  const styles = series.names.map((_, i) => styleOf(series, i));
  return labels && <Names names={series.names} labels={labels} styles={styles} />;
}

const styleOf = ({ styles }: Series, i: number): number => (styles?.[i] ?? i) % MAX_SERIES;

function readingOf(series: Series) {
  return {
    title: series.title,
    names: series.names,
    styles: series.names.map((_, i) => styleOf(series, i)),
    texts: series.rows.map(({ values, intervals }) =>
      values.map((value, i) => {
        const interval = intervals?.[i];
        const range = interval ? ` (${percent(interval[0], 1)}–${percent(interval[1], 1)})` : '';
        return `${percent(value, 1)}${range}`;
      }),
    ),
  };
}

function Lines({ series, labels }: { series: Series; labels: Labels }) {
  const { rows, names, xLabel, sentence } = series;
  const { x, y } = scalesOfLines(series);
  return (
    <Plot
      x={x}
      y={y}
      say={sentence}
      tall="half"
      over={
        <Reading
          {...readingOf(series)}
          along="x"
          labels={rows.map(({ label }) => `${xLabel.split(' ')[0]} ${label}`)}
          places={rows.map((_, row) => place(x, row))}
        />
      }
    >
      {names.map((_, i) => {
        const style = styleOf(series, i);
        const points = pointsOf(series, i);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: two methods may share a name
          <g key={i} data-series={i} fill={SERIES_STYLES[style].color}>
            <Line x={x} y={y} points={points} color={SERIES_STYLES[style].color} dash={SERIES_STYLES[style].dash} />
            {points.map((at) => (
              <Point key={at[0]} x={x} y={y} at={at} style={style} size={4} inherit />
            ))}
          </g>
        );
      })}
      <NamesOf series={series} labels={labels} />
    </Plot>
  );
}

/** The rows of a drawing, from the top: names at the left instead of numbers. */
function rowScale(rows: Series['rows']): Scale {
  return {
    from: 0,
    to: Math.max(1, rows.length),
    ticks: rows.map((_, row) => rows.length - row - 0.5),
    label: '',
    format: (tick) => rows[Math.round(rows.length - tick - 0.5)]?.label ?? '',
  };
}

/**
 * A row per label and a dot per series with its interval, and small marks behind it: what the number is made of.
 * @param marks [rows × series] the numbers behind each, as fractions
 */
export function DotRows({ series, marks = [], labels }: { series: Series; marks?: Marks; labels: Labels }) {
  const { rows, names, sentence } = series;
  const { x, y, at } = scalesOfRows(series, marks);
  const whiskers = rows.some(({ intervals }) => intervals?.some(Boolean));
  const spot = (value: number, height: number, to = value) =>
    `M${short(place(x, value))} ${short(100 - place(y, height))}h${short(place(x, to) - place(x, value))}`;
  return (
    <div className="dots-plot" style={{ '--rows': rows.length * Math.max(2, names.length) } as React.CSSProperties}>
      <Plot x={x} y={y} say={sentence} over={<RowReading series={series} y={y} />}>
        {names.map((_, k) => {
          const color = SERIES_STYLES[styleOf(series, k)].color;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: two methods may share a name
            <g key={k} data-series={k} fill={color}>
              <Stretched>
                {/* lines of no length with round ends: one element for all marks of a method */}
                {marks.length > 0 && (
                  <path
                    d={rows
                      .flatMap((_, row) => (marks[row]?.[k] ?? []).map((mark) => spot(100 * mark, at(row, k))))
                      .join('')}
                    stroke={color}
                    strokeWidth={3.5}
                    strokeLinecap="round"
                    strokeOpacity={0.6}
                  />
                )}
                {whiskers && (
                  <path
                    d={rows
                      .flatMap(({ intervals }, row) => {
                        const interval = intervals?.[k];
                        return interval ? spot(100 * interval[0], at(row, k), 100 * interval[1]) : [];
                      })
                      .join('')}
                    stroke={color}
                    strokeWidth={1.5}
                  />
                )}
              </Stretched>
              {rows.map(({ label, values }, row) => {
                const value = values[k];
                return (
                  value !== null && (
                    <Point
                      key={label}
                      x={x}
                      y={y}
                      at={[100 * value, at(row, k)]}
                      style={styleOf(series, k)}
                      size={4.5}
                      inherit
                    />
                  )
                );
              })}
            </g>
          );
        })}
        <NamesOf series={series} labels={labels} />
      </Plot>
    </div>
  );
}

function Stack({ series }: { series: Series }) {
  const { rows, yLabel, sentence, title } = series;
  const tops = rows.map(({ values }) => values.reduce<number>((sum, value) => sum + (value ?? 0), 0));
  const x = fromZero(100 * Math.max(...tops, 0), yLabel);
  const y = rowScale(rows);
  const id = `stack-${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  return (
    <div className="dots-plot" style={{ '--rows': 2 * rows.length } as React.CSSProperties}>
      <Plot x={x} y={y} say={sentence} over={<RowReading series={series} y={y} />}>
        <Hatchings count={MAX_SERIES} id={id} />
        {rows.map(({ label, values }, row) => {
          let from = 0;
          return values.map((value, k) => {
            const left = place(x, 100 * from);
            from += value ?? 0;
            const style = styleOf(series, k);
            return value ? (
              <rect
                // biome-ignore lint/suspicious/noArrayIndexKey: kinds have a fixed order
                key={`${label} ${k}`}
                data-series={k}
                x={`${short(left)}%`}
                width={`${short(place(x, 100 * from) - left)}%`}
                y={`${short(100 - place(y, rows.length - row - 0.18))}%`}
                height={`${short(place(y, 0.64) - place(y, 0))}%`}
                fill={barFill(style, id)}
                stroke={SERIES_STYLES[style].color}
              />
            ) : null;
          });
        })}
      </Plot>
    </div>
  );
}

function RowReading({ series, y }: { series: Series; y: Scale }) {
  return (
    <Reading
      {...readingOf(series)}
      along="y"
      labels={series.rows.map(({ label }) => label)}
      places={y.ticks.map((tick) => 100 - place(y, tick))}
    />
  );
}

/** The largest number of a chart or end of an interval, as a fraction. */
function largest({ rows }: Series): number {
  return Math.max(
    0,
    ...rows.flatMap(({ values, intervals = [] }) => [
      ...values.filter((value) => value !== null),
      ...intervals.flatMap((interval) => interval?.[1] ?? []),
    ]),
  );
}
