/** The scores of submissions for lists that their owners read, as far as hidden ground truth allows. */
import { and, desc, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { leanResults } from '#db/board/report-paths.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { datasets, evaluations, submissions } from '#db/schema.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { drawsOf } from '#lib/draws.ts';
import { disclosed } from '#lib/tasks/disclosure.ts';
import { isReport } from '#lib/tasks/report-schema.ts';
import { isCurrentOfOwn } from './current-score.ts';
import { runsBefore } from './runs-before.ts';

/**
 * Return what a report on private ground truth may tell.
 *
 * @returns its results; null if the stored value is no report
 */
export function toldResults(report: unknown, about: { published: boolean; runs: number }): unknown {
  return isReport(report) ? disclosed(report, { truthIsPublic: false, ...about, draw: drawsOf(report) }).results : null;
}

/**
 * Return the results of submissions by the primary protocol, by id; those without a score are left out. Results on
 * private ground truth are rounded until they are published.
 */
export async function resultsOfOwn(where: SQL | undefined, tx: Tx = db()): Promise<Map<string, unknown>> {
  const rows = await tx
    .selectDistinctOn([evaluations.submissionId], {
      id: evaluations.submissionId,
      results: sql<unknown>`case when ${datasets.public} then ${leanResults()} else null end`,
      // whole reports are read only where some of their numbers must stay hidden
      report: sql<unknown>`case when ${datasets.public} then null else ${evaluations.report} end`,
      published: sql<boolean>`${submissions.visibility} = 'published'`,
      runs: runsBefore(),
    })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(and(where, eq(evaluations.protocol, PRIMARY_PROTOCOL), isCurrentOfOwn()))
    .orderBy(evaluations.submissionId, desc(evaluations.createdAt));
  return new Map(
    rows.map(({ id, results, report, published, runs }) => [
      id,
      report === null ? results : toldResults(report, { published, runs }),
    ]),
  );
}

/** Return the results of some submissions, as `resultsOfOwn` does. */
export async function resultsOf(ids: readonly string[], tx: Tx = db()): Promise<Map<string, unknown>> {
  return ids.length === 0 ? new Map() : resultsOfOwn(inArray(submissions.id, [...ids]), tx);
}
