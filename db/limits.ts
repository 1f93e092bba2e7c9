/**
 * Counts requests per sender in the database, shared by all processes. The table holds digests of persons and
 * addresses, never an address. While the database does not answer, each process counts in its own memory: readers are
 * not turned away, and nobody gets more than a window's requests from each process.
 */
import { createHmac } from 'node:crypto';
import { lt } from 'drizzle-orm';
import { RateLimiterDrizzle, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { db, type Tx } from '#db/engine/client.ts';
import { rateLimits } from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { type Allowance, type LimitName, limitFactor, RATE_LIMITS, requestsOf } from '#lib/http/limits.ts';

type Limiter = RateLimiterDrizzle | RateLimiterMemory;

// Next compiles modules more than once in a process: one set of counters for all of them
const shared = globalThis as typeof globalThis & { livecellLimiters?: Map<string, Limiter> };

/** The database as the limiter uses it: always the current one, which tests and restarts replace. */
const store = {
  insert: (...given: Parameters<Tx['insert']>) => db().insert(...given),
  select: () => db().select(),
  delete: (...given: Parameters<Tx['delete']>) => db().delete(...given),
};

/** Count one request of a sender. Returns what is left; null where there are no limits. */
export async function countRequest(name: LimitName, sender: string): Promise<Allowance | null> {
  const { LIVECELL_LIMIT_FACTOR, AUTH_URL, AUTH_SECRET } = env();
  const factor = limitFactor(LIVECELL_LIMIT_FACTOR, AUTH_URL !== undefined);
  if (factor === null) return null;
  const limiter = limiterOf(name, factor);
  const key = createHmac('sha256', AUTH_SECRET ?? '')
    .update(sender)
    .digest('base64url')
    .slice(0, 22);
  try {
    return allowanceOf(name, factor, await limiter.consume(key), true);
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return allowanceOf(name, factor, refused, false);
    throw refused;
  }
}

function limiterOf(name: LimitName, factor: number): Limiter {
  shared.livecellLimiters ??= new Map();
  const id = `${name} ${factor}`;
  const known = shared.livecellLimiters.get(id);
  if (known) return known;
  const { seconds: duration, kept } = RATE_LIMITS[name];
  const points = requestsOf(name, factor);
  const memory = new RateLimiterMemory({ keyPrefix: name, points, duration });
  const limiter =
    kept === 'process'
      ? memory
      : new RateLimiterDrizzle({
          storeClient: store,
          schema: rateLimits,
          keyPrefix: name,
          points,
          duration,
          insuranceLimiter: memory,
          // a sender above the limit costs the database nothing more in this window
          inMemoryBlockOnConsumed: points + 1,
          clearExpiredByTimeout: false, // the scoring process does it: `pruneRateLimits`
        });
  shared.livecellLimiters.set(id, limiter);
  return limiter;
}

function allowanceOf(name: LimitName, factor: number, result: RateLimiterRes, allowed: boolean): Allowance {
  return {
    name,
    requests: requestsOf(name, factor),
    remaining: Math.max(0, result.remainingPoints),
    seconds: Math.max(0, Math.ceil(result.msBeforeNext / 1000)),
    allowed,
  };
}

/** Delete counts whose window has ended. */
export async function pruneRateLimits(tx: Tx = db()): Promise<void> {
  await tx.delete(rateLimits).where(lt(rateLimits.expire, new Date()));
}
