/** Derivations from ground truth: enqueued once, for public data sets alone; beside the board only while it is public. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getLeaderboard } from '#db/board/board.ts';
import { getDataset } from '#db/datasets/datasets.ts';
import { listVariants, variantsAreDue } from '#db/datasets/variants.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { setDatasetPublic } from '#db/rescore/ground-truth.ts';
import { type Dataset, truthDerivations } from '#db/schema.ts';
import {
  enqueueDerivations,
  findDerivation,
  remakeVariants,
  saveDerivation,
  variantKey,
} from '#db/submissions/derivations.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset } from '#tests/db/fixtures.ts';

describe.each(ONE_ENGINE)('derivations on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db);
    // counts have no label images
    await someDataset(client.db, { name: 'counts', task: 'fluorescence-counts', sha256: 'c'.repeat(64), public: true });
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  test('nothing is derived from private ground truth; from public ground truth once', async () => {
    const tx = client.db;
    expect(await enqueueDerivations(tx)).toBe(0);
    await setDatasetPublic(dataset.id, true, { actorId: null, reason: 'For all' }, tx);
    expect(await enqueueDerivations(tx)).toBe(1);
    expect(await enqueueDerivations(tx)).toBe(0);
    const [{ id }] = await tx.select().from(truthDerivations);
    expect((await findDerivation(id, tx))?.id).toBe(dataset.id);
    expect(await findDerivation('of-outcomes', tx)).toBeNull();

    const file = { digest: 'd'.repeat(64), sha256: 'e'.repeat(64), bytes: 9, images: 2, labels: 10 };
    const variants = [{ variant: 'flat-large' as const, ...file, storageKey: variantKey(dataset.id, file.sha256) }];
    const values = { 'segm/all': { AP: 0.9, AFNR: 0.1 }, 'segm/A172': { AP: 0.8 } };
    const controls = {
      nothing: { 'livecell-paper': { 'segm/all': { AP: 0 } } },
      'jitter-1': { 'livecell-paper': values },
    };
    await saveDerivation(id, { variants, controls }, tx);
    expect(await findDerivation(id, tx)).toBeNull();

    const now = (await getDataset(dataset.id, tx))!;
    expect(await listVariants(now, tx)).toEqual(variants);
    const rowsOf = async (cellType: 'A172' | null) => {
      const view = { task: 'livecell-wide', protocol: 'livecell-paper', evaluation: 'segm', cellType } as const;
      const { rows } = await getLeaderboard({ ...view, ranges: true }, tx);
      return rows.filter(({ kind }) => kind === 'control').map((row) => [row.id, row.rank, row.values.AP]);
    };
    expect(await rowsOf(null)).toEqual([
      ['control-jitter-1', null, 0.9],
      ['control-nothing', null, 0],
    ]);
    expect(await rowsOf('A172')).toEqual([
      ['control-jitter-1', null, 0.8],
      ['control-nothing', null, undefined],
    ]);

    // a lost file is made again once, however many ask for it, and the controls stay meanwhile
    expect(await variantsAreDue(now, tx)).toBe(false);
    expect(await remakeVariants('variants/of-another/one.zip', tx)).toBe(false);
    const asked = await Promise.all([1, 2, 3].map(() => remakeVariants(variants[0].storageKey, tx)));
    expect(asked.filter(Boolean)).toHaveLength(1);
    expect([await listVariants(now, tx), await variantsAreDue(now, tx)]).toEqual([[], true]);
    expect((await findDerivation(id, tx))?.id).toBe(dataset.id);
    expect(await rowsOf(null)).toHaveLength(2);
    await saveDerivation(id, { variants, controls }, tx);
    expect(await listVariants(now, tx)).toEqual(variants);

    // closed again, it tells neither
    await setDatasetPublic(dataset.id, false, { actorId: null, reason: 'By mistake' }, tx);
    expect(await listVariants((await getDataset(dataset.id, tx))!, tx)).toEqual([]);
    expect(await rowsOf(null)).toEqual([]);
    expect(await tx.select().from(truthDerivations).where(eq(truthDerivations.id, id))).toHaveLength(1);
  });
});
