/** The only reader of stored reports. It validates what it returns. */
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type Dataset, datasets, evaluations, outcomes, submissions } from '#db/schema.ts';
import { currentFirst, isCurrent, isReleased } from '#db/submissions/current-score.ts';
import { runsBefore } from '#db/submissions/runs-before.ts';
import { PRIMARY_PROTOCOL, type ProtocolId } from '#lib/coco/protocol.ts';
import { drawsOf } from '#lib/draws.ts';
import type { Families } from '#lib/scoring/uncertainty-schema.ts';
import { disclosed } from '#lib/tasks/disclosure.ts';
import type { Report } from '#lib/tasks/report.ts';
import { isReport } from '#lib/tasks/report-schema.ts';

interface StoredReport {
  id: string;
  report: unknown;
  /** computed after the score, so they are no part of its report */
  families: Families | null;
  /** whether the ground truth is public now */
  truthIsPublic: boolean;
  published: boolean;
  /** scored runs of the same person or team before it */
  runs: number;
}

/** Validated reports to remember. Scores are never overwritten, so a process validates each of them once. */
const MOST_REMEMBERED = 10_000;
const validated = new Set<string>();

function isValid(row: StoredReport): row is StoredReport & { report: Report } {
  if (validated.has(row.id)) return true;
  if (!isReport(row.report)) return false;
  if (validated.size >= MOST_REMEMBERED) validated.clear();
  validated.add(row.id);
  return true;
}

function withFamilies({ report, families }: StoredReport & { report: Report }): Report {
  return families ? { ...report, families } : report;
}

/** Return a report as it may be shown, with the numbers other papers report. @throws Error if the stored value is no report */
function shownReport(row: StoredReport): Report {
  if (!isValid(row)) throw new Error(`The score ${row.id} holds no report of any known task.`);
  // the ground truth may have been public at scoring time and private since
  return disclosed(withFamilies(row), { ...row, draw: drawsOf(row.report) });
}

/** The row of outcomes beside a score under the primary protocol. */
const ofScore = and(
  eq(outcomes.submissionId, evaluations.submissionId),
  eq(outcomes.evaluatorVersion, evaluations.evaluatorVersion),
  eq(outcomes.groundTruthSha256, evaluations.groundTruthSha256),
  eq(evaluations.protocol, PRIMARY_PROTOCOL),
);

const COLUMNS = {
  id: evaluations.id,
  families: outcomes.families,
  report: evaluations.report,
  truthIsPublic: datasets.public,
  published: sql<boolean>`${submissions.visibility} = 'published'`,
  runs: runsBefore(),
};

/**
 * Return a submission's report per protocol: the one that counts now, else the newest that did. Reports that wait for
 * a board to switch are not included.
 */
export async function getReports(submissionId: string, tx: Tx = db()): Promise<Partial<Record<ProtocolId, Report>>> {
  const rows = await tx
    .selectDistinctOn([evaluations.protocol], { protocol: evaluations.protocol, ...COLUMNS })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(outcomes, ofScore)
    .where(and(eq(evaluations.submissionId, submissionId), isReleased()))
    .orderBy(evaluations.protocol, ...currentFirst());
  return Object.fromEntries(rows.map((row) => [row.protocol, shownReport(row)]));
}

/** A report with everything that is stored, for comparisons that tell no more of it than may be told. */
export interface WholeReport {
  report: Report;
  truthIsPublic: boolean;
}

/**
 * Return whole reports of published entries by their ids: under a protocol, the one that counts now, else the newest that
 * did.
 */
export async function listWholeReports(
  ids: readonly string[],
  protocol: ProtocolId,
  tx: Tx = db(),
): Promise<Map<string, WholeReport>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .selectDistinctOn([evaluations.submissionId], { submissionId: evaluations.submissionId, ...COLUMNS })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(outcomes, ofScore)
    .where(
      and(
        inArray(evaluations.submissionId, [...ids]),
        eq(evaluations.protocol, protocol),
        eq(submissions.state, 'scored'),
        eq(submissions.visibility, 'published'),
        isReleased(),
      ),
    )
    .orderBy(evaluations.submissionId, ...currentFirst());
  return new Map(
    rows.map((row) => {
      if (!isValid(row)) throw new Error(`The score ${row.id} holds no report of any known task.`);
      return [row.submissionId, { report: withFamilies(row), truthIsPublic: row.truthIsPublic }];
    }),
  );
}

/** Return the reports of some of a board's entries that count on its data set, by the entries' ids. */
export async function listReports(
  ids: readonly string[],
  { dataset, protocol }: { dataset: Dataset; protocol: ProtocolId },
  tx: Tx = db(),
): Promise<Map<string, Report>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .selectDistinctOn([evaluations.submissionId], { submissionId: evaluations.submissionId, ...COLUMNS })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(outcomes, ofScore)
    .where(and(inArray(evaluations.submissionId, [...ids]), isCurrent(dataset, protocol)))
    .orderBy(evaluations.submissionId, desc(evaluations.createdAt)); // of several evaluator versions, the newest
  return new Map(rows.map((row) => [row.submissionId, shownReport(row)]));
}
