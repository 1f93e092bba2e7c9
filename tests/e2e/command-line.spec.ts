/** The command line against the running site. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ScoreReport } from '#lib/scoring/report.ts';
import { start } from './running-site.ts';
import { type Benchmark, document, expect, onSite, registerBenchmark, temporaryFolder, test } from './site-test.ts';

let benchmark: Benchmark;
let sender: { LIVECELL_TOKEN: string; XDG_CACHE_HOME: string };

test.beforeAll(async () => {
  benchmark = await registerBenchmark('Command line');
  const { token } = await document<{ token: string }>([
    'token',
    'create',
    '--user',
    'cleo@example.org',
    '--name',
    'tests',
  ]);
  sender = { LIVECELL_TOKEN: token, XDG_CACHE_HOME: temporaryFolder() };
});

test('submit --wait gives the report that score gives', async () => {
  const report = await waitFor(benchmark.predictions, 'Sent from a terminal');
  const { seconds: _, ...ours } = benchmark.report;
  const { seconds: __, ...theirs } = report;
  expect(theirs).toEqual(ours);
});

test('without --wait it says where to look, and asking to publish is a request', async ({ page }) => {
  const sent = await document<{ id: string; url: string }>(
    ['submit', '--publish', '--method', 'Asked', '--dataset', benchmark.name, benchmark.predictions],
    sender,
  );
  expect(sent.url).toBe(`${process.env.E2E_URL}/submissions/${sent.id}`);
  const headers = { authorization: `Bearer ${sender.LIVECELL_TOKEN}` };
  const seen = async () => (await (await page.request.get(`/api/v1/submissions/${sent.id}`, { headers })).json()).state;
  await expect.poll(seen, { timeout: 30_000 }).toBe('scored');
  const submission = await (await page.request.get(`/api/v1/submissions/${sent.id}`, { headers })).json();
  expect(submission.visibility).toBe('pending');
  expect((await page.request.get(`/api/v1/submissions/${sent.id}`)).status()).toBe(404);
});

test('a wrong file ends with status 1 and its problems, one per line', async () => {
  const detections = JSON.parse(readFileSync(benchmark.predictions, 'utf8'));
  detections[1].image_id = 'nowhere.tif';
  detections[9].score = null;
  const wrong = join(temporaryFolder(), 'wrong.json');
  writeFileSync(wrong, JSON.stringify(detections));
  const args = ['submit', '--wait', '--json', '--method', 'Wrong', '--dataset', benchmark.name, wrong];
  const { status, stdout, stderr } = await onSite(args, sender);
  expect(status).toBe(1);
  expect(JSON.parse(stdout).problems).toHaveLength(2);
  const said = stderr.split('\n').filter((line) => /^Detection \d+/.test(line));
  expect(said).toHaveLength(2);
});

test('a wrong token and a site that is not there are said in a sentence', async () => {
  const args = ['submit', '--method', 'X', benchmark.predictions];
  const wrongToken = await onSite(args, { ...sender, LIVECELL_TOKEN: 'lcb_wrong' });
  expect(wrongToken).toMatchObject({ status: 1, stdout: '' });
  expect(wrongToken.stderr).toContain('token');
  const noToken = await onSite(args);
  expect(noToken).toMatchObject({ status: 2, stderr: expect.stringContaining('A token is needed') });
});

test('an upload that was killed in the middle goes on where it was', async () => {
  const big = join(temporaryFolder(), 'big.json');
  const text = readFileSync(benchmark.predictions, 'utf8').trimEnd();
  writeFileSync(big, text.slice(0, -1) + ' '.repeat(6_000_000) + text.slice(-1));
  const line = await slowLine(new URL(process.env.E2E_URL!), 1_500_000);
  try {
    const args = ['submit', '--server', line.url, '--method', 'Interrupted', '--dataset', benchmark.name, big];
    const first = start('cli.ts', args, { LIVECELL_DATA: process.env.E2E_DATA, ...sender });
    await expect.poll(() => line.sent(), { timeout: 20_000 }).toBeGreaterThan(2_500_000);
    first.kill('SIGKILL');
    await once(first, 'exit');
    const before = line.sent();

    line.hurry();
    const second = await onSite([...args, '--wait', '--json'], sender);
    expect(second.stderr).toContain('Going on with the interrupted upload of big.json');
    expect(second.status).toBe(0);
    expect(JSON.parse(second.stdout).results).toEqual(benchmark.report.results);
    // not all of it again
    expect(line.sent() - before).toBeLessThan(readFileSync(big).length - 1_000_000);
  } finally {
    await line.close();
  }
});

async function waitFor(file: string, method: string): Promise<ScoreReport> {
  const args = ['submit', '--wait', '--json', '--method', method, '--dataset', benchmark.name, file];
  const { status, stdout, stderr } = await onSite(args, sender);
  expect(stderr).toMatch(/^Submitted: http:\/\/localhost:\d+\/submissions\/[\w-]+\n$/);
  expect(status).toBe(0);
  return JSON.parse(stdout);
}

/** A connection to the site that lets only so many bytes per second through, and counts them. */
async function slowLine(site: URL, bytesPerSecond: number) {
  let sent = 0;
  let rate = bytesPerSecond;
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(Number(site.port), site.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(client);
    client.on('data', (chunk) => {
      sent += chunk.length;
      upstream.write(chunk);
      client.pause();
      setTimeout(() => client.resume(), (chunk.length / rate) * 1000);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    hurry: () => {
      rate = Number.POSITIVE_INFINITY;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
