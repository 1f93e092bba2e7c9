/**
 * Ground truth as maintainers keep it: registered, replaced by a new version, made public or not.
 *
 *   files sent in ─▶ import (read in the scoring process) ─▶ a data set, version 1
 *                                                        └▶ its next version ─▶ every entry scored again (`rescore.ts`)
 *                                                                           ─▶ current, all at once
 */
import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { getDatasetByName, lockDataset, registerDataset, saveStatistics } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { enqueueImport } from '#db/queue/queue.ts';
import {
  type Dataset,
  datasets,
  type GroundTruthImport,
  type GroundTruthVersion,
  groundTruthImports,
  groundTruthVersions,
  type Rescore,
  users,
} from '#db/schema.ts';
import type { DatasetStatistics } from '#lib/datasets/statistics.ts';
import { AppError } from '#lib/errors.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import { groundTruthTask } from '#lib/tasks/index.ts';
import { requireIdle, rescoreOnVersion } from './start.ts';

/** What reading a file of ground truth finds out. */
export interface GroundTruthFacts {
  sha256: string;
  images: number;
  objects: number;
  cellTypes: Record<string, number>;
  /** of reference counts there are none */
  statistics: DatasetStatistics | null;
}

export const MAX_NOTE = 1000;

// --- versions ---

export interface VersionLine extends Omit<GroundTruthVersion, 'statistics' | 'packKey'> {
  /** null: the command line, or somebody who has left */
  by: string | null;
}

/** What a data set has been, the newest first: digests and counts, never annotations. */
export async function listGroundTruthVersions(datasetId: string, tx: Tx = db()): Promise<VersionLine[]> {
  const rows = await tx
    .select({ version: groundTruthVersions, by: users.name })
    .from(groundTruthVersions)
    .leftJoin(users, eq(users.id, groundTruthVersions.createdBy))
    .where(eq(groundTruthVersions.datasetId, datasetId))
    .orderBy(desc(groundTruthVersions.version));
  return rows.map(({ version: { statistics: _, packKey: __, ...version }, by }) => ({ ...version, by }));
}

/**
 * Other ground truth for a data set. It is the next version until everything that was scored has been scored on it.
 *
 * @throws AppError `conflict` where it is what there is already, or a re-score runs; `invalid` without a note
 */
export async function replaceGroundTruth(
  datasetId: string,
  { facts, note, public: isPublic }: { facts: GroundTruthFacts & { packKey: string }; note: string; public?: boolean },
  actorId: string | null,
  tx: Tx = db(),
): Promise<{ version: GroundTruthVersion; rescore: Rescore }> {
  const { sha256, images, objects, cellTypes, packKey, statistics } = facts;
  const words = note.trim();
  if (!words) throw new AppError('invalid', 'Say what changed and why: owners of entries read it.');
  return tx.transaction(async (tx) => {
    const dataset = await lockDataset(datasetId, tx);
    await requireIdle(dataset, tx);
    if (dataset.sha256 === sha256)
      throw new AppError(
        'conflict',
        `This is the ground truth that “${dataset.name}” has already (SHA-256 ${sha256}).`,
      );
    const [{ last }] = await tx
      .select({ last: sql<number>`coalesce(max(${groundTruthVersions.version}), ${dataset.version})`.mapWith(Number) })
      .from(groundTruthVersions)
      .where(eq(groundTruthVersions.datasetId, datasetId));
    const [version] = await tx
      .insert(groundTruthVersions)
      .values({
        datasetId,
        version: last + 1,
        state: 'next',
        sha256,
        images,
        objects,
        cellTypes,
        packKey,
        statistics,
        public: isPublic ?? dataset.public,
        note: words,
        createdBy: actorId,
      })
      .returning();
    await recordEvent(
      actorId,
      {
        kind: 'ground-truth-version-added',
        datasetId,
        name: dataset.name,
        version: version.version,
        note: words,
        before: dataset.sha256,
        after: sha256,
      },
      tx,
    );
    const rescore = await rescoreOnVersion(dataset, { reason: words, version }, actorId, tx);
    return { version, rescore };
  });
}

/** Annotations may be shown and downloaded, or no longer. What was computed from them stays as it is. */
export async function setDatasetPublic(
  datasetId: string,
  isPublic: boolean,
  actorId: string | null,
  tx: Tx = db(),
): Promise<Dataset> {
  return tx.transaction(async (tx) => {
    const dataset = await lockDataset(datasetId, tx);
    if (dataset.public === isPublic)
      throw new AppError('conflict', `“${dataset.name}” is ${isPublic ? 'public' : 'not public'} already.`);
    const [changed] = await tx.update(datasets).set({ public: isPublic }).where(eq(datasets.id, datasetId)).returning();
    // a version that is on its way follows: who closes ground truth does not want it to open by itself
    await tx
      .update(groundTruthVersions)
      .set({ public: isPublic })
      .where(
        and(eq(groundTruthVersions.datasetId, datasetId), inArray(groundTruthVersions.state, ['current', 'next'])),
      );
    await recordEvent(
      actorId,
      {
        kind: 'dataset-visibility-changed',
        datasetId,
        name: dataset.name,
        before: dataset.public,
        after: isPublic,
      },
      tx,
    );
    return changed;
  });
}

// --- files that were sent in ---

export type NewImport = Pick<GroundTruthImport, 'name' | 'task' | 'files'> &
  Partial<Pick<GroundTruthImport, 'public' | 'licence' | 'source' | 'protocol' | 'split' | 'note'>> & {
    /** whose next version it is; absent: a new data set */
    datasetId?: string | null;
  };

/**
 * Files a maintainer sent in, and the job that will read them. What can be refused before reading is refused now.
 *
 * @throws AppError `conflict` where the name is taken, or a re-score of the data set runs
 */
export async function createImport(
  input: NewImport,
  actorId: string | null,
  tx: Tx = db(),
): Promise<GroundTruthImport> {
  return tx.transaction(async (tx) => {
    const { datasetId = null, note = '', ...values } = input;
    if (datasetId !== null) await requireIdle(await lockDataset(datasetId, tx), tx);
    else if (await getDatasetByName(input.name, tx))
      throw new AppError(
        'conflict',
        `There is ground truth named “${input.name}” already. Replace it, or choose another name.`,
      );
    const [created] = await tx
      .insert(groundTruthImports)
      .values({ ...values, datasetId, note, createdBy: actorId })
      .returning();
    await recordEvent(
      actorId,
      {
        kind: 'ground-truth-received',
        importId: created.id,
        name: input.name,
        task: input.task,
        note,
        replaces: datasetId,
      },
      tx,
    );
    await enqueueImport(created.id, tx);
    return created;
  });
}

/** Takes an import up. Null where it is over. One that is running already is taken up again: its process was killed. */
export async function startImport(id: string, tx: Tx = db()): Promise<GroundTruthImport | null> {
  const [started] = await tx
    .update(groundTruthImports)
    .set({ state: 'running' })
    .where(and(eq(groundTruthImports.id, id), inArray(groundTruthImports.state, ['waiting', 'running'])))
    .returning();
  return started ?? null;
}

/**
 * What was read becomes a data set, or the next version of one: all of it or nothing. False: it is over already.
 *
 * @throws AppError where the site has changed meanwhile: the name is taken, a re-score runs
 */
export async function finishImport(
  id: string,
  facts: GroundTruthFacts & { packKey: string; warnings: Warning[] },
  tx: Tx = db(),
): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const [found] = await tx.select().from(groundTruthImports).where(eq(groundTruthImports.id, id)).for('update');
    if (found?.state !== 'running') return false;
    const { warnings, ...known } = facts;
    const { name, task, createdBy, note } = found;
    let datasetId = found.datasetId;
    if (datasetId !== null)
      await replaceGroundTruth(datasetId, { facts: known, note, public: found.public }, createdBy, tx);
    else {
      const { statistics, ...columns } = known;
      const { licence, source, protocol, split } = found;
      const dataset = await registerDataset(
        { ...columns, name, task: groundTruthTask(task), public: found.public, licence, source, protocol, split },
        { actorId: createdBy, note },
        tx,
      );
      if (dataset.packKey !== known.packKey)
        throw new AppError('conflict', `There is ground truth named “${name}” with this content already.`);
      if (statistics) await saveStatistics(dataset, statistics, tx);
      datasetId = dataset.id;
    }
    await tx
      .update(groundTruthImports)
      .set({ state: 'done', datasetId, warnings, finishedAt: sql`now()` })
      .where(eq(groundTruthImports.id, id));
    return true;
  });
}

/** It came to nothing: the files are wrong, or we are. Returns the import whose files are the caller's to delete. */
export async function failImport(
  id: string,
  why: { problems: Problem[]; warnings?: Warning[] } | { failure: string },
  tx: Tx = db(),
): Promise<GroundTruthImport | null> {
  return tx.transaction(async (tx) => {
    const [failed] = await tx
      .update(groundTruthImports)
      .set({ state: 'failed', ...why, finishedAt: sql`now()` })
      .where(and(eq(groundTruthImports.id, id), inArray(groundTruthImports.state, ['waiting', 'running'])))
      .returning();
    if (!failed) return null;
    const reason = 'failure' in why ? why.failure : (why.problems[0]?.message ?? 'The file is wrong.');
    await recordEvent(null, { kind: 'ground-truth-import-failed', importId: id, name: failed.name, reason }, tx);
    return failed;
  });
}

export interface ImportLine extends GroundTruthImport {
  by: string | null;
}

/** What was sent in: what is not over, and what came to nothing lately; the newest first. */
export async function listImports(filter: { datasetId?: string } = {}, tx: Tx = db()): Promise<ImportLine[]> {
  const rows = await tx
    .select({ import: groundTruthImports, by: users.name })
    .from(groundTruthImports)
    .leftJoin(users, eq(users.id, groundTruthImports.createdBy))
    .where(
      and(
        filter.datasetId === undefined ? undefined : eq(groundTruthImports.datasetId, filter.datasetId),
        sql`(${groundTruthImports.state} in ('waiting', 'running')
          or ${groundTruthImports.createdAt} > now() - interval '14 days')`,
      ),
    )
    .orderBy(desc(groundTruthImports.createdAt), asc(groundTruthImports.id))
    .limit(20);
  return rows.map((row) => ({ ...row.import, by: row.by }));
}
