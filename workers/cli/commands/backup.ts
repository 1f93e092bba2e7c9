/** `livecell backup` and `livecell restore`: saves the whole site to a folder or a file, and restores it. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { env } from '#lib/env.ts';
import { bytes } from '#lib/format.ts';
import { keepFilesPrivate, makePrivate } from '#lib/private-folder.ts';
import { receiptKeysFile } from '#lib/receipt-keys.ts';
import { storage } from '#lib/storage.ts';
import { CallError, type Command, InputError, JSON_OPTION, oneFile } from '#workers/cli/command.ts';
import { withDatabase } from '#workers/cli/with-database.ts';
import { runningSite } from '#workers/run-file.ts';

const isArchive = (path: string) => /\.(tgz|tar\.gz)$/.test(path);
const secretFile = () => join(resolve(env().LIVECELL_DATA), 'auth-secret');

export const backup: Command = {
  name: 'backup',
  takes: 'FILE|FOLDER',
  help: 'Backs up database, stored files and keys of the site, which may go on running.',
  details:
    'A FOLDER is kept up to date: another backup into it copies new files only. A FILE ends in .tar.gz.\n' +
    'The backup holds ground truth and e-mail addresses: keep it where only operators can read it.',
  example: 'livecell backup /backups/livecell --verify',
  options: {
    verify: { type: 'boolean', help: 'read everything once more and compare it with its digests' },
    json: JSON_OPTION,
  },
  async run(values, files, out) {
    const target = resolve(oneFile(files, 'FILE or FOLDER for the backup'));
    keepFilesPrivate();
    const folder = isArchive(target) ? await mkdtemp(join(dirname(target), '.livecell-backup-')) : target;
    try {
      if (!isArchive(target)) await refuseStrangeFolder(target);
      const { backUp, verifyBackup } = await import('#db/backup/backup.ts');
      const secret = existsSync(secretFile()) ? secretFile() : null;
      const { recordBackup } = await import('#db/operations/backups.ts');
      const { manifest, copied, kept, size } = await withDatabase(async () => {
        const made = await backUp(folder, {
          storage: storage(),
          secret,
          receiptKeys: existsSync(receiptKeysFile()) ? receiptKeysFile() : null,
        });
        if (values.verify) {
          const wrong = await verifyBackup(folder, made.manifest);
          if (wrong.length > 0) throw new InputError(...wrong.map((name) => `${name} does not have its digest.`));
        }
        if (isArchive(target)) await pack(folder, target);
        const size = [...Object.values(made.manifest.tables), ...Object.values(made.manifest.files)].reduce(
          (sum, file) => sum + file.bytes,
          0,
        );
        await recordBackup({ bytes: size, files: made.copied + made.kept });
        return { ...made, size };
      });
      const rows = Object.values(manifest.tables).reduce((sum, table) => sum + table.rows, 0);
      out.document({
        backup: target,
        at: manifest.at,
        rows,
        files: copied + kept,
        copied,
        bytes: size,
        missing: manifest.missing,
      });
      out.print(
        `${rows.toLocaleString('en-US')} rows and ${copied + kept} files (${copied} new), ${bytes(size)}, in ${target}.`,
      );
      if (secret === null)
        out.note('AUTH_SECRET is set in the environment and is not part of the backup: keep it, too.');
      for (const key of manifest.missing.slice(0, 3))
        out.note(`warning: The database names the file ${key}, and the storage has none.`);
    } finally {
      if (folder !== target) await rm(folder, { recursive: true, force: true });
    }
  },
};

export const restore: Command = {
  name: 'restore',
  takes: 'FILE|FOLDER',
  help: 'Restores a backup into an empty database and an empty data folder.',
  example: 'LIVECELL_DATA=/srv/livecell livecell restore /backups/livecell',
  options: { json: JSON_OPTION },
  async run(_values, files, out) {
    const source = resolve(oneFile(files, 'FILE or FOLDER of the backup'));
    if (!existsSync(source)) throw new InputError(`There is no backup ${source}.`);
    keepFilesPrivate();
    if (!process.env.DATABASE_URL && (await runningSite()))
      throw new CallError('The site is running on this data folder. Stop it, or restore into another one.');
    const data = resolve(env().LIVECELL_DATA);
    makePrivate(data);
    const folder = isArchive(source) ? await mkdtemp(join(tmpdir(), 'livecell-restore-')) : source;
    try {
      if (isArchive(source)) {
        const { extract } = await import('tar');
        await extract({ file: source, cwd: folder, strict: true });
      }
      const manifest = await restoreInto(data, folder);
      const rows = Object.values(manifest.tables).reduce((sum, table) => sum + table.rows, 0);
      const count = Object.keys(manifest.files).length;
      out.document({ restored: source, at: manifest.at, rows, files: count });
      out.print(
        `${rows.toLocaleString('en-US')} rows and ${count} files of ${manifest.at}. Start the site: it goes on from there.`,
      );
    } finally {
      if (folder !== source) await rm(folder, { recursive: true, force: true });
    }
  },
};

async function restoreInto(data: string, folder: string) {
  const { restore } = await import('#db/backup/restore.ts');
  const { closeDb } = await import('#db/engine/client.ts');
  const secret = secretFile();
  if (process.env.DATABASE_URL)
    return await restore(folder, {
      databaseUrl: process.env.DATABASE_URL,
      storage: storage(),
      secret,
      receiptKeys: receiptKeysFile(),
    }).finally(closeDb);
  const { openEmbedded } = await import('#db/engine/embedded.ts');
  const fresh = !existsSync(join(data, 'database'));
  const embedded = await openEmbedded(data);
  let done = false;
  try {
    process.env.DATABASE_URL = embedded.url;
    const manifest = await restore(folder, {
      databaseUrl: embedded.url,
      storage: storage(),
      secret,
      receiptKeys: receiptKeysFile(),
    });
    done = true;
    return manifest;
  } finally {
    await closeDb();
    await embedded.close();
    // a database created for this, but not filled, must not look like a site
    if (fresh && !done) await rm(join(data, 'database'), { recursive: true, force: true });
  }
}

/** Throw if the folder contains anything that is not part of a backup. */
async function refuseStrangeFolder(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR')
      throw new InputError(`${folder} is a file. Name a folder, or a file that ends in .tar.gz.`);
    throw error;
  });
  if (
    found.length > 0 &&
    !found.includes('manifest.json') &&
    !found.every((name) => name === 'database.part' || name === 'storage')
  )
    throw new InputError(`${folder} is not empty and holds no backup. Name a new folder.`);
}

async function pack(folder: string, target: string): Promise<void> {
  const { create } = await import('tar');
  await create({ gzip: true, file: `${target}.part`, cwd: folder, portable: true, mode: 0o600 }, ['.']);
  await rename(`${target}.part`, target);
}
