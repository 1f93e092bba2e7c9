/**
 * Ground truth as maintainers keep it: registered, replaced by a new version, made public or not.
 *
 *   files sent in ─▶ import (read in the scoring process) ─▶ a data set, version 1
 *                                                        └▶ its next version ─▶ every entry scored again (`start.ts`)
 *                                                                           ─▶ current, all at once
 */
import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { deriveTimed } from '#db/board/values.ts';
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
import type { PartFacts } from '#lib/datasets/split-parts.ts';
import type { DatasetStatistics } from '#lib/datasets/statistics.ts';
import { AppError } from '#lib/errors.ts';
import { day } from '#lib/format.ts';
import type { Problem, Warning } from '#lib/problems.ts';
import { groundTruthTask } from '#lib/tasks/index.ts';
import { requireIdle, rescoreOnVersion } from './start.ts';

/** The result of reading a ground-truth file. */
export interface GroundTruthFacts {
  sha256: string;
  images: number;
  objects: number;
  cellTypes: Record<string, number>;
  /** null for reference counts, which have none */
  statistics: DatasetStatistics | null;
}

export const MAX_NOTE = 1000;

// --- versions ---

export interface VersionLine extends Omit<GroundTruthVersion, 'statistics' | 'packKey'> {
  /** null: the command line, or a person whose account is gone */
  by: string | null;
}

/** Return the versions of a data set, newest first: digests and counts, never annotations. */
export async function listGroundTruthVersions(datasetId: string, tx: Tx = db()): Promise<VersionLine[]> {
  const rows = await tx
    .select({ version: groundTruthVersions, by: users.name })
    .from(groundTruthVersions)
    .leftJoin(users, eq(users.id, groundTruthVersions.createdBy))
    .where(eq(groundTruthVersions.datasetId, datasetId))
    .orderBy(desc(groundTruthVersions.version));
  return rows.map(({ version: { statistics: _, packKey: __, ...version }, by }) => ({ ...version, by }));
}

interface NewVersion {
  facts: GroundTruthFacts & { packKey: string };
  note: string;
  public?: boolean;
  /** it is the public part of the whole */
  part?: PartFacts | null;
}

/**
 * Replace the ground truth of a data set. The new version becomes current when every scored submission has been scored
 * on it.
 *
 * @throws AppError `conflict` if the content is the same or a re-score is running; `invalid` without a note
 */
export async function replaceGroundTruth(
  datasetId: string,
  { facts, note, public: isPublic, part = null }: NewVersion,
  actorId: string | null,
  tx: Tx = db(),
): Promise<{ version: GroundTruthVersion; rescore: Rescore }> {
  const { sha256, images, objects, cellTypes, packKey, statistics } = facts;
  const words = note.trim();
  if (!words) throw new AppError('invalid', 'Say what changed and why. The owners of entries read it.');
  return tx.transaction(async (tx) => {
    const dataset = await lockDataset(datasetId, tx);
    await requireIdle(dataset, tx);
    await requireUndivided(dataset, tx);
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
        part,
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

/** Throw while the private part of a data set waits: it is of the ground truth that is there. @throws AppError `conflict` */
export async function requireUndivided({ id, name }: Dataset, tx: Tx): Promise<void> {
  const [waiting] = await tx
    .select({ switchAt: groundTruthVersions.switchAt })
    .from(groundTruthVersions)
    .where(and(eq(groundTruthVersions.datasetId, id), eq(groundTruthVersions.state, 'scheduled')));
  if (waiting)
    throw new AppError(
      'conflict',
      `“${name}” is divided: its private part is scored from ${day(waiting.switchAt!)} on. Until then its ground truth is neither replaced nor divided again.`,
    );
}

/** Make the annotations of a data set public or private. Scores computed from them stay. */
export async function setDatasetPublic(
  datasetId: string,
  isPublic: boolean,
  { actorId, reason }: { actorId: string | null; reason: string },
  tx: Tx = db(),
): Promise<Dataset> {
  return tx.transaction(async (tx) => {
    const dataset = await lockDataset(datasetId, tx);
    if (isPublic) await requireUndivided(dataset, tx);
    if (dataset.public === isPublic)
      throw new AppError('conflict', `“${dataset.name}” is ${isPublic ? 'public' : 'not public'} already.`);
    const [changed] = await tx.update(datasets).set({ public: isPublic }).where(eq(datasets.id, datasetId)).returning();
    // the next version follows, or the switch would make closed ground truth public again
    await tx
      .update(groundTruthVersions)
      .set({ public: isPublic })
      .where(
        and(eq(groundTruthVersions.datasetId, datasetId), inArray(groundTruthVersions.state, ['current', 'next'])),
      );
    // times stand against annotated cells only while these are public
    await deriveTimed(datasetId, tx);
    await recordEvent(
      actorId,
      {
        kind: 'dataset-visibility-changed',
        datasetId,
        name: dataset.name,
        before: dataset.public,
        after: isPublic,
        reason,
      },
      tx,
    );
    return changed;
  });
}

// --- uploaded files ---

export type NewImport = Pick<GroundTruthImport, 'name' | 'task' | 'files'> &
  Partial<Pick<GroundTruthImport, 'public' | 'licence' | 'source' | 'protocol' | 'split' | 'note' | 'splitting'>> & {
    /** the data set whose next version it is; absent: a new data set */
    datasetId?: string | null;
  };

/**
 * Create an import of files that a maintainer uploaded, and the job that reads them.
 *
 * @throws AppError `conflict` if the name is taken or a re-score of the data set is running
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

/** Start an import; null if it has ended. A running one is started again, because its process was killed. */
export async function startImport(id: string, tx: Tx = db()): Promise<GroundTruthImport | null> {
  const [started] = await tx
    .update(groundTruthImports)
    .set({ state: 'running' })
    .where(and(eq(groundTruthImports.id, id), inArray(groundTruthImports.state, ['waiting', 'running'])))
    .returning();
  return started ?? null;
}

/**
 * Turn what was read into a data set, or into the next version of one, in one transaction. False: the import has ended.
 *
 * @throws AppError `conflict` if, in the meantime, the name was taken or a re-score was started
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
    await endImport(id, { datasetId, warnings }, tx);
    return true;
  });
}

/** Record that an import is done. */
export async function endImport(
  id: string,
  result: { datasetId: string; warnings: Warning[] },
  tx: Tx = db(),
): Promise<void> {
  await tx
    .update(groundTruthImports)
    .set({ state: 'done', ...result, finishedAt: sql`now()` })
    .where(eq(groundTruthImports.id, id));
}

/** End an import without a result, because of its files or of the site. Return it, for the caller to delete its files. */
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

/** Return imports that are unfinished or less than two weeks old, newest first. */
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
