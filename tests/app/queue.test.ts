/** What the queue page tells, and whom. */
import { sql } from 'drizzle-orm';
import { beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { howItRuns, queueFor, whyItWaits } from '#app/_server/queue.ts';
import { giveUp } from '#app/_server/submissions.ts';
import { GET as read } from '#app/api/v1/queue/route.ts';
import { db } from '#db/engine/client.ts';
import { reportAlive } from '#db/queue/processes.ts';
import type { LiveJob } from '#db/queue/queue.ts';
import type { Dataset } from '#db/schema.ts';
import { saveProgress, saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { queueSchema } from '#lib/http/api.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { openSite, type Person, person, viewerNamed } from './site.ts';

openSite();

let dataset: Dataset;
let ada: Person;
let eve: Person;
let maintainer: Person;
beforeAll(async () => {
  dataset = await someDataset(db());
  ada = await person('ada');
  eve = await person('eve');
  maintainer = await person('mo', 'maintainer');
  await reportAlive('a-process', 1);
});
beforeEach(async () => {
  await db().execute(sql`delete from pgboss.job`);
  await db().execute(sql`update submissions set state = 'withdrawn' where state in ('queued', 'scoring')`);
});

async function submit(changes: object = {}): Promise<string> {
  return (await createSubmission(someSubmission(dataset, { userId: ada.id, method: 'Secret sauce', ...changes }))).id;
}

describe('the queue', () => {
  it('names a submission to its owner and to maintainers, and to nobody else', async () => {
    await submit();
    for (const who of [ada, maintainer]) {
      const { waiting } = await queueFor(await viewerNamed(who));
      expect(waiting[0].known).toMatchObject({ method: 'Secret sauce', submitter: 'ada' });
    }
    for (const who of [null, await viewerNamed(eve)]) {
      const { waiting } = await queueFor(who);
      expect(waiting[0]).toMatchObject({ known: null, position: 1, task: 'LIVECell-wide', mayTakeOut: false });
      expect(JSON.stringify(waiting)).not.toMatch(/Secret sauce|ada|[0-9a-f]{8}-[0-9a-f]{4}/);
    }
  });

  it('keeps a sealed entry’s name even where it has been published', async () => {
    const id = await submit();
    await db().execute(sql`update submissions set visibility = 'published' where id = ${id}`);
    expect((await queueFor(null)).waiting[0].known).toMatchObject({ method: 'Secret sauce', href: null });
    await db().execute(sql`update submissions set anonymous = true where id = ${id}`);
    expect((await queueFor(null)).waiting[0].known).toBeNull();
    expect((await queueFor(await viewerNamed(ada))).waiting[0].known).not.toBeNull();
  });

  it('lets its owner take it out, and the next one moves up', async () => {
    const [first] = [await submit(), await submit({ method: 'Second' })];
    const who = await viewerNamed(ada);
    expect((await queueFor(who)).waiting.map(({ mayTakeOut }) => mayTakeOut)).toEqual([true, true]);
    expect((await queueFor(await viewerNamed(maintainer))).waiting[0].mayTakeOut).toBe(false);
    await giveUp(who, first);
    const { waiting } = await queueFor(who);
    expect(waiting).toMatchObject([{ position: 1, known: { method: 'Second' } }]);
  });

  it('says that nobody knows how long, before anything was measured; then what was measured', async () => {
    const id = await submit();
    await db().execute(sql`update submissions set finished_at = null`);
    expect((await queueFor(null)).waiting[0]).toMatchObject({ secondsLeft: null, secondsUntilTurn: 0 });
    await startScoring(id, 1);
    await saveReports(id, someReports());
    await db().execute(sql`update submissions set finished_at = started_at + interval '8 seconds' where id = ${id}`);
    await submit();
    await submit();
    const { waiting } = await queueFor(null);
    expect(waiting.map(({ secondsUntilTurn, secondsLeft }) => [secondsUntilTurn, secondsLeft])).toEqual([
      [0, 8],
      [8, 16],
    ]);
  });

  it('shows what is being scored with its progress, its lease, and what it has left by its own speed', async () => {
    const id = await submit();
    await db().execute(sql`update pgboss.job set state = 'active', started_on = now(), heartbeat_on = now()`);
    await startScoring(id, 1);
    await saveProgress(id, { phase: 'matching', fraction: 0.5 });
    await db().execute(sql`update submissions set started_at = now() - interval '6 seconds' where id = ${id}`);
    const { running, waiting } = await queueFor(null);
    expect(waiting).toEqual([]);
    expect(running[0]).toMatchObject({ attempt: 1, attempts: 3, progress: { fraction: 0.5 }, known: null });
    expect(running[0].secondsLeft).toBeCloseTo(6, 0);
    expect(running[0].says).toMatch(
      /^Last sign of life just now\. After 10 s of silence it goes back into the queue\.$/,
    );
  });
});

describe('the queue for programs', () => {
  const ask = async (headers: HeadersInit = {}) => {
    const response = await read(new Request('http://localhost/api/v1/queue', { headers }), {
      params: Promise.resolve({}),
    });
    expect(response.status).toBe(200);
    return queueSchema.strict().parse(await response.json());
  };

  it('says what the page says, and names a submission to its owner alone', async () => {
    const id = await submit();
    const { waiting, running, processes } = await ask(ada.bearer);
    expect({ running, alive: processes.alive }).toEqual({ running: [], alive: 1 });
    const page = (await queueFor(await viewerNamed(ada))).waiting[0];
    expect(waiting).toMatchObject([
      {
        task: 'livecell-wide',
        dataset: 'test',
        position: 1,
        attempt: 1,
        attempts: 3,
        submission: { id, method: 'Secret sauce', submitter: 'ada' },
        says: page.says,
        submittedAt: page.submittedAt.toISOString(),
      },
    ]);
    for (const headers of [{}, eve.bearer]) {
      const other = await ask(headers);
      expect(other.waiting).toMatchObject([{ position: 1, submission: null, says: page.says }]);
      expect(JSON.stringify(other)).not.toMatch(/Secret sauce|ada|[0-9a-f]{8}-[0-9a-f]{4}/);
    }
  });
});

describe('why it waits', () => {
  const now = new Date('2026-01-01T12:00:00Z');
  const at = (seconds: number) => new Date(now.getTime() + seconds * 1000);
  const job = (changes: Partial<LiveJob> = {}): LiveJob => ({
    submissionId: 'x',
    state: 'waiting',
    attempt: 1,
    startsAt: null,
    seenAt: null,
    leaseUntil: null,
    ...changes,
  });
  const one = { alive: 1, silentSeconds: 0 };
  const says = (job: LiveJob | null, changes: object = {}, lastReturn: string | null = null) =>
    whyItWaits({ job, lastReturn }, { index: 0, running: 0, processes: one, insider: false, now, ...changes });

  test('in each case', () => {
    expect(says(job())).toBe('It is taken within a second.');
    expect(says(job(), { running: 1 })).toBe('The scoring process is scoring another submission.');
    expect(says(job(), { running: 2, processes: { alive: 2, silentSeconds: 0 } })).toBe(
      'All 2 scoring processes are scoring other submissions.',
    );
    expect(says(job(), { index: 3, running: 1 })).toBe('3 are before it.');
    expect(says(job(), { processes: { alive: 0, silentSeconds: 42 } })).toBe(
      'No scoring process has reported for 42.0 s. It is scored as soon as one is back.',
    );
    expect(says(job(), { processes: { alive: 0, silentSeconds: null } })).toContain('within a day');
    expect(says(null)).toContain('lost its place');
    expect(says(job({ state: 'exhausted' }))).toContain('about to be marked as failed');
    expect(says(job({ state: 'retry', attempt: 2, startsAt: at(4) }))).toBe(
      'Waiting for attempt 2 of 3, in 4.0 s at the earliest.',
    );
  });

  test('what went wrong before is for insiders', () => {
    const retry = job({ state: 'retry', attempt: 2, startsAt: at(4) });
    const reason = 'Scoring ran out of memory.';
    expect(says(retry, {}, reason)).not.toContain('memory');
    expect(says(retry, { insider: true }, reason)).toContain('The last attempt ended: Scoring ran out of memory.');
  });

  test('a lease that is over is said, with what is done', () => {
    const active = job({ state: 'active', seenAt: at(-14), leaseUntil: at(-4) });
    expect(howItRuns({ job: active }, now)).toBe(
      'Its process has been silent for 14.0 s. It goes back into the queue, for the next process that is free.',
    );
    expect(howItRuns({ job: job({ state: 'retry' }) }, now)).toContain('goes back into the queue');
    expect(howItRuns({ job: null }, now)).toContain('goes back into the queue');
  });
});
