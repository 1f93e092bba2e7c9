/** Draws the figures that tasks ask for (`Task.draw`), of one entry or of several side by side. */

import { Fragment } from 'react';
import type { Figure, Figures, LearningCurve } from '#lib/charts/figures.ts';
import { exact, integer, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { TRAINING_SIZES } from '#lib/livecell/splits.ts';
import { R2_BELOW } from '#lib/scoring/fluorescence.ts';
import type { CountResults, TransferabilityResults } from '#lib/scoring/report.ts';
import { learningSentence } from '#lib/tasks/training-size.ts';
import { heatMap, transferSentence } from '#lib/tasks/transferability.ts';
import { Chart } from '../charts/chart.tsx';
import { Figure as ChartFrame, fromZero, Line, NumbersTable, Plot, Point, type Scale } from '../charts/plot.tsx';
import { Legend, SERIES_STYLES } from '../charts/series-style.tsx';
import { TableFrame } from '../table-frame.tsx';
import { CountsOverTime } from './counts-over-time.tsx';
import './results.css';

/** A task's figures, group by group. */
export function TaskFigures({ groups }: { groups: readonly Figures[] }) {
  return groups
    .filter(({ figures }) => figures.length > 0)
    .map(({ title, wide, figures }, i) => {
      // biome-ignore lint/suspicious/noArrayIndexKey: two methods may share a name
      const drawn = figures.map((figure, j) => <TaskFigure key={j} figure={figure} />);
      if (!title && wide) return drawn;
      const charts = <div className="charts">{drawn}</div>;
      // biome-ignore lint/suspicious/noArrayIndexKey: the groups of a task have a fixed order
      if (!title) return <Fragment key={i}>{charts}</Fragment>;
      return (
        <section key={title}>
          <h3 className="charts-of">{title}</h3>
          {charts}
        </section>
      );
    });
}

function TaskFigure({ figure }: { figure: Figure }) {
  switch (figure.kind) {
    case 'bar':
    case 'line':
      return <Chart kind={figure.kind} series={figure.series} />;
    case 'heat':
      return <HeatMap {...figure} />;
    case 'learning-curves':
      return <LearningCurves {...figure} />;
    case 'counts':
      return <Counts {...figure} />;
    case 'counts-over-time':
      return <CountsOverTime {...figure} />;
    case 'table':
      return <NumbersTable title={figure.title} numbers={figure} />;
  }
}

/** Numbers in a grid, shaded by AP up to `most`; the shade only repeats the number. */
function HeatMap({ name, results, most }: { name: string; results: TransferabilityResults; most: number }) {
  const rows = heatMap(results);
  const zeros = rows.some(({ cells }) => cells.some(({ AP }) => AP === 0));
  const title = `Trained on × evaluated on, ${name}`;
  const shade = (AP: number | null) => (AP === null ? undefined : { '--heat': `${Math.round((100 * AP) / most)}%` });
  return (
    <figure className="chart heat" data-wide>
      <figcaption>
        <h3>{title}</h3>
        <p>
          {transferSentence(results)}{' '}
          {results.index === null ? (
            <>There is no index: {results.indexMissing?.reason ?? 'some AP is missing.'}</>
          ) : (
            <>
              The index is <b title={exact(results.index)}>{results.index.toFixed(2)}</b>: 0 is as good as at home, and
              lower is better.
            </>
          )}
        </p>
        {zeros && (
          <p>
            An AP of 0 means that no detection of that model covers a cell of that type well enough (IoU 0.50 or more),
            so none of its detections is right.
          </p>
        )}
        <p className="muted">The stronger the shade, the higher AP; framed: at home. Values in per cent.</p>
      </figcaption>
      <TableFrame label={`Table: ${title}, scrolls sideways`}>
        <table>
          <caption className="visually-hidden">AP in per cent by the cell type of training and of evaluation</caption>
          <thead>
            <tr>
              <td />
              <th scope="colgroup" colSpan={CELL_TYPES.length}>
                Evaluated on
              </th>
              <td />
            </tr>
            <tr>
              <th scope="col">Trained on</th>
              {CELL_TYPES.map((type) => (
                <th key={type} scope="col" className="num">
                  {CELL_TYPE_NAMES[type]}
                </th>
              ))}
              <th scope="col" className="num">
                <abbr title="The plain mean over the seven other types">Mean elsewhere</abbr>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ trainedOn, cells }) => (
              <tr key={trainedOn}>
                <th scope="row">{CELL_TYPE_NAMES[trainedOn]}</th>
                {cells.map(({ evaluatedOn, AP, ofHome, home }) => (
                  <td
                    key={evaluatedOn}
                    className="num heat-cell"
                    data-home={home || undefined}
                    style={shade(AP) as React.CSSProperties | undefined}
                    title={`${exact(AP)}${ofHome !== null && !home ? `, ${percent(ofHome, 0)} % of AP at home` : ''}`}
                  >
                    {percent(AP, 1)}
                  </td>
                ))}
                <td className="num" title={exact(results.meanTransferredAP[trainedOn])}>
                  {percent(results.meanTransferredAP[trainedOn] ?? null, 1)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
      <details>
        <summary>
          Numbers <span className="visually-hidden">of the chart “{title}”</span>
        </summary>
        <NumbersTable
          title={`${title}, pair by pair`}
          numbers={{
            head: ['Trained on, evaluated on', 'AP', 'of AP at home', 'halvings'],
            rows: rows.flatMap(({ trainedOn, cells }) =>
              cells.map(({ evaluatedOn, AP, ofHome }) => [
                `${CELL_TYPE_NAMES[trainedOn]}, ${CELL_TYPE_NAMES[evaluatedOn]}`,
                `${percent(AP)} %`,
                ofHome === null ? '–' : `${percent(ofHome, 0)} %`,
                ofHome ? (-Math.log2(ofHome) + 0).toFixed(2) : '–',
              ]),
            ),
          }}
        />
      </details>
    </figure>
  );
}

const SHARES: Scale = {
  from: 1.6,
  to: 120,
  log: true,
  ticks: TRAINING_SIZES.map(Number).filter((size) => size !== 4),
  label: 'Share of the training images, % (log axis)',
};

function LearningCurves({
  curves,
  metric,
  what,
}: {
  curves: readonly LearningCurve[];
  metric: 'AP' | 'AFNR';
  what: string;
}) {
  const values = curves.map(({ sizes }) =>
    TRAINING_SIZES.flatMap((size): [number, number][] => {
      const value = sizes[size]?.[metric];
      return typeof value === 'number' ? [[Number(size), 100 * value]] : [];
    }),
  );
  const y = fromZero(Math.max(1, ...values.flat().map(([, value]) => value)), `${metric}, %`);
  const sentence = learningSentence(curves, metric);
  return (
    <ChartFrame
      title={`${metric} by share of training images, ${what}`}
      sentence={
        <>
          {sentence} <span className="muted">{metric === 'AP' ? 'Higher' : 'Lower'} is better.</span>
        </>
      }
      numbers={{
        head: ['Share', ...curves.map(({ name }) => name)],
        rows: TRAINING_SIZES.map((size) => [`${size} %`, ...curves.map(({ sizes }) => percent(sizes[size]?.[metric]))]),
      }}
    >
      <Legend names={curves.map(({ name }) => name)} kind="line" />
      <Plot tall x={SHARES} y={y} say={sentence}>
        {values.map((points, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two methods may share a name
          <g key={i}>
            <Line x={SHARES} y={y} points={points} color={SERIES_STYLES[i].color} dash={SERIES_STYLES[i].dash} />
            {points.map((at) => (
              <Point key={at[0]} x={SHARES} y={y} at={at} style={i} size={4} />
            ))}
          </g>
        ))}
      </Plot>
    </ChartFrame>
  );
}

/** Predicted against reference counts: the distance from the identity, and the limit of linearity. */
function Counts({ name, result }: { name: string; result: CountResults }) {
  const { points = [], r2, linearityLimit: limit, linearityBroken: broken, slope, intercept } = result;
  const x = fromZero(Math.max(10, ...points.map(([, predicted]) => predicted)), 'Predicted cells per image', integer);
  const y = fromZero(Math.max(10, ...points.map(([reference]) => reference)), 'Reference (nuclei)', integer);
  const end = Math.min(x.to, y.to);
  const limited =
    limit === null
      ? (result.linearityReason ?? 'There is no limit of linearity.')
      : broken
        ? `The counts follow the reference in a straight line up to ${integer(limit)} cells per image.`
        : `The counts follow the reference in a straight line over the whole range, up to ${integer(limit)} cells per image.`;
  const sentence = `R² is ${r2 === null ? 'not defined' : r2.toFixed(3)} over ${integer(result.imagesBelow1600)} images below ${integer(R2_BELOW)} cells. ${limited}`;
  const fitted =
    typeof slope === 'number' && typeof intercept === 'number' ? lineWithin(slope, intercept, x.to, y.to) : null;
  const number = (value: number | null | undefined, digits = 3) =>
    typeof value === 'number' ? value.toFixed(digits) : '–';
  return (
    <ChartFrame
      title={`Predicted against reference, ${name}`}
      sentence={
        <>
          {sentence}
          {points.length > 0
            ? ' Solid: the identity. Dashed: the fitted line. Across: 1,600 cells, and the limit of linearity.'
            : ' The images are not drawn: their reference counts are not public.'}
        </>
      }
      numbers={{
        head: ['Number', 'Value'],
        rows: [
          ['Images', integer(result.images)],
          ['Images below 1,600 cells', integer(result.imagesBelow1600)],
          ['R²', number(r2)],
          ['Limit of linearity', limit === null ? '–' : integer(limit)],
          ['Pearson r', number(result.pearson)],
          ['Slope', number(slope)],
          ['Intercept', number(intercept, 1)],
          ['Mean absolute error', number(result.meanAbsoluteError, 1)],
          ...(result.scoreThreshold === undefined ? [] : [['Score threshold', String(result.scoreThreshold)]]),
        ],
      }}
    >
      {points.length > 0 && (
        <Plot tall x={x} y={y} say={sentence}>
          {points.map(([reference, predicted], i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: images have no other name here
            <Point key={i} x={x} y={y} at={[predicted, reference]} />
          ))}
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
          {y.to > R2_BELOW && <Across x={x} y={y} at={R2_BELOW} name="1,600" />}
          {limit !== null && limit <= y.to && (
            <Across x={x} y={y} at={limit} name={`limit ${integer(limit)}`} dash="1 3" />
          )}
        </Plot>
      )}
    </ChartFrame>
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
