/**
 * One error class for everything a person may be told. The message is for people: what is wrong and what to do. The
 * cause is logged, never sent.
 */
import type { Problem } from './problems.ts';

const STATUS = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  gone: 410,
  'too-large': 413,
  'wrong-file': 422,
  'too-many': 429,
  closed: 403,
  quota: 429,
  internal: 500,
  unavailable: 503,
  'storage-full': 507,
} as const;
type ErrorCode = keyof typeof STATUS;

const TITLES: Readonly<Record<ErrorCode, string>> = {
  invalid: 'The request is not valid',
  unauthorized: 'Sign in first',
  forbidden: 'Not allowed',
  'not-found': 'Not found',
  conflict: 'Not possible in this state',
  gone: 'No longer public',
  'too-large': 'Too large',
  'wrong-file': 'The file has problems',
  'too-many': 'Too many requests',
  closed: 'Submissions are closed',
  quota: 'The quota is used up',
  internal: 'Something failed on our side',
  unavailable: 'Not available right now',
  'storage-full': 'No room for further files',
};

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  /** what is wrong with a submitted file, record by record */
  readonly problems: Problem[] | undefined;
  /** further members of the response, for programs */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { status?: number; cause?: unknown; problems?: Problem[]; details?: Record<string, unknown> } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.status = options.status ?? STATUS[code];
    this.problems = options.problems;
    this.details = options.details;
  }
}

/** The body of an `application/problem+json` response. */
interface ProblemBody {
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  problems?: Problem[];
}

/** Return what may be said about any error: an `AppError`'s own message; everything else stays in the log. */
export function toProblem(error: unknown): ProblemBody {
  if (!(error instanceof AppError)) {
    return {
      title: TITLES.internal,
      status: 500,
      code: 'internal',
      detail: 'An unexpected error occurred. It has been logged; please try again.',
    };
  }
  return {
    ...error.details,
    title: TITLES[error.code],
    status: error.status,
    code: error.code,
    detail: error.message,
    ...(error.problems && { problems: error.problems }),
  };
}
