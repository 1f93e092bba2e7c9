/** Stops senders of too many requests. The numbers are in `lib/http/limits.ts`. */
import { countRequest } from '#db/limits.ts';
import { AppError } from '#lib/errors.ts';
import { clientAddress, senderOf } from '#lib/http/client-address.ts';
import { allowanceHeaders, explainLimit, type LimitName, RATE_LIMITS } from '#lib/http/limits.ts';
import { problemPage } from '#lib/http/problem-page.ts';
import type { Viewer } from '#lib/permissions.ts';

/** A limit is reached. The headers say when to return. */
export class LimitReached extends AppError {
  readonly headers: readonly [string, string][];

  constructor(message: string, headers: readonly [string, string][]) {
    super('too-many', message);
    this.headers = headers;
  }
}

/**
 * Count one request of a person, or of an address where nobody is signed in or the limit is one per address.
 *
 * @returns headers that say what is left; none where nothing is counted
 * @throws LimitReached
 */
export async function countUse(name: LimitName, headers: Headers, viewer: Viewer): Promise<[string, string][]> {
  const { per } = RATE_LIMITS[name];
  const address = clientAddress(headers);
  const sender = per !== 'address' && viewer ? viewer.id : address && senderOf(address);
  // no sender: a page that the front renders once for all strangers
  const allowance = sender ? await countRequest(name, sender) : null;
  if (!allowance) return [];
  if (allowance.allowed) return allowanceHeaders(allowance);
  throw new LimitReached(explainLimit(allowance), allowanceHeaders(allowance));
}

/** Answer people, whose browser asks for a page, with one; null for programs and for other errors. */
export function limitPage(error: unknown, { headers }: Request): Response | null {
  if (!(error instanceof LimitReached) || !headers.get('accept')?.includes('text/html')) return null;
  return new Response(problemPage({ title: 'Too many requests', detail: error.message }), {
    status: error.status,
    headers: [...error.headers, ['content-type', 'text/html; charset=utf-8'], ['cache-control', 'no-store']],
  });
}
