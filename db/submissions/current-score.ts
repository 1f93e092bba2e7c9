/** Which of a submission's scores counts. Scores are never overwritten, so there may be several of one protocol. */
import { and, desc, eq, or, type SQL, sql } from 'drizzle-orm';
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

/**
 * Only scores against the ground truth as it is now stand on a board, and only those of its evaluator. Where a data set
 * was scored again as a whole, what another evaluator says counts only if it was said since: of new submissions.
 */
export function isCurrent(dataset: Dataset, protocol: ProtocolId): SQL | undefined {
  const { id, name, sha256, evaluatorVersion } = dataset;
  const whole = eq(evaluations.groundTruthSha256, sha256);
  const part = sql`${evaluations.report} #> '{groundTruth,datasets}' -> ${name}::text ->> 'sha256' = ${sha256}`;
  return and(
    eq(evaluations.protocol, protocol),
    slotsAreDatasets(dataset.task) ? or(whole, part) : whole,
    isReleased(),
    evaluatorVersion === null
      ? undefined
      : or(
          eq(evaluations.evaluatorVersion, evaluatorVersion),
          sql`${evaluations.createdAt} > ${lastSwitch(sql`${id}`)}`,
        ),
  );
}

/** The same of a score joined with its submission's own data set, whatever the protocol. */
export function isCurrentOfOwn(): SQL<boolean> {
  const part = sql`${evaluations.report} #> '{groundTruth,datasets}' -> ${datasets.name} ->> 'sha256' = ${datasets.sha256}`;
  return sql<boolean>`(not ${evaluations.pending}
    and (${evaluations.groundTruthSha256} = ${datasets.sha256} or coalesce(${part}, false))
    and (${datasets.evaluatorVersion} is null or ${evaluations.evaluatorVersion} = ${datasets.evaluatorVersion}
      or ${evaluations.createdAt} > ${lastSwitch(sql`${datasets.id}`)}))`;
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
function lastSwitch(datasetId: SQL): SQL {
  return sql`(select coalesce(max(${rescores.finishedAt}), '-infinity') from ${rescores}
    where ${rescores.datasetId} = ${datasetId} and ${rescores.state} = 'done' and ${rescores.submissionId} is null)`;
}
