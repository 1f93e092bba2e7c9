/**
 * Locks of uploads for tus, held in the database so that they work between processes and machines. A lock is a lease:
 * its holder renews it, and if the holder dies, it runs out.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { and, eq, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { uploadLocks } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';

const LEASE_SECONDS = 15;
const RENEW_MILLISECONDS = 3_000;
const RETRY_MILLISECONDS = 200;

interface UploadLock {
  /**
   * Wait for the lock.
   *
   * @param signal ends the waiting
   * @param askedToRelease called when another request waits for the lock, or when it is lost
   */
  lock(signal: AbortSignal, askedToRelease: () => unknown): Promise<void>;
  unlock(): Promise<void>;
}

/** Return a lock of an upload, as tus' `Locker` wants it. */
export function lockUpload(uploadId: string, tx: () => Tx = db): UploadLock {
  const holder = randomUUID();
  const own = and(eq(uploadLocks.uploadId, uploadId), eq(uploadLocks.holder, holder));
  const until = sql`now() + make_interval(secs => ${LEASE_SECONDS})`;
  let renewing: NodeJS.Timeout | undefined;

  async function take(): Promise<boolean> {
    const taken = await tx()
      .insert(uploadLocks)
      .values({ uploadId, holder, until })
      .onConflictDoUpdate({
        target: uploadLocks.uploadId,
        set: { holder, until, wanted: false },
        setWhere: sql`${uploadLocks.until} < now()`,
      })
      .returning({ holder: uploadLocks.holder });
    return taken.length > 0;
  }

  return {
    async lock(signal, askedToRelease) {
      for (let asked = false; !(await take()); asked = true) {
        if (!asked) await tx().update(uploadLocks).set({ wanted: true }).where(eq(uploadLocks.uploadId, uploadId));
        await sleep(RETRY_MILLISECONDS, undefined, { signal }).catch(() => {
          throw new AppError('conflict', 'This upload is being written to by another request.', { status: 423 });
        });
      }
      // a clock that nobody sets: the machine's own may be put back
      let renewedAt = performance.now();
      const isOverdue = () => performance.now() - renewedAt >= (LEASE_SECONDS * 1000) / 2;
      renewing = setInterval(async () => {
        // a database that hangs answers no renewal, and then gives the lock to another process
        if (isOverdue()) return askedToRelease();
        try {
          const [kept] = await tx().update(uploadLocks).set({ until }).where(own).returning();
          if (kept && !kept.wanted) {
            renewedAt = performance.now();
            return;
          }
        } catch {
          if (!isOverdue()) return;
        }
        askedToRelease();
      }, RENEW_MILLISECONDS);
      renewing.unref();
    },
    async unlock() {
      clearInterval(renewing);
      await tx().delete(uploadLocks).where(own);
    },
  };
}
