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
import { requireSite, waitForDatabase } from '#db/start.ts';
import { type Env, env, isLoopbackHost, signsInAtHome } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { keepFilesPrivate, makePrivate } from '#lib/private-folder.ts';
import { SECRET_FILE } from '#lib/site-secret.ts';
import { buildIfNeeded } from './build.ts';
import '#workers/kernels.mjs'; // also if only the sources were updated
import type { RunFile } from '#workers/run-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');
const NEXT = join(root, 'node_modules/next/dist/bin/next');
/** starts the processes of a site as compiled code */
const RUN = join(root, 'workers/run.mjs');
/** The program that opens a file as a desktop does, by platform; elsewhere `xdg-open`. */
const OPENERS: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer.exe' };
/** How long a process may take to end when asked, before it is killed. */
const GRACE = { web: 3_000, worker: 18_000, task: 1_000 };
/** The web process of a site that others reach finishes what it began: see `web.ts`. */
const GRACE_IN_PRODUCTION = 5_000;

const started = performance.now();
const children = new Set<{ child: ChildProcess; grace: number }>();
let stopping = false;
let embedded: Embedded | null = null;
let dataDir = '';
/** The run file written by this process; a second start that is refused must leave the running site's file alone. */
let runFile: string | null = null;

function print(text: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  process.stdout.write(`${seconds} s  ${text}\n`);
}

async function launchSite(dev: boolean): Promise<void> {
  keepFilesPrivate();
  // only this program may switch it on, in `describeSite`
  delete process.env.LIVECELL_LOCAL_SIGN_IN;
  const settings = env();
  const isEmbedded = settings.DATABASE_URL === undefined;
  const host = settings.HOST ?? (isEmbedded ? '127.0.0.1' : '0.0.0.0');
  dataDir = resolve(settings.LIVECELL_DATA);
  const mended = makePrivate(dataDir);
  if (mended > 0)
    print(
      `${mended} files and folders in ${dataDir} were open to other users of this machine; now they are yours alone`,
    );

  // whatever can be wrong is found before anything slow begins
  const lock = isEmbedded ? lockFolder(dataDir) : undefined;
  await requireFreePort(host, settings.PORT);
  if (isEmbedded) await openDatabase(lock);
  const databaseUrl = embedded?.url ?? settings.DATABASE_URL!;
  if (!isEmbedded) await waitForDatabase(databaseUrl, { onWait: print });
  await migrate(databaseUrl);
  await requireSite(databaseUrl);

  const site = describeSite(settings, host, databaseUrl);
  writeRunFile({ pid: process.pid, databaseUrl, siteUrl: site.url, signsInAtHome: site.signsInAtHome });
  // both on one machine: the web process has METRICS_PORT, the scoring process the next
  const { METRICS_PORT } = settings;
  void keepServiceRunning({
    name: 'worker',
    args: [RUN, 'worker'],
    environment: METRICS_PORT ? { ...site.environment, METRICS_PORT: String(METRICS_PORT + 1) } : site.environment,
  });
  const seeding = isEmbedded ? seedSite(site.environment) : undefined;
  if (!dev) await buildPages(); // if the first build fails, the launch fails
  void keepServiceRunning(webService(site.environment, dev));
  await Promise.all([waitForAnswer(host, settings.PORT), seeding]);
  if (stopping) return;
  if (!site.signsInAtHome) return print(`ready: ${site.url}`);
  const address = await makeOperatorAddress(databaseUrl, site.url);
  print(`ready: ${site.url}\n         sign in, once, at ${address}`);
  openInBrowser(address);
}

async function openDatabase(lock: ReturnType<typeof lockFolder> | undefined): Promise<void> {
  const first = !existsSync(join(dataDir, 'database'));
  print(first ? `creating the database in ${dataDir}` : `opening the database in ${dataDir}`);
  embedded = await openEmbedded(dataDir, { lock, onCrash: (error) => failSite('The database stopped.', error) });
}

interface Site {
  url: string;
  /** whether the operator signs in with a link that this program prints */
  signsInAtHome: boolean;
  /** of every process of the site */
  environment: NodeJS.ProcessEnv;
}

/** @throws AppError when other machines can reach the site and nothing says under which address */
function describeSite(settings: Env, host: string, databaseUrl: string): Site {
  // addresses in links, feeds and sign-ins come from here alone, never from what a request says
  if (!isLoopbackHost(host) && !settings.AUTH_URL)
    throw new AppError(
      'invalid',
      `Other machines can reach this site at ${host}. Say under which address: AUTH_URL=https://livecell.example.org npm start. Or keep it on this machine: HOST=127.0.0.1 npm start.`,
    );
  const atHome = settings.DATABASE_URL === undefined && signsInAtHome({ ...settings, HOST: host });
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    LIVECELL_DATA: dataDir,
    PORT: String(settings.PORT),
    HOST: host,
    AUTH_SECRET: settings.AUTH_SECRET ?? readOrMakeSecret(),
  };
  if (settings.DATABASE_URL === undefined) {
    // nobody balances the load, and whoever presses Ctrl-C waits
    process.env.LIVECELL_DRAIN_SECONDS ??= '0';
    process.env.LIVECELL_STOP_SECONDS ??= '2';
    environment.LIVECELL_DRAIN_SECONDS = process.env.LIVECELL_DRAIN_SECONDS;
    environment.LIVECELL_STOP_SECONDS = process.env.LIVECELL_STOP_SECONDS;
  }
  if (atHome) {
    environment.LIVECELL_LOCAL_SIGN_IN = '1';
    environment.AUTH_TRUST_HOST ??= 'true'; // there is no proxy between the browser and this site
  }
  return { url: chooseSiteUrl(settings, host), signsInAtHome: atHome, environment };
}

/** Add the reference results and the demo benchmark. A site without its examples still works; the next start tries again. */
function seedSite(environment: NodeJS.ProcessEnv): Promise<void> {
  return runToEnd('seeding', [RUN, 'seed'], environment).then(
    () => print('reference results and demo benchmark are in'),
    (error) => print(String(error.message)),
  );
}

function webService(environment: NodeJS.ProcessEnv, dev: boolean): Service {
  const { HOST, PORT } = environment;
  if (dev) return { name: 'web', args: [NEXT, 'dev', '--hostname', HOST!, '--port', PORT!], environment };
  return {
    name: 'web',
    args: [RUN, 'web'],
    environment: { ...environment, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    before: buildPages,
  };
}

/** Return a new address that signs the operator in. */
async function makeOperatorAddress(databaseUrl: string, siteUrl: string): Promise<string> {
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
  // without a browser, the address is on the terminal
  spawn(OPENERS[platform] ?? 'xdg-open', [file], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}

async function buildPages(): Promise<void> {
  // pages are rendered on request: building needs neither the database nor a secret, and must not depend on them
  const { DATABASE_URL: _, AUTH_SECRET: __, ...buildEnv } = process.env;
  const built = await buildIfNeeded(root, async () => {
    print('building the pages, once for each version');
    await runToEnd('building', [NEXT, 'build'], { ...buildEnv, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' });
  });
  if (built) print('pages are built');
}

// --- processes ---

function startProcess(
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
async function runToEnd(name: string, args: string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const child = startProcess(args, environment, GRACE.task, 'pipe');
  let output = '';
  const appendOutput = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout?.on('data', appendOutput);
  child.stderr?.on('data', appendOutput);
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
async function keepServiceRunning(service: Service): Promise<void> {
  const { name, args, environment, before } = service;
  for (let failures = 0; !stopping; failures++) {
    const began = performance.now();
    try {
      await before?.();
      if (stopping) return;
      const child = startProcess(args, environment, graceOf(name, environment), 'inherit');
      const how = await new Promise((resolve) => child.once('exit', (status, signal) => resolve(signal ?? status)));
      if (!stopping) print(`the ${name} process ended (${how}); starting it again`);
    } catch (error) {
      print(error instanceof Error ? error.message : String(error));
    }
    if (performance.now() - began > 60_000) failures = 0;
    await new Promise((resolve) => setTimeout(resolve, stopping ? 0 : Math.min(30_000, 500 * 2 ** failures)));
  }
}

/** Return how long a service may take to end, in milliseconds. */
function graceOf(name: Service['name'], environment: NodeJS.ProcessEnv): number {
  if (name !== 'web' || environment.LIVECELL_STOP_SECONDS === '0') return GRACE[name];
  const { LIVECELL_DRAIN_SECONDS, LIVECELL_STOP_SECONDS } = env();
  return (LIVECELL_DRAIN_SECONDS + LIVECELL_STOP_SECONDS) * 1000 + GRACE_IN_PRODUCTION;
}

async function stopSite(status: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  await Promise.all([...children].map(({ child, grace }) => endProcess(child, grace)));
  await embedded?.close().catch(() => {});
  if (runFile) rmSync(runFile, { force: true });
  process.exit(status);
}

async function endProcess(child: ChildProcess, grace: number): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), grace);
  await ended;
  clearTimeout(timer);
}

function failSite(text: string, error: unknown): void {
  process.stderr.write(`${text}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  void stopSite(1);
}

// --- environment ---

/** @throws AppError when another program has the port, or this one may not use it */
async function requireFreePort(host: string, port: number): Promise<void> {
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

/** Wait until the site answers, or is stopped. */
async function waitForAnswer(host: string, port: number): Promise<void> {
  const reachable = reachableHost(host);
  while (!stopping) {
    const response = await fetch(`http://${reachable}:${port}/api/health`, {
      signal: AbortSignal.timeout(30_000),
    }).catch(() => null);
    await response?.body?.cancel();
    if (response) return;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** Return the host part of an address under which this machine reaches what listens on `host`. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function chooseSiteUrl(settings: Env, host: string): string {
  if (settings.AUTH_URL) return new URL(settings.AUTH_URL).origin;
  const name = isLoopbackHost(host) || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name}:${settings.PORT}`;
}

/** Return the secret that signs sessions; it is stored, so that a restart signs nobody out. */
function readOrMakeSecret(): string {
  const path = join(dataDir, SECRET_FILE);
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

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stopSite(0));
// npm does not always pass a signal on to its shell's children: end when the shell is gone
if (process.env.npm_lifecycle_event) {
  const { ppid } = process;
  setInterval(() => process.ppid !== ppid && void stopSite(0), 500).unref();
}
// output that nobody reads any more (`npm start | head`) is no fault: writing of it would fail again, without end
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
process.on('uncaughtException', (error) => failSite('Something went wrong.', error));

try {
  await launchSite(process.argv.includes('--dev'));
} catch (error) {
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (syscall && path && ['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT'].includes(code ?? '')) {
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    process.stderr.write(
      `${full ? 'The disk is full' : 'This folder cannot be written to'}: ${path} (${code}). ${full ? 'Free some space, then start again.' : 'Give it to the user of the site, or choose another folder: LIVECELL_DATA=… npm start'}\n`,
    );
    await stopSite(1);
  } else if (error instanceof AppError) {
    process.stderr.write(`${error.message}\n`);
    await stopSite(1);
  } else failSite('The site could not be started.', error);
}
