/** An entry's numbers under the board's names, then the charts of its results. */

import { NumbersTable } from '#app/_components/charts/numbers-table.tsx';
import { EVALUATION_NAMES } from '#app/_components/labels.ts';
import { TaskFigures } from '#app/_components/tasks/results.tsx';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { type Column, type ColumnNumber, columnName, columnNumber, formatNumber } from '#lib/tasks/columns.ts';
import { datasetsOf, type Report } from '#lib/tasks/report.ts';
import type { Task } from '#lib/tasks/task.ts';

export function TaskResultsOf({
  task,
  report,
  method,
  dataset,
}: {
  task: Task;
  report: Report;
  method: string;
  dataset: string;
}) {
  const { kind } = task;
  const { protocol, results } = report;
  const evaluations = kind.evaluations.filter((id) => task.has(results, id));
  const numbers = kind.evaluated ? `Numbers, ${PROTOCOLS[protocol].name}` : 'Numbers';
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
                head: ['Number', ...evaluations.map((id) => (kind.evaluated ? EVALUATION_NAMES[id] : 'Value'))],
                rows: task.columns.map((column) => [
                  columnName(column),
                  ...evaluations.map((evaluation) =>
                    withUnit(column, columnNumber(column, results, { protocol, evaluation, dataset: name })),
                  ),
                ]),
              }}
            />
          </section>
        );
      })}
      {evaluations.map((evaluation) => (
        <section key={evaluation} className="section">
          <h2>{kind.evaluated ? EVALUATION_NAMES[evaluation] : 'Charts'}</h2>
          <TaskFigures groups={task.draw([{ name: method, results }], { evaluation })} />
        </section>
      ))}
    </>
  );
}

function withUnit(column: Column, value: ColumnNumber): string {
  const text = formatNumber(column, value);
  return column.format === 'percent' && typeof value === 'number' ? `${text} %` : text;
}
