/** Look up and decide device logins by the code that a person typed, and stop people who guess codes. */
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { decideDeviceLogin, findDeviceLogin, parseUserCode } from '#db/people/device-logins.ts';
import { AppError } from '#lib/errors.ts';

/** Wrong codes of a person: ten in ten minutes, of 20⁸ that there may be. */
const MOST_WRONG = { points: 10, duration: 600 };

// Next compiles modules more than once in a process: one count for all of them
const shared = globalThis as typeof globalThis & { livecellWrongCodes?: RateLimiterMemory };
function wrongCodes(): RateLimiterMemory {
  shared.livecellWrongCodes ??= new RateLimiterMemory(MOST_WRONG);
  return shared.livecellWrongCodes;
}

/** @throws AppError `too-many` after ten wrong codes in ten minutes */
async function requireFewGuesses(userId: string): Promise<void> {
  const tried = await wrongCodes().get(userId);
  if (tried && tried.remainingPoints <= 0)
    throw new AppError('too-many', 'There were many wrong codes. Wait ten minutes, then run livecell login again.');
}

/** Return the machine that waits with this code; null if there is none, which counts as a guess. */
export async function machineOf(text: string, userId: string): Promise<{ code: string; machine: string } | null> {
  await requireFewGuesses(userId);
  const code = parseUserCode(text);
  const login = code && (await findDeviceLogin(code));
  if (code && login) return { code, machine: login.machine };
  await wrongCodes()
    .consume(userId)
    .catch(() => {});
  return null;
}

/** Confirm or refuse; return the machine's name. @throws AppError `not-found`, `too-many` */
export async function decideMachine(text: string, userId: string, allow: boolean): Promise<string> {
  const found = await machineOf(text, userId);
  if (!found)
    throw new AppError('not-found', 'This code is not known here, was used already, or is older than ten minutes.');
  return decideDeviceLogin(found.code, userId, { allow });
}
