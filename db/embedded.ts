/** The database of a local installation: PostgreSQL inside this process, its files in the data folder. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { lockFolder } from './lock.ts';
import { migrate } from './migrate.ts';
import { serve } from './multiplexer.ts';

export interface Embedded {
  /** an ordinary PostgreSQL address on loopback, with a password made for this run */
  url: string;
  close(): Promise<void>;
}

/**
 * Opens the database of a data folder and serves it until closed. Only one process can: two openers would lose data.
 * `template` is a dumped database to begin with where the folder has none yet.
 */
export async function openEmbedded(
  dataDir: string,
  options: { template?: Blob; onCrash?: (error: unknown) => void } = {},
): Promise<Embedded> {
  const lock = lockFolder(dataDir);
  try {
    const backend = await PGlite.create({ dataDir: join(dataDir, 'database'), loadDataDir: options.template });
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

/** What a running site leaves in its data folder for the command line to find. */
export interface RunFile {
  pid: number;
  databaseUrl: string;
  siteUrl: string;
}

export function runFile(dataDir: string): string {
  return join(dataDir, 'run.json');
}

export function readRunFile(dataDir: string): RunFile | null {
  try {
    const run = JSON.parse(readFileSync(runFile(dataDir), 'utf8')) as RunFile;
    process.kill(run.pid, 0); // throws when there is no such process
    return run;
  } catch {
    return null;
  }
}

/**
 * A database for a command: the one DATABASE_URL names, the running site's, or the data folder's own, opened for as
 * long as the command takes. Sets DATABASE_URL for this process; its tables are up to date.
 */
export async function openDatabase(dataDir: string): Promise<Embedded> {
  const given = process.env.DATABASE_URL || readRunFile(dataDir)?.databaseUrl;
  const opened = given ? { url: given, close: async () => {} } : await openEmbedded(dataDir);
  process.env.DATABASE_URL = opened.url;
  await migrate(opened.url);
  return opened;
}
