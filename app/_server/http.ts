/**
 * The frame of every route: parse → identify → authorize → act → respond. `route` parses, identifies and responds, so
 * that a handler contains only its own work. `action` does the same for forms.
 */
import { headers } from 'next/headers';
import { unstable_rethrow } from 'next/navigation';
import { z } from 'zod';
import { AppError, toProblem } from '#lib/errors.ts';
import { canAct, type Viewer } from '#lib/permissions.ts';
import type { TokenScope } from '#lib/vocabulary.ts';
import { JSON_BYTES, readBody } from './bounded-body.ts';
import { callerOf, checkScope, isSameOrigin } from './viewer.ts';

const NO_BODY = z.unknown();
const NOTHING = z.object({});

interface RouteSpec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  params?: P;
  query?: Q;
  body?: B;
  /** message for a stranger; if absent, everyone may use the route */
  signIn?: string;
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
      const viewer = await whoMayEnter(request, spec.signIn);
      // without a schema, the type is that of the default, as the type parameters of `route` declare
      const params = parse((spec.params ?? NOTHING) as P, (await context.params) ?? {}, 'not-found');
      const query = parse((spec.query ?? NOTHING) as Q, Object.fromEntries(new URL(request.url).searchParams));
      const body = parse((spec.body ?? NO_BODY) as B, spec.body && (await readJson(request)));
      const result = await handle({ request, params, query, body, viewer });
      return result instanceof Response ? result : Response.json(result, { headers: { 'cache-control': 'no-store' } });
    } catch (error) {
      unstable_rethrow(error);
      return problem(error);
    }
  };
}

const SUSPENDED = 'This account is suspended: it can read and download what is its own, and change nothing.';

/**
 * Identify the caller. Check that no other site made the browser send this, that the account may change things, and
 * that the token has the scope: `submit` for changes and `read` for the rest, unless `scope` says otherwise.
 */
export async function whoMayEnter(request: Request, signIn?: string, scope?: TokenScope): Promise<Viewer> {
  const caller = await callerOf(request.headers);
  const { viewer, by } = caller;
  const changes = !['GET', 'HEAD', 'OPTIONS'].includes(request.method);
  checkScope(caller, scope ?? (changes ? 'submit' : 'read'));
  if (by === 'cookie' && changes && !isSameOrigin(request.headers))
    throw new AppError('forbidden', 'This request does not come from a page of this site.');
  if (signIn && !viewer) throw new AppError('unauthorized', signIn);
  if (changes && viewer && !canAct(viewer)) throw new AppError('forbidden', SUSPENDED);
  return viewer;
}

/** Turn an error into a response: messages for people go out, everything else goes to the log. */
export function problem(error: unknown, extra: HeadersInit = {}): Response {
  if (!(error instanceof AppError)) console.error(error);
  else if (error.status >= 500) console.error(error.message, error.cause);
  const body = { ...toProblem(error), ...(error instanceof InvalidFields && { fields: error.fields }) };
  const headers = new Headers(extra);
  headers.set('content-type', 'application/problem+json');
  headers.set('cache-control', 'no-store');
  if (body.status === 401) headers.set('www-authenticate', 'Bearer');
  return new Response(JSON.stringify(body), { status: body.status, headers });
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
async function sender(): Promise<Viewer> {
  const { viewer, by } = await callerOf(await headers());
  if (by === 'token') throw new AppError('forbidden', 'A token is for the API; the site’s forms need a sign-in.');
  return viewer;
}

export interface FormState {
  /** the submitted values, returned so that nothing is lost */
  values?: Record<string, string>;
  /** one sentence per wrong field, by field name */
  errors?: Record<string, string>;
  /** one sentence about the form as a whole */
  message?: string;
  done?: boolean;
  /** something made by the action that is shown once, such as a new token */
  made?: string;
}

/** Return a server action for `useActionState`. Next itself refuses calls from other sites' pages. */
export function action<S extends z.ZodType>(
  schema: S,
  handle: (input: z.output<S>, viewer: NonNullable<Viewer>) => Promise<FormState | undefined>,
  /** for actions that stay open to suspended accounts, such as signing out everywhere */
  { evenSuspended = false }: { evenSuspended?: boolean } = {},
): (previous: FormState, form: FormData) => Promise<FormState> {
  return async (_previous, form) => {
    const values = Object.fromEntries(
      [...form].filter((entry): entry is [string, string] => typeof entry[1] === 'string' && !entry[0].startsWith('$')),
    );
    try {
      const who = await sender();
      if (!who) throw new AppError('unauthorized', 'You have been signed out. Sign in again; what you typed is kept.');
      if (!evenSuspended && !canAct(who)) throw new AppError('forbidden', SUSPENDED);
      return (await handle(parse(schema, values), who)) ?? { done: true };
    } catch (error) {
      unstable_rethrow(error); // redirects and not-found pages are thrown
      if (error instanceof InvalidFields)
        return { values, errors: error.fields, message: 'Some fields need attention.' };
      if (!(error instanceof AppError) || error.status >= 500) console.error(error);
      return { values, message: toProblem(error).detail };
    }
  };
}
