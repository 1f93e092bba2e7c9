/**
 * Sign-in of the command line. It asks for a login and prints a short code; a signed-in person confirms that code in a
 * browser; then the command line gets its token, once. Codes live ten minutes, and the database keeps only their
 * SHA-256.
 */

import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type DeviceLogin, deviceLogins } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { plainName } from '#lib/names.ts';
import { secretDigest } from '#lib/secrets.ts';
import { createToken, tokenEnd } from './tokens.ts';

/** How long a person has to confirm, in seconds. */
export const DEVICE_LOGIN_SECONDS = 600;
/** How long the command line waits between two questions, in seconds. */
export const DEVICE_POLL_SECONDS = 3;
/** Logins that may be open on the whole site: strangers ask for them. */
export const MOST_OPEN_LOGINS = 500;

/** No vowels, so that no word appears, and nothing that looks like something else: 20⁸ codes. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const CODE = /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/;

/** Return the code as people read it, `WDJB-MJHT`, whatever case and spaces they typed; null if it cannot be one. */
export function parseUserCode(text: string): string | null {
  const letters = text.toUpperCase().replace(/[^A-Z0-9]/g, '');
  return CODE.test(letters) ? `${letters.slice(0, 4)}-${letters.slice(4)}` : null;
}

/**
 * Begin a login for a machine that calls itself `machine`.
 *
 * @throws AppError `too-many` if there are very many open ones
 */
export async function beginDeviceLogin(
  machine: string,
  tx: Tx = db(),
): Promise<{ deviceCode: string; userCode: string; expiresAt: Date }> {
  const deviceCode = randomBytes(32).toString('base64url');
  const letters = Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  const userCode = `${letters.slice(0, 4)}-${letters.slice(4)}`;
  const expiresAt = new Date(Date.now() + DEVICE_LOGIN_SECONDS * 1000);
  await tx.delete(deviceLogins).where(lt(deviceLogins.expiresAt, sql`now()`));
  if ((await tx.$count(deviceLogins)) >= MOST_OPEN_LOGINS)
    throw new AppError('too-many', 'Too many are signing in right now. Try again in ten minutes.');
  await tx.insert(deviceLogins).values({
    deviceSha256: secretDigest(deviceCode),
    userSha256: secretDigest(userCode),
    machine: plainName(machine),
    expiresAt,
  });
  return { deviceCode, userCode, expiresAt };
}

/** Return the login that waits for somebody to confirm this code; null if it is unknown, decided or too old. */
export async function findDeviceLogin(
  userCode: string,
  tx: Tx = db(),
): Promise<Pick<DeviceLogin, 'machine' | 'createdAt' | 'expiresAt'> | null> {
  const [found] = await tx
    .select()
    .from(deviceLogins)
    .where(and(eq(deviceLogins.userSha256, secretDigest(userCode)), undecided()));
  if (!found || !sameDigest(found.userSha256, userCode)) return null;
  const { machine, createdAt, expiresAt } = found;
  return { machine, createdAt, expiresAt };
}

function undecided() {
  return and(isNull(deviceLogins.userId), isNull(deviceLogins.refusedAt), gt(deviceLogins.expiresAt, sql`now()`));
}

/** Compare a digest with that of a code, in constant time. */
function sameDigest(digest: string, code: string): boolean {
  return timingSafeEqual(Buffer.from(digest), Buffer.from(secretDigest(code)));
}

/**
 * Confirm or refuse a login; return the machine's name. Of two people who decide at once, the first counts.
 *
 * @throws AppError `not-found` if the code is unknown, decided or too old
 */
export async function decideDeviceLogin(
  userCode: string,
  userId: string,
  { allow }: { allow: boolean },
  tx: Tx = db(),
): Promise<string> {
  const [decided] = await tx
    .update(deviceLogins)
    .set(allow ? { userId } : { refusedAt: sql`now()` })
    .where(and(eq(deviceLogins.userSha256, secretDigest(userCode)), undecided()))
    .returning({ machine: deviceLogins.machine });
  if (!decided)
    throw new AppError('not-found', 'This code is not known here, was used already, or is older than ten minutes.');
  return decided.machine;
}

export type DeviceAnswer =
  | { state: 'waiting' }
  | { state: 'refused' }
  | { state: 'allowed'; token: string; name: string; userId: string; expiresAt: Date | null };

/**
 * Return what has become of a login. If it was confirmed, create the token: this uses the login up.
 *
 * @throws AppError `not-found` if the code is unknown, used or too old; `too-many` if it asks again too soon
 */
export async function askDeviceLogin(deviceCode: string, tx: Tx = db()): Promise<DeviceAnswer> {
  return tx.transaction(async (tx) => {
    const [found] = await tx
      .select()
      .from(deviceLogins)
      .where(and(eq(deviceLogins.deviceSha256, secretDigest(deviceCode)), gt(deviceLogins.expiresAt, sql`now()`)))
      .for('update');
    if (!found || !sameDigest(found.deviceSha256, deviceCode))
      throw new AppError(
        'not-found',
        'This login was used already or is older than ten minutes. Run livecell login again.',
      );
    const own = eq(deviceLogins.deviceSha256, found.deviceSha256);
    if (found.userId !== null) {
      await tx.delete(deviceLogins).where(own);
      const name = `Command line on ${found.machine}`;
      const expiresAt = tokenEnd('90');
      const { token } = await createToken(found.userId, name, { expiresAt }, tx);
      return { state: 'allowed', token, name, userId: found.userId, expiresAt };
    }
    if (found.refusedAt !== null) {
      await tx.delete(deviceLogins).where(own);
      return { state: 'refused' };
    }
    // a little less than it was told, so that a clock that runs fast is no offence
    if (found.askedAt && Date.now() - found.askedAt.getTime() < (DEVICE_POLL_SECONDS - 1) * 1000)
      throw new AppError('too-many', `Ask every ${DEVICE_POLL_SECONDS} seconds.`);
    await tx.update(deviceLogins).set({ askedAt: sql`now()` }).where(own);
    return { state: 'waiting' };
  });
}
