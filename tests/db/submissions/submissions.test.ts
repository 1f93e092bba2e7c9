import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '#db/audit.ts';
import { listInbox } from '#db/board/inbox.ts';
import { getReports } from '#db/board/reports.ts';
import { activeDataset, registerDataset } from '#db/datasets/datasets.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { migrate } from '#db/migrate.ts';
import { createToken, revokeToken, userByToken } from '#db/people/tokens.ts';
import { ensureUser } from '#db/people/users.ts';
import { listLiveJobs, queueSnapshot } from '#db/queue/queue.ts';
import { type Dataset, submissions } from '#db/schema.ts';
import { approve, hide, restore } from '#db/submissions/moderation.ts';
import { requestPublication, unpublish, withdraw } from '#db/submissions/publication.ts';
import {
  failSubmission,
  listToTryAgain,
  recordFault,
  rejectSubmission,
  saveProgress,
  saveReports,
  startScoring,
  tryAgain,
} from '#db/submissions/scoring.ts';
import { createSubmission, getSubmission, listSubmissionsOf } from '#db/submissions/submissions.ts';
import type { Problem } from '#lib/problems.ts';
import { ENGINES, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { reportOf } from '#tests/scoring/reports.ts';

describe.each(ENGINES)('submissions on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db, { public: true });
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  const create = (changes = {}) => createSubmission(someSubmission(dataset, changes), client.db);
  const detail = async (id: string) => (await getSubmission(id, client.db))!;
  const kinds = async (id: string) => (await listEvents(id, client.db)).map(({ event }) => event.kind);
  const score = async (id: string) => {
    await startScoring(id, 1, client.db);
    return saveReports(id, someReports(), client.db);
  };

  test('migrations can be repeated, also by several processes at once', async () => {
    await Promise.all([migrate(database.url), migrate(database.url)]);
  });

  test('a submission, its file, its job and its event are there together or not at all', async () => {
    const before = await queueSnapshot(client.db);
    const rolledBack = client.db.transaction(async (tx) => {
      await createSubmission(someSubmission(dataset), tx);
      expect((await queueSnapshot(tx)).waiting).toBe(before.waiting + 1);
      throw new Error('on second thoughts');
    });
    await expect(rolledBack).rejects.toThrow('on second thoughts');
    const count = sql`select (select count(*) from submissions)::int + (select count(*) from audit_events where
      submission_id is not null)::int as n`;
    expect((await client.db.execute(count))[0].n).toBe(0);
    expect((await queueSnapshot(client.db)).waiting).toBe(before.waiting);

    const { id } = await create();
    expect((await queueSnapshot(client.db)).waiting).toBe(before.waiting + 1);
    expect((await detail(id)).files).toHaveLength(1);
    expect(await kinds(id)).toEqual(['submitted']);
  });

  test('those who wait know their place in the line', async () => {
    const [first, second] = [await create(), await create()];
    const place = (await detail(first.id)).queuePosition!;
    expect((await detail(second.id)).queuePosition).toBe(place + 1);
    await startScoring(first.id, 1, client.db);
    expect((await detail(first.id)).queuePosition).toBeNull();
    expect((await detail(second.id)).queuePosition).toBe(place);
  });

  test('scores are saved once, by whichever attempt comes first', async () => {
    const { id } = await create();
    expect(await saveReports(id, someReports(), client.db)).toBe(false); // nobody has begun
    await startScoring(id, 1, client.db);
    await startScoring(id, 2, client.db); // the first worker was killed, or merely slow
    expect(await saveReports(id, someReports({ AP: 0.25 }), client.db)).toBe(true);
    expect(await saveReports(id, someReports({ AP: 0.75 }), client.db)).toBe(false);
    await saveProgress(id, { phase: 'matching', fraction: 0.5 }, client.db); // late news
    const { state, progress, attempts } = await detail(id);
    expect({ state, progress, attempts }).toEqual({ state: 'scored', progress: null, attempts: 2 });
    const reports = await getReports(id, client.db);
    expect(Object.keys(reports)).toHaveLength(3);
    expect(reportOf(reports.coco, 'livecell-wide').results.bbox.overall.AP).toBe(0.25);
    expect(await startScoring(id, 3, client.db)).toBeNull();
    expect(await failSubmission(id, 'too late', client.db)).toBe(false);
  });

  test('a failed submission goes back into the line when a maintainer says so, once, and with its files', async () => {
    const maintainer = await ensureUser({ email: 'mia@example.org', name: 'Mia' }, client.db);
    const { id } = await create();
    await expect(tryAgain(id, maintainer.id, client.db)).rejects.toMatchObject({ status: 409 }); // it waits already
    await startScoring(id, 3, client.db);
    await failSubmission(id, 'The disk is full.', client.db);
    await tryAgain(id, maintainer.id, client.db);
    expect((await listLiveJobs(client.db)).filter(({ submissionId }) => submissionId === id)).toHaveLength(1);
    expect(await detail(id)).toMatchObject({ state: 'queued', attempts: 0, failure: null, finishedAt: null });
    expect((await listEvents(id, client.db)).at(-1)).toMatchObject({
      actorName: 'Mia',
      event: { kind: 'returned', reason: 'it is to be tried again' },
    });
    await expect(tryAgain(id, maintainer.id, client.db)).rejects.toMatchObject({ status: 409 });
    await startScoring(id, 1, client.db);
    await failSubmission(id, 'Again.', client.db);
    await client.db.update(submissions).set({ filesDeletedAt: new Date() }).where(eq(submissions.id, id));
    await expect(tryAgain(id, maintainer.id, client.db)).rejects.toThrow('still has its files');
  });

  test('one that waits because of our fault can be tried at once, with one job, and not while it is tried', async () => {
    const { id } = await create();
    const jobs = async () => (await listLiveJobs(client.db)).filter(({ submissionId }) => submissionId === id);
    await startScoring(id, 3, client.db);
    await recordFault(id, { reason: 'The disk is full.', times: 3 }, client.db);
    // the queue waits for an hour before the next attempt
    await client.db.execute(sql`update pgboss.job set state = 'retry', retry_count = 3,
      start_after = now() + interval '1 hour' where data->>'submissionId' = ${id}`);
    expect((await listToTryAgain(client.db)).map((one) => one.id)).toContain(id);
    await tryAgain(id, null, client.db);
    expect(await jobs()).toMatchObject([{ state: 'waiting', attempt: 1, startsAt: null }]);
    expect(await detail(id)).toMatchObject({ state: 'queued', attempts: 0, failure: null });
    await startScoring(id, 1, client.db);
    await expect(tryAgain(id, null, client.db)).rejects.toMatchObject({ status: 409 });
    expect((await listToTryAgain(client.db)).map((one) => one.id)).not.toContain(id);
  });

  test('it fails after three days of attempts, and neither earlier nor because it waited long', async () => {
    const { id } = await create();
    const fault = async (times: number) => {
      await startScoring(id, times, client.db);
      return await recordFault(id, { reason: 'The disk is full.', times }, client.db);
    };
    expect(await fault(200)).toBe('returned'); // many attempts within minutes
    await client.db.execute(sql`update submissions set created_at = now() - interval '4 days' where id = ${id}`);
    expect(await fault(1)).toBe('returned'); // it waited for days and was tried once
    expect(await fault(24)).toBe('failed');
    expect(await detail(id)).toMatchObject({ state: 'failed', failure: 'The disk is full.' });
  });

  test('a rejected file keeps its problems, and counts those that are not listed', async () => {
    const { id } = await create();
    await startScoring(id, 1, client.db);
    const problems: Problem[] = [{ code: 'score-missing', message: 'No score.', record: 3, more: 11 }];
    expect(await rejectSubmission(id, problems, [], client.db)).toBe(true);
    expect((await detail(id)).problems).toEqual(problems);
    expect((await listEvents(id, client.db)).at(-1)!.event).toMatchObject({ kind: 'rejected', problems: 12 });
    await expect(requestPublication(id, null, {}, client.db)).rejects.toThrow('not rejected');
  });

  test('publishing takes an owner who asks and a maintainer who approves, in this order', async () => {
    const owner = await ensureUser({ email: 'Owner@example.org', name: 'Owner' }, client.db);
    const { id } = await create({ userId: owner.id });
    await expect(approve(id, null, {}, client.db)).rejects.toMatchObject({ status: 409 });
    await requestPublication(id, owner.id, {}, client.db);
    await expect(requestPublication(id, owner.id, {}, client.db)).rejects.toMatchObject({ status: 409 });
    await expect(approve(id, null, {}, client.db)).rejects.toMatchObject({ status: 409 }); // not scored yet
    await score(id);
    expect((await listInbox({}, client.db)).map(({ submission }) => submission.id)).toContain(id);
    expect((await approve(id, null, {}, client.db)).publishedAt).toBeInstanceOf(Date);
    await hide(id, null, 'wrong data set', client.db);
    await expect(hide(id, null, 'again', client.db)).rejects.toMatchObject({ status: 409 });
    expect((await restore(id, null, 'it was the right one', client.db)).hiddenReason).toBeNull();
    await unpublish(id, owner.id, client.db);
    await withdraw(id, owner.id, {}, client.db);
    await expect(withdraw(id, owner.id, {}, client.db)).rejects.toMatchObject({ status: 409 });
    await expect(withdraw('nowhere', null, {}, client.db)).rejects.toMatchObject({ status: 404 });
    expect(await kinds(id)).toEqual([
      ...['submitted', 'publication-requested', 'scored', 'approved', 'hidden', 'restored', 'unpublished', 'withdrawn'],
    ]);
    const events = await listEvents(id, client.db);
    expect(events[1]).toMatchObject({ actorId: owner.id, actorName: 'Owner' });
    expect(await listSubmissionsOf({ id: owner.id, teams: [] }, client.db)).toHaveLength(1);
  });

  test('two maintainers cannot both approve', async () => {
    const { id } = await create({ visibility: 'pending' });
    await score(id);
    const results = await Promise.allSettled([approve(id, null, {}, client.db), approve(id, null, {}, client.db)]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('a name stands for one ground truth; real ones come before demo ones', async () => {
    const again = await someDataset(client.db);
    expect(again.id).toBe(dataset.id);
    await expect(someDataset(client.db, { sha256: 'c'.repeat(64) })).rejects.toMatchObject({ status: 409 });
    const { id: _, createdAt: __, ...columns } = dataset;
    await registerDataset({ ...columns, task: 'other', name: 'other-demo', demo: true }, {}, client.db);
    expect((await activeDataset('other', client.db))!.name).toBe('other-demo');
    await registerDataset({ ...columns, task: 'other', name: 'other-real' }, {}, client.db);
    await registerDataset({ ...columns, task: 'other', name: 'other-demo-2', demo: true }, {}, client.db);
    expect((await activeDataset('other', client.db))!.name).toBe('other-real');
    expect(await activeDataset('none', client.db)).toBeNull();
  });

  test('a token is known by its digest, and no more once revoked or expired', async () => {
    const user = await ensureUser({ email: 'token@example.org' }, client.db);
    const { token, id } = await createToken(user.id, 'laptop', {}, client.db);
    expect((await userByToken(token, client.db))!.id).toBe(user.id);
    expect(await userByToken(`${token}x`, client.db)).toBeNull();
    const expired = await createToken(user.id, 'old', { expiresAt: new Date(Date.now() - 1000) }, client.db);
    expect(await userByToken(expired.token, client.db)).toBeNull();
    expect(await revokeToken('somebody else', id, client.db)).toBe(false);
    expect(await revokeToken(user.id, id, client.db)).toBe(true);
    expect(await userByToken(token, client.db)).toBeNull();
  });
});
