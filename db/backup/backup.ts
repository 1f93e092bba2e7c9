/**
 * A backup of the whole site while it runs: database and storage, consistent by a manifest with digests.
 *
 *   FOLDER/manifest.json            written last: what belongs to the backup, with SHA-256 of every file
 *   FOLDER/database/<table>.jsonl.gz   one snapshot of all tables, a row per line
 *   FOLDER/storage/<key>            files of the storage, which are written once and never changed
 *   FOLDER/keys/receipt-keys.json   keys that sign receipts, and those that did
 *   FOLDER/keys/auth-secret         secret that signs sessions, if the site generated it itself
 *
 * A second backup into the same folder copies only new files.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { db } from '#db/engine/client.ts';
import { AppError } from '#lib/errors.ts';
import { type Storage, sha256Of } from '#lib/storage.ts';
import { listTables, readRows } from './tables.ts';

const fileSchema = z.object({ bytes: z.int(), sha256: z.string() });

const manifestSchema = z.object({
  schema: z.literal(1),
  at: z.string(),
  /** time of the database's last migration */
  migration: z.number(),
  tables: z.record(z.string(), fileSchema.extend({ rows: z.int() })),
  files: z.record(z.string(), fileSchema),
  keys: z.record(z.string(), fileSchema),
  /** files that the database names but the storage no longer had: withdrawn while the backup ran */
  missing: z.array(z.string()),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Files left out: uploads that nobody has submitted yet, and readiness checks. */
const PASSING = /^(uploads|ready)\//;

interface BackupResult {
  manifest: Manifest;
  /** files copied this time, and files that an earlier backup in the folder had */
  copied: number;
  kept: number;
}

/** Back up database and storage into a folder; throw if the folder holds anything but a backup. */
export async function backUp(
  folder: string,
  { storage, secret, receiptKeys = null }: { storage: Storage; secret: string | null; receiptKeys?: string | null },
): Promise<BackupResult> {
  const before = await readManifest(folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { tables, migration, named } = await dumpDatabase(join(folder, 'database.part'));
  const files: Manifest['files'] = {};
  const wanted = new Set(named);
  let [copied, kept] = [0, 0];
  for await (const key of storage.list()) {
    // a submission's file stays where it was uploaded
    if (PASSING.test(key) && !wanted.has(key)) continue;
    const bytes = await storage.size(key);
    const had = before?.files[key];
    const path = join(folder, 'storage', key);
    if (had && had.bytes === bytes && (await sizeOf(path)) === bytes) {
      files[key] = had;
      kept++;
      continue;
    }
    const taken = await copyFrom(storage, key, path);
    if (!taken) continue;
    files[key] = taken;
    copied++;
  }
  const keys: Manifest['keys'] = {};
  for (const [name, file] of [
    ['auth-secret', secret],
    ['receipt-keys.json', receiptKeys],
  ] as const) {
    if (file === null) continue;
    const path = join(folder, 'keys', name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await copyFile(file, path);
    keys[name] = { bytes: (await stat(path)).size, sha256: await sha256Of(createReadStream(path)) };
  }
  await rm(join(folder, 'database'), { recursive: true, force: true });
  await rename(join(folder, 'database.part'), join(folder, 'database'));
  const manifest: Manifest = {
    schema: 1,
    at: new Date().toISOString(),
    migration,
    tables,
    files,
    keys,
    missing: named.filter((key) => !files[key]),
  };
  await writeFile(join(folder, 'manifest.json.part'), JSON.stringify(manifest, null, 1), { mode: 0o600 });
  await rename(join(folder, 'manifest.json.part'), join(folder, 'manifest.json'));
  for (const key of Object.keys(before?.files ?? {}))
    if (!files[key]) await rm(join(folder, 'storage', key), { force: true });
  return { manifest, copied, kept };
}

/** Read the manifest of a backup; null for a folder that is missing or empty. */
export async function readManifest(folder: string): Promise<Manifest | null> {
  let text: string;
  try {
    text = await readFile(join(folder, 'manifest.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = null;
  }
  const result = manifestSchema.safeParse(json);
  if (!result.success) throw new AppError('invalid', `${folder} holds no backup: its manifest.json is not one.`);
  return result.data;
}

/** Compare every file of a backup with its digest. Return the names of files that are missing or differ. */
export async function verifyBackup(folder: string, manifest: Manifest): Promise<string[]> {
  const named = [
    ...Object.entries(manifest.tables).map(([table, file]) => [`database/${table}.jsonl.gz`, file.sha256]),
    ...Object.entries(manifest.files).map(([key, file]) => [`storage/${key}`, file.sha256]),
    ...Object.entries(manifest.keys).map(([key, file]) => [`keys/${key}`, file.sha256]),
  ];
  const wrong: string[] = [];
  for (const [name, sha256] of named) {
    const found = await sha256Of(createReadStream(join(folder, name))).catch(() => null);
    if (found !== sha256) wrong.push(name);
  }
  return wrong;
}

async function dumpDatabase(folder: string) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const tables: Manifest['tables'] = {};
  return await db().transaction(
    async (tx) => {
      const [{ migration }] = await tx.execute<{ migration: number }>(
        sql`select coalesce(max(created_at), 0)::float8 as migration from drizzle.__drizzle_migrations`,
      );
      for (const table of await listTables(tx)) {
        let rows = 0;
        const lines = (async function* () {
          for await (const row of readRows(table, tx)) {
            rows++;
            yield `${row}\n`;
          }
        })();
        const path = join(folder, `${table}.jsonl.gz`);
        await pipeline(Readable.from(lines), createGzip(), createWriteStream(path, { mode: 0o600 }));
        tables[table] = { rows, bytes: (await stat(path)).size, sha256: await sha256Of(createReadStream(path)) };
      }
      const named = await tx.execute<{ key: string }>(
        sql`select pack_key as key from datasets union select pack_key from ground_truth_versions
            union select pack_key from dataset_pictures
            union select storage_key from submission_files where storage_key is not null`,
      );
      return { tables, migration, named: named.map(({ key }) => key) };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

/** Copy a file and return its digest; null if it was deleted meanwhile. */
async function copyFrom(
  storage: Storage,
  key: string,
  path: string,
): Promise<{ bytes: number; sha256: string } | null> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  let bytes = 0;
  const measured = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  try {
    await pipeline(
      storage.createReadStream(key),
      measured,
      createWriteStream(`${path}.part`, { mode: 0o600, flush: true }),
    );
  } catch (error) {
    await rm(`${path}.part`, { force: true });
    if ((await storage.size(key)) === null) return null;
    throw error;
  }
  await rename(`${path}.part`, path);
  return { bytes, sha256: hash.digest('hex') };
}

async function sizeOf(path: string): Promise<number | null> {
  return await stat(path).then(
    ({ size }) => size,
    () => null,
  );
}
