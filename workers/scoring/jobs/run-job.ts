/**
 * What every job of the queue goes through: it is watched while it runs, stopped when nobody wants it any more, handed
 * back when the process stops, and tried again when something breaks.
 */
import type { ScoreContext } from '#db/queue/queue.ts';
import { errorFields, log } from '#workers/log.ts';
import type { Clocks } from '../clocks.ts';
import type { ThreadPool } from '../pool.ts';

/** What a scoring process has for its jobs. */
export interface JobRoom {
  pool: ThreadPool;
  /** threads that one job may use */
  threads: number;
  clocks: Clocks;
  /** aborted when the process stops and can wait no longer */
  stopping: AbortSignal;
}

export interface Work {
  /** the first line of the log about it */
  begin: string;
  /** stands in every line of the log about it */
  fields: Record<string, unknown>;
  /** Computes, saves, and returns the last line of the log. */
  run(signal: AbortSignal): Promise<string>;
  /** Whether the result is still wanted; without it, it always is. */
  isWanted?(): Promise<boolean>;
  /** Gives the job back to the queue when the process stops; without it, the process waits for the end of the job. */
  handBack?(): Promise<unknown>;
  /** Records a failed attempt that another one will follow. */
  recordFailure?(reason: string): Promise<unknown>;
}

/** Run one attempt. @throws Error with the reason in words when the attempt failed: the queue decides what follows */
export async function runJob(room: JobRoom, context: ScoreContext, work: Work): Promise<void> {
  const { isWanted, handBack, fields } = work;
  const started = performance.now();
  log(work.begin, fields);
  const unwanted = new AbortController();
  const watch =
    isWanted &&
    setInterval(async () => {
      const wanted = await isWanted().catch(() => true); // a database that does not answer is no reason to stop
      if (!wanted) unwanted.abort();
    }, room.clocks.wantedMilliseconds);
  try {
    const signals = [context.signal, unwanted.signal, ...(handBack ? [room.stopping] : [])];
    const result = await work.run(AbortSignal.any(signals));
    log(result, { ...fields, milliseconds: Math.round(performance.now() - started) });
  } catch (error) {
    if (unwanted.signal.aborted) return log('cancelled', fields);
    if (handBack && room.stopping.aborted) {
      await handBack();
      return log('handed-back', fields);
    }
    const reason = describeFailure(error);
    log('attempt-failed', { ...fields, reason, ...errorFields(error) });
    if (!context.lastAttempt) await work.recordFailure?.(reason);
    throw new Error(reason, { cause: error });
  } finally {
    clearInterval(watch);
  }
}

/** What happened to a thread, for people. */
function describeFailure(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return 'Scoring ran out of memory.';
  if (message === 'Worker stopped unexpectedly') return 'A scoring thread ended unexpectedly.';
  return `Scoring failed: ${message ?? String(error)}`;
}
