/** The submissions of a re-score: which take part, and which of them still have to be scored. */

import { and, asc, eq, inArray, type SQL, sql } from 'drizzle-orm';
import type { Tx } from '#db/engine/client.ts';
import { enqueueRescore } from '#db/queue/queue.ts';
import {
  type Dataset,
  evaluations,
  type GroundTruthVersion,
  groundTruthVersions,
  type Rescore,
  type RescoreItem,
  rescoreItems,
  rescores,
  submissions,
} from '#db/schema.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { isOn, isOnGroundTruth, isReleased } from './current-score.ts';

/** The failure of a submission without files, which cannot be scored again. */
export const FILES_GONE = 'Its prediction files were deleted by its owner.';

/** What a re-score asks for. */
export interface Target {
  evaluatorVersion: string;
  /** of the ground truth to score on */
  sha256: string;
}

/** A submission that may take part. */
export interface Entry {
  id: string;
  filesDeletedAt: Date | null;
  /** already has the wanted score */
  hasTarget: boolean;
}

/** Add submissions to a re-score and enqueue those that have to be scored. Adding one twice changes nothing. */
export async function addItems(rescore: Rescore, entries: Entry[], tx: Tx): Promise<void> {
  for (const { id, filesDeletedAt, hasTarget } of entries) {
    let result: Partial<RescoreItem> = {};
    if (hasTarget) result = { state: 'done', finishedAt: new Date() };
    else if (filesDeletedAt !== null) result = { state: 'failed', failure: FILES_GONE, finishedAt: new Date() };
    const [added] = await tx
      .insert(rescoreItems)
      .values({ rescoreId: rescore.id, submissionId: id, ...result })
      .onConflictDoNothing()
      .returning();
    if (added?.state === 'waiting') await enqueueRescore({ rescoreId: rescore.id, submissionId: id }, tx);
  }
}

/** Return every scored submission of a data set, or one of them; private ones too, as they may be published later. */
export async function listScored(
  dataset: Dataset,
  target: Target,
  submissionId: string | null,
  tx: Tx,
): Promise<Entry[]> {
  const has = sql<boolean>`exists (select 1 from ${evaluations}
    where ${evaluations.submissionId} = ${submissions.id} and ${and(isTarget(dataset, target), isReleased())})`;
  return tx
    .select({
      id: submissions.id,
      filesDeletedAt: submissions.filesDeletedAt,
      // one of several data sets may have been replaced, so those are always computed again
      // (nested in a statement of its own, because drizzle drops table names from selected columns)
      hasTarget: parseTask(dataset.task)?.slotsAreDatasets ? sql<boolean>`false` : sql<boolean>`${has}`,
    })
    .from(submissions)
    .where(
      and(eq(submissions.state, 'scored'), submissionId === null ? isOn(dataset) : eq(submissions.id, submissionId)),
    )
    .orderBy(asc(submissions.createdAt), asc(submissions.id));
}

/** The score is by the evaluator and on the ground truth that a re-score asks for. */
export function isTarget({ task, name }: Dataset, { evaluatorVersion, sha256 }: Target): SQL | undefined {
  const onTarget = isOnGroundTruth({ name, sha256 }, { several: parseTask(task)?.slotsAreDatasets === true });
  return and(eq(evaluations.evaluatorVersion, evaluatorVersion), onTarget);
}

/** Return the running re-scores of whole data sets. */
export async function listRunningRescores(datasetIds: string[], tx: Tx): Promise<Rescore[]> {
  return tx
    .select()
    .from(rescores)
    .where(
      and(
        inArray(rescores.datasetId, datasetIds),
        eq(rescores.state, 'running'),
        sql`${rescores.submissionId} is null`,
      ),
    );
}

/** Return scored submissions that a running re-score does not have yet, because they were scored after it started. */
export async function listMissing(
  rescore: Rescore,
  dataset: Dataset,
  { only = null }: { only?: string | null },
  tx: Tx,
): Promise<Entry[]> {
  if (rescore.submissionId !== null) return [];
  const entries = await listScored(dataset, await findTarget(rescore, dataset, tx), null, tx);
  const known = await tx
    .select({ id: rescoreItems.submissionId })
    .from(rescoreItems)
    .where(eq(rescoreItems.rescoreId, rescore.id));
  const ids = new Set(known.map(({ id }) => id));
  return entries.filter(({ id }) => !ids.has(id) && (only === null || id === only));
}

/** Return the evaluator and ground truth that a re-score asks for. */
export async function findTarget(rescore: Rescore, dataset: Dataset, tx: Tx): Promise<Target> {
  const version = await findVersion(rescore, tx);
  return { evaluatorVersion: rescore.evaluatorVersion, sha256: version?.sha256 ?? dataset.sha256 };
}

/** Return the version of ground truth that a re-score introduces; null if the ground truth stays. */
export async function findVersion({ groundTruthVersionId: id }: Rescore, tx: Tx): Promise<GroundTruthVersion | null> {
  if (id === null) return null;
  const [version] = await tx.select().from(groundTruthVersions).where(eq(groundTruthVersions.id, id));
  return version ?? null;
}
