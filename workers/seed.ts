/**
 * What a new installation begins with: the published reference results, and a synthetic benchmark with three entries
 * that go through the same queue as everybody's. Safe to repeat, and to run again after being killed half way.
 */
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { closeDb, db } from '#db/client.ts';
import { getDatasetByName, registerDataset, saveStatistics } from '#db/datasets.ts';
import { parsePublishedResults, saveReferenceResults } from '#db/reference-results.ts';
import { createDemoSubmission } from '#db/submissions.ts';
import { env } from '#lib/env.ts';
import { type StoredFile, storage } from '#lib/storage.ts';

export interface Seeded {
  referenceResults: number;
  /** false: it was there already */
  demo: boolean;
}

/** Any number, as long as nobody else takes it. */
const LOCK = 7_235_019;
const DEMO = { name: 'demo', task: 'livecell-wide', imagesPerType: 6, seed: 1 };

export async function seed(): Promise<Seeded> {
  const csv = await readFile(new URL('../db/published-results.csv', import.meta.url), 'utf8');
  const results = parsePublishedResults(csv);
  await saveReferenceResults(results);
  return { referenceResults: results.length, demo: await seedDemo() };
}

/** Files first, then one transaction with the data set, its entries and their jobs: either all of it is there or none. */
async function seedDemo(): Promise<boolean> {
  if (await getDatasetByName(DEMO.name)) return false;
  const { writeDemoData } = await import('./demo-data.ts');
  const { importGroundTruth } = await import('#lib/readers/open.ts');

  await mkdir(env().LIVECELL_DATA, { recursive: true });
  const folder = await mkdtemp(join(env().LIVECELL_DATA, 'seed-'));
  try {
    const data = await writeDemoData(folder, DEMO);
    const packed = join(folder, 'packed');
    const { sha256, images, objects, cellTypes, statistics } = await importGroundTruth(data.groundTruth, packed);
    const { key: packKey } = await store(packed, `datasets/demo-${sha256.slice(0, 16)}`);
    const entries: { method: string; description: string; file: StoredFile }[] = [];
    for (const { name, method, description, path } of data.predictions) {
      entries.push({ method, description, file: await store(path, `submissions/demo-${name}/all.json`) });
    }

    return await db().transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
      if (await getDatasetByName(DEMO.name, tx)) return false; // another process was faster
      const { name, task } = DEMO;
      const dataset = await registerDataset(
        { name, task, sha256, images, objects, cellTypes, packKey, public: true, demo: true },
        tx,
      );
      await saveStatistics(dataset, statistics, tx);
      for (const { method, description, file } of entries) {
        const { key: storageKey, bytes, sha256 } = file;
        const files = [{ slot: 'all', fileName: 'demo-predictions.json', bytes, sha256, storageKey }];
        const trainingData = 'none: made from the demo ground truth by damaging it';
        await createDemoSubmission({ task, datasetId: dataset.id, method, description, trainingData, files }, tx);
      }
      return true;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function store(path: string, key: string): Promise<StoredFile> {
  return storage().put(key, createReadStream(path));
}

if (import.meta.main) {
  await seed();
  await closeDb();
}
