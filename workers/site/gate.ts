/**
 * What the front refuses before anybody reads it: requests above the limit of their sender, and bodies that no handler
 * would take. Nothing here asks the database.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { bytes as inUnits } from '#lib/format.ts';
import { senderOf } from '#lib/http/client-address.ts';
import { type Allowance, allowanceHeaders, explainLimit, RATE_LIMITS, requestsOf } from '#lib/http/limits.ts';
import { problemPage } from '#lib/http/problem-page.ts';

/** Bytes of a body outside uploads: a form, or JSON written by hand. */
export const MOST_BODY_BYTES = 256 * 1024;
/** Bodies received at once, each of at most `MOST_BODY_BYTES`. */
export const MOST_BODIES = { sender: 32, process: 256 } as const;
/** How long a body may take to arrive, in milliseconds. */
export const BODY_TIME = 30_000;
/** The only address that takes more; it writes to the disk as it reads. */
const UPLOADS = /^\/api\/uploads(\/|\?|$)/;
/** Files of the build, many to a page. */
const STATIC = /^\/(_next\/static\/|icon\.svg)/;

/** Counts the requests of each address in this process's memory. */
export class Visits {
  readonly #limiter: RateLimiterMemory | null;
  readonly #requests: number;

  /** @param factor of all limits; null: no limits */
  constructor(factor: number | null) {
    this.#requests = factor === null ? 0 : requestsOf('visits', factor);
    this.#limiter =
      factor === null ? null : new RateLimiterMemory({ points: this.#requests, duration: RATE_LIMITS.visits.seconds });
  }

  /** Count one request. Returns what is left; null where nothing is counted. */
  async count(url: string, address: string): Promise<Allowance | null> {
    if (!this.#limiter || STATIC.test(url)) return null;
    try {
      return this.#allowance(await this.#limiter.consume(senderOf(address)), true);
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return this.#allowance(refused, false);
      throw refused;
    }
  }

  #allowance({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): Allowance {
    return {
      name: 'visits',
      requests: this.#requests,
      remaining: Math.max(0, remainingPoints),
      seconds: Math.ceil(msBeforeNext / 1000),
      allowed,
    };
  }
}

/** Answer a request that is one too many. */
export function refuseVisit(request: IncomingMessage, response: ServerResponse, allowance: Allowance): void {
  const detail = explainLimit(allowance);
  sendProblem(request, response, { status: 429, title: 'Too many requests', detail, code: 'too-many' }, [
    ...allowanceHeaders(allowance),
  ]);
}

/**
 * Bodies that are being received: few for each sender and for the process, so that their memory is bounded, and each for
 * a short time. Uploads are not among them, because they go to the disk as they arrive.
 */
export class Bodies {
  readonly #open = new Map<string, number>();
  #all = 0;

  /** Bodies that are being received now. */
  get open(): number {
    return this.#all;
  }

  /**
   * Refuse a body that is announced as too large, whose size is not announced, or that is one too many, before a byte of
   * it is read; close the connection of one that does not arrive in time.
   *
   * @returns whether the request was refused
   */
  refuse(request: IncomingMessage, response: ServerResponse, address: string): boolean {
    if (UPLOADS.test(request.url ?? '/')) return false;
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    const close: [string, string][] = [['connection', 'close']]; // the body is not waited for
    if (encoding !== undefined) {
      const detail = 'Announce the size of the body in Content-Length. Only uploads may do without.';
      sendProblem(request, response, { status: 411, title: 'The size is missing', detail, code: 'invalid' }, close);
      return true;
    }
    const bytes = Number(length ?? 0);
    if (bytes > MOST_BODY_BYTES) {
      const detail = `The body of this request is larger than ${inUnits(MOST_BODY_BYTES)}. Files are sent to /api/uploads.`;
      sendProblem(request, response, { status: 413, title: 'Too large', detail, code: 'too-large' }, close);
      return true;
    }
    if (bytes === 0) return false;
    const sender = senderOf(address);
    const own = this.#open.get(sender) ?? 0;
    if (own >= MOST_BODIES.sender || this.#all >= MOST_BODIES.process) {
      const detail = 'Too many requests are being received at once. Send them one after another.';
      const headers: [string, string][] = [...close, ['retry-after', '1']];
      sendProblem(request, response, { status: 429, title: 'Too many requests', detail, code: 'too-many' }, headers);
      return true;
    }
    this.#all++;
    this.#open.set(sender, own + 1);
    const late = setTimeout(() => {
      if (!request.complete) request.destroy();
    }, BODY_TIME);
    response.once('close', () => {
      clearTimeout(late);
      this.#all--;
      const left = (this.#open.get(sender) ?? 1) - 1;
      if (left > 0) this.#open.set(sender, left);
      else this.#open.delete(sender);
    });
    return false;
  }
}

interface ProblemText {
  status: number;
  title: string;
  detail: string;
  code: string;
}

/** Answer in JSON for programs and with a page for people. */
function sendProblem(
  { url = '/', headers }: IncomingMessage,
  response: ServerResponse,
  problem: ProblemText,
  extra: readonly [string, string][],
): void {
  const forPeople = !url.startsWith('/api/') && String(headers.accept ?? '').includes('text/html');
  response.writeHead(problem.status, {
    ...Object.fromEntries(extra),
    'content-type': forPeople ? 'text/html; charset=utf-8' : 'application/problem+json',
    'cache-control': 'no-store',
  });
  response.end(forPeople ? problemPage(problem) : JSON.stringify(problem));
}
