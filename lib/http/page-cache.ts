/**
 * Responses kept in memory, ready to send: compressed once, with their ETag; the least recently used is dropped first.
 *
 *   request ─▶ keyOf ─▶ PageCache.get ─▶ fresh: send ─▶ 304 if the reader has it
 *                                    └▶ missing or of an older version: render, store, send
 */

type Encoding = 'br' | 'gzip' | 'identity';

export interface CachedAnswer {
  status: number;
  /** headers as pairs, without those that depend on the encoding */
  headers: readonly (readonly [name: string, value: string])[];
  etag: string;
  bodies: Readonly<Record<Encoding, Uint8Array>>;
  /** the version that strangers saw when rendering began (`db/board/public-version.ts`) */
  version: string;
  /** milliseconds, as of `performance.now()`: the clock of the machine may be set back */
  renderedAt: number;
}

/** A cache bounded by the bytes of its bodies. */
export class PageCache {
  readonly #answers = new Map<string, CachedAnswer>(); // least recently used first
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes limit for the bodies of all responses together */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#answers.size;
  }

  get(key: string): CachedAnswer | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) return undefined;
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    return answer;
  }

  /** Store a response, unless it alone exceeds an eighth of the cache. */
  set(key: string, answer: CachedAnswer): void {
    const bytes = bytesOf(answer);
    this.delete(key);
    if (bytes > this.#maxBytes / 8) return;
    this.#answers.set(key, answer);
    this.#bytes += bytes;
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const answer = this.#answers.get(key);
    if (answer === undefined) return;
    this.#answers.delete(key);
    this.#bytes -= bytesOf(answer);
  }
}

function bytesOf({ bodies }: CachedAnswer): number {
  return bodies.br.length + bodies.gzip.length + bodies.identity.length;
}

/** Addresses with the same response for all strangers. */
const PUBLIC = [
  /^\/$/,
  /^\/(leaderboards|compare|datasets|tasks|protocol|docs|entries|methods|status|privacy|terms)(\/|$)/,
  /^\/feed\.xml$/,
  /^\/api\/v1\/(leaderboards|datasets|tasks|openapi\.json|compare|methods)(\/|$)/,
];
/** Headers with which Next requests data instead of a page, when navigating inside the site. */
const NEXT_HEADERS = [
  'rsc',
  'next-router-state-tree',
  'next-router-prefetch',
  'next-router-segment-prefetch',
  'next-url',
];
const SESSION = /(?:^|;\s*)(?:__Secure-|__Host-)?authjs\.session-token(?:\.\d+)?=/;
const THEME = /(?:^|;\s*)theme=(dark|light)(?:;|$)/;
/** Longer addresses and headers are answered, but not cached. */
const MOST_KEY = 4096;

export interface CacheableRequest {
  method: string;
  /** path and query */
  url: string;
  /** lower-case names */
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Return the cache key of a request, or null if the response depends on the person or is not public. The key includes
 * everything the response depends on: address, colour scheme, kind of navigation, and `origin`, the site's address.
 */
export function keyOf({ method, url, headers }: CacheableRequest, origin: string): string | null {
  if (method !== 'GET' && method !== 'HEAD') return null;
  if (headers.authorization !== undefined || headers['next-action'] !== undefined) return null;
  const cookie = headers.cookie;
  if (typeof cookie === 'string' && SESSION.test(cookie)) return null;
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  if (!PUBLIC.some((pattern) => pattern.test(path))) return null;
  let key = `${origin}\n${url}`;
  const theme = typeof cookie === 'string' ? THEME.exec(cookie)?.[1] : undefined;
  if (theme) key += `\ntheme=${theme}`;
  if (headers.rsc !== undefined)
    for (const name of NEXT_HEADERS) if (headers[name] !== undefined) key += `\n${name}=${String(headers[name])}`;
  return key.length > MOST_KEY ? null : key;
}

/** Return the headers a public page may depend on: those included in its key. */
export function headersForRendering({ headers }: CacheableRequest): Record<string, string> {
  const kept: Record<string, string> = { accept: String(headers.accept ?? '*/*') };
  const theme = typeof headers.cookie === 'string' ? THEME.exec(headers.cookie)?.[1] : undefined;
  if (theme) kept.cookie = `theme=${theme}`;
  if (headers.rsc !== undefined)
    for (const name of NEXT_HEADERS) if (headers[name] !== undefined) kept[name] = String(headers[name]);
  return kept;
}

/** Return the best encoding that the request's Accept-Encoding allows. */
export function chooseEncoding(accepted: string | undefined): Encoding {
  if (accepted === undefined) return 'identity';
  const allows = (name: string) =>
    new RegExp(`(?:^|,)\\s*${name}\\s*(?:;\\s*q=(?!0(?:\\.0+)?\\s*(?:,|$))[^,]*)?(?:,|$)`).test(accepted);
  if (allows('br')) return 'br';
  return allows('gzip') ? 'gzip' : 'identity';
}

/** Tell whether If-None-Match contains the response's ETag (RFC 9110, weak comparison). */
export function hasEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''));
}
