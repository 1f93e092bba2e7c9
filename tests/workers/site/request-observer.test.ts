import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLog } from '#lib/log.ts';
import { metrics } from '#lib/metrics.ts';
import { until } from '#tests/db/databases.ts';
import { Front } from '#workers/site/front.ts';
import { routeNamer, SiteObserver } from '#workers/site/request-observer.ts';

const routeOf = routeNamer(
  ['/', '/account', '/sign-in'],
  [
    { page: '/review/[secret]', regex: /^\/review\/([^/]+?)(?:\/)?$/ },
    { page: '/entries/[id]', regex: /^\/entries\/([^/]+?)(?:\/)?$/ },
  ],
);

let server: Server;
let lines: Record<string, unknown>[] = [];

async function open(access: 'none' | 'errors' | 'all') {
  const front = new Front({
    handle: async (request, response) => {
      response.statusCode = request.url?.startsWith('/account') ? 500 : 200;
      response.end('page');
    },
    readVersion: async () => 'same',
    origin: null,
    formTargets: [],
    observer: new SiteObserver({ routeOf, access }),
  });
  server = createServer((request, response) => void front.answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return async (path: string) => {
    const before = await total();
    await (await fetch(base + path)).text();
    await until(async () => (await total()) > before);
  };
}

async function total(): Promise<number> {
  const { values } = await metrics().requests.get();
  return values.reduce((sum, { value }) => sum + value, 0);
}

beforeEach(() => {
  lines = [];
  metrics().registry.resetMetrics();
  openLog({
    process: 'web',
    level: 'info',
    readable: false,
    stream: { write: (line) => void lines.push(JSON.parse(line)) },
  });
});
afterEach(() => {
  openLog({ level: 'silent' });
  server.closeAllConnections();
  server.close();
});

it('names the route and never the address, which may hold a secret', async () => {
  const get = await open('all');
  await get('/review/S3CRET');
  await get('/sign-in?key=S3CRET');
  await get('/wp-admin/S3CRET');
  expect(lines.map(({ route, status, cache }) => [route, status, cache])).toEqual([
    ['/review/[secret]', 200, 'passed'],
    ['/sign-in', 200, 'passed'],
    ['other', 200, 'passed'],
  ]);
  expect(lines[0]).toMatchObject({ event: 'request', method: 'GET', request: expect.any(String) });
  expect(lines[0].ms).toBeGreaterThan(0);
  expect(lines[0].bytes).toBeGreaterThan(4);
  expect(JSON.stringify(lines)).not.toContain('S3CRET');
  expect(await metrics().registry.metrics()).not.toContain('S3CRET');
});

it('counts requests, their time and what the cache did', async () => {
  const get = await open('none');
  await get('/entries/one');
  await get('/entries/one');
  await get('/account');
  const text = await metrics().registry.metrics();
  expect(text).toContain('livecell_http_requests_total{method="GET",route="/entries/[id]",status="200"} 2');
  expect(text).toContain('livecell_http_requests_total{method="GET",route="/account",status="500"} 1');
  expect(text).toContain('livecell_http_request_seconds_count{route="/entries/[id]"} 2');
  expect(text).toContain('livecell_page_cache_total{result="rendered"} 1');
  expect(text).toContain('livecell_page_cache_total{result="hit"} 1');
  expect(text).toContain('livecell_page_cache_total{result="passed"} 1');
  expect(lines).toEqual([]);
});

it('logs only what failed unless told otherwise', async () => {
  const get = await open('errors');
  await get('/');
  await get('/account');
  expect(lines.map(({ route, level }) => [route, level])).toEqual([['/account', 'warn']]);
});
