/** Formats a report as a table for a terminal. */
import { EVALUATIONS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { integer, percent, seconds } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { columnName, columnNumber, formatNumber } from '#lib/tasks/columns.ts';
import { DEFAULT_TASK, parseTask } from '#lib/tasks/index.ts';
import { datasetsOf, isReportOf, type Report, type ReportOf } from '#lib/tasks/report.ts';
import type { Task } from '#lib/tasks/task.ts';

const SHOWN = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AFNR'] as const;
const NAMES = { segm: 'Masks', bbox: 'Boxes' };

export function reportTable(report: Report): string {
  const protocol = PROTOCOLS[report.protocol];
  const task = parseTask(report.task) ?? DEFAULT_TASK;
  const single = task.slots.length === 1;
  const files = report.predictions.map(({ slot, detections }) =>
    single ? `${integer(detections)} detections` : `${slot}: ${integer(detections)}`,
  );
  const lines = [
    task.kind.evaluated ? `${report.task}, ${protocol.id}: ${protocol.name}` : report.task,
    `${integer(report.groundTruth.images)} images, ${integer(report.groundTruth.objects)} objects, ` +
      `${files.join(single ? ' + ' : ', ')}, ${seconds(report.seconds.total)}`,
  ];
  if (isReportOf(report, 'livecell-wide')) return [...lines, ...wideTable(report)].join('\n');
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
    `${dataset.padEnd(width)}${kind.evaluated ? kind.evaluations.map((evaluation) => NAMES[evaluation].padStart(10)).join('') : ''}`.trimEnd(),
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

function wideTable(report: ReportOf<'livecell-wide'>): string[] {
  const limit = String(PROTOCOLS[report.protocol].maxDets[2]);
  const lines: string[] = [];
  for (const evaluation of EVALUATIONS) {
    const results = report.results[evaluation];
    if (!results) continue;
    const row = (name: string, metrics: Metrics) =>
      name.padEnd(10) +
      [...SHOWN.map((key) => metrics[key]), metrics.AR[limit]].map((value) => percent(value).padStart(8)).join('');
    lines.push(
      '',
      NAMES[evaluation].padEnd(10) + [...SHOWN, `AR@${limit}`].map((name) => name.padStart(8)).join(''),
      row('overall', results.overall),
    );
    for (const type of CELL_TYPES) {
      const metrics = results.cellTypes[type];
      if (metrics) lines.push(row(CELL_TYPE_NAMES[type], metrics));
    }
  }
  lines.push('', 'In per cent; – where there is nothing to average. --json gives every number and digit.');
  return lines;
}
