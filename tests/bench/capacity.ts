/**
 * `npm run bench:capacity`: how long submissions wait, and what a year takes, by a simulation; and how many jobs a
 * second the queue can pass on, measured.
 *
 *   npm run bench:capacity                 the table of docs/capacity.md
 *   npm run bench:capacity -- --queue      also measures the queue on PostgreSQL
 *
 * People submit at random (a Poisson process whose rate rises towards a deadline), each on their own clock. A file has
 * a number of detections (log-normal around LIVECell's 622,000), which decides its bytes and its seconds. Scoring
 * processes take the first in line. All parameters are below; those with a source say it.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { seededRandom } from '#lib/stats/random.ts';

const { values } = parseArgs({ options: { queue: { type: 'boolean' }, jobs: { type: 'string', default: '1000' } } });

/** Seconds of one scoring process with two threads for a full-size file of gzipped JSON, with all protocols (README). */
const FULL_SECONDS = 2.25;
/** Beside scoring: taking the job, reading ground truth, saving reports and outcomes; seconds. */
const FIXED_SECONDS = 0.6;
/** Bytes of a full-size file, gzipped, and of its outcomes kept for charts. */
const FULL_BYTES = 38e6;
const OUTCOMES_BYTES = 6e6;
/** Bytes of rows of a submission: reports, audit events, board values. */
const ROW_BYTES = 120e3;

interface Scenario {
  name: string;
  /** submissions a year, outside the deadline */
  year: number;
  /** submissions in the two days before a deadline; 0: there is none */
  deadline: number;
  /** views of pages a day */
  views: number;
  workers: number;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'a usual year', year: 1_500, deadline: 0, views: 3_000, workers: 1 },
  { name: 'with a challenge', year: 5_000, deadline: 1_500, views: 20_000, workers: 1 },
  { name: 'ten times that', year: 50_000, deadline: 15_000, views: 200_000, workers: 1 },
  { name: 'ten times that', year: 50_000, deadline: 15_000, views: 200_000, workers: 2 },
  { name: 'a hundred times', year: 500_000, deadline: 150_000, views: 2_000_000, workers: 4 },
  { name: 'a hundred times', year: 500_000, deadline: 150_000, views: 2_000_000, workers: 8 },
];

const YEAR = 365 * 86_400;
const DEADLINE_SECONDS = 2 * 86_400;

function simulate({ year, deadline, workers }: Scenario) {
  const random = seededRandom(20_261_130);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const arrivals: number[] = [];
  for (let i = 0; i < year; i++) arrivals.push(random() * YEAR);
  // the rate doubles every three hours until the last minute
  for (let i = 0; i < deadline; i++)
    arrivals.push(YEAR - Math.min(DEADLINE_SECONDS, (-Math.log(1 - random()) * 10_800) / Math.LN2));
  arrivals.sort((a, b) => a - b);
  const free = new Array<number>(workers).fill(0);
  const waits: number[] = [];
  let [busy, files] = [0, 0];
  for (const at of arrivals) {
    const size = Math.exp(0.5 * normal());
    const seconds = FIXED_SECONDS + FULL_SECONDS * size;
    const first = free.indexOf(Math.min(...free));
    const start = Math.max(at, free[first]);
    free[first] = start + seconds;
    waits.push(start - at);
    busy += seconds;
    files += FULL_BYTES * size + OUTCOMES_BYTES;
  }
  waits.sort((a, b) => a - b);
  return {
    submissions: arrivals.length,
    median: quantile(waits, 0.5),
    p95: quantile(waits, 0.95),
    p99: quantile(waits, 0.99),
    longest: waits.at(-1)!,
    busy: busy / (workers * YEAR),
    files,
    rows: arrivals.length * ROW_BYTES,
  };
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

function span(seconds: number): string {
  if (seconds < 0.05) return '0 s';
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  return seconds < 5_400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

console.log(
  '| scenario | submissions a year | scoring processes | busy | wait: median | 95 % | 99 % | longest | files a year | rows a year | views a second |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
for (const scenario of SCENARIOS) {
  const found = simulate(scenario);
  console.log(
    `| ${scenario.name} | ${found.submissions.toLocaleString('en-US')} | ${scenario.workers} | ${(100 * found.busy).toFixed(2)} % | ${[found.median, found.p95, found.p99, found.longest].map(span).join(' | ')} | ${(found.files / 1e9).toFixed(0)} GB | ${(found.rows / 1e9).toFixed(1)} GB | ${(scenario.views / 86_400).toFixed(2)} |`,
  );
}

if (values.queue) await measureQueue(Number(values.jobs));

/** Send, take and end jobs that do nothing, on the PostgreSQL of the tests, which does not wait for the disk. */
async function measureQueue(jobs: number): Promise<void> {
  const { default: startDatabases } = await import('#tests/db/global-setup.ts');
  const { ENGINES } = await import('#tests/db/databases.ts');
  const stop = await startDatabases();
  const { PgBoss } = await import('pg-boss');
  const database = await ENGINES.find(({ name }) => /postgres/i.test(name))!.open();
  const boss = new PgBoss({
    connectionString: database.url,
    schema: 'pgboss',
    max: 4,
    supervise: false,
    schedule: false,
    migrate: false,
  });
  boss.on('error', () => {});
  await boss.start();
  const lap = async (work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    return Math.round(jobs / ((performance.now() - started) / 1000));
  };
  const each = (work: (i: number) => Promise<unknown>) => async () => {
    let next = 0;
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        while (next < jobs) await work(next++);
      }),
    );
  };
  const sent = await lap(each((i) => boss.send('score', { submissionId: String(i) })));
  const done = await lap(
    each(async () => {
      const [job] = await boss.fetch('score');
      if (job) await boss.complete('score', job.id);
    }),
  );
  console.log(
    `\n${jobs.toLocaleString('en-US')} jobs, four connections: ${sent} sent a second, ${done} taken and ended a second`,
  );
  await boss.stop({ graceful: false });
  await database.close();
  await stop?.();
}
