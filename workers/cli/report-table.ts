/** A report as a table for a terminal. */
import { EVALUATIONS, PROTOCOLS } from '#lib/coco/protocol.ts';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/scoring/cell-types.ts';
import { integer, percent, seconds } from '#lib/scoring/format.ts';
import type { Metrics, ScoreReport } from '#lib/scoring/report.ts';

const SHOWN = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AFNR'] as const;
const NAMES = { segm: 'Masks', bbox: 'Boxes' };

export function reportTable(report: ScoreReport): string {
  const protocol = PROTOCOLS[report.protocol];
  const limit = String(protocol.maxDets[2]);
  const lines = [
    `${report.task}, ${protocol.id}: ${protocol.name}`,
    `${integer(report.groundTruth.images)} images, ${integer(report.groundTruth.objects)} objects, ` +
      `${report.predictions.map((file) => `${integer(file.detections)} detections`).join(' + ')}, ` +
      `${seconds(report.seconds.total)}`,
  ];
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
  return lines.join('\n');
}
