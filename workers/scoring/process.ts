/**
 * A scoring process: takes jobs from the queue one at a time and computes them in threads. A job scores a submission,
 * scores one again, reads ground truth sent to the site, or computes the details of a score. The process owns the
 * database, the files, the clock and the signals; a child process without any of these computes (`pool.ts`).
 *
 * What can go wrong, and what follows:
 *   the file is wrong          → rejected, with its problems; never retried
 *   a thread or the child dies → our fault: tried again, later each time; after three times the maintainers are told
 *   it is withdrawn            → stopped within a second and discarded
 *   this process is killed     → its heartbeat stops, and another process (or the next one here) takes over;
 *                                that is no attempt
 */
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { prunePublicChanges } from '#db/board/public-version.ts';
import { takeSnapshotsIfChanged } from '#db/board/snapshots.ts';
import { fillBoardValues } from '#db/board/values.ts';
import { closeDb, connect } from '#db/engine/client.ts';
import { pruneRateLimits } from '#db/limits.ts';
import { checkComponents } from '#db/operations/components.ts';
import { reportAlive, reportGone } from '#db/queue/processes.ts';
import { workScores } from '#db/queue/queue.ts';
import { startDueParts } from '#db/rescore/split.ts';
import { sweepRescores } from '#db/rescore/switch.ts';
import { enqueueDerivations } from '#db/submissions/derivations.ts';
import { returnLost } from '#db/submissions/scoring.ts';
import { pruneSubmitCalls } from '#db/submissions/submit-calls.ts';
import { sweepQueue } from '#db/submissions/sweep.ts';
import { buildCommit } from '#lib/build.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { log, openLog } from '#lib/log.ts';
import { metrics } from '#lib/metrics.ts';
import { keepFilesPrivate } from '#lib/private-folder.ts';
import { startTracing, stopTracing } from '#lib/tracing.ts';
import { exportDaily } from '#workers/export/site.ts';
import { startMailer } from '#workers/mail.ts';
import { serveMetrics } from '#workers/metrics-server.ts';
import { CLOCKS, type Clocks } from './clocks.ts';
import { computeDetails, giveUpDetails, sweepOutcomes } from './jobs/details.ts';
import { giveUpImporting, importGroundTruth } from './jobs/import.ts';
import { giveUpLabelErrors, lookForLabelErrors } from './jobs/label-errors.ts';
import { giveUpRescoring, rescoreSubmission } from './jobs/rescore.ts';
import { sweepFiles } from './jobs/retention.ts';
import type { JobRoom } from './jobs/run-job.ts';
import { giveUpScoring, scoreSubmission } from './jobs/score.ts';
import { ScoringPool } from './pool.ts';

/** Interval between comparisons of the whole file store with the database. */
const FILES_MILLISECONDS = 3_600_000;

/** Interval between looks whether the copy of the public site is of today. */
const EXPORT_MILLISECONDS = 600_000;

interface WorkerProcess {
  /** Take no more jobs; the current one is finished, or returned to the queue if it takes too long. */
  stop(): Promise<void>;
}

interface WorkerOptions {
  /** database address */
  url: string;
  /** number of threads that one job may use; defaults to one per core */
  threads?: number;
  /** path of the file that scores in the thread; tests pass a substitute */
  handler?: string;
  /** further files and folders that it reads */
  readable?: readonly string[];
  /** shorter intervals for tests */
  clocks?: Partial<Clocks>;
}

async function startWorker(options: WorkerOptions): Promise<WorkerProcess> {
  const clocks = { ...CLOCKS, ...options.clocks };
  const threads = options.threads ?? availableParallelism();
  const stopping = new AbortController();
  const room: JobRoom = { pool: new ScoringPool(options), threads, clocks, stopping: stopping.signal };
  const queue = await workScores(
    {
      score: (id, context) => scoreSubmission(room, id, context),
      rescore: (data, context) => rescoreSubmission(room, data, context),
      importGroundTruth: (id, context) => importGroundTruth(room, id, context),
      details: (id, context) => computeDetails(room, id, context),
      labelErrors: (id, context) => lookForLabelErrors(room, id, context),
      exhausted: {
        score: giveUpScoring,
        rescore: giveUpRescoring,
        importGroundTruth: giveUpImporting,
        details: giveUpDetails,
        labelErrors: giveUpLabelErrors,
      },
    },
    {
      url: options.url,
      superviseSeconds: clocks.superviseSeconds,
      retrySeconds: clocks.retrySeconds,
      onError: (error) => log.error('queue-error', error),
    },
  );
  const processId = randomUUID();
  const chores = [
    repeat('sign-of-life-failed', clocks.aliveMilliseconds, () => reportAlive(processId, threads)),
    repeat('sweep-failed', clocks.sweepMilliseconds, () => sweep(clocks)),
    repeat('sweep-failed', FILES_MILLISECONDS, () => sweepFiles()),
    repeat('derivations-not-enqueued', clocks.deriveMilliseconds, () => enqueueDerivations()),
    repeat('snapshot-failed', clocks.sweepMilliseconds, keepSnapshots),
    repeat('export-failed', EXPORT_MILLISECONDS, keepCopy),
    repeat('memory-unknown', clocks.sweepMilliseconds, async () => {
      metrics().threadHeap.set(await room.pool.heapBytes());
    }),
    repeat('return-lost-failed', clocks.lostMilliseconds, returnLostOnes),
    watchDatabase(options.url),
  ];
  const { SMTP_URL, MAIL_FROM } = env();
  const metricsServer = await serveMetrics('worker');
  const mailer = SMTP_URL && MAIL_FROM ? startMailer({ url: SMTP_URL, from: MAIL_FROM }) : null;
  log.info('worker-ready', { pid: process.pid, threads });

  return {
    async stop() {
      const timer = setTimeout(() => stopping.abort(), clocks.stopMilliseconds);
      await queue.stop({ waitMilliseconds: 2 * clocks.stopMilliseconds });
      clearTimeout(timer);
      await mailer?.stop();
      await metricsServer?.close();
      await Promise.all(chores.map((stop) => stop()));
      await reportGone(processId).catch(() => undefined); // otherwise its silence shows it
      await room.pool.close();
      await closeDb();
    },
  };
}

/** After this time without an answer of the database, a scoring process ends: whatever runs it starts it again. */
const DEAD_AFTER = 120_000;

/**
 * End this process if the database neither answers nor refuses for two minutes: the way to it is lost, which TCP may
 * notice only after a quarter of an hour. Its job has gone to another process by then.
 */
function watchDatabase(url: string): () => Promise<void> {
  const { db, close } = connect(url, { max: 1 });
  const stopWatching = repeat('database-silent', DEAD_AFTER / 4, async () => {
    const timer = setTimeout(() => {
      log.error('database-lost', new Error(`The database has not answered for ${DEAD_AFTER / 1000} s.`));
      process.exit(1);
    }, DEAD_AFTER);
    timer.unref();
    await db.execute(sql`select 1`).finally(() => clearTimeout(timer));
  });
  return async () => {
    await stopWatching();
    await close();
  };
}

/** Repair stuck submissions, and end re-scores that wait for nothing more. */
async function sweep({ sweepGraceSeconds: graceSeconds }: Clocks): Promise<void> {
  for (const { submissionId, action } of await sweepQueue({ graceSeconds })) {
    metrics().swept.inc({ action });
    log.warn('swept', { submission: submissionId, action });
  }
  await sweepRescores();
  for (const dataset of await startDueParts()) log.info('private-part-begun', { dataset });
  await sweepOutcomes();
  await checkComponents();
  await fillBoardValues(); // of scores that an older version beside this one has saved
  await prunePublicChanges();
  await pruneRateLimits();
  await pruneSubmitCalls();
}

/** Keep boards as they are, when they have changed. */
async function keepSnapshots(): Promise<void> {
  for (const id of await takeSnapshotsIfChanged()) log.info('snapshot-taken', { snapshot: id });
}

/** Write the public site as files, once a day. Another process may be at it. */
async function keepCopy(): Promise<void> {
  const { LIVECELL_EXPORT: folder, AUTH_URL: site = '' } = env();
  if (!folder) return;
  const written = await exportDaily(folder, { site: site.replace(/\/+$/, '') }).catch((error) => {
    if (error instanceof AppError && error.details?.busy) return null;
    throw error;
  });
  if (written) log.info('site-exported', { files: written.files, bytes: written.bytes });
}

async function returnLostOnes(): Promise<void> {
  for (const { submissionId, losses } of await returnLost())
    log.warn('worker-lost', { submission: submissionId, losses });
}

/** Repeat a chore, never twice at once. The returned function stops the repetition and waits for the current run. */
function repeat(failed: string, milliseconds: number, chore: () => Promise<unknown>): () => Promise<void> {
  const stop = new AbortController();
  const running = (async () => {
    while (!stop.signal.aborted) {
      await chore().catch((error) => log.error(failed, error));
      await sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    stop.abort();
    await running;
  };
}

/**
 * Run a scoring process until SIGTERM, SIGINT, or the end of its parent: `npm start` and `livecell worker` use this.
 */
export async function runWorker(options: Pick<WorkerOptions, 'handler' | 'readable' | 'clocks'> = {}): Promise<void> {
  const { DATABASE_URL: url, LIVECELL_THREADS: threads } = env();
  if (!url) throw new Error('a scoring process needs DATABASE_URL');
  keepFilesPrivate();
  openLog({ process: 'worker' });
  buildCommit();
  await startTracing('worker');
  const asked = new Promise<void>((resolve) => {
    process.on('SIGTERM', () => resolve());
    process.on('SIGINT', () => resolve());
  });
  const worker = await startWorker({ url, threads, ...options });
  await asked;
  await worker.stop();
  await stopTracing();
  log.info('worker-stopped', { pid: process.pid });
}

/** Run as a process of its own: see `workers/run.mjs`. */
export async function run(): Promise<void> {
  await runWorker();
  process.exit(); // even if a library still holds something open
}
