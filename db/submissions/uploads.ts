/** Files that came in over tus and are not part of a submission yet. */
import { and, desc, eq, isNull, lt } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type Upload, uploads } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';

export async function createUpload(
  input: Pick<Upload, 'id' | 'userId' | 'fileName' | 'bytes' | 'storageKey'>,
  tx: Tx = db(),
): Promise<Upload> {
  const [upload] = await tx.insert(uploads).values(input).returning();
  return upload;
}

/** All bytes are here, and this is their digest. Saying so twice is no error unless the digests differ. */
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

/** A person's uploads that no submission has taken, the newest first. */
export async function listUploads(userId: string, tx: Tx = db()): Promise<Upload[]> {
  return tx.select().from(uploads).where(eq(uploads.userId, userId)).orderBy(desc(uploads.createdAt), uploads.id);
}

/** Forgets the row (the file is the caller's to delete). Returns what was forgotten: only one of two takers gets it. */
export async function deleteUpload(id: string, tx: Tx = db()): Promise<Upload | null> {
  const [deleted] = await tx.delete(uploads).where(eq(uploads.id, id)).returning();
  return deleted ?? null;
}

/** Uploads begun before a time, for the sweep that removes what nobody came back for. */
export async function expiredUploads(before: Date, tx: Tx = db()): Promise<Upload[]> {
  return tx.select().from(uploads).where(lt(uploads.createdAt, before)).orderBy(uploads.createdAt);
}
