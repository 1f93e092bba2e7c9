import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAudit } from '#db/audit.ts';
import { activeDataset, getDatasetByName, getPictures, listDatasets, savePictures } from '#db/datasets/datasets.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset } from '#tests/db/fixtures.ts';

describe.each(ONE_ENGINE)('data sets on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  test('a split is said, or read from the name', async () => {
    const names = ['LIVECell train', 'LIVECell val', 'the lab’s own'];
    for (const name of names) await someDataset(client.db, { name });
    await someDataset(client.db, { name: 'set 4', split: 'val' });
    const split = async (name: string) => (await getDatasetByName(name, client.db))!.split;
    expect(await Promise.all([...names, 'set 4'].map(split))).toEqual(['train', 'val', null, 'val']);
    // the same file again, now with its split
    await someDataset(client.db, { name: names[2], split: 'test' });
    expect(await split(names[2])).toBe('test');
    await someDataset(client.db, { name: names[2] });
    expect(await split(names[2])).toBe('test');
  });

  test('registering training or validation images later does not move the board to them', async () => {
    const task = 'zero-shot';
    for (const [name, demo] of [
      ['test', false],
      ['demo', true],
      ['val', false],
      ['train', false],
    ] as const)
      await someDataset(client.db, { name: `a ${name}`, task, demo });
    expect((await listDatasets({ task }, client.db)).map(({ name }) => name)).toEqual([
      ...['a test', 'a val', 'a demo', 'a train'],
    ]);
    expect((await activeDataset(task, client.db))!.name).toBe('a test');
  });

  test('pictures take the place of those before, whose file is named so that it can be deleted', async () => {
    const { id: datasetId, sha256: groundTruthSha256 } = await someDataset(client.db, { name: 'with pictures' });
    expect(await getPictures(datasetId, client.db)).toBeNull();
    const first = { datasetId, public: true, packKey: 'pictures/a', groundTruthSha256, files: 2, examples: [] };
    expect(await savePictures(first, client.db)).toBeNull();
    expect(await savePictures({ ...first, public: false, packKey: 'pictures/b' }, client.db)).toBe('pictures/a');
    const { lines } = await listAudit({ kind: 'pictures-registered' }, {}, client.db);
    expect(lines.map(({ event }) => event)).toMatchObject([
      { before: { public: first.public, files: first.files }, after: { public: false, files: first.files } },
      { before: null, after: { public: first.public, files: first.files } },
    ]);
    expect(await getPictures(datasetId, client.db)).toMatchObject({ public: false, packKey: 'pictures/b', files: 2 });
  });
});
