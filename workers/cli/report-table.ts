/** A report as a table for a terminal. */
import { EVALUATIONS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { integer, percent, seconds } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { type AnyReport, isReportOf, type Metrics, type ReportOf } from '#lib/scoring/report.ts';
import { TASKS, taskNumber, taskValue, valueName } from '#lib/tasks/index.ts';

const SHOWN = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AFNR'] as const;
const NAMES = { segm: 'Masks', bbox: 'Boxes' };

export function reportTable(report: AnyReport): string {
  const protocol = PROTOCOLS[report.protocol];
  const { kind, slots } = TASKS[report.task];
  const files = report.predictions.map(({ slot, detections }) =>
    slots.length === 1 ? `${integer(detections)} detections` : `${slot}: ${integer(detections)}`,
  );
  const lines = [
    kind === 'counts' ? report.task : `${report.task}, ${protocol.id}: ${protocol.name}`,
    `${integer(report.groundTruth.images)} images, ${integer(report.groundTruth.objects)} objects, ` +
      `${files.join(slots.length === 1 ? ' + ' : ', ')}, ${seconds(report.seconds.total)}`,
  ];
  if (isReportOf(report, 'livecell-wide')) return [...lines, ...wideTable(report)].join('\n');
  const end =
    'In per cent unless it is an index, R² or a limit; – where there is none. --json gives every number and digit.';
  const matrix = isReportOf(report, 'transferability') ? matrices(report) : [];
  return [...lines, ...valueTable(report), ...matrix, '', end].join('\n');
}

/** The columns of the task's board, a line each. */
function valueTable(report: Exclude<AnyReport, { task: 'livecell-wide' }>): string[] {
  const { values, kind } = TASKS[report.task];
  const evaluations = kind === 'counts' ? (['segm'] as const) : EVALUATIONS;
  const datasets = report.task === 'zero-shot' ? Object.keys(report.results.datasets) : [''];
  const width = Math.max(...values.map((column) => valueName(column).length)) + 2;
  return datasets.flatMap((dataset) => [
    '',
    `${dataset.padEnd(width)}${kind === 'counts' ? '' : evaluations.map((evaluation) => NAMES[evaluation].padStart(10)).join('')}`.trimEnd(),
    ...values.flatMap((column) => {
      const numbers = evaluations.map((evaluation) => taskValue(column, report.results, evaluation, dataset));
      if (numbers.every((number) => number === null) && column.key !== TASKS[report.task].headline) return [];
      const shown = numbers.map((number) => taskNumber(column, number));
      return [valueName(column).padEnd(width) + shown.map((text) => text.padStart(10)).join('')];
    }),
  ]);
}

/** AP of every model on every type: a row per model, named by what it was trained on. */
function matrices({ results }: ReportOf<'transferability'>): string[] {
  const title = 'trained on';
  const width = Math.max(title.length, ...CELL_TYPES.map((type) => CELL_TYPE_NAMES[type].length)) + 2;
  const row = (name: string, cells: readonly string[]) =>
    name.padEnd(width) + cells.map((cell) => cell.padStart(9)).join('');
  return EVALUATIONS.flatMap((evaluation) => {
    const matrix = results[evaluation]?.matrix;
    if (!matrix) return [];
    return [
      '',
      `${NAMES[evaluation]}, AP of the model trained on (row), evaluated on (column):`,
      row(
        title,
        CELL_TYPES.map((type) => CELL_TYPE_NAMES[type]),
      ),
      ...CELL_TYPES.map((trainedOn) =>
        row(
          CELL_TYPE_NAMES[trainedOn],
          CELL_TYPES.map((evaluatedOn) => percent(matrix[trainedOn]?.[evaluatedOn])),
        ),
      ),
    ];
  });
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
