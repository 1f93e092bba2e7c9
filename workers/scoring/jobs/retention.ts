/**
 * Deletes files that have been kept for long enough (/docs/retention), and compares the whole file store with the
 * database: a file that no row needs is deleted, and a row whose file is gone is reported. Every scoring process does so
 * once an hour; two at once do no harm.
 */
import { remakeVariants } from '#db/submissions/derivations.ts';
import { isOrphan, OUTCOMES_PREFIX } from '#db/submissions/outcomes.ts';
import { expireFiles, type KeptDays, listExpired, listNeededFiles } from '#db/submissions/retention.ts';
import { databaseTime, deleteUpload, expiredUploads } from '#db/submissions/uploads.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { log } from '#lib/log.ts';
import { metrics } from '#lib/metrics.ts';
import { storage, uploadKey } from '#lib/storage.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
/** How long an upload without a row, or a row without its upload, is left alone: the other may be on its way. */
const UPLOADS_LEFT_ALONE = HOUR;
/** The same for other files. An operator who has restored an older database has that long to notice. */
const FILES_LEFT_ALONE = 2 * DAY;
/** Where the site keeps files; of anything else in the store it knows nothing. */
const OWN_FOLDERS = /^(datasets|pictures|submissions|outcomes|cells|variants)\//;
const UPLOAD_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface SweptFiles {
  /** uploads that nobody submitted */
  uploads: number;
  /** files of submissions that were kept for long enough */
  expired: number;
  /** files that no row needed */
  orphans: number;
  /** files that a row needs and the store does not have */
  missing: number;
}

/**
 * Sweep the file store.
 *
 * @param at the time, in milliseconds since 1970; the database's unless given: a machine whose clock is days ahead must
 *   not delete what is young
 */
export async function sweepFiles(at?: number): Promise<SweptFiles> {
  const now = at ?? (await databaseTime());
  const { LIVECELL_KEEP_REJECTED_DAYS, LIVECELL_KEEP_PRACTICE_DAYS, LIVECELL_KEEP_WITHDRAWN_DAYS } = env();
  const days: KeptDays = {
    rejected: LIVECELL_KEEP_REJECTED_DAYS,
    practice: LIVECELL_KEEP_PRACTICE_DAYS,
    withdrawn: LIVECELL_KEEP_WITHDRAWN_DAYS,
  };
  const uploads = await sweepUploads(days, now);
  const expired = await sweepExpired(days);
  const { orphans, missing } = await compareFiles(days, now);
  const swept = { uploads, expired, orphans, missing };
  if (uploads + expired + orphans > 0) log.info('files-swept', swept);
  return swept;
}

/** Delete uploads that nobody submitted, and uploads of which only the row or only the file is there. */
async function sweepUploads(days: KeptDays, now: number): Promise<number> {
  const old = await expiredUploads(new Date(now - env().LIVECELL_KEEP_UPLOADS_DAYS * DAY));
  for (const { id } of old) await discard(id);
  const rows = new Set((await expiredUploads(new Date(now + DAY))).map(({ id }) => id));
  // read after the rows: an upload that becomes a submission in between is in both
  const needed = new Set((await listNeededFiles(days)).map(({ key }) => key));
  const { uploads } = storage();
  for await (const { id, isNote, changedAt } of uploads.list()) {
    if (!UPLOAD_ID.test(id) || rows.has(id) || now - changedAt <= UPLOADS_LEFT_ALONE) continue;
    if (!needed.has(uploadKey(id))) await uploads.remove(id);
    // a process ended between taking the upload for a submission and forgetting it
    else if (isNote) await uploads.release(id);
  }
  for (const { id } of await expiredUploads(new Date(now - UPLOADS_LEFT_ALONE)))
    if ((await uploads.received(id)) === null) await discard(id);
  return old.length;
}

async function discard(id: string): Promise<void> {
  metrics().uploads.inc({ result: 'discarded' });
  await storage().uploads.remove(id);
  await deleteUpload(id);
}

/** Delete the files of rejected, failed and practice submissions that were kept for long enough. */
async function sweepExpired(days: KeptDays): Promise<number> {
  let files = 0;
  for (const expired of await listExpired(days)) {
    // its owner or a maintainer was faster
    const keys = await expireFiles(expired).catch((error) => {
      if (error instanceof AppError) return [];
      throw error;
    });
    for (const key of keys) await storage().delete(key);
    files += keys.length;
  }
  return files;
}

/** Delete files that no row needs, and report rows whose file is gone. */
async function compareFiles(days: KeptDays, now: number): Promise<Pick<SweptFiles, 'orphans' | 'missing'>> {
  const store = storage();
  const needed = new Map((await listNeededFiles(days)).map(({ key, since }) => [key, since]));
  const gone = new Map(needed);
  let orphans = 0;
  for await (const key of store.list()) {
    gone.delete(key);
    if (needed.has(key) || !OWN_FOLDERS.test(key)) continue;
    const changedAt = await store.changedAt(key);
    if (changedAt === null || now - changedAt <= FILES_LEFT_ALONE) continue;
    // a score that is being computed may be about to name it
    if (key.startsWith(OUTCOMES_PREFIX) && !(await isOrphan(key))) continue;
    await store.delete(key);
    log.info('orphan-deleted', { file: key });
    orphans++;
  }
  let missing = 0;
  for (const [key, since] of gone) {
    if (now - since <= HOUR || (await store.exists(key))) continue;
    // what can be computed is computed again
    if (await remakeVariants(key)) {
      log.info('variants-remade', { file: key });
      continue;
    }
    log.error('file-missing', new Error(`the store has no file ${key}, which the database names`), { file: key });
    missing++;
  }
  return { orphans, missing };
}
