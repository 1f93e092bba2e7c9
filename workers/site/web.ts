/** The web process: one HTTP server with Next behind a cache of public pages (`front.ts`). */
import { createServer } from 'node:http';
import next from 'next';
import { readPublicVersion } from '#db/board/public-version.ts';
import { db } from '#db/engine/client.ts';
import { env } from '#lib/env.ts';
import { Front } from './front.ts';
import { SERVER_LIMITS } from './server-limits.ts';

interface WebServer {
  close(): Promise<void>;
}

/** Start the web process on an address. Next must have been built. */
async function startWeb({ dir, host, port }: { dir: string; host: string; port: number }): Promise<WebServer> {
  const app = next({ dev: false, dir, hostname: host, port });
  await app.prepare();
  const settings = env();
  const front = new Front({
    handle: app.getRequestHandler(),
    readVersion: () => readPublicVersion(db()),
    origin: settings.AUTH_URL ? new URL(settings.AUTH_URL).origin : null,
    formTargets: [
      settings.AUTH_GITHUB_ID && 'https://github.com',
      settings.AUTH_GOOGLE_ID && 'https://accounts.google.com',
      settings.AUTH_ORCID_ID && new URL(settings.AUTH_ORCID_ISSUER ?? 'https://orcid.org').origin,
    ].filter((target) => typeof target === 'string'),
  });
  const server = createServer(SERVER_LIMITS, (request, response) => void front.answer(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    async close() {
      front.drain();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await closed;
      await app.close();
    },
  };
}

/** Run the web process until a signal: then make `/api/ready` fail, finish current requests, and exit. */
export async function runWeb(options: { dir: string; host: string; port: number }): Promise<void> {
  const server = await startWeb(options);
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void server.close().then(() => process.exit(0));
    });
}

if (import.meta.main) {
  const { HOST, PORT } = env();
  await runWeb({ dir: process.cwd(), host: HOST ?? '127.0.0.1', port: PORT });
}
