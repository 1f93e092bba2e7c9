/** Files are kept for as long as /docs/retention says, and the file store and the database agree, in both directions. */
import { utimesSync } from 'node:fs';
import { Readable } from 'node:stream';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { giveUp } from '#app/_server/submissions.ts';
import { listEvents } from '#db/audit.ts';
import { db } from '#db/engine/client.ts';
import { type Dataset, datasets, submissions, truthDerivations } from '#db/schema.ts';
import {
  enqueueDerivations,
  findDerivation,
  remakeVariants,
  saveDerivation,
  variantKey,
} from '#db/submissions/derivations.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { log } from '#lib/log.ts';
import { S3Storage } from '#lib/storage/s3.ts';
import { type FileStorage, type Storage, storage } from '#lib/storage.ts';
import { openSite, type Person, person, viewerNamed } from '#tests/app/site.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';
import { S3_MISSING, type S3Server, startS3Server } from '#tests/faults/s3-server.ts';
import { sweepFiles } from '#workers/scoring/jobs/retention.ts';

openSite();

const DAY = 24 * 3600_000;
let dataset: Dataset;
let practice: Dataset;
let ada: Person;
let count = 0;

beforeAll(async () => {
  ada = await person('ada');
  dataset = await someDataset(db());
  practice = await someDataset(db(), { name: 'practice', demo: true, sha256: 'd'.repeat(64) });
  await put('datasets/test.pack');
});
afterEach(() => {
  delete process.env.LIVECELL_KEEP_WITHDRAWN_DAYS;
  delete process.env.LIVECELL_KEEP_REJECTED_DAYS;
});

async function put(key: string): Promise<string> {
  await storage().put(key, Readable.from([Buffer.from('[]')]));
  return key;
}

type Columns = Partial<typeof submissions.$inferInsert>;

/** A submission with a file that ended so many days ago. */
async function ended(daysAgo: number, columns: Columns, { on = dataset, key = '' } = {}) {
  const file = await put(key || `submissions/kept-${++count}/all.json`);
  const { id } = await createSubmission(
    someSubmission(on, {
      userId: ada.id,
      method: `M${count}`,
      files: [{ slot: 'all', fileName: 'all.json', bytes: 2, sha256: 'b'.repeat(64), storageKey: file }],
    }),
  );
  const at = new Date(Date.now() - daysAgo * DAY);
  await db()
    .update(submissions)
    .set({ createdAt: at, finishedAt: at, ...columns })
    .where(eq(submissions.id, id));
  return { id, file };
}

const isThere = (key: string) => storage().exists(key);

describe('files of submissions', () => {
  test.each<[string, number, Columns, boolean, boolean]>([
    ['a rejected one, yesterday', 1, { state: 'rejected' }, false, true],
    ['a rejected one, a month ago', 31, { state: 'rejected' }, false, false],
    ['a failed one, a month ago', 31, { state: 'failed' }, false, false],
    ['a scored one, a year ago', 365, { state: 'scored' }, false, true],
    ['a practice run, yesterday', 1, { state: 'scored' }, true, true],
    ['a practice run, a month ago', 31, { state: 'scored' }, true, false],
    ['a published practice run', 365, { state: 'scored', visibility: 'published' }, true, true],
    ['an entry that came with the site', 365, { state: 'scored', demo: true }, true, true],
    ['one that waits, a year ago', 365, { state: 'queued' }, false, true],
  ])('%s', async (_what, daysAgo, columns, isPractice, kept) => {
    const { id, file } = await ended(daysAgo, columns, { on: isPractice ? practice : dataset });
    await sweepFiles();
    expect(await isThere(file)).toBe(kept);
    const [row] = await db().select().from(submissions).where(eq(submissions.id, id));
    expect(row.filesDeletedAt === null).toBe(kept);
    const last = (await listEvents(id)).at(-1);
    if (!kept)
      expect(last).toMatchObject({ actorId: null, event: { kind: 'files-deleted', reason: /kept for 30 days/ } });
    // the next sweep finds nothing more to do
    expect(await sweepFiles()).toMatchObject({ expired: 0, orphans: 0 });
  });

  test('stay while another submission uses the same file', async () => {
    const { file } = await ended(31, { state: 'rejected' });
    const other = await ended(31, { state: 'scored' }, { key: file });
    await sweepFiles();
    expect(await isThere(file)).toBe(true);
    await giveUp(await viewerNamed(ada), other.id);
    expect(await isThere(file)).toBe(false);
  });

  test('are kept as long as the operator says', async () => {
    process.env.LIVECELL_KEEP_REJECTED_DAYS = '60';
    const { file } = await ended(31, { state: 'rejected' });
    await sweepFiles();
    expect(await isThere(file)).toBe(true);
    process.env.LIVECELL_KEEP_REJECTED_DAYS = '0';
    await sweepFiles();
    expect(await isThere(file)).toBe(false);
  });

  test('go with a withdrawal at once, unless the operator keeps them for a while', async () => {
    const first = await ended(1, { state: 'scored' });
    await giveUp(await viewerNamed(ada), first.id);
    expect(await isThere(first.file)).toBe(false);

    process.env.LIVECELL_KEEP_WITHDRAWN_DAYS = '7';
    const second = await ended(1, { state: 'scored' });
    await giveUp(await viewerNamed(ada), second.id);
    const later = Date.now() + 3 * DAY; // the file itself is old enough by then
    await sweepFiles(later);
    expect(await isThere(second.file)).toBe(true);
    await db()
      .update(submissions)
      .set({ filesDeletedAt: sql`now() - interval '8 days'` })
      .where(eq(submissions.id, second.id));
    await sweepFiles(later);
    expect(await isThere(second.file)).toBe(false);
  });
});

/** What has to hold for any file store. */
async function compareBothWays(store: Storage, age: (key: string) => void): Promise<void> {
  const { file } = await ended(1, { state: 'scored' });
  // of a process that ended between two steps
  const orphans = ['submissions/gone/all.json', 'datasets/gone', 'pictures/gone', 'outcomes/gone/abc.zst'];
  for (const key of [...orphans, 'somebody/elses']) await put(key);
  await sweepFiles();
  for (const key of orphans) expect(await store.exists(key)).toBe(true); // it may be about to get its row
  for (const key of [...orphans, 'somebody/elses', file]) age(key);
  const said = vi.spyOn(log, 'error').mockImplementation(() => undefined);
  expect(await sweepFiles(Date.now() + 3 * DAY)).toMatchObject({ orphans: orphans.length });
  for (const key of orphans) expect(await store.exists(key)).toBe(false);
  expect([await store.exists('somebody/elses'), await store.exists(file)]).toEqual([true, true]);

  // a row whose file is gone: nothing can bring it back, so the operator is told
  said.mockClear();
  await store.delete(file);
  expect((await sweepFiles()).missing).toBeGreaterThan(0);
  const told = said.mock.calls.map(([event, , fields]) => [event, fields]);
  expect(told).toContainEqual(['file-missing', { file }]);
  said.mockRestore();
}

test('a folder and the database are compared in both directions', async () => {
  const store = storage() as FileStorage;
  const old = new Date(Date.now() - 3 * DAY);
  await compareBothWays(store, (key) => utimesSync(store.path(key), old, old));
});

describe.skipIf(S3_MISSING)('in a bucket', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
    const { bucket, endpoint, credentials } = server.settings();
    Object.assign(process.env, {
      S3_BUCKET: bucket,
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY_ID: credentials!.accessKeyId,
      S3_SECRET_ACCESS_KEY: credentials!.secretAccessKey,
    });
    expect(storage()).toBeInstanceOf(S3Storage);
    await put('datasets/test.pack');
  });
  afterAll(async () => {
    for (const name of Object.keys(process.env)) if (name.startsWith('S3_')) delete process.env[name];
    await server.stop();
  });

  test('it is the same', async () => {
    await compareBothWays(storage(), () => undefined);
  });
});

describe('truth variants', () => {
  test('are swept with the ground truth they belong to, and made again when they are gone', async () => {
    const open = await someDataset(db(), {
      name: 'open',
      public: true,
      sha256: 'f'.repeat(64),
      packKey: 'datasets/test.pack',
    });
    expect(await enqueueDerivations()).toBe(1);
    const [{ id }] = await db().select().from(truthDerivations).where(eq(truthDerivations.datasetId, open.id));
    const file = { digest: 'd'.repeat(64), sha256: 'e'.repeat(64), bytes: 2, images: 2, labels: 10 };
    const storageKey = variantKey(open.id, file.sha256);
    const variants = [{ variant: 'flat-large' as const, ...file, storageKey }];
    const save = () => saveDerivation(id, { variants, controls: {} });
    await put(storageKey);
    await save();
    const later = Date.now() + 3 * DAY;
    await sweepFiles(later);
    expect(await isThere(storageKey)).toBe(true);

    // no longer public: nobody may have it
    await db().update(datasets).set({ public: false }).where(eq(datasets.id, open.id));
    const { missing } = await sweepFiles(later); // of the tests above
    expect(await isThere(storageKey)).toBe(false);

    // public again: the sweep notices that it is gone, and so does whoever asks first
    await db().update(datasets).set({ public: true }).where(eq(datasets.id, open.id));
    expect((await sweepFiles(later)).missing).toBe(missing);
    expect((await findDerivation(id))?.id).toBe(open.id);
    await save();
    expect(await findDerivation(id)).toBeNull();
    expect(await Promise.all([remakeVariants(storageKey), remakeVariants(storageKey)])).toContain(true);
    expect((await findDerivation(id))?.id).toBe(open.id);
    const [{ controls }] = await db().select().from(truthDerivations).where(eq(truthDerivations.id, id));
    expect(controls).toEqual({});
  });
});
