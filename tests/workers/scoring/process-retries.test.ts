/** A job that fails is tried again, later each time, and one that lost its place in the queue gets it back. */
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { startScoring } from '#db/submissions/scoring.ts';
import { getSubmission } from '#db/submissions/submissions.ts';
import { ENGINES } from '#tests/db/databases.ts';
import { scoringProcesses } from './scoring-processes.ts';

describe.each(ENGINES)('a scoring process on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  const { db, diary, kinds, reaches, startWorker, submit } = scoringProcesses(open);

  test('tries three times, waiting longer each time, then fails with a reason', { timeout: 240_000 }, async () => {
    startWorker();
    const path = diary();
    const id = await submit({ end: 'throw', diary: path });
    await reaches(id, 'failed');
    const times = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(line.split(' ')[1]));
    expect(times).toHaveLength(3);
    expect(times[2] - times[1]).toBeGreaterThan(times[1] - times[0]);
    expect((await getSubmission(id, db()))!.failure).toBe('Scoring failed: something broke');
    expect(await kinds(id)).toEqual(['submitted', 'returned', 'returned', 'failed']);
  });

  test('takes the death of a thread for our fault', { timeout: 240_000 }, async () => {
    startWorker();
    const [exits, again] = [await submit({ end: 'exit' }), await submit({ end: 'throw-once', diary: diary('once') })];
    await reaches(again, 'scored');
    await reaches(exits, 'failed');
    expect((await getSubmission(exits, db()))!.failure).toMatch(/thread|exit/);
  });

  test('finds and scores what has lost its place in the queue, whatever state it is in', {
    timeout: 240_000,
  }, async () => {
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
