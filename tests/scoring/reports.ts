/** Synthetic reports for tests: made of one number per cell type, so that every value can be computed by hand. */
import { PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { isReportOf, type Report, type ReportOf } from '#lib/tasks/report.ts';

/** AP at IoU t is `ap * (1 - t / 10)`, for t = 0 … 9; the false-negative ratio is what is missing to 1. */
export function metrics(ap: number, protocol: ProtocolId = 'livecell-paper'): Metrics {
  const perIou = Array.from({ length: 10 }, (_, t) => ap * (1 - t / 10));
  const mean = perIou.reduce((sum, value) => sum + value, 0) / 10;
  return {
    images: 6,
    objects: 100,
    detections: 90,
    AP: mean,
    AP50: perIou[0],
    AP75: perIou[5],
    APs: mean * 0.8,
    APm: mean,
    APl: null,
    AR: Object.fromEntries(PROTOCOLS[protocol].maxDets.map((k, i) => [String(k), mean * (0.5 + i / 4)])),
    ARs: mean * 0.9,
    ARm: mean,
    ARl: null,
    AFNR: 1 - mean,
    apPerIou: perIou,
    fnrPerIou: perIou.map((value) => 1 - value),
    f1PerIou: perIou,
    jaccardPerIou: perIou,
    pq: mean,
  };
}

export function report(
  ap: number,
  cellTypes: Partial<Record<CellType, number>>,
  options: { protocol?: ProtocolId; masks?: boolean } = {},
): ReportOf<'livecell-wide'> {
  const protocol = options.protocol ?? 'livecell-paper';
  const results = {
    overall: metrics(ap, protocol),
    cellTypes: Object.fromEntries(Object.entries(cellTypes).map(([type, value]) => [type, metrics(value, protocol)])),
  };
  return {
    schema: 1,
    task: 'livecell-wide',
    protocol,
    evaluator: { name: 'livecell-benchmark', version: 'test' },
    groundTruth: { sha256: '0'.repeat(64), images: 48, objects: 800 },
    predictions: [
      { slot: 'all', sha256: '1'.repeat(64), bytes: 1000, format: 'coco-json', detections: 720, images: 48 },
    ],
    warnings: [],
    results: options.masks === false ? { bbox: results } : { segm: results, bbox: results },
    seconds: { read: 0.1, match: 0.2, accumulate: 0.1, total: 0.4 },
  };
}

/** A report as that of the task it is expected to be of. */
export function reportOf<T extends Report['task']>(report: Report | undefined, task: T): ReportOf<T> {
  if (!report || !isReportOf(report, task)) throw new Error(`not a report of ${task}: ${report?.task}`);
  return report;
}
