/** Selects the score of a submission that counts. Scores are never overwritten, so a protocol may have several. */
import { and, desc, eq, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import {
  boardValues,
  type Dataset,
  datasets,
  evaluations,
  groundTruthVersions,
  rescores,
  submissions,
} from '#db/schema.ts';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import { parseTask } from '#lib/tasks/index.ts';

/** The submission is scored on a data set: it is its own, or one of several where slots are data sets. */
export function isOn(dataset: Dataset): SQL | undefined {
  const own = eq(submissions.datasetId, dataset.id);
  if (!parseTask(dataset.task)?.slotsAreDatasets) return own;
  const scored = sql`exists (
    select 1 from ${evaluations}
    join ${boardValues} on ${boardValues.evaluationId} = ${evaluations.id}
    where ${evaluations.submissionId} = ${submissions.id} and ${boardValues.dataset} = ${dataset.name}
  )`;
  return or(own, scored);
}

/** The score is released: it is not one that a running re-score holds back. */
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
 * @param several look for the data set among several
 */
export function isOnGroundTruth(
  { name, sha256 }: Pick<Standard, 'name' | 'sha256'>,
  { several }: { several: boolean },
): SQL<boolean> {
  const whole = sql<boolean>`${evaluations.groundTruthSha256} = ${sha256}`;
  if (!several) return whole;
  const part = sql`exists (select 1 from ${boardValues} where ${boardValues.evaluationId} = ${evaluations.id}
    and ${boardValues.dataset} = ${name} and ${boardValues.groundTruthSha256} = ${sha256})`;
  return sql<boolean>`(${whole} or ${part})`;
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
  return and(
    eq(evaluations.protocol, protocol),
    counts(dataset, { several: parseTask(dataset.task)?.slotsAreDatasets === true }),
  );
}

/** The score counts for the joined data set of its submission, whatever the protocol. */
export function isCurrentOfOwn(): SQL<boolean> {
  return counts(datasets, { several: true });
}

/**
 * Order scores, joined with the submission's own data set, so that the one that counts comes first, then the one that
 * counted last. That is not always the newest, because a version of ground truth may bring back an earlier one.
 */
export function currentFirst(): SQL[] {
  const version = sql`(select max(${groundTruthVersions.version}) from ${groundTruthVersions}
    where ${groundTruthVersions.datasetId} = ${datasets.id} and ${groundTruthVersions.sha256} = ${evaluations.groundTruthSha256}
      and ${groundTruthVersions.state} in ('current', 'superseded'))`;
  return [desc(isCurrentOfOwn()), sql`${version} desc nulls last`, desc(evaluations.createdAt)];
}

/** When a data set's board switched to its evaluator. */
function lastSwitch(datasetId: SQLWrapper | string): SQL {
  return sql`(select coalesce(max(${rescores.finishedAt}), '-infinity') from ${rescores}
    where ${rescores.datasetId} = ${datasetId} and ${rescores.state} = 'done' and ${rescores.submissionId} is null)`;
}
