/**
 * What `npm start` runs: a whole site from one command.
 *
 *   without DATABASE_URL   lock the data folder ─▶ embedded database ─▶ migrate ─┬▶ seed (first start)
 *   with DATABASE_URL                                             ─▶ migrate ─┤
 *                                                                              ├▶ build if needed ─▶ web
 *                                                                              └▶ worker
 *
 * Everything it starts ends with it: on SIGTERM or Ctrl-C in order, and after kill -9 because the children notice it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '#db/engine/client.ts';
import { type Embedded, openEmbedded } from '#db/engine/embedded.ts';
import { lockFolder } from '#db/engine/folder-lock.ts';
import { migrate } from '#db/migrate.ts';
import { makeOperatorLink, signInAddress } from '#db/people/sign-in-links.ts';
import { type Env, env, isLoopbackHost, signsInAtHome } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { keepFilesPrivate, makePrivate } from '#lib/private-folder.ts';
import { buildIfNeeded } from './build.ts';
import '#workers/kernels.mjs'; // also if only the sources were updated
import type { RunFile } from '#workers/run-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');
const NEXT = join(root, 'node_modules/next/dist/bin/next');
/** How long a process may take to end when asked, before it is killed. */
const GRACE = { web: 3_000, worker: 18_000, task: 1_000 };

const started = performance.now();
const children = new Set<{ child: ChildProcess; grace: number }>();
let stopping = false;
let embedded: Embedded | null = null;
let dataDir = '';
/** The run file written by this process; a second start that is refused must leave the running site's file alone. */
let runFile: string | null = null;

function say(text: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  process.stdout.write(`${seconds} s  ${text}\n`);
}

async function launch(dev: boolean): Promise<void> {
  keepFilesPrivate();
  // only this program may switch it on, below
  delete process.env.LIVECELL_LOCAL_SIGN_IN;
  const settings = env();
  dataDir = resolve(settings.LIVECELL_DATA);
  const isEmbedded = settings.DATABASE_URL === undefined;
  const host = settings.HOST ?? (isEmbedded ? '127.0.0.1' : '0.0.0.0');
  const mended = makePrivate(dataDir);
  if (mended > 0)
    say(`${mended} files and folders in ${dataDir} were open to other users of this machine; now they are yours alone`);

  // find configuration errors before anything slow begins
  const lock = isEmbedded ? lockFolder(dataDir) : undefined;
  await checkPort(host, settings.PORT);

  if (isEmbedded) {
    const first = !existsSync(join(dataDir, 'database'));
    say(first ? `creating the database in ${dataDir}` : `opening the database in ${dataDir}`);
    embedded = await openEmbedded(dataDir, { lock, onCrash: (error) => fatal('The database stopped.', error) });
  }
  const databaseUrl = embedded?.url ?? settings.DATABASE_URL!;
  await migrate(databaseUrl);

  const childEnv: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    LIVECELL_DATA: dataDir,
    PORT: String(settings.PORT),
    HOST: host,
    AUTH_SECRET: settings.AUTH_SECRET ?? keptSecret(),
  };
  // addresses in links, feeds and sign-ins come only from here, never from a request
  if (!isLoopbackHost(host) && !settings.AUTH_URL)
    throw new AppError(
      'invalid',
      `Other machines can reach this site at ${host}. Say under which address: AUTH_URL=https://livecell.example.org npm start. Or keep it on this machine: HOST=127.0.0.1 npm start.`,
    );
  const atHome = isEmbedded && signsInAtHome({ ...settings, HOST: host });
  if (atHome) {
    childEnv.LIVECELL_LOCAL_SIGN_IN = '1';
    childEnv.AUTH_TRUST_HOST ??= 'true'; // there is no proxy between the browser and the site
  }
  const siteUrl = siteAddress(settings, host);
  writeRunFile({ pid: process.pid, databaseUrl, siteUrl, signsInAtHome: atHome });

  void keepRunning({ name: 'worker', args: ['workers/scoring/process.ts'], environment: childEnv });
  const seeding = isEmbedded
    ? task('seeding', ['workers/demo/seed.ts'], childEnv).then(
        () => say('reference results and demo benchmark are in'),
        // a site without its examples still works; the next start tries again
        (error) => say(String(error.message)),
      )
    : undefined;
  const listen = ['--hostname', host, '--port', String(settings.PORT)];
  if (!dev) await build(); // a failure of the first build ends everything
  void keepRunning({
    name: 'web',
    args: dev ? [NEXT, 'dev', ...listen] : ['workers/site/web.ts'],
    environment: dev ? childEnv : { ...childEnv, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    before: dev ? undefined : build,
  });
  await Promise.all([answers(host, settings.PORT), seeding]);
  if (stopping) return;
  if (!atHome) return say(`ready: ${siteUrl}`);
  const address = await operatorAddress(databaseUrl, siteUrl);
  say(`ready: ${siteUrl}\n         sign in, once, at ${address}`);
  openInBrowser(address);
}

/** Return a new address that signs the operator in. */
async function operatorAddress(databaseUrl: string, siteUrl: string): Promise<string> {
  const { db, close } = connect(databaseUrl, { max: 1 });
  try {
    return signInAddress(siteUrl, await makeOperatorLink(db));
  } finally {
    await close();
  }
}

/**
 * Open the address in a desktop's browser. The browser is given a file that redirects: every user of the machine can
 * read command lines, so the key must not be in one.
 */
function openInBrowser(address: string): void {
  const { platform } = process;
  const onScreen = platform === 'darwin' || platform === 'win32' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!process.stdout.isTTY || !onScreen || process.env.CI || process.env.BROWSER === 'none') return;
  const file = join(dataDir, 'sign-in.html');
  rmSync(file, { force: true });
  writeFileSync(
    file,
    `<!doctype html><meta http-equiv="refresh" content="0; url=${address}"><title>Sign in</title>\n`,
    {
      mode: 0o600,
      flag: 'wx',
    },
  );
  const [program, ...args] =
    platform === 'darwin' ? ['open', file] : platform === 'win32' ? ['explorer.exe', file] : ['xdg-open', file];
  // without a browser, the address is on the terminal
  spawn(program, args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}

async function build(): Promise<void> {
  // pages are rendered on request: building needs neither the database nor a secret, and must not depend on them
  const { DATABASE_URL: _, AUTH_SECRET: __, ...buildEnv } = process.env;
  const built = await buildIfNeeded(root, async () => {
    say('building the pages, once for each version');
    await task('building', [NEXT, 'build'], { ...buildEnv, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' });
  });
  if (built) say('pages are built');
}

// --- processes ---

function start(
  args: string[],
  environment: NodeJS.ProcessEnv,
  grace: number,
  output: 'inherit' | 'pipe',
): ChildProcess {
  const child = spawn(process.execPath, ['--import', join(root, 'workers/site/with-parent.ts'), ...args], {
    cwd: root,
    env: environment,
    stdio: ['ignore', output, output === 'pipe' ? 'pipe' : 'inherit', 'ipc'],
  });
  const entry = { child, grace };
  children.add(entry);
  child.once('exit', () => children.delete(entry));
  return child;
}

/** Run a process that ends by itself; show its output only if it failed. */
async function task(name: string, args: string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const child = start(args, environment, GRACE.task, 'pipe');
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (status !== 0 && !stopping) throw new Error(`${name} failed:\n${output}`);
}

interface Service {
  name: 'web' | 'worker';
  args: string[];
  environment: NodeJS.ProcessEnv;
  /** preparation before each start */
  before?: () => Promise<void>;
}

/** Keep a process running: restart it when it ends, with growing delays. */
async function keepRunning(service: Service): Promise<void> {
  const { name, args, environment, before } = service;
  for (let failures = 0; !stopping; failures++) {
    const began = performance.now();
    try {
      await before?.();
      if (stopping) return;
      const child = start(args, environment, GRACE[name], 'inherit');
      const how = await new Promise((resolve) => child.once('exit', (status, signal) => resolve(signal ?? status)));
      if (!stopping) say(`the ${name} process ended (${how}); starting it again`);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    if (performance.now() - began > 60_000) failures = 0;
    await new Promise((resolve) => setTimeout(resolve, stopping ? 0 : Math.min(30_000, 500 * 2 ** failures)));
  }
}

async function stop(status: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  await Promise.all([...children].map(({ child, grace }) => end(child, grace)));
  await embedded?.close().catch(() => {});
  if (runFile) rmSync(runFile, { force: true });
  process.exit(status);
}

async function end(child: ChildProcess, grace: number): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), grace);
  await ended;
  clearTimeout(timer);
}

function fatal(text: string, error: unknown): void {
  process.stderr.write(`${text}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  void stop(1);
}

// --- environment ---

async function checkPort(host: string, port: number): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be used (${code})`;
    throw new AppError('unavailable', `Port ${port} ${why}. Choose another: PORT=${port + 1} npm start`, { cause });
  }
  await new Promise((resolve) => server.close(resolve));
}

async function answers(host: string, port: number): Promise<void> {
  const reachable =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  while (!stopping) {
    const response = await fetch(`http://${reachable}:${port}/api/health`, {
      signal: AbortSignal.timeout(30_000),
    }).catch(() => null);
    await response?.body?.cancel();
    if (response) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

function siteAddress(settings: Env, host: string): string {
  if (settings.AUTH_URL) return new URL(settings.AUTH_URL).origin;
  const name = isLoopbackHost(host) || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name}:${settings.PORT}`;
}

/** Return the secret that signs sessions; it is stored, so that a restart signs nobody out. */
function keptSecret(): string {
  const path = join(dataDir, 'auth-secret');
  if (!existsSync(path)) writeFileSync(path, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  return readFileSync(path, 'utf8').trim();
}

/**
 * Write the file through which the command line finds the site. It contains the database's password, so only this user
 * may read it.
 */
function writeRunFile(run: RunFile): void {
  const path = join(dataDir, 'run.json');
  writeFileSync(`${path}.part`, JSON.stringify(run), { mode: 0o600 });
  chmodSync(`${path}.part`, 0o600); // in case a crash left the part behind
  renameSync(`${path}.part`, path);
  runFile = path;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));
// npm does not always pass a signal on to its shell's children: end when the shell is gone
if (process.env.npm_lifecycle_event) {
  const { ppid } = process;
  setInterval(() => process.ppid !== ppid && void stop(0), 500).unref();
}
process.on('uncaughtException', (error) => fatal('Something went wrong.', error));

try {
  await launch(process.argv.includes('--dev'));
} catch (error) {
  if (error instanceof AppError) {
    process.stderr.write(`${error.message}\n`);
    await stop(1);
  } else fatal('The site could not be started.', error);
}
