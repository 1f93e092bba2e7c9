/**
 * How many requests one sender may make: every limit of the site, its number and its window. /docs/limits shows this
 * table. A window begins with a sender's first request and ends after its length; then counting begins anew.
 *
 * Counts in the database are shared by all processes (`db/limits.ts`). Pages from the page cache need no database, so
 * the front counts them in its own memory.
 */

/** What is counted: a person in all their windows and tokens, or an IPv4 address or IPv6 /64 network. */
type Per = 'person' | 'address' | 'person, else address';

export interface RateLimit {
  /** number of requests in a window */
  requests: number;
  /** length of the window */
  seconds: number;
  per: Per;
  /** where the count is kept: in the database for all processes, or in the memory of each */
  kept: 'database' | 'process';
  /** what is counted, as a heading */
  what: string;
  /** what to do when the limit is reached, after “Too many …” */
  otherwise: string;
}

export const RATE_LIMITS = {
  visits: {
    requests: 1200,
    seconds: 60,
    per: 'address',
    kept: 'process',
    what: 'Requests of any kind, pages included',
    otherwise: 'Whole tables are quicker to fetch as an export than page by page.',
  },
  'sign-in': {
    requests: 30,
    seconds: 600,
    per: 'address',
    kept: 'database',
    what: 'Attempts to sign in',
    otherwise: 'If signing in keeps failing, ask the maintainers of this site.',
  },
  'wrong-tokens': {
    requests: 30,
    seconds: 600,
    per: 'address',
    kept: 'database',
    what: 'Requests with a token that is not valid',
    otherwise: 'Check the token: it may have expired or been revoked.',
  },
  tokens: {
    requests: 20,
    seconds: 3600,
    per: 'person',
    kept: 'database',
    what: 'New API tokens',
    otherwise: 'One token can be used by many programs.',
  },
  uploads: {
    requests: 120,
    seconds: 3600,
    per: 'person',
    kept: 'database',
    what: 'New uploads',
    otherwise: 'Uploads that are not submitted can be submitted later, as long as they are kept (/docs/retention).',
  },
  'upload-pieces': {
    requests: 1200,
    seconds: 60,
    per: 'person',
    kept: 'process',
    what: 'Pieces of uploads, and questions how far they are',
    otherwise: 'Send larger pieces.',
  },
  submissions: {
    requests: 60,
    seconds: 3600,
    per: 'person',
    kept: 'database',
    what: 'New submissions',
    otherwise: 'Check files with “livecell validate”, which needs no submission.',
  },
  forms: {
    requests: 120,
    seconds: 60,
    per: 'person',
    kept: 'database',
    what: 'Changes made with the site’s forms',
    otherwise: 'What you typed is kept.',
  },
  'api-writes': {
    requests: 120,
    seconds: 60,
    per: 'person, else address',
    kept: 'database',
    what: 'Changes made through the API',
    otherwise: 'Leave time between requests.',
  },
  'api-reads': {
    requests: 600,
    seconds: 60,
    per: 'person, else address',
    kept: 'database',
    what: 'Reading from the API',
    otherwise: 'To follow a submission, listen to its events instead of asking again and again.',
  },
  exports: {
    requests: 20,
    seconds: 300,
    per: 'person, else address',
    kept: 'database',
    what: 'Exports of an account or of the log',
    otherwise: 'An export is complete: it need not be repeated.',
  },
  streams: {
    requests: 60,
    seconds: 60,
    per: 'person, else address',
    kept: 'database',
    what: 'New event streams',
    otherwise: 'One stream follows a submission to its end.',
  },
} as const satisfies Record<string, RateLimit>;

export type LimitName = keyof typeof RATE_LIMITS;

/** What a sender has left of a limit. */
export interface Allowance {
  name: LimitName;
  /** number of requests in the window, after the site's factor */
  requests: number;
  remaining: number;
  /** until the window ends */
  seconds: number;
  /** false: this request is one too many */
  allowed: boolean;
}

/**
 * Return by how much all limits are multiplied; null: there are none. A local installation, which has no public
 * address, gets so much that nobody meets a limit.
 */
export function limitFactor(setting: number | undefined, hasPublicAddress: boolean): number | null {
  const factor = setting ?? (hasPublicAddress ? 1 : 1000);
  return factor === 0 ? null : factor;
}

/** Return a limit's number of requests in a window, at least one. */
export function requestsOf(name: LimitName, factor: number): number {
  return Math.max(1, Math.round(RATE_LIMITS[name].requests * factor));
}

/** Return the headers that tell programs what is left (draft-ietf-httpapi-ratelimit-headers-10), and when to return. */
export function allowanceHeaders({ name, requests, remaining, seconds, allowed }: Allowance): [string, string][] {
  return [
    ['ratelimit-policy', `"${name}";q=${requests};w=${RATE_LIMITS[name].seconds}`],
    ['ratelimit', `"${name}";r=${remaining};t=${seconds}`],
    ...(allowed ? [] : ([['retry-after', String(Math.max(1, seconds))]] as [string, string][])),
  ];
}

/** Say in one paragraph what was too much, how much is allowed, and when to go on. */
export function explainLimit({ name, requests, seconds }: Allowance): string {
  const { what, per, seconds: window, otherwise } = RATE_LIMITS[name];
  const who =
    per === 'person' ? 'for each person' : per === 'address' ? 'from one address' : 'for each person or address';
  return `Too many requests: ${inWords(name, what)} may be ${requests.toLocaleString('en')} in ${inTime(window)} ${who}. Try again in ${inTime(seconds)}. ${otherwise}`;
}

function inWords(name: LimitName, what: string): string {
  return name === 'exports' || name === 'tokens' ? what : what[0].toLowerCase() + what.slice(1);
}

/** Return a duration in words: “a minute”, “40 seconds”, “2 hours”. */
export function inTime(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 60 || whole % 60 !== 0)
    return whole < 120 ? plural(whole, 'second') : plural(Math.ceil(whole / 60), 'minute');
  if (whole % 3600 === 0) return whole === 3600 ? 'an hour' : plural(whole / 3600, 'hour');
  return whole === 60 ? 'a minute' : plural(whole / 60, 'minute');
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
