/** Reads re-scores. */

import { and, asc, count, desc, eq, inArray, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import {
  type Dataset,
  datasets,
  evaluations,
  groundTruthVersions,
  type Rescore,
  type RescoreItem,
  rescoreItems,
  rescores,
  submissions,
  users,
} from '#db/schema.ts';
import { currentFirst, isOn, isReleased } from '#db/submissions/current-score.ts';

export interface RescoreLine extends Rescore {
  by: string | null;
  /** the new version of ground truth; null: the ground truth stays */
  version: number | null;
  counts: Record<RescoreItem['state'], number>;
  /** submissions that failed, and those that were left behind */
  open: { submissionId: string; method: string; state: RescoreItem['state']; failure: string; filesGone: boolean }[];
}

/** Return re-scores, newest first: of one data set, or only the running ones. */
export async function listRescores(
  filter: { datasetId?: string; running?: boolean } = {},
  tx: Tx = db(),
): Promise<RescoreLine[]> {
  const rows = await tx
    .select({ rescore: rescores, by: users.name, version: groundTruthVersions.version })
    .from(rescores)
    .leftJoin(users, eq(users.id, rescores.createdBy))
    .leftJoin(groundTruthVersions, eq(groundTruthVersions.id, rescores.groundTruthVersionId))
    .where(
      and(
        filter.datasetId === undefined ? undefined : eq(rescores.datasetId, filter.datasetId),
        filter.running ? eq(rescores.state, 'running') : undefined,
      ),
    )
    .orderBy(desc(rescores.createdAt), asc(rescores.id))
    .limit(50);
  if (rows.length === 0) return [];
  const ids = rows.map(({ rescore }) => rescore.id);
  const counts = await tx
    .select({ id: rescoreItems.rescoreId, state: rescoreItems.state, items: count() })
    .from(rescoreItems)
    .where(inArray(rescoreItems.rescoreId, ids))
    .groupBy(rescoreItems.rescoreId, rescoreItems.state);
  const open = await tx
    .select({
      rescoreId: rescoreItems.rescoreId,
      submissionId: submissions.id,
      method: submissions.method,
      state: rescoreItems.state,
      failure: sql<string>`coalesce(${rescoreItems.failure}, '')`,
      filesGone: sql<boolean>`${submissions.filesDeletedAt} is not null`,
    })
    .from(rescoreItems)
    .innerJoin(submissions, eq(submissions.id, rescoreItems.submissionId))
    .where(and(inArray(rescoreItems.rescoreId, ids), inArray(rescoreItems.state, ['failed', 'skipped'])))
    .orderBy(asc(submissions.createdAt), asc(submissions.id));
  return rows.map(({ rescore, by, version }) => {
    const of = (state: RescoreItem['state']) =>
      counts.find((row) => row.id === rescore.id && row.state === state)?.items ?? 0;
    return {
      ...rescore,
      by,
      version,
      counts: { waiting: of('waiting'), done: of('done'), failed: of('failed'), skipped: of('skipped') },
      open: open.flatMap(({ rescoreId, ...line }) => (rescoreId === rescore.id ? [line] : [])),
    };
  });
}

/** Count the scored submissions of a data set by the evaluator version whose score counts. */
export async function countByEvaluator(
  dataset: Dataset,
  tx: Tx = db(),
): Promise<{ version: string; entries: number }[]> {
  const newest = tx
    .selectDistinctOn([evaluations.submissionId], { version: evaluations.evaluatorVersion })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(and(isOn(dataset), eq(submissions.state, 'scored'), isReleased()))
    .orderBy(evaluations.submissionId, ...currentFirst())
    .as('newest');
  return tx
    .select({ version: newest.version, entries: count() })
    .from(newest)
    .groupBy(newest.version)
    .orderBy(desc(newest.version));
}
