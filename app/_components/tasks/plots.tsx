'use client';

/**
 * Drawings of results that come as plain data: what is drawn, and no more of a report. Written out as elements, a page
 * would have each of them twice. The server draws them, so they need no script.
 */
import { exact, integer, percent } from '#lib/format.ts';
import type { Labels } from '../charts/drawing.tsx';
import { Area, fromZero, Line, Markers, Names, Plot, Point, Points, type Scale } from '../charts/plot.tsx';
import { SERIES_STYLES } from '../charts/series-style.tsx';
import { TableFrame } from '../table-frame.tsx';
import { learningScales } from './learning-scales.ts';

type Places = readonly (readonly [number, number])[];

/** A line per method over the share of the training images. */
export function LearningPlot({
  metric,
  say,
  curves,
  names,
  labels,
}: {
  metric: string;
  say: string;
  /** of each method: [share, number], per cent */
  curves: readonly Places[];
  names: readonly string[];
  labels: Labels;
}) {
  const { x, y } = learningScales(curves, metric);
  return (
    <Plot tall x={x} y={y} say={say}>
      {curves.map((points, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two methods may share a name
        <g key={i} data-series={i}>
          <Line x={x} y={y} points={points} color={SERIES_STYLES[i].color} dash={SERIES_STYLES[i].dash} />
          <Markers x={x} y={y} points={points} style={i} size={4} />
        </g>
      ))}
      {labels && <Names names={names} labels={labels} styles={names.map((_, i) => i)} />}
    </Plot>
  );
}

/** Predicted against reference counts, with the identity, the fitted line, and counts worth a line of their own. */
export function CountsPlot({
  points,
  slope,
  intercept,
  marks,
  say,
}: {
  /** [reference, predicted] of each image */
  points: Places;
  slope: number | null;
  intercept: number | null;
  /** [count, name, dash] of lines across */
  marks: readonly (readonly [count: number, name: string, dash?: string])[];
  say: string;
}) {
  const x = fromZero(Math.max(10, ...points.map(([, predicted]) => predicted)), 'Predicted cells per image', integer);
  const y = fromZero(Math.max(10, ...points.map(([reference]) => reference)), 'Reference (nuclei)', integer);
  const end = Math.min(x.to, y.to);
  const fitted = slope !== null && intercept !== null ? lineWithin(slope, intercept, x.to, y.to) : null;
  return (
    <Plot tall x={x} y={y} say={say}>
      <Points x={x} y={y} points={points.map(([reference, predicted]) => [predicted, reference])} />
      <Line
        x={x}
        y={y}
        points={[
          [0, 0],
          [end, end],
        ]}
        color="var(--ink-3)"
        width={1.25}
      />
      {fitted && <Line x={x} y={y} points={fitted} color="var(--series-2)" dash="7 4" />}
      {marks
        .filter(([count]) => count <= y.to)
        .map(([count, name, dash]) => (
          <Across key={name} x={x} y={y} at={count} name={name} dash={dash} />
        ))}
    </Plot>
  );
}

function Across({ x, y, at, name, dash = '5 3' }: { x: Scale; y: Scale; at: number; name: string; dash?: string }) {
  return (
    <>
      <Line
        x={x}
        y={y}
        points={[
          [x.from, at],
          [x.to, at],
        ]}
        color="var(--ink-2)"
        dash={dash}
        width={1}
      />
      <Point x={x} y={y} at={[x.from, at]} size={0} name={name} />
    </>
  );
}

/** The part of y = intercept + slope · x that lies in the frame. */
function lineWithin(slope: number, intercept: number, right: number, top: number): [number, number][] | null {
  if (slope <= 0) return null;
  const from = Math.max(0, -intercept / slope);
  const to = Math.min(right, (top - intercept) / slope);
  return to > from
    ? [
        [from, intercept + slope * from],
        [to, intercept + slope * to],
      ]
    : null;
}

/** Number of time points above which markers would hide the line. */
const MOST_MARKERS = 24;

/** Mean counts of a well over time with their standard error. */
export function TimePlot({
  hours,
  highest,
  say,
  curves,
}: {
  /** the last hour and the highest count of all wells: one scale for all, so that densities can be compared */
  hours: number;
  highest: number;
  say: string;
  /** style of each curve, and [hours, mean, standard error] */
  curves: readonly { style: number; times: readonly (readonly [number, number, number])[] }[];
}) {
  const x = fromZero(hours, 'Hours since seeding');
  const y = fromZero(Math.max(10, highest), 'Cells per image', integer);
  return (
    <Plot x={x} y={y} say={say}>
      {curves.map(({ style, times }) => {
        const { color, dash } = SERIES_STYLES[style];
        const line = times.map(([at, mean]): [number, number] => [at, mean]);
        const band: [number, number][] = [
          ...times.map(([at, mean, error]): [number, number] => [at, mean + error]),
          ...times.map(([at, mean, error]): [number, number] => [at, mean - error]).reverse(),
        ];
        return (
          <g key={style}>
            <Area x={x} y={y} points={band} color={color} opacity={0.18} />
            <Line x={x} y={y} points={line} color={color} dash={dash} width={1.75} />
            {times.length <= MOST_MARKERS && <Markers x={x} y={y} points={line} style={style} size={2.6} />}
          </g>
        );
      })}
    </Plot>
  );
}

/** Numbers in a grid, shaded by AP; the shade only repeats the number. */
export function HeatTable({
  title,
  types,
  rows,
  most,
}: {
  title: string;
  /** names of the evaluated types */
  types: readonly string[];
  /** of each training type: its name, [AP, AP as a fraction of that at home; none at home itself], and the mean elsewhere */
  rows: readonly {
    name: string;
    home: number;
    cells: readonly (readonly [AP: number | null, ofHome: number | null])[];
    mean: number | null;
  }[];
  /** the AP of the strongest shade */
  most: number;
}) {
  const shade = (AP: number | null) => (AP === null ? undefined : { '--heat': `${Math.round((100 * AP) / most)}%` });
  return (
    <TableFrame label={`Table: ${title}, scrolls sideways`}>
      <table>
        <caption className="visually-hidden">AP in per cent by the cell type of training and of evaluation</caption>
        <thead>
          <tr>
            <td />
            <th scope="colgroup" colSpan={types.length}>
              Evaluated on
            </th>
            <td />
          </tr>
          <tr>
            <th scope="col">Trained on</th>
            {types.map((type) => (
              <th key={type} scope="col" className="num">
                {type}
              </th>
            ))}
            <th scope="col" className="num">
              <abbr title="The plain mean over the seven other types">Mean elsewhere</abbr>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, home, cells, mean }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {cells.map(([AP, ofHome], i) => (
                <td
                  key={types[i]}
                  className="num heat-cell"
                  data-home={i === home || undefined}
                  style={shade(AP) as React.CSSProperties | undefined}
                  title={`${exact(AP)}${ofHome !== null && i !== home ? `, ${percent(ofHome, 0)} % of AP at home` : ''}`}
                >
                  {percent(AP, 1)}
                </td>
              ))}
              <td className="num" title={exact(mean)}>
                {percent(mean, 1)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}
