/**
 * What happens to a submission whatever happens to its worker. Each test starts real scoring processes; only what the
 * threads compute is a stand-in.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '#db/audit.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { ensureUser } from '#db/people/users.ts';
import { getScoringProcesses } from '#db/queue/processes.ts';
import type { Dataset } from '#db/schema.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { startScoring } from '#db/submissions/scoring.ts';
import { createSubmission, getReports, getSubmission } from '#db/submissions/submissions.ts';
import { FileStorage } from '#lib/storage.ts';
import { ENGINES, type TestDatabase, temporaryFolder, until } from '#tests/db/databases.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';
import { quotedPrintable, startSink } from '#tests/workers/smtp-sink.ts';
import type { Instructions } from './stand-in-task.ts';

describe.each(ENGINES)('a scoring process on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  const data = temporaryFolder();
  const running = new Set<ChildProcess>();

  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db);
  }, 60_000);
  afterEach(async () => {
    await Promise.all([...running].map(kill));
  });
  afterAll(async () => {
    await client.close();
    await database.close();
    rmSync(data, { recursive: true, force: true });
  });

  function startWorker(env: Record<string, string> = {}): ChildProcess {
    const child = spawn(
      process.execPath,
      ['--import', './workers/site/with-parent.ts', 'tests/workers/scoring/worker-client.ts'],
      {
        env: { ...process.env, DATABASE_URL: database.url, LIVECELL_DATA: data, LIVECELL_THREADS: '1', ...env },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async function submit(instructions: Instructions, userId: string | null = null): Promise<string> {
    const storageKey = `submissions/${crypto.randomUUID()}/all.json`;
    const bytes = Buffer.from(JSON.stringify(instructions));
    const stored = await new FileStorage(join(data, 'storage')).put(storageKey, toStream(bytes));
    const files = [{ slot: 'all', fileName: 'all.json', bytes: stored.bytes, sha256: stored.sha256, storageKey }];
    return (await createSubmission(someSubmission(dataset, { files, userId }), client.db)).id;
  }

  async function* toStream(bytes: Uint8Array) {
    yield bytes;
  }

  const state = async (id: string) => (await getSubmission(id, client.db))!.state;
  const reaches = (id: string, wanted: string, milliseconds = 60_000) =>
    until(async () => (await state(id)) === wanted, { milliseconds, what: `${id} to be ${wanted}` });
  const kinds = async (id: string) => (await listEvents(id, client.db)).map(({ event }) => event.kind);

  test('scores under every protocol, within two seconds of being asked when it is idle', {
    timeout: 60_000,
  }, async () => {
    startWorker();
    await reaches(await submit({ end: 'score' }), 'scored'); // it is up and warm
    const id = await submit({ end: 'score' });
    await reaches(id, 'scored', 2_000);
    expect(Object.keys(await getReports(id, client.db)).sort()).toEqual(['coco', 'livecell-code', 'livecell-paper']);
    expect(await kinds(id)).toEqual(['submitted', 'scored']);
    // and what the maintainers' radar saw, beside the reports
    expect((await getSubmission(id, client.db))!.radar).toEqual({ exactGroundTruth: { count: 7, detections: 9 } });
  });

  test('writes to whoever submitted, where there is a mail server', { timeout: 120_000 }, async () => {
    const sink = await startSink();
    const { id: userId } = await ensureUser({ email: 'wilma@example.org', name: 'Wilma' }, client.db);
    const worker = startWorker({
      SMTP_URL: `smtp://board:p%40ss@127.0.0.1:${sink.port}`,
      MAIL_FROM: 'board@example.org',
      AUTH_URL: 'https://board.example.org',
    });
    const id = await submit({ end: 'score' }, userId);
    await reaches(id, 'scored');
    await until(async () => sink.letters.length > 0, { milliseconds: 20_000, what: 'the letter' });
    expect(sink.letters).toMatchObject([{ to: 'wilma@example.org' }]);
    expect(quotedPrintable(sink.letters[0].text)).toContain(`https://board.example.org/submissions/${id}`);
    await kill(worker);
    await sink.close();
  });

  test('tells how far it is', { timeout: 60_000 }, async () => {
    startWorker();
    const id = await submit({ end: 'score', milliseconds: 1500 });
    const progress = await until(async () => (await getSubmission(id, client.db))!.progress, { milliseconds: 30_000 });
    expect(progress.phase).toBe('matching');
    await reaches(id, 'scored');
    expect((await getSubmission(id, client.db))!.progress).toBeNull();
  });

  test('rejects a wrong file at once, and never tries it again', { timeout: 60_000 }, async () => {
    startWorker();
    const diary = join(data, crypto.randomUUID());
    const id = await submit({ end: 'reject', diary });
    await reaches(id, 'rejected');
    expect((await getSubmission(id, client.db))!.problems).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(readFileSync(diary, 'utf8').trim().split('\n')).toHaveLength(1);
    expect((await listEvents(id, client.db)).at(-1)!.event).toMatchObject({ kind: 'rejected', problems: 5 });
  });

  test('scores a submission whose worker is killed with -9, within a minute', { timeout: 120_000 }, async () => {
    const diary = join(data, crypto.randomUUID());
    const first = startWorker();
    const second = async () => readFileSync(diary, 'utf8').trim().split('\n');
    const id = await submit({ end: 'score', milliseconds: 4_000, diary });
    await until(async () => existsSync(diary), { milliseconds: 30_000, what: 'the first attempt' });
    await kill(first);
    const killed = Date.now();
    startWorker();
    await reaches(id, 'scored');
    expect(Date.now() - killed).toBeLessThan(60_000);
    expect(await second()).toHaveLength(2);
    expect((await getSubmission(id, client.db))!.attempts).toBe(2);
  });

  test('tries three times, waiting longer each time, then fails with a reason', { timeout: 120_000 }, async () => {
    startWorker();
    const diary = join(data, crypto.randomUUID());
    const id = await submit({ end: 'throw', diary });
    await reaches(id, 'failed');
    const times = readFileSync(diary, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(line.split(' ')[1]));
    expect(times).toHaveLength(3);
    expect(times[2] - times[1]).toBeGreaterThan(times[1] - times[0]);
    expect((await getSubmission(id, client.db))!.failure).toBe('Scoring failed: something broke');
    expect(await kinds(id)).toEqual(['submitted', 'returned', 'returned', 'failed']);
  });

  test('takes the death of a thread for our fault', { timeout: 120_000 }, async () => {
    startWorker();
    const [exits, again] = [
      await submit({ end: 'exit' }),
      await submit({ end: 'throw-once', diary: join(data, 'once') }),
    ];
    await reaches(again, 'scored');
    await reaches(exits, 'failed');
    expect((await getSubmission(exits, client.db))!.failure).toMatch(/thread|exit/);
  });

  test('leaves alone what is withdrawn while it waits', { timeout: 60_000 }, async () => {
    const id = await submit({ end: 'score' });
    await withdraw(id, null, {}, client.db);
    startWorker();
    await reaches(await submit({ end: 'score' }), 'scored');
    expect(await state(id)).toBe('withdrawn');
  });

  test('stops scoring what is withdrawn, and takes the next at once', { timeout: 60_000 }, async () => {
    const diary = join(data, crypto.randomUUID());
    startWorker();
    const id = await submit({ end: 'score', milliseconds: 600_000, diary });
    await until(async () => existsSync(diary), { milliseconds: 30_000, what: 'the first attempt' });
    const next = await submit({ end: 'score' });
    await withdraw(id, null, {}, client.db);
    await reaches(next, 'scored'); // far sooner than the ten minutes of the first
    expect(await state(id)).toBe('withdrawn');
  });

  test('hands its job back when it is told to stop and the job is long', { timeout: 60_000 }, async () => {
    const diary = join(data, crypto.randomUUID());
    const first = startWorker();
    const id = await submit({ end: 'score', milliseconds: 20_000, diary });
    await until(async () => existsSync(diary), { milliseconds: 30_000, what: 'the first attempt' });
    first.kill('SIGTERM');
    await once(first, 'exit');
    expect(await state(id)).toBe('queued');
    expect(await kinds(id)).toEqual(['submitted', 'returned']);
  });

  test('finds and scores what has lost its place in the queue, whatever state it is in', {
    timeout: 90_000,
  }, async () => {
    const [queued, scoring] = [await submit({ end: 'score' }), await submit({ end: 'score' })];
    await startScoring(scoring, 1, client.db);
    await client.db.execute(sql`delete from pgboss.job where data->>'submissionId' in (${queued}, ${scoring})`);
    await client.db.execute(sql`update submissions set created_at = now() - interval '1 minute',
      started_at = case when state = 'scoring' then now() - interval '1 minute' end where id in (${queued}, ${scoring})`);
    startWorker();
    for (const id of [queued, scoring]) {
      await reaches(id, 'scored');
      expect(await kinds(id)).toEqual(['submitted', 'returned', 'scored']);
    }
  });

  test('is counted while it lives, and no longer when it has stopped', { timeout: 60_000 }, async () => {
    await client.db.execute(sql`delete from scoring_processes`);
    const worker = startWorker();
    const alive = async () => (await getScoringProcesses(client.db)).alive;
    await until(async () => (await alive()) === 1, { milliseconds: 30_000, what: 'a sign of life' });
    worker.kill('SIGTERM');
    await once(worker, 'exit');
    expect(await alive()).toBe(0);
  });

  test('fails, with a reason, what kills its worker every time', { timeout: 120_000 }, async () => {
    const id = await submit({ end: 'kill' });
    for (let attempt = 1; attempt <= 3; attempt++) {
      await once(startWorker(), 'exit');
      // as if ten seconds had passed since the last sign of life
      await client.db.execute(
        sql`update pgboss.job set heartbeat_on = now() - interval '1 minute' where state = 'active'`,
      );
    }
    startWorker();
    await reaches(id, 'failed');
    expect((await getSubmission(id, client.db))!.failure).toContain('ended without a word');
  });
});
