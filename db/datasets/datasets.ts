/** Registered ground truth. */
import { asc, desc, eq, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import {
  type Dataset,
  type DatasetPictures,
  datasetPictures,
  datasetStatistics,
  datasets,
  groundTruthVersions,
} from '#db/schema.ts';
import { type DatasetStatistics, withoutImages } from '#lib/datasets/statistics.ts';
import { AppError } from '#lib/errors.ts';
import { splitOfName } from '#lib/livecell/splits.ts';
import { groundTruthTask } from '#lib/tasks/index.ts';

type Optional =
  | 'public'
  | 'demo'
  | 'licence'
  | 'source'
  | 'protocol'
  | 'split'
  | 'version'
  | 'evaluatorVersion'
  | 'part';
type NewDataset = Omit<Dataset, 'id' | 'createdAt' | Optional> & Partial<Pick<Dataset, Optional>>;

/**
 * Register ground truth under a name. Registering the same content again is allowed and may add a split that was
 * unknown. Throw if the name is taken by other content.
 */
export async function registerDataset(
  input: NewDataset,
  { actorId = null, note }: { actorId?: string | null; note?: string } = {},
  tx: Tx = db(),
): Promise<Dataset> {
  return tx.transaction(async (tx) => {
    const [created] = await tx
      .insert(datasets)
      .values({ ...input, split: input.split ?? splitOfName(input.name) })
      .onConflictDoNothing({ target: datasets.name })
      .returning();
    if (created) {
      const { id: datasetId, version, sha256, images, objects, cellTypes, packKey, createdAt } = created;
      await tx.insert(groundTruthVersions).values({
        datasetId,
        version,
        state: 'current',
        sha256,
        images,
        objects,
        cellTypes,
        packKey,
        createdAt,
        public: created.public,
        note: note || 'As it was registered.',
        createdBy: actorId,
      });
      await recordEvent(
        actorId,
        {
          kind: 'dataset-registered',
          datasetId: created.id,
          name: created.name,
          sha256: created.sha256,
        },
        tx,
      );
      return created;
    }
    const existing = await getDatasetByName(input.name, tx);
    if (existing?.sha256 === input.sha256 && existing.task === input.task) {
      if (!input.split || input.split === existing.split) return existing;
      const { split } = input;
      await tx.update(datasets).set({ split }).where(eq(datasets.id, existing.id));
      return { ...existing, split };
    }
    throw new AppError('conflict', `Ground truth named “${input.name}” is already registered with other content.`);
  });
}

export async function getDataset(id: string, tx: Tx = db()): Promise<Dataset | null> {
  const [dataset] = await tx.select().from(datasets).where(eq(datasets.id, id));
  return dataset ?? null;
}

/**
 * Lock a data set's row until the transaction ends.
 *
 * @throws AppError `not-found`
 */
export async function lockDataset(id: string, tx: Tx): Promise<Dataset> {
  const [dataset] = await tx.select().from(datasets).where(eq(datasets.id, id)).for('no key update');
  if (!dataset) throw new AppError('not-found', 'There is no such data set.');
  return dataset;
}

export async function getDatasetByName(name: string, tx: Tx = db()): Promise<Dataset | null> {
  const [dataset] = await tx.select().from(datasets).where(eq(datasets.name, name));
  return dataset ?? null;
}

/** Save the statistics that may be shown. Each import replaces them, so older data sets gain new ones. */
export async function saveStatistics(dataset: Dataset, all: DatasetStatistics, tx: Tx = db()): Promise<void> {
  const statistics = dataset.public ? all : withoutImages(all);
  await tx
    .insert(datasetStatistics)
    .values({ datasetId: dataset.id, statistics })
    .onConflictDoUpdate({ target: datasetStatistics.datasetId, set: { statistics } });
}

/** Return a data set's statistics; null without annotations, or if it was registered before statistics existed. */
export async function getStatistics(dataset: Dataset, tx: Tx = db()): Promise<DatasetStatistics | null> {
  const [found] = await tx.select().from(datasetStatistics).where(eq(datasetStatistics.datasetId, dataset.id));
  if (!found) return null;
  // the data set may have been public when they were saved
  return dataset.public ? found.statistics : withoutImages(found.statistics);
}

/** Replace the images of a data set. @returns the storage key of the previous archive, if it is another one */
export async function savePictures(
  pictures: Omit<DatasetPictures, 'createdAt'>,
  tx: Tx = db(),
): Promise<string | null> {
  return tx.transaction(async (tx) => {
    const [before] = await tx
      .select()
      .from(datasetPictures)
      .where(eq(datasetPictures.datasetId, pictures.datasetId))
      .for('update');
    const values = { ...pictures, createdAt: new Date() };
    const { public: shown, files } = pictures;
    await recordEvent(
      null,
      {
        kind: 'pictures-registered',
        datasetId: pictures.datasetId,
        name: (await getDataset(pictures.datasetId, tx))?.name ?? '',
        before: before ? { public: before.public, files: before.files } : null,
        after: { public: shown, files },
      },
      tx,
    );
    await tx
      .insert(datasetPictures)
      .values(values)
      .onConflictDoUpdate({ target: datasetPictures.datasetId, set: values });
    return before && before.packKey !== pictures.packKey ? before.packKey : null;
  });
}

/** Return a data set's images; null if none are registered. `lib/permissions.ts` decides who may see them. */
export async function getPictures(datasetId: string, tx: Tx = db()): Promise<DatasetPictures | null> {
  const [found] = await tx.select().from(datasetPictures).where(eq(datasetPictures.datasetId, datasetId));
  return found ?? null;
}

/** Training sets come last, so that no board shows one by default: methods are not compared on training images. */
const TRAINING = sql`coalesce(${datasets.split} = 'train', false)`;
const VALIDATION = sql`coalesce(${datasets.split} = 'val', false)`;

/** List a task's data sets, or all: real before demo, test before validation before training, newest first. */
export async function listDatasets(filter: { task?: string } = {}, tx: Tx = db()): Promise<Dataset[]> {
  return tx
    .select()
    .from(datasets)
    .where(filter.task === undefined ? undefined : eq(datasets.task, groundTruthTask(filter.task)))
    .orderBy(TRAINING, asc(datasets.demo), VALIDATION, desc(datasets.createdAt), asc(datasets.id));
}

/** Return the default data set for submissions to a task: its newest real one, else the demo one. */
export async function activeDataset(task: string, tx: Tx = db()): Promise<Dataset | null> {
  const [first] = await listDatasets({ task }, tx);
  return first ?? null;
}
