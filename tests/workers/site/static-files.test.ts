import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import inject from 'light-my-request';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withBrotli } from '#workers/site/static-files.ts';

const SCRIPT = 'export const words = "the same words again and again";'.repeat(50);
const folder = mkdtempSync(join(tmpdir(), 'livecell-static-'));
beforeAll(() => {
  mkdirSync(join(folder, 'static', 'chunks'), { recursive: true });
  writeFileSync(join(folder, 'static', 'chunks', 'one.js'), SCRIPT);
  writeFileSync(join(folder, 'secret.js'), 'secret');
});
afterAll(() => rmSync(folder, { recursive: true }));

const answers = withBrotli(async (_, response) => void response.end('by Next'), join(folder, 'static'));
const ask = (url: string, { accepts = 'gzip, br', method = 'GET' as 'GET' | 'POST' } = {}) =>
  inject((request, response) => void answers(request as IncomingMessage, response as ServerResponse), {
    method,
    url,
    headers: { 'accept-encoding': accepts },
  });

test('a built script is sent with Brotli, for good, and is the script', async () => {
  const { headers, rawPayload } = await ask('/_next/static/chunks/one.js?dpl=1');
  expect(headers).toMatchObject({
    'content-type': 'application/javascript; charset=UTF-8',
    'content-encoding': 'br',
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'Accept-Encoding',
  });
  expect(brotliDecompressSync(rawPayload).toString()).toBe(SCRIPT);
});

test.each([
  ['who does not accept it', '/_next/static/chunks/one.js', { accepts: 'gzip' }],
  ['who refuses it', '/_next/static/chunks/one.js', { accepts: 'br;q=0, gzip' }],
  ['another method', '/_next/static/chunks/one.js', { method: 'POST' as const }],
  ['a file that is not there', '/_next/static/chunks/two.js', {}],
  ['a way out of the folder', '/_next/static/../secret.js', {}],
  ['a way out of the folder, hidden', '/_next/static/chunks/%2e%2e/%2e%2e/secret.js', {}],
  ['a page', '/leaderboards/livecell-wide', {}],
])('everything else is Next’s: %s', async (_, url, how) => {
  expect((await ask(url, how)).payload).toBe('by Next');
});
