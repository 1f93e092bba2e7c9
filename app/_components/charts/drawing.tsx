'use client';

import { useId } from 'react';
import {
  Bar,
  BarChart,
  CartesianGrid,
  ErrorBar,
  Line,
  LineChart,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import type { Series } from '#lib/charts/series.ts';
import { percent } from '#lib/format.ts';
import { barFill, Hatchings, MAX_SERIES, Marker, SERIES_STYLES } from './series-style.tsx';

const TICK = { fill: 'var(--ink-2)', fontSize: 12 };
const AXIS = { stroke: 'var(--rule-2)' };

export type ChartKind = 'line' | 'bar' | 'stack';

/** values, and the distances from each to the lower and upper end of its interval */
type Row = { label: string } & Record<`v${number}`, number | null> & Record<`e${number}`, [number, number]>;

/** The drawing by recharts, which needs a browser to know its size; `Chart` renders its numbers on the server. */
export function Drawing({ series, kind }: { series: Series; kind: ChartKind }) {
  const bars = kind !== 'line';
  const styleOf = (index: number): number => series.styles?.[index] ?? index;
  const id = useId();
  const rows = series.rows.map(({ label, values, intervals }) => {
    const row: Row = { label };
    values.forEach((value, i) => {
      row[`v${i}`] = value;
      const interval = intervals?.[i];
      if (value !== null && interval) row[`e${i}`] = [value - interval[0], interval[1] - value];
    });
    return row;
  });
  const { top, step } = scale(series, kind === 'stack');
  const shared = {
    data: rows,
    margin: { top: 8, right: 12, bottom: 20, left: 0 },
    title: series.title,
    desc: series.sentence,
  };
  const axes = [
    <CartesianGrid key="grid" vertical={false} stroke="var(--rule)" />,
    <XAxis
      key="x"
      dataKey="label"
      tick={TICK}
      axisLine={AXIS}
      tickLine={AXIS}
      interval={bars ? 0 : 'preserveStartEnd'}
      minTickGap={6}
      angle={bars ? -30 : 0}
      textAnchor={bars ? 'end' : 'middle'}
      height={bars ? 44 : 22}
      label={bars ? undefined : { value: series.xLabel, position: 'insideBottom', offset: -14, ...TICK }}
    />,
    <YAxis
      key="y"
      domain={[0, top]}
      ticks={Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step)}
      tickFormatter={(value: number) => String(Math.round(value * 100))}
      tick={TICK}
      axisLine={false}
      tickLine={false}
      width={46}
      label={{
        value: series.yLabel,
        angle: -90,
        position: 'insideLeft',
        offset: 10,
        style: { textAnchor: 'middle' },
        ...TICK,
      }}
    />,
    <Tooltip
      key="tooltip"
      cursor={bars ? { fill: 'var(--paper-3)' } : { stroke: 'var(--rule-2)' }}
      isAnimationActive={false}
      content={({ active, payload, label }) =>
        active && payload?.length ? (
          <div className="chart-tooltip">
            <p>
              {kind === 'line' ? 'IoU ' : ''}
              {label}
            </p>
            <ul>
              {payload.map((item) => {
                const index = Number(String(item.dataKey).slice(1));
                const value = item.value as number | null;
                const whisker = (item.payload as Row)[`e${index}`];
                return (
                  <li key={index}>
                    <svg width="12" height="12" aria-hidden="true">
                      <Marker cx={6} cy={6} index={styleOf(index)} />
                    </svg>
                    <span>{series.names[index]}</span>
                    <b>{percent(value, 1)}</b>
                    {value !== null && whisker && (
                      <small>
                        {percent(value - whisker[0], 1)}–{percent(value + whisker[1], 1)}
                      </small>
                    )}
                  </li>
                );
              })}
            </ul>
          </div>
        ) : null
      }
    />,
  ];
  const marks = series.names.slice(0, MAX_SERIES).map((name, i) => {
    const style = styleOf(i);
    return { name, key: `v${i}`, style, ...SERIES_STYLES[style] };
  });
  return (
    <ResponsiveContainer width="100%" height="100%" minWidth={0}>
      {kind === 'line' ? (
        <LineChart {...shared}>
          {axes}
          {marks.map(({ name, key, style, color, dash }) => (
            <Line
              key={key}
              dataKey={key}
              name={name}
              stroke={color}
              strokeWidth={2}
              strokeDasharray={dash}
              dot={({ cx, cy, index }) => <Marker key={index} cx={cx} cy={cy} index={style} />}
              activeDot={({ cx, cy }: { cx?: number; cy?: number }) => (
                <Marker cx={cx} cy={cy} index={style} size={6} />
              )}
              isAnimationActive={false}
            />
          ))}
        </LineChart>
      ) : (
        <BarChart {...shared} barGap={1} barCategoryGap="18%">
          <Hatchings count={MAX_SERIES} id={id} />
          {axes}
          {marks.map(({ name, key, style, color }, i) => (
            <Bar
              key={key}
              dataKey={key}
              name={name}
              stackId={kind === 'stack' ? 'all' : undefined}
              fill={barFill(style, id)}
              stroke={color}
              isAnimationActive={false}
            >
              {series.rows.some(({ intervals }) => intervals?.[i]) && (
                <ErrorBar
                  dataKey={`e${i}`}
                  stroke="var(--ink)"
                  strokeWidth={1.25}
                  width={4}
                  isAnimationActive={false}
                />
              )}
            </Bar>
          ))}
        </BarChart>
      )}
    </ResponsiveContainer>
  );
}

const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** End the axis at the tick above the largest value and start it at zero, so that bars show true proportions. */
function scale({ rows }: Series, stacked: boolean): { top: number; step: number } {
  const tops = rows.flatMap(({ values, intervals = [] }) => {
    const known = values.filter((value) => value !== null);
    return stacked
      ? known.reduce((sum, value) => sum + value, 0)
      : [...known, ...intervals.flatMap((interval) => interval?.[1] ?? [])];
  });
  const largest = Math.max(0, ...tops);
  const step = STEPS.find((size) => largest <= 5 * size) ?? largest / 5;
  return { top: Math.max(step, Math.ceil(largest / step - 1e-9) * step), step };
}
