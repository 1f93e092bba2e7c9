/**
 * The front of the web process: strangers get pages from memory, everybody else from Next.
 *
 *   request ─▶ public and without a session? ─┬ no ──▶ Next
 *                                             └ yes ─▶ cache ─┬ current ──▶ send (or 304)
 *                                                             └ otherwise ▶ Next renders once for all waiting ─▶ store, send
 *
 * A response is current while no transaction has changed what strangers see (`db/board/public-version.ts`). While the
 * database does not respond, the front sends what the cache holds.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import inject, { type Response as Injected } from 'light-my-request';
import { type Client, clientOf, setClientHeaders } from '#lib/http/client-address.ts';
import { allowanceHeaders } from '#lib/http/limits.ts';
import {
  type CacheableRequest,
  type CachedAnswer,
  chooseEncoding,
  hasEtag,
  headersForRendering,
  keyOf,
  PageCache,
} from '#lib/http/page-cache.ts';
import { problemPage } from '#lib/http/problem-page.ts';
import { contentSecurityPolicy, inlineScripts, securityHeaders } from '#lib/http/security-headers.ts';
import { log, requestIdOf, withLogContext } from '#lib/log.ts';
import { Bodies, refuseVisit, Visits } from './gate.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

/** Maximum bytes of all cached responses together. */
const MOST_BYTES = 64 * 1024 * 1024;
/** How long a version is trusted after reading it, in milliseconds: under load, one query serves all readers. */
const VERSION_LASTS = 20;
/** How long a reader waits for the database's version, and how long the database is not asked again after a failure. */
const VERSION_WAIT = 250;
const VERSION_RETRY = 1000;
/** After this time a response is rendered again in the background: dates pass without a transaction. */
const ANSWER_LASTS = 60_000;
/** An older answer is not sent while the database answers: changes are recorded for an hour (`prunePublicChanges`). */
const ANSWER_EXPIRES = 30 * 60_000;
/**
 * How long a page may wait for a database that has been silent for a while. A busy one is slow, and not silent. With the
 * questions to the database before and after, a busy machine still answers within five seconds.
 */
const HANGING_AFTER = 3500;
const HANGING_SILENCE = 2500;
/** Interval between questions whether the database still answers. */
const HANGING_CHECK = 1000;
/** After this time a page is given up even if the database answers: one of its statements waits for a lock. */
const TOO_LONG = 30_000;
/** How long a response is sent whose subject changes without a transaction, and which addresses have such responses. */
const SHORT_LIFE = 10_000;
const SHORT_LIVED = /^\/status(\?|$)/;
/** Addresses that may legitimately take long, or need no database. */
const PATIENT = /^\/(api\/uploads|api\/health|_next)(\/|$)|\/events(\?|$)/;

interface FrontOptions {
  /** renders pages: Next */
  handle: Handler;
  /** `readPublicVersion` of the site's database */
  readVersion: () => Promise<string>;
  /** the site's public address; null: as named in each request, which only a site on loopback may use */
  origin: string | null;
  /** addresses that the sign-in form may lead to */
  formTargets: readonly string[];
  /** addresses and networks of proxies whose forwarded headers count */
  trustedProxies?: readonly string[];
  /** of all limits on requests; null: there are none */
  limitFactor?: number | null;
  /** counts and logs requests */
  observer?: RequestObserver;
}

/** What the cache did for a request. */
export type CacheResult = 'hit' | 'old' | 'rendered' | 'passed';

/** A request as logs, metrics and traces see it. */
export interface Observed {
  /** also sent as `X-Request-Id` */
  id: string;
  cache: CacheResult;
  /** bytes of all cached pages */
  cacheBytes: number;
}

export interface RequestObserver {
  /** Watch a request to its end. Called once for each, before anything is sent. */
  watch(request: IncomingMessage, response: ServerResponse, observed: Observed): void;
  /** Run what answers the request, as Next sees it. */
  trace(request: IncomingMessage, observed: Observed, run: () => Promise<void>): Promise<void>;
}

/** Decides what is sent from the cache, and adds the security headers to every response. */
export class Front {
  readonly #handle: Handler;
  readonly #cache = new PageCache(MOST_BYTES);
  readonly #version: PublicVersion;
  /** renderings in progress: all requests for the same page wait for one */
  readonly #rendering = new Map<string, { answer: Promise<CachedAnswer | null>; began: number }>();
  readonly #origin: string | null;
  readonly #security: [name: string, value: string][];
  readonly #formTargets: readonly string[];
  readonly #trustedProxies: readonly string[];
  readonly #visits: Visits;
  readonly #observer: RequestObserver | undefined;
  readonly #bodies = new Bodies();
  #warned = false;
  #draining = false;

  constructor(options: FrontOptions) {
    const { handle, readVersion, origin, formTargets, trustedProxies = [], limitFactor = null, observer } = options;
    this.#handle = handle;
    this.#version = new PublicVersion(readVersion);
    this.#origin = origin;
    this.#security = securityHeaders(origin?.startsWith('https:') ?? false);
    this.#formTargets = formTargets;
    this.#trustedProxies = trustedProxies;
    this.#visits = new Visits(limitFactor);
    this.#observer = observer;
  }

  /** Make `/api/ready` report that the process is stopping, so that a load balancer sends new readers elsewhere. */
  drain(): void {
    this.#draining = true;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = requestIdOf(request.headers['x-request-id']);
    const observed: Observed = { id, cache: 'passed', cacheBytes: this.#cache.bytes };
    this.#observer?.watch(request, response, observed);
    await withLogContext({ request: id }, () => this.#answer(request, response, observed));
  }

  async #answer(request: IncomingMessage, response: ServerResponse, observed: Observed): Promise<void> {
    // refusals have them, too
    for (const [name, value] of this.#security) response.setHeader(name, value);
    try {
      if (this.#draining && request.url === '/api/ready') {
        response.writeHead(503, {
          'content-type': 'application/json',
          'cache-control': 'no-store',
          'x-request-id': observed.id,
        });
        response.end('{"status":"stopping"}');
        return;
      }
      if (!isAddress(request.url ?? '/')) {
        response.writeHead(400, {
          'content-type': 'text/plain',
          'cache-control': 'no-store',
          'x-request-id': observed.id,
        });
        response.end('This address is not valid.\n');
        return;
      }
      const { address } = this.#identify(request);
      const visit = await this.#visits.count(request.url ?? '/', address);
      if (visit && !visit.allowed) {
        response.setHeader('x-request-id', observed.id);
        refuseVisit(request, response, visit);
        return;
      }
      // programs are told what is left; a handler with a limit of its own tells about that one
      if (visit && request.url?.startsWith('/api/'))
        for (const [name, value] of allowanceHeaders(visit)) response.setHeader(name, value);
      if (request.method !== 'GET') response.setHeader('x-request-id', observed.id);
      if (this.#bodies.refuse(request, response, address)) return;
      const origin = this.#origin ?? `http://${request.headers.host ?? 'localhost'}`;
      const key = keyOf(request as CacheableRequest, origin);
      if (key === null) {
        await this.#pass(request, response, observed);
        return;
      }
      // a page about the site's health must not be an old one
      const expires = isShortLived(request.url!) ? SHORT_LIFE : ANSWER_EXPIRES;
      const version = this.#version.known() ?? (await this.#version.read());
      const kept = this.#cache.get(key);
      const current =
        kept !== undefined &&
        ((version === null && expires !== SHORT_LIFE) ||
          (kept.version === version && performance.now() - kept.renderedAt < expires));
      if (current) {
        observed.cache = 'hit';
        this.#send(request, response, kept, observed);
        if (version !== null && performance.now() - kept.renderedAt > ANSWER_LASTS)
          void this.#render(key, request, version);
        return;
      }
      if (version === null && expires === SHORT_LIFE) {
        await this.#pass(request, response, observed);
        return;
      }
      observed.cache = 'rendered';
      const rendered = await this.#unlessHanging(
        this.#render(key, request, version),
        // known to be silent: what needs the database would wait in vain
        version === null ? HANGING_CHECK : HANGING_AFTER,
      );
      const isAnswer = rendered !== null && typeof rendered === 'object';
      if (isAnswer && rendered.status < 500) {
        this.#send(request, response, rendered, observed);
        return;
      }
      const silent = rendered === 'hanging' || (await this.#version.read()) === null;
      // An old answer may show what was hidden since, so it is sent only while the database does not answer.
      if (silent && kept && expires !== SHORT_LIFE) {
        observed.cache = 'old';
        this.#send(request, response, kept, observed);
      } else if (silent || rendered === 'late') refuseToWait(request, response, observed, silent);
      else if (isAnswer) this.#send(request, response, rendered, observed);
      else await this.#pass(request, response, observed);
    } catch (error) {
      log.error('answer-failed', error);
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain', 'x-request-id': observed.id });
      response.end('The site could not answer this request. Try again in a moment.\n');
    }
  }

  /** Find out who sends the request, and tell Next that instead of what the request says. */
  #identify(request: IncomingMessage): Client {
    const client = clientOf({ peer: request.socket.remoteAddress, headers: request.headers }, this.#trustedProxies);
    if (client.ignored && this.#origin !== null && !this.#warned) {
      this.#warned = true;
      // the address of a proxy, which TRUSTED_PROXIES should name: until then all its visitors count as one
      log.warn('proxy-not-trusted', { proxy: client.address, setting: 'TRUSTED_PROXIES' });
    }
    setClientHeaders(request.headers, client, this.#origin);
    return client;
  }

  /** Let Next respond to one reader, with a nonce for the page's inline scripts. */
  async #pass(request: IncomingMessage, response: ServerResponse, observed: Observed): Promise<void> {
    observed.cache = 'passed';
    response.setHeader('x-request-id', observed.id);
    for (const [name, value] of this.#security) response.setHeader(name, value);
    const nonce = `'nonce-${randomBytes(16).toString('base64')}'`;
    const policy = contentSecurityPolicy({ scripts: [nonce], formTargets: this.#formTargets });
    request.headers['content-security-policy'] = policy; // Next reads the nonce from here
    response.setHeader('content-security-policy', policy);
    const handle = () => this.#handle(request, response);
    const answer = () => this.#observer?.trace(request, observed, handle) ?? handle();
    if (PATIENT.test(request.url ?? '')) {
      await answer();
      return;
    }
    // what is being answered, or was left by its reader, waits for nothing
    const begun = new Promise<void>((resolve) => {
      const settle = () => (response.headersSent || response.destroyed) && resolve();
      const timer = setInterval(settle, HANGING_CHECK / 4);
      response.once('close', () => {
        clearInterval(timer);
        resolve();
      });
    });
    void this.#unlessHanging(begun).then((found) => {
      if (!found || response.headersSent || response.destroyed) return;
      if (found === 'late' && request.method !== 'GET') return; // a change may take its time
      response.on('error', () => {}); // Next will still write its response
      refuseToWait(request, response, observed, found === 'hanging');
    });
    await answer();
  }

  /** Wait for `work`, but only while the database answers, and not for ever. */
  async #unlessHanging<T>(work: Promise<T>, first = HANGING_AFTER): Promise<T | 'hanging' | 'late'> {
    const began = performance.now();
    const settled = work.then((value) => ({ value }));
    for (;;) {
      const done = await Promise.race([settled, after(HANGING_CHECK)]);
      if (done) return done.value;
      void this.#version.read();
      const waited = performance.now() - began;
      if (waited >= first && this.#version.silence() >= HANGING_SILENCE) return 'hanging';
      if (waited > TOO_LONG) return 'late';
    }
  }

  /** Render a response for all strangers; null if Next failed or wants to set a cookie. */
  #render(key: string, request: IncomingMessage, version: string | null): Promise<CachedAnswer | null> {
    // after a change, no request joins a rendering that began before it
    const job = `${version}\n${key}`;
    const current = this.#rendering.get(job);
    // one that got stuck in a connection that died must not keep the page from everybody after it
    if (current && performance.now() - current.began < TOO_LONG) return current.answer;
    const answer = withLogContext({ shared: true }, () => this.#renderNow(key, request, version))
      .catch((error) => {
        log.error('page-not-rendered', error);
        return null;
      })
      .finally(() => {
        if (this.#rendering.get(job)?.answer === answer) this.#rendering.delete(job);
      });
    this.#rendering.set(job, { answer, began: performance.now() });
    return answer;
  }

  async #renderNow(key: string, request: IncomingMessage, version: string | null): Promise<CachedAnswer | null> {
    const renderedAt = performance.now();
    const host = this.#origin ? new URL(this.#origin).host : (request.headers.host ?? 'localhost');
    const headers: Record<string, string> = {
      ...headersForRendering(request as CacheableRequest),
      host,
    };
    if (this.#origin?.startsWith('https:')) headers['x-forwarded-proto'] = 'https';
    const answer = await inject((req, res) => void this.#handle(req as IncomingMessage, res as ServerResponse), {
      method: 'GET',
      url: request.url!,
      headers,
      // rendered for all strangers: no reader's address belongs in a cached page
      remoteAddress: '127.0.0.1',
    });
    if (answer.headers['set-cookie'] !== undefined) return null;
    const body = answer.rawPayload;
    const [br, gz] = await Promise.all([
      compressBrotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
      compressGzip(body, { level: 6 }),
    ]);
    const stored: CachedAnswer = {
      status: answer.statusCode,
      headers: this.#headersOf(answer, body),
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      bodies: { br, gzip: gz, identity: body },
      version: version ?? 'unknown',
      renderedAt,
    };
    // an error may be gone the next time
    if (answer.statusCode < 500) this.#cache.set(key, stored);
    return stored;
  }

  #headersOf({ statusCode, headers: given }: Injected, body: Buffer): [string, string][] {
    const headers: [string, string][] = [];
    for (const name of [
      'content-type',
      'content-disposition',
      'location',
      'link',
      'x-nextjs-stale-time',
      'x-robots-tag',
    ])
      if (given[name] !== undefined) headers.push([name, String(given[name])]);
    const varies = ['Accept-Encoding', 'Cookie', 'Authorization', ...String(given.vary ?? '').split(/,\s*/)];
    headers.push([
      'vary',
      [...new Map(varies.filter(Boolean).map((name) => [name.toLowerCase(), name])).values()].join(', '),
    ]);
    // browsers may show their own copy while they check whether it is current
    // an address that names a version never changes what it sends
    const kept = String(given['cache-control'] ?? '').includes('immutable') ? String(given['cache-control']) : null;
    const fresh = kept ?? 'public, max-age=0, stale-while-revalidate=30';
    headers.push(['cache-control', statusCode === 200 ? fresh : 'no-store']);
    const isPage = String(given['content-type']).startsWith('text/html');
    const hashes = isPage
      ? inlineScripts(body.toString('utf8')).map(
          (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
        )
      : [];
    headers.push([
      'content-security-policy',
      contentSecurityPolicy({ scripts: [...new Set(hashes)], formTargets: this.#formTargets }),
    ]);
    return [...headers, ...this.#security];
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: CachedAnswer, { id }: Observed): void {
    const encoding = chooseEncoding(request.headers['accept-encoding'] as string | undefined);
    // RFC 9110: another encoding is another representation
    const etag = encoding === 'identity' ? answer.etag : `${answer.etag.slice(0, -1)}-${encoding}"`;
    const matched = request.headers['if-none-match'];
    const headers: string[] = ['etag', etag, 'x-request-id', id];
    for (const [name, value] of answer.headers) headers.push(name, value);
    if (answer.status === 200 && hasEtag(matched, etag)) {
      response.writeHead(304, headers);
      response.end();
      return;
    }
    const body = answer.bodies[encoding];
    if (encoding !== 'identity') headers.push('content-encoding', encoding);
    headers.push('content-length', String(body.length));
    response.writeHead(answer.status, headers);
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}

/** Respond with 503 and words: the page would have to wait for the database, or for somebody who holds a lock in it. */
function refuseToWait(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  { id }: Observed,
  databaseIsSilent: boolean,
): void {
  const title = databaseIsSilent ? 'The database does not answer' : 'This page takes too long';
  const detail = 'Nothing is lost. Try again in a few seconds; pages that were shown lately can still be read.';
  const html = String(headers.accept ?? '').includes('text/html');
  response.writeHead(503, {
    'content-type': html ? 'text/html; charset=utf-8' : 'application/problem+json',
    'cache-control': 'no-store',
    'retry-after': '5',
    'x-request-id': id,
  });
  response.end(
    html
      ? problemPage({ title, detail, reload: method === 'GET' ? 5 : undefined })
      : JSON.stringify({ title, status: 503, detail }),
  );
}

function isShortLived(url: string): boolean {
  return SHORT_LIVED.test(url);
}

/**
 * Tell whether an address is valid: a path of this site, no NUL, no truncated percent-encoding, and valid UTF-8. A whole
 * address, as requests to a forward proxy have it, would name another host to whoever parses it.
 */
export function isAddress(url: string): boolean {
  if (!url.startsWith('/')) return false;
  try {
    return !decodeURIComponent(url.replaceAll('+', ' ')).includes('\0');
  } catch {
    return false;
  }
}

/** The public version, read at most every 20 ms; null while the database does not respond. */
class PublicVersion {
  #value: string | null = null;
  #readAt = Number.NEGATIVE_INFINITY;
  #silentSince = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;
  #askedAt = 0;
  #failed = false;
  readonly #ask: () => Promise<string>;

  constructor(ask: () => Promise<string>) {
    this.#ask = ask;
  }

  /** Return the version if it is known without a query; undefined if it must be read. */
  known(): string | null | undefined {
    const now = performance.now();
    if (now - this.#readAt < VERSION_LASTS) return this.#value;
    if (now - this.#silentSince < VERSION_RETRY) return null;
    return undefined;
  }

  /** Return for how long the database has owed an answer, in milliseconds; for ever if it refused the last question. */
  silence(): number {
    if (this.#failed) return Number.POSITIVE_INFINITY;
    return this.#reading ? performance.now() - this.#askedAt : 0;
  }

  async read(): Promise<string | null> {
    const known = this.known();
    if (known !== undefined) return known;
    this.#reading ??= this.#askNow().finally(() => {
      this.#reading = null;
    });
    const answered = await Promise.race([this.#reading.then(() => true), after(VERSION_WAIT).then(() => false)]);
    if (!answered) this.#silentSince = performance.now();
    return answered && performance.now() - this.#silentSince >= VERSION_RETRY ? this.#value : null;
  }

  async #askNow(): Promise<void> {
    // a change that commits during the query may or may not be in its result: count from here
    const asked = performance.now();
    this.#askedAt = asked;
    try {
      this.#value = await this.#ask();
      this.#readAt = asked;
      this.#failed = false;
    } catch (error) {
      this.#silentSince = performance.now();
      this.#failed = true;
      log.error('public-version-unknown', error);
    }
  }
}

function after(milliseconds: number): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), milliseconds).unref();
  });
}
