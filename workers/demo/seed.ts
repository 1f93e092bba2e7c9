/**
 * Content of a new installation: the published reference results, and a synthetic benchmark with entries that go
 * through the same queue as all others. Safe to repeat, even after being killed half way.
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { sql } from 'drizzle-orm';
import { getDatasetByName, registerDataset, savePictures, saveStatistics } from '#db/datasets/datasets.ts';
import { parsePublishedResults, saveReferenceResults } from '#db/datasets/reference-results.ts';
import { closeDb, db } from '#db/engine/client.ts';
import { createDemoSubmission, type NewSubmission } from '#db/submissions/submissions.ts';
import { env } from '#lib/env.ts';
import { CELL_TYPES, type CellType, cellTypeOf } from '#lib/livecell/cell-types.ts';
import { type StoredFile, storage } from '#lib/storage.ts';
import type { DemoData } from './data.ts';

interface Seeded {
  referenceResults: number;
  /** false: it was already there */
  demo: boolean;
}

/** An arbitrary number that no other lock uses. */
const LOCK = 7_235_019;
const DEMO = { name: 'demo', task: 'livecell-wide', imagesPerType: 6, seed: 1 };

export async function seed(): Promise<Seeded> {
  const csv = await readFile(new URL('../../db/datasets/published-results.csv', import.meta.url), 'utf8');
  const results = parsePublishedResults(csv);
  await saveReferenceResults(results);
  return { referenceResults: results.length, demo: await seedDemo() };
}

/** Write the files first, then in one transaction the data set, its entries and their jobs: all of it or nothing. */
async function seedDemo(): Promise<boolean> {
  if (await getDatasetByName(DEMO.name)) return false;
  const { drawPicture, writeDemoData } = await import('./data.ts');
  const { importGroundTruth } = await import('#lib/datasets/import-ground-truth.ts');
  const { openGroundTruth } = await import('#lib/readers/ground-truth-file.ts');
  const { packPictures } = await import('#lib/datasets/pictures.ts');
  const { packReferenceCounts } = await import('#workers/scoring/counts.ts');

  await mkdir(env().LIVECELL_DATA, { recursive: true });
  const folder = await mkdtemp(join(env().LIVECELL_DATA, 'seed-'));
  try {
    const data = await writeDemoData(folder, DEMO);
    const packed = join(folder, 'packed');
    const { sha256, images, objects, cellTypes } = await importGroundTruth(data.groundTruth, packed);
    const { key: packKey } = await store(packed, `datasets/demo-${sha256.slice(0, 16)}`);
    const groundTruth = await openGroundTruth(packed);
    const drawn = {
      images: groundTruth.images.ids.map((_, image) => image),
      warnings: [],
      read: (image: number) => drawPicture(groundTruth.images.fileNames[image], DEMO.seed),
      close: () => {},
    };
    const pictures = await packPictures(groundTruth, drawn, join(folder, 'pictures'));
    const { key: picturesKey } = await store(join(folder, 'pictures'), `pictures/demo-${sha256.slice(0, 16)}`);
    const entries: { method: string; description: string; file: StoredFile }[] = [];
    for (const { name, method, description, path } of data.predictions) {
      entries.push({ method, description, file: await store(path, `submissions/demo-${name}/all.json`) });
    }

    const ofOtherTasks = await otherEntries(
      folder,
      data,
      entries.map(({ file }) => file),
    );
    // cells drawn from another seed are data that no demo model was made from
    const elsewhere = await writeDemoData(join(folder, 'outside'), { imagesPerType: 1, seed: DEMO.seed + 1 });
    const outside = await importGroundTruth(elsewhere.groundTruth, join(folder, 'outside-packed'));
    const { key: outsideKey } = await store(
      join(folder, 'outside-packed'),
      `datasets/demo-outside-${outside.sha256.slice(0, 16)}`,
    );
    for (const { name, method, path } of elsewhere.predictions.filter(({ name }) => name !== 'medium'))
      ofOtherTasks.push({
        task: 'zero-shot',
        method,
        files: [slotFile(OUTSIDE, await store(path, `submissions/demo-outside/${name}.json`))],
      });
    const counts = await packReferenceCounts(COUNTING.map((slot) => ({ slot, path: data.counts[slot].reference })));
    const { text, ...aboutCounts } = counts;
    const { key: countsKey } = await storage().put(
      `datasets/demo-counts-${counts.sha256.slice(0, 16)}`,
      Readable.from([Buffer.from(text)]),
    );

    return await db().transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
      if (await getDatasetByName(DEMO.name, tx)) return false; // another process was faster
      const { name, task } = DEMO;
      const dataset = await registerDataset(
        { name, task, sha256, images, objects, cellTypes, packKey, split: 'test', public: true, demo: true },
        {},
        tx,
      );
      await saveStatistics(dataset, pictures.statistics, tx);
      const { files, examples } = pictures;
      await savePictures(
        { datasetId: dataset.id, public: true, packKey: picturesKey, groundTruthSha256: sha256, files, examples },
        tx,
      );
      for (const { method, description, file } of entries) {
        const { key: storageKey, bytes, sha256 } = file;
        const files = [{ slot: 'all', fileName: 'demo-predictions.json', bytes, sha256, storageKey }];
        const trainingData = 'none: made from the demo ground truth by damaging it';
        const sharing = { licence: 'CC0-1.0' as const, cellsShown: true, filesShared: true };
        await createDemoSubmission(
          { task, datasetId: dataset.id, method, description, trainingData, ...sharing, files },
          tx,
        );
      }
      const counted = await registerDataset(
        {
          name: `${name} counts`,
          task: 'fluorescence-counts',
          packKey: countsKey,
          public: true,
          demo: true,
          ...aboutCounts,
        },
        {},
        tx,
      );
      const { statistics: _, warnings: __, ...aboutOutside } = outside;
      const foreign = await registerDataset(
        {
          name: OUTSIDE,
          task: 'zero-shot',
          packKey: outsideKey,
          public: true,
          demo: true,
          source: 'drawn by this program from another seed',
          protocol: 'as it is',
          licence: 'MIT',
          ...aboutOutside,
        },
        {},
        tx,
      );
      await saveStatistics(foreign, outside.statistics, tx);
      for (const { task, method, files } of ofOtherTasks) {
        const datasets: Record<string, string> = { 'fluorescence-counts': counted.id, 'zero-shot': foreign.id };
        const datasetId = datasets[task] ?? dataset.id;
        const description = 'Synthetic, as the demo entries of LIVECell-wide. Not a real method.';
        const trainingData = 'none: made from the demo ground truth by damaging it';
        await createDemoSubmission({ task, datasetId, method, description, trainingData, files }, tx);
      }
      return true;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const COUNTING = ['A172', 'A549'] as const;
const OUTSIDE = `${DEMO.name} outside`;

/**
 * Two methods for each task, named like their LIVECell-wide entries, so that boards compare them and charts have two
 * lines.
 */
interface OtherEntry {
  task: string;
  method: string;
  files: NewSubmission['files'];
}

function slotFile(slot: string, { key: storageKey, bytes, sha256 }: StoredFile): NewSubmission['files'][number] {
  return { slot, fileName: `demo-${slot}.json`, bytes, sha256, storageKey };
}

/** Return the entries of the tasks with several files. Two tasks may use the same files, as with an upload. */
async function otherEntries(
  folder: string,
  data: DemoData,
  [strong, medium, weak]: StoredFile[],
): Promise<OtherEntry[]> {
  const read = async (path: string) => JSON.parse(await readFile(path, 'utf8'));
  const [good, fair, bad] = await Promise.all(data.predictions.map(({ path }) => read(path)));
  const [{ method: best }, { method: second }] = data.predictions;
  const { images } = await read(data.groundTruth);
  const types = new Map<number, string | null>(
    images.map(({ id, file_name }: { id: number; file_name: string }) => [id, cellTypeOf(file_name)]),
  );
  /** Models trained on one type each: as good on that type as `home` says, weak elsewhere. */
  const perType = async (name: string, home: (type: CellType) => object[]) => {
    const files = [];
    for (const type of CELL_TYPES) {
      const at = (here: boolean) => (detection: object) =>
        (types.get((detection as { image_id: number }).image_id) === type) === here;
      const path = join(folder, `${name}-${type}.json`);
      await writeFile(path, JSON.stringify([...home(type).filter(at(true)), ...bad.filter(at(false))]));
      files.push(slotFile(type, await store(path, `submissions/demo-types-${name}/${type}.json`)));
    }
    return files;
  };
  // types for which a model needs more than their own images to be good
  const needOthers: readonly CellType[] = ['BT474', 'MCF7', 'SHSY5Y'];
  const ofBest = await perType('strong', (type) => (needOthers.includes(type) ? fair : good));
  const ofSecond = await perType('medium', () => fair);
  const counts = [];
  for (const slot of COUNTING)
    counts.push(slotFile(slot, await store(data.counts[slot].predictions, `submissions/demo-counts/${slot}.json`)));
  return [
    { task: 'single-cell-type', method: best, files: ofBest },
    // a set may be incomplete, and then has no mean
    { task: 'single-cell-type', method: second, files: ofSecond.slice(0, 5) },
    { task: 'transferability', method: best, files: ofBest },
    { task: 'transferability', method: second, files: ofSecond },
    {
      task: 'training-size',
      method: best,
      files: [slotFile('2', weak), slotFile('25', medium), slotFile('100', strong)],
    },
    {
      task: 'training-size',
      method: second,
      files: [slotFile('2', weak), slotFile('5', weak), slotFile('100', medium)],
    },
    { task: 'fluorescence-counts', method: 'Demo counts', files: counts },
  ];
}

async function store(path: string, key: string): Promise<StoredFile> {
  return storage().put(key, createReadStream(path));
}

/** Run as a process of its own: see `workers/run.mjs`. */
export async function run(): Promise<void> {
  await seed();
  await closeDb();
}
