import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { recordEvent } from '#db/audit.ts';
import { backUp, readManifest, verifyBackup } from '#db/backup/backup.ts';
import { restore } from '#db/backup/restore.ts';
import { closeDb, db } from '#db/engine/client.ts';
import { datasets, users } from '#db/schema.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { FileStorage } from '#lib/storage.ts';
import { ENGINES, type TestDatabase, temporaryFolder } from '#tests/db/databases.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';

const put = (storage: FileStorage, key: string, text: string) => storage.put(key, new Blob([text]).stream());

describe.each(ENGINES)('on $name', ({ open, missing }) => {
  describe.skipIf(missing)('a backup', () => {
    const databases: TestDatabase[] = [];
    const folders: string[] = [];
    afterEach(async () => {
      await closeDb();
      for (const database of databases.splice(0)) await database.close();
      for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
    });

    const folder = () => {
      const made = temporaryFolder();
      folders.push(made);
      return made;
    };
    const use = (database: TestDatabase) => {
      process.env.DATABASE_URL = database.url;
    };
    const openDatabase = async () => {
      const database = await open();
      databases.push(database);
      return database;
    };

    /** A site with people, a data set, a submission with lines of log, and files. */
    async function site({ lines = 3 } = {}) {
      process.env.LIVECELL_QUOTA = '0';
      const database = await openDatabase();
      use(database);
      const storage = new FileStorage(join(folder(), 'storage'));
      const secret = join(folder(), 'auth-secret');
      writeFileSync(secret, 'very secret');
      await db().insert(users).values({ name: 'Zoë “Z” O’Neil\n\u0001', email: 'zoe@example.org' });
      const dataset = await someDataset(db());
      const { id } = await createSubmission(someSubmission(dataset), db());
      await db().transaction(async (tx) => {
        for (let i = 0; i < lines; i++) await recordEvent(null, { kind: 'files-deleted', submissionId: id }, tx);
      });
      await put(storage, 'datasets/test.pack', 'packed');
      await put(storage, 'submissions/x/all.json', '[]');
      await put(storage, 'uploads/half', 'half');
      return { database, storage, secret };
    }

    const dump = (backup: string, table: string) =>
      gunzipSync(readFileSync(join(backup, 'database', `${table}.jsonl.gz`))).toString();

    it('restored into an empty site gives the same rows, files and keys', { timeout: 240_000 }, async () => {
      // more than are read and written at once
      const { storage, secret } = await site({ lines: 1200 });
      const backup = folder();
      const { manifest } = await backUp(backup, { storage, secret });
      expect(Object.keys(manifest.files).sort()).toEqual(['datasets/test.pack', 'submissions/x/all.json']);
      expect(manifest.missing).toEqual([]);
      expect(manifest.tables.audit_events.rows).toBeGreaterThan(1200);
      await closeDb();

      const other = await openDatabase();
      use(other);
      const data = folder();
      const target = {
        databaseUrl: other.url,
        storage: new FileStorage(join(data, 'storage')),
        secret: join(data, 'auth-secret'),
      };
      await restore(backup, target);
      expect(readFileSync(target.secret, 'utf8')).toBe('very secret');
      expect(readFileSync(join(data, 'storage/datasets/test.pack'), 'utf8')).toBe('packed');
      const again = folder();
      const copy = await backUp(again, { storage: target.storage, secret: target.secret });
      for (const table of Object.keys(manifest.tables)) expect(dump(again, table), table).toBe(dump(backup, table));
      expect(copy.manifest.files).toEqual(manifest.files);
      // counters go on behind what is there
      await createSubmission(someSubmission((await db().select().from(datasets))[0]), db());
      const [{ doubled }] = await db().execute<{ doubled: number }>(
        sql`select count(*)::int as doubled from (select id from audit_events group by id having count(*) > 1) d`,
      );
      expect(doubled).toBe(0);
    });

    it('into the same folder copies new files only, and forgets deleted ones', { timeout: 240_000 }, async () => {
      const { storage, secret } = await site();
      const backup = folder();
      expect(await backUp(backup, { storage, secret })).toMatchObject({ copied: 2, kept: 0 });
      await put(storage, 'submissions/y/all.json', '[1]');
      await storage.delete('submissions/x/all.json');
      const { manifest, copied, kept } = await backUp(backup, { storage, secret: null });
      expect({ copied, kept, missing: manifest.missing }).toEqual({
        copied: 1,
        kept: 1,
        missing: ['submissions/x/all.json'],
      });
      expect(await readdir(join(backup, 'storage/submissions/x'))).toEqual([]);
      expect(await verifyBackup(backup, manifest)).toEqual([]);
    });

    it('that is damaged is refused before anything is restored', { timeout: 240_000 }, async () => {
      const { storage, secret } = await site();
      const backup = folder();
      await backUp(backup, { storage, secret });
      writeFileSync(join(backup, 'storage/datasets/test.pack'), 'pocked');
      await closeDb();
      const other = await openDatabase();
      use(other);
      const target = { databaseUrl: other.url, storage: new FileStorage(join(folder(), 'storage')), secret: '' };
      await expect(restore(backup, target)).rejects.toThrow(
        '1 file of the backup is missing or damaged: storage/datasets/test.pack. Nothing was restored.',
      );
      expect(await db().select().from(users)).toEqual([]);
    });

    it('is not restored over a site that holds anything', { timeout: 240_000 }, async () => {
      const { database, storage, secret } = await site();
      const backup = folder();
      await backUp(backup, { storage, secret });
      await expect(restore(backup, { databaseUrl: database.url, storage, secret })).rejects.toThrow(
        'The storage is not empty',
      );
      const empty = new FileStorage(join(folder(), 'storage'));
      await expect(restore(backup, { databaseUrl: database.url, storage: empty, secret })).rejects.toThrow(
        'The database is not empty: it has rows in',
      );
    });
  });
});

it('a folder without a manifest holds no backup, and a manifest must be one', async () => {
  const folder = temporaryFolder();
  try {
    expect(await readManifest(folder)).toBeNull();
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'manifest.json'), '{"schema": 2');
    await expect(readManifest(folder)).rejects.toThrow('holds no backup: its manifest.json is not one.');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
