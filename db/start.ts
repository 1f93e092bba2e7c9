/** What every process of a site checks before it begins: the database answers, has this version's schema, and knows the file store. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { AppError } from '#lib/errors.ts';
import { storageProblem } from '#lib/storage.ts';
import { connect } from './engine/client.ts';
import { databaseProblem } from './engine/outage.ts';
import { isCurrent } from './migrate.ts';
import { requireOwnStorage } from './storage-id.ts';

const WAIT_SECONDS = 60;
const RETRY_MILLISECONDS = 1_000;

/**
 * Wait until the database answers: after a power cut, or in a cluster, it may start later than we do.
 *
 * @param options.onWait called once, if it does not answer at once
 * @throws AppError `unavailable` if it does not answer within `seconds`
 */
export async function waitForDatabase(
  url: string,
  { seconds = WAIT_SECONDS, onWait }: { seconds?: number; onWait?: (text: string) => void } = {},
): Promise<void> {
  const until = performance.now() + seconds * 1000;
  for (let attempt = 1; ; attempt++) {
    const { db, close } = connect(url, { max: 1 });
    try {
      await Promise.race([
        db.execute(sql`select 1`),
        sleep(5_000, undefined, { ref: false }).then(() => {
          throw new AppError('unavailable', 'no answer within 5 s');
        }),
      ]);
      return;
    } catch (error) {
      const outage = databaseProblem(error) ?? (error instanceof AppError ? error : null);
      if (!outage) throw error;
      if (performance.now() > until)
        throw new AppError(
          'unavailable',
          `The database at ${new URL(url).host} has not answered for ${seconds} s. Start it, or correct DATABASE_URL.`,
          { cause: error },
        );
      if (attempt === 1) onWait?.(`waiting for the database at ${new URL(url).host}`);
    } finally {
      // a database that hangs does not say goodbye
      void close().catch(() => undefined);
    }
    await sleep(RETRY_MILLISECONDS);
  }
}

/**
 * Check everything that a process needs at its start.
 *
 * @throws AppError `unavailable` with how to mend it
 */
export async function requireSite(url: string, options: { onWait?: (text: string) => void } = {}): Promise<void> {
  await waitForDatabase(url, options);
  if (!(await isCurrent(url)))
    throw new AppError(
      'unavailable',
      'The database has another schema than this version of the site. Run: livecell migrate',
    );
  const { db, close } = connect(url, { max: 1 });
  try {
    await requireOwnStorage(undefined, db);
  } catch (error) {
    throw storageProblem(error) ?? error;
  } finally {
    await close();
  }
}
