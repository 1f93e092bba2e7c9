/** Which submissions take part in a re-score, and which of them still have to be scored. */

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
import { slotsAreDatasets } from '#lib/tasks/index.ts';
import { isOn, isOnGroundTruth, isReleased } from './current-score.ts';

/** Why a submission without files fails: it cannot be scored again. */
export const FILES_GONE = 'Its prediction files were deleted by its owner.';

export interface Target {
  evaluatorVersion: string;
  /** of the data set's ground truth */
  sha256: string;
}

export interface Entry {
  id: string;
  filesDeletedAt: Date | null;
  /** has the score that is wanted already */
  hasTarget: boolean;
}

export async function addItems(rescore: Rescore, entries: Entry[], tx: Tx): Promise<void> {
  for (const { id, filesDeletedAt, hasTarget } of entries) {
    const result: Partial<RescoreItem> = hasTarget
      ? { state: 'done', finishedAt: new Date() }
      : filesDeletedAt !== null
        ? { state: 'failed', failure: FILES_GONE, finishedAt: new Date() }
        : {};
    const [added] = await tx
      .insert(rescoreItems)
      .values({ rescoreId: rescore.id, submissionId: id, ...result })
      .onConflictDoNothing()
      .returning();
    if (added?.state === 'waiting') await enqueueRescore({ rescoreId: rescore.id, submissionId: id }, tx);
  }
}

/** Every scored submission of a data set, public or not: what is private today may be published tomorrow. */
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
      // of several data sets, one may have been replaced meanwhile: they are always computed
      // (in a statement of its own, or drizzle leaves the tables' names away)
      hasTarget: slotsAreDatasets(dataset.task) ? sql<boolean>`false` : sql<boolean>`${has}`,
    })
    .from(submissions)
    .where(
      and(eq(submissions.state, 'scored'), submissionId === null ? isOn(dataset) : eq(submissions.id, submissionId)),
    )
    .orderBy(asc(submissions.createdAt), asc(submissions.id));
}

/** The score is by the evaluator, and on the ground truth, that a re-score wants. */
export function isTarget({ task, name }: Dataset, { evaluatorVersion, sha256 }: Target): SQL | undefined {
  const onTarget = isOnGroundTruth({ name, sha256 }, { several: slotsAreDatasets(task) });
  return and(eq(evaluations.evaluatorVersion, evaluatorVersion), onTarget);
}

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

/** Scored submissions that are no part of a re-score yet, because they came in after it had begun. */
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

export async function findTarget(rescore: Rescore, dataset: Dataset, tx: Tx): Promise<Target> {
  const version = await findVersion(rescore, tx);
  return { evaluatorVersion: rescore.evaluatorVersion, sha256: version?.sha256 ?? dataset.sha256 };
}

export async function findVersion({ groundTruthVersionId: id }: Rescore, tx: Tx): Promise<GroundTruthVersion | null> {
  if (id === null) return null;
  const [version] = await tx.select().from(groundTruthVersions).where(eq(groundTruthVersions.id, id));
  return version ?? null;
}
