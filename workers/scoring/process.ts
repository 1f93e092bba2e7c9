/**
 * A scoring process: takes submissions from the queue, one at a time, and scores them in a pool of threads; so it does
 * with what is to be scored again, and it reads ground truth that was sent in. The process
 * owns the database, the files, the clock and the signals; the threads compute and hold nothing open.
 *
 * What can go wrong, and whose fault it is:
 *   the file is wrong          → rejected, with its problems; never tried again
 *   a thread throws or dies    → back into the queue; the last time, failed with the reason
 *   it is withdrawn            → stopped within a second, and forgotten
 *   this process is killed     → its heartbeat stops, and another process (or the next one here) takes over
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { saveRadar } from '#db/board/inbox.ts';
import { closeDb } from '#db/engine/client.ts';
import { reportAlive, reportGone } from '#db/queue/processes.ts';
import { type RescoreData, type ScoreContext, workScores } from '#db/queue/queue.ts';
import { failImport, finishImport, startImport } from '#db/rescore/ground-truth.ts';
import {
  failRescoreItem,
  handRescoreBack,
  isRescoring,
  problemsInWords,
  saveRescore,
  saveScore,
  startRescoreItem,
  sweepRescores,
} from '#db/rescore/rescore.ts';
import type { GroundTruthImport, Progress } from '#db/schema.ts';
import {
  failSubmission,
  handBack,
  isScoring,
  rejectSubmission,
  returnToQueue,
  type ScoringInput,
  saveProgress,
  startScoring,
} from '#db/submissions/submissions.ts';
import { sweepQueue } from '#db/submissions/sweep.ts';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { type AnyReport, withDatasets, withoutGroundTruth } from '#lib/scoring/report.ts';
import { storage } from '#lib/storage.ts';
import { errorFields, log } from '#workers/log.ts';
import { startMailer } from '#workers/mail.ts';
import type { ImportJob, ImportOutcome } from './import-task.ts';
import type { ScoreJob, ScoreOutcome } from './task.ts';

export interface WorkerProcess {
  /** Takes no more jobs; the one at hand is finished, or handed back when it takes too long. */
  stop(): Promise<void>;
}

/** A job that has not ended by then is handed back: a restart should not wait for a long one. */
const STOP_MILLISECONDS = 8_000;
const PROGRESS_MILLISECONDS = 250;
/** A sign of life; who was silent for long is taken for gone (`SILENT_SECONDS`). */
const ALIVE_MILLISECONDS = 5_000;
const SWEEP_MILLISECONDS = 15_000;
/** How often a running score is asked whether it is still wanted: who withdraws should see it end within a second. */
const WANTED_MILLISECONDS = 400;

/** What threads run for ground truth that was sent in. */
const IMPORT = fileURLToPath(new URL('./import-task.ts', import.meta.url));

export async function startWorker(options: {
  url: string;
  threads?: number /** the file of the thread's handler */;
  handler?: string;
}): Promise<WorkerProcess> {
  const threads = options.threads ?? availableParallelism();
  const pool = new Piscina<ScoreJob, ScoreOutcome<AnyReport>>({
    filename: options.handler ?? fileURLToPath(new URL('./task.ts', import.meta.url)),
    // one thread leads a job and deals its work out to helpers of its own; it stays warm and keeps the ground truth
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  const stopping = new AbortController();

  async function score(id: string, context: ScoreContext): Promise<void> {
    const input = await startScoring(id, context.attempt);
    if (!input) return log('nothing-to-score', { submission: id });
    const started = performance.now();
    const fields = { submission: id, task: input.submission.task, attempt: context.attempt };
    log('scoring', fields);
    const progress = followProgress(id);
    const unwanted = new AbortController();
    const watch = setInterval(async () => {
      const wanted = await isScoring(id).catch(() => true); // a database that does not answer is no reason to stop
      if (!wanted) unwanted.abort();
    }, WANTED_MILLISECONDS);
    try {
      const signal = AbortSignal.any([context.signal, stopping.signal, unwanted.signal]);
      const outcome = await pool.run(
        { ...(await jobOf(input, progress.port)), threads },
        { transferList: [progress.port], signal },
      );
      await progress.close();
      if (outcome.ok) await saveRadar(id, outcome.exactGroundTruth);
      const result = outcome.ok
        ? await saveScore(input, keptReports(input, outcome.reports))
        : (await rejectSubmission(id, outcome.problems, outcome.warnings))
          ? 'rejected'
          : 'too-late';
      log(result, { ...fields, milliseconds: Math.round(performance.now() - started) });
    } catch (error) {
      await progress.close();
      if (unwanted.signal.aborted) return log('cancelled', fields);
      if (stopping.signal.aborted) {
        await handBack(id);
        return log('handed-back', fields);
      }
      const reason = inWords(error);
      log('attempt-failed', { ...fields, reason, ...errorFields(error) });
      if (!context.lastAttempt) await returnToQueue(id, reason);
      throw new Error(reason, { cause: error });
    } finally {
      clearInterval(watch);
    }
  }

  /** The same for a score that is there already: nothing of the submission changes until the board switches. */
  async function rescore({ rescoreId, submissionId }: RescoreData, context: ScoreContext): Promise<void> {
    const fields = { rescore: rescoreId, submission: submissionId, attempt: context.attempt };
    const input = await startRescoreItem(rescoreId, submissionId);
    if (!input) return log('nothing-to-rescore', fields);
    const started = performance.now();
    log('rescoring', fields);
    const unwanted = new AbortController();
    const watch = setInterval(async () => {
      const wanted = await isRescoring(rescoreId, submissionId).catch(() => true);
      if (!wanted) unwanted.abort();
    }, WANTED_MILLISECONDS);
    try {
      const signal = AbortSignal.any([context.signal, stopping.signal, unwanted.signal]);
      const outcome = await pool.run({ ...(await jobOf(input)), threads }, { signal });
      const saved = outcome.ok
        ? await saveRescore(rescoreId, submissionId, keptReports(input, outcome.reports))
        : await failRescoreItem(rescoreId, submissionId, problemsInWords(outcome.problems));
      const result = !saved ? 'too-late' : outcome.ok ? 'rescored' : 'rescore-rejected';
      log(result, { ...fields, milliseconds: Math.round(performance.now() - started) });
    } catch (error) {
      if (unwanted.signal.aborted) return log('cancelled', fields);
      if (stopping.signal.aborted) {
        await handRescoreBack(rescoreId, submissionId);
        return log('handed-back', fields);
      }
      const reason = inWords(error);
      log('attempt-failed', { ...fields, reason, ...errorFields(error) });
      throw new Error(reason, { cause: error });
    } finally {
      clearInterval(watch);
    }
  }

  /** Ground truth that a maintainer sent in. Wrong files are told, and gone. */
  async function importGroundTruth(id: string, context: ScoreContext): Promise<void> {
    const found = await startImport(id);
    if (!found) return log('nothing-to-import', { import: id });
    const fields = { import: id, name: found.name, attempt: context.attempt };
    log('importing', fields);
    const data = env().LIVECELL_DATA;
    const folder = await mkdtemp(join(data, 'import-')); // on the storage's own disk, so that moving there is renaming
    try {
      const packed = join(folder, 'packed');
      const files = await Promise.all(
        found.files.map(async ({ slot, storageKey }) => ({ slot, path: await storage().localPath(storageKey) })),
      );
      const job: ImportJob = { task: found.task, files, packed };
      const outcome = (await pool.run(job as never, {
        filename: IMPORT,
        signal: context.signal,
      })) as never as ImportOutcome;
      let done = false;
      if (outcome.ok) {
        const packKey = `datasets/${id}`; // the same where it is done twice
        await storage().adopt(packKey, packed);
        done = await finishImport(id, { ...outcome.facts, packKey, warnings: outcome.warnings }).catch(
          async (error) => {
            if (!(error instanceof AppError) || error.status >= 500) throw error;
            await failImport(id, { failure: error.message });
            await storage().delete(packKey);
            return false;
          },
        );
      } else await failImport(id, outcome);
      await forgetFiles(found);
      log(done ? 'imported' : 'import-refused', fields);
    } catch (error) {
      const reason = inWords(error);
      log('attempt-failed', { ...fields, reason, ...errorFields(error) });
      throw new Error(reason, { cause: error });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function forgetFiles({ files }: GroundTruthImport): Promise<void> {
    for (const { storageKey } of files) await storage().delete(storageKey);
  }

  const worker = await workScores(
    {
      score,
      rescore,
      importGroundTruth,
      exhausted: {
        async score(id, reason) {
          if (await failSubmission(id, reason)) log('failed', { submission: id, reason });
        },
        async rescore({ rescoreId, submissionId }, reason) {
          if (await failRescoreItem(rescoreId, submissionId, reason))
            log('rescore-failed', { rescore: rescoreId, submission: submissionId, reason });
        },
        async importGroundTruth(id, reason) {
          const failed = await failImport(id, { failure: reason.replace(/^Scoring failed: /, '') });
          if (!failed) return;
          await forgetFiles(failed);
          log('import-failed', { import: id, reason });
        },
      },
    },
    { url: options.url, onError: (error) => log('queue-error', errorFields(error)) },
  );
  const processId = randomUUID();
  const chores = [
    every(ALIVE_MILLISECONDS, 'sign-of-life-failed', () => reportAlive(processId, threads)),
    every(SWEEP_MILLISECONDS, 'sweep-failed', async () => {
      for (const { submissionId, action } of await sweepQueue()) log('swept', { submission: submissionId, action });
      await sweepRescores();
    }),
  ];
  const { SMTP_URL, MAIL_FROM } = env();
  const mailer = SMTP_URL && MAIL_FROM ? startMailer({ url: SMTP_URL, from: MAIL_FROM }) : null;
  log('worker-ready', { pid: process.pid, threads });

  return {
    async stop() {
      const timer = setTimeout(() => stopping.abort(), STOP_MILLISECONDS);
      await worker.stop({ waitMilliseconds: 2 * STOP_MILLISECONDS });
      clearTimeout(timer);
      await mailer?.stop();
      await Promise.all(chores.map((stop) => stop()));
      await reportGone(processId).catch(() => undefined); // its silence will say it
      await pool.destroy();
      await closeDb();
    },
  };
}

/** Does something now and again and again, never twice at once; what it returns stops it and waits for its end. */
function every(milliseconds: number, failed: string, chore: () => Promise<unknown>): () => Promise<void> {
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

export async function jobOf(
  { submission, dataset, datasets = [], files }: ScoringInput,
  port?: ScoreJob['port'],
): Promise<ScoreJob> {
  const sources = datasets.map(async ({ name, packKey }) => ({
    slot: name,
    groundTruth: await storage().localPath(packKey),
  }));
  const sets = await Promise.all(sources);
  const local = files.map(async ({ slot, sha256, storageKey, fileName, scoreThreshold }) => ({
    slot,
    sha256,
    name: fileName,
    scoreThreshold: scoreThreshold ?? undefined,
    path: await storage().localPath(storageKey),
    ...(sets.find((own) => own.slot === slot) ?? (sets.length > 0 && { datasets: sets })),
  }));
  return {
    task: submission.task,
    groundTruth: { path: await storage().localPath(dataset.packKey) },
    files: await Promise.all(local),
    anyCategory: submission.anyCategory,
    protocols: [...PROTOCOL_IDS],
    port,
  };
}

/** Reports as they are kept: with the data sets they are of, and without ground truth that is not public. */
export function keptReports({ dataset, datasets = [] }: ScoringInput, reports: readonly AnyReport[]): AnyReport[] {
  return reports.map((report) => {
    const named = withDatasets(report, datasets);
    return dataset.public ? named : withoutGroundTruth(named);
  });
}

/** Saves what a thread says about its progress, at most four times a second, and never two at once. */
function followProgress(submissionId: string) {
  const { port1, port2 } = new MessageChannel();
  let latest: Progress | null = null;
  let saving = false;
  let closed = false;

  async function save(): Promise<void> {
    saving = true;
    while (latest && !closed) {
      const progress = latest;
      latest = null;
      // progress is news, not a result: if it cannot be saved, scoring goes on
      await saveProgress(submissionId, progress).catch((error) => log('progress-not-saved', errorFields(error)));
      await new Promise((resolve) => setTimeout(resolve, PROGRESS_MILLISECONDS));
    }
    saving = false;
  }

  port1.on('message', (progress: Progress) => {
    latest = progress;
    if (!saving) void save();
  });
  return {
    port: port2,
    async close() {
      closed = true;
      port1.close();
    },
  };
}

/** What happened to a thread, for people. */
function inWords(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return 'Scoring ran out of memory.';
  if (message === 'Worker stopped unexpectedly') return 'A scoring thread ended unexpectedly.';
  return `Scoring failed: ${message ?? String(error)}`;
}

/** What `npm start` and `livecell worker` run: until SIGTERM, SIGINT, or the end of the process that started it. */
export async function runWorker(options: { handler?: string } = {}): Promise<void> {
  const { DATABASE_URL: url, LIVECELL_THREADS: threads } = env();
  if (!url) throw new Error('a scoring process needs DATABASE_URL');
  const told = new Promise<void>((resolve) => {
    process.on('SIGTERM', () => resolve());
    process.on('SIGINT', () => resolve());
  });
  const worker = await startWorker({ url, threads, ...options });
  await told;
  await worker.stop();
  log('worker-stopped', { pid: process.pid });
}

if (import.meta.main) {
  await runWorker();
  process.exit(); // whatever a library still keeps open
}
