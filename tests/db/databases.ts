/**
 * A fresh database for each test file, on both engines: the embedded one behind its multiplexer, and a real PostgreSQL
 * (TEST_DATABASE_URL, or a server of our own started from its binaries).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import postgres from 'postgres';
import { openEmbedded } from '#db/engine/embedded.ts';
import { migrate } from '#db/migrate.ts';

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

export const ENGINES: readonly Engine[] = [
  { name: 'embedded', missing: null, open: openTestEmbedded },
  {
    name: 'PostgreSQL',
    missing:
      process.env.TEST_DATABASE_URL || findPostgres()
        ? null
        : 'no PostgreSQL here: install Debian’s package `postgresql`, or set TEST_DATABASE_URL',
    open: openTestPostgres,
  },
];

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'livecell-test-'));
}

// --- embedded ---

async function openTestEmbedded(): Promise<TestDatabase> {
  const folder = temporaryFolder();
  const embedded = await openEmbedded(folder, { template: await embeddedTemplate() });
  await migrate(embedded.url);
  return {
    url: embedded.url,
    async close() {
      await embedded.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A database that is set up already opens ten times as fast as a new one; it is made once and kept in `.cache`. */
export async function embeddedTemplate(): Promise<Blob> {
  const version = createHash('sha256').update(readFileSync('node_modules/@electric-sql/pglite/package.json'));
  const path = join('.cache', `embedded-${version.digest('hex').slice(0, 16)}.tar`);
  if (!existsSync(path)) {
    const folder = temporaryFolder();
    const backend = await PGlite.create({ dataDir: join(folder, 'database') });
    const dump = await backend.dumpDataDir('none');
    await backend.close();
    rmSync(folder, { recursive: true, force: true });
    mkdirSync('.cache', { recursive: true });
    const part = `${path}.${process.pid}.part`;
    await writeFile(part, Buffer.from(await dump.arrayBuffer()));
    renameSync(part, path); // other test files may be doing the same
  }
  return new Blob([new Uint8Array(await readFile(path))]);
}

// --- PostgreSQL ---

/** The folder with `initdb` and `postgres`; null where there is none. */
export function findPostgres(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
}

async function openTestPostgres(): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL
    ? { url: process.env.TEST_DATABASE_URL, stop: async () => {} }
    : await startPostgres();
  const name = `livecell_test_${process.pid}_${Date.now()}`;
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  await migrate(url.href);
  return {
    url: url.href,
    async close() {
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end();
      await server.stop();
    },
  };
}

/** A server of our own on a free port, as another user where we are root (it refuses to run as root). */
async function startPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const bin = findPostgres();
  if (!bin) throw new Error('no PostgreSQL');
  const folder = temporaryFolder();
  const user = process.getuid?.() === 0 ? unprivilegedUser() : null;
  if (user) chownSync(folder, user.uid, user.gid);
  const as = { cwd: folder, ...(user && { uid: user.uid, gid: user.gid }) };
  const data = join(folder, 'data');
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8'], {
    ...as,
    stdio: 'ignore',
  });
  const port = await freePort();
  const settings = [
    'fsync=off',
    `unix_socket_directories=${folder}`,
    'listen_addresses=127.0.0.1',
    'shared_buffers=32MB',
  ];
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...as, stdio: 'ignore' },
  );
  const stopNow = () => child.kill('SIGQUIT');
  process.once('exit', stopNow);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await untilReady(url, child);
  return {
    url,
    async stop() {
      process.off('exit', stopNow);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function unprivilegedUser(): { uid: number; gid: number } {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('no user to run PostgreSQL as');
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with status ${child.exitCode}`);
    const sql = postgres(url, { max: 1, connect_timeout: 2 });
    try {
      await sql`select 1`;
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      await sql.end();
    }
  }
  throw new Error('PostgreSQL did not start');
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until something holds, looking often. */
export async function until<T>(
  look: () => Promise<T | null | undefined | false>,
  { milliseconds = 10_000, what = 'it' }: { milliseconds?: number; what?: string } = {},
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  while (true) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
