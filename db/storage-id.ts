/**
 * Ties a file store to its database by an id that both have. A process with another store, such as a machine on which
 * the shared folder is not mounted, would take jobs that it cannot read; it must not start.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { AppError } from '#lib/errors.ts';
import { type Storage, storage } from '#lib/storage.ts';
import { db, type Tx } from './engine/client.ts';
import { storageIds } from './schema.ts';

/** The advisory lock under which a new site gets its id; any number that nothing else uses. */
const LOCK = 7_235_021;

/**
 * Throw unless the store belongs to the database. A new site gets its id here.
 *
 * @throws AppError `unavailable` if it does not, with how to mend it
 */
export async function requireOwnStorage(store: Storage = storage(), tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
    const [row] = await tx.select().from(storageIds);
    const found = await store.readId();
    if (row && found === row.id) return;
    if (!row && found === null) {
      const id = randomUUID();
      await store.writeId(id);
      await tx.insert(storageIds).values({ id });
      return;
    }
    const mend =
      'Check DATABASE_URL, LIVECELL_DATA and S3_BUCKET: all processes of a site share one database and one file store, for instance a mounted folder.';
    if (!row)
      throw new AppError(
        'unavailable',
        `The file store of this process, ${store.place}, belongs to another database than the one at DATABASE_URL. ${mend} If the database is new on purpose, give it a new file store, or use: livecell restore`,
      );
    throw new AppError(
      'unavailable',
      `${found === null ? `The file store of this process, ${store.place}, is not the one of this database: it has no id.` : `The file store of this process, ${store.place}, belongs to another database.`} ${mend} If you moved the files, move the store's id as well: the file .id in the folder, or the object storage.id in the bucket.`,
    );
  });
}

/** Give store and database a new common id, after a restore has filled both. */
export async function tieStorage(store: Storage, tx: Tx = db()): Promise<void> {
  const id = randomUUID();
  await store.writeId(id);
  await tx.delete(storageIds);
  await tx.insert(storageIds).values({ id });
}
