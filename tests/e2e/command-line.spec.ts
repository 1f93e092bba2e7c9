/** The command line against the running site. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { Report, ReportOf } from '#lib/tasks/report.ts';
import { labelPictures } from '#tests/workers/scoring/label-pictures.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import { start } from './running-site.ts';
import {
  type Benchmark,
  bytesOnTheWay,
  document,
  expect,
  onSite,
  registerBenchmark,
  temporaryFolder,
  test,
} from './site-test.ts';

type CountReport = ReportOf<'fluorescence-counts'>;
type OutsideReport = ReportOf<'zero-shot'>;

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
  // the site also keeps what became of every object, and adds the numbers of other papers after the score
  const { seconds: __, outcomes: ___, families: ____, ...theirs } = report;
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
  await expect.poll(seen).toBe('scored');
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
  const onTheWay = bytesOnTheWay();
  try {
    const args = ['submit', '--server', line.url, '--method', 'Interrupted', '--dataset', benchmark.name, big];
    const first = start('livecell.mjs', args, { LIVECELL_DATA: process.env.E2E_DATA, ...sender });
    await expect.poll(() => line.sent()).toBeGreaterThan(2_500_000);
    await expect.poll(bytesOnTheWay).toBeGreaterThan(onTheWay + 1_500_000);
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

test.describe('tasks with several files', () => {
  let demo: DemoData;
  let other: DemoData;
  const sets = { truth: '', counts: '', outside: '', elsewhere: '' };

  test.beforeAll(async () => {
    const folder = temporaryFolder();
    demo = await writeDemoData(folder, { imagesPerType: 1, seed: 8 });
    other = await writeDemoData(join(folder, 'other'), { imagesPerType: 1, seed: 9 });
    for (const set of Object.keys(sets) as (keyof typeof sets)[]) sets[set] = `CLI ${set} ${Date.now().toString(36)}`;
    const add = (set: keyof typeof sets, task: string, ...files: string[]) =>
      document(['import-ground-truth', '--task', task, '--name', sets[set], ...files]);
    const about = ['--licence', 'CC0', '--source', 'drawn here', '--protocol', 'as it is'];
    // On private ground truth, scores are rounded until they are published.
    await add('truth', 'livecell-wide', demo.groundTruth, '--public');
    await add('counts', 'fluorescence-counts', `A549=${demo.counts.A549.reference}`);
    await add('outside', 'zero-shot', demo.groundTruth, '--public', ...about);
    await add('elsewhere', 'zero-shot', other.groundTruth, '--public', ...about);
  });

  /** The report of `submit --wait`, what was said on the way, and `score`'s report of the same files. */
  async function both<T extends Report>(task: string, files: string[], truth: string[], ...more: string[]) {
    const method = ['--wait', '--json', '--method', `By hand, ${task}`];
    const submitted = await onSite(['submit', '--task', task, ...method, ...more, ...files], sender);
    expect(submitted).toMatchObject({ status: 0, stderr: expect.stringContaining('Submitted: ') });
    const here = files.map((text) => (text === '--slot-file' ? '--predictions' : text));
    const predictions = here.includes('--predictions') ? here : ['--predictions', ...here];
    const options = more.filter(
      (_, i) => !['--also', '--dataset'].some((name) => name === more[i] || name === more[i - 1]),
    );
    const scored = await document<T>([
      ...['score', '--task', task, ...options, ...predictions],
      ...truth.flatMap((text) => ['--ground-truth', text]),
    ]);
    return { report: JSON.parse(submitted.stdout) as T, said: submitted.stderr, scored };
  }

  const slots = (files: Record<string, string>) =>
    Object.entries(files).flatMap(([slot, path]) => ['--slot-file', `${slot}=${path}`]);

  test('eight files by slot serve two tasks with --also', async ({ page }) => {
    const files = Object.fromEntries(CELL_TYPES.map((type, i) => [type.toLowerCase(), demo.predictions[i % 3].path]));
    const more = ['--also', 'single-cell-type', '--dataset', sets.truth];
    const { report, said, scored } = await both('transferability', slots(files), [demo.groundTruth], ...more);
    expect(report.results).toEqual(scored.results);
    const [, id] = /Also submitted to single-cell-type, .*\/submissions\/([\w-]+)/.exec(said)!;
    // both were waited for, and are one document
    const { also } = report as unknown as { also: { id: string; task: string; state: string; report: Report }[] };
    expect(also).toMatchObject([{ id, task: 'single-cell-type', dataset: sets.truth, state: 'scored' }]);
    const headers = { authorization: `Bearer ${sender.LIVECELL_TOKEN}` };
    const there = await (await page.request.get(`/api/v1/submissions/${id}`, { headers })).json();
    expect(there.state).toBe('scored');
    expect(also[0].report).toEqual(there.report);
    expect(there.report.results.segm.mean.AP).toBeGreaterThan(0);

    const words = ['submit', '--task', 'transferability', '--wait', '--method', 'Two in words', ...more];
    const { status, stdout } = await onSite([...words, ...slots(files)], sender);
    expect(status).toBe(0);
    expect(stdout).toMatch(/transferability[\s\S]*single-cell-type/i);
  });

  test('one archive with folders of label images is scored as here', async () => {
    const folders = await Promise.all(CELL_TYPES.slice(6).map((type) => labelPictures(demo.groundTruth, type)));
    const zip = join(temporaryFolder(), 'labels.zip');
    writeFileSync(zip, zipSync({ SkBr3: folders[0], 'SK-OV-3': folders[1] }));
    const { report, scored } = await both('single-cell-type', [zip], [demo.groundTruth], '--dataset', sets.truth);
    expect(report).toMatchObject({ unscored: true, predictions: [{ slot: 'SkBr3' }, { slot: 'SKOV3' }] });
    expect(report.results).toEqual(scored.results);
    expect(report.predictions.map(({ sha256 }) => sha256)).toEqual(scored.predictions.map(({ sha256 }) => sha256));
  });

  test('detections are counted from --score-threshold on, of every category with --any-category', async () => {
    const images = Object.keys(JSON.parse(readFileSync(demo.counts.A549.reference, 'utf8')));
    const detections = images.flatMap((image_id, i) =>
      [0.9, 0.6, 0.3].map((score, k) => ({
        image_id,
        score: score - (i % 2) * 0.1,
        category_id: k,
        bbox: [0, 0, 2, 2],
      })),
    );
    const file = join(temporaryFolder(), 'detections.json');
    writeFileSync(file, JSON.stringify(detections));
    const more = ['--score-threshold', '0.55', '--any-category', '--dataset', sets.counts];
    const truth = [`A549=${demo.counts.A549.reference}`];
    const { report, scored } = await both<CountReport>('fluorescence-counts', slots({ A549: file }), truth, ...more);
    expect(report.predictions).toMatchObject([{ anyCategory: true, detections: Math.ceil(images.length * 1.5) }]);
    // rounded, since the reference counts are private: an R² below 0 is given as 0
    expect(scored.results.counts.A549!.r2).toBeLessThan(0);
    expect(report.results.counts.A549).toMatchObject({ scoreThreshold: 0.55, r2: 0 });
    // the site keeps no reference counts of ground truth that is not public
    expect(report.results.counts.A549!.points).toEqual([]);
  });

  test('two outside data sets are one submission, by slot or as one archive, and verified', async ({ page }) => {
    const files = { [sets.outside]: demo.predictions[0].path, [sets.elsewhere]: other.predictions[0].path };
    const truth = [`${sets.outside}=${demo.groundTruth}`, `${sets.elsewhere}=${other.groundTruth}`];
    const { report, said, scored } = await both<OutsideReport>('zero-shot', slots(files), truth);
    expect(said).not.toContain('Also submitted');
    expect(report.results).toEqual(scored.results);
    expect(report.groundTruth).toEqual(scored.groundTruth);
    expect(Object.keys(report.groundTruth.datasets!).sort()).toEqual([sets.elsewhere, sets.outside].sort());
    const zip = join(temporaryFolder(), 'both.zip');
    const members = Object.entries(files).map(([set, path]) => [`${set}.json`, readFileSync(path)]);
    writeFileSync(zip, zipSync(Object.fromEntries(members)));
    const archive = await both<OutsideReport>('zero-shot', [zip], truth);
    expect(archive.report.results).toEqual(report.results);
    expect(archive.scored.results).toEqual(report.results);

    const [, id] = /submissions\/([\w-]+)/.exec(said)!;
    const headers = { authorization: `Bearer ${sender.LIVECELL_TOKEN}` };
    const receipt = join(temporaryFolder(), 'receipt.json');
    writeFileSync(receipt, await (await page.request.get(`/api/v1/submissions/${id}/receipt`, { headers })).body());
    const checked = await onSite([
      ...['verify', receipt],
      ...truth.flatMap((text) => ['--ground-truth', text]),
      ...Object.entries(files).flatMap(([set, path]) => ['--predictions', `${set}=${path}`]),
    ]);
    expect(checked).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('numbers agree') });
  });

  test('the same file may be in two slots', async () => {
    const files = slots({ 50: demo.predictions[1].path, 100: demo.predictions[1].path });
    const { report, scored } = await both('training-size', files, [demo.groundTruth], '--dataset', sets.truth);
    expect(report.results).toEqual(scored.results);
    expect(report.warnings).toMatchObject([{ code: 'fewer-slots', count: 4 }]);
  });

  test('what is wrong is said by slot, before and after it is sent', async () => {
    const files = slots({ 2: demo.counts.A549.predictions, 100: demo.predictions[0].path });
    const call = ['submit', '--task', 'training-size', '--wait', '--method', 'Wrong', '--dataset', sets.truth];
    const refused = await onSite([...call, ...files], sender);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/^Slot 2, “demo-counts-A549-predictions.json”: The file holds a count per image/m);
    const few = await onSite([...call, ...slots({ 2: demo.predictions[0].path })], sender);
    expect(few).toMatchObject({ status: 2, stderr: expect.stringContaining('at least 2 of its slots') });
  });

  test('when the second of two files is interrupted, the first is not sent again', async () => {
    const text = readFileSync(demo.predictions[0].path, 'utf8').trimEnd();
    const pad = (name: string, spaces: number) => {
      const path = join(temporaryFolder(), name);
      writeFileSync(path, text.slice(0, -1) + ' '.repeat(spaces) + text.slice(-1));
      return path;
    };
    const files = slots({ 2: pad('first.json', 1_000_000), 100: pad('second.json', 5_000_000) });
    const line = await slowLine(new URL(process.env.E2E_URL!), 1_500_000);
    const onTheWay = bytesOnTheWay();
    try {
      const args = ['submit', '--task', 'training-size', '--method', 'Interrupted', '--dataset', sets.truth];
      const call = [...args, '--server', line.url, ...files];
      const first = start('livecell.mjs', call, { LIVECELL_DATA: process.env.E2E_DATA, ...sender });
      await expect.poll(() => line.sent()).toBeGreaterThan(3_000_000);
      await expect.poll(bytesOnTheWay).toBeGreaterThan(onTheWay + 2_000_000);
      first.kill('SIGKILL');
      await once(first, 'exit');
      const before = line.sent();
      line.hurry();
      const second = await onSite([...call, '--wait', '--json'], sender);
      expect(second.stderr).toContain('Going on with the interrupted upload of second.json');
      expect(second.status).toBe(0);
      expect(JSON.parse(second.stdout).predictions).toHaveLength(2);
      expect(line.sent() - before).toBeLessThan(4_500_000);
    } finally {
      await line.close();
    }
  });
});

async function waitFor(file: string, method: string): Promise<Report> {
  const args = ['submit', '--wait', '--json', '--method', method, '--dataset', benchmark.name, file];
  const { status, stdout, stderr } = await onSite(args, sender);
  expect(stderr).toMatch(/^Submitted: http:\/\/localhost:\d+\/submissions\/[\w-]+\n$/);
  expect(status).toBe(0);
  return JSON.parse(stdout);
}

/** Open a connection to the site that limits and counts the bytes per second. */
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
