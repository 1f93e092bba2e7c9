/**
 * A scoring process: takes jobs from the queue one at a time and computes them in threads. A job scores a submission,
 * scores one again, or reads ground truth sent to the site. The process owns the database, the files, the clock and the
 * signals; the threads only compute and hold nothing open.
 *
 * What can go wrong, and what follows:
 *   the file is wrong          → rejected, with its problems; never retried
 *   a thread throws or dies    → returned to the queue; after the last attempt, failed with the reason
 *   it is withdrawn            → stopped within a second and discarded
 *   this process is killed     → its heartbeat stops, and another process (or the next one here) takes over
 */
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { prunePublicChanges } from '#db/board/public-version.ts';
import { closeDb } from '#db/engine/client.ts';
import { reportAlive, reportGone } from '#db/queue/processes.ts';
import { workScores } from '#db/queue/queue.ts';
import { sweepRescores } from '#db/rescore/switch.ts';
import { sweepQueue } from '#db/submissions/sweep.ts';
import { env } from '#lib/env.ts';
import { keepFilesPrivate } from '#lib/private-folder.ts';
import { errorFields, log } from '#workers/log.ts';
import { startMailer } from '#workers/mail.ts';
import { CLOCKS, type Clocks } from './clocks.ts';
import { giveUpImporting, importGroundTruth } from './jobs/import.ts';
import { giveUpRescoring, rescoreSubmission } from './jobs/rescore.ts';
import type { JobRoom } from './jobs/run-job.ts';
import { giveUpScoring, scoreSubmission } from './jobs/score.ts';
import { ThreadPool } from './pool.ts';

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
  /** shorter intervals for tests */
  clocks?: Partial<Clocks>;
}

async function startWorker(options: WorkerOptions): Promise<WorkerProcess> {
  const clocks = { ...CLOCKS, ...options.clocks };
  const threads = options.threads ?? availableParallelism();
  const stopping = new AbortController();
  const room: JobRoom = { pool: new ThreadPool(options.handler), threads, clocks, stopping: stopping.signal };
  const queue = await workScores(
    {
      score: (id, context) => scoreSubmission(room, id, context),
      rescore: (data, context) => rescoreSubmission(room, data, context),
      importGroundTruth: (id, context) => importGroundTruth(room, id, context),
      exhausted: { score: giveUpScoring, rescore: giveUpRescoring, importGroundTruth: giveUpImporting },
    },
    {
      url: options.url,
      superviseSeconds: clocks.superviseSeconds,
      retrySeconds: clocks.retrySeconds,
      onError: (error) => log('queue-error', errorFields(error)),
    },
  );
  const processId = randomUUID();
  const chores = [
    repeat('sign-of-life-failed', clocks.aliveMilliseconds, () => reportAlive(processId, threads)),
    repeat('sweep-failed', clocks.sweepMilliseconds, () => sweep(clocks)),
  ];
  const { SMTP_URL, MAIL_FROM } = env();
  const mailer = SMTP_URL && MAIL_FROM ? startMailer({ url: SMTP_URL, from: MAIL_FROM }) : null;
  log('worker-ready', { pid: process.pid, threads });

  return {
    async stop() {
      const timer = setTimeout(() => stopping.abort(), clocks.stopMilliseconds);
      await queue.stop({ waitMilliseconds: 2 * clocks.stopMilliseconds });
      clearTimeout(timer);
      await mailer?.stop();
      await Promise.all(chores.map((stop) => stop()));
      await reportGone(processId).catch(() => undefined); // otherwise its silence shows it
      await room.pool.close();
      await closeDb();
    },
  };
}

/** Repair stuck submissions, and end re-scores that wait for nothing more. */
async function sweep({ sweepGraceSeconds: graceSeconds }: Clocks): Promise<void> {
  for (const { submissionId, action } of await sweepQueue({ graceSeconds }))
    log('swept', { submission: submissionId, action });
  await sweepRescores();
  await prunePublicChanges();
}

/** Repeat a chore, never twice at once. The returned function stops the repetition and waits for the current run. */
function repeat(failed: string, milliseconds: number, chore: () => Promise<unknown>): () => Promise<void> {
  const stop = new AbortController();
  const running = (async () => {
    while (!stop.signal.aborted) {
      await chore().catch((error) => log(failed, errorFields(error)));
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
export async function runWorker(options: Pick<WorkerOptions, 'handler' | 'clocks'> = {}): Promise<void> {
  const { DATABASE_URL: url, LIVECELL_THREADS: threads } = env();
  if (!url) throw new Error('a scoring process needs DATABASE_URL');
  keepFilesPrivate();
  const asked = new Promise<void>((resolve) => {
    process.on('SIGTERM', () => resolve());
    process.on('SIGINT', () => resolve());
  });
  const worker = await startWorker({ url, threads, ...options });
  await asked;
  await worker.stop();
  log('worker-stopped', { pid: process.pid });
}

if (import.meta.main) {
  await runWorker();
  process.exit(); // even if a library still holds something open
}
