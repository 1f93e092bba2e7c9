/** Scoring again what was scored: what is kept back, when a board switches, and that nothing is lost on the way. */

import { and, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAudit, listEvents } from '#db/audit.ts';
import { getLeaderboard } from '#db/board/board.ts';
import { getReports } from '#db/board/reports.ts';
import { scoreHistory } from '#db/board/score-history.ts';
import { getDataset } from '#db/datasets/datasets.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { listNotices } from '#db/notices/notices.ts';
import { ensureUser } from '#db/people/users.ts';
import { listLiveJobs } from '#db/queue/queue.ts';
import { cancelRescore, retryRescore, switchWithout } from '#db/rescore/decide.ts';
import {
  createImport,
  failImport,
  finishImport,
  listGroundTruthVersions,
  listImports,
  replaceGroundTruth,
  setDatasetPublic,
  startImport,
} from '#db/rescore/ground-truth.ts';
import { countByEvaluator, listRescores } from '#db/rescore/list.ts';
import { failRescoreItem, saveRescore, startRescoreItem } from '#db/rescore/score.ts';
import { startRescore } from '#db/rescore/start.ts';
import { sweepRescores } from '#db/rescore/switch.ts';
import { type Dataset, evaluations, quotaLedger, submissions, type User } from '#db/schema.ts';
import { forgetFiles, withdraw } from '#db/submissions/publication.ts';
import { saveReports, saveScore, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission, getSubmission } from '#db/submissions/submissions.ts';
import type { Problem } from '#lib/problems.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import type { Report } from '#lib/tasks/report.ts';
import { ENGINES, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someMetrics, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { reportOf } from '#tests/scoring/reports.ts';

describe.each(ENGINES)('scoring again on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let [ada, eve, mina]: User[] = [];
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    const person = (name: string) => ensureUser({ email: `${name}@example.org`, name }, client.db);
    [ada, eve, mina] = [await person('Ada'), await person('Eve'), await person('Mina')];
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });
  const db = () => client.db;

  let n = 0;
  const digest = () => `${++n}`.padStart(64, '0');
  const facts = (sha256 = digest()) => ({
    sha256,
    images: 2,
    objects: 12,
    cellTypes: { A172: 2 },
    packKey: `datasets/${sha256}`,
    statistics: null,
  });
  const newDataset = () => someDataset(db(), { name: `set ${++n}`, sha256: digest(), demo: true });

  /** As a thread of this version, or of another one, would report them. */
  function reports(AP: number, sha256: string, version = EVALUATOR_VERSION): Report[] {
    return someReports({ AP }, sha256).map((report) => ({ ...report, evaluator: { ...report.evaluator, version } }));
  }
  /** An entry with a score, public or not. */
  async function scored(dataset: Dataset, method: string, AP: number, options: { by?: User; version?: string } = {}) {
    const { by = ada, version } = options;
    const { id } = await createSubmission(someSubmission(dataset, { method, userId: by.id }), db());
    await startScoring(id, 1, db());
    await saveReports(id, reports(AP, dataset.sha256, version), db());
    await publish(id);
    return id;
  }
  const publish = (id: string) =>
    db()
      .update(submissions)
      .set({ visibility: 'published', wasPublished: true, publishedAt: new Date() })
      .where(eq(submissions.id, id));
  async function board({ name }: Dataset): Promise<Record<string, number | null | undefined>> {
    const query = { task: 'livecell-wide', dataset: name, protocol: 'livecell-paper', evaluation: 'segm' } as const;
    const { rows } = await getLeaderboard(query, db());
    return Object.fromEntries(
      rows.flatMap((row) => (row.kind === 'entry' ? [[row.method, row.values.AP] as const] : [])),
    );
  }
  const pageAP = async (id: string) =>
    reportOf((await getReports(id, db()))['livecell-paper'], 'livecell-wide').results.segm!.overall.AP;
  const now = async ({ id }: Dataset) => (await getDataset(id, db()))!;
  const progress = async ({ id }: Dataset) => (await listRescores({ datasetId: id }, db()))[0];
  const told = async (user: User) => (await listNotices(user.id, {}, db())).filter(({ kind }) => kind === 'rescored');

  test('a new evaluator adds scores; the board shows the old ones until all are there, and then switches at once', async () => {
    const dataset = await newDataset();
    const first = await scored(dataset, 'First', 0.4, { version: '0.9.0' });
    const second = await scored(dataset, 'Second', 0.5, { by: eve, version: '0.9.0' });
    const charges = () => db().select().from(quotaLedger);
    const charged = await charges();
    const old = { First: 0.4, Second: 0.5 };

    const rescore = (await startRescore(
      { datasetId: dataset.id, reason: ' Ties are broken otherwise ' },
      mina.id,
      db(),
    ))!;
    expect(rescore).toMatchObject({ state: 'running', reason: 'Ties are broken otherwise' });
    expect((await progress(dataset)).counts).toEqual({ waiting: 2, done: 0, failed: 0, skipped: 0 });
    await expect(startRescore({ datasetId: dataset.id, reason: 'Again' }, mina.id, db())).rejects.toThrow(
      'is being scored again. Wait until that is done, or cancel it.',
    );

    expect(await startRescoreItem(rescore.id, first, db())).toMatchObject({ dataset: { sha256: dataset.sha256 } });
    expect(await saveRescore(rescore.id, first, reports(0.41, dataset.sha256), db())).toBe(true);
    expect(await saveRescore(rescore.id, first, reports(0.99, dataset.sha256), db())).toBe(false); // it is done
    // nothing of it is seen: not on the board, not on the page, not in the history
    expect(await board(dataset)).toEqual(old);
    expect(await pageAP(first)).toBe(0.4);
    expect((await scoreHistory({ id: first, task: dataset.task }, db())).evaluations).toHaveLength(3);
    expect(await told(ada)).toEqual([]);

    await saveRescore(rescore.id, second, reports(0.5, dataset.sha256), db());
    expect(await board(dataset)).toEqual({ First: 0.41, Second: 0.5 });
    expect(await pageAP(first)).toBe(0.41);
    expect(await now(dataset)).toMatchObject({
      version: 1,
      sha256: dataset.sha256,
      evaluatorVersion: EVALUATOR_VERSION,
    });
    expect(await progress(dataset)).toMatchObject({ state: 'done', by: 'Mina', counts: { done: 2 } });

    // the old one is still there, with the reason for the new one
    const { evaluations: lines, leftBehind } = await scoreHistory({ id: first, task: dataset.task }, db());
    const primary = lines.filter(({ protocol }) => protocol === 'livecell-paper');
    expect(leftBehind).toBeNull();
    expect(primary).toMatchObject([
      {
        evaluatorVersion: EVALUATOR_VERSION,
        current: true,
        reason: 'Ties are broken otherwise',
        groundTruth: { versions: [1] },
      },
      { evaluatorVersion: '0.9.0', current: false, reason: null },
    ]);
    expect(primary.map(({ numbers }) => numbers[0])).toEqual([
      { label: 'AP', value: 0.41, format: 'percent' },
      { label: 'AP', value: 0.4, format: 'percent' },
    ]);
    // whose number changed is told, once; whose did not is left alone
    expect((await told(ada)).map(({ text, link }) => ({ text, link }))).toEqual([
      {
        text: `“${dataset.name}” was scored again by evaluator ${EVALUATOR_VERSION}.\nReason: Ties are broken otherwise\n“First”: AP 40.00 → 41.00.`,
        link: `/submissions/${first}`,
      },
    ]);
    expect(await told(eve)).toEqual([]);
    expect(await charges()).toEqual(charged);
    // a second time there is nothing to do
    expect(await startRescore({ datasetId: dataset.id, reason: 'Again' }, mina.id, db())).toBeNull();

    const { lines: log } = await listAudit({ text: dataset.name }, {}, db());
    const events = log.map(({ event }) => event);
    expect(events.find(({ kind }) => kind === 'rescore-started')).toMatchObject({ entries: 2, name: dataset.name });
    expect(events.find(({ kind }) => kind === 'rescore-switched')).toMatchObject({
      changes: { evaluatorVersion: { before: null, after: EVALUATOR_VERSION } },
    });
    expect((await listEvents(first, db())).at(-1)!.event).toMatchObject({ kind: 'rescored', groundTruthVersion: 1 });
  });

  test('new ground truth is the next version until everything is scored on it; what comes in meanwhile takes part', async () => {
    const dataset = await newDataset();
    const early = await scored(dataset, 'Early', 0.4);
    const next = facts();
    const { version, rescore } = await replaceGroundTruth(
      dataset.id,
      { facts: next, note: 'Two outlines mended' },
      mina.id,
      db(),
    );
    expect(version).toMatchObject({ version: 2, state: 'next', public: false });
    expect(await now(dataset)).toMatchObject({ version: 1, sha256: dataset.sha256 });
    expect((await startRescoreItem(rescore.id, early, db()))!.dataset).toMatchObject({
      sha256: next.sha256,
      packKey: next.packKey,
    });

    // scored on what the board shows now, and again with the others
    const { id: late } = await createSubmission(someSubmission(dataset, { method: 'Late', userId: eve.id }), db());
    const input = (await startScoring(late, 1, db()))!;
    expect(await saveScore(input, { reports: reports(0.6, dataset.sha256) }, db())).toBe('scored');
    await publish(late);
    expect(await board(dataset)).toEqual({ Early: 0.4, Late: 0.6 });
    await saveRescore(rescore.id, early, reports(0.3, next.sha256), db());
    expect(await board(dataset)).toEqual({ Early: 0.4, Late: 0.6 });
    expect((await progress(dataset)).counts).toMatchObject({ waiting: 1, done: 1 });

    // its score is being computed on the old ground truth while the board switches
    const { id: last } = await createSubmission(someSubmission(dataset, { method: 'Last', userId: eve.id }), db());
    const stale = (await startScoring(last, 1, db()))!;
    await saveRescore(rescore.id, late, reports(0.55, next.sha256), db());
    expect(await board(dataset)).toEqual({ Early: 0.3, Late: 0.55 });
    expect(await now(dataset)).toMatchObject({ version: 2, sha256: next.sha256, packKey: next.packKey });
    expect(await saveScore(stale, { reports: reports(0.7, dataset.sha256) }, db())).toBe('returned');
    expect((await getSubmission(last, db()))!.state).toBe('queued');
    const fresh = (await startScoring(last, 2, db()))!;
    expect(fresh.dataset.sha256).toBe(next.sha256);
    expect(await saveScore(fresh, { reports: reports(0.65, next.sha256) }, db())).toBe('scored');
    await publish(last);
    expect(await board(dataset)).toEqual({ Early: 0.3, Late: 0.55, Last: 0.65 });

    const versions = await listGroundTruthVersions(dataset.id, db());
    expect(versions).toMatchObject([
      { version: 2, state: 'current', note: 'Two outlines mended', by: 'Mina', sha256: next.sha256, objects: 12 },
      { version: 1, state: 'superseded', sha256: dataset.sha256, objects: 10 },
    ]);
    expect(versions[0]).not.toHaveProperty('packKey');
    const { evaluations: lines } = await scoreHistory({ id: late, task: dataset.task }, db());
    expect(lines.filter(({ protocol }) => protocol === 'coco').map(({ groundTruth }) => groundTruth.versions)).toEqual([
      [2],
      [1],
    ]);
    expect((await told(ada))[0].text).toContain(`“${dataset.name}” now has ground truth version 2.`);
  });

  test('what was missed by the job that scored it is found before the switch', async () => {
    const dataset = await newDataset();
    const early = await scored(dataset, 'Early', 0.4, { version: '0.9.0' });
    const rescore = (await startRescore({ datasetId: dataset.id, reason: 'New' }, null, db()))!;
    // by a process of the old version, which knows nothing of it
    const late = await scored(dataset, 'Late', 0.5, { version: '0.9.0' });
    await saveRescore(rescore.id, early, reports(0.41, dataset.sha256), db());
    expect(await board(dataset)).toEqual({ Early: 0.4, Late: 0.5 });
    expect((await progress(dataset)).counts).toMatchObject({ waiting: 1, done: 1 });
    await saveRescore(rescore.id, late, reports(0.51, dataset.sha256), db());
    expect(await board(dataset)).toEqual({ Early: 0.41, Late: 0.51 });
    // a newer evaluator's first scores stand beside, until the data set is scored again
    await scored(dataset, 'Newer', 0.6, { version: '9.0.0' });
    expect(await board(dataset)).toEqual({ Early: 0.41, Late: 0.51, Newer: 0.6 });
    expect(await countByEvaluator(await now(dataset), db())).toEqual([
      { version: '9.0.0', entries: 1 },
      { version: EVALUATOR_VERSION, entries: 2 },
    ]);
  });

  test('two that end at the same moment make the board switch once', async () => {
    const dataset = await newDataset();
    const ids = [];
    for (let i = 0; i < 8; i++) ids.push(await scored(dataset, `Entry ${i}`, 0.1 * i, { version: '0.9.0' }));
    const rescore = (await startRescore({ datasetId: dataset.id, reason: 'New' }, null, db()))!;
    await Promise.all(ids.map((id) => saveRescore(rescore.id, id, reports(0.9, dataset.sha256), db())));
    expect(Object.values(await board(dataset))).toEqual(ids.map(() => 0.9));
    const { lines } = await listAudit({ kind: 'rescore-switched', text: dataset.name }, {}, db());
    expect(lines).toHaveLength(1);
  });

  test('what cannot be scored again waits for a decision: try again, or go on without it', async () => {
    const dataset = await newDataset();
    const good = await scored(dataset, 'Good', 0.4);
    const gone = await scored(dataset, 'Gone', 0.5, { by: eve });
    const odd = await scored(dataset, 'Odd', 0.6);
    await forgetFiles(gone, eve.id, db());
    const next = facts();
    const { rescore } = await replaceGroundTruth(dataset.id, { facts: next, note: 'Fewer images' }, mina.id, db());
    await saveRescore(rescore.id, good, reports(0.45, next.sha256), db());
    expect(await failRescoreItem(rescore.id, odd, 'Image 7 is not in the ground truth.', db())).toBe(true);
    expect(await board(dataset)).toEqual({ Good: 0.4, Gone: 0.5, Odd: 0.6 });
    expect((await progress(dataset)).open).toEqual([
      {
        submissionId: gone,
        method: 'Gone',
        state: 'failed',
        failure: 'Its prediction files were deleted by its owner.',
        filesGone: true,
      },
      {
        submissionId: odd,
        method: 'Odd',
        state: 'failed',
        failure: 'Image 7 is not in the ground truth.',
        filesGone: false,
      },
    ]);
    await expect(retryRescore(rescore.id, mina.id, { submissionId: gone }, db())).rejects.toThrow('the files are gone');
    expect(await retryRescore(rescore.id, mina.id, {}, db())).toBe(1);
    await expect(switchWithout(rescore.id, mina.id, db())).rejects.toThrow('1 still wait to be scored again');
    await failRescoreItem(rescore.id, odd, 'Image 7 is not in the ground truth.', db());
    expect(await switchWithout(rescore.id, mina.id, db())).toBe(2);

    expect(await board(dataset)).toEqual({ Good: 0.45 });
    // their pages keep the numbers they had, and say why the board does not
    expect(await pageAP(odd)).toBe(0.6);
    const history = await scoreHistory({ id: odd, task: dataset.task }, db());
    expect(history.leftBehind).toBe('Image 7 is not in the ground truth.');
    expect(history.evaluations.every(({ current }) => !current)).toBe(true);
    expect((await told(eve))[0].text).toContain(
      '“Gone” could not be scored again and is no longer on the board: Its prediction files were deleted by its owner.',
    );
    expect((await told(ada))[0].text).toContain('“Good”: AP 40.00 → 45.00.\n“Odd” could not be scored again');
    expect((await listEvents(odd, db())).at(-1)!.event).toMatchObject({ kind: 'rescore-skipped' });
  });

  test('cancelling leaves everything as it was', async () => {
    const dataset = await newDataset();
    const one = await scored(dataset, 'One', 0.4);
    const two = await scored(dataset, 'Two', 0.5);
    const before = await now(dataset);
    const rows = () => db().select().from(evaluations).where(eq(evaluations.submissionId, one));
    const scores = await rows();
    const next = facts();
    const { rescore } = await replaceGroundTruth(dataset.id, { facts: next, note: 'Wrong file' }, mina.id, db());
    await saveRescore(rescore.id, one, reports(0.1, next.sha256), db());
    expect(await rows()).toHaveLength(6);
    expect(await cancelRescore(rescore.id, mina.id, db())).toEqual({ packKey: next.packKey });
    expect(await rows()).toEqual(scores);
    expect(await now(dataset)).toEqual(before);
    expect(await board(dataset)).toEqual({ One: 0.4, Two: 0.5 });
    // a thread that was at it comes too late
    expect(await saveRescore(rescore.id, two, reports(0.1, next.sha256), db())).toBe(false);
    expect(await startRescoreItem(rescore.id, two, db())).toBeNull();
    await expect(cancelRescore(rescore.id, mina.id, db())).rejects.toThrow('has ended');
    expect((await listGroundTruthVersions(dataset.id, db())).map(({ version, state }) => [version, state])).toEqual([
      [2, 'cancelled'],
      [1, 'current'],
    ]);
    // the same file can be sent again, and going back to what there was needs no computing
    const { rescore: again, version } = await replaceGroundTruth(
      dataset.id,
      { facts: next, note: 'Right' },
      mina.id,
      db(),
    );
    expect(version.version).toBe(3);
    for (const id of [one, two]) await saveRescore(again.id, id, reports(0.2, next.sha256), db());
    expect(await board(dataset)).toEqual({ One: 0.2, Two: 0.2 });
    const back = await replaceGroundTruth(dataset.id, { facts: facts(dataset.sha256), note: 'Back' }, mina.id, db());
    expect(back.rescore.state).toBe('done');
    expect(await board(dataset)).toEqual({ One: 0.4, Two: 0.5 });
    expect(await pageAP(one)).toBe(0.4);
    const history = await scoreHistory({ id: one, task: dataset.task }, db());
    expect(history.evaluations.map(({ groundTruth }) => groundTruth.versions)).toContainEqual([1, 4]);
    // left behind now, it has the numbers that counted last, which are not those computed last
    const last = await replaceGroundTruth(dataset.id, { facts: facts(), note: 'Other images' }, mina.id, db());
    for (const id of [one, two]) await failRescoreItem(last.rescore.id, id, 'It does not fit.', db());
    await switchWithout(last.rescore.id, mina.id, db());
    expect(await board(dataset)).toEqual({});
    expect(await pageAP(one)).toBe(0.4);
  });

  test('a submission that is withdrawn meanwhile holds nobody up', async () => {
    const dataset = await newDataset();
    const stays = await scored(dataset, 'Stays', 0.4, { version: '0.9.0' });
    const goes = await scored(dataset, 'Goes', 0.5, { version: '0.9.0' });
    const rescore = (await startRescore({ datasetId: dataset.id, reason: 'New' }, null, db()))!;
    await saveRescore(rescore.id, stays, reports(0.41, dataset.sha256), db());
    await withdraw(goes, ada.id, {}, db());
    expect(await startRescoreItem(rescore.id, goes, db())).toBeNull();
    await sweepRescores(db());
    expect(await board(dataset)).toEqual({ Stays: 0.41 });
    expect((await progress(dataset)).state).toBe('done');
  });

  test('one submission alone can be scored again: the data set stays as it is', async () => {
    const dataset = await newDataset();
    const one = await scored(dataset, 'One', 0.4, { version: '0.9.0' });
    await scored(dataset, 'Two', 0.5, { version: '0.9.0' });
    const rescore = (await startRescore({ submissionId: one, reason: 'A look' }, null, db()))!;
    await saveRescore(rescore.id, one, reports(0.42, dataset.sha256), db());
    expect(await board(dataset)).toEqual({ One: 0.42, Two: 0.5 });
    expect((await now(dataset)).evaluatorVersion).toBeNull();
    expect(await startRescore({ submissionId: one, reason: 'A look' }, null, db())).toBeNull();
    await expect(startRescore({ submissionId: 'nobody', reason: 'A look' }, null, db())).rejects.toThrow(
      'There is no such submission.',
    );
  });

  test('of a submission on several data sets one is replaced: its board switches, the other’s stays', async () => {
    const task = 'zero-shot';
    const [d, e] = [
      await someDataset(db(), { name: `D ${++n}`, task, sha256: digest(), demo: true }),
      await someDataset(db(), { name: `E ${++n}`, task, sha256: digest(), demo: true }),
    ];
    const on = (shaD: string, shaE: string, AP: [number, number]) =>
      reports(0, `${shaD.slice(32)}${shaE.slice(32)}`).map((report) => {
        const slices = (AP: number) => ({ segm: { overall: someMetrics({ AP }, report.protocol) } });
        return {
          ...report,
          task,
          results: { datasets: { [d.name]: slices(AP[0]), [e.name]: slices(AP[1]) } },
          groundTruth: { ...report.groundTruth, datasets: { [d.name]: { sha256: shaD }, [e.name]: { sha256: shaE } } },
        } as never as Report;
      });
    const both = async () => {
      const found = [];
      for (const { name } of [d, e]) {
        const query = { dataset: name, protocol: 'livecell-paper', evaluation: 'segm' } as const;
        const { rows } = await getLeaderboard({ task, ...query }, db());
        found.push(rows.flatMap(({ kind, values }) => (kind === 'entry' ? [values.AP] : [])));
      }
      return found;
    };
    const { id } = await createSubmission(someSubmission(d, { task, userId: ada.id }), db());
    await startScoring(id, 1, db());
    await saveReports(id, on(d.sha256, e.sha256, [0.4, 0.5]), db());
    await publish(id);
    expect(await both()).toEqual([[0.4], [0.5]]);

    // not the submission's own, which is D
    const next = facts();
    const { rescore } = await replaceGroundTruth(e.id, { facts: next, note: 'Mended' }, mina.id, db());
    await expect(startRescore({ datasetId: d.id, reason: 'New' }, null, db())).rejects.toThrow(
      `“${e.name}” is being scored again.`,
    );
    const input = (await startRescoreItem(rescore.id, id, db()))!;
    expect(input.dataset.sha256).toBe(d.sha256);
    expect(input.datasets!.find(({ name }) => name === e.name)).toMatchObject({ sha256: next.sha256 });
    const { id: other } = await createSubmission(someSubmission(e, { task, userId: eve.id }), db());
    const late = (await startScoring(other, 1, db()))!;
    await saveScore(late, { reports: on(d.sha256, e.sha256, [0.2, 0.3]) }, db());
    await publish(other);
    await saveRescore(rescore.id, id, on(d.sha256, next.sha256, [0.4, 0.45]), db());
    expect((await both()).map((values) => values.sort())).toEqual([
      [0.2, 0.4],
      [0.3, 0.5],
    ]);
    await saveRescore(rescore.id, other, on(d.sha256, next.sha256, [0.2, 0.25]), db());
    expect((await both()).map((values) => values.sort())).toEqual([
      [0.2, 0.4],
      [0.25, 0.45],
    ]);
  });

  test('its jobs come after people’s own, and are not in their line', async () => {
    const dataset = await newDataset();
    const old = await scored(dataset, 'Old', 0.4, { version: '0.9.0' });
    await startRescore({ datasetId: dataset.id, reason: 'New' }, null, db());
    const { id } = await createSubmission(someSubmission(dataset, { method: 'Own', userId: ada.id }), db());
    const line = (await listLiveJobs(db())).map(({ submissionId }) => submissionId);
    expect(line).toContain(id);
    const jobs = await db().execute<{ data: { submissionId: string; rescoreId?: string } }>(sql`
      select data from pgboss.job where name = 'score' and state = 'created'
        and data->>'submissionId' in (${old}, ${id}) order by priority desc, created_on`);
    // the job of its first score was never taken here: it is the one without a re-score
    const order = jobs.map(
      ({ data }) => `${data.submissionId === id ? 'own' : 'old'}${data.rescoreId ? ' again' : ''}`,
    );
    expect(order).toEqual(['old', 'own', 'old again']);
  });

  test('another evaluator than was asked for is no score, but a failure', async () => {
    const dataset = await newDataset();
    const one = await scored(dataset, 'One', 0.4, { version: '0.9.0' });
    const rescore = (await startRescore({ datasetId: dataset.id, reason: 'New' }, null, db()))!;
    await expect(saveRescore(rescore.id, one, reports(0.4, dataset.sha256, '0.9.0'), db())).rejects.toThrow(
      `this scoring process has evaluator 0.9.0, and ${EVALUATOR_VERSION} was asked for`,
    );
    expect((await progress(dataset)).counts.waiting).toBe(1);
  });

  test('public or not is changed with its record, and a next version follows', async () => {
    const dataset = await newDataset();
    await expect(setDatasetPublic(dataset.id, false, { actorId: mina.id, reason: 'r' }, db())).rejects.toThrow(
      'is not public already',
    );
    await setDatasetPublic(dataset.id, true, { actorId: mina.id, reason: 'r' }, db());
    expect((await now(dataset)).public).toBe(true);
    await scored(dataset, 'One', 0.4);
    const { rescore } = await replaceGroundTruth(dataset.id, { facts: facts(), note: 'Mended' }, mina.id, db());
    await setDatasetPublic(dataset.id, false, { actorId: mina.id, reason: 'r' }, db());
    const [next, current] = await listGroundTruthVersions(dataset.id, db());
    expect([next.public, current.public]).toEqual([false, false]);
    await cancelRescore(rescore.id, mina.id, db());
    const { lines } = await listAudit({ kind: 'dataset-visibility-changed', text: dataset.name }, {}, db());
    expect(lines.map(({ event }) => event)).toMatchObject([
      { before: true, after: false },
      { before: false, after: true },
    ]);
  });

  describe('ground truth that was sent in', () => {
    const files = [{ slot: '', fileName: 'gt.json', bytes: 3, sha256: 'c'.repeat(64), storageKey: 'uploads/x' }];
    const sent = (name: string, more: object = {}) =>
      createImport({ name, task: 'livecell-wide', files, ...more }, mina.id, db());

    test('becomes a data set with whoever sent it as its author, once', async () => {
      const name = `sent ${++n}`;
      const { id } = await sent(name, { public: true, licence: 'CC0', note: 'First' });
      expect(await startImport(id, db())).toMatchObject({ state: 'running' });
      expect(await startImport(id, db())).toMatchObject({ state: 'running' }); // its process was killed
      const known = { ...facts(), warnings: [] };
      expect(await finishImport(id, known, db())).toBe(true);
      expect(await finishImport(id, known, db())).toBe(false);
      expect(await startImport(id, db())).toBeNull();
      const [line] = await listImports({}, db());
      expect(line).toMatchObject({ id, state: 'done', by: 'Mina' });
      expect(await now({ id: line.datasetId! } as Dataset)).toMatchObject({ name, public: true, licence: 'CC0' });
      expect(await listGroundTruthVersions(line.datasetId!, db())).toMatchObject([
        { version: 1, note: 'First', by: 'Mina' },
      ]);
      await expect(sent(name)).rejects.toThrow('Replace it, or choose another name.');
    });

    test('replaces what there is; what cannot be is refused before it is read', async () => {
      const dataset = await newDataset();
      const one = await scored(dataset, 'One', 0.4);
      const { id } = await sent(dataset.name, { datasetId: dataset.id, note: 'Mended' });
      await startImport(id, db());
      await expect(finishImport(id, { ...facts(dataset.sha256), warnings: [] }, db())).rejects.toThrow(
        'has already (SHA-256',
      );
      const next = facts();
      await finishImport(id, { ...next, warnings: [] }, db());
      await expect(sent(dataset.name, { datasetId: dataset.id, note: 'More' })).rejects.toThrow(
        'is being scored again',
      );
      await saveRescore((await progress(dataset)).id, one, reports(0.3, next.sha256), db());
      expect(await now(dataset)).toMatchObject({ version: 2, sha256: next.sha256 });
    });

    test('whose files are wrong shows their problems, and nothing else has changed', async () => {
      const name = `wrong ${++n}`;
      const { id } = await sent(name);
      await startImport(id, db());
      const problems: Problem[] = [{ code: 'bad-segmentation', message: 'Record 3 has no outline.', record: 3 }];
      expect(await failImport(id, { problems }, db())).toMatchObject({ files });
      expect(await failImport(id, { failure: 'twice' }, db())).toBeNull();
      expect((await listImports({}, db())).find((line) => line.id === id)).toMatchObject({ state: 'failed', problems });
      const { lines } = await listAudit({ kind: 'ground-truth-import-failed', text: name }, {}, db());
      expect(lines[0].event).toMatchObject({ reason: 'Record 3 has no outline.' });
    });
  });

  test('no score was ever overwritten', async () => {
    const doubles = await db()
      .select({ id: evaluations.submissionId })
      .from(evaluations)
      .where(
        and(
          eq(evaluations.pending, true),
          sql`not exists (select 1 from rescores where id = ${evaluations.rescoreId} and state = 'running')`,
        ),
      );
    expect(doubles).toEqual([]);
  });
});
