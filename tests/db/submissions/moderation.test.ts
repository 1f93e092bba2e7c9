import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAudit, listDecisions, listEvents, readAudit } from '#db/audit.ts';
import { listInbox } from '#db/board/inbox.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { listNotices } from '#db/notices/notices.ts';
import { ensureUser } from '#db/people/users.ts';
import { auditEvents, type Dataset, submissions, type User } from '#db/schema.ts';
import {
  approve,
  askBack,
  decideMany,
  decline,
  hide,
  markVerified,
  restore,
  revokeVerification,
  searchSubmissions,
} from '#db/submissions/moderation.ts';
import { listOpenReports, MOST_OPEN_REPORTS, reportProblem, settleReport } from '#db/submissions/problem-reports.ts';
import { requestPublication, unpublish } from '#db/submissions/publication.ts';
import { saveRadar, saveReports, startScoring } from '#db/submissions/scoring.ts';
import {
  createDemoSubmission,
  createSubmission,
  getSubmission,
  type NewSubmission,
} from '#db/submissions/submissions.ts';
import { auditSentence } from '#lib/audit.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';

describe.each(ONE_ENGINE)('moderation on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  let [ada, eve, mina]: User[] = [];
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    // a demo data set has no quota
    dataset = await someDataset(client.db, { demo: true });
    const person = (name: string, role?: 'maintainer') =>
      ensureUser({ email: `${name}@example.org`, name, role }, client.db);
    [ada, eve, mina] = [await person('Ada'), await person('Eve'), await person('Mina', 'maintainer')];
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });
  const db = () => client.db;

  let n = 0;
  const file = (sha256 = `${++n}`.padStart(64, '0'), fileName = `${n}.json`) => ({
    slot: 'all',
    fileName,
    bytes: 3,
    sha256,
    storageKey: `submissions/${++n}`,
  });
  async function scored(user: User | null, changes: Partial<NewSubmission> = {}, metrics: Partial<Metrics> = {}) {
    const entry = await createSubmission(
      someSubmission(dataset, { userId: user?.id ?? null, visibility: 'pending', files: [file()], ...changes }),
      db(),
    );
    await startScoring(entry.id, 1, db());
    await saveReports(entry.id, someReports(metrics), db());
    return entry.id;
  }
  const entry = async (id: string) => (await getSubmission(id, db()))!;
  const newest = async (user: User) => (await listNotices(user.id, {}, db()))[0];
  const lastEvent = async (id: string) => (await listEvents(id, db())).at(-1)!;

  describe('a decision', () => {
    test('tells the owner, with the words it was made with, and says before and after', async () => {
      const id = await scored(ada, { method: 'Told' });
      await approve(id, mina.id, { remark: ' well described ' }, db());
      expect(await entry(id)).toMatchObject({ visibility: 'published', moderatorNote: 'well described' });
      expect(await newest(ada)).toMatchObject({
        kind: 'approved',
        text: '“Told” was approved and is on the leaderboard of LIVECell-wide. The maintainer says: well described',
        link: `/entries/${id}`,
      });
      const { event, actorId } = await lastEvent(id);
      expect(actorId).toBe(mina.id);
      expect(event).toMatchObject({
        kind: 'approved',
        reason: 'well described',
        changes: { visibility: { before: 'pending', after: 'published' } },
      });

      await hide(id, mina.id, 'wrong data set', db());
      expect(await entry(id)).toMatchObject({ visibility: 'hidden', hiddenReason: 'wrong data set' });
      expect((await newest(ada)).text).toBe('“Told” was taken off the leaderboard of LIVECell-wide: wrong data set');
      const { publishedAt } = await entry(id);
      await restore(id, mina.id, 'it was the right one', db());
      expect(await entry(id)).toMatchObject({ visibility: 'published', hiddenReason: null, publishedAt });
      expect(await newest(ada)).toMatchObject({ kind: 'restored', text: expect.stringContaining('the right one') });
    });

    test('asking back makes it private with a question; asking again answers it', async () => {
      const id = await scored(ada);
      await askBack(id, mina.id, 'Which images?', db());
      expect(await entry(id)).toMatchObject({ visibility: 'private', moderatorNote: 'Which images?' });
      expect(await newest(ada)).toMatchObject({ kind: 'asked-back', link: `/submissions/${id}` });
      expect((await newest(ada)).text).toContain('Which images?');
      expect(await listInbox({ id }, db())).toMatchObject([{ message: null }]);
      await requestPublication(id, ada.id, { message: 'The training split.' }, db());
      const [waiting] = (await listInbox({}, db())).filter(({ submission }) => submission.id === id);
      expect(waiting).toMatchObject({ message: 'The training split.', submission: { moderatorNote: 'Which images?' } });
      await approve(id, mina.id, {}, db());
      expect((await entry(id)).moderatorNote).toBeNull();
    });

    test('a remark goes when the owner takes the entry back, a question stays', async () => {
      const [id, asked] = [await scored(ada), await scored(ada)];
      await approve(id, mina.id, { remark: 'fine' }, db());
      await unpublish(id, ada.id, db());
      expect((await entry(id)).moderatorNote).toBeNull();
      await askBack(asked, mina.id, 'Which?', db());
      await requestPublication(asked, ada.id, {}, db());
      await unpublish(asked, ada.id, db());
      expect((await entry(asked)).moderatorNote).toBe('Which?');
    });

    test('rejecting hides it with a reason, and can be taken back', async () => {
      const id = await scored(ada);
      await decline(id, mina.id, 'no description', db());
      expect(await entry(id)).toMatchObject({ visibility: 'hidden', hiddenReason: 'no description' });
      expect((await lastEvent(id)).event).toMatchObject({ kind: 'declined', reason: 'no description' });
      await restore(id, mina.id, 'it has one now', db());
      expect((await entry(id)).publishedAt).toBeInstanceOf(Date);
    });

    test('needs words, except to approve', async () => {
      const id = await scored(ada);
      for (const act of [askBack, decline]) {
        await expect(act(id, mina.id, '  ', db())).rejects.toMatchObject({ status: 400 });
        await expect(act(id, mina.id, 'x'.repeat(1001), db())).rejects.toMatchObject({ status: 400 });
      }
      expect((await entry(id)).visibility).toBe('pending');
      await approve(id, mina.id, {}, db());
      await expect(hide(id, mina.id, '', db())).rejects.toMatchObject({ status: 400 });
      await expect(markVerified(id, mina.id, '', db())).rejects.toMatchObject({ status: 400 });
    });

    test('that comes too late says what happened meanwhile, and tells the owner nothing', async () => {
      const id = await scored(ada, { method: 'Contested' });
      await decline(id, mina.id, 'not this one', db());
      const told = (await listNotices(ada.id, {}, db())).length;
      await expect(approve(id, null, {}, db())).rejects.toMatchObject({
        status: 409,
        message: expect.stringMatching(/What happened last \(Mina, .*UTC\): declined to publish\.$/),
      });
      expect(await listNotices(ada.id, {}, db())).toHaveLength(told);
      await expect(askBack(id, null, 'why?', db())).rejects.toMatchObject({ status: 409 });
      await expect(hide(id, null, 'x', db())).rejects.toMatchObject({ status: 409 });
      await expect(approve('nowhere', null, {}, db())).rejects.toMatchObject({ status: 404 });
    });

    test('of two at the same moment, one is made', async () => {
      const id = await scored(ada);
      const [a, b] = [connect(database.url, { max: 1 }), connect(database.url, { max: 1 })];
      const results = await Promise.allSettled([approve(id, mina.id, {}, a.db), decline(id, mina.id, 'no', b.db)]);
      await Promise.all([a.close(), b.close()]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = results.find((result) => result.status === 'rejected');
      expect(refused!.reason).toMatchObject({
        status: 409,
        message: expect.stringContaining('What happened last (Mina'),
      });
    });

    test('about several is made for each that still waits; the others are named', async () => {
      const ids = [await scored(ada, { method: 'One' }), await scored(ada, { method: 'Two' }), await scored(eve)];
      await decline(ids[1], mina.id, 'x', db());
      const outcome = await decideMany([...ids, ids[0]], (id) => approve(id, mina.id, {}, db()), db());
      expect(outcome).toEqual({
        done: [ids[0], ids[2]],
        refused: [{ id: ids[1], method: 'Two', why: expect.stringContaining('What happened last (Mina') }],
      });
      expect((await entry(ids[2])).visibility).toBe('published');
    });
  });

  test('a re-run is marked with who, when and how close, and the mark can be taken back', async () => {
    const id = await scored(ada);
    await markVerified(id, mina.id, 'within 0.01 points', db());
    expect(await entry(id)).toMatchObject({ verifiedBy: mina.id, verifiedNote: 'within 0.01 points' });
    expect((await entry(id)).verifiedAt).toBeInstanceOf(Date);
    expect(await newest(ada)).toMatchObject({ kind: 'verified' });
    await expect(markVerified(id, mina.id, 'again', db())).rejects.toMatchObject({ status: 409 });
    await revokeVerification(id, mina.id, 'other weights', db());
    expect(await entry(id)).toMatchObject({ verifiedAt: null, verifiedBy: null, verifiedNote: null });
    await expect(revokeVerification(id, mina.id, 'x', db())).rejects.toMatchObject({ status: 409 });
    const unscored = await createSubmission(someSubmission(dataset, { userId: ada.id }), db());
    await expect(markVerified(unscored.id, mina.id, 'x', db())).rejects.toMatchObject({ status: 409 });
  });

  describe('the inbox', () => {
    let board: Dataset;
    const on = (changes: Partial<NewSubmission> = {}) => ({ datasetId: board.id, ...changes });
    const sha = 'd'.repeat(64);
    const scoredOn = async (user: User | null, changes: Partial<NewSubmission>, metrics: Partial<Metrics>) => {
      const made = await createSubmission(
        someSubmission(board, { userId: user?.id ?? null, visibility: 'pending', files: [file()], ...on(changes) }),
        db(),
      );
      await startScoring(made.id, 1, db());
      await saveReports(made.id, someReports(metrics, sha), db());
      return made.id;
    };
    beforeAll(async () => {
      board = await someDataset(db(), { name: 'inbox', sha256: sha, demo: true });
    });
    const look = async (id: string) => (await listInbox({}, db())).find(({ submission }) => submission.id === id)!;
    const perIou = (ap: number) => Array.from({ length: 10 }, (_, t) => ap * (1 - t / 10));

    test('has what waits, the longest-waiting first, and nothing that cannot be decided', async () => {
      for (const { submission } of await listInbox({}, db())) await decline(submission.id, mina.id, 'clear', db());
      const [first, second] = [await scoredOn(ada, {}, {}), await scoredOn(eve, {}, {})];
      // taken back and asked again: waits from now on
      await unpublish(first, ada.id, db());
      await requestPublication(first, ada.id, {}, db());
      const queued = await createSubmission(someSubmission(board, { userId: ada.id, visibility: 'pending' }), db());
      const failed = await createSubmission(someSubmission(board, { userId: ada.id, visibility: 'pending' }), db());
      await db().update(submissions).set({ state: 'rejected' }).where(eq(submissions.id, failed.id));
      await scoredOn(ada, { visibility: 'private' }, {});
      const cases = await listInbox({}, db());
      expect(cases.map(({ submission }) => submission.id)).toEqual([second, first, queued.id]);
      expect(cases[2]).toMatchObject({ numbers: [], standing: null, findings: [] });
      for (const { submission } of cases) await decline(submission.id, mina.id, 'clear', db());
    });

    test('says the numbers, the rank it would get and how far the best is', async () => {
      const best = await createDemoSubmission(someSubmission(board, { method: 'Best', files: [file()] }), db());
      await startScoring(best.id, 1, db());
      await saveReports(best.id, someReports({ AP: 0.6, apPerIou: perIou(0.6) }, sha), db());
      const hidden = await scoredOn(eve, {}, { AP: 0.9, apPerIou: perIou(0.9) });
      await decline(hidden, mina.id, 'no', db());
      const id = await scoredOn(ada, { method: 'Version' }, { AP: 0.45, AFNR: 0.3, apPerIou: perIou(0.45) });
      const found = await look(id);
      expect(found.numbers.slice(0, 2)).toEqual([
        { label: 'AP', value: 0.45, format: 'percent' },
        { label: 'AFNR', value: 0.3, format: 'percent' },
      ]);
      // the hidden one with 0.9 is on no board
      expect(found.standing).toMatchObject({ rank: 2, of: 2, best: { id: best.id, method: 'Best', value: 0.6 } });
      expect(found.standing!.best!.ahead).toBeCloseTo(-0.15, 12);
      expect(found).toMatchObject({ earlier: null, boxesOnly: false, submitter: { name: 'Ada' } });

      // its next version would take its place, so it is no rival
      await approve(id, mina.id, {}, db());
      const next = await scoredOn(ada, { method: 'Version' }, { AP: 0.4, apPerIou: perIou(0.4) });
      expect(await look(next)).toMatchObject({
        earlier: { id, version: 1, value: 0.45 },
        standing: { rank: 2, of: 2 },
      });
    });

    test('opens a case for another account’s file, and not for one’s own', async () => {
      const [same, own] = ['e'.repeat(64), 'f'.repeat(64)];
      const theirs = await scoredOn(eve, { method: 'Theirs', files: [file(same)] }, { apPerIou: perIou(0.2) });
      const files = [file(same, 'mine.json'), { ...file(own), slot: 'b' }];
      const mine = await scoredOn(ada, { files }, { apPerIou: perIou(0.123) });
      await scoredOn(ada, { files: [file(own)] }, { apPerIou: perIou(0.321) });
      expect((await look(mine)).findings).toEqual([
        {
          kind: 'same-file',
          text: 'The file mine.json is, byte by byte, that of “Theirs” by Eve.',
          link: `/submissions/${theirs}`,
        },
      ]);
    });

    test('opens a case for scores close to another account’s, published or not, and not to one’s own', async () => {
      const withTypes = { apPerIou: perIou(0.77) };
      const theirs = await scoredOn(eve, { method: 'Close', visibility: 'private' }, withTypes);
      const mine = await scoredOn(ada, { method: 'Mine' }, { apPerIou: perIou(0.7704) });
      await scoredOn(ada, { method: 'Mine too' }, { apPerIou: perIou(0.7704) });
      expect((await look(mine)).findings).toMatchObject([{ kind: 'close-scores', link: `/submissions/${theirs}` }]);
    });

    test('opens a case for what was seen while scoring', async () => {
      const id = await scoredOn(ada, {}, { apPerIou: [...perIou(0.31).slice(0, 9), 0.3] });
      await saveRadar(id, { count: 40, detections: 1000 }, db());
      expect((await look(id)).findings.map(({ kind }) => kind)).toEqual(['copied-ground-truth', 'implausible-ap95']);
      await saveRadar(id, undefined, db());
      expect((await look(id)).findings.map(({ kind }) => kind)).toEqual(['implausible-ap95']);
    });
  });

  test('submissions are found by what became of them, by method and by submitter', async () => {
    const id = await scored(eve, { method: 'Needle 100%' });
    const find = async (filter: Parameters<typeof searchSubmissions>[0]) =>
      (await searchSubmissions(filter, db())).rows.map((row) => row.id);
    expect(await find({ filter: 'all', text: 'needle 100%' })).toEqual([id]);
    expect(await find({ filter: 'published', text: 'needle' })).toEqual([]);
    await approve(id, mina.id, {}, db());
    expect(await find({ filter: 'published', text: 'needle' })).toEqual([id]);
    expect(await find({ filter: 'published', text: 'eve' })).toContain(id);
    await hide(id, mina.id, 'x', db());
    expect(await find({ filter: 'hidden', text: id })).toEqual([id]);
    const { total, rows } = await searchSubmissions({ filter: 'all', size: 2, page: 2 }, db());
    expect(rows).toHaveLength(2);
    expect(total).toBeGreaterThan(4);
  });

  describe('the audit log', () => {
    test.each([
      ['update', sql`update audit_events set kind = 'approved'`],
      ['delete', sql`delete from audit_events`],
      ['truncate', sql`truncate audit_events`],
      ['truncate cascade', sql`truncate submissions, audit_events cascade`],
    ])('the database itself refuses to %s it', async (_name, statement) => {
      const before = await listAudit({}, {}, db());
      expect(before.total).toBeGreaterThan(0);
      const refused = await db()
        .execute(statement)
        .catch((error) => error);
      expect(String(refused.cause ?? refused)).toContain('audit_events is append-only');
      expect(await listAudit({}, {}, db())).toEqual(before);
    });

    test('is filtered by kind, person, submission, day and text, in pages', async () => {
      const id = await scored(ada, { method: 'Logged' });
      await hide((await approve(id, mina.id, {}, db())).id, mina.id, 'a very 100% peculiar reason', db());
      const kinds = async (filter: Parameters<typeof listAudit>[0]) =>
        (await listAudit(filter, {}, db())).lines.map(({ event }) => event.kind);
      expect(await kinds({ submission: id })).toEqual([
        ...['hidden', 'approved', 'scored', 'publication-requested', 'submitted'],
      ]);
      expect(await kinds({ submission: id, person: mina.id })).toEqual(['hidden', 'approved']);
      expect(await kinds({ submission: id, person: 'mina@example' })).toEqual(['hidden', 'approved']);
      expect(await kinds({ submission: id, kind: 'scored' })).toEqual(['scored']);
      expect(await kinds({ text: '100% peculiar' })).toEqual(['hidden']);
      expect(await kinds({ text: '100_ peculiar' })).toEqual([]);
      expect(await kinds({ person: 'nobody' })).toEqual([]);
      const [today] = [new Date(new Date().toISOString().slice(0, 10))];
      const day = (days: number) => new Date(today.getTime() + days * 24 * 3600_000);
      expect(await kinds({ submission: id, from: day(-1), to: day(1) })).toHaveLength(5);
      expect(await kinds({ submission: id, from: day(2) })).toEqual([]);
      expect(await kinds({ submission: id, to: day(-2) })).toEqual([]);
      const page = await listAudit({ submission: id }, { page: 2, size: 2 }, db());
      expect(page.total).toBe(5);
      expect(page.lines.map(({ event }) => event.kind)).toEqual(['scored', 'publication-requested']);
      expect(page.lines[0]).toMatchObject({ method: 'Logged', submissionId: id, actorName: null });
      expect((await listDecisions(1, db()))[0]).toMatchObject({ method: 'Logged', event: { kind: 'hidden' } });
    });

    test('is read whole for files, oldest first, however it is cut into pages', async () => {
      const read = async (size: number) => {
        const ids: number[] = [];
        for await (const lines of readAudit({ person: ada.id }, { size }, db())) ids.push(...lines.map(({ id }) => id));
        return ids;
      };
      const [{ n: all }] = await db()
        .select({ n: sql<number>`count(*)::int` })
        .from(auditEvents)
        .where(eq(auditEvents.actorId, ada.id));
      const ids = await read(3);
      expect(ids).toHaveLength(all);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      expect(await read(1000)).toEqual(ids);
    });
  });

  test('a reported problem waits in the inbox until a maintainer answers, once, and its reporter hears of it', async () => {
    const id = await scored(ada);
    await expect(reportProblem(id, eve.id, '  ', db())).rejects.toThrow('Say what is wrong');
    const report = await reportProblem(id, eve.id, 'Its masks are those of the annotation.', db());
    const [open] = await listOpenReports(db());
    expect(open).toMatchObject({ reporter: { name: 'Eve' }, report: { id: report.id, submissionId: id } });
    for (let more = 1; more < MOST_OPEN_REPORTS; more++) await reportProblem(id, eve.id, `And ${more}`, db());
    await expect(reportProblem(id, eve.id, 'One too many', db())).rejects.toThrow('wait for an answer');

    const answers = await Promise.allSettled([1, 2].map((k) => settleReport(report.id, mina.id, `Answer ${k}`, db())));
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await listOpenReports(db())).some(({ report: { id } }) => id === report.id)).toBe(false);
    expect(await newest(eve)).toMatchObject({ kind: 'problem-settled', text: expect.stringMatching(/Answer [12]$/) });
    // histories say that it was looked into, not what was said
    expect(auditSentence((await lastEvent(id)).event)).toBe('looked into a reported problem');
  });
});
