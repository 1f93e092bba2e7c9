/** What readers, programs and probes are told while the operator works on the site. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEnv } from '#lib/env.ts';
import { createMaintenanceServer } from '#workers/site/maintenance.ts';

const words = 'We move to <another> machine.';
const server = createMaintenanceServer({ words, until: new Date(Date.now() + 3_600_000) });
let site: string;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

test('people read the words, when it ends, and when to return', async () => {
  const answer = await fetch(`${site}/leaderboards/livecell-wide`, { headers: { accept: 'text/html' } });
  expect(answer.status).toBe(503);
  const seconds = Number(answer.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(3500);
  expect(seconds).toBeLessThanOrEqual(3600);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const page = await answer.text();
  expect(page).toContain('We move to &lt;another&gt; machine. It is expected to end at');
  expect(page).toContain('http-equiv="refresh"');
  expect(page).not.toContain('href="/"');
});

test('programs get a document, whatever they send', async () => {
  for (const init of [{}, { method: 'POST', body: 'x'.repeat(100_000) }]) {
    const answer = await fetch(`${site}/api/v1/submissions`, init);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect((await answer.json()).detail).toContain(words);
  }
});

test('probes pass, so that nothing restarts or replaces the process', async () => {
  for (const path of ['/api/health', '/api/ready?x'])
    expect(await (await fetch(site + path)).json()).toEqual({ status: 'maintenance' });
});

test('an end that is no time is refused at the start', () => {
  expect(() => readEnv({ LIVECELL_MAINTENANCE_UNTIL: 'soon' })).toThrow(
    'LIVECELL_MAINTENANCE_UNTIL must be a time such as 2026-12-01T14:30Z',
  );
  expect(readEnv({ LIVECELL_MAINTENANCE_UNTIL: '2026-12-01T14:30Z' }).LIVECELL_MAINTENANCE_UNTIL).toEqual(
    new Date(Date.UTC(2026, 11, 1, 14, 30)),
  );
});
