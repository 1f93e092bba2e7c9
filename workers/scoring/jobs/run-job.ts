/**
 * Runs any job of the queue: watches it, stops it if it is no longer wanted, returns it to the queue when the process
 * stops, and has it retried after a failure.
 */
import { NotHere, type ScoreContext } from '#db/queue/queue.ts';
import { type Fields, log, withLogContext } from '#lib/log.ts';
import { metrics } from '#lib/metrics.ts';
import { withSpan } from '#lib/tracing.ts';
import type { Clocks } from '../clocks.ts';
import { ScoringEnded, type ScoringPool } from '../pool.ts';

/** Resources that a scoring process provides for its jobs. */
export interface JobRoom {
  pool: ScoringPool;
  /** number of threads that one job may use */
  threads: number;
  clocks: Clocks;
  /** aborted when the process must stop without waiting any longer */
  stopping: AbortSignal;
}

interface Work {
  kind: 'score' | 'rescore' | 'import' | 'details' | 'label-errors';
  /** first log line of the job */
  begin: string;
  /** fields of every log line about the job */
  fields: Fields & { submission?: string };
  /** Compute and save. @returns the last log line */
  run(signal: AbortSignal): Promise<string>;
  /** Tell whether the result is still wanted; absent: always. */
  isWanted?(): Promise<boolean>;
  /** Return the job to the queue when the process stops; absent: the process waits for the job to end. */
  handBack?(): Promise<unknown>;
  /** Record a failed attempt that will be followed by another. */
  recordFault?(reason: string): Promise<unknown>;
}

/** Run one attempt. @throws Error with the reason in words if it failed: the queue decides what follows */
export async function runJob(room: JobRoom, context: ScoreContext, work: Work): Promise<void> {
  const { kind, fields } = work;
  const { attempt, waitedSeconds, origin } = context;
  if (attempt === 1) metrics().jobWaitSeconds.observe({ kind }, waitedSeconds);
  const attributes = { 'livecell.kind': kind, 'livecell.attempt': attempt, 'livecell.waited_seconds': waitedSeconds };
  const { submission } = fields;
  // lines and spans belong to the request that sent the job
  await withLogContext({ request: origin?.request, submission }, () =>
    withSpan(`job ${kind}`, { parent: origin?.traceparent, attributes }, () => attemptJob(room, context, work)),
  );
}

async function attemptJob(room: JobRoom, context: ScoreContext, work: Work): Promise<void> {
  const { kind, isWanted, handBack, fields } = work;
  const started = performance.now();
  const end = (result: string) => {
    const seconds = (performance.now() - started) / 1000;
    metrics().jobs.inc({ kind, result });
    metrics().jobSeconds.observe({ kind }, seconds);
    log.info(result, { ...fields, milliseconds: Math.round(seconds * 1000) });
  };
  log.info(work.begin, fields);
  const unwanted = new AbortController();
  const watch =
    isWanted &&
    setInterval(async () => {
      const wanted = await isWanted().catch(() => true); // no reason to stop if the database does not respond
      if (!wanted) unwanted.abort();
    }, room.clocks.wantedMilliseconds);
  try {
    const signals = [context.signal, unwanted.signal, ...(handBack ? [room.stopping] : [])];
    end(await work.run(AbortSignal.any(signals)));
  } catch (error) {
    if (unwanted.signal.aborted) return end('cancelled');
    if (handBack && room.stopping.aborted) {
      await handBack();
      return end('handed-back');
    }
    if (error instanceof NotHere) {
      metrics().jobs.inc({ kind, result: 'not-here' });
      log.error('not-here', error, fields);
      throw error; // no attempt: another process may be able to
    }
    const reason = describeFailure(error);
    metrics().jobs.inc({ kind, result: 'attempt-failed' });
    log.error('attempt-failed', error, fields);
    if (!context.lastAttempt)
      // without a database, the sweep puts it back later
      await work.recordFault?.(reason)?.catch((error) => log.error('fault-not-recorded', error, fields));
    throw new Error(reason, { cause: error });
  } finally {
    clearInterval(watch);
  }
}

/** Describe for people what happened, without paths, statements or addresses of this machine. */
export function describeFailure(error: unknown): string {
  if (error instanceof ScoringEnded) return error.message;
  const { code, message, name } = error as { code?: string; message?: string; name?: string };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return 'Scoring ran out of memory.';
  if (message === 'Worker stopped unexpectedly') return 'A scoring thread ended unexpectedly.';
  if (name === 'PostgresError' || name === 'DrizzleQueryError' || code?.startsWith('CONNECT'))
    return 'Scoring failed: the database did not answer as it should.';
  if (code && /^E[A-Z]+$/.test(code)) return `Scoring failed: a file could not be read or written here (${code}).`;
  const text = (message ?? String(error)).replace(/(?<![\w.])(?:[A-Za-z]:)?[/\\][\w.@+-]+(?:[/\\][\w.@+-]+)+/g, '…');
  return `Scoring failed: ${text}`;
}
