/** Formats a report as a table for a terminal. */
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { integer, seconds } from '#lib/format.ts';
import { columnName, columnNumber, formatNumber } from '#lib/tasks/columns.ts';
import { DEFAULT_TASK, parseTask } from '#lib/tasks/index.ts';
import { TERMINAL_NAMES } from '#lib/tasks/instances.ts';
import { datasetsOf, type Report } from '#lib/tasks/report.ts';
import { hasOneSlot } from '#lib/tasks/slots.ts';
import type { Task } from '#lib/tasks/task.ts';
import { familiesTable } from './families-table.ts';

export function reportTable(report: Report): string {
  const protocol = PROTOCOLS[report.protocol];
  const task = parseTask(report.task) ?? DEFAULT_TASK;
  const single = hasOneSlot(task);
  const files = report.predictions.map(({ slot, detections }) =>
    single ? `${integer(detections)} detections` : `${slot}: ${integer(detections)}`,
  );
  const lines = [
    task.kind.evaluated ? `${report.task}, ${protocol.id}: ${protocol.name}` : report.task,
    `${integer(report.groundTruth.images)} images, ${integer(report.groundTruth.objects)} objects, ` +
      `${files.join(single ? ' + ' : ', ')}, ${seconds(report.seconds.total)}`,
  ];
  const families = report.families ? ['', familiesTable(report.families)] : [];
  if (task.terminalNumbers)
    return [...lines, ...task.terminalNumbers(report.results, protocol), ...families].join('\n');
  const end =
    'In per cent unless it is an index, R² or a limit; – where there is none. --json gives every number and digit.';
  const more = task.terminalTables?.(report.results) ?? [];
  return [...lines, ...valueTable(task, report), ...more, '', end].join('\n');
}

/** Return the columns of the task's board, one line each. */
function valueTable(task: Task, report: Report): string[] {
  const { columns, kind } = task;
  const width = Math.max(...columns.map((column) => columnName(column).length)) + 2;
  return datasetsOf(report, '').flatMap((dataset) => [
    '',
    `${dataset.padEnd(width)}${kind.evaluated ? kind.evaluations.map((evaluation) => TERMINAL_NAMES[evaluation].padStart(10)).join('') : ''}`.trimEnd(),
    ...columns.flatMap((column) => {
      const numbers = kind.evaluations.map((evaluation) =>
        columnNumber(column, report.results, { protocol: report.protocol, evaluation, dataset }),
      );
      if (numbers.every((number) => typeof number !== 'number') && column.key !== task.headline) return [];
      const shown = numbers.map((number) => formatNumber(column, number));
      return [columnName(column).padEnd(width) + shown.map((text) => text.padStart(10)).join('')];
    }),
  ]);
}
