/**
 * The scoring queue. No other file knows pg-boss.
 *
 * A job scores a submission, scores one again (after people's own submissions), reads ground truth, or computes the
 * details of a score (after everything else). If a worker is killed, its heartbeat stops, and a supervisor in any worker
 * puts the job back (`forgiveLosses`); that is no attempt.
 * A job that fails on our side is tried again, with a growing delay: a submission until `recordFault` gives it up, an hour
 * apart at most, the others three times. Then they go to the dead-letter queue, whose worker records the failure. A wrong file
 * is no failure: its handler returns.
 */
import { sql } from 'drizzle-orm';
import { fromDrizzle, type JobWithMetadata, PgBoss } from 'pg-boss';
import { db, type Tx } from '#db/engine/client.ts';
import { logContext } from '#lib/log.ts';

const QUEUE = 'score';
const DEAD_LETTERS = 'score-failed';
const SCHEMA = 'pgboss';

/** Attempts in quick succession. After them a submission waits with words, and the others fail. */
export const ATTEMPTS = 3;
/** Losses of the same job after which it no longer looks like a host's crash. */
export const LOSSES = 5;
/** Longest pause before a job that lost its worker is given to another, in seconds. */
const LONGEST_PAUSE = 600;
/** The queue tries a submission again without end, this many seconds apart at most; `recordFault` ends that. */
const SCORE_OPTIONS = { retryLimit: 1_000_000, retryBackoff: true, retryDelayMax: 3600 };

/** pg-boss's own minimum, in seconds: a killed worker is noticed this long after its last heartbeat. */
const HEARTBEAT_SECONDS = 10;
const SUPERVISE_SECONDS = 3;

const QUEUE_OPTIONS = {
  retryLimit: ATTEMPTS - 1,
  // the second attempt begins after half of it at the earliest: by then a lost worker has long been forgiven
  retryDelay: 5,
  retryBackoff: true,
  retryDelayMax: 60,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  expireInSeconds: 3600,
  deleteAfterSeconds: 3 * 24 * 3600,
};

/** The request that sent a job: its id and its trace context, so that lines and traces of both belong together. */
interface JobOrigin {
  request?: string;
  traceparent?: string;
}

/** A job counts how often its worker was lost. */
interface Counted {
  losses?: number;
}

interface ScoreData extends Counted {
  submissionId: string;
}

/** One submission of a re-score. */
export interface RescoreData extends Counted {
  rescoreId: string;
  submissionId: string;
}

/** Ground-truth files that a maintainer uploaded. */
interface ImportData extends Counted {
  importId: string;
}

/** Outcomes of a score, from which slices, curves and tables are computed. */
interface DetailsData extends Counted {
  outcomesId: string;
}

/** A data set whose entries are looked through for label errors. */
interface LabelErrorsData extends Counted {
  labelErrorsOf: string;
}

type JobData = (ScoreData | RescoreData | ImportData | DetailsData | LabelErrorsData) & { origin?: JobOrigin };

/**
 * Priorities. A person's first open submission has 0, the second -1, and so on, so that people take turns. Practice
 * comes after all of those, then re-scoring, and details last. Jobs that had a turn already and maintainers' own go before them.
 */
const PRIORITY = { details: -30_000, rescore: -20_000, practice: -10_000, first: 1 };

/** What a worker receives besides the submission. */
export interface ScoreContext {
  /** 1 for the first; attempts that ended with the death of the process are not counted */
  attempt: number;
  /** whether the queue gives the job up if this attempt fails: never for a submission */
  lastAttempt: boolean;
  /** seconds from sending the job to this attempt */
  waitedSeconds: number;
  origin?: JobOrigin;
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

/** Delete the jobs with which a submission waits for its next attempt; one that runs is left alone. */
export async function dropWaitingScores(submissionId: string, tx: Tx): Promise<void> {
  await tx.execute(sql`
    delete from ${sql.identifier(SCHEMA)}.job
    where name = ${QUEUE} and state in ('created', 'retry')
      and data->>'submissionId' = ${submissionId} and not data ? 'rescoreId'`);
}

/** Enqueue a submission for re-scoring, behind all submissions of people. */
export async function enqueueRescore(data: RescoreData, tx: Tx): Promise<void> {
  await enqueue(data, PRIORITY.rescore, tx);
}

/** Enqueue the computation of a score's details, behind everything else. */
export async function enqueueDetails(outcomesId: string, tx: Tx): Promise<void> {
  await enqueue({ outcomesId }, PRIORITY.details, tx);
}

/** Enqueue the search for label errors of a data set, behind everything else. */
export async function enqueueLabelErrors(datasetId: string, tx: Tx): Promise<void> {
  await enqueue({ labelErrorsOf: datasetId }, PRIORITY.details, tx);
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
  const { request, traceparent } = logContext();
  const origin = request || traceparent ? { origin: { request, traceparent } } : {};
  const again = 'submissionId' in data && !('rescoreId' in data) ? SCORE_OPTIONS : {};
  const job = await boss.send(QUEUE, { ...data, ...origin }, { priority, db, ...again });
  if (job === null) throw new Error(`the queue did not take ${JSON.stringify(data)}`);
  sender = boss;
}

/** Handlers for each kind of job, and for jobs that have no attempt left, however the last one ended. */
interface QueueHandlers {
  score(submissionId: string, context: ScoreContext): Promise<void>;
  rescore(data: RescoreData, context: ScoreContext): Promise<void>;
  importGroundTruth(importId: string, context: ScoreContext): Promise<void>;
  details(outcomesId: string, context: ScoreContext): Promise<void>;
  labelErrors(datasetId: string, context: ScoreContext): Promise<void>;
  exhausted: {
    score(submissionId: string, reason: string): Promise<void>;
    rescore(data: RescoreData, reason: string): Promise<void>;
    importGroundTruth(importId: string, reason: string): Promise<void>;
    details(outcomesId: string, reason: string): Promise<void>;
    labelErrors(datasetId: string, reason: string): Promise<void>;
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
      const waitedSeconds = Math.max(0, (Date.now() - job.createdOn.getTime()) / 1000);
      const { origin } = job.data;
      const context = {
        attempt,
        lastAttempt: job.retryCount >= job.retryLimit,
        signal: job.signal,
        waitedSeconds,
        origin,
      };
      await byKind(handlers, job.data, context).catch((error) => {
        throw error instanceof NotHere ? new Error(`${NOT_HERE}${error.message}`, { cause: error }) : error;
      });
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
    details(outcomesId: string, more: More): Promise<void>;
    labelErrors(datasetId: string, more: More): Promise<void>;
  },
  data: JobData,
  more: More,
): Promise<void> {
  if ('outcomesId' in data) await handlers.details(data.outcomesId, more);
  else if ('labelErrorsOf' in data) await handlers.labelErrors(data.labelErrorsOf, more);
  else if ('importId' in data) await handlers.importGroundTruth(data.importId, more);
  else if ('rescoreId' in data) await handlers.rescore(data, more);
  else await handlers.score(data.submissionId, more);
}

/** What pg-boss says of a job whose heartbeat stopped. */
const SILENT = 'job heartbeat timeout';

/**
 * An attempt that could not even begin here, although it may elsewhere: a file is missing on this machine, or the store
 * does not answer. It counts like the loss of a worker.
 */
export class NotHere extends Error {}
const NOT_HERE = 'Not here: ';

/** A job that lost its worker. */
export interface Loss {
  data: JobData;
  /** how often by now */
  losses: number;
  /** why, in words for people */
  reason: string;
}

/**
 * Give jobs that lost their worker back without counting an attempt, and return them: a host's crash says nothing of the
 * file. The first two losses are made good at once; then the pauses double, in case the file itself ends its workers.
 * Of jobs with a limited number of attempts, only the first losses are forgiven.
 */
export async function forgiveLosses(tx: Tx = db()): Promise<Loss[]> {
  const job = sql`${sql.identifier(SCHEMA)}.job`;
  const rows = await tx.execute<{ data: Loss['data']; losses: number; message: string }>(sql`
    with lost as (
      select name, id, coalesce((data->>'losses')::int, 0) + 1 as losses, output->'value'->>'message' as timeout,
             coalesce(output->>'message', output->'value'->>'message') as message
      from ${job} where name = ${QUEUE} and state = 'retry' and started_on is not null
        and (output->'value'->>'message' = ${SILENT} or output->>'message' like ${`${NOT_HERE}%`})
        and (retry_limit >= ${SCORE_OPTIONS.retryLimit} or coalesce((data->>'losses')::int, 0) < ${LOSSES})
      for update skip locked
    )
    update ${job} as job
    -- a claim of a job that was never started is no further attempt
    set state = 'created', started_on = null, output = null,
        start_after = now() + case when lost.losses <= 2 and lost.message = ${SILENT} then interval '0'
          else make_interval(secs => least(${LONGEST_PAUSE}, 2 ^ least(lost.losses, 12))) end,
        data = jsonb_set(job.data, '{losses}', to_jsonb(lost.losses))
    from lost where job.name = lost.name and job.id = lost.id
    returning job.data as data, lost.losses as losses, lost.message as message`);
  return rows.map(({ data, losses, message }) => ({
    data,
    losses,
    reason: message === SILENT ? 'the scoring process gave no sign of life' : message.slice(NOT_HERE.length),
  }));
}

/** Return the error that ended the last attempt, in words. pg-boss keeps `{message}` or `{value: {message}}`. */
function reasonOf(job: JobWithMetadata<JobData>): string {
  const output = job.sourceOutput as { message?: string; value?: { message?: string } } | null | undefined;
  const message = output?.message ?? output?.value?.message ?? '';
  if (message === SILENT) return 'The scoring process ended without a word, most likely for lack of memory.';
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

/** Return the queue's numbers for metrics and readiness. Re-scoring and details are not urgent and not counted. */
export async function queueSnapshot(tx: Tx = db()): Promise<QueueSnapshot> {
  const rows = await tx.execute<Record<keyof QueueSnapshot, number | null>>(sql`
    select count(*) filter (where state in ('created', 'retry'))::int as "waiting",
           count(*) filter (where state = 'active')::int as "active",
           count(*) filter (where state = 'failed')::int as "failed",
           extract(epoch from now() - min(created_on) filter (where state in ('created', 'retry')))::float8
             as "oldestSeconds"
    from ${sql.identifier(SCHEMA)}.job where name = ${QUEUE} and not data ?| array['rescoreId', 'outcomesId']`);
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
  /** its earliest start, for a retry or after the loss of its worker; null: at once */
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
      startsAt:
        state === 'retry' || (state === 'created' && starts * 1000 > Date.now()) ? new Date(starts * 1000) : null,
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
