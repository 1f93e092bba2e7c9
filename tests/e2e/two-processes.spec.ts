/**
 * Two web processes of one site behind a proxy: a form that one rendered works at the other, a change through one shows
 * at once through the other, and an upload goes on elsewhere when its process is told to stop.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { freePort, ROOT } from './running-site.ts';
import { type Benchmark, bytesKept, document, expect, registerBenchmark, rendered, signIn, test } from './site-test.ts';

test.describe.configure({ mode: 'serial' });

const stamp = Date.now().toString(36); // a site may see the tests more than once
const rita = { name: `Rita ${stamp}`, email: `rita-two-${stamp}@example.org` };
const mina = { name: `Mina ${stamp}`, email: `mina-two-${stamp}@example.org`, role: 'maintainer' as const };

let first: string;
let second: string;
let process2: ChildProcess;
let proxy: { url: string; lead: (to: string) => void; close: () => void };
let benchmark: Benchmark;
let token: string;

/** A second web process beside that of `npm start`, with the same settings. */
async function startSecond(): Promise<void> {
  const data = process.env.E2E_DATA!;
  const { databaseUrl } = JSON.parse(readFileSync(join(data, 'run.json'), 'utf8')) as { databaseUrl: string };
  const port = await freePort();
  process2 = spawn(process.execPath, ['workers/run.mjs', 'web'], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      LIVECELL_DATA: data,
      DATABASE_URL: databaseUrl,
      AUTH_SECRET: readFileSync(join(data, 'auth-secret'), 'utf8').trim(),
      AUTH_TRUST_HOST: 'true',
      LIVECELL_LOCAL_SIGN_IN: '1',
      HOST: '127.0.0.1',
      PORT: String(port),
      LIVECELL_DRAIN_SECONDS: '8', // time to look, on a busy machine as well
      LIVECELL_STOP_SECONDS: '1',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  second = `http://127.0.0.1:${port}`;
}

/** A proxy that leads all connections to one process, and cuts them when it changes over to another. */
async function startProxy(): Promise<typeof proxy> {
  let port = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    lead: (to) => {
      port = Number(new URL(to).port);
      cut();
    },
    close: () => {
      server.close();
      cut();
    },
  };
}

test.beforeAll(async ({ playwright }) => {
  first = process.env.E2E_URL!.replace('localhost', '127.0.0.1');
  await startSecond();
  proxy = await startProxy();
  benchmark = await registerBenchmark('Two processes');
  const request = await playwright.request.newContext();
  await expect.poll(async () => (await request.get(`${second}/api/ready`).catch(() => null))?.status()).toBe(200);
  await request.dispose();
});

test.afterAll(async () => {
  proxy?.close();
  if (!process2 || process2.exitCode !== null) return;
  const ended = new Promise((resolve) => process2.once('exit', resolve));
  process2.kill('SIGKILL');
  await ended;
});

const board = () => `/leaderboards/livecell-wide?dataset=${encodeURIComponent(benchmark.name)}`;

test('an upload goes on at the other process when its own is told to stop, and nothing of it is lost', async ({
  browser,
  request,
}) => {
  const context = await browser.newContext({ baseURL: process.env.E2E_URL });
  await signIn(await context.newPage(), rita);
  await context.close();
  token = (await document<{ token: string }>(['token', 'create', '--user', rita.email])).token;
  const bytes = readFileSync(benchmark.predictions);
  const half = Math.floor(bytes.length / 2);
  const headers = { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0' };
  const created = await request.post(`${first}/api/uploads`, {
    headers: {
      ...headers,
      'upload-length': String(bytes.length),
      'upload-metadata': `filename ${btoa('predictions.json')}`,
    },
  });
  expect(created.status()).toBe(201);
  const upload = new URL(created.headers().location, first).pathname;

  // half of the file is at the second process, and the rest does not come
  const piece = httpRequest(`${second}${upload}`, {
    method: 'PATCH',
    headers: {
      ...headers,
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
      'content-length': String(bytes.length),
    },
  });
  const cut = new Promise<string>((resolve) => {
    piece.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    piece.on('response', (response) => resolve(`answered ${response.statusCode}`));
  });
  piece.write(bytes.subarray(0, half));
  await expect.poll(() => bytesKept(upload.split('/').at(-1)!)).toBeGreaterThan(0);
  const exited = new Promise<number | null>((resolve) => process2.once('exit', (status) => resolve(status)));
  process2.kill('SIGTERM');
  await expect.poll(async () => (await request.get(`${second}/api/ready`)).status(), { intervals: [50] }).toBe(503); // still answering, so that a proxy sends new readers elsewhere
  expect((await request.get(`${second}/leaderboards/livecell-wide`)).status()).toBe(200);
  expect(await exited).toBe(0);
  expect(await cut).toMatch(/ECONNRESET|EPIPE|socket hang up/);

  const offset = async () =>
    Number((await request.fetch(`${first}${upload}`, { method: 'HEAD', headers })).headers()['upload-offset']);
  // the lock of the process that ended is free, or runs out
  await expect.poll(offset).toBeGreaterThan(0);
  const kept = await offset();
  expect(kept).toBeLessThanOrEqual(half);
  await expect
    .poll(async () =>
      (
        await request.patch(`${first}${upload}`, {
          headers: {
            ...headers,
            'upload-offset': String(kept),
            'content-type': 'application/offset+octet-stream',
          },
          data: bytes.subarray(kept),
        })
      ).status(),
    )
    .toBe(204);
  const made = await request.post(`${first}/api/v1/submissions`, {
    headers,
    data: {
      task: 'livecell-wide',
      dataset: benchmark.name,
      method: `Uploaded twice ${stamp}`,
      files: [{ slot: 'all', upload: upload.split('/').at(-1) }],
      visibility: 'pending',
      trainingData: 'The training split',
    },
  });
  expect(made.status(), await made.text()).toBe(201);
  const { id } = await made.json();
  const state = async () => (await (await request.get(`${first}/api/v1/submissions/${id}`, { headers })).json()).state;
  await expect.poll(state).toBe('scored');
  await startSecond();
  await expect.poll(async () => (await request.get(`${second}/api/ready`).catch(() => null))?.status()).toBe(200);
});

test('a form of one process works at the other, and what it changes shows through both at once', async ({
  browser,
  request,
}) => {
  const name = `Uploaded twice ${stamp}`;
  const on = async (process: string) => (await (await request.get(`${process}${board()}`)).text()).includes(name);
  proxy.lead(first);
  const context = await browser.newContext({ baseURL: proxy.url });
  const page = await context.newPage();
  await signIn(page, mina);
  expect(await Promise.all([on(first), on(second)])).toEqual([false, false]); // both have the page in their caches
  await page.goto('/maintain');
  const found = page.getByRole('article', { name });
  await expect(found).toBeVisible();
  await rendered(page);

  // rendered by the first process, sent to the second
  proxy.lead(second);
  await found.getByRole('button', { name: 'Approve', exact: true }).click();
  await expect.poll(() => on(second)).toBe(true);
  expect(await on(first)).toBe(true);
  await context.close();
});
