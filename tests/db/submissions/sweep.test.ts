import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '#db/audit.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { ensureUser } from '#db/people/users.ts';
import { getScoringProcesses, reportAlive, reportGone, SILENT_SECONDS } from '#db/queue/processes.ts';
import { enqueueScore, listLiveJobs } from '#db/queue/queue.ts';
import { getQuota } from '#db/quota/ledger.ts';
import type { Dataset } from '#db/schema.ts';
import { handBack, saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission, getSubmission } from '#db/submissions/submissions.ts';
import { sweepQueue } from '#db/submissions/sweep.ts';
import { ENGINES, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';

describe.each(ENGINES)('the sweeper on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  let userId: string;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db);
    ({ id: userId } = await ensureUser({ email: 'p@example.org', name: 'P' }, client.db));
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  const submit = async () => (await createSubmission(someSubmission(dataset, { userId: null }), client.db)).id;
  const sweep = (graceSeconds = 0) => sweepQueue({ graceSeconds }, client.db);
  const detail = async (id: string) => (await getSubmission(id, client.db))!;
  const jobsOf = async (id: string) => (await listLiveJobs(client.db)).filter((job) => job.submissionId === id);
  const setJob = (id: string, state: string) =>
    client.db.execute(sql`update pgboss.job set state = ${state}::pgboss.job_state, started_on = now(), heartbeat_on = now()
      where data->>'submissionId' = ${id}`);
  const loseJob = (id: string) => client.db.execute(sql`delete from pgboss.job where data->>'submissionId' = ${id}`);
  const returned = async (id: string) =>
    (await listEvents(id, client.db)).flatMap(({ event }) => (event.kind === 'returned' ? [event.reason] : []));

  test('leaves alone what waits, what is being scored, and what has only just changed', async () => {
    const [waiting, scoring, fresh] = [await submit(), await submit(), await submit()];
    await setJob(scoring, 'active');
    await startScoring(scoring, 1, client.db);
    expect(await sweep()).toEqual([]);
    await loseJob(fresh);
    expect(await sweep(60)).toEqual([]);
    await loseJob(waiting);
    await loseJob(scoring);
    for (const id of [waiting, scoring, fresh]) await saveAnyway(id);
  });

  async function saveAnyway(id: string) {
    await startScoring(id, 1, client.db);
    await saveReports(id, someReports(), client.db);
  }

  test('the grace counts from the start of scoring, where there is one', async () => {
    const id = await submit();
    await startScoring(id, 1, client.db);
    await loseJob(id);
    await client.db.execute(sql`update submissions set created_at = now() - interval '1 hour' where id = ${id}`);
    expect(await sweep(60)).toEqual([]);
    await client.db.execute(sql`update submissions set started_at = now() - interval '2 minutes' where id = ${id}`);
    expect(await sweep(60)).toEqual([{ submissionId: id, action: 'requeued' }]);
    await loseJob(id).then(() => saveAnyway(id));
  });

  test('scoring with two jobs, of which one is being worked on: left alone until both wait', async () => {
    const id = await submit();
    await setJob(id, 'active');
    await client.db.transaction((tx) => enqueueScore(id, {}, tx));
    await startScoring(id, 1, client.db);
    expect((await jobsOf(id)).map(({ state }) => state).sort()).toEqual(['active', 'waiting']);
    expect(await sweep()).toEqual([]);
    expect((await detail(id)).state).toBe('scoring');
    await setJob(id, 'retry');
    expect(await sweep()).toEqual([{ submissionId: id, action: 'taken-back' }]);
    await loseJob(id).then(() => saveAnyway(id));
  });

  test('queued without a job: it gets one, before those that wait, and its history says so', async () => {
    const [first, lost] = [await submit(), await submit()];
    await loseJob(lost);
    expect(await sweep()).toEqual([{ submissionId: lost, action: 'requeued' }]);
    expect((await listLiveJobs(client.db)).map(({ submissionId }) => submissionId)).toEqual([lost, first]);
    expect(await returned(lost)).toEqual(['its place in the queue was lost; it has a new one']);
    expect(await sweep()).toEqual([]);
    for (const id of [first, lost]) await loseJob(id).then(() => saveAnyway(id));
  });

  test('scoring without a job: back into the line, with one', async () => {
    const id = await submit();
    await startScoring(id, 1, client.db);
    await loseJob(id);
    expect(await sweep()).toEqual([{ submissionId: id, action: 'requeued' }]);
    expect((await detail(id)).state).toBe('queued');
    expect(await jobsOf(id)).toHaveLength(1);
    await loseJob(id).then(() => saveAnyway(id));
  });

  test('scoring while its job waits for a retry, as when its process was killed: back in the line', async () => {
    const id = await submit();
    await setJob(id, 'active');
    await startScoring(id, 1, client.db);
    await setJob(id, 'retry');
    expect(await sweep()).toEqual([{ submissionId: id, action: 'taken-back' }]);
    expect((await detail(id)).state).toBe('queued');
    expect(await returned(id)).toEqual(['the scoring process gave no sign of life']);
    expect(await jobsOf(id)).toMatchObject([{ state: 'retry', attempt: 2, leaseUntil: null }]);
    await loseJob(id).then(() => saveAnyway(id));
  });

  test('lost again and again: it waits and says so, and nobody’s file is given up', async () => {
    const id = await submit();
    for (let times = 1; times <= 4; times++) {
      expect((await detail(id)).failure).toBeNull();
      await loseJob(id);
      expect(await sweep()).toEqual([{ submissionId: id, action: 'requeued' }]);
    }
    expect(await detail(id)).toMatchObject({ state: 'queued', failure: expect.stringContaining('was lost') });
    await loseJob(id).then(() => saveAnyway(id));
  });

  test('of several at once one sweeps', async () => {
    const id = await submit();
    await loseJob(id);
    const several = await Promise.all([sweep(), sweep(), sweep()]);
    expect(several.flat()).toEqual([{ submissionId: id, action: 'requeued' }]);
    expect(await jobsOf(id)).toHaveLength(1);
    await loseJob(id).then(() => saveAnyway(id));
  });

  test('a place that a finished submission still holds is settled', async () => {
    const ids: string[] = [];
    for (const state of ['scored', 'rejected', 'failed', 'withdrawn']) {
      const { id } = await createSubmission(someSubmission(dataset, { userId }), client.db);
      await loseJob(id);
      await client.db.execute(sql`update submissions set state = ${state} where id = ${id}`);
      ids.push(id);
    }
    const swept = await sweep();
    expect(swept.map(({ submissionId, action }) => [submissionId, action]).sort()).toEqual(
      ids.map((id) => [id, 'settled']).sort(),
    );
    const standing = await getQuota(`user:${userId}`, dataset.task, {}, client.db);
    expect(standing).toMatchObject({ charged: 1, reserved: 0 });
  });

  test('a job tells its lease while it is worked on', async () => {
    const id = await submit();
    await setJob(id, 'active');
    const [job] = await jobsOf(id);
    expect(job).toMatchObject({ state: 'active', attempt: 1 });
    expect(job.leaseUntil!.getTime() - job.seenAt!.getTime()).toBe(10_000);
    expect(Math.abs(job.seenAt!.getTime() - Date.now())).toBeLessThan(5_000);
    await loseJob(id).then(() => saveAnyway(id));
  });

  test('what a stopped process hands back is next', async () => {
    const [one, two] = [await submit(), await submit()];
    await startScoring(one, 1, client.db);
    await loseJob(one);
    await handBack(one, client.db);
    const order = (await listLiveJobs(client.db)).map(({ submissionId }) => submissionId);
    expect(order.indexOf(one)).toBeLessThan(order.indexOf(two));
  });

  test('scoring processes count by their signs of life', async () => {
    expect(await getScoringProcesses(client.db)).toEqual({ alive: 0, silentSeconds: null });
    await reportAlive('a', 2, client.db);
    await reportAlive('b', 2, client.db);
    await reportAlive('a', 2, client.db);
    expect(await getScoringProcesses(client.db)).toMatchObject({ alive: 2 });
    await reportGone('b', client.db);
    expect(await getScoringProcesses(client.db)).toMatchObject({ alive: 1 });
    await client.db.execute(sql`update scoring_processes set seen_at = now() - interval '42 seconds' where id = 'a'`);
    const silent = await getScoringProcesses(client.db);
    expect(silent.alive).toBe(0);
    expect(silent.silentSeconds).toBeGreaterThanOrEqual(SILENT_SECONDS);
    await client.db.execute(sql`update scoring_processes set seen_at = now() - interval '2 days'`);
    await reportAlive('c', 2, client.db);
    expect(await client.db.execute(sql`select id from scoring_processes`)).toEqual([{ id: 'c' }]);
  });
});
