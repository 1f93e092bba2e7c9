/** A process whose file store is not that of its database refuses to start, and says how to mend it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect } from '#db/engine/client.ts';
import { waitForDatabase } from '#db/start.ts';
import { requireOwnStorage, tieStorage } from '#db/storage-id.ts';
import { lockUpload } from '#db/submissions/upload-locks.ts';
import { FileStorage } from '#lib/storage.ts';
import { freePort, ONE_ENGINE, type TestDatabase, temporaryFolder } from './databases.ts';

describe.each(ONE_ENGINE)('on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});
  const folder = temporaryFolder();
  const storeAt = (name: string) => new FileStorage(join(folder, name));
  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
  });
  afterAll(async () => {
    await client.close();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a new site’s processes agree on one id, also when they start at once', async () => {
    await Promise.all([1, 2, 3].map(() => requireOwnStorage(storeAt('own'), client.db)));
    await requireOwnStorage(storeAt('own'), client.db);
    expect((await client.db.execute(sql`select id from storage_ids`)).map(({ id }) => id)).toEqual([
      await storeAt('own').readId(),
    ]);
  });

  test('a folder that is not the shared one is refused, and stays as it is', async () => {
    await expect(requireOwnStorage(storeAt('another'), client.db)).rejects.toThrow(
      /another, is not the one of this database: it has no id.*Check DATABASE_URL, LIVECELL_DATA and S3_BUCKET/,
    );
    expect(await storeAt('another').readId()).toBeNull();
    await storeAt('another').writeId('of another site');
    await expect(requireOwnStorage(storeAt('another'), client.db)).rejects.toThrow(/belongs to another database/);
  });

  test('a database that is not the store’s is refused, until a restore ties them', async () => {
    await client.db.execute(sql`delete from storage_ids`);
    await expect(requireOwnStorage(storeAt('own'), client.db)).rejects.toThrow(
      /belongs to another database than the one at DATABASE_URL.*livecell restore/,
    );
    await tieStorage(storeAt('own'), client.db);
    await requireOwnStorage(storeAt('own'), client.db);
  });

  test('a database that does not answer is waited for, then named without its password', async () => {
    const said: string[] = [];
    const url = `postgres://livecell:secret@127.0.0.1:${await freePort()}/livecell`;
    const error = await waitForDatabase(url, { seconds: 0, onWait: (text) => said.push(text) }).catch((error) => error);
    expect(error.message).toMatch(/The database at 127\.0\.0\.1:\d+ has not answered for 0 s\. Start it, or correct/);
    expect(`${error.message} ${said}`).not.toContain('secret');
    await waitForDatabase(database.url);
  });

  test('an upload has one writer at a time, who is asked to end, and whose death frees it', async () => {
    const [first, second] = [lockUpload('upload', () => client.db), lockUpload('upload', () => client.db)];
    let asked = 0;
    await first.lock(new AbortController().signal, () => asked++);
    await expect(second.lock(AbortSignal.timeout(300), () => {})).rejects.toMatchObject({ status: 423 });
    expect((await client.db.execute(sql`select wanted from upload_locks`))[0].wanted).toBe(true);
    await first.unlock();
    await second.lock(AbortSignal.timeout(5_000), () => {});
    // as if its process had died fifteen seconds ago
    await client.db.execute(sql`update upload_locks set until = now() - interval '1 second'`);
    await first.lock(AbortSignal.timeout(5_000), () => {});
    await second.unlock();
    expect(await client.db.execute(sql`select 1 from upload_locks`)).toHaveLength(1);
    await first.unlock();
    expect(await client.db.execute(sql`select 1 from upload_locks`)).toHaveLength(0);
  });
});
