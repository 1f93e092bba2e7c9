/** An entry of a task other than LIVECell-wide: the numbers of its board, then whatever its results let draw. */

import { EVALUATION_NAMES } from '#app/_components/labels.ts';
import { EVALUATIONS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { integer, percent } from '#lib/format.ts';
import { type AnyReport, datasetsOf } from '#lib/scoring/report.ts';
import { type Task, taskValue, type ValueColumn, valueName } from '#lib/tasks/index.ts';
import { NumbersTable } from '../../_components/charts/plot.tsx';
import { TaskCharts } from '../../_components/tasks/results.tsx';

export function TaskResultsOf({
  task,
  report,
  method,
  dataset,
}: {
  task: Task;
  report: AnyReport;
  method: string;
  dataset: string;
}) {
  const evaluations =
    task.kind === 'counts' ? (['segm'] as const) : EVALUATIONS.filter((id) => id === 'bbox' || has(report));
  const numbers = task.kind === 'counts' ? 'Numbers' : `Numbers, ${PROTOCOLS[report.protocol].name}`;
  const datasets = datasetsOf(report, dataset);
  return (
    <>
      {datasets.map((name) => {
        const title = datasets.length > 1 ? `${numbers}, ${name}` : numbers;
        return (
          <section key={name} className="section">
            <h2>{title}</h2>
            <NumbersTable
              title={title}
              numbers={{
                head: [
                  'Number',
                  ...(task.kind === 'counts' ? ['Value'] : evaluations.map((id) => EVALUATION_NAMES[id])),
                ],
                rows: task.values.map((column) => [
                  valueName(column),
                  ...evaluations.map((id) => text(column, taskValue(column, report.results, id, name))),
                ]),
              }}
            />
          </section>
        );
      })}
      {evaluations.map((evaluation) => (
        <section key={evaluation} className="section">
          <h2>{task.kind === 'counts' ? 'Charts' : EVALUATION_NAMES[evaluation]}</h2>
          <TaskCharts methods={[{ name: method, results: report.results }]} evaluation={evaluation} />
        </section>
      ))}
    </>
  );
}

/** Whether any of the results is of masks. */
function has({ results }: AnyReport): boolean {
  if ('segm' in results) return results.segm !== undefined;
  const parts = 'sizes' in results ? results.sizes : 'datasets' in results ? results.datasets : {};
  return Object.values(parts).some((part) => part.segm);
}

function text({ format }: ValueColumn, value: number | null): string {
  if (value === null) return '–';
  return format === 'percent' ? `${percent(value)} %` : format === 'integer' ? integer(value) : value.toFixed(3);
}
