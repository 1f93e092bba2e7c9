/** `livecell verify`: recomputes a published score. */
import { PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import type { Report } from '#lib/tasks/report.ts';
import { CallError, type Command, InputError, JSON_OPTION, oneFile, readJson } from '#workers/cli/command.ts';
import { scoreHere } from '#workers/cli/score-here.ts';
import { groundTruthFor, openTask, slotFiles, withGroundTruth } from '#workers/cli/slot-arguments.ts';

export const verify: Command = {
  name: 'verify',
  takes: 'RECEIPT.json',
  help: 'Recomputes a published score and says whether every number agrees.',
  example: 'livecell verify receipt.json --predictions mine.json --ground-truth test.json',
  options: {
    'ground-truth': {
      type: 'string',
      value: '[SLOT=]FILE',
      help: 'COCO annotations, .json or .json.gz, or counts per cell type',
      multiple: true,
    },
    predictions: { type: 'string', value: '[SLOT=]FILE', help: 'the files that were scored', multiple: true },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const receiptPath = oneFile(files, 'receipt');
    const published = await reportsOf(receiptPath);
    if (!values['ground-truth']?.length) throw new CallError('--ground-truth is missing.');
    const differences: string[] = [];
    let numbers = 0;
    for (const report of published) {
      const task = openTask(report.task);
      const predictions = await slotFiles(task, values.predictions ?? [], undefined);
      const against = await groundTruthFor(task, values['ground-truth'], predictions);
      const thresholds = thresholdsOf(report);
      const files = withGroundTruth(predictions, against).map((file) => ({
        ...file,
        scoreThreshold: thresholds.get(file.slot) ?? [...thresholds.values()][0],
      }));
      const anyCategory = report.predictions.some((file) => file.anyCategory);
      const { protocol } = report;
      const ours = await scoreHere({ task, protocol, groundTruth: against.path, files, anyCategory }, out);
      for (const { slot, sha256 } of report.predictions) {
        const mine = ours.predictions.find((file) => file.slot === slot);
        if (mine?.sha256 !== sha256) differences.push(`The file of slot ${slot} is not the one that was scored.`);
      }
      if (ours.groundTruth.sha256 !== report.groundTruth.sha256)
        differences.push('The ground truth is not the one that was used.');
      // receipts for private ground truth contain less: reduce our reports in the same way
      const { publishedReport, unpublishedReport } = await import('#lib/tasks/disclosure.ts');
      let shown = ours;
      if (report.disclosure === 'unpublished') shown = unpublishedReport(ours);
      else if (report.disclosure === 'published' || tellsMeans(report)) shown = publishedReport(ours);
      const { results } = shown;
      const sameEvaluator = report.evaluator.version === ours.evaluator.version;
      if (!sameEvaluator)
        out.note(
          `Intervals of evaluator ${report.evaluator.version} are not compared with those of ${ours.evaluator.version}.`,
        );
      const stated = sameEvaluator ? report.results : withoutIntervals(report.results);
      numbers += compare(stated, results, report.protocol, differences);
    }
    out.document({ agrees: differences.length === 0, numbers, differences });
    if (differences.length > 0) throw new InputError(...new Set(differences));
    out.print(`All ${numbers.toLocaleString('en-US')} numbers agree.`);
  },
};

/**
 * Tell whether a receipt from before disclosure levels has means over time instead of images, as for private counts.
 */
function tellsMeans({ results }: Report): boolean {
  return 'counts' in results && Object.values(results.counts).some(({ overTime }) => overTime !== undefined);
}

/** Return the thresholds stated for slots whose detections were counted. */
function thresholdsOf(report: Report): Map<string, number> {
  if (report.task !== 'fluorescence-counts') return new Map();
  return new Map(
    Object.entries(report.results.counts).flatMap(([slot, { scoreThreshold }]) =>
      scoreThreshold === undefined ? [] : [[slot, scoreThreshold] as const],
    ),
  );
}

/** Return the reports in a receipt, or a bare report. */
async function reportsOf(path: string): Promise<Report[]> {
  const found = (await readJson(path)) as {
    results?: unknown;
    report?: unknown;
    reports?: Partial<Record<ProtocolId, unknown>>;
  };
  let candidates: unknown[] = [found?.report];
  if (found?.results) candidates = [found];
  else if (found?.reports) candidates = PROTOCOL_IDS.map((id) => found.reports?.[id]);
  const { reportSchema } = await import('#lib/tasks/report-schema.ts');
  const reports = candidates.filter((candidate) => candidate !== undefined);
  if (reports.length === 0) throw new InputError(`${path} is neither a receipt nor a report.`);
  return reports.map((report) => {
    const parsed = reportSchema.safeParse(report);
    if (!parsed.success) throw new InputError(`${path} is neither a receipt nor a report.`);
    return parsed.data;
  });
}

/** Remove intervals: they changed between versions of the evaluator, scores did not. */
function withoutIntervals(results: unknown): unknown {
  return JSON.parse(JSON.stringify(results, (key, value: unknown) => (key === 'interval' ? undefined : value)));
}

/** Walk the published numbers and look up each one in ours; return how many there are. */
function compare(published: unknown, ours: unknown, path: string, differences: string[]): number {
  if (typeof published === 'object' && published !== null) {
    let numbers = 0;
    for (const [key, value] of Object.entries(published))
      numbers += compare(
        value,
        (ours as Record<string, unknown> | null | undefined)?.[key],
        `${path} ${key}`,
        differences,
      );
    return numbers;
  }
  const close =
    typeof published === 'number' && typeof ours === 'number' ? Math.abs(published - ours) <= 1e-9 : published === ours;
  if (!close) differences.push(`${path}: published ${published}, recomputed ${ours ?? 'nothing'}`);
  return 1;
}
