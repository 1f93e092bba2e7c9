/**
 * `npm run bench:site`: how fast the web process answers, beside a bare Node server that sends the same bytes.
 *
 *   npm run bench:site                              1,000 entries, 100,000 jobs of history, PostgreSQL and embedded
 *   npm run bench:site -- --entries 1,100,1000      the cost of more entries
 *   npm run bench:site -- --engines embedded --seconds 3
 *   npm run bench:site -- --lighthouse 3            Lighthouse alone, the best of three runs of each page
 *   npm run bench:site -- --only frames             frames of the viewer with 3,000 cells
 *   npm run bench:site -- --only full               while two full-size files are scored; from last byte to score
 *
 * Load comes from this process, so both servers lose the same share of the machine to it. Requests per second and core
 * divide the requests by the processor time that the server's process took, which a busy machine hardly changes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sql } from 'drizzle-orm';
import { saveEvaluations } from '#db/board/values.ts';
import { registerDataset } from '#db/datasets/datasets.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { methods, outcomes, submissions, users } from '#db/schema.ts';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { SIZES, type SliceRow, type SliceTable } from '#lib/scoring/slice-table.ts';
import { ENGINES, freePort, type TestDatabase, temporaryFolder } from '#tests/db/databases.ts';
import startDatabases from '#tests/db/global-setup.ts';
import { report } from '#tests/scoring/reports.ts';
import { buildIfNeeded } from '#workers/site/build.ts';
import { measureFrames } from './frames.ts';
import { measureFullSize } from './full-size.ts';
import { benchLighthouse } from './lighthouse.ts';
import { BARE, end, type Figures, load, megabytes, ROOT, ready, run } from './load.ts';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000' },
    jobs: { type: 'string', default: '100000' },
    engines: { type: 'string', default: 'PostgreSQL,embedded' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '20' },
    lighthouse: { type: 'string' },
    only: { type: 'string', default: 'pages,frames,full' },
  },
});
const how = { seconds: Number(values.seconds), connections: Number(values.connections) };
/** A session that does not exist: past the cache, as for people who are signed in. */
const STRANGE = { cookie: 'authjs.session-token=none' };

/** Add two fields per cell type and the numbers without each, which differ from entry to entry. */
function withReplicates(whole: ReturnType<typeof report>, seed: number): ReturnType<typeof report> {
  const names = CELL_TYPES.flatMap((cellType) =>
    [1, 2].map((field) => ({ cellType, field: `${cellType}_C7_${field}` })),
  );
  const moved = (value: number | null, i: number) => (value ?? 0) + 0.02 * Math.sin(seed * 13 + i * 7);
  const uncertain = <T extends { overall: { AP: number | null; AFNR: number | null } }>(results: T) => ({
    ...results,
    fields: names.map((field) => ({ ...field, images: 3, AP: 0.5, AFNR: 0.5 })),
    replicates: names.map(({ field }, i) => ({
      without: field,
      AP: moved(results.overall.AP, i),
      AFNR: moved(results.overall.AFNR, i),
      meanAP: moved(results.overall.AP, i),
      meanAFNR: moved(results.overall.AFNR, i),
    })),
  });
  const { segm, bbox } = whole.results;
  return { ...whole, results: { ...(segm && { segm: uncertain(segm) }), bbox: uncertain(bbox) } };
}

/** Slices as many as those of the test set: types, days, densities, sizes, and pairs of them. */
function slicesOf(ap: number): SliceTable {
  const values: [string, readonly string[]][] = [
    ['type', CELL_TYPES],
    ['day', ['0', '1', '2', '3', '4', '5']],
    ['density', ['1', '2', '3', '4', '5']],
    ['size', SIZES],
  ];
  const single = values.flatMap(([dimension, of], d) => of.map((value) => ({ d, key: `${dimension}=${value}` })));
  const pairs = single.flatMap((one) => single.flatMap((two) => (two.d > one.d ? [`${one.key}&${two.key}`] : [])));
  const keys = ['', ...single.map(({ key }) => key), ...pairs];
  return {
    schema: 1,
    densities: [1, 2, 3, 4, 5].map((k) => [100 * k - 99, 100 * k]),
    rows: Object.fromEntries(
      keys.map((key, k): [string, SliceRow] => [key, [10, 1000, ap * (1 - k / 1000), 1 - ap * (1 - k / 1000)]]),
    ),
  };
}

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
      .values(
        batch.map((n) => ({
          name: `Method ${n + 1}`,
          userId: owner.id,
          paperUrl: `https://doi.org/10.1000/${n}`,
          codeUrl: `https://example.org/code/${n}`,
        })),
      )
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
    await saveEvaluations(
      rows.flatMap(({ id }, i) => {
        const ap = 0.3 + (0.4 * ((batch[i] * 7919) % 1000)) / 1000;
        const types = Object.fromEntries(CELL_TYPES.map((type, t) => [type, Math.min(0.95, ap * (0.8 + t / 20))]));
        return PROTOCOL_IDS.map((protocol) => ({
          submissionId: id,
          protocol,
          evaluatorVersion: 'bench',
          groundTruthSha256: '0'.repeat(64),
          report: withReplicates(report(ap, types, { protocol }), batch[i]),
        }));
      }),
      db,
    );
    await db.insert(outcomes).values(
      rows.map(({ id }, i) => ({
        submissionId: id,
        evaluatorVersion: 'bench',
        groundTruthSha256: '0'.repeat(64),
        evaluation: 'segm' as const,
        sha256: '0'.repeat(64),
        storageKey: `outcomes/${id}`,
        slices: slicesOf(0.3 + (0.4 * ((batch[i] * 7919) % 1000)) / 1000),
      })),
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

const row = (cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
const n = (value: number) => Math.round(value).toLocaleString('en');

await buildIfNeeded(ROOT, async () => {
  const build = run([join(ROOT, 'node_modules/next/dist/bin/next'), 'build'], { NODE_ENV: 'production' });
  const [status] = await once(build, 'exit');
  if (status !== 0) throw new Error('The pages could not be built.');
});
if (values.lighthouse) {
  await benchLighthouse(Number(values.lighthouse));
  process.exit();
}
const cpu = cpus();
console.log(
  `\n${cpu.length} × ${cpu[0].model}, Node ${process.versions.node}, ${values.connections} connections, ${how.seconds} s each\n`,
);
const HEAD = [
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
];

if (values.only.includes('pages')) await measurePages();
if (values.only.includes('frames')) await showFrames();
if (values.only.includes('full')) await measureFullSize(how);

async function measurePages(): Promise<void> {
  row(HEAD);
  row(Array(HEAD.length).fill('---'));
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
        const web = run(['workers/run.mjs', 'web'], {
          DATABASE_URL: database.url,
          LIVECELL_DATA: temporaryFolder(),
          HOST: '127.0.0.1',
          PORT: String(port),
          AUTH_URL: `http://127.0.0.1:${port}`,
          AUTH_SECRET: 'bench',
          LIVECELL_LIMIT_FACTOR: '0', // all of it comes from one address
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
            const cached = await load(site + path, web.pid!, how);
            const barePort = await freePort();
            const bare = spawn(process.execPath, ['-e', BARE, site + path, String(barePort)], { stdio: 'inherit' });
            await ready(`http://127.0.0.1:${barePort}/`);
            const limit = await load(`http://127.0.0.1:${barePort}/`, bare.pid!, how);
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
            const fresh = await load(site + path, web.pid!, { ...how, headers: STRANGE });
            figures(fresh, 'made anew', (fresh.perCore / limit.perCore).toFixed(4), n(megabytes(web.pid!)));
          }
          // one reader after another: how long the answer takes
          for (const slice of ['day=1&density=3', 'cellType=BV2&size=small']) {
            const path = `/leaderboards/livecell-wide?${slice}`;
            const one = await load(site + path, web.pid!, { ...how, connections: 1, headers: STRANGE });
            row([
              name,
              entries,
              `${path} one reader, made anew`,
              n(one.bytes),
              n(one.perSecond),
              n(one.perCore),
              one.p50,
              one.p99,
              '',
              n(megabytes(web.pid!)),
            ]);
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
}

async function showFrames(): Promise<void> {
  console.log('\nFrames of the viewer, 880 × 650 pixels, while the picture is moved\n');
  row(['drawn with', 'renderer', 'cells of a layer', 'median ms', '95th percentile ms']);
  row(Array(5).fill('---'));
  const frames = await measureFrames(ROOT);
  for (const { way, renderer, cells, median, p95 } of frames) row([way, renderer, n(cells), n(median), n(p95)]);
  if (frames.some(({ renderer }) => /swiftshader|llvmpipe|software/i.test(renderer)))
    console.log('\nThis machine draws WebGL by software: its frames say nothing of a graphics processor.');
}
