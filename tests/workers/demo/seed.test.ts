import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { getLeaderboard } from '#db/board/board.ts';
import { getDatasetByName, getPictures, getStatistics, saveStatistics } from '#db/datasets/datasets.ts';
import { listReferenceResults } from '#db/datasets/reference-results.ts';
import { closeDb, db } from '#db/engine/client.ts';
import { queueSnapshot } from '#db/queue/queue.ts';
import { searchSubmissions } from '#db/submissions/moderation.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { readPicture } from '#lib/datasets/pictures.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { storage } from '#lib/storage.ts';
import { ENGINES, type TestDatabase, temporaryFolder } from '#tests/db/databases.ts';
import { someReports } from '#tests/db/fixtures.ts';
import { seed } from '#workers/demo/seed.ts';

describe.each(ENGINES)('a new installation on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  const data = temporaryFolder();
  beforeAll(async () => {
    database = await open();
    vi.stubEnv('DATABASE_URL', database.url);
    vi.stubEnv('LIVECELL_DATA', data);
  });
  afterAll(async () => {
    await closeDb();
    await database.close();
    vi.unstubAllEnvs();
    rmSync(data, { recursive: true, force: true });
  });

  test('is seeded once, however often and by however many', { timeout: 240_000 }, async () => {
    const both = await Promise.all([seed(), seed()]);
    expect(both.filter((seeded) => seeded.demo)).toHaveLength(1);
    expect((await seed()).demo).toBe(false);
    expect(await listReferenceResults({ task: 'livecell-wide' })).toHaveLength(18);

    const dataset = (await getDatasetByName('demo'))!;
    expect(dataset).toMatchObject({ demo: true, public: true, images: 48 });
    expect(Object.values(dataset.cellTypes)).toEqual(Array.from({ length: 8 }, () => 6));
    expect(await storage().exists(dataset.packKey)).toBe(true);

    const entries = (await searchSubmissions({ filter: 'all' })).rows;
    expect(entries.map(({ task }) => task).sort()).toEqual([
      'fluorescence-counts',
      ...['livecell-wide', 'livecell-wide', 'livecell-wide'],
      ...['single-cell-type', 'training-size', 'transferability', 'zero-shot'].flatMap((task) => [task, task]),
    ]);
    // a method is called the same in every task it has an entry in
    const methods = new Set(entries.filter(({ task }) => task !== 'fluorescence-counts').map(({ method }) => method));
    expect([...methods].sort()).toEqual(['Demo model, medium', 'Demo model, strong', 'Demo model, weak']);
    expect(await getDatasetByName('demo outside')).toMatchObject({ task: 'zero-shot', demo: true, images: 8 });
    expect((await queueSnapshot()).waiting).toBe(12);
    for (const { id } of entries) {
      const entry = (await getSubmission(id))!;
      expect(entry).toMatchObject({ demo: true, state: 'queued', visibility: 'published', userId: null });
      expect(await storage().size(entry.files[0].storageKey)).toBe(entry.files[0].bytes);
    }
  });

  test('has pictures of the demo images, one of each cell type as an example', async () => {
    const dataset = (await getDatasetByName('demo'))!;
    const pictures = (await getPictures(dataset.id))!;
    expect(pictures).toMatchObject({ public: true, files: 48, groundTruthSha256: dataset.sha256 });
    expect(pictures.examples.map(({ cellType }) => cellType)).toEqual([...CELL_TYPES]);
    const path = await storage().localPath(pictures.packKey);
    for (const { name } of pictures.examples)
      for (const ending of ['png', 'svg']) expect(await readPicture(path, `${name}.${ending}`)).not.toBeNull();
    expect((await getStatistics(dataset))?.components?.metrics).toHaveLength(17);
  });

  test('says what the demo images are like, and of single images only while they are public', async () => {
    const dataset = (await getDatasetByName('demo'))!;
    const all = (await getStatistics(dataset))!;
    expect(all.groups).toHaveLength(8);
    expect(all.components?.scores).toHaveLength(48);
    // made private since, and registered as private
    const hidden = { ...dataset, public: false };
    expect((await getStatistics(hidden))?.components).not.toHaveProperty('scores', expect.anything());
    await saveStatistics(hidden, all);
    expect((await getStatistics(dataset))?.components).not.toHaveProperty('scores');
    await saveStatistics(dataset, all);
    expect(await getStatistics(dataset)).toEqual(all);
  });

  test('shows its entries, marked as demo, as soon as they are scored', async () => {
    const { id } = (await searchSubmissions({ filter: 'all' })).rows.find(({ task }) => task === 'livecell-wide')!;
    const { sha256 } = (await getDatasetByName('demo'))!;
    const board = async () =>
      (await getLeaderboard({ task: 'livecell-wide', protocol: 'coco', evaluation: 'segm' }, db())).rows;
    expect(await board()).toEqual([]);
    await startScoring(id, 1);
    await saveReports(id, someReports({}, sha256));
    expect(await board()).toMatchObject([{ id, rank: 1, demo: true, submitter: null }]);
  });
});
