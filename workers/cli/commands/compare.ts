/** `livecell compare`: computes the paired differences of two entries from their reports. */
import { existsSync } from 'node:fs';
import { EVALUATIONS, type Evaluation } from '#lib/coco/protocol.ts';
import type { SubmissionBody } from '#lib/http/api.ts';
import { COMPARED_METRICS, type ComparedMetric, compareResults, strataOf } from '#lib/scoring/uncertainty.ts';
import { isReportOf, type ReportOf } from '#lib/tasks/report.ts';
import { CallError, type Command, InputError, JSON_OPTION, readJson, userPath } from '#workers/cli/command.ts';
import { openPublicSite, SERVER_OPTION, type Site, TOKEN_OPTION } from '#workers/cli/site.ts';
import { idOf } from './submissions.ts';

type WideReport = ReportOf<'livecell-wide'>;
type Compared = Partial<Record<Evaluation, NonNullable<ReturnType<typeof compareResults>>>>;

const NAMES: Record<ComparedMetric, string> = {
  AP: 'AP',
  AFNR: 'AFNR',
  meanAP: 'mean AP over cell types',
  meanAFNR: 'mean AFNR over cell types',
};
const TITLES: Record<Evaluation, string> = { segm: 'Masks', bbox: 'Boxes' };

export const compare: Command = {
  name: 'compare',
  takes: 'A B',
  help: 'Says how two entries differ, with the interval of each difference.',
  details:
    'A and B are reports of score --json, or entries of a site: their ids or the addresses of their pages. Both must\n' +
    'come from the same ground truth and protocol, with intervals. Differences are A less B; the interval comes from\n' +
    'the fields of view that both were scored on.',
  example: 'livecell compare mine.json 7d0c3f9e-1b1c-4f0e-9d5f-0a4f7c9a2b11 --server https://example.org',
  options: { server: SERVER_OPTION, token: TOKEN_OPTION, json: JSON_OPTION },
  async run(values, files, out) {
    if (files.length !== 2) throw new CallError(`Two reports are compared, not ${files.length}.`);
    let site: Promise<Site> | undefined;
    const openOnce = () => (site ??= openPublicSite(values));
    const [first, second] = await Promise.all(files.map((given) => readReport(given, openOnce)));
    requireSameTest(first, second, files);
    const compared: Compared = {};
    for (const evaluation of EVALUATIONS) {
      const [a, b] = [first.results[evaluation], second.results[evaluation]];
      const differences = a && b && compareResults(a, b);
      if (differences) compared[evaluation] = differences;
    }
    if (Object.keys(compared).length === 0) {
      const { sizes, of } = strataOf(first.results.bbox.fields ?? []);
      throw new InputError(
        `The test set has ${of.length} fields of view in ${sizes.length} strata; a comparison needs at least five more fields than strata.`,
      );
    }
    out.document(compared);
    out.print(table(compared));
  },
};

/** Read a report from a file or, if there is no such file, from the site's entry with this id or address. */
async function readReport(given: string, openOnce: () => Promise<Site>): Promise<WideReport> {
  const { isReport } = await import('#lib/tasks/report-schema.ts');
  const isFile = existsSync(userPath(given)) || /\.json$/i.test(given);
  const report = isFile ? await readJson(given) : await reportOfEntry(given, await openOnce());
  if (!isReport(report)) throw new InputError(`${given} is not a report. livecell score --json writes one.`);
  if (!isReportOf(report, 'livecell-wide'))
    throw new InputError(`${given} is a report of ${report.task}; reports of livecell-wide can be compared.`);
  if (!report.results.bbox.replicates?.length)
    throw new InputError(
      isFile
        ? `${given} has no replicates. Score the file again without --no-intervals.`
        : `The site does not give the replicates of ${given}, since its ground truth is private. The site’s own comparison page has them.`,
    );
  return report;
}

async function reportOfEntry(given: string, site: Site): Promise<unknown> {
  const { report } = await site.call<SubmissionBody>('GET', `/api/v1/submissions/${encodeURIComponent(idOf(given))}`);
  if (!report) throw new InputError(`${given} has no score yet.`);
  return report;
}

function requireSameTest(first: WideReport, second: WideReport, [a, b]: readonly string[]): void {
  if (first.protocol !== second.protocol)
    throw new InputError(`${a} was scored under ${first.protocol}, ${b} under ${second.protocol}.`);
  if (first.groundTruth.sha256 !== second.groundTruth.sha256)
    throw new InputError(`${a} and ${b} were scored against different ground truth.`);
}

function table(compared: Compared): string {
  const points = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(2)}`;
  const lines: string[] = [];
  for (const evaluation of EVALUATIONS) {
    const differences = compared[evaluation];
    if (!differences) continue;
    lines.push(
      `${TITLES[evaluation].padEnd(28)}${['A less B', '95 % interval', 'p', 'A better'].map((title) => title.padStart(18)).join('')}`,
    );
    for (const metric of COMPARED_METRICS) {
      const found = differences[metric];
      if (!found) continue;
      const { difference, interval, p, probabilityBetter } = found;
      const cells = [
        points(difference),
        interval.map(points).join(' to '),
        p < 0.001 ? '< 0.001' : p.toFixed(3),
        `${(100 * probabilityBetter).toFixed(1)} %`,
      ];
      lines.push(`${NAMES[metric].padEnd(28)}${cells.map((cell) => cell.padStart(18)).join('')}`);
    }
    lines.push('');
  }
  lines.push(
    'In percentage points; lower AFNR is better. The probability that A is better is approximate.',
    'It speaks of other fields of view in the same wells, not of other wells or of training again.',
  );
  return lines.join('\n');
}
