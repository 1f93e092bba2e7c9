/**
 * A whole site under faults: PostgreSQL, an S3 server, two web and two scoring processes behind proxies that fail, while
 * people upload in pieces over both web processes and submit. Whatever was accepted must be scored once, with the right
 * numbers, and nothing may be left over.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { registerDataset } from '#db/datasets/datasets.ts';
import { closeDb, connect } from '#db/engine/client.ts';
import { migrate } from '#db/migrate.ts';
import { createToken } from '#db/people/tokens.ts';
import { ensureUser } from '#db/people/users.ts';
import { requireOwnStorage } from '#db/storage-id.ts';
import { storage } from '#lib/storage.ts';
import { temporaryFolder } from '#tests/db/databases.ts';
import { freePort, startPostgres } from '#tests/db/postgres-server.ts';
import { GOLDEN } from '#tests/parity/golden-files.ts';
import { openTask } from '#workers/cli/slot-arguments.ts';
import { packGroundTruth } from '#workers/scoring/import-task.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';
import { FaultyProxy } from './proxy.ts';
import { startS3Server } from './s3-server.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface ScenarioOptions {
  submissions: number;
  /** people who submit at the same time */
  people: number;
  seed: number;
  /** pause between faults, and how long each lasts, in milliseconds */
  pauseMilliseconds: number;
  faultMilliseconds: number;
  /** use the real web process, whose pages must have been built */
  next?: boolean;
  /** most time from the last acceptance to the last score, in seconds */
  patience: number;
  print?: (text: string) => void;
}

export interface ScenarioResult {
  accepted: number;
  scored: number;
  right: number;
  /** evaluations beyond one per submission and protocol, and submissions that nobody was told of */
  twice: number;
  unasked: number;
  charges: number;
  /** files of the store that nothing refers to, after the sweep */
  orphans: string[];
  /** how often each fault happened */
  faults: Record<string, number>;
  attempts: Record<number, number>;
  acceptedSeconds: number;
  scoredSeconds: number;
  wrong: string[];
}

/** Numbers in 0 to 1 that are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Run the scenario. It starts and stops everything itself. */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioResult> {
  const { print = () => {} } = options;
  const random = randomFrom(options.seed);
  const folder = temporaryFolder();
  const before = { ...process.env };
  const [postgres, s3] = await Promise.all([startPostgres(), startS3Server()]);
  const database = new FaultyProxy([Number(new URL(postgres.url).port)]);
  const store = new FaultyProxy([s3.port]);
  const [databasePort, storePort] = [await database.listen(), await store.listen()];
  const ports = [await freePort(), await freePort()];
  const front = new FaultyProxy(ports);
  const site = `http://127.0.0.1:${await front.listen()}`;
  const children = new Map<string, ChildProcess>();
  let ending = false;

  const environmentOf = (name: string) => {
    const url = new URL(postgres.url);
    url.port = String(databasePort);
    const data = join(folder, name);
    mkdirSync(data, { recursive: true });
    return {
      ...before,
      ...s3.environment({ port: storePort }),
      DATABASE_URL: url.href,
      LIVECELL_DATA: data,
      AUTH_URL: 'https://livecell.example.org',
      AUTH_SECRET: 'only for this test, and long enough for it',
      LIVECELL_THREADS: '1',
      LIVECELL_QUOTA: '10000',
      LIVECELL_OPEN_JOBS: '0',
      LIVECELL_RUNS_PER_DAY: '0',
      LIVECELL_LIMIT_FACTOR: '0',
      LOG_LEVEL: 'fatal',
    };
  };
  /** Start a process, and start it again whenever it ends. */
  function keepRunning(name: string, args: string[], more: Record<string, string> = {}): void {
    const child = spawn(process.execPath, ['--import', './workers/site/with-parent.ts', ...args], {
      cwd: ROOT,
      env: { ...environmentOf(name), ...more } as NodeJS.ProcessEnv,
      stdio: ['ignore', 'ignore', process.env.FAULTS_DEBUG ? 'inherit' : 'ignore', 'ipc'],
    });
    children.set(name, child);
    child.once('exit', () => {
      if (!ending) setTimeout(() => ending || keepRunning(name, args, more), 300);
    });
  }

  try {
    Object.assign(process.env, s3.environment(), {
      DATABASE_URL: postgres.url,
      LIVECELL_DATA: join(folder, 'harness'),
      LOG_LEVEL: 'fatal',
    });
    await migrate(postgres.url);
    const { db, close } = connect(postgres.url);
    await requireOwnStorage(storage(), db);
    const variants = await prepare(folder, db);
    const tokens: string[] = [];
    for (let person = 0; person < options.people; person++) {
      const { id } = await ensureUser({ email: `p${person}@example.org`, name: `Person ${person}` }, db);
      tokens.push((await createToken(id, 'faults', undefined, db)).token);
    }
    for (const [index, port] of ports.entries()) {
      const args = options.next ? ['workers/cli/main.ts', 'web'] : ['tests/faults/web-client.ts'];
      keepRunning(`web-${index + 1}`, args, { PORT: String(port), HOST: '127.0.0.1' });
    }
    for (const name of ['worker-1', 'worker-2']) keepRunning(name, ['workers/cli/main.ts', 'worker']);
    await untilReady(site);
    print('the site is ready');

    // --- faults, while people submit ---
    const faults: Record<string, number> = {};
    const count = (name: string) => {
      faults[name] = (faults[name] ?? 0) + 1;
    };
    let calm = false;
    const acts: [string, () => Promise<void>][] = [
      ...['web-1', 'web-2', 'worker-1', 'worker-2'].map((name): [string, () => Promise<void>] => [
        `kill -9 ${name}`,
        async () => void children.get(name)?.kill('SIGKILL'),
      ]),
      ...(['hang', 'refuse'] as const).map((mood): [string, () => Promise<void>] => [
        `database: ${mood}`,
        () => forAWhile(database, mood),
      ]),
      ['database: restart', () => postgres.restart()],
      ...(['hang', 'refuse', 'error'] as const).map((mood): [string, () => Promise<void>] => [
        `store: ${mood}`,
        () => forAWhile(store, mood),
      ]),
    ];
    async function forAWhile(proxy: FaultyProxy, mood: 'hang' | 'refuse' | 'error') {
      proxy.become(mood);
      await sleep(options.faultMilliseconds);
      proxy.become('pass');
    }
    const trouble = (async () => {
      // every kind of fault, in an order that the seed decides, again and again
      for (let round: typeof acts = []; !calm; ) {
        if (round.length === 0) round = [...acts];
        const [[name, act]] = round.splice(Math.floor(random() * round.length), 1);
        print(name);
        count(name);
        await act();
        await sleep(options.pauseMilliseconds);
      }
    })();

    const began = Date.now();
    const accepted = new Map<string, string>();
    let next = 0;
    const submitter = async (person: number) => {
      while (next < options.submissions) {
        const number = next++;
        const variant = variants[number % variants.length];
        const id = await submitPatiently(site, tokens[person], variant.bytes, `Method ${number}`, random);
        accepted.set(id, variant.name);
        if (accepted.size % 20 === 0) print(`${accepted.size} accepted`);
      }
    };
    await Promise.all(tokens.map((_, person) => submitter(person))).finally(() => {
      calm = true;
    });
    const acceptedSeconds = (Date.now() - began) / 1000;
    await trouble;
    print(`all ${accepted.size} accepted after ${acceptedSeconds.toFixed(0)} s; no more faults`);

    // --- what became of them ---
    const until = Date.now() + options.patience * 1000;
    const open = async () => {
      const [{ waiting }] = await db.execute<{ waiting: number }>(
        sql`select count(*)::int as waiting from submissions where state in ('queued', 'scoring')`,
      );
      return waiting;
    };
    while ((await open()) > 0 && Date.now() < until) await sleep(500);
    const scoredSeconds = (Date.now() - began) / 1000;
    const result = await examine(db, accepted, variants);
    ending = true;
    for (const child of children.values()) await kill(child);
    const { sweepFiles } = await import('#workers/scoring/jobs/retention.ts');
    await sweepFiles(Date.now() + 3 * 24 * 3600_000);
    const orphans = await findOrphans(db);
    await close();
    return { ...result, orphans, faults, acceptedSeconds, scoredSeconds };
  } finally {
    ending = true;
    for (const child of children.values()) await kill(child);
    await dismissHelpers();
    await closeDb();
    for (const proxy of [front, database, store]) await proxy.close();
    await Promise.all([postgres.stop(), s3.stop()]);
    rmSync(folder, { recursive: true, force: true });
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

interface Variant {
  name: string;
  bytes: Buffer;
  /** numbers by protocol, computed without a site */
  results: Record<string, unknown>;
}

type Db = ReturnType<typeof connect>['db'];

/** Register ground truth, and compute what each variant of the predictions must be scored with. */
async function prepare(folder: string, db: Db): Promise<Variant[]> {
  const truth = join(GOLDEN, 'small', 'gt.json.gz');
  mkdirSync(join(folder, 'harness'), { recursive: true });
  const packed = join(folder, 'harness', 'packed');
  const { sha256, images, objects, cellTypes } = await packGroundTruth(
    openTask('livecell-wide'),
    [{ slot: '', path: truth }],
    packed,
    {},
  );
  await storage().adopt('datasets/faults', packed);
  await registerDataset(
    { name: 'LIVECell test', task: 'livecell-wide', sha256, images, objects, cellTypes, packKey: 'datasets/faults' },
    {},
    db,
  );
  const all = JSON.parse(gunzipSync(readFileSync(join(GOLDEN, 'small', 'dt.json.gz'))).toString()) as unknown[];
  const variants: Variant[] = [];
  for (const [n, step] of [7, 3, 2].entries()) {
    const bytes = Buffer.from(JSON.stringify(all.filter((_, index) => index % step !== 0)));
    const path = join(folder, 'harness', `variant-${n}.json`);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(path, bytes);
    const outcome = await scoreTask({
      task: 'livecell-wide',
      groundTruth: { path: truth },
      files: [{ slot: 'all', path }],
      protocols: ['livecell-paper', 'livecell-code', 'coco'],
      threads: 1,
    });
    if (!outcome.ok) throw new Error(outcome.problems[0].message);
    const results = Object.fromEntries(outcome.reports.map((report) => [report.protocol, report.results]));
    variants.push({ name: `variant-${n}`, bytes, results: JSON.parse(JSON.stringify(results)) });
  }
  return variants;
}

/** Compare what the database has with what was accepted. */
async function examine(db: Db, accepted: ReadonlyMap<string, string>, variants: readonly Variant[]) {
  const rows = await db.execute<{ id: string; state: string; attempts: number; failure: string | null }>(
    sql`select id, state, attempts, failure from submissions`,
  );
  const evaluations = await db.execute<{ id: string; protocol: string; report: { results: unknown } }>(
    sql`select submission_id as id, protocol, report from evaluations`,
  );
  const [{ charges }] = await db.execute<{ charges: number }>(
    sql`select count(*)::int as charges from quota_ledger where kind = 'charged'`,
  );
  const [{ uncharged }] = await db.execute<{ uncharged: number }>(
    sql`select count(*)::int as uncharged from submissions s where state = 'scored' and
        (select count(*) from quota_ledger l where l.submission_id = s.id and l.kind = 'charged') <> 1`,
  );
  const wrong: string[] = [];
  if (uncharged > 0) wrong.push(`${uncharged} scored submissions have not exactly one charge`);
  let [right, twice] = [0, 0];
  const attempts: Record<number, number> = {};
  for (const { id, state, attempts: times, failure } of rows) {
    attempts[times] = (attempts[times] ?? 0) + 1;
    const expected = variants.find(({ name }) => name === accepted.get(id));
    const own = evaluations.filter((evaluation) => evaluation.id === id);
    twice += Math.max(0, own.length - 3);
    if (!expected) continue;
    const equal = own.every(({ protocol, report }) =>
      isDeepStrictEqual(rounded(report.results), rounded(expected.results[protocol])),
    );
    if (state === 'scored' && own.length === 3 && equal) right++;
    else
      wrong.push(
        `${id} is ${state} with ${own.length} reports${failure ? `: ${failure}` : ''}${equal ? '' : ', wrong numbers'}`,
      );
  }
  return {
    accepted: accepted.size,
    scored: rows.filter(({ state }) => state === 'scored').length,
    right,
    twice,
    unasked: rows.filter(({ id }) => !accepted.has(id)).length,
    charges,
    attempts,
    wrong,
  };
}

/** Without what a kept report of private ground truth leaves out, and to nine digits. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number(value.toPrecision(9));
  if (Array.isArray(value)) return value.map(rounded);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([key]) => !LEFT_OUT.has(key));
  return Object.fromEntries(kept.map(([key, member]) => [key, rounded(member)]));
}
const LEFT_OUT = new Set(['objects', 'misses', 'fields', 'replicates', 'errors', 'seconds']);

async function findOrphans(db: Db): Promise<string[]> {
  const rows = await db.execute<{ key: string }>(
    sql`select storage_key as key from submission_files union select storage_key from uploads
        union select pack_key from datasets union select storage_key from outcomes`,
  );
  const known = new Set(rows.map(({ key }) => key));
  const orphans: string[] = [];
  for await (const key of storage().list()) if (!known.has(key)) orphans.push(key);
  return orphans;
}

// --- a person's side ---

/** Upload in three pieces and submit, however often that has to be repeated. Return the submission's id. */
async function submitPatiently(
  site: string,
  token: string,
  bytes: Buffer,
  method: string,
  random: () => number,
): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', connection: 'close' };
  for (;;) {
    const created = await ask(`${site}/api/uploads`, {
      method: 'POST',
      headers: { ...headers, 'upload-length': String(bytes.length) },
    });
    const location = created?.status === 201 ? created.headers.get('location') : null;
    if (!location) {
      await again(created, [], method);
      continue;
    }
    const url = new URL(location, site).href;
    const piece = Math.ceil(bytes.length / 3);
    for (;;) {
      const head = await ask(url, { method: 'HEAD', headers });
      if (head?.status !== 200) {
        await again(head, [], method);
        continue;
      }
      const offset = Number(head.headers.get('upload-offset'));
      if (offset === bytes.length) break;
      const end = Math.min(bytes.length, offset + Math.max(1, Math.round(piece * (0.5 + random()))));
      const sent = await ask(url, {
        method: 'PATCH',
        headers: { ...headers, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
        body: new Uint8Array(bytes.subarray(offset, end)),
      });
      if (sent?.status !== 204) await again(sent, [409, 423], method);
    }
    const body = JSON.stringify({
      task: 'livecell-wide',
      method,
      files: [{ slot: 'all', upload: url.split('/').at(-1) }],
    });
    for (;;) {
      const submitted = await ask(`${site}/api/v1/submissions`, { method: 'POST', headers, body });
      if (submitted?.status === 201) return ((await submitted.json()) as { id: string }).id;
      await again(submitted, [], method);
    }
  }
}

/** Ask once; null if no whole answer comes. */
async function ask(url: string, init: RequestInit): Promise<Response | null> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
    const body = await response.arrayBuffer();
    return new Response([204, 304].includes(response.status) ? null : body, {
      status: response.status,
      headers: response.headers,
    });
  } catch {
    return null;
  }
}

/** Pause before another try. @throws Error if the site gave an answer that no fault excuses */
async function again(response: Response | null, excused: readonly number[], what: string): Promise<void> {
  if (response && response.status < 500 && !excused.includes(response.status))
    throw new Error(`${what}: the site answers ${response.status}: ${await response.text()}`);
  if (response && response.status === 500) {
    const text = await response.text();
    throw new Error(`${what}: an outage must be 503 or 507, not 500: ${text}`);
  }
  await sleep(300);
}

async function untilReady(site: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if ((await ask(`${site}/api/ready`, { headers: { connection: 'close' } }))?.status === 200) return;
    await sleep(200);
  }
  throw new Error('the site did not become ready within two minutes');
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
