/** The web process: one HTTP server with Next behind a cache of public pages (`front.ts`). */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import next from 'next';
import { readPublicVersion } from '#db/board/public-version.ts';
import { type Client, closeDb, connect } from '#db/engine/client.ts';
import { buildCommit } from '#lib/build.ts';
import { env } from '#lib/env.ts';
import { limitFactor } from '#lib/http/limits.ts';
import { log, openLog } from '#lib/log.ts';
import { startTracing, stopTracing } from '#lib/tracing.ts';
import { serveMetrics } from '#workers/metrics-server.ts';
import { Front } from './front.ts';
import { createMaintenanceServer, type Maintenance } from './maintenance.ts';
import { readRoutes, SiteObserver } from './request-observer.ts';
import { MOST_CONNECTIONS, SERVER_LIMITS } from './server-limits.ts';
import { withBrotli } from './static-files.ts';

/** After this time without an answer, connections count as dead. */
const DEAD_AFTER = 20_000;

/**
 * Return what reads the public version, over a connection of its own, which waits behind no reader's queries. If it gets
 * no answer for long, the way to the database is lost, which TCP may notice only after a quarter of an hour: all
 * connections are replaced then, so that the site is back as soon as the database is.
 */
export function watchVersion(url: string, deadAfter = DEAD_AFTER): { read(): Promise<string>; close(): Promise<void> } {
  let client: Client = connect(url, { max: 1 });
  return {
    async read() {
      const late = new AbortController();
      const own = client;
      const version = readPublicVersion(own.db).finally(() => late.abort());
      version.catch(() => undefined); // may fail after it was given up
      const dead = sleep(deadAfter, null, { signal: late.signal, ref: false }).catch(() => null);
      const answer = await Promise.race([version, dead]);
      if (answer !== null) return answer;
      if (late.signal.aborted) return await version;
      log.warn('database-connections-replaced', { seconds: deadAfter / 1000 });
      client = connect(url, { max: 1 });
      void own.close().catch(() => undefined);
      void closeDb().catch(() => undefined);
      throw new Error(`The database has not answered for ${deadAfter / 1000} s.`);
    },
    close: () => client.close(),
  };
}

interface WebServer {
  close(): Promise<void>;
}

/** Start the web process on an address. Next must have been built. */
async function startWeb({ dir, host, port }: { dir: string; host: string; port: number }): Promise<WebServer> {
  const { LIVECELL_MAINTENANCE: words, LIVECELL_MAINTENANCE_UNTIL: until = null } = env();
  if (words) return serveMaintenance({ words, until }, host, port);
  const app = next({ dev: false, dir, hostname: host, port });
  await app.prepare();
  const settings = env();
  const version = watchVersion(settings.DATABASE_URL!);
  const front = new Front({
    handle: withBrotli(app.getRequestHandler(), join(dir, process.env.LIVECELL_DIST ?? '.next', 'static')),
    readVersion: () => version.read(),
    origin: settings.AUTH_URL ? new URL(settings.AUTH_URL).origin : null,
    trustedProxies: settings.TRUSTED_PROXIES,
    limitFactor: limitFactor(settings.LIVECELL_LIMIT_FACTOR, settings.AUTH_URL !== undefined),
    formTargets: [
      settings.AUTH_GITHUB_ID && 'https://github.com',
      settings.AUTH_GOOGLE_ID && 'https://accounts.google.com',
      settings.AUTH_ORCID_ID && new URL(settings.AUTH_ORCID_ISSUER ?? 'https://orcid.org').origin,
    ].filter((target) => typeof target === 'string'),
    observer: new SiteObserver({
      routeOf: readRoutes(join(dir, process.env.LIVECELL_DIST ?? '.next')),
      access: settings.LOG_ACCESS ?? 'errors',
    }),
  });
  const metricsServer = await serveMetrics('web');
  const server = createServer(SERVER_LIMITS, (request, response) => void front.answer(request, response));
  server.maxConnections = MOST_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    async close() {
      front.drain();
      await sleep(settings.LIVECELL_DRAIN_SECONDS * 1000);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      // event streams and slow uploads would go on for ever; both resume elsewhere
      const timer = setTimeout(() => server.closeAllConnections(), settings.LIVECELL_STOP_SECONDS * 1000);
      await closed;
      clearTimeout(timer);
      await app.close();
      await version.close();
      await metricsServer?.close();
      await stopTracing();
    },
  };
}

/** Tell everybody that the site is being worked on, until the process is started without these words. */
async function serveMaintenance(maintenance: Maintenance, host: string, port: number): Promise<WebServer> {
  const server = createMaintenanceServer(maintenance);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  log.warn('maintenance', { setting: 'LIVECELL_MAINTENANCE' });
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Run the web process until a signal: then make `/api/ready` fail, finish current requests, and exit. */
export async function runWeb(options: { dir: string; host: string; port: number }): Promise<void> {
  openLog({ process: 'web' });
  buildCommit();
  await startTracing('web');
  const server = await startWeb(options);
  log.info('web-ready', { pid: process.pid });
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void server.close().then(() => {
        log.info('web-stopped', { pid: process.pid });
        process.exit(0);
      });
    });
}

/** Run as a process of its own: see `workers/run.mjs`. */
export async function run(): Promise<void> {
  const { HOST, PORT } = env();
  await runWeb({ dir: process.cwd(), host: HOST ?? '127.0.0.1', port: PORT });
}
