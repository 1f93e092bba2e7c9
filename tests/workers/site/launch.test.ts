/**
 * `npm start`'s program as a process: what it says, what it leaves behind. The pages themselves need a build and are
 * tested in the browser tests; here it runs as far as it can before building.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { freePort, temporaryFolder, until } from '#tests/db/databases.ts';

const folders: string[] = [];
const running = new Set<ChildProcess>();
const newFolder = () => {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
};

afterEach(async () => {
  for (const child of running) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function launch(folder: string, port: number, env: Record<string, string> = {}) {
  const { DATABASE_URL: _, ...inherited } = process.env;
  const child = spawn(process.execPath, ['workers/site/start.mjs', '--dev'], {
    env: { ...inherited, LIVECELL_DATA: folder, PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const said = { text: '' };
  child.stdout.on('data', (chunk) => (said.text += chunk));
  child.stderr.on('data', (chunk) => (said.text += chunk));
  return { child, said };
}

describe('starting', () => {
  test('a port that is taken is named at once, with what to do', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { child, said } = launch(newFolder(), port);
    const [status] = await once(child, 'close');
    expect(status).toBe(1);
    expect(said.text).toBe(`Port ${port} is in use by another program. Choose another: PORT=${port + 1} npm start\n`);
    other.close();
  });

  test('wrong variables are all named', async () => {
    const { child, said } = launch(newFolder(), 99_999, { AUTH_ORCID_ID: 'x' });
    expect((await once(child, 'close'))[0]).toBe(1);
    expect(said.text).toContain('PORT must be at most 65535');
  });

  test('a second start on the folder says so; kill -9 leaves nothing running and no acknowledged row is lost', {
    timeout: 120_000,
  }, async () => {
    const folder = newFolder();
    const first = launch(folder, await freePort());
    const runFile = join(folder, 'run.json');
    await until(async () => existsSync(runFile), { milliseconds: 60_000, what: 'run.json' });
    expect(statSync(runFile).mode & 0o777).toBe(0o600);
    const run = JSON.parse(readFileSync(runFile, 'utf8'));
    expect(run.pid).toBe(first.child.pid);

    const second = launch(folder, await freePort());
    expect((await once(second.child, 'close'))[0]).toBe(1);
    expect(second.said.text).toBe(`${folder} is already in use by process ${first.child.pid}.\n`);
    expect(existsSync(runFile)).toBe(true); // the first one's

    const sql = postgres(run.databaseUrl, { max: 1 });
    await sql`create table marks (n int)`;
    await sql`insert into marks values (1)`;
    await sql.end();
    const children = await until(async () => {
      const pids = childrenOf(first.child.pid!);
      return pids.length >= 2 && pids;
    });
    first.child.kill('SIGKILL');
    await until(async () => !children.some(isAlive), { milliseconds: 60_000, what: 'the children to end' });

    const again = launch(folder, await freePort());
    // nobody reads what it says, as after `npm start | head`: it goes on
    again.child.stdout.destroy();
    again.child.stderr.destroy();
    await until(async () => JSON.parse(readFileSync(runFile, 'utf8')).pid === again.child.pid, {
      milliseconds: 30_000,
    });
    const reopened = postgres(JSON.parse(readFileSync(runFile, 'utf8')).databaseUrl, { max: 1 });
    expect((await reopened`select n from marks`)[0].n).toBe(1);
    await reopened.end();
    again.child.kill('SIGTERM');
    expect((await once(again.child, 'exit'))[0]).toBe(0);
    expect(existsSync(runFile)).toBe(false);
  });
});

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
