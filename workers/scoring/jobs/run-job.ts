/**
 * Runs any job of the queue: watches it, stops it if it is no longer wanted, returns it to the queue when the process
 * stops, and has it retried after a failure.
 */
import type { ScoreContext } from '#db/queue/queue.ts';
import { errorFields, log } from '#workers/log.ts';
import type { Clocks } from '../clocks.ts';
import type { ThreadPool } from '../pool.ts';

/** Resources that a scoring process provides for its jobs. */
export interface JobRoom {
  pool: ThreadPool;
  /** number of threads that one job may use */
  threads: number;
  clocks: Clocks;
  /** aborted when the process must stop without waiting any longer */
  stopping: AbortSignal;
}

interface Work {
  /** first log line of the job */
  begin: string;
  /** fields of every log line about the job */
  fields: Record<string, unknown>;
  /** Compute and save. @returns the last log line */
  run(signal: AbortSignal): Promise<string>;
  /** Tell whether the result is still wanted; absent: always. */
  isWanted?(): Promise<boolean>;
  /** Return the job to the queue when the process stops; absent: the process waits for the job to end. */
  handBack?(): Promise<unknown>;
  /** Record a failed attempt that will be followed by another. */
  recordFailure?(reason: string): Promise<unknown>;
}

/** Run one attempt. @throws Error with the reason in words if it failed: the queue decides what follows */
export async function runJob(room: JobRoom, context: ScoreContext, work: Work): Promise<void> {
  const { isWanted, handBack, fields } = work;
  const started = performance.now();
  log(work.begin, fields);
  const unwanted = new AbortController();
  const watch =
    isWanted &&
    setInterval(async () => {
      const wanted = await isWanted().catch(() => true); // no reason to stop if the database does not respond
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

/** Describe for people what happened to a thread. */
function describeFailure(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return 'Scoring ran out of memory.';
  if (message === 'Worker stopped unexpectedly') return 'A scoring thread ended unexpectedly.';
  return `Scoring failed: ${message ?? String(error)}`;
}
