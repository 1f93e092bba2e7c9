/** An entry as programs are told it: what the API answers, and what exports write. */
import type { Dataset } from '#db/schema.ts';
import { entryOf } from '#db/submissions/entries.ts';
import type { SubmissionDetail } from '#db/submissions/submissions.ts';
import { PRIMARY_PROTOCOL, PROTOCOL_IDS, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import type { Receipt, SubmissionBody } from '#lib/http/api.ts';
import { type Look, type PublicEntry, publicReport, publicWarnings } from '#lib/public-entry.ts';
import { signReceipt } from '#lib/receipt-keys.ts';
import { canonicalDigest } from '#lib/receipts/canonical.ts';
import type { Report } from '#lib/tasks/report.ts';
import { getReports } from './reports.ts';
import { scoreHistory } from './score-history.ts';
import { type EntryTiming, timingOf } from './timing.ts';

/** Return a submission as the API shows it, without file names, since those may contain names of people. */
export async function entryBody(look: Look, submission: SubmissionDetail): Promise<SubmissionBody> {
  const entry = entryOf(submission, look);
  const reports = await reportsOf(entry);
  const history = entry.state === 'scored' ? await scoreHistory(entry) : { evaluations: [], leftBehind: null };
  const timing = entry.state === 'scored' ? await timingOf(entry, submission) : null;
  const { method, methodId, version, description, paperUrl, codeUrl, trainingData, testImagesSeen } = entry;
  const { submitter, team, authors, state, visibility, anonymous } = entry;
  const inside = look === 'insider';
  return {
    id: entry.id,
    task: entry.task,
    dataset: submission.dataset.name,
    method,
    methodId,
    version,
    description,
    paperUrl,
    codeUrl,
    trainingData,
    testImagesSeen,
    exposure: entry.exposure,
    licence: entry.licence,
    cellsShown: entry.cellsShown,
    filesShared: entry.filesShared,
    anyCategory: submission.anyCategory,
    demo: entry.demo,
    submitter,
    team,
    authors,
    anonymous: anonymous && { ...anonymous, until: anonymous.until?.toISOString() ?? null },
    state,
    visibility,
    queuePosition: submission.queuePosition,
    progress: submission.progress,
    attempts: submission.attempts,
    // only the owner and the maintainers see what was wrong and why it was hidden
    problems: inside ? (submission.problems ?? []) : [],
    warnings: publicWarnings(submission.warnings ?? [], entry),
    failure: inside ? submission.failure : null,
    hiddenReason: inside ? submission.hiddenReason : null,
    files: submission.files.map(({ slot, bytes, sha256 }) => ({ slot, bytes, sha256 })),
    createdAt: entry.createdAt.toISOString(),
    startedAt: entry.startedAt?.toISOString() ?? null,
    finishedAt: entry.finishedAt?.toISOString() ?? null,
    publishedAt: entry.publishedAt?.toISOString() ?? null,
    report: reports[PRIMARY_PROTOCOL] ?? null,
    reports,
    timing: timing && timingTold(timing),
    evaluations: history.evaluations.map(({ protocol, evaluatorVersion, groundTruth, scoredAt, ...line }) => ({
      protocol,
      evaluator: { version: evaluatorVersion },
      scoredAt: scoredAt.toISOString(),
      groundTruth: { sha256: groundTruth.sha256, version: groundTruth.versions.at(-1) ?? null },
      current: line.current,
      reason: line.reason,
      numbers: Object.fromEntries(line.numbers.map(({ label, value }) => [label, value])),
    })),
    leftBehind: history.leftBehind !== null,
  };
}

/** Return the line without the images that it is fitted to. */
function timingTold({ points: _, ...told }: EntryTiming): NonNullable<SubmissionBody['timing']> {
  return told;
}

/** Return an entry's current report per protocol, in the form that may be shown; none unless it is scored. */
export async function reportsOf(entry: PublicEntry): Promise<Partial<Record<ProtocolId, Report>>> {
  const reports = entry.state === 'scored' ? await getReports(entry.id) : {};
  return Object.fromEntries(Object.entries(reports).map(([id, report]) => [id, publicReport(report, entry)]));
}

/**
 * Return the score with everything needed to compute it again, signed. Receipts are made to be passed on, so `entry` is the
 * public form for every viewer: the receipt of an anonymous entry does not name its maker. The numbers other papers
 * report are no part of it: they are computed after the score, and a receipt is the same whenever it is fetched.
 */
export async function receiptOf(entry: PublicEntry, dataset: Pick<Dataset, 'name'>, site: string): Promise<Receipt> {
  const { id, method, task, createdAt, startedAt, finishedAt } = entry;
  const reports = sealedOf(await reportsOf(entry));
  const report = reports[PRIMARY_PROTOCOL];
  if (!report) throw new AppError('conflict', 'There is no score to attest yet.');
  const scoredAt = (finishedAt ?? startedAt)?.toISOString() ?? null;
  const ids = PROTOCOL_IDS.filter((protocol) => reports[protocol]);
  const digests = async (of: (protocol: ProtocolId) => unknown) =>
    Object.fromEntries(await Promise.all(ids.map(async (protocol) => [protocol, await canonicalDigest(of(protocol))])));
  return signReceipt({
    schema: 1 as const,
    site,
    submission: {
      id,
      method,
      task,
      dataset: dataset.name,
      submittedAt: createdAt.toISOString(),
      scoredAt,
    },
    evaluator: report.evaluator,
    groundTruth: report.groundTruth,
    predictions: report.predictions.map(({ slot, sha256, bytes }) => ({ slot, sha256, bytes })),
    report,
    reports,
    digests: {
      reports: await digests((protocol) => reports[protocol]),
      protocols: await digests((protocol) => PROTOCOLS[protocol]),
    },
  });
}

/** Return the parts of reports that were there when the score was made. */
function sealedOf(reports: Partial<Record<ProtocolId, Report>>): Partial<Record<ProtocolId, Report>> {
  return Object.fromEntries(Object.entries(reports).map(([id, { families: _, ...report }]) => [id, report as Report]));
}
