/**
 * Divides a data set into a public and a private part. The public part becomes the next version of its ground truth; the
 * private part waits as a scheduled version, on which nothing is scored before its date. So there are no numbers of the
 * private part that could be served too early.
 *
 *   whole ─▶ public part (everything is scored again on it) ─▶ on the date: private part (the same)
 */
import { and, desc, eq, lte, ne, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { lockDataset } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type Dataset, groundTruthVersions, type Rescore } from '#db/schema.ts';
import type { PackedPart, PartFacts } from '#lib/datasets/split-parts.ts';
import { AppError } from '#lib/errors.ts';
import { day } from '#lib/format.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { replaceGroundTruth, requireUndivided } from './ground-truth.ts';
import { requireIdle, rescoreOnVersion } from './start.ts';

type StoredPart = Omit<PackedPart, 'packed'> & { packKey: string };

/**
 * Throw unless ground truth of this kind can be divided, also before it is registered.
 *
 * @throws AppError `conflict` if it is public; `invalid` if its task or the date does not allow it
 */
export function requireDivisibleKind(dataset: Pick<Dataset, 'name' | 'task' | 'public'>, until: Date): void {
  if (dataset.public)
    throw new AppError('conflict', `The annotations of “${dataset.name}” are public: no part of it can be private.`);
  const task = parseTask(dataset.task);
  if (task?.kind.truthPerSlot || task?.slotsAreDatasets)
    throw new AppError(
      'invalid',
      `Ground truth of ${task.name} cannot be divided: only images with outlines of one data set can. ${
        task.slotsAreDatasets
          ? 'Each of its data sets is small, and its wells or fields are not known.'
          : 'A series of counts has few wells, and its limit of linearity depends on the whole range of counts: a part would have other numbers.'
      }`,
    );
  if (!(until.getTime() > Date.now())) throw new AppError('invalid', 'The date must be in the future.');
}

/** Throw unless a data set can be divided until a date. @throws AppError `invalid`, `conflict` */
export async function requireDivisible(dataset: Dataset, until: Date, tx: Tx = db()): Promise<void> {
  requireDivisibleKind(dataset, until);
  if (dataset.part)
    throw new AppError('conflict', `“${dataset.name}” is the ${dataset.part.name} part of a whole already.`);
  await requireUndivided(dataset, tx);
  await requireIdle(dataset, tx);
}

/**
 * Put the public part in the place of the whole, and the private part aside until a date. The caller has stored both.
 *
 * @throws AppError `conflict` if the data set cannot be divided now
 */
export async function divideDataset(
  datasetId: string,
  { parts, until, of }: { parts: { public: StoredPart; private: StoredPart }; until: Date; of: string },
  actorId: string | null,
  tx: Tx = db(),
): Promise<Rescore> {
  return tx.transaction(async (tx) => {
    const dataset = await lockDataset(datasetId, tx);
    await requireDivisible(dataset, until, tx);
    if (dataset.sha256 !== of)
      throw new AppError('conflict', `The ground truth of “${dataset.name}” was replaced in the meantime.`);
    const { by, units, of: all } = parts.public.part;
    const { part: about, ...facts } = parts.public;
    const part = { ...about, until: until.toISOString() };
    const note = `Divided by ${by}s: the public part, ${units} of ${all}, is scored until ${day(until)}, then the private part.`;
    const { version, rescore } = await replaceGroundTruth(datasetId, { facts, note, part, public: false }, actorId, tx);
    await tx.insert(groundTruthVersions).values({
      ...parts.private,
      datasetId,
      version: version.version + 1,
      state: 'scheduled',
      switchAt: until,
      public: false,
      note: 'The private part, as announced.',
      createdBy: actorId,
    });
    await recordEvent(
      actorId,
      { kind: 'ground-truth-divided', datasetId, name: dataset.name, by, until: until.toISOString(), units, of: all },
      tx,
    );
    return rescore;
  });
}

/** Return where the newest part of a data set with this name is stored; null if there is none. */
export async function findPart(datasetId: string, name: PartFacts['name'], tx: Tx = db()): Promise<string | null> {
  const { part, state, version, packKey } = groundTruthVersions;
  const [found] = await tx
    .select({ packKey })
    .from(groundTruthVersions)
    .where(and(eq(groundTruthVersions.datasetId, datasetId), ne(state, 'cancelled'), sql`${part} ->> 'name' = ${name}`))
    .orderBy(desc(version))
    .limit(1);
  return found?.packKey ?? null;
}

/**
 * Score everything on private parts whose date has come. A data set that is being scored again waits. Run periodically.
 *
 * @returns the names of the data sets
 */
export async function startDueParts(tx: Tx = db()): Promise<string[]> {
  const due = await tx
    .select({ id: groundTruthVersions.id, datasetId: groundTruthVersions.datasetId })
    .from(groundTruthVersions)
    .where(and(eq(groundTruthVersions.state, 'scheduled'), lte(groundTruthVersions.switchAt, sql`now()`)));
  const started: string[] = [];
  for (const { id, datasetId } of due)
    await tx
      .transaction(async (tx) => {
        const dataset = await lockDataset(datasetId, tx);
        await requireIdle(dataset, tx);
        const [version] = await tx
          .update(groundTruthVersions)
          .set({ state: 'next' })
          .where(and(eq(groundTruthVersions.id, id), eq(groundTruthVersions.state, 'scheduled')))
          .returning();
        if (!version) return; // another process was faster
        await rescoreOnVersion(dataset, { reason: version.note, version }, version.createdBy, tx);
        started.push(dataset.name);
      })
      .catch((error) => {
        if (!(error instanceof AppError)) throw error;
      });
  return started;
}
