/**
 * The log of all processes: one JSON line per event, or a short readable line on a terminal.
 *
 *   log.info('scored', { submission: id, milliseconds: 1200 })
 *   {"time":"2026-11-30T12:00:00.000Z","level":"info","process":"worker","event":"scored","submission":"…","milliseconds":1200}
 *
 * Lines carry the request, submission and job they belong to (`withLogContext`). They hold no personal data: fields
 * with personal names, and e-mail addresses, keys and network addresses inside texts, are removed here, so that no
 * caller has to remember it. Errors are written with their causes and without the values of queries.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { isNativeError } from 'node:util/types';
import pino, { type DestinationStream, type Logger } from 'pino';
import { LOG_LEVELS } from './vocabulary.ts';

type Level = Exclude<(typeof LOG_LEVELS)[number], 'silent'>;

export type Fields = Readonly<Record<string, unknown>>;

/** What every line and trace of a piece of work carries. */
export interface LogContext {
  /** id of the HTTP request, also sent as `X-Request-Id` */
  request?: string;
  submission?: string;
  job?: string;
  /** W3C trace context, if traces are collected */
  traceparent?: string;
  /** the answer goes to several readers: it must not name one request */
  shared?: boolean;
}

interface State {
  context: AsyncLocalStorage<LogContext>;
  process: string;
  logger?: Logger;
  /** counts errors (`lib/metrics.ts`) */
  onError?: (event: string, error: DescribedError) => void;
}

/** Shared by all copies of this module: Next compiles modules several times. */
const shared = globalThis as typeof globalThis & { livecellLog?: State };
shared.livecellLog ??= { context: new AsyncLocalStorage(), process: 'command' };
const state: State = shared.livecellLog;

interface LogOptions {
  /** name in every line: `web` or `worker`; absent: as before */
  process?: string;
  /** where lines go; defaults to standard output for named processes and to standard error for commands */
  stream?: DestinationStream;
  level?: string;
  /** readable lines; defaults to whether the output is a terminal */
  readable?: boolean;
}

/** Set up the log of this process. Commands need not: they print warnings and errors to standard error. */
export function openLog(options: LogOptions = {}): void {
  if (options.process) state.process = options.process;
  const isCommand = state.process === 'command';
  const output = isCommand ? process.stderr : process.stdout;
  const readable = options.readable ?? output.isTTY === true;
  const level = options.level ?? (process.env.LOG_LEVEL || (isCommand ? 'warn' : 'info'));
  const stream = options.stream ?? pino.destination({ dest: isCommand ? 2 : 1, sync: true });
  state.logger = pino(
    {
      level: (LOG_LEVELS as readonly string[]).includes(level) ? level : 'info',
      base: { process: state.process },
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    readable ? readableLines(stream) : stream,
  );
}

function write(level: Level, event: string, fields: Fields): void {
  if (!state.logger) openLog();
  const logger = state.logger!;
  if (!logger.isLevelEnabled(level)) return;
  const { request, submission, job } = state.context.getStore() ?? {};
  logger[level](
    {
      ...(request && { request }),
      ...(submission && { submission }),
      ...(job && { job }),
      ...clean(fields),
    },
    event,
  );
}

/** An event is a few words in lower case with hyphens; everything that varies is a field. */
export const log = {
  debug: (event: string, fields: Fields = {}): void => write('debug', event, fields),
  info: (event: string, fields: Fields = {}): void => write('info', event, fields),
  warn: (event: string, fields: Fields = {}): void => write('warn', event, fields),
  /** Log an error with its causes. */
  error: (event: string, error: unknown, fields: Fields = {}): void => {
    const described = describeError(error);
    state.onError?.(event, described);
    write('error', event, { ...fields, error: described });
  },
};

/** Have every logged error counted. */
export function onLoggedError(listener: (event: string, error: DescribedError) => void): void {
  state.onError = listener;
}

// --- context ---

/** Run with fields that every line written meanwhile carries. */
export function withLogContext<T>(context: LogContext, run: () => T): T {
  return state.context.run({ ...state.context.getStore(), ...context }, run);
}

export function logContext(): LogContext {
  return state.context.getStore() ?? {};
}

const REQUEST_ID = /^[\w.-]{1,64}$/;

/** Return the id that a proxy or client gave the request, if it is safe to repeat, else a new one. */
export function requestIdOf(given: string | readonly string[] | undefined): string {
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

// --- no personal data ---

/** Fields whose values are never logged, whatever they hold. Compared without case, `-` and `_`. */
const PERSONAL = new Set([
  ...['email', 'mail', 'name', 'username', 'displayname', 'login', 'orcid', 'affiliation', 'address', 'ip', 'remote'],
  ...['to', 'from', 'subject', 'body', 'text', 'password', 'secret', 'token', 'key', 'cookie', 'cookies', 'headers'],
  ...['authorization', 'session', 'sessiontoken', 'accesstoken', 'refreshtoken', 'setcookie', 'params', 'url', 'query'],
]);
const REMOVED = '[removed]';

/** What must not appear inside a text, and what stands in its place. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, '$1[removed]@'],
  [/[^\s"'<>()[\]{},;:=/]+@[^\s"'<>()[\]{},;:=/]+\.[\p{L}]{2,}/gu, '[e-mail]'],
  [/\blcb_[\w-]+/g, '[token]'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [token]'],
  [/([?&](?:key|token|code|state|secret|email|callbackUrl)=)[^&\s"']+/gi, '$1[removed]'],
  [/(\/(?:review|teams\/join)\/)[\w-]+/g, '$1[removed]'],
  [/((?:__Secure-|__Host-)?authjs\.[\w.-]+=)[^;\s"']+/g, '$1[removed]'],
  // network addresses of people; those of the machine itself and of private networks help operators
  [/\b(?!127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}\b/g, '[address]'],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4})+(?![\w:])/gi, '[address]'],
];
const MOST_CHARACTERS = 600;
const MOST_ITEMS = 20;
const DEEPEST = 5;

/** Remove personal data from a text, and cut it to a length that fits a line. */
export function cleanText(text: string): string {
  let cleaned = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  for (const [pattern, replacement] of PATTERNS) cleaned = cleaned.replace(pattern, replacement);
  return cleaned;
}

function clean(fields: Fields, depth = 0): Record<string, unknown> {
  const cleaned: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields))
    cleaned[key] = PERSONAL.has(key.toLowerCase().replace(/[-_]/g, '')) ? REMOVED : cleanValue(value, depth);
  return cleaned;
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (isNativeError(value)) return describeError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= DEEPEST) return '[deeper]';
  if (value instanceof Map || value instanceof Set) return `[${value.size} items]`;
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_ITEMS).map((item) => cleanValue(item, depth + 1));
    return value.length > MOST_ITEMS ? [...items, `and ${value.length - MOST_ITEMS} more`] : items;
  }
  return clean(value as Fields, depth + 1);
}

// --- errors ---

export interface DescribedError {
  type: string;
  message: string;
  code?: string;
  /** of a refused row: which rule, of which table */
  constraint?: string;
  table?: string;
  stack?: string[];
  cause?: DescribedError;
  errors?: DescribedError[];
}

const STACK_LINES = 8;

/** Describe an error for the log: with its causes, without values of queries and contents of files. */
export function describeError(error: unknown, depth = 0): DescribedError {
  // queues and databases also reject with plain objects
  if (typeof error !== 'object' || error === null) return { type: typeof error, message: cleanText(String(error)) };
  const given = error as Record<string, unknown>;
  const { name, message, code, constraint_name: constraint, table_name: table, stack, cause, errors } = given;
  const text = typeof message === 'string' ? message : '';
  const described: DescribedError = {
    type: typeof name === 'string' && name ? name : 'object',
    message: text ? cleanText(withoutContents(text, code)) : 'no message',
  };
  if (typeof code === 'string' || typeof code === 'number') described.code = cleanText(String(code));
  if (typeof constraint === 'string') described.constraint = constraint;
  if (typeof table === 'string') described.table = table;
  const frames = typeof stack === 'string' ? framesOf(stack) : [];
  if (frames.length > 0) described.stack = frames;
  if (depth < DEEPEST) {
    if (cause !== undefined && cause !== null) described.cause = describeError(cause, depth + 1);
    if (Array.isArray(errors) && errors.length > 0)
      described.errors = errors.slice(0, MOST_ITEMS).map((one) => describeError(one, depth + 1));
  }
  return described;
}

/** Remove what a message quotes: parameters of a query, values that a column refused, the text of a file. */
function withoutContents(message: string, code: unknown): string {
  const shortened = message
    .replace(/\nparams:[\s\S]*$/, '')
    .replace(/(Unexpected (?:token|non-whitespace|end)[^,]*), ["'`.][\s\S]*?(?= is not valid JSON|$)/, '$1,')
    .replace(/^(Unexpected token )'[\s\S]{1,4}'/, '$1…');
  // class 22 of PostgreSQL: a value does not fit its type, and the message quotes it
  return typeof code === 'string' && /^22\w{3}$/.test(code) ? shortened.replace(/: "[\s\S]*"/, '') : shortened;
}

function framesOf(stack: string): string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, STACK_LINES)
    .map((line) =>
      cleanText(
        line
          .trim()
          .replace(/\(?file:\/\//, '(')
          .replace(/^at \(([^)]*)\)?$/, 'at $1'),
      ),
    );
}

// --- readable lines ---

const HIDDEN = new Set(['time', 'level', 'process', 'event', 'pid', 'request', 'job', 'error']);

/** Format lines for a terminal: time, event, fields. */
function readableLines(stream: DestinationStream): DestinationStream {
  return {
    write(line: string) {
      stream.write(readableLine(JSON.parse(line)));
    },
  };
}

export function readableLine(entry: Record<string, unknown>): string {
  const { time, level, event, error } = entry;
  const clock = typeof time === 'string' ? new Date(time).toTimeString().slice(0, 8) : '';
  const fields = Object.entries(entry)
    .filter(([key, value]) => !HIDDEN.has(key) && value !== null && value !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  const grave = level === 'info' || level === 'debug' || level === 'trace' ? '' : `${level}: `;
  const lines = [`${clock}  ${grave}${String(event).replaceAll('-', ' ')}${fields.join('')}`];
  for (let one = error as DescribedError | undefined; one; one = one.cause) {
    const code = one.code && /^[A-Z0-9_]+$/.test(one.code) && !one.message.includes(one.code) ? `${one.code}: ` : '';
    lines.push(`          ${code}${one.message}`);
    // a fault of the program is worth its place, a refused connection is not
    if (one.code === undefined && one.stack) lines.push(`            ${one.stack[0]}`);
  }
  return `${lines.join('\n')}\n`;
}
