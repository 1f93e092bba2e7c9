/** Which of a submission's scores counts. Scores are never overwritten, so there may be several of one protocol. */
import { and, desc, eq, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { type Dataset, datasets, evaluations, groundTruthVersions, rescores, submissions } from '#db/schema.ts';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import { slotsAreDatasets } from '#lib/tasks/index.ts';

/** Submissions that are scored on a data set: it is theirs, or (where slots are data sets) one of those they have. */
export function isOn(dataset: Dataset): SQL | undefined {
  const own = eq(submissions.datasetId, dataset.id);
  if (!slotsAreDatasets(dataset.task)) return own;
  const scored = sql`exists (
    select 1 from ${evaluations}
    where ${evaluations.submissionId} = ${submissions.id} and ${evaluations.report} #> '{results,datasets}' -> ${dataset.name}::text is not null
  )`;
  return or(own, scored);
}

/** Those of a re-score that is not done are nobody's business yet. */
export function isReleased(): SQL {
  return eq(evaluations.pending, false);
}

/** A data set as its scores see it: columns of the joined row, or values. */
interface Standard {
  id: SQLWrapper | string;
  name: SQLWrapper | string;
  sha256: SQLWrapper | string;
  evaluatorVersion: SQLWrapper | string | null;
}

/**
 * The score was computed on this ground truth: as a whole, or (where slots are data sets) as one of several.
 *
 * @param several look for the data set among several; false spares the database reading the report
 */
export function isOnGroundTruth(
  { name, sha256 }: Pick<Standard, 'name' | 'sha256'>,
  { several }: { several: boolean },
): SQL<boolean> {
  const whole = sql<boolean>`${evaluations.groundTruthSha256} = ${sha256}`;
  if (!several) return whole;
  const part = sql`${evaluations.report} #> '{groundTruth,datasets}' -> ${name}::text ->> 'sha256' = ${sha256}`;
  return sql<boolean>`(${whole} or coalesce(${part}, false))`;
}

/**
 * The score counts for this data set: it is released, on the ground truth as it is now, and by the data set's evaluator.
 * After a re-score of the whole data set, a score by another evaluator counts only if it is newer than the switch.
 */
function counts({ id, evaluatorVersion, ...groundTruth }: Standard, options: { several: boolean }): SQL<boolean> {
  const sameEvaluator =
    evaluatorVersion === null
      ? sql`true`
      : sql`(${evaluatorVersion}::text is null or ${evaluations.evaluatorVersion} = ${evaluatorVersion}
          or ${evaluations.createdAt} > ${lastSwitch(id)})`;
  return sql<boolean>`(not ${evaluations.pending} and ${isOnGroundTruth(groundTruth, options)} and ${sameEvaluator})`;
}

/** The score counts on a data set's board, under a protocol. */
export function isCurrent(dataset: Dataset, protocol: ProtocolId): SQL | undefined {
  return and(eq(evaluations.protocol, protocol), counts(dataset, { several: slotsAreDatasets(dataset.task) }));
}

/** The score counts for the joined data set of its submission, whatever the protocol. */
export function isCurrentOfOwn(): SQL<boolean> {
  return counts(datasets, { several: true });
}

/**
 * The current one first, then those that counted last: to order what is joined with the submission's own data set. A
 * version may be what an earlier one was, so the newest score is not always the one that counted last.
 */
export function currentFirst(): SQL[] {
  const version = sql`(select max(${groundTruthVersions.version}) from ${groundTruthVersions}
    where ${groundTruthVersions.datasetId} = ${datasets.id} and ${groundTruthVersions.sha256} = ${evaluations.groundTruthSha256}
      and ${groundTruthVersions.state} in ('current', 'superseded'))`;
  return [desc(isCurrentOfOwn()), sql`${version} desc nulls last`, desc(evaluations.createdAt)];
}

/** When a data set's board went over to its evaluator. */
function lastSwitch(datasetId: SQLWrapper | string): SQL {
  return sql`(select coalesce(max(${rescores.finishedAt}), '-infinity') from ${rescores}
    where ${rescores.datasetId} = ${datasetId} and ${rescores.state} = 'done' and ${rescores.submissionId} is null)`;
}
