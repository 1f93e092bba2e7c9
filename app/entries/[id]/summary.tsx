/** The summary of a LIVECell-wide entry: a row per cell type, its numbers, and their places on an axis. */
import { AxisHead, type CellMark, DotCell } from '#app/_components/charts/in-cell.tsx';
import { Interval } from '#app/_components/interval.tsx';
import { EVALUATION_NAMES } from '#app/_components/labels.ts';
import { TypeName } from '#app/_components/type-name.tsx';
import { type Axis, axisOver } from '#lib/board/axis.ts';
import { meanOverTypes } from '#lib/charts/series.ts';
import { EVALUATIONS } from '#lib/coco/protocol.ts';
import { exact, integer, percent } from '#lib/format.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { EvaluationResults, Metrics } from '#lib/scoring/report.ts';
import { INCOMPLETE_IMAGES, type SensitivityLine } from '#lib/scoring/sensitivity.ts';
import type { ReportOf } from '#lib/tasks/report.ts';
import { Frame } from './tables.tsx';

const DRAWN = ['AP', 'AFNR'] as const;
type Drawn = (typeof DRAWN)[number];
const METRICS = ['AP', 'AFNR', 'AP50', 'AP75'] as const;
type Metric = (typeof METRICS)[number];

export function PerCellType({ report }: { report: ReportOf<'livecell-wide'> }) {
  const evaluations = EVALUATIONS.filter((evaluation) => report.results[evaluation]);
  const results = evaluations.map((evaluation) => report.results[evaluation]!);
  const types = CELL_TYPES.filter((type) => results.some(({ cellTypes }) => cellTypes[type]));
  const axes = DRAWN.flatMap((metric): [Drawn, Axis][] => {
    const axis = axisOver(
      results.flatMap(({ overall, cellTypes }) =>
        [overall, ...types.map((type) => cellTypes[type])].flatMap((metrics) => [
          ...[metrics?.[metric]].filter((value) => typeof value === 'number'),
          ...(metrics?.interval?.[metric] ?? []),
        ]),
      ),
    );
    return axis ? [[metric, axis]] : [];
  });
  const marks = (of: readonly (Metrics | undefined)[], metric: Drawn): CellMark[] =>
    of.map((metrics, e) => ({
      name: `${EVALUATION_NAMES[evaluations[e]]}, ${metric}`,
      value: metrics?.[metric],
      interval: metrics?.interval?.[metric],
      hollow: e > 0,
    }));
  const numbers = (of: readonly (Partial<Record<Metric, number | null>> | undefined)[], full?: readonly Metrics[]) =>
    of.flatMap((values, e) =>
      METRICS.map((metric) => {
        const value = values?.[metric];
        return (
          <td key={evaluations[e] + metric} className="num" title={value === undefined ? undefined : exact(value)}>
            {value !== undefined && percent(value)}
            <Interval of={full && intervalOf(full[e], metric)} />
          </td>
        );
      }),
    );
  return (
    <Frame label="Numbers by cell type">
      <table className="summary">
        <caption className="visually-hidden">Metrics by cell type, in per cent</caption>
        <thead>
          <tr className="groups">
            <td />
            <th scope="colgroup" colSpan={2}>
              Test set
            </th>
            {axes.length > 0 && (
              <th scope="colgroup" colSpan={axes.length}>
                {evaluations.length > 1 ? 'Full: masks. Rings: boxes.' : EVALUATION_NAMES[evaluations[0]]}
              </th>
            )}
            {evaluations.map((evaluation) => (
              <th key={evaluation} scope="colgroup" colSpan={METRICS.length}>
                {EVALUATION_NAMES[evaluation]}
              </th>
            ))}
          </tr>
          <tr>
            <th scope="col">Cell type</th>
            <th scope="col" className="num">
              Images
            </th>
            <th scope="col" className="num">
              Cells
            </th>
            {axes.map(([metric, axis]) => (
              <AxisHead key={metric} axis={axis} name={metric} />
            ))}
            {evaluations.flatMap((evaluation) =>
              METRICS.map((metric) => (
                <th key={evaluation + metric} scope="col" className="num">
                  {metric}
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {types.map((type) => {
            const own = results.map(({ cellTypes }) => cellTypes[type]);
            const first = own.find(Boolean);
            return (
              <tr key={type}>
                <th scope="row">
                  <TypeName type={type} />
                </th>
                <td className="num">{integer(first?.images ?? 0)}</td>
                <td className="num">{integer(first?.objects ?? 0)}</td>
                {axes.map(([metric, axis]) => (
                  <DotCell key={metric} axis={axis} marks={marks(own, metric)} color={`var(--type-${type})`} />
                ))}
                {numbers(own, own as readonly Metrics[])}
              </tr>
            );
          })}
        </tbody>
        <tbody className="totals">
          <tr>
            <th scope="row">
              <abbr title="The plain mean over the cell types that have a number: each type weighs the same">
                Mean over types
              </abbr>
            </th>
            <td />
            <td />
            {axes.map(([metric, axis]) => (
              <DotCell
                key={metric}
                axis={axis}
                color="var(--ink)"
                marks={results.map(({ cellTypes }, e) => ({
                  name: `${EVALUATION_NAMES[evaluations[e]]}, ${metric}`,
                  value: meanOverTypes(cellTypes, metric).mean,
                  hollow: e > 0,
                }))}
              />
            ))}
            {numbers(results.map(({ cellTypes }) => meansOf(cellTypes)))}
          </tr>
          <tr>
            <th scope="row">
              <abbr title="All images together, so dense cultures weigh more: the number of the leaderboard">
                All images pooled
              </abbr>
            </th>
            <td className="num">{integer(results[0].overall.images)}</td>
            <td className="num">{integer(results[0].overall.objects)}</td>
            {axes.map(([metric, axis]) => (
              <DotCell
                key={metric}
                axis={axis}
                color="var(--ink)"
                marks={marks(
                  results.map(({ overall }) => overall),
                  metric,
                )}
              />
            ))}
            {numbers(
              results.map(({ overall }) => overall),
              results.map(({ overall }) => overall),
            )}
          </tr>
          {SENSITIVITY.map(({ line, name, title }) => {
            const own = results.map(({ overall }) => overall.sensitivity?.[line]);
            const first = own.find(Boolean);
            return first ? (
              <tr key={line}>
                <th scope="row">
                  <abbr title={title}>{name}</abbr>
                </th>
                <td className="num">{integer(first.images)}</td>
                <td className="num">{integer(first.objects)}</td>
                {axes.map(([metric]) => (
                  <td key={metric} />
                ))}
                {numbers(own.map((values) => values && { AP: values.AP, AFNR: values.AFNR }))}
              </tr>
            ) : null;
          })}
        </tbody>
      </table>
    </Frame>
  );
}

function meansOf(cellTypes: EvaluationResults['cellTypes']): Partial<Record<Metric, number | null>> {
  return { AP: meanOverTypes(cellTypes, 'AP').mean, AFNR: meanOverTypes(cellTypes, 'AFNR').mean };
}

function intervalOf(metrics: Metrics | undefined, metric: Metric) {
  return metric === 'AP' || metric === 'AFNR' ? metrics?.interval?.[metric] : undefined;
}

/**
 * How much the pooled number depends on irregularities of the official test set; other data sets have no such lines.
 */
const SENSITIVITY: readonly { line: SensitivityLine; name: string; title: string }[] = [
  {
    line: 'withoutDuplicates',
    name: 'Pooled, every file once',
    title: 'Files that are listed under two image ids count under the lower of them alone',
  },
  {
    line: 'withoutIncomplete',
    name: 'Pooled, without incomplete images',
    title: `Without the images of which nearly no cell is annotated: ${INCOMPLETE_IMAGES.join(', ')}`,
  },
];
