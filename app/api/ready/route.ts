import { sql } from 'drizzle-orm';
import { mayMonitor } from '#app/_server/monitoring.ts';
import { db } from '#db/engine/client.ts';
import { getScoringProcesses } from '#db/queue/processes.ts';
import { queueSnapshot } from '#db/queue/queue.ts';
import { log } from '#lib/log.ts';
import { storage } from '#lib/storage.ts';

export const dynamic = 'force-dynamic';

const CHECKS: Record<string, () => Promise<unknown>> = {
  database: () => db().execute(sql`select 1`),
  queue: () => queueSnapshot(),
  // cheap: strangers' requests must not make the disk work
  storage: () => storage().check(),
};

/**
 * Answer 200 if everything a request may need can be reached, else 503 with what cannot. Requests need no scoring
 * process, so a silent one is reported but does not change the status.
 */
export async function GET(request: Request): Promise<Response> {
  const checked = Promise.all(
    Object.entries(CHECKS).map(async ([name, check]) => {
      try {
        await within(3000, check());
        return [name, 'ok'] as const;
      } catch (error) {
        log.error('not-ready', error, { check: name });
        return [name, 'unreachable'] as const;
      }
    }),
  );
  const scored = within(3000, getScoringProcesses()).then(
    ({ alive }) => (alive > 0 ? 'ok' : 'no process reports'),
    () => 'unreachable',
  );
  const [results, scoring] = await Promise.all([checked, scored]);
  const ready = results.every(([, state]) => state === 'ok');
  const details = mayMonitor(request.headers) ? { ...Object.fromEntries(results), scoring } : {};
  return Response.json(
    { status: ready ? 'ready' : 'not ready', ...details },
    { status: ready ? 200 : 503, headers: { 'cache-control': 'no-store' } },
  );
}

/** Settle with `work`, or fail after a time: a database that hangs never answers. */
function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds).unref();
    }),
  ]);
}
