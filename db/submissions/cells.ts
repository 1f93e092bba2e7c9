/** Files with the cells of entries, which the viewer reads. `lib/permissions.ts` decides who may see which. */
import { and, desc, eq, inArray, isNotNull, isNull, or, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { enqueueDetails } from '#db/queue/queue.ts';
import {
  type Dataset,
  datasets,
  groundTruthVersions,
  methods,
  type OutcomesRow,
  outcomes,
  type Submission,
  submissions,
  teams,
  users,
} from '#db/schema.ts';
import type { EntrySource } from '#lib/public-entry.ts';
import { ENTRY_COLUMNS, ENTRY_JOINS, isPublicSql } from './entries.ts';
import type { ScoringInput } from './scoring.ts';
import { listFiles } from './submissions.ts';

/** Entries that the viewer's list has at most. */
const MOST_LISTED = 500;

/** A submission as the serializer of entries takes it, with the columns that permissions need. */
type EntrySourceRow = EntrySource & { submission: Submission };

/** Files of cells are stored under this prefix. */
const CELLS_PREFIX = 'cells/';

/** Return the storage key of a submission's cells under one score. */
export function cellsKey(submissionId: string, outcomesSha256: string): string {
  return `${CELLS_PREFIX}${submissionId}/${outcomesSha256}.cells`;
}

/** What is needed to collect the cells of a score. */
export interface CellsInput extends ScoringInput {
  outcomes: Pick<OutcomesRow, 'sha256' | 'storageKey'>;
}

/**
 * Return the submission, files and ground truth behind some outcomes. Null if the cells are stored, or cannot be had:
 * the files are deleted, or the ground truth is gone.
 */
export async function findForCells(id: string, tx: Tx = db()): Promise<CellsInput | null> {
  const [row] = await tx
    .select({ submission: submissions, dataset: datasets, version: groundTruthVersions, outcomes })
    .from(outcomes)
    .innerJoin(submissions, eq(submissions.id, outcomes.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(
      groundTruthVersions,
      and(eq(groundTruthVersions.datasetId, datasets.id), eq(groundTruthVersions.sha256, outcomes.groundTruthSha256)),
    )
    .where(
      and(
        eq(outcomes.id, id),
        eq(submissions.state, 'scored'),
        isNull(submissions.filesDeletedAt),
        isNull(outcomes.cellsKey),
        or(eq(datasets.sha256, outcomes.groundTruthSha256), isNotNull(groundTruthVersions.id)),
      ),
    )
    .orderBy(desc(groundTruthVersions.version))
    .limit(1);
  if (!row) return null;
  const { submission, version } = row;
  const dataset = version ? { ...row.dataset, packKey: version.packKey } : row.dataset;
  return { submission, dataset, outcomes: row.outcomes, files: await listFiles(submission.id, tx) };
}

/** Record where the cells of a score are; not if its files were deleted meanwhile. */
export async function saveCells(id: string, key: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    const [row] = await tx
      .select({ id: submissions.id })
      .from(outcomes)
      .innerJoin(submissions, eq(submissions.id, outcomes.submissionId))
      .where(and(eq(outcomes.id, id), eq(submissions.state, 'scored'), isNull(submissions.filesDeletedAt)))
      .for('update', { of: submissions });
    if (!row) return;
    await tx.update(outcomes).set({ cellsKey: key }).where(eq(outcomes.id, id));
    // pages offer the entry now (migration 0009)
    await tx.execute(sql`select note_public_change()`);
  });
}

/** Have the cells of a submission's scores collected, where they are missing. */
export async function requestCells(submissionId: string, tx: Tx): Promise<void> {
  const missing = await tx
    .select({ id: outcomes.id })
    .from(outcomes)
    .where(and(eq(outcomes.submissionId, submissionId), isNull(outcomes.cellsKey)));
  for (const { id } of missing) await enqueueDetails(id, tx);
}

/** Forget the cells of a submission whose files are deleted. Return the keys of their files, for the caller to delete. */
export async function forgetCells(submissionId: string, tx: Tx = db()): Promise<string[]> {
  const stored = await tx
    .select({ key: outcomes.cellsKey })
    .from(outcomes)
    .where(and(eq(outcomes.submissionId, submissionId), isNotNull(outcomes.cellsKey)));
  await tx.update(outcomes).set({ cellsKey: null }).where(eq(outcomes.submissionId, submissionId));
  return stored.flatMap(({ key }) => key ?? []);
}

/** Return sources of the entries on a data set that have cells: public ones whose owners show them, and the viewer's own. */
export async function listWithCells(
  dataset: Pick<Dataset, 'id' | 'sha256'>,
  viewer: { id: string; teams: readonly { id: string }[] } | null,
  tx: Tx = db(),
): Promise<EntrySourceRow[]> {
  const teamIds = viewer?.teams.map(({ id }) => id) ?? [];
  return tx
    .selectDistinctOn([submissions.id], ENTRY_COLUMNS)
    .from(submissions)
    .innerJoin(outcomes, eq(outcomes.submissionId, submissions.id))
    .leftJoin(methods, ENTRY_JOINS.method)
    .leftJoin(teams, ENTRY_JOINS.team)
    .leftJoin(users, ENTRY_JOINS.user)
    .where(
      and(
        eq(submissions.datasetId, dataset.id),
        eq(submissions.state, 'scored'),
        eq(outcomes.groundTruthSha256, dataset.sha256),
        isNotNull(outcomes.cellsKey),
        or(
          and(isPublicSql(), eq(submissions.cellsShown, true)),
          viewer ? and(eq(submissions.userId, viewer.id), isNull(submissions.teamId)) : undefined,
          teamIds.length > 0 ? inArray(submissions.teamId, teamIds) : undefined,
        ),
      ),
    )
    .orderBy(submissions.id)
    .limit(MOST_LISTED);
}

/** Return the public entries of a data set whose owners show their cells, with whose they are and where the cells are. */
export async function listStoredCells({ id, sha256 }: Pick<Dataset, 'id' | 'sha256'>, tx: Tx = db()) {
  const rows = await tx
    .select({
      id: submissions.id,
      userId: submissions.userId,
      teamId: submissions.teamId,
      methodId: submissions.methodId,
      cellsKey: outcomes.cellsKey,
    })
    .from(submissions)
    .innerJoin(outcomes, eq(outcomes.submissionId, submissions.id))
    .where(
      and(
        eq(submissions.datasetId, id),
        isPublicSql(),
        eq(submissions.cellsShown, true),
        eq(outcomes.groundTruthSha256, sha256),
        isNotNull(outcomes.cellsKey),
      ),
    )
    // the newest score last, so that it is the one that counts
    .orderBy(submissions.id, outcomes.createdAt);
  return rows.flatMap(({ cellsKey, ...row }) => (cellsKey ? [{ ...row, cellsKey }] : []));
}
