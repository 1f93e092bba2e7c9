/**
 * A fresh database for each test file: the embedded one behind its multiplexer, or a copy of the migrated database on
 * the PostgreSQL server that `global-setup.ts` started (or that TEST_DATABASE_URL names).
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import postgres from 'postgres';
import { openEmbedded } from '#db/engine/embedded.ts';
import { migrate } from '#db/migrate.ts';

export { freePort } from './postgres-server.ts';

export interface TestDatabase {
  url: string;
  close(): Promise<void>;
}

export interface Engine {
  name: 'embedded' | 'PostgreSQL';
  /** why it cannot run here; null: it can */
  missing: string | null;
  /** a migrated, empty database */
  open(): Promise<TestDatabase>;
}

/** Both engines: for tests of locks, transactions, the queue and migrations, in which the engines differ. */
export const ENGINES: readonly Engine[] = [
  { name: 'embedded', missing: null, open: openTestEmbedded },
  {
    name: 'PostgreSQL',
    missing: process.env.TEST_DATABASE_URL
      ? null
      : 'no PostgreSQL here: run npm install, install Debian’s package `postgresql`, or set TEST_DATABASE_URL',
    open: openTestPostgres,
  },
];

/** The faster engine that is here: for all other tests. `FUZZ=1` runs them on both. */
export const ONE_ENGINE: readonly Engine[] =
  process.env.FUZZ === '1' ? ENGINES : [ENGINES[1].missing ? ENGINES[0] : ENGINES[1]];

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'livecell-test-'));
}

// --- embedded ---

async function openTestEmbedded(): Promise<TestDatabase> {
  const folder = temporaryFolder();
  const embedded = await openEmbedded(folder, { template: await embeddedTemplate(), synced: false });
  return {
    url: embedded.url,
    async close() {
      await embedded.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A migrated database as a dump, which opens ten times as fast as a new one. */
export async function embeddedTemplate(): Promise<Blob> {
  return new Blob([new Uint8Array(await readFile(templatePath()))]);
}

/** Named for all that it is made of: a new migration, or a new version of the engine or the queue, makes a new one. */
function templatePath(): string {
  const digest = createHash('sha256');
  for (const name of ['@electric-sql/pglite', 'pg-boss'])
    digest.update(readFileSync(join('node_modules', name, 'package.json')));
  for (const name of readdirSync('db/migrations').sort())
    if (name.endsWith('.sql')) digest.update(`${name}\0`).update(readFileSync(join('db/migrations', name)));
  for (const name of ['db/migrate.ts', 'db/queue/queue.ts']) digest.update(readFileSync(name));
  return join('.cache', `migrated-${digest.digest('hex').slice(0, 16)}.tar`);
}

/** Make that dump if there is none yet. */
export async function makeEmbeddedTemplate(): Promise<void> {
  const path = templatePath();
  if (existsSync(path)) return;
  const folder = temporaryFolder();
  const embedded = await openEmbedded(folder, { synced: false });
  await migrate(embedded.url);
  await embedded.close();
  const backend = await PGlite.create({ dataDir: join(folder, 'database') });
  const dump = await backend.dumpDataDir('none');
  await backend.close();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync('.cache', { recursive: true });
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, Buffer.from(await dump.arrayBuffer()));
  renameSync(part, path); // another run may be doing the same
}

// --- PostgreSQL ---

let opened = 0;

async function openTestPostgres(): Promise<TestDatabase> {
  const { TEST_DATABASE_URL: server, TEST_DATABASE_TEMPLATE: template } = process.env;
  if (!server || !template) throw new Error('Run database tests with vitest: its global setup starts PostgreSQL.');
  const name = `livecell_test_${process.pid}_${Date.now()}_${opened++}`;
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name} template ${template}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async close() {
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}

/** Waits until something holds, looking often. */
export async function until<T>(
  look: () => Promise<T | null | undefined | false>,
  { milliseconds = 60_000, what = 'it' }: { milliseconds?: number; what?: string } = {},
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  while (true) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
