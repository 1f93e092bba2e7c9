import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { db } from '#db/engine/client.ts';
import { getScoringProcesses } from '#db/queue/processes.ts';
import { queueSnapshot } from '#db/queue/queue.ts';
import { storage } from '#lib/storage.ts';

export const dynamic = 'force-dynamic';

const CHECKS: Record<string, () => Promise<unknown>> = {
  database: () => db().execute(sql`select 1`),
  queue: () => queueSnapshot(),
  async storage() {
    const key = `ready/${randomUUID()}`;
    await storage().put(key, new Blob(['ready']).stream());
    await storage().delete(key);
  },
};

/**
 * 200 when everything a request may need can be reached, else 503 and which cannot. Requests need no scoring process,
 * so one that is silent is said and changes nothing.
 */
export async function GET(): Promise<Response> {
  const checked = Promise.all(
    Object.entries(CHECKS).map(async ([name, check]) => {
      try {
        await within(3000, check());
        return [name, 'ok'] as const;
      } catch (error) {
        console.error(`not ready: ${name}`, error);
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
  return Response.json(
    { status: ready ? 'ready' : 'not ready', ...Object.fromEntries(results), scoring },
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
