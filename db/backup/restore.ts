/** Restores a backup into an empty site. */
import { createReadStream } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { db } from '#db/engine/client.ts';
import { latestMigration, migrate } from '#db/migrate.ts';
import { tieStorage } from '#db/storage-id.ts';
import { AppError } from '#lib/errors.ts';
import type { Storage } from '#lib/storage.ts';
import { type Manifest, readManifest, verifyBackup } from './backup.ts';
import { insertRows, resetSequences } from './tables.ts';

interface Target {
  databaseUrl: string;
  storage: Storage;
  /** where the site keeps the secret that signs sessions */
  secret: string;
  /** where the site keeps the keys that sign receipts */
  receiptKeys?: string;
}

/**
 * Check a backup, then fill database and storage from it. Migrate the database to the backup's schema first and to the
 * current one afterwards, so that older backups can be restored.
 *
 * @throws AppError if the backup is damaged or from a newer version, or if the site is not empty
 */
export async function restore(
  folder: string,
  { databaseUrl, storage, secret, receiptKeys }: Target,
): Promise<Manifest> {
  const manifest = await readManifest(folder);
  if (!manifest) throw new AppError('not-found', `There is no backup in ${folder}: it has no manifest.json.`);
  if (manifest.migration > latestMigration())
    throw new AppError(
      'invalid',
      'This backup was made by a newer version of the site. Update the site, then restore.',
    );
  const wrong = await verifyBackup(folder, manifest);
  if (wrong.length > 0)
    throw new AppError(
      'invalid',
      `${wrong.length} file${wrong.length === 1 ? '' : 's'} of the backup ${wrong.length === 1 ? 'is' : 'are'} missing or damaged: ${wrong.slice(0, 3).join(', ')}${wrong.length > 3 ? ' …' : ''}. Nothing was restored.`,
    );
  for await (const key of storage.list())
    throw new AppError('conflict', `The storage is not empty: it holds ${key}. Restore into a new, empty data folder.`);
  await migrate(databaseUrl, { upTo: manifest.migration });
  await db().transaction(async (tx) => {
    for (const table of Object.keys(manifest.tables)) {
      const [{ filled }] = await tx.execute<{ filled: boolean }>(
        sql`select exists (select from ${sql.identifier(table)}) as filled`,
      );
      if (filled)
        throw new AppError(
          'conflict',
          `The database is not empty: it has rows in “${table}”. Restore into a new database.`,
        );
    }
    for (const [table, { rows }] of Object.entries(manifest.tables)) {
      const lines = createInterface({
        input: createReadStream(join(folder, 'database', `${table}.jsonl.gz`)).pipe(createGunzip()),
        crlfDelay: Number.POSITIVE_INFINITY,
      });
      const inserted = await insertRows(table, lines, tx);
      if (inserted !== rows) throw new Error(`“${table}” has ${inserted} rows where the manifest says ${rows}.`);
    }
    await resetSequences(tx);
  });
  await migrate(databaseUrl);
  for (const key of Object.keys(manifest.files)) await storage.put(key, createReadStream(join(folder, 'storage', key)));
  await tieStorage(storage);
  if (manifest.keys['auth-secret']) await copyFile(join(folder, 'keys', 'auth-secret'), secret);
  if (manifest.keys['receipt-keys.json'] && receiptKeys)
    await copyFile(join(folder, 'keys', 'receipt-keys.json'), receiptKeys);
  return manifest;
}
