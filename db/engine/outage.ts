/** Tells errors of an absent, overloaded or hanging database from mistakes in queries. */
import { AppError } from '#lib/errors.ts';

/** Classes and codes of SQLSTATE, and codes of the driver and the network. */
const OUTAGE =
  /^(08...|53...|57P0[1-5]|57014|25P0[34]|58030|CONNECT_TIMEOUT|CONNECTION_(CLOSED|ENDED|DESTROYED)|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/;

/** Return what people may be told if the database is the cause of an error; null for any other error. */
export function databaseProblem(error: unknown): AppError | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof AppError) return null;
    const { code } = cause as { code?: string };
    if (!code || !OUTAGE.test(code) || (cause as NodeJS.ErrnoException).syscall === 'write') continue;
    const full = code === '53100';
    return new AppError(
      full ? 'storage-full' : 'unavailable',
      full
        ? 'The disk of this site’s database is full. Nothing that was accepted is lost, and its operator can see this; please try again later.'
        : 'The database of this site does not answer at the moment. Nothing that was accepted is lost; please try again in a minute.',
      { cause: error },
    );
  }
  return null;
}
