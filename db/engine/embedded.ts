/** The database of a local installation: PostgreSQL inside this process, its files in the data folder. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { makePrivate } from '#lib/private-folder.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { serve } from './multiplexer.ts';

export interface Embedded {
  /** an ordinary PostgreSQL address on loopback, with a password made for this run */
  url: string;
  close(): Promise<void>;
}

/**
 * Opens the database of a data folder and serves it until closed. Only one process can: two openers would lose data.
 * `template` is a dumped database to begin with where the folder has none yet; `lock` is the folder's, where the caller
 * has it already.
 */
export async function openEmbedded(
  dataDir: string,
  options: { template?: Blob; lock?: FolderLock; onCrash?: (error: unknown) => void } = {},
): Promise<Embedded> {
  const lock = options.lock ?? lockFolder(dataDir);
  try {
    const backend = await PGlite.create({ dataDir: join(dataDir, 'database'), loadDataDir: options.template });
    // the files a new database begins with are made with rights for everybody, whatever the umask
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
