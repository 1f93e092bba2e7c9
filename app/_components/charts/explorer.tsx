'use client';

/** The chart that one can change: names left out, the scale fitted, a range of the axis. Recharts draws it. */
import { useId, useState } from 'react';
import {
  Bar,
  BarChart,
  Brush,
  CartesianGrid,
  ErrorBar,
  Line,
  LineChart,
  ResponsiveContainer,
  Tooltip,
  type TooltipContentProps,
  XAxis,
  YAxis,
} from 'recharts';
import type { Series } from '#lib/charts/series.ts';
import { percent } from '#lib/format.ts';
import type { ChartKind } from './drawing.tsx';
import { barFill, Hatchings, MAX_SERIES, Marker, SERIES_STYLES } from './series-style.tsx';

/** A label with the value of each series (`v0`, `v1` …) and the distances to the ends of its interval (`e0` …). */
type Row = { label: string } & Record<`v${number}`, number | null> & Record<`e${number}`, [number, number]>;

const TICK = { fill: 'var(--ink-2)', fontSize: 13 };
const AXIS = { stroke: 'var(--rule-2)' };
const WHISKER = { width: 5, strokeWidth: 1.5 };

export function Explorer({ series, kind }: { series: Series; kind: ChartKind }) {
  const id = useId();
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const [fitted, setFitted] = useState(false);
  const { names, rows, xLabel, yLabel, sentence, title } = series;
  const styleOf = (i: number) => (series.styles?.[i] ?? i) % MAX_SERIES;
  const shown = names.map((name, i) => ({ name, i, style: styleOf(i) })).filter(({ i }) => !hidden.has(i));
  const toggle = (i: number) =>
    setHidden((now) => {
      const next = new Set(now);
      if (!next.delete(i)) next.add(i);
      return next;
    });

  const data = rows.map(({ label, values, intervals }) => {
    const row: Row = { label };
    values.forEach((value, i) => {
      row[`v${i}`] = value;
      const interval = intervals?.[i];
      if (value !== null && interval) row[`e${i}`] = [value - interval[0], interval[1] - value];
    });
    return row;
  });
  const parts = [
    <CartesianGrid key="grid" vertical={false} stroke="var(--rule)" />,
    <XAxis
      key="x"
      dataKey="label"
      tick={TICK}
      axisLine={AXIS}
      tickLine={AXIS}
      minTickGap={6}
      interval={kind === 'line' ? 'preserveStartEnd' : 0}
      label={{ value: xLabel, position: 'insideBottom', offset: 10, ...TICK }}
      height={52}
    />,
    <YAxis
      key="y"
      // a bar stands for its length, so it begins at zero
      domain={fitted && kind === 'line' ? ['auto', 'auto'] : [0, 'auto']}
      tickFormatter={(value: number) => percent(value, 0)}
      tick={TICK}
      axisLine={false}
      tickLine={false}
      width={56}
      label={{ value: yLabel, angle: -90, position: 'insideLeft', style: { textAnchor: 'middle' }, ...TICK }}
    />,
    <Tooltip
      key="tooltip"
      cursor={kind === 'line' ? { stroke: 'var(--rule-2)' } : { fill: 'var(--paper-3)' }}
      isAnimationActive={false}
      content={(props: TooltipContentProps) => <Values {...props} names={names} styleOf={styleOf} />}
    />,
    ...(rows.length > 3
      ? [
          <Brush
            key="range"
            dataKey="label"
            height={26}
            travellerWidth={10}
            stroke="var(--ink-3)"
            fill="var(--paper)"
          />,
        ]
      : []),
  ];
  const shared = { data, title, desc: sentence, margin: { top: 8, right: 16, bottom: 8, left: 8 } };
  return (
    <>
      <p className="muted">{sentence}</p>
      <fieldset className="explorer-choices">
        <legend className="visually-hidden">What the chart shows</legend>
        {names.map((name, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two methods may share a name
          <label key={i}>
            <input type="checkbox" checked={!hidden.has(i)} onChange={() => toggle(i)} />
            <svg width="14" height="12" aria-hidden="true">
              <Marker cx={7} cy={6} index={styleOf(i)} size={5} />
            </svg>
            {name}
          </label>
        ))}
        {kind === 'line' && (
          <label>
            <input type="checkbox" checked={fitted} onChange={() => setFitted(!fitted)} /> Fit the scale to the values
          </label>
        )}
      </fieldset>
      <div className="explorer">
        <ResponsiveContainer width="100%" height="100%" minWidth={0}>
          {kind === 'line' ? (
            <LineChart {...shared}>
              {parts}
              {shown.map(({ name, i, style }) => (
                <Line
                  key={i}
                  dataKey={`v${i}`}
                  name={name}
                  stroke={SERIES_STYLES[style].color}
                  strokeWidth={2}
                  strokeDasharray={SERIES_STYLES[style].dash}
                  dot={({ cx, cy, index }) => (
                    <Marker key={index} cx={cx ?? Number.NaN} cy={cy ?? Number.NaN} index={style} size={5} />
                  )}
                  isAnimationActive={false}
                >
                  <ErrorBar dataKey={`e${i}`} stroke={SERIES_STYLES[style].color} {...WHISKER} />
                </Line>
              ))}
            </LineChart>
          ) : (
            <BarChart {...shared} barGap={1} barCategoryGap="18%">
              <Hatchings count={MAX_SERIES} id={id} />
              {parts}
              {shown.map(({ name, i, style }) => (
                <Bar
                  key={i}
                  dataKey={`v${i}`}
                  name={name}
                  stackId={kind === 'stack' ? 'all' : undefined}
                  fill={barFill(style, id)}
                  stroke={SERIES_STYLES[style].color}
                  isAnimationActive={false}
                >
                  {kind === 'bar' && <ErrorBar dataKey={`e${i}`} stroke="var(--ink)" {...WHISKER} />}
                </Bar>
              ))}
            </BarChart>
          )}
        </ResponsiveContainer>
      </div>
    </>
  );
}

/** The values at one place of the axis, with their intervals. */
function Values({
  active,
  payload,
  label,
  names,
  styleOf,
}: TooltipContentProps & { names: readonly string[]; styleOf: (i: number) => number }) {
  if (!active || !payload?.length) return null;
  return (
    <div className="chart-tooltip explorer-values">
      <p>{label}</p>
      <ul>
        {payload.map((item) => {
          const i = Number(String(item.dataKey).slice(1));
          const value = item.value as number | null;
          const ends = (item.payload as Row)[`e${i}`];
          return (
            <li key={i}>
              <svg width="12" height="12" aria-hidden="true">
                <Marker cx={6} cy={6} index={styleOf(i)} />
              </svg>
              <span>{names[i]}</span>
              <b>
                {percent(value, 1)}
                {value !== null && ends && (
                  <small>
                    {' '}
                    ({percent(value - ends[0], 1)}–{percent(value + ends[1], 1)})
                  </small>
                )}
              </b>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
