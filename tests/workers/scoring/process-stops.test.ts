/** A scoring process abandons withdrawn submissions, and returns its job to the queue when asked to stop. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withdraw } from '#db/submissions/publication.ts';
import { ONE_ENGINE, until } from '#tests/db/databases.ts';
import { scoringProcesses } from './scoring-processes.ts';

describe.each(ONE_ENGINE)('a scoring process on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  const { db, diary, kinds, reaches, startWorker, state, submit } = scoringProcesses(open);

  test('leaves alone what is withdrawn while it waits', { timeout: 240_000 }, async () => {
    const id = await submit({ end: 'score' });
    await withdraw(id, null, {}, db());
    startWorker();
    await reaches(await submit({ end: 'score' }), 'scored');
    expect(await state(id)).toBe('withdrawn');
  });

  test('stops scoring what is withdrawn, and takes the next at once', { timeout: 240_000 }, async () => {
    const path = diary();
    startWorker();
    const id = await submit({ end: 'score', milliseconds: 600_000, diary: path });
    await until(async () => existsSync(path), { milliseconds: 120_000, what: 'the first attempt' });
    const next = await submit({ end: 'score' });
    await withdraw(id, null, {}, db());
    await reaches(next, 'scored'); // far sooner than the ten minutes of the first
    expect(await state(id)).toBe('withdrawn');
  });

  test('hands its job back when it is told to stop and the job is long', { timeout: 240_000 }, async () => {
    const path = diary();
    const first = startWorker({ clocks: { stopMilliseconds: 1_000 } });
    const id = await submit({ end: 'score', milliseconds: 20_000, diary: path });
    await until(async () => existsSync(path), { milliseconds: 120_000, what: 'the first attempt' });
    first.kill('SIGTERM');
    await once(first, 'exit');
    expect(await state(id)).toBe('queued');
    expect(await kinds(id)).toEqual(['submitted', 'returned']);
  });
});
