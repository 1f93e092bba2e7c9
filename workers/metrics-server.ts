/** Serves a process's metrics on a port of their own, for collectors inside the network of the site. */
import { createServer, type Server } from 'node:http';
import { metricsText } from '#db/operations/site-metrics.ts';
import { env } from '#lib/env.ts';
import { log } from '#lib/log.ts';

export interface MetricsServer {
  port: number;
  close(): Promise<void>;
}

/** Listen on METRICS_PORT, if it is set: `/metrics`, and `/health` for whoever watches the process. */
export async function serveMetrics(
  processName: 'web' | 'worker',
  { port, host }: { port?: number; host?: string } = {},
): Promise<MetricsServer | null> {
  const { METRICS_PORT, METRICS_HOST } = env();
  const wanted = port ?? METRICS_PORT;
  if (wanted === undefined) return null;
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' || (path !== '/metrics' && path !== '/health')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Only /metrics and /health are here.\n');
      return;
    }
    if (path === '/health') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
      return;
    }
    metricsText(processName).then(
      ({ text, type }) => response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(text),
      (error) => {
        log.error('metrics-failed', error);
        response.writeHead(500, { 'content-type': 'text/plain' }).end('The metrics could not be read.\n');
      },
    );
  });
  await listen(server, wanted, host ?? METRICS_HOST);
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : wanted,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}
