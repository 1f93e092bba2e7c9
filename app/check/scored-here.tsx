'use client';

import { Fragment } from 'react';
import { NumbersTable } from '#app/_components/charts/numbers-table.tsx';
import { EVALUATION_NAMES } from '#app/_components/labels.ts';
import { TaskFigures } from '#app/_components/tasks/results.tsx';
import type { Evaluation } from '#lib/coco/protocol.ts';
import { columnName, columnNumber, formatNumber } from '#lib/tasks/columns.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';

/** The numbers and charts of a file that this browser scored. */
export function ScoredHere({ report }: { report: Report }) {
  const task = parseTask(report.task);
  if (!task) return null;
  const { results, protocol } = report;
  const evaluations = task.kind.evaluations.filter((id) => (results as Partial<Record<Evaluation, unknown>>)[id]);
  const document = new Blob([`${JSON.stringify(report, null, 2)}\n`], { type: 'application/json' });
  return (
    <div className="stack">
      <NumbersTable
        title="Scored in this browser"
        numbers={{
          head: ['Number', ...evaluations.map((id) => EVALUATION_NAMES[id])],
          rows: task.columns.map((column) => [
            columnName(column),
            ...evaluations.map((evaluation) =>
              formatNumber(column, columnNumber(column, results, { protocol, evaluation })),
            ),
          ]),
        }}
      />
      <p>
        <a href={URL.createObjectURL(document)} download="report.json">
          Report (JSON), every digit
        </a>
      </p>
      {evaluations.map((evaluation) => (
        <Fragment key={evaluation}>
          <h3>{EVALUATION_NAMES[evaluation]}</h3>
          <TaskFigures groups={task.draw([{ name: 'This file', results }], { evaluation })} />
        </Fragment>
      ))}
    </div>
  );
}
