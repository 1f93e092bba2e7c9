/**
 * The attack: a file takes over the process that reads it, or brings it down. The process must have nothing to give
 * away, and its end must cost one attempt of one job.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '#tests/db/databases.ts';
import type { ScoreRequest } from '#workers/scoring/child-messages.ts';
import { ScoringPool } from '#workers/scoring/pool.ts';

const data = temporaryFolder();
const secrets = {
  DATABASE_URL: 'postgres://livecell:not-for-scoring@127.0.0.1/livecell',
  AUTH_SECRET: 'not-for-scoring',
  AWS_SECRET_ACCESS_KEY: 'not-for-scoring',
  LIVECELL_METRICS_TOKEN: 'not-for-scoring',
  NODE_OPTIONS: '--no-warnings',
};
let database: Server;
let connections = 0;
let pool: ScoringPool;

beforeAll(async () => {
  Object.assign(process.env, secrets, { LIVECELL_DATA: data });
  for (const name of ['run.json', 'auth-secret']) writeFileSync(join(data, name), 'not-for-scoring');
  mkdirSync(join(data, 'storage'));
  writeFileSync(join(data, 'storage', 'truth'), 'ground truth');
  database = createServer((socket) => {
    connections++;
    socket.end();
  });
  await new Promise<void>((resolve) => database.listen(0, '127.0.0.1', resolve));
  pool = new ScoringPool({
    handler: fileURLToPath(new URL('./hostile-task.ts', import.meta.url)),
    memoryBytes: 400 * 1024 ** 2,
  });
});
afterAll(async () => {
  await pool.close();
  database.close();
  for (const name of Object.keys(secrets)) delete process.env[name];
  rmSync(data, { recursive: true, force: true });
});

async function run(task: string, signal: AbortSignal = new AbortController().signal): Promise<Record<string, unknown>> {
  const { port } = database.address() as AddressInfo;
  const job = { task, groundTruth: { path: data }, files: [{ slot: String(port) }], protocols: [] };
  return (await pool.score(job as unknown as ScoreRequest, { signal })) as unknown as Record<string, unknown>;
}

describe('code that has taken over the scoring child', { timeout: 240_000 }, () => {
  let outcomes: Record<string, unknown>;
  beforeAll(async () => {
    outcomes = await run('everything');
  });

  test('runs in another process, in a thread', () => {
    expect(outcomes.pid).toBe(pool.pid);
    expect(outcomes.pid).not.toBe(process.pid);
    expect(outcomes.threadId).toBeGreaterThan(0);
  });

  test('finds no secret in its environment, and no variable that was not meant for it', () => {
    expect(outcomes.environment).not.toContain('not-for-scoring');
    const known = ['TMPDIR', 'TEMP', 'NODE_ENV', 'TZ', 'LANG', 'LC_ALL', 'SystemRoot'];
    const names = Object.keys(JSON.parse(String(outcomes.environment)));
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });

  test.each(['parent', 'password', 'secret', 'outside', 'list', 'link'])('cannot read: %s', (name) => {
    expect(outcomes[name]).toBe('ERR_ACCESS_DENIED');
  });

  test('reads stored files, and writes to its scratch folder alone', () => {
    expect(outcomes.stored).toBe('ground truth');
    expect([outcomes.change, outcomes.program]).toEqual(['ERR_ACCESS_DENIED', 'ERR_ACCESS_DENIED']);
    expect(readFileSync(join(data, 'storage', 'truth'), 'utf8')).toBe('ground truth');
    expect(readFileSync(join(data, 'scratch', 'notes'), 'utf8')).toBe('kept');
  });

  test('starts no program, and gets hold of no internals', () => {
    expect([outcomes.command, outcomes.binding]).toEqual(['ERR_ACCESS_DENIED', 'ERR_ACCESS_DENIED']);
  });

  test('reaches neither the database nor anything else', () => {
    for (const name of ['database', 'fetch', 'name']) expect([name, outcomes[name]]).not.toEqual([name, 'connected']);
    expect(outcomes.database).toBe('ERR_ACCESS_DENIED');
    expect(outcomes.name).toBe('ERR_ACCESS_DENIED');
    expect(connections).toBe(0);
  });
});

describe('a file that brings scoring down', { timeout: 120_000 }, () => {
  test.each([
    ['ends its thread', 'exit', /exit|thread|stopped/i],
    ['kills the child', 'kill', /ended unexpectedly/],
    ['fills the heap', 'heap', /memory|ended unexpectedly/i],
    ['fills memory outside the heap', 'arrays', /ran out of memory: these files need more than 0\.4 GB/],
  ])('%s: its job fails with words, and the next one is scored', async (_what, task, words) => {
    await expect(run(task)).rejects.toThrow(words);
    expect((await run('everything')).stored).toBe('ground truth');
  });

  test('never ends: stopping the job frees the child for the next', async () => {
    const stop = new AbortController();
    const running = run('spin', stop.signal);
    setTimeout(() => stop.abort(), 300);
    await expect(running).rejects.toThrow(/abort/i);
    expect((await run('everything')).stored).toBe('ground truth');
  });
});

test('the child ends with its parent', async () => {
  const own = new ScoringPool({ handler: fileURLToPath(new URL('./hostile-task.ts', import.meta.url)) });
  const { pid } = own;
  await own.close();
  expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
});
