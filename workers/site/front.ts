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
import {
  type CacheableRequest,
  type CachedAnswer,
  chooseEncoding,
  hasEtag,
  headersForRendering,
  keyOf,
  PageCache,
} from '#lib/http/page-cache.ts';
import { contentSecurityPolicy, inlineScripts, securityHeaders } from '#lib/http/security-headers.ts';

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
/** How long a reader waits for a new response if there is an old one. */
const RENDER_WAIT = 4000;
/** After this time without a response from Next, the front checks whether the database hangs, and reports it. */
const HANGING_AFTER = 4000;
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
}

/** Decides what is sent from the cache, and adds the security headers to every response. */
export class Front {
  readonly #handle: Handler;
  readonly #cache = new PageCache(MOST_BYTES);
  readonly #version: PublicVersion;
  /** renderings in progress: all requests for the same page wait for one */
  readonly #rendering = new Map<string, Promise<CachedAnswer | null>>();
  readonly #origin: string | null;
  readonly #security: [name: string, value: string][];
  readonly #formTargets: readonly string[];
  #draining = false;

  constructor({ handle, readVersion, origin, formTargets }: FrontOptions) {
    this.#handle = handle;
    this.#version = new PublicVersion(readVersion);
    this.#origin = origin;
    this.#security = securityHeaders(origin?.startsWith('https:') ?? false);
    this.#formTargets = formTargets;
  }

  /** Make `/api/ready` report that the process is stopping, so that a load balancer sends new readers elsewhere. */
  drain(): void {
    this.#draining = true;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (this.#draining && request.url === '/api/ready') {
        response.writeHead(503, { 'content-type': 'application/json', 'cache-control': 'no-store' });
        response.end('{"status":"stopping"}');
        return;
      }
      if (!isAddress(request.url ?? '/')) {
        response.writeHead(400, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
        response.end('This address is not valid.\n');
        return;
      }
      const origin = this.#origin ?? `http://${request.headers.host ?? 'localhost'}`;
      const key = keyOf(request as CacheableRequest, origin);
      if (key === null) {
        await this.#pass(request, response);
        return;
      }
      const version = this.#version.known() ?? (await this.#version.read());
      const kept = this.#cache.get(key);
      const current =
        kept !== undefined &&
        (version === null || (kept.version === version && Date.now() - kept.renderedAt < ANSWER_EXPIRES));
      if (current) {
        this.#send(request, response, kept);
        if (version !== null && Date.now() - kept.renderedAt > ANSWER_LASTS) void this.#render(key, request, version);
        return;
      }
      const rendering = this.#render(key, request, version);
      const rendered = kept ? await Promise.race([rendering, after(RENDER_WAIT)]) : await rendering;
      if (rendered && rendered.status < 500) {
        this.#send(request, response, rendered);
        return;
      }
      // An old answer may show what was hidden since, so it is sent only while the database does not answer.
      if (kept && (await this.#version.read()) === null) {
        this.#send(request, response, kept);
        return;
      }
      const late = rendered ?? (await rendering);
      if (late) this.#send(request, response, late);
      else await this.#pass(request, response);
    } catch (error) {
      console.error('answer', error);
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end('The site could not answer this request. Try again in a moment.\n');
    }
  }

  /** Let Next respond to one reader, with a nonce for the page's inline scripts. */
  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of this.#security) response.setHeader(name, value);
    const nonce = `'nonce-${randomBytes(16).toString('base64')}'`;
    const policy = contentSecurityPolicy({ scripts: [nonce], formTargets: this.#formTargets });
    request.headers['content-security-policy'] = policy; // Next reads the nonce from here
    response.setHeader('content-security-policy', policy);
    if (PATIENT.test(request.url ?? '')) {
      await this.#handle(request, response);
      return;
    }
    const timer = setTimeout(() => void this.#giveUpIfHanging(request, response), HANGING_AFTER);
    response.once('close', () => clearTimeout(timer));
    await this.#handle(request, response);
  }

  /** Respond with 503 in place of Next if the database is the reason for the delay. */
  async #giveUpIfHanging({ headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (response.headersSent || (await this.#version.read()) !== null || response.headersSent) return;
    response.on('error', () => {}); // Next will still write its response
    const title = 'The database does not answer';
    const detail = 'Nothing is lost. Try again in a few seconds; pages that were shown lately can still be read.';
    const html = String(headers.accept ?? '').includes('text/html');
    response.writeHead(503, {
      'content-type': html ? 'text/html; charset=utf-8' : 'application/problem+json',
      'cache-control': 'no-store',
      'retry-after': '5',
    });
    response.end(
      html
        ? `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>${title}</title><h1>${title}</h1><p>${detail}</p></html>`
        : JSON.stringify({ title, status: 503, detail }),
    );
  }

  /** Render a response for all strangers; null if Next failed or wants to set a cookie. */
  #render(key: string, request: IncomingMessage, version: string | null): Promise<CachedAnswer | null> {
    // after a change, no request joins a rendering that began before it
    const job = `${version}\n${key}`;
    let rendering = this.#rendering.get(job);
    if (!rendering) {
      rendering = this.#renderNow(key, request, version)
        .catch((error) => {
          console.error('render', error);
          return null;
        })
        .finally(() => this.#rendering.delete(job));
      this.#rendering.set(job, rendering);
    }
    return rendering;
  }

  async #renderNow(key: string, request: IncomingMessage, version: string | null): Promise<CachedAnswer | null> {
    const renderedAt = Date.now();
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
    headers.push(['cache-control', statusCode === 200 ? 'public, max-age=0, stale-while-revalidate=30' : 'no-store']);
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

  #send(request: IncomingMessage, response: ServerResponse, answer: CachedAnswer): void {
    const encoding = chooseEncoding(request.headers['accept-encoding'] as string | undefined);
    // RFC 9110: another encoding is another representation
    const etag = encoding === 'identity' ? answer.etag : `${answer.etag.slice(0, -1)}-${encoding}"`;
    const matched = request.headers['if-none-match'];
    const headers: string[] = ['etag', etag];
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

/** Tell whether an address is valid: no NUL, no truncated percent-encoding, and valid UTF-8. */
export function isAddress(url: string): boolean {
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
    try {
      this.#value = await this.#ask();
      this.#readAt = asked;
    } catch (error) {
      this.#silentSince = performance.now();
      console.error('public version', error);
    }
  }
}

function after(milliseconds: number): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), milliseconds).unref();
  });
}
