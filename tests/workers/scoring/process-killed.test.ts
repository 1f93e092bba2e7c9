/** What becomes of a submission when its process, or the child that computes, dies. On both engines where connections break. */
import { existsSync, readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { listNotices } from '#db/notices/notices.ts';
import { ensureUser } from '#db/people/users.ts';
import { listLiveJobs } from '#db/queue/queue.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { ENGINES, ONE_ENGINE, until } from '#tests/db/databases.ts';
import { scoringProcesses } from './scoring-processes.ts';

describe.each(ENGINES)('a scoring process on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  const { db, diary, kill, kinds, reaches, startWorker, submit } = scoringProcesses(open);

  test('scores a submission whose worker is killed with -9, within a minute', { timeout: 240_000 }, async () => {
    const path = diary();
    const first = startWorker();
    const attempts = () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0);
    const id = await submit({ end: 'score', milliseconds: 4_000, diary: path });
    await until(async () => attempts() === 1, { milliseconds: 120_000, what: 'the first attempt' });
    await kill(first);
    const killed = Date.now();
    startWorker();
    await reaches(id, 'scored');
    expect(Date.now() - killed).toBeLessThan(60_000);
    expect(attempts()).toBe(2);
    // the death of a host is no attempt
    expect((await getSubmission(id, db()))!.attempts).toBe(1);
    expect(await kinds(id)).toEqual(['submitted', 'returned', 'scored']);
  });
});

describe.each(ONE_ENGINE)('a scoring process on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  const { db, diary, kill, reaches, startWorker, state, submit } = scoringProcesses(open);

  test('neither rejects nor fails what its worker never survives: it waits, longer each time, with words', {
    timeout: 240_000,
  }, async () => {
    const [maintainer, owner] = await Promise.all([
      ensureUser({ email: 'mo@example.org', name: 'Mo', role: 'maintainer' }, db()),
      ensureUser({ email: 'ada@example.org', name: 'Ada' }, db()),
    ]);
    const path = diary();
    const id = await submit({ end: 'score', milliseconds: 600_000, diary: path }, owner.id);
    // so that a loss is always counted before the queue would give the job out again by itself, as a further attempt
    await db().execute(sql`update pgboss.job set retry_delay = 600 where state = 'created'`);
    for (let loss = 1; loss <= 5; loss++) {
      const worker = startWorker({ clocks: { superviseSeconds: 1 } });
      await until(
        async () => {
          // as if the pause after the last loss were over; a job in retry is still to be forgiven its loss
          await db().execute(sql`update pgboss.job set start_after = now() where state = 'created'`);
          return existsSync(path) && readFileSync(path, 'utf8').split('\n').length > loss;
        },
        { milliseconds: 120_000, what: `start ${loss}` },
      );
      await kill(worker);
      // as if ten seconds had passed since the last sign of life
      await db().execute(sql`update pgboss.job set heartbeat_on = now() - interval '1 minute' where state = 'active'`);
    }
    startWorker({ clocks: { superviseSeconds: 1 } });
    await until(async () => (await getSubmission(id, db()))!.failure, { milliseconds: 60_000, what: 'words' });
    expect(await state(id)).toBe('queued');
    expect(await getSubmission(id, db())).toMatchObject({
      attempts: 1,
      failure: 'the scoring process gave no sign of life',
    });
    const [job] = (await listLiveJobs(db())).filter(({ submissionId }) => submissionId === id);
    expect(job.startsAt!.getTime() - Date.now()).toBeGreaterThan(15_000);
    for (const person of [maintainer, owner])
      expect((await listNotices(person.id, {}, db())).map(({ kind }) => kind)).toEqual(['failed']);
    // others are scored meanwhile
    await reaches(await submit({ end: 'score' }), 'scored');
    await withdraw(id, null, {}, db());
  });

  test('survives what kills the child that computes, tries again, and scores the next', {
    timeout: 240_000,
  }, async () => {
    const worker = startWorker();
    const [kills, next] = [await submit({ end: 'kill' }), await submit({ end: 'score' })];
    await reaches(next, 'scored');
    await until(async () => (await getSubmission(kills, db()))!.failure, { milliseconds: 120_000, what: 'words' });
    expect(worker.exitCode ?? worker.signalCode).toBeNull();
    expect((await getSubmission(kills, db()))!.failure).toBe('The process that computes scores ended unexpectedly.');
    await withdraw(kills, null, {}, db());
  });
});
