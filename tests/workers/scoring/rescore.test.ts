/**
 * The whole way of ground truth and its scores, with real scoring processes and the real scorer on a few images: sent
 * in, read, scored on, replaced, scored again with a process killed in the middle, and the board switched.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '#db/audit.ts';
import { getLeaderboard } from '#db/board/board.ts';
import { getReports } from '#db/board/reports.ts';
import { scoreHistory } from '#db/board/score-history.ts';
import { getDatasetByName, getStatistics } from '#db/datasets/datasets.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { listNotices } from '#db/notices/notices.ts';
import { ensureUser } from '#db/people/users.ts';
import { retryRescore } from '#db/rescore/decide.ts';
import { createImport, listGroundTruthVersions, listImports, type NewImport } from '#db/rescore/ground-truth.ts';
import { listRescores } from '#db/rescore/list.ts';
import { type Dataset, type ImportFile, outcomes } from '#db/schema.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { createDemoSubmission, createSubmission, getSubmission } from '#db/submissions/submissions.ts';
import { openOutcomes } from '#lib/outcomes-file.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import { FileStorage } from '#lib/storage.ts';
import { ONE_ENGINE, type TestDatabase, temporaryFolder, until } from '#tests/db/databases.ts';
import { reportOf } from '#tests/scoring/reports.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

const WAIT = { milliseconds: 60_000, what: 'what follows a job' };

describe.each(ONE_ENGINE)('ground truth and its scores on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let demo: DemoData;
  /** without every seventh object, under the same images */
  let mended: string;
  const data = temporaryFolder();
  const storage = new FileStorage(join(data, 'storage'));
  const running = new Set<ChildProcess>();

  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    demo = await writeDemoData(join(data, 'demo'), { imagesPerType: 1 });
    const document = JSON.parse(readFileSync(demo.groundTruth, 'utf8'));
    document.annotations = document.annotations.filter((_: unknown, i: number) => i % 7 !== 0);
    mended = join(data, 'mended.json');
    writeFileSync(mended, JSON.stringify(document));
  });
  afterEach(async () => {
    await Promise.all([...running].map(kill));
  });
  afterAll(async () => {
    await dismissHelpers();
    await client.close();
    await database.close();
    rmSync(data, { recursive: true, force: true });
  });

  function startWorker(): ChildProcess {
    const child = spawn(process.execPath, ['--import', './workers/site/with-parent.ts', 'workers/run.mjs', 'worker'], {
      env: { ...process.env, DATABASE_URL: database.url, LIVECELL_DATA: data, LIVECELL_THREADS: '1' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }
  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  const db = () => client.db;
  async function send(path: string, input: Omit<NewImport, 'files' | 'task'>, actor: string): Promise<string> {
    const {
      key: storageKey,
      bytes,
      sha256,
    } = await storage.put(`uploads/${crypto.randomUUID()}`, createReadStream(path));
    const files: ImportFile[] = [{ slot: '', fileName: 'gt.json', bytes, sha256, storageKey }];
    return (await createImport({ ...input, task: 'livecell-wide', files }, actor, db())).id;
  }
  const imported = async (id: string) =>
    until(
      async () => {
        const line = (await listImports({}, db())).find((line) => line.id === id)!;
        return (line.state === 'done' || line.state === 'failed') && line;
      },
      { milliseconds: 60_000, what: 'the import' },
    );
  async function submit(dataset: Dataset, method: string, path: string, userId: string | null) {
    const stored = await storage.put(`submissions/${crypto.randomUUID()}`, createReadStream(path));
    const { key: storageKey, bytes, sha256 } = stored;
    const files = [{ slot: 'all', fileName: 'all.json', bytes, sha256, storageKey }];
    const about = { task: dataset.task, datasetId: dataset.id, method, files };
    // those of the demo are on the board without anybody's doing
    const { id } = await (userId ? createSubmission({ ...about, userId }, db()) : createDemoSubmission(about, db()));
    return id;
  }
  const scored = (id: string) =>
    until(async () => (await getSubmission(id, db()))!.state === 'scored', { milliseconds: 60_000, what: 'a score' });
  async function board(name: string): Promise<Record<string, number | null | undefined>> {
    const query = { task: 'livecell-wide', dataset: name, protocol: 'livecell-paper', evaluation: 'segm' } as const;
    const { rows } = await getLeaderboard(query, db());
    return Object.fromEntries(rows.flatMap((row) => (row.kind === 'entry' ? [[row.method, row.values.AP]] : [])));
  }
  /** What the scorer says of a file, asked directly. */
  async function apOn(groundTruth: string, predictions: string): Promise<number> {
    const outcome = await scoreTask({
      task: 'livecell-wide',
      groundTruth: { path: groundTruth },
      protocols: ['livecell-paper'],
      threads: 1,
      files: [{ slot: 'all', path: predictions }],
      intervals: false,
      errors: false,
    });
    if (!outcome.ok) throw new Error(outcome.problems[0].message);
    return reportOf(outcome.reports[0], 'livecell-wide').results.segm!.overall.AP!;
  }

  test('is sent in, scored on, replaced, scored again while a process is killed, and switched', {
    timeout: 240_000,
  }, async () => {
    const { id: mina } = await ensureUser({ email: 'mina@example.org', name: 'Mina', role: 'maintainer' }, db());
    const { id: ada } = await ensureUser({ email: 'ada@example.org', name: 'Ada' }, db());
    const worker = startWorker();

    // a wrong file is told with its problems, and its bytes are gone
    const wrong = join(data, 'wrong.json');
    writeFileSync(wrong, '{"images": [], "annotations": "none"}');
    const refused = await imported(await send(wrong, { name: 'Tiny' }, mina));
    expect(refused).toMatchObject({ state: 'failed', datasetId: null });
    expect(refused.problems![0].message).toMatch(/\w/);
    // after its state is saved
    await until(async () => !(await storage.exists(refused.files[0].storageKey)), WAIT);
    expect(await getDatasetByName('Tiny', db())).toBeNull();

    await imported(await send(demo.groundTruth, { name: 'Tiny', note: 'First' }, mina));
    const dataset = (await getDatasetByName('Tiny', db()))!;
    expect(dataset).toMatchObject({ version: 1, public: false, images: 8 });
    expect((await getStatistics(dataset, db()))!).toBeTruthy();
    expect(await storage.exists(dataset.packKey)).toBe(true);

    const names = demo.predictions.map(({ name }) => name);
    const ids = new Map<string, string>();
    for (const { name, path } of demo.predictions) ids.set(name, await submit(dataset, name, path, null));
    const adas = await submit(dataset, 'of Ada', demo.predictions[0].path, ada);
    for (const id of [...ids.values(), adas]) await scored(id);
    const before = await board('Tiny');
    expect(Object.keys(before).sort()).toEqual([...names].sort());
    for (const { name, path } of demo.predictions) expect(before[name]).toBe(await apOn(demo.groundTruth, path));

    // everything again, on other ground truth: the process is killed once it has begun
    const next = await imported(
      await send(mended, { name: 'Tiny', datasetId: dataset.id, note: 'Every seventh object was none' }, mina),
    );
    expect(next).toMatchObject({ state: 'done', datasetId: dataset.id });
    await kill(worker);
    const [{ counts }] = await listRescores({ datasetId: dataset.id }, db());
    expect(counts.waiting + counts.done).toBe(names.length + 1);
    // not all of it was done in that moment, and what was done shows nowhere
    if (counts.waiting > 0) expect(await board('Tiny')).toEqual(before);
    // somebody submits meanwhile
    const late = await submit(dataset, 'late', demo.predictions[1].path, null);
    startWorker();
    await until(async () => (await listRescores({ datasetId: dataset.id }, db()))[0].state === 'done', {
      milliseconds: 120_000,
      what: 'the switch',
    });
    await scored(late);

    const after = await board('Tiny');
    expect(Object.keys(after).sort()).toEqual([...names, 'late'].sort());
    for (const { name, path } of demo.predictions) {
      const ap = await apOn(mended, path);
      expect(after[name]).toBe(ap);
      expect(ap).not.toBe(before[name]);
    }
    const now = (await getDatasetByName('Tiny', db()))!;
    expect(now).toMatchObject({ version: 2, evaluatorVersion: EVALUATOR_VERSION });
    expect(now.objects).toBeLessThan(dataset.objects);
    expect((await listGroundTruthVersions(dataset.id, db())).map(({ state }) => state)).toEqual([
      'current',
      'superseded',
    ]);
    expect(await storage.exists(dataset.packKey)).toBe(true); // old scores can still be recomputed
    const { evaluations } = await scoreHistory({ id: adas, task: dataset.task }, db());
    expect(evaluations.filter(({ protocol }) => protocol === 'livecell-paper')).toMatchObject([
      { current: true, reason: 'Every seventh object was none', groundTruth: { versions: [2] } },
      { current: false, reason: null, groundTruth: { versions: [1] } },
    ]);
    expect((await getReports(adas, db()))['livecell-paper']!.groundTruth.sha256).toBe(now.sha256);
    const notices = (await listNotices(ada, {}, db())).filter(({ kind }) => kind === 'rescored');
    expect(notices).toHaveLength(1);
    expect(notices[0].text).toMatch(/“of Ada”: AP [\d.]+ → [\d.]+/);
    expect((await listEvents(adas, db())).filter(({ event }) => event.kind === 'rescored')).toHaveLength(1);

    // each score has a file of outcomes, and their details are computed when nothing else waits
    const kept = () => db().select().from(outcomes).where(eq(outcomes.submissionId, adas));
    const detailed = await until(async () => {
      const rows = await kept();
      return rows.length === 2 && rows.every(({ slices }) => slices) && rows;
    }, WAIT);
    expect(detailed.map((row) => row.groundTruthSha256).sort()).toEqual([dataset.sha256, now.sha256].sort());
    for (const { storageKey, sha256, slices, groundTruthSha256 } of detailed) {
      const { object } = await openOutcomes(await storage.localPath(storageKey), sha256);
      expect(object.some((g) => g >= 0)).toBe(true);
      const truth = groundTruthSha256 === now.sha256 ? mended : demo.groundTruth;
      expect(slices!.rows[''][2]).toBe(await apOn(truth, demo.predictions[0].path));
    }
    // the numbers of other papers are those of the command line; before publication they stay on the server
    const wanted = await scoreTask({
      task: 'livecell-wide',
      groundTruth: { path: mended },
      protocols: ['livecell-paper'],
      files: [{ slot: 'all', path: demo.predictions[0].path }],
      families: true,
      intervals: false,
    });
    if (!wanted.ok) throw new Error(wanted.problems[0].message);
    const shown = await until(async () => {
      const report = (await getReports(ids.get(demo.predictions[0].name)!, db()))['livecell-paper']!;
      return report.families && report;
    }, WAIT);
    expect(shown.families).toEqual(wanted.reports[0].families);
    expect(shown.outcomes).toBeUndefined();
    const own = (await getReports(adas, db()))['livecell-paper']!;
    expect([own.families, own.outcomes]).toEqual([undefined, undefined]);
    // and with the submission go its outcomes
    await withdraw(adas, ada, {}, db());
    await until(async () => (await kept()).length === 0, WAIT);
    await until(async () => {
      const left = await Promise.all(detailed.map(({ storageKey }) => storage.exists(storageKey)));
      return !left.includes(true);
    }, WAIT);
  });

  test('says what no longer fits, keeps the board, and can be tried again', { timeout: 120_000 }, async () => {
    const { id: mina } = await ensureUser({ email: 'mina@example.org', name: 'Mina', role: 'maintainer' }, db());
    const dataset = (await getDatasetByName('Tiny', db()))!;
    const before = await board('Tiny');
    const document = JSON.parse(readFileSync(mended, 'utf8'));
    const [gone] = document.images;
    document.images = document.images.slice(1);
    document.annotations = document.annotations.filter((one: { image_id: number }) => one.image_id !== gone.id);
    const fewer = join(data, 'fewer.json');
    writeFileSync(fewer, JSON.stringify(document));
    startWorker();
    await imported(await send(fewer, { name: 'Tiny', datasetId: dataset.id, note: 'One image less' }, mina));
    const settled = () =>
      until(
        async () => {
          const [line] = await listRescores({ datasetId: dataset.id }, db());
          return line.counts.waiting === 0 && line;
        },
        { milliseconds: 60_000, what: 'nothing to wait' },
      );
    const line = await settled();
    expect(line.state).toBe('running');
    expect(line.counts).toMatchObject({ done: 0, failed: Object.keys(before).length });
    expect(line.open[0].failure).toContain(String(gone.id));
    expect(await board('Tiny')).toEqual(before);
    await retryRescore(line.id, mina, { submissionId: line.open[0].submissionId }, db());
    expect((await settled()).open[0].failure).toContain(String(gone.id));
  });
});
