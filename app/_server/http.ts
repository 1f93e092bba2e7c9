/**
 * The frame of every route: parse → identify → authorize → act → respond. `route` parses, identifies and responds, so
 * that a handler contains only its own work. `action` does the same for forms.
 */
import { createHash, randomUUID } from 'node:crypto';
import { headers } from 'next/headers';
import { unstable_rethrow } from 'next/navigation';
import { z } from 'zod';
import { databaseProblem } from '#db/engine/outage.ts';
import { AppError, toProblem } from '#lib/errors.ts';
import type { LimitName } from '#lib/http/limits.ts';
import { log, logContext, withLogContext } from '#lib/log.ts';
import { metrics } from '#lib/metrics.ts';
import { canAct, canModerate, type Viewer } from '#lib/permissions.ts';
import { storageProblem } from '#lib/storage.ts';
import type { TokenScope } from '#lib/vocabulary.ts';
import { JSON_BYTES, readBody } from './bounded-body.ts';
import { countUse, LimitReached } from './limits.ts';
import { callerOf, checkScope, isSameOrigin } from './viewer.ts';

const NO_BODY = z.unknown();
const NOTHING = z.object({});

interface RouteSpec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  params?: P;
  query?: Q;
  body?: B;
  /** message for a stranger; if absent, everyone may use the route */
  signIn?: string;
  /** scope that a token needs; absent: `submit` for changes, `read` for the rest */
  scope?: TokenScope;
  /** the limit on requests; defaults to that on reading or changing through the API */
  limit?: LimitName;
}

interface Beat<P, Q, B, V> {
  request: Request;
  params: P;
  query: Q;
  body: B;
  viewer: V;
}

type NextContext = { params: Promise<Record<string, string | string[] | undefined>> };

/** Return a Next route handler. It sends the handler's result as JSON, unless that is a Response already. */
export function route<
  P extends z.ZodType = typeof NOTHING,
  Q extends z.ZodType = typeof NOTHING,
  B extends z.ZodType = typeof NO_BODY,
>(
  spec: RouteSpec<P, Q, B>,
  handle: (beat: Beat<z.output<P>, z.output<Q>, z.output<B>, Viewer>) => Promise<unknown>,
): (request: Request, context: NextContext) => Promise<Response> {
  return async (request, context) => {
    try {
      const viewer = await whoMayEnter(request, spec.signIn, spec.scope);
      const limit = spec.limit ?? (isChange(request) ? 'api-writes' : 'api-reads');
      const left = await countUse(limit, request.headers, viewer);
      // without a schema, the type is that of the default, as the type parameters of `route` declare
      const params = parse((spec.params ?? NOTHING) as P, (await context.params) ?? {}, 'not-found');
      const query = parse((spec.query ?? NOTHING) as Q, Object.fromEntries(new URL(request.url).searchParams));
      const body = parse((spec.body ?? NO_BODY) as B, spec.body && (await readJson(request)));
      const result = await handle({ request, params, query, body, viewer });
      const response =
        result instanceof Response ? result : Response.json(result, { headers: { 'cache-control': 'no-store' } });
      for (const [name, value] of left) response.headers.set(name, value);
      return isChange(request) ? response : await forReading(request, response);
    } catch (error) {
      unstable_rethrow(error);
      return problem(error, isChange(request) ? {} : { 'access-control-allow-origin': '*' });
    }
  };
}

const SUSPENDED = 'This account is suspended: it can read and download what is its own, and change nothing.';

/**
 * Identify the caller. Check that no other site made the browser send this, that the account may change things, and
 * that the token has the scope: `submit` for changes and `read` for the rest, unless `scope` says otherwise.
 */
export async function whoMayEnter(request: Request, signIn?: string, scope?: TokenScope): Promise<Viewer> {
  const caller = await callerOf(request.headers).catch(async (error) => {
    if (error instanceof AppError && error.code === 'unauthorized')
      await countUse('wrong-tokens', request.headers, null);
    throw error;
  });
  const { viewer, by } = caller;
  const changes = isChange(request);
  checkScope(caller, scope ?? (changes ? 'submit' : 'read'));
  if (by === 'cookie' && changes && !isSameOrigin(request.headers))
    throw new AppError('forbidden', 'This request does not come from a page of this site.');
  if (signIn && !viewer) throw new AppError('unauthorized', signIn);
  if (changes && viewer && !canAct(viewer)) throw new AppError('forbidden', SUSPENDED);
  return viewer;
}

function isChange({ method }: Request): boolean {
  return !['GET', 'HEAD', 'OPTIONS'].includes(method);
}

/** Bytes of an answer above which it gets no tag: it is sent as it is made. */
const TAGGED_BYTES = 8_000_000;
/** What scripts of other sites may read besides the body. */
const EXPOSED = 'ETag, Link, Content-Disposition, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';

/**
 * Tag an answer to a reader, and say “not modified” to one who has it. Scripts of any site may read what strangers may:
 * browsers send no cookie with such requests.
 */
async function forReading(request: Request, response: Response): Promise<Response> {
  const { headers } = response;
  headers.set('access-control-allow-origin', '*');
  headers.set('access-control-expose-headers', EXPOSED);
  const type = headers.get('content-type') ?? '';
  const isText = /^(application\/(json|atom\+xml|x-bibtex|yaml)|text\/(csv|plain|x-tex)|image\/svg)/.test(type);
  if (response.status !== 200 || !isText || headers.has('etag')) return response;
  const body = new Uint8Array(await response.arrayBuffer());
  if (body.length > TAGGED_BYTES) return new Response(body, { headers });
  const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  headers.set('etag', tag);
  const known = request.headers
    .get('if-none-match')
    ?.split(',')
    .map((one) => one.trim().replace(/^W\//, ''));
  if (known?.includes(tag) || known?.includes('*')) return new Response(null, { status: 304, headers });
  return new Response(body, { headers });
}

/** Turn an error into a response: messages for people go out, everything else goes to the log. */
export function problem(thrown: unknown, extra: HeadersInit = {}): Response {
  const error = describeOutage(thrown);
  const refused = error instanceof AppError && error.status < 500;
  count(error);
  const { request, shared } = logContext();
  // development has no process in front that gives requests their ids
  const requestId = request ?? (refused ? undefined : randomUUID());
  if (!refused) withLogContext({ request: requestId }, () => log.error('request-failed', error));
  const body = {
    ...toProblem(error),
    ...(error instanceof InvalidFields && { fields: error.fields }),
    // a refusal from the page cache goes to many readers
    ...(requestId && !(refused && shared) && { requestId }),
  };
  const headers = new Headers(extra);
  if (error instanceof LimitReached) for (const [name, value] of error.headers) headers.set(name, value);
  headers.set('content-type', 'application/problem+json');
  headers.set('cache-control', 'no-store');
  if (body.status === 401) headers.set('www-authenticate', 'Bearer');
  if ((body.status === 503 || body.status === 507) && !headers.has('retry-after'))
    headers.set('retry-after', String(RETRY_AFTER[body.status]));
  return new Response(JSON.stringify(body), { status: body.status, headers });
}

/** When it is worth asking again, in seconds: an outage ends by itself, a full disk needs somebody. */
const RETRY_AFTER = { 503: 10, 507: 300 };

/** Replace an error of the file store or the database by what people may be told of it. */
export function describeOutage(error: unknown): unknown {
  return storageProblem(error) ?? databaseProblem(error) ?? error;
}

/** Count what was refused, by reason. Errors are counted where they are logged. */
function count(error: unknown): void {
  if (error instanceof AppError && error.status < 500) metrics().refusals.inc({ code: error.code });
}

/** Add what ties a person's report to a line of the log. */
function withReference(message: string): string {
  const { request } = logContext();
  return request ? `${message} If it keeps happening, tell the maintainers this reference: ${request}` : message;
}

/** Invalid input of a form or a body, with a message per field. */
export class InvalidFields extends AppError {
  readonly fields: Record<string, string>;

  constructor(fields: Record<string, string>, code: 'invalid' | 'not-found' = 'invalid') {
    const [[field, message] = ['', 'The request is not valid.'], ...more] = Object.entries(fields);
    super(code, `${field ? `${field}: ` : ''}${message}${more.length ? ` (and ${more.length} more)` : ''}`);
    this.fields = fields;
  }
}

function parse<S extends z.ZodType>(schema: S, value: unknown, code?: 'not-found'): z.output<S> {
  // PostgreSQL cannot store NUL in text, and no name, address or description needs one
  if (hasNul(value)) throw new InvalidFields({ '': 'There is a NUL character in the request.' }, code);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidFields(fieldErrors(result.error), code);
}

function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(([key, one]) => key.includes('\0') || hasNul(one));
}

/** Return the first message for each field; `files.0.upload` is one field. */
function fieldErrors(error: z.ZodError): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const { path, message } of error.issues) fields[path.join('.')] ??= message;
  return fields;
}

async function readJson(request: Request): Promise<unknown> {
  const body = await readBody(request, JSON_BYTES);
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new AppError('invalid', 'The body of this request is not JSON.', { cause });
  }
}

// --- pages and forms ---

/**
 * Return the viewer of this page. A token that is invalid or lacks the scope counts as no sign-in.
 *
 * @param asked the request's headers, where a route has them at hand
 */
export async function viewer(asked?: Headers): Promise<Viewer> {
  try {
    const caller = await callerOf(asked ?? (await headers()));
    checkScope(caller, 'read');
    return caller.viewer;
  } catch (error) {
    if (error instanceof AppError && (error.code === 'unauthorized' || error.code === 'forbidden')) return null;
    throw error;
  }
}

/** Return the sender of this form. Forms refuse API tokens: a token must not make tokens or delete the account. */
async function sender(): Promise<{ viewer: Viewer; signedInAt: Date | null }> {
  const sent = await headers();
  const { viewer, by, session } = await callerOf(sent);
  if (by === 'token') throw new AppError('forbidden', 'A token is for the API; the site’s forms need a sign-in.');
  if (by === 'cookie' && !isSameOrigin(sent))
    throw new AppError('forbidden', 'This request does not come from a page of this site.');
  return { viewer, signedInAt: session?.signedInAt ?? null };
}

/** Some acts ask for a sign-in that is not older than this: a browser that was left open cannot carry them out. */
export const FRESH_MINUTES = 10;

function requireFresh(signedInAt: Date | null): void {
  if (signedInAt !== null && Date.now() - signedInAt.getTime() <= FRESH_MINUTES * 60_000) return;
  throw new AppError(
    'forbidden',
    `This needs a sign-in of the last ${FRESH_MINUTES} minutes. Sign out, sign in again (on an installation of your own with a new link from livecell sign-in-link) and come back.`,
  );
}

/** Return the session of this page's viewer; null without one. */
export async function currentSession(): Promise<{ id: string; signedInAt: Date } | null> {
  return (await callerOf(await headers())).session ?? null;
}

export interface FormState {
  /** the submitted values, returned so that nothing is lost */
  values?: Record<string, string>;
  /** one sentence per wrong field, by field name */
  errors?: Record<string, string>;
  /** one sentence about the form as a whole */
  message?: string;
  /** what the message announces, one thing each */
  lines?: readonly string[];
  done?: boolean;
  /** something made by the action that is shown once, such as a new token */
  made?: string;
}

/** Return a server action for `useActionState`. Like Next itself, refuse calls from other sites' pages. */
export function action<S extends z.ZodType>(
  schema: S,
  handle: (input: z.output<S>, viewer: NonNullable<Viewer>) => Promise<FormState | undefined>,
  /** for actions that stay open to suspended accounts, such as signing out everywhere */
  {
    evenSuspended = false,
    fresh = false,
    limits = [],
  }: {
    evenSuspended?: boolean;
    /** the act needs a sign-in of the last `FRESH_MINUTES` */
    fresh?: boolean;
    /** further limits on requests than that on forms */
    limits?: readonly LimitName[];
  } = {},
): (previous: FormState, form: FormData) => Promise<FormState> {
  return async (_previous, form) => {
    const values = Object.fromEntries(
      [...form].filter((entry): entry is [string, string] => typeof entry[1] === 'string' && !entry[0].startsWith('$')),
    );
    try {
      const { viewer: who, signedInAt } = await sender();
      if (!who) throw new AppError('unauthorized', 'You have been signed out. Sign in again; what you typed is kept.');
      if (!evenSuspended && !canAct(who)) throw new AppError('forbidden', SUSPENDED);
      for (const name of ['forms', ...limits] as const) await countUse(name, await headers(), who);
      const input = parse(schema, values);
      // those who may not do it are told so by the act itself
      if (fresh && canModerate(who)) requireFresh(signedInAt);
      return (await handle(input, who)) ?? { done: true };
    } catch (thrown) {
      unstable_rethrow(thrown); // redirects and not-found pages are thrown
      const error = describeOutage(thrown);
      if (error instanceof InvalidFields)
        return { values, errors: error.fields, message: 'Some fields need attention.' };
      count(error);
      if (error instanceof AppError && error.status < 500) return { values, message: error.message };
      log.error('action-failed', error);
      return { values, message: withReference(toProblem(error).detail) };
    }
  };
}
