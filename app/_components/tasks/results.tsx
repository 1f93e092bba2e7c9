/** Draws the figures that tasks ask for (`Task.draw`), of one entry or of several side by side. */

import { Fragment } from 'react';
import type { Figure, Figures, LearningCurve } from '#lib/charts/figures.ts';
import { labelsOfLines } from '#lib/charts/labels.ts';
import { exact, integer, percent } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { TRAINING_SIZES } from '#lib/livecell/splits.ts';
import { R2_BELOW } from '#lib/scoring/fluorescence.ts';
import type { CountResults, TransferabilityResults } from '#lib/scoring/report.ts';
import { learningSentence } from '#lib/tasks/training-size.ts';
import { heatMap, transferSentence } from '#lib/tasks/transferability.ts';
import { Chart } from '../charts/chart.tsx';
import { Dots } from '../charts/dots.tsx';
import { NumbersTable } from '../charts/numbers-table.tsx';
import { Figure as ChartFrame, place } from '../charts/plot.tsx';
import { Legend } from '../charts/series-style.tsx';
import { CountsOverTime } from './counts-over-time.tsx';
import { learningScales } from './learning-scales.ts';
import { CountsPlot, HeatTable, LearningPlot } from './plots.tsx';
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
      return <Chart kind={figure.kind} series={figure.series} ofMethods={figure.ofMethods} />;
    case 'dots':
      return <Dots series={figure.series} marks={figure.marks} ofMethods={figure.ofMethods} />;
    case 'heat':
      return <HeatMap {...figure} />;
    case 'learning-curves':
      return <LearningCurves {...figure} />;
    case 'counts':
      return <Counts {...figure} />;
    case 'counts-over-time':
      return <CountsOverTime {...figure} />;
    case 'table':
      return <NumbersTable title={figure.title} numbers={{ head: figure.head, rows: figure.rows }} />;
  }
}

/** Numbers in a grid, shaded by AP up to `most`; the shade only repeats the number. */
function HeatMap({ name, results, most }: { name: string; results: TransferabilityResults; most: number }) {
  const rows = heatMap(results);
  const zeros = rows.some(({ cells }) => cells.some(({ AP }) => AP === 0));
  const title = `Trained on × evaluated on, ${name}`;
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
      <HeatTable
        title={title}
        types={CELL_TYPES.map((type) => CELL_TYPE_NAMES[type])}
        most={most}
        rows={rows.map(({ trainedOn, cells }) => ({
          name: CELL_TYPE_NAMES[trainedOn],
          home: cells.findIndex(({ home }) => home),
          cells: cells.map(({ AP, ofHome }) => [AP, ofHome] as const),
          mean: results.meanTransferredAP[trainedOn] ?? null,
        }))}
      />
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

/** Height of a tall drawing in pixels: 20rem. */
const TALL = 320;

function LearningCurves({
  curves,
  metric,
  what,
  ofMethods,
}: {
  curves: readonly LearningCurve[];
  metric: 'AP' | 'AFNR';
  what: string;
  ofMethods?: boolean;
}) {
  const values = curves.map(({ sizes }) =>
    TRAINING_SIZES.flatMap((size): [number, number][] => {
      const value = sizes[size]?.[metric];
      return typeof value === 'number' ? [[Number(size), 100 * value]] : [];
    }),
  );
  const { x, y } = learningScales(values, metric);
  const sentence = learningSentence(curves, metric);
  const names = curves.map(({ name }) => name);
  const labels = labelsOfLines(
    names,
    values.map((points) => points.map(([px, py]): [number, number] => [place(x, px), place(y, py)])),
    TALL,
  );
  return (
    <ChartFrame
      direct={labels !== null}
      ofMethods={ofMethods}
      linked
      title={`${metric} by share of training images, ${what}`}
      sentence={
        <>
          {sentence} <span className="muted">{metric === 'AP' ? 'Higher' : 'Lower'} is better.</span>
        </>
      }
      numbers={{
        head: ['Share', ...names],
        rows: TRAINING_SIZES.map((size) => [`${size} %`, ...curves.map(({ sizes }) => percent(sizes[size]?.[metric]))]),
      }}
    >
      <Legend names={names} kind="line" />
      <LearningPlot metric={metric} say={sentence} curves={values} names={names} labels={labels} />
    </ChartFrame>
  );
}

/** Predicted against reference counts: the distance from the identity, and the limit of linearity. */
function Counts({ name, result }: { name: string; result: CountResults }) {
  const { points = [], r2, linearityLimit: limit, linearityBroken: broken, slope, intercept } = result;
  const limited =
    limit === null
      ? (result.linearityReason ?? 'There is no limit of linearity.')
      : broken !== false
        ? `The counts follow the reference in a straight line up to ${broken === null ? 'about ' : ''}${integer(limit)} cells per image.`
        : `The counts follow the reference in a straight line over the whole range, up to ${integer(limit)} cells per image.`;
  const sentence = `R² is ${r2 === null ? 'not defined' : r2.toFixed(3)} over ${integer(result.imagesBelow1600)} images below ${integer(R2_BELOW)} cells. ${limited}`;
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
        <CountsPlot
          points={points}
          slope={slope ?? null}
          intercept={intercept ?? null}
          say={sentence}
          marks={[
            [R2_BELOW, integer(R2_BELOW)] as const,
            ...(limit === null ? [] : [[limit, `limit ${integer(limit)}`, '1 3'] as const]),
          ]}
        />
      )}
    </ChartFrame>
  );
}
