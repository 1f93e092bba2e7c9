/** A job that fails is tried again, later each time, and one that lost its place in the queue gets it back. */
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { listNotices } from '#db/notices/notices.ts';
import { ensureUser } from '#db/people/users.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { startScoring } from '#db/submissions/scoring.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { ONE_ENGINE, until } from '#tests/db/databases.ts';
import { scoringProcesses } from './scoring-processes.ts';

describe.each(ONE_ENGINE)('a scoring process on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  const { db, diary, kinds, reaches, shareWorker, startWorker, stopSharing, submit } = scoringProcesses(open);

  test('tries again, later each time, says after the third that it is our fault, and scores it in the end', {
    timeout: 240_000,
  }, async () => {
    const maintainer = await ensureUser({ email: 'mo@example.org', name: 'Mo', role: 'maintainer' }, db());
    shareWorker();
    const path = diary();
    const id = await submit({ end: 'throw-three', diary: path });
    const waits = await until(
      async () => {
        const found = (await getSubmission(id, db()))!;
        return found.state === 'queued' && found.failure !== null && found;
      },
      { milliseconds: 120_000, what: 'three attempts' },
    );
    // without this machine's paths
    expect(waits).toMatchObject({ failure: 'Scoring failed: something broke in …', attempts: 3 });
    expect((await listNotices(maintainer.id, {}, db())).map(({ kind, link }) => [kind, link])).toEqual([
      ['failed', `/maintain/entries/${id}`],
    ]);
    await reaches(id, 'scored');
    const times = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(line.split(' ')[1]));
    expect(times).toHaveLength(4);
    expect(times[3] - times[2]).toBeGreaterThan(times[1] - times[0]);
    expect(await getSubmission(id, db())).toMatchObject({ failure: null, attempts: 4 });
    expect(await kinds(id)).toEqual(['submitted', ...Array(3).fill('returned'), 'scored']);
    expect((await listNotices(maintainer.id, {}, db())).length).toBe(1);
  });

  test('takes the death of a thread for our fault', { timeout: 240_000 }, async () => {
    shareWorker();
    const [exits, again] = [await submit({ end: 'exit' }), await submit({ end: 'throw-once', diary: diary('once') })];
    await reaches(again, 'scored');
    await until(async () => (await getSubmission(exits, db()))!.failure, { milliseconds: 120_000, what: 'words' });
    expect((await getSubmission(exits, db()))!.failure).toMatch(/thread|exit/);
    await withdraw(exits, null, {}, db());
  });

  test('does not hold a damaged copy against the file', { timeout: 240_000 }, async () => {
    shareWorker();
    const id = await submit({ end: 'reject' });
    await db().execute(sql`update submission_files set sha256 = 'another' where submission_id = ${id}`);
    await until(async () => (await kinds(id)).includes('returned'), { milliseconds: 120_000, what: 'a return' });
    expect(await kinds(id)).not.toContain('rejected');
    await withdraw(id, null, {}, db());
  });

  test('finds and scores what has lost its place in the queue, whatever state it is in', {
    timeout: 240_000,
  }, async () => {
    await stopSharing(); // it would take them before they lose their place
    const [queued, scoring] = [await submit({ end: 'score' }), await submit({ end: 'score' })];
    await startScoring(scoring, 1, db());
    await db().execute(sql`delete from pgboss.job where data->>'submissionId' in (${queued}, ${scoring})`);
    await db().execute(sql`update submissions set created_at = now() - interval '1 minute',
      started_at = case when state = 'scoring' then now() - interval '1 minute' end where id in (${queued}, ${scoring})`);
    startWorker();
    for (const id of [queued, scoring]) {
      await reaches(id, 'scored');
      expect(await kinds(id)).toEqual(['submitted', 'returned', 'scored']);
    }
  });
});
