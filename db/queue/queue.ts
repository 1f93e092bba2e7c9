/**
 * The scoring queue. Nothing else knows pg-boss.
 *
 * A job is one submission to score; or one to score again, which comes after people's own; or ground truth to read. It is tried three times when we fail (with a growing delay), also when the worker
 * is killed and can report nothing: its heartbeat stops, a supervisor in any worker puts the job back. After the last
 * attempt it goes to the dead-letter queue, whatever ended it, and the worker there says so on the submission. A file
 * that is wrong is not a failure: its handler returns.
 */
import { sql } from 'drizzle-orm';
import { fromDrizzle, type JobWithMetadata, PgBoss } from 'pg-boss';
import { db, type Tx } from '#db/engine/client.ts';

const QUEUE = 'score';
const DEAD_LETTERS = 'score-failed';
const SCHEMA = 'pgboss';

export const ATTEMPTS = 3;

/** pg-boss' own minimum: a killed worker is noticed this many seconds after its last sign of life. */
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

/** Files of ground truth that a maintainer sent in. */
interface ImportData {
  importId: string;
}

type JobData = ScoreData | RescoreData | ImportData;

/**
 * A person's first open submission has 0, the second -1, and so on: people take turns. What is for practice comes after
 * all of those, and what is scored again after that. Before them: what had a turn already, and what maintainers wait for.
 */
const PRIORITY = { rescore: -20_000, practice: -10_000, first: 1 };

/** What a worker is handed besides the submission. */
export interface ScoreContext {
  /** 1, 2, 3 */
  attempt: number;
  lastAttempt: boolean;
  /** aborted when the job is no longer ours: given to another worker, or timed out */
  signal: AbortSignal;
}

interface ScoreWorker {
  /** Takes no further job; waits for the one at hand for so long, then lets the queue give it to somebody else. */
  stop(options?: { waitMilliseconds?: number }): Promise<void>;
}

/** Creates or updates the queue's tables and queues. Part of `migrate`; safe to repeat. */
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
 * Puts a submission into the queue, inside the caller's transaction: no submission without a job, and no job without.
 * `first`: before those that wait, since it had its turn already. `open`: how many of the same person are in it.
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

/** Puts a submission that is to be scored again behind all that people have sent in. */
export async function enqueueRescore(data: RescoreData, tx: Tx): Promise<void> {
  await enqueue(data, PRIORITY.rescore, tx);
}

/** Has ground truth that was sent in read next. */
export async function enqueueImport(importId: string, tx: Tx): Promise<void> {
  await enqueue({ importId }, PRIORITY.first, tx);
}

/** Sends all jobs. It is never started, so it opens no pool: each job is inserted on the caller's transaction. */
let sender: PgBoss | undefined;

async function enqueue(data: JobData, priority: number, tx: Tx): Promise<void> {
  const db = fromDrizzle(tx, sql);
  // the first send looks the queue up, on the instance's own database; afterwards the instance remembers it
  const boss = sender ?? new PgBoss({ db, schema: SCHEMA, supervise: false, schedule: false });
  const job = await boss.send(QUEUE, data, { priority, db });
  if (job === null) throw new Error(`the queue did not take ${JSON.stringify(data)}`);
  sender = boss;
}

/** What is done with each kind of job, and what when no attempt is left, however the last one ended. */
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
  /** jobs at a time; defaults to 1 */
  concurrency?: number;
  /** how often jobs of dead processes are looked for */
  superviseSeconds?: number;
  /** the delay before the second attempt of jobs that are sent from now on; the queue's own unless given */
  retrySeconds?: number;
  onError?: (error: Error) => void;
}

/** Works through the queue until stopped. */
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
    // these look after queues of millions of jobs, and PGlite has no statistics to look at
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

/** What ended the last attempt, in words. pg-boss keeps errors as `{message}` or `{value: {message}}`. */
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
  /** waiting for a worker, retries included */
  waiting: number;
  active: number;
  /** no attempt left */
  failed: number;
  /** how long the first in line has been waiting */
  oldestSeconds: number | null;
}

/** The queue in numbers, for metrics and readiness; what is scored again has time, and is not counted. */
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

/** Where a job stands that is not over: of the queue, or of the dead letters, which one process is about to read. */
export interface LiveJob {
  submissionId: string;
  /** whom it lets go first; null: nobody */
  behind?: 'real ones' | 'a turn of others' | null;
  state: 'waiting' | 'retry' | 'active' | 'exhausted';
  /** 1, 2, 3: the attempt that is running, or comes next */
  attempt: number;
  /** of a retry: not before */
  startsAt: Date | null;
  /** of an active one: the process that has it gave its last sign of life then, and loses it `leaseUntil` */
  seenAt: Date | null;
  leaseUntil: Date | null;
}

/** The jobs of people's own submissions that are not over, in the order they are taken. */
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
      // a job that is back for a retry has counted it only when it is taken
      attempt: retries + 1 + (state === 'retry' ? 1 : 0),
      startsAt: state === 'retry' ? new Date(starts * 1000) : null,
      seenAt: active && seen !== null ? new Date(seen * 1000) : null,
      leaseUntil: active && seen !== null ? new Date((seen + HEARTBEAT_SECONDS) * 1000) : null,
    };
  });
}

/** Name what is taken before a job of this priority, besides the jobs that came earlier. */
function whatComesFirst(priority: number): LiveJob['behind'] {
  if (priority <= PRIORITY.practice) return 'real ones';
  return priority < 0 ? 'a turn of others' : null;
}

function stateOf(dead: boolean, state: 'created' | 'retry' | 'active'): LiveJob['state'] {
  if (dead) return 'exhausted';
  return state === 'created' ? 'waiting' : state;
}

/** A process that is silent for so long loses its job to another one. */
export const LEASE_SECONDS = HEARTBEAT_SECONDS;
