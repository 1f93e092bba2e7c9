/**
 * `npm run bench:site`: how fast the web process answers, beside a bare Node server that sends the same bytes.
 *
 *   npm run bench:site                              1,000 entries, 100,000 jobs of history, PostgreSQL and embedded
 *   npm run bench:site -- --entries 1,100,1000      the cost of more entries
 *   npm run bench:site -- --engines embedded --seconds 3
 *
 * Load comes from this process, so both servers lose the same share of the machine to it. Requests per second and core
 * divide the requests by the processor time that the server's process took, which a busy machine hardly changes.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { sql } from 'drizzle-orm';
import { registerDataset } from '#db/datasets/datasets.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { evaluations, methods, submissions, users } from '#db/schema.ts';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { ENGINES, freePort, type TestDatabase, temporaryFolder } from '#tests/db/databases.ts';
import startDatabases from '#tests/db/global-setup.ts';
import { report } from '#tests/scoring/reports.ts';
import { buildIfNeeded } from '#workers/site/build.ts';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000' },
    jobs: { type: 'string', default: '100000' },
    engines: { type: 'string', default: 'PostgreSQL,embedded' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '20' },
  },
});
const ROOT = join(import.meta.dirname, '..', '..');
const SECONDS = Number(values.seconds);

/** Register a data set and publish `entries` entries on it, each with reports of all protocols. */
async function fill({ db }: Client, entries: number, jobs: number): Promise<string> {
  const dataset = await registerDataset(
    {
      name: 'LIVECell test',
      task: 'livecell-wide',
      sha256: '0'.repeat(64),
      images: 48,
      objects: 800,
      cellTypes: Object.fromEntries(CELL_TYPES.map((type) => [type, 6])),
      packKey: 'datasets/none.pack',
      public: true,
    },
    {},
    db,
  );
  const [owner] = await db.insert(users).values({ name: 'Ada Lovelace', email: 'ada@example.org' }).returning();
  let first = '';
  for (let from = 0; from < entries; from += 100) {
    const batch = Array.from({ length: Math.min(100, entries - from) }, (_, i) => from + i);
    const made = await db
      .insert(methods)
      .values(batch.map((n) => ({ name: `Method ${n + 1}`, userId: owner.id })))
      .returning({ id: methods.id });
    const rows = await db
      .insert(submissions)
      .values(
        batch.map((n, i) => ({
          task: 'livecell-wide',
          datasetId: dataset.id,
          userId: owner.id,
          methodId: made[i].id,
          method: `Method ${n + 1}`,
          state: 'scored' as const,
          visibility: 'published' as const,
          shown: true,
          publishedAt: new Date(),
          finishedAt: new Date(),
        })),
      )
      .returning({ id: submissions.id });
    first ||= rows[0].id;
    await db.insert(evaluations).values(
      rows.flatMap(({ id }, i) => {
        const ap = 0.3 + (0.4 * ((batch[i] * 7919) % 1000)) / 1000;
        const types = Object.fromEntries(CELL_TYPES.map((type, t) => [type, Math.min(0.95, ap * (0.8 + t / 20))]));
        return PROTOCOL_IDS.map((protocol) => ({
          submissionId: id,
          protocol,
          evaluatorVersion: 'bench',
          groundTruthSha256: '0'.repeat(64),
          report: report(ap, types, { protocol }),
        }));
      }),
    );
  }
  // what a year leaves behind in the queue's tables
  await db.execute(
    sql`create table if not exists bench_history (id bigserial primary key, data jsonb, at timestamptz)`,
  );
  await db.execute(
    sql`insert into bench_history (data, at) select jsonb_build_object('n', n), now() from generate_series(1, ${jobs}::int) n`,
  );
  return first;
}

/** Processor seconds that a process has taken. */
function processorSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    const [minutes, seconds] = execFileSync('ps', ['-o', 'cputime=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(':')
      .slice(-2);
    return 60 * Number(minutes) + Number(seconds);
  }
}

function megabytes(pid: number): number {
  const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(kilobytes) / 1024;
}

interface Figures {
  perSecond: number;
  perCore: number;
  p50: number;
  p99: number;
  bytes: number;
}

async function load(url: string, pid: number, headers: Record<string, string> = {}): Promise<Figures> {
  const once = await fetch(url, { headers: { 'accept-encoding': 'br', ...headers } });
  const bytes = (await once.arrayBuffer()).byteLength;
  if (once.status !== 200) throw new Error(`${url} answers ${once.status}`);
  const before = processorSeconds(pid);
  const result = await autocannon({
    url,
    connections: Number(values.connections),
    duration: SECONDS,
    headers: { 'accept-encoding': 'br', ...headers },
  });
  const processor = processorSeconds(pid) - before;
  const { total } = result.requests;
  return {
    perSecond: result.requests.average,
    perCore: total / Math.max(0.01, processor),
    p50: result.latency.p50,
    p99: result.latency.p99,
    bytes,
  };
}

async function ready(url: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    const response = await fetch(url).catch(() => null);
    await response?.body?.cancel();
    if (response) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Nothing answers at ${url}.`);
}

function run(args: string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** A server that knows one answer: what a Node process can send at the most. */
const BARE = `
const { createServer } = require('node:http');
const { brotliCompressSync } = require('node:zlib');
fetch(process.argv[1], { headers: { 'accept-encoding': 'identity' } }).then(async (r) => {
  const body = brotliCompressSync(Buffer.from(await r.arrayBuffer()));
  createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'br', 'content-length': body.length });
    response.end(body);
  }).listen(Number(process.argv[2]), '127.0.0.1');
});`;

const row = (cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
const n = (value: number) => Math.round(value).toLocaleString('en');

await buildIfNeeded(ROOT, async () => {
  const build = run([join(ROOT, 'node_modules/next/dist/bin/next'), 'build'], { NODE_ENV: 'production' });
  const [status] = await once(build, 'exit');
  if (status !== 0) throw new Error('The pages could not be built.');
});
const cpu = cpus();
console.log(
  `\n${cpu.length} × ${cpu[0].model}, Node ${process.versions.node}, ${values.connections} connections, ${SECONDS} s each\n`,
);
row([
  'engine',
  'entries',
  'page',
  'bytes, unpacked',
  'req/s',
  'req/s and core',
  'p50 ms',
  'p99 ms',
  'of a bare server',
  'memory MB',
]);
row(Array(10).fill('---'));

const stopDatabases = await startDatabases();
try {
  for (const name of values.engines.split(',')) {
    const engine = ENGINES.find((engine) => engine.name === name);
    if (!engine) throw new Error(`There is no engine ${name}.`);
    for (const entries of values.entries.split(',').map(Number)) {
      const database: TestDatabase = await engine.open();
      const client = connect(database.url, { max: 2 });
      const first = await fill(client, entries, Number(values.jobs));
      await client.close();
      const port = await freePort();
      const web = run(['workers/site/web.ts'], {
        DATABASE_URL: database.url,
        LIVECELL_DATA: temporaryFolder(),
        HOST: '127.0.0.1',
        PORT: String(port),
        AUTH_URL: `http://127.0.0.1:${port}`,
        AUTH_SECRET: 'bench',
        NODE_ENV: 'production',
      });
      const site = `http://127.0.0.1:${port}`;
      try {
        await ready(`${site}/api/health`);
        for (const path of [
          '/',
          '/leaderboards/livecell-wide',
          `/entries/${first}`,
          '/api/v1/leaderboards/livecell-wide',
        ]) {
          const cached = await load(site + path, web.pid!);
          const barePort = await freePort();
          const bare = spawn(process.execPath, ['-e', BARE, site + path, String(barePort)], { stdio: 'inherit' });
          await ready(`http://127.0.0.1:${barePort}/`);
          const limit = await load(`http://127.0.0.1:${barePort}/`, bare.pid!);
          await end(bare);
          const figures = (f: Figures, kind: string, share: string, memory: string) =>
            row([
              name,
              entries,
              `${path.replace(first, '…')} ${kind}`,
              n(f.bytes),
              n(f.perSecond),
              n(f.perCore),
              f.p50,
              f.p99,
              share,
              memory,
            ]);
          figures(cached, 'cached', (cached.perCore / limit.perCore).toFixed(2), n(megabytes(web.pid!)));
          figures(limit, 'bare server', '', '');
          // a session that does not exist: past the cache, as for people who are signed in
          const fresh = await load(site + path, web.pid!, { cookie: 'authjs.session-token=none' });
          figures(fresh, 'made anew', (fresh.perCore / limit.perCore).toFixed(4), n(megabytes(web.pid!)));
        }
      } finally {
        await end(web);
        await database.close();
      }
    }
  }
} finally {
  await stopDatabases();
}
