/** The database of a local installation: PostgreSQL inside this process, its files in the data folder. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { makePrivate } from '#lib/private-folder.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { serve } from './multiplexer.ts';
import { SYNCED_PARAMETERS, SyncedNodeFS, syncFolder } from './synced-files.ts';

export interface Embedded {
  /** an ordinary PostgreSQL address on loopback, with a password made for this run */
  url: string;
  close(): Promise<void>;
}

/**
 * Open the database of a data folder and serve it until closed. Only one process may do this: two would lose data.
 * `template` is a dump to start from if the folder has no database yet; `lock` is the folder's lock, if the caller
 * already holds it. `synced: false`, for tests, leaves it to the operating system when writes reach the disk.
 */
export async function openEmbedded(
  dataDir: string,
  options: { template?: Blob; lock?: FolderLock; synced?: boolean; onCrash?: (error: unknown) => void } = {},
): Promise<Embedded> {
  const lock = options.lock ?? lockFolder(dataDir);
  try {
    const folder = join(dataDir, 'database');
    const fresh = !existsSync(folder);
    const synced = options.synced ?? true;
    const backend = await PGlite.create({
      ...(synced ? { fs: new SyncedNodeFS(folder), startParams: [...SYNCED_PARAMETERS] } : { dataDir: folder }),
      loadDataDir: options.template,
    });
    // the files that PGlite creates or unpacks are not flushed one by one
    if (fresh && synced) syncFolder(folder);
    // PGlite creates files that every user can read, whatever the umask
    makePrivate(join(dataDir, 'database'));
    const { rows } = await backend.query<{ version: string }>("select current_setting('server_version') as version");
    const password = randomBytes(24).toString('base64url');
    const server = await serve(backend, {
      password,
      parameters: {
        server_version: rows[0].version,
        server_encoding: 'UTF8',
        client_encoding: 'UTF8',
        DateStyle: 'ISO, MDY',
        IntervalStyle: 'postgres',
        TimeZone: 'UTC',
        integer_datetimes: 'on',
        standard_conforming_strings: 'on',
      },
      onCrash: options.onCrash,
    });
    return {
      url: `postgres://livecell:${password}@127.0.0.1:${server.port}/livecell`,
      async close() {
        await server.close();
        await backend.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
