/** The real site and the real command line, as processes that a test starts and stops. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Where programs keep compiled code: one that was compiled before starts in half the time. */
const COMPILE_CACHE = join(ROOT, 'node_modules/.cache/node');

export interface RunningSite {
  url: string;
  data: string;
  pid: number;
  /** milliseconds from the start of the process until it said so */
  ready: number;
  stop(): Promise<void>;
}

/** Starts `npm start`'s own program on a data folder, and waits until it says it is ready. */
export async function startSite(data: string, port: number, seconds = 120): Promise<RunningSite> {
  const from = performance.now();
  const log = logFile(`site-${port}.log`);
  const child = spawn(process.execPath, ['workers/site/launch.ts'], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      LIVECELL_DATA: data,
      PORT: String(port),
      DATABASE_URL: undefined,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
    appendFileSync(log, chunk);
  });
  child.stderr.on('data', (chunk) => appendFileSync(log, chunk));
  const url = `http://localhost:${port}`;
  const stop = () => ended(child);
  while (!said.includes('ready: ')) {
    if (child.exitCode !== null) throw new Error(`The site ended at once:\n${readFileSync(log, 'utf8')}`);
    if (performance.now() - from > seconds * 1000) {
      await stop();
      throw new Error(`The site was not ready within ${seconds} s:\n${readFileSync(log, 'utf8')}`);
    }
    await sleep(100);
  }
  return { url, data, pid: child.pid!, ready: performance.now() - from, stop };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  if ((await Promise.race([exit, sleep(30_000, 'late')])) === 'late') child.kill('SIGKILL');
  await exit;
}

function logFile(name: string): string {
  const dir = join(ROOT, 'test-results', 'logs');
  mkdirSync(dir, { recursive: true });
  const path = join(dir, name);
  writeFileSync(path, '');
  return path;
}

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Starts a program of `workers/`. */
export function start(program: string, args: string[], env: Record<string, string | undefined> = {}) {
  const child = spawn(process.execPath, [join(ROOT, 'workers', program), ...args], {
    cwd: ROOT,
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, DATABASE_URL: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk) => {
      said[stream] += chunk;
    });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...said }));
  });
  return Object.assign(child, { ended });
}

/** Runs the command line to its end, as people start it: compiled, if that has been done for these sources. */
export function livecell(args: string[], env: Record<string, string | undefined> = {}): Promise<Ended> {
  return start('livecell.mjs', args, env).ended;
}
