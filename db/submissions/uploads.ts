/** Uploaded files (tus) that do not belong to a submission yet. */
import { and, desc, eq, isNull, lt, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { submissionFiles, submissions, type Upload, uploads } from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';

export async function createUpload(
  input: Pick<Upload, 'id' | 'userId' | 'fileName' | 'bytes' | 'storageKey'>,
  tx: Tx = db(),
): Promise<Upload> {
  const [upload] = await tx.insert(uploads).values(input).returning();
  return upload;
}

interface UploadBudget {
  /** uploads of a person that no submission has taken */
  uploads: number;
  /** bytes of a person's files, and of everybody's; 0: no limit */
  bytesPerPerson: number;
  bytesInAll: number;
}

/**
 * Writes an upload's row before its first byte is kept, one at a time per person, if it fits into what the person and
 * the site may keep. What is declared counts as if it had arrived.
 *
 * @throws AppError `too-many` for too many uploads or bytes of one person; `storage-full` where the site has no room
 */
export async function reserveUpload(
  input: Pick<Upload, 'id' | 'userId' | 'fileName' | 'bytes' | 'storageKey'>,
  budget: UploadBudget,
  tx: Tx = db(),
): Promise<Upload> {
  return tx.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`uploads ${input.userId}`}, 0))`);
    const open = await listUploads(input.userId, tx);
    if (open.length >= budget.uploads)
      throw new AppError(
        'too-many',
        `There are already ${budget.uploads} uploads that were never submitted. Submit or delete some, or wait: they are deleted after ${env().LIVECELL_KEEP_UPLOADS_DAYS} days.`,
      );
    const kept = await countKeptBytes(input.userId, tx);
    if (budget.bytesPerPerson > 0 && kept.person + input.bytes > budget.bytesPerPerson)
      throw new AppError(
        'too-many',
        `Your files here have ${inGigabytes(kept.person)}, uploads that are not submitted included, and this one would make them more than ${inGigabytes(budget.bytesPerPerson)}. Delete files of earlier submissions: their scores stay.`,
      );
    if (budget.bytesInAll > 0 && kept.all + input.bytes > budget.bytesInAll)
      throw new AppError('storage-full', 'This site has no room for further files right now. Please try again later.');
    return createUpload(input, tx);
  });
}

function inGigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}

/** Bytes that a person's files take, and everybody's: uploads as declared, and files of submissions once each. */
async function countKeptBytes(userId: string, tx: Tx): Promise<{ person: number; all: number }> {
  const [row] = await tx.execute<{ person: number; all: number }>(sql`
    with kept as (
      select ${uploads.userId} as person, ${uploads.storageKey} as key, ${uploads.bytes} as bytes from ${uploads}
      union
      select ${submissions.userId}, ${submissionFiles.storageKey}, ${submissionFiles.bytes}
      from ${submissionFiles} join ${submissions} on ${submissions.id} = ${submissionFiles.submissionId}
      where ${submissions.filesDeletedAt} is null and ${submissions.state} <> 'withdrawn'
    )
    select coalesce(sum(bytes) filter (where person = ${userId}), 0)::float8 as person,
           coalesce(sum(bytes), 0)::float8 as all
    from kept`);
  return row;
}

/**
 * Record that an upload is complete, with its digest. Repeating it with the same digest changes nothing.
 *
 * @throws AppError `not-found`; `conflict` if it was completed with another digest
 */
export async function completeUpload(id: string, sha256: string, tx: Tx = db()): Promise<Upload> {
  const [completed] = await tx
    .update(uploads)
    .set({ sha256, completedAt: new Date() })
    .where(and(eq(uploads.id, id), isNull(uploads.completedAt)))
    .returning();
  if (completed) return completed;
  const existing = await getUpload(id, tx);
  if (!existing) throw new AppError('not-found', 'There is no such upload.');
  if (existing.sha256 !== sha256) throw new AppError('conflict', 'This upload was completed with other content.');
  return existing;
}

export async function getUpload(id: string, tx: Tx = db()): Promise<Upload | null> {
  const [upload] = await tx.select().from(uploads).where(eq(uploads.id, id));
  return upload ?? null;
}

/** Return a person's uploads that no submission has taken, newest first. */
export async function listUploads(userId: string, tx: Tx = db()): Promise<Upload[]> {
  return tx.select().from(uploads).where(eq(uploads.userId, userId)).orderBy(desc(uploads.createdAt), uploads.id);
}

/** Delete the row and return it; if two callers try at once, only one gets it. The caller deletes the file. */
export async function deleteUpload(id: string, tx: Tx = db()): Promise<Upload | null> {
  const [deleted] = await tx.delete(uploads).where(eq(uploads.id, id)).returning();
  return deleted ?? null;
}

/** Return the time that rows are stamped with, in milliseconds since 1970. */
export async function databaseTime(tx: Tx = db()): Promise<number> {
  const [{ now }] = await tx.execute<{ now: number }>(
    sql`select extract(epoch from clock_timestamp())::float8 * 1000 as now`,
  );
  return now;
}

/** Return the uploads that began before a time, for removing abandoned ones. */
export async function expiredUploads(before: Date, tx: Tx = db()): Promise<Upload[]> {
  return tx.select().from(uploads).where(lt(uploads.createdAt, before)).orderBy(uploads.createdAt);
}
