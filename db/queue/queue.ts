/**
 * The scoring queue. No other file knows pg-boss.
 *
 * A job scores a submission, scores one again (after people's own submissions), or reads ground truth. A job that fails
 * on our side is tried three times, with a growing delay. If a worker is killed, its heartbeat stops, and a supervisor
 * in any worker puts the job back. After the last attempt, however it ended, the job goes to the dead-letter queue,
 * whose worker records the failure on the submission. A wrong file is no failure: its handler returns.
 */
import { sql } from 'drizzle-orm';
import { fromDrizzle, type JobWithMetadata, PgBoss } from 'pg-boss';
import { db, type Tx } from '#db/engine/client.ts';

const QUEUE = 'score';
const DEAD_LETTERS = 'score-failed';
const SCHEMA = 'pgboss';

export const ATTEMPTS = 3;

/** pg-boss's own minimum, in seconds: a killed worker is noticed this long after its last heartbeat. */
const HEARTBEAT_SECONDS = 10;
const SUPERVISE_SECONDS = 3;

const QUEUE_OPTIONS = {
  retryLimit: ATTEMPTS - 1,
  retryDelay: 2,
  retryBackoff: true,
  retryDelayMax: 60,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  expireInSeconds: 3600,
  deleteAfterSeconds: 3 * 24 * 3600,
};

interface ScoreData {
  submissionId: string;
}

/** One submission of a re-score. */
export interface RescoreData {
  rescoreId: string;
  submissionId: string;
}

/** Ground-truth files that a maintainer uploaded. */
interface ImportData {
  importId: string;
}

type JobData = ScoreData | RescoreData | ImportData;

/**
 * Priorities. A person's first open submission has 0, the second -1, and so on, so that people take turns. Practice
 * comes after all of those, and re-scoring last. Jobs that had a turn already and maintainers' own go before them.
 */
const PRIORITY = { rescore: -20_000, practice: -10_000, first: 1 };

/** What a worker receives besides the submission. */
export interface ScoreContext {
  /** 1, 2 or 3 */
  attempt: number;
  lastAttempt: boolean;
  /** aborts if this worker loses the job: it timed out or went to another worker */
  signal: AbortSignal;
}

interface ScoreWorker {
  /** Take no further job; wait this long for the running one, then let the queue give it to another worker. */
  stop(options?: { waitMilliseconds?: number }): Promise<void>;
}

/** Create or update pg-boss's tables and the queues. Part of `migrate`; safe to repeat. */
export async function migrateQueue(url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, schema: SCHEMA, max: 1, supervise: false, schedule: false });
  boss.on('error', () => {}); // what matters rejects below
  await boss.start();
  try {
    await boss.createQueue(DEAD_LETTERS, { ...QUEUE_OPTIONS, retryLimit: 20 });
    await boss.createQueue(QUEUE, { ...QUEUE_OPTIONS, deadLetter: DEAD_LETTERS });
    await boss.updateQueue(QUEUE, { ...QUEUE_OPTIONS, deadLetter: DEAD_LETTERS });
  } finally {
    await boss.stop({ graceful: false });
  }
}

/**
 * Enqueue a submission in the caller's transaction, so that neither exists without the other.
 * `first`: ahead of waiting submissions, since it had its turn already. `open`: number of the same person's open ones.
 * `practice`: on the demo benchmark.
 */
export async function enqueueScore(
  submissionId: string,
  { first = false, open = 0, practice = false }: { first?: boolean; open?: number; practice?: boolean },
  tx: Tx,
): Promise<void> {
  const turn = (practice ? PRIORITY.practice : 0) - Math.min(open, 9_999);
  await enqueue({ submissionId }, first ? PRIORITY.first : turn, tx);
}

/** Enqueue a submission for re-scoring, behind all submissions of people. */
export async function enqueueRescore(data: RescoreData, tx: Tx): Promise<void> {
  await enqueue(data, PRIORITY.rescore, tx);
}

/** Enqueue uploaded ground truth to be read next. */
export async function enqueueImport(importId: string, tx: Tx): Promise<void> {
  await enqueue({ importId }, PRIORITY.first, tx);
}

/** Sends all jobs. It is never started and opens no pool: each job is inserted in the caller's transaction. */
let sender: PgBoss | undefined;

async function enqueue(data: JobData, priority: number, tx: Tx): Promise<void> {
  const db = fromDrizzle(tx, sql);
  // the first send looks the queue up through the instance's own database; later ones use its cache
  const boss = sender ?? new PgBoss({ db, schema: SCHEMA, supervise: false, schedule: false });
  const job = await boss.send(QUEUE, data, { priority, db });
  if (job === null) throw new Error(`the queue did not take ${JSON.stringify(data)}`);
  sender = boss;
}

/** Handlers for each kind of job, and for jobs that have no attempt left, however the last one ended. */
interface QueueHandlers {
  score(submissionId: string, context: ScoreContext): Promise<void>;
  rescore(data: RescoreData, context: ScoreContext): Promise<void>;
  importGroundTruth(importId: string, context: ScoreContext): Promise<void>;
  exhausted: {
    score(submissionId: string, reason: string): Promise<void>;
    rescore(data: RescoreData, reason: string): Promise<void>;
    importGroundTruth(importId: string, reason: string): Promise<void>;
  };
}

interface WorkOptions {
  url: string;
  /** concurrent jobs; defaults to 1 */
  concurrency?: number;
  /** interval between searches for jobs of dead processes */
  superviseSeconds?: number;
  /** delay before the second attempt of jobs sent from now on; defaults to the queue's own */
  retrySeconds?: number;
  onError?: (error: Error) => void;
}

/** Work through the queue until stopped. */
export async function workScores(handlers: QueueHandlers, options: WorkOptions): Promise<ScoreWorker> {
  const { superviseSeconds = SUPERVISE_SECONDS, retrySeconds } = options;
  const boss = new PgBoss({
    connectionString: options.url,
    schema: SCHEMA,
    application_name: 'livecell-queue',
    max: 2,
    migrate: false,
    schedule: false,
    supervise: true,
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
    // these maintain queues of millions of jobs, and PGlite lacks the statistics they read
    monitorVacuum: false,
    reindex: false,
  });
  boss.on('error', (error) => options.onError?.(error));
  await boss.start();
  if (retrySeconds !== undefined)
    await boss.updateQueue(QUEUE, { ...QUEUE_OPTIONS, deadLetter: DEAD_LETTERS, retryDelay: retrySeconds });

  await boss.work(
    QUEUE,
    {
      includeMetadata: true,
      pollingIntervalSeconds: 0.5,
      heartbeatRefreshSeconds: 3,
      localConcurrency: options.concurrency ?? 1,
    },
    async ([job]: JobWithMetadata<JobData>[]) => {
      const attempt = job.retryCount + 1;
      const context = { attempt, lastAttempt: attempt >= ATTEMPTS, signal: job.signal };
      await byKind(handlers, job.data, context);
    },
  );
  await boss.work(
    DEAD_LETTERS,
    { includeMetadata: true, pollingIntervalSeconds: 1 },
    async ([job]: JobWithMetadata<JobData>[]) => {
      await byKind(handlers.exhausted, job.data, reasonOf(job));
    },
  );

  return {
    async stop({ waitMilliseconds = 20_000 } = {}) {
      await boss.stop({ graceful: true, timeout: waitMilliseconds });
    },
  };
}

async function byKind<More>(
  handlers: {
    score(submissionId: string, more: More): Promise<void>;
    rescore(data: RescoreData, more: More): Promise<void>;
    importGroundTruth(importId: string, more: More): Promise<void>;
  },
  data: JobData,
  more: More,
): Promise<void> {
  if ('importId' in data) await handlers.importGroundTruth(data.importId, more);
  else if ('rescoreId' in data) await handlers.rescore(data, more);
  else await handlers.score(data.submissionId, more);
}

/** Return the error that ended the last attempt, in words. pg-boss keeps `{message}` or `{value: {message}}`. */
function reasonOf(job: JobWithMetadata<JobData>): string {
  const output = job.sourceOutput as { message?: string; value?: { message?: string } } | null | undefined;
  const message = output?.message ?? output?.value?.message ?? '';
  if (message === 'job heartbeat timeout')
    return 'The scoring process ended without a word, most likely for lack of memory.';
  if (message === 'job timed out' || message.startsWith('handler execution exceeded'))
    return 'Scoring took longer than an hour.';
  return message || 'Scoring ended without a reason.';
}

interface QueueSnapshot {
  /** jobs that wait for a worker, retries included */
  waiting: number;
  active: number;
  /** jobs without an attempt left */
  failed: number;
  /** how long the first job has waited */
  oldestSeconds: number | null;
}

/** Return the queue's numbers for metrics and readiness. Re-scoring is not urgent and is not counted. */
export async function queueSnapshot(tx: Tx = db()): Promise<QueueSnapshot> {
  const rows = await tx.execute<Record<keyof QueueSnapshot, number | null>>(sql`
    select count(*) filter (where state in ('created', 'retry'))::int as "waiting",
           count(*) filter (where state = 'active')::int as "active",
           count(*) filter (where state = 'failed')::int as "failed",
           extract(epoch from now() - min(created_on) filter (where state in ('created', 'retry')))::float8
             as "oldestSeconds"
    from ${sql.identifier(SCHEMA)}.job where name = ${QUEUE} and not data ? 'rescoreId'`);
  const { waiting, active, failed, oldestSeconds } = rows[0];
  return { waiting: waiting ?? 0, active: active ?? 0, failed: failed ?? 0, oldestSeconds };
}

/** State of an unfinished job, in the queue or among the dead letters that a process is about to read. */
export interface LiveJob {
  submissionId: string;
  /** jobs that go first; null: none */
  behind?: 'real ones' | 'a turn of others' | null;
  state: 'waiting' | 'retry' | 'active' | 'exhausted';
  /** 1, 2 or 3: the running attempt, or the next one */
  attempt: number;
  /** for a retry: its earliest start */
  startsAt: Date | null;
  /** for an active job: the last heartbeat of its process, which loses the job at `leaseUntil` */
  seenAt: Date | null;
  leaseUntil: Date | null;
}

/** Return the unfinished jobs of people's own submissions, in the order in which workers take them. */
export async function listLiveJobs(tx: Tx = db()): Promise<LiveJob[]> {
  const rows = await tx.execute<{
    id: string;
    dead: boolean;
    state: 'created' | 'retry' | 'active';
    retries: number;
    starts: number;
    seen: number | null;
    priority: number;
  }>(sql`
    select data->>'submissionId' as id, priority::int as priority, name = ${DEAD_LETTERS} as dead, state::text as state, retry_count::int as retries,
           extract(epoch from start_after)::float8 as starts,
           extract(epoch from coalesce(heartbeat_on, started_on))::float8 as seen
    from ${sql.identifier(SCHEMA)}.job
    where name in (${QUEUE}, ${DEAD_LETTERS}) and state in ('created', 'retry', 'active')
      and data ? 'submissionId' and not data ? 'rescoreId'
    order by priority desc, created_on, id`);
  return rows.map(({ id, dead, state, retries, starts, seen, priority }) => {
    const active = !dead && state === 'active';
    return {
      submissionId: id,
      behind: whatComesFirst(priority),
      state: stateOf(dead, state),
      // pg-boss counts a retry only when a worker takes it
      attempt: retries + 1 + (state === 'retry' ? 1 : 0),
      startsAt: state === 'retry' ? new Date(starts * 1000) : null,
      seenAt: active && seen !== null ? new Date(seen * 1000) : null,
      leaseUntil: active && seen !== null ? new Date((seen + HEARTBEAT_SECONDS) * 1000) : null,
    };
  });
}

/** Name the jobs that go before one of this priority, besides earlier jobs of the same priority. */
function whatComesFirst(priority: number): LiveJob['behind'] {
  if (priority <= PRIORITY.practice) return 'real ones';
  return priority < 0 ? 'a turn of others' : null;
}

function stateOf(dead: boolean, state: 'created' | 'retry' | 'active'): LiveJob['state'] {
  if (dead) return 'exhausted';
  return state === 'created' ? 'waiting' : state;
}

/** A process that gives no heartbeat for this long loses its job to another one. */
export const LEASE_SECONDS = HEARTBEAT_SECONDS;
