/**
 * A PostgreSQL server for the length of a test run: the machine's binaries, a folder of its own, a free port. Tests
 * find it in TEST_POSTGRES_URL and make a database each; without it they are skipped, and `npm test` says so.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The folder that holds `initdb` and `postgres`, or null. Debian keeps it out of PATH. */
export function findPostgres(): string | null {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...globSync('/usr/lib/postgresql/*/bin').sort().reverse(),
    ...globSync('/opt/homebrew/opt/postgresql*/bin'),
    '/usr/local/pgsql/bin',
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
}

export async function startPostgres(bin: string): Promise<{ url: string; stop(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'livecell-postgres-'));
  const owner = someoneElse();
  if (owner) chownSync(dir, owner.uid, owner.gid);
  const options = { cwd: dir, stdio: 'pipe', ...owner } as const;
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', join(dir, 'data'), '-U', 'livecell', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    options,
  );
  if (made.status !== 0) {
    rmSync(dir, { recursive: true, force: true });
    throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
  }
  const port = await freePort();
  // nothing here outlives the run, so nothing has to reach the disk
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'max_connections=200'];
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', join(dir, 'data'), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    options,
  );
  let log = '';
  server.stderr?.on('data', (chunk) => {
    log = (log + chunk).slice(-4000);
  });
  const stop = async () => {
    await ended(server);
    rmSync(dir, { recursive: true, force: true });
  };
  for (let tries = 0; !(await answers(port)); tries++) {
    if (server.exitCode !== null || tries > 100) {
      await stop();
      throw new Error(`PostgreSQL did not start: ${log}`);
    }
    await sleep(100);
  }
  return { url: `postgres://livecell@127.0.0.1:${port}/postgres`, stop };
}

/** PostgreSQL refuses to run as root; as root, it runs as the user its package made, or as nobody. */
function someoneElse(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
    if (uid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  return null;
}

/** SIGINT: a fast shutdown, which does not wait for clients. */
async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exit = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  if ((await Promise.race([exit, sleep(10_000, 'late')])) === 'late') server.kill('SIGKILL');
  await exit;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1', () => resolve(true));
    socket.on('connect', () => socket.destroy());
    socket.on('error', () => resolve(false));
  });
}

/** Called by vitest before the first test file; what it returns runs after the last. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.TEST_POSTGRES_URL) return;
  const bin = findPostgres();
  if (!bin) return;
  const { url, stop } = await startPostgres(bin);
  process.env.TEST_POSTGRES_URL = url;
  return stop;
}
