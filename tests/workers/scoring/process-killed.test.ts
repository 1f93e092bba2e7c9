/** What becomes of a submission when its process or its thread dies. On both engines: the queue does the work. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { getSubmission } from '#db/submissions/submissions.ts';
import { ENGINES, until } from '#tests/db/databases.ts';
import { scoringProcesses } from './scoring-processes.ts';

describe.each(ENGINES)('a scoring process on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  const { db, diary, kill, reaches, startWorker, submit } = scoringProcesses(open);

  test('scores a submission whose worker is killed with -9, within a minute', { timeout: 240_000 }, async () => {
    const path = diary();
    const first = startWorker();
    const second = async () => readFileSync(path, 'utf8').trim().split('\n');
    const id = await submit({ end: 'score', milliseconds: 4_000, diary: path });
    await until(async () => existsSync(path), { milliseconds: 120_000, what: 'the first attempt' });
    await kill(first);
    const killed = Date.now();
    startWorker();
    await reaches(id, 'scored');
    expect(Date.now() - killed).toBeLessThan(60_000);
    expect(await second()).toHaveLength(2);
    expect((await getSubmission(id, db()))!.attempts).toBe(2);
  });

  test('fails, with a reason, what kills its worker every time', { timeout: 240_000 }, async () => {
    const id = await submit({ end: 'kill' });
    for (let attempt = 1; attempt <= 3; attempt++) {
      await once(startWorker({ clocks: { superviseSeconds: 1 } }), 'exit');
      // as if ten seconds had passed since the last sign of life
      await db().execute(sql`update pgboss.job set heartbeat_on = now() - interval '1 minute' where state = 'active'`);
    }
    startWorker({ clocks: { superviseSeconds: 1 } });
    await reaches(id, 'failed');
    expect((await getSubmission(id, db()))!.failure).toContain('ended without a word');
  });
});
