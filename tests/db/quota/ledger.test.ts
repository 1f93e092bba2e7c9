import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, connect } from '#db/engine/client.ts';
import { listNotices } from '#db/notices/notices.ts';
import { createTeam } from '#db/people/teams.ts';
import { ensureUser } from '#db/people/users.ts';
import { getQuota, grantQuota, listLedger, reservePlace } from '#db/quota/ledger.ts';
import { saveTaskSettings } from '#db/quota/task-settings.ts';
import { type Dataset, submissions } from '#db/schema.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { failSubmission, handBack, rejectSubmission, saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { type QuotaHolder, userHolder } from '#lib/quota.ts';
import { ENGINES, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import fc from '#tests/properties.ts';
import { listRecentEvents } from '../recent-events.ts';

const TASK = 'livecell-wide';

describe.each(ENGINES)('the quota on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  let userId: string;
  let holder: QuotaHolder;
  let people = 0;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db);
    await set({ quota: 3, quotaDays: 7 });
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });
  beforeEach(async () => {
    ({ id: userId } = await ensureUser({ email: `person-${++people}@example.org`, name: 'P' }, client.db));
    holder = userHolder(userId);
  });

  const set = (changes: object) =>
    saveTaskSettings(
      TASK,
      { open: true, closedReason: null, quota: null, quotaDays: null, maxBytes: null, ...changes },
      null,
      client.db,
    );
  const submit = async (changes = {}) =>
    (await createSubmission(someSubmission(dataset, { userId, ...changes }), client.db)).id;
  const start = (id: string) => startScoring(id, 1, client.db);
  const score = async (id: string) => {
    await start(id);
    return saveReports(id, someReports(), client.db);
  };
  const standing = () => getQuota(holder, TASK, {}, client.db);
  const ledger = async (holders = [holder]) =>
    (await listLedger({ holders }, client.db)).map(({ kind, reason }) => [kind, reason]).reverse();
  /** as if everything so far had happened that much earlier */
  const pass = (days: number) =>
    client.db.execute(sql`update quota_ledger set at = at - make_interval(hours => ${Math.round(days * 24)}::int)
      where holder = ${holder}`);

  test('a place is held from the moment of submitting, and charged when there is a score', async () => {
    const id = await submit();
    expect(await standing()).toMatchObject({ limit: 3, charged: 0, reserved: 1, left: 2 });
    await score(id);
    expect(await standing()).toMatchObject({ charged: 1, reserved: 0, left: 2 });
    expect(await ledger()).toEqual([
      ['reserved', 'submitted'],
      ['charged', 'scored'],
    ]);
  });

  test('what gets no score costs nothing, and the ledger says why', async () => {
    const [rejected, failed, withdrawn] = [await submit(), await submit(), await submit()];
    await expect(submit()).rejects.toMatchObject({ code: 'quota' });
    await start(rejected);
    await rejectSubmission(rejected, [{ code: 'not-json', message: 'y' }], [], client.db);
    await failSubmission(failed, 'We broke.', client.db);
    await withdraw(withdrawn, userId, {}, client.db);
    expect(await standing()).toMatchObject({ charged: 0, reserved: 0, left: 3 });
    expect((await ledger()).slice(3)).toEqual([
      ['returned', 'the file was rejected'],
      ['returned', 'scoring failed on our side'],
      ['returned', 'withdrawn before it had a score'],
    ]);
  });

  test('a scored run stays charged when it is withdrawn', async () => {
    const id = await submit();
    await score(id);
    await withdraw(id, userId, {}, client.db);
    expect(await standing()).toMatchObject({ charged: 1, left: 2 });
    expect(await ledger()).toHaveLength(2);
  });

  test('a score that comes too late for a withdrawn submission is not charged', async () => {
    const id = await submit();
    await start(id);
    await withdraw(id, userId, {}, client.db);
    expect(await saveReports(id, someReports(), client.db)).toBe(false);
    expect(await standing()).toMatchObject({ charged: 0, reserved: 0 });
  });

  test('going back into the line keeps the place; another score of the same submission is not charged again', async () => {
    const id = await submit();
    await start(id);
    await handBack(id, client.db);
    expect(await standing()).toMatchObject({ reserved: 1 });
    await score(id);
    // as a re-score does, whatever way it takes
    await client.db.execute(sql`update submissions set state = 'scoring' where id = ${id}`);
    expect(await saveReports(id, someReports({ AP: 0.6 }), client.db)).toBe(true);
    expect(await standing()).toMatchObject({ charged: 1, reserved: 0 });
  });

  test('who has used all is told the next slot, in UTC, and gets it then', async () => {
    for (let n = 0; n < 3; n++) await score(await submit());
    const { nextSlotAt } = await standing();
    const error = await submit().catch((error) => error);
    expect(error).toMatchObject({
      code: 'quota',
      status: 429,
      details: {
        task: TASK,
        used: 3,
        charged: 3,
        reserved: 0,
        limit: 3,
        days: 7,
        nextSlotAt: nextSlotAt!.toISOString(),
      },
    });
    expect(error.message).toContain(nextSlotAt!.toISOString());
    expect(nextSlotAt!.getTime() - Date.now()).toBeGreaterThan(6.9 * 24 * 3600_000);
    await pass(7.1);
    await submit();
  });

  test('a refused submission leaves nothing behind', async () => {
    for (let n = 0; n < 3; n++) await submit();
    const rows = async () =>
      (
        await client.db.execute(
          sql`select (select count(*) from submissions)::int as s, (select count(*) from pgboss.job)::int as j, (select count(*) from quota_ledger)::int as q`,
        )
      )[0];
    const before = await rows();
    await expect(submit()).rejects.toThrow('3 more without a score');
    expect(await rows()).toEqual(before);
  });

  test('demo data sets and seeded entries are not counted', async () => {
    const demo = await someDataset(client.db, { name: `demo ${people}`, demo: true });
    for (let n = 0; n < 5; n++) await submit({ datasetId: demo.id });
    expect(await standing()).toMatchObject({ charged: 0, reserved: 0, left: 3 });
    for (let n = 0; n < 5; n++) await submit({ userId: null });
  });

  test('each task has its own places', async () => {
    for (let n = 0; n < 3; n++) await submit();
    await submit({ task: 'single-cell-type' });
    await expect(submit()).rejects.toMatchObject({ code: 'quota' });
  });

  test('where slots are data sets, one real set is enough to count', async () => {
    const task = 'zero-shot';
    const demo = await someDataset(client.db, { name: `outside demo ${people}`, task, demo: true });
    await submit({ task, datasetId: demo.id });
    expect(await ledger()).toEqual([]);
    await someDataset(client.db, { name: `outside ${people}`, task });
    await submit({ task, datasetId: demo.id });
    expect(await ledger()).toEqual([['reserved', 'submitted']]);
  });

  test('a team has places, whoever of it submits, and each of them is a place of that person', async () => {
    const team = await createTeam(`Team ${people}`, userId, client.db);
    for (let n = 0; n < 3; n++) await submit({ teamId: team.id });
    const { id: other } = await ensureUser({ email: `other-${people}@example.org`, name: 'O' }, client.db);
    await expect(submit({ teamId: team.id, userId: other })).rejects.toThrow('Your team has');
    // a person's places are the same in all teams, so founding another makes no more of them
    expect(await standing()).toMatchObject({ reserved: 3, left: 0 });
    await expect(submit()).rejects.toMatchObject({ code: 'quota' });
    await submit({ userId: other });
  });

  test('a maintainer grants more until a day: ledger, notice and audit event', async () => {
    for (let n = 0; n < 3; n++) await score(await submit());
    const grant = {
      holder,
      task: TASK,
      amount: 2,
      reason: 'Revision of a paper',
      until: new Date(Date.now() + 3600_000),
    };
    await grantQuota(grant, 'a-maintainer', client.db);
    expect(await standing()).toMatchObject({ limit: 5, granted: 2, left: 2 });
    for (let n = 0; n < 2; n++) await submit();
    await expect(submit()).rejects.toMatchObject({ code: 'quota', details: { limit: 5, used: 5 } });
    const [notice] = await listNotices(userId, {}, client.db);
    expect(notice).toMatchObject({ kind: 'quota-granted', text: expect.stringContaining('Revision of a paper') });
    const [{ event }] = await listRecentEvents(1, client.db);
    expect(event).toMatchObject({ kind: 'submitted' });
    const events = (await listRecentEvents(10, client.db)).map(({ event }) => event);
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'quota-granted', holder, amount: 2, before: 3, after: 5 }),
    );
    // and it ends
    await client.db.execute(
      sql`update quota_ledger set expires_at = now() where holder = ${holder} and kind = 'granted'`,
    );
    expect(await standing()).toMatchObject({ limit: 3, granted: 0, left: 0 });
  });

  test.each([
    ['no reason', { reason: ' ' }],
    ['no places', { amount: 0 }],
    ['half a place', { amount: 0.5 }],
    ['an end in the past', { until: new Date(0) }],
    ['a task that is none', { task: 'nope' }],
    ['a person who is none', { holder: userHolder('nobody') }],
  ])('a grant with %s is refused', async (_, changes) => {
    const grant = { holder, task: TASK, amount: 2, reason: 'r', until: new Date(Date.now() + 3600_000), ...changes };
    await expect(grantQuota(grant, 'a-maintainer', client.db)).rejects.toMatchObject({ name: 'AppError' });
    expect(await ledger()).toEqual([]);
  });

  test('a maintainer can lift the limit, and what was scored meanwhile counts when there is one again', async () => {
    await set({ quota: 0 });
    for (let n = 0; n < 4; n++) await score(await submit());
    expect(await standing()).toMatchObject({ limit: null, left: null, charged: 4 });
    await set({ quota: 3, quotaDays: 7 });
    expect(await standing()).toMatchObject({ limit: 3, left: 0 });
  });

  test('of 50 at once exactly the limit get in', { timeout: 240_000 }, async () => {
    const many = connect(database.url, { max: 10 });
    try {
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, () => createSubmission(someSubmission(dataset, { userId }), many.db)),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'quota' });
      expect(await standing()).toMatchObject({ reserved: 3, left: 0 });
    } finally {
      await many.close();
    }
  });

  test('the ledger’s own lock is enough, whatever else makes submissions wait for each other', {
    timeout: 240_000,
  }, async () => {
    const { task, id: datasetId } = dataset;
    const rows = await client.db
      .insert(submissions)
      .values(Array.from({ length: 50 }, () => ({ task, datasetId, userId, method: 'm' })))
      .returning();
    const many = connect(database.url, { max: 10 });
    try {
      const results = await Promise.allSettled(
        rows.map((submission) => many.db.transaction((tx) => reservePlace(submission, tx))),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    } finally {
      await many.close();
    }
  });

  test('whatever people do, no window holds more charges than the limit', { timeout: 120_000 }, async () => {
    const deed = fc.record({
      what: fc.constantFrom('submit', 'submit', 'submit', 'score', 'score', 'reject', 'withdraw', 'fail', 'wait'),
      which: fc.nat(),
      days: fc.integer({ min: 1, max: 4 }),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 10, maxLength: 25 }), async (deeds) => {
        ({ id: userId } = await ensureUser({ email: `p-${people}-${++run}@example.org`, name: 'P' }, client.db));
        holder = userHolder(userId);
        const ids: string[] = [];
        for (const { what, which, days } of deeds) {
          const id = ids[which % Math.max(1, ids.length)];
          if (what === 'wait') await pass(days);
          else if (what === 'submit')
            await submit().then(
              (id) => ids.push(id),
              () => undefined,
            );
          else if (!id) continue;
          else if (what === 'score') await score(id);
          else if (what === 'fail') await failSubmission(id, 'x', client.db);
          else if (what === 'withdraw') await withdraw(id, userId, {}, client.db).catch(() => undefined);
          else {
            await start(id);
            await rejectSubmission(id, [], [], client.db);
          }
        }
        const charged = await client.db.execute<{ at: string }>(
          sql`select extract(epoch from at)::float8 as at from quota_ledger where holder = ${holder} and kind = 'charged'`,
        );
        const times = charged.map(({ at }) => Number(at));
        for (const end of times)
          expect(times.filter((at) => at <= end && at > end - 7 * 24 * 3600).length).toBeLessThanOrEqual(3);
        // and no place is lost: each line that opens is settled once at most
        const { reserved, charged: inWindow, left } = await standing();
        expect(left).toBe(Math.max(0, 3 - reserved - inWindow));
      }),
      { numRuns: 12, seed: 7 },
    );
  });
});
