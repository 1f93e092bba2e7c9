/**
 * Counts, logs and traces the requests of the web process. Routes are named by their pattern (`/entries/[id]`), never
 * by their address: an address may hold a secret, and there are endlessly many.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { log } from '#lib/log.ts';
import { metrics } from '#lib/metrics.ts';
import { isTracing, traceOfUpload, withSpan } from '#lib/tracing.ts';
import type { Observed, RequestObserver } from './front.ts';

/** A request that takes longer is logged even if only errors are; milliseconds. */
const SLOW = 5000;
/** Routes whose answers stay open for as long as somebody watches. */
const STREAMS = /\/events$/;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Return a function that names the route of a path. @param folder of the build, with Next's list of its routes */
export function readRoutes(folder: string): (path: string) => string {
  const manifest = JSON.parse(readFileSync(join(folder, 'routes-manifest.json'), 'utf8')) as {
    staticRoutes: { page: string }[];
    dynamicRoutes: { page: string; regex: string }[];
  };
  return routeNamer(
    manifest.staticRoutes.map(({ page }) => page),
    manifest.dynamicRoutes.map(({ page, regex }) => ({ page, regex: new RegExp(regex) })),
  );
}

/** Return a function that names the route of a path; `other` for paths that no route has. */
export function routeNamer(
  fixed: readonly string[],
  dynamic: readonly { page: string; regex: RegExp }[],
): (path: string) => string {
  const known = new Set(fixed);
  return (path) => {
    if (known.has(path)) return path;
    if (path.startsWith('/_next/')) return '/_next';
    return dynamic.find(({ regex }) => regex.test(path))?.page ?? 'other';
  };
}

interface ObserverOptions {
  /** names the route of a path */
  routeOf: (path: string) => string;
  /** requests that are logged */
  access: 'none' | 'errors' | 'all';
}

export class SiteObserver implements RequestObserver {
  readonly #routeOf: (path: string) => string;
  readonly #access: ObserverOptions['access'];

  constructor({ routeOf, access }: ObserverOptions) {
    this.#routeOf = routeOf;
    this.#access = access;
  }

  watch(request: IncomingMessage, response: ServerResponse, observed: Observed): void {
    const started = performance.now();
    // read now: Next changes the address of a request
    const route = this.#routeOf(pathOf(request));
    const before = request.socket.bytesWritten;
    response.once('close', () => {
      const milliseconds = performance.now() - started;
      const method = METHODS.has(request.method ?? '') ? request.method! : 'other';
      // the reader left before the answer: proxies call this 499
      const status = response.writableFinished ? response.statusCode : 499;
      const bytes = Math.max(0, request.socket.bytesWritten - before);
      const measured = metrics();
      measured.requests.inc({ method, route, status });
      if (!STREAMS.test(route)) measured.requestSeconds.observe({ route }, milliseconds / 1000);
      measured.responseBytes.inc(bytes);
      measured.pageCache.inc({ result: observed.cache });
      measured.pageCacheBytes.set(observed.cacheBytes);
      const failed = status >= 500 || (milliseconds > SLOW && !STREAMS.test(route));
      if (this.#access === 'none' || (this.#access === 'errors' && !failed)) return;
      log[failed ? 'warn' : 'info']('request', {
        request: observed.id,
        method,
        route,
        status,
        ms: Math.round(milliseconds * 10) / 10,
        bytes,
        cache: observed.cache,
      });
    });
  }

  async trace(request: IncomingMessage, { id }: Observed, run: () => Promise<void>): Promise<void> {
    if (!isTracing()) return await run();
    const path = pathOf(request);
    const route = this.#routeOf(path);
    // requests for one upload belong to one trace
    const upload = path.startsWith('/api/uploads/') ? traceOfUpload(path.slice('/api/uploads/'.length)) : undefined;
    const given = request.headers.traceparent;
    await withSpan(
      `${request.method} ${route}`,
      {
        parent: upload ?? (typeof given === 'string' ? given : undefined),
        attributes: { 'http.request.method': request.method ?? '', 'http.route': route, 'livecell.request': id },
      },
      run,
    );
  }
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
