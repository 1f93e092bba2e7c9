/** When the site was last backed up. */
import { max } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { backups } from '#db/schema.ts';

export async function recordBackup(backup: { bytes: number; files: number }, tx: Tx = db()): Promise<void> {
  await tx.insert(backups).values(backup);
}

/** Return when the last backup ended; null: never. */
export async function lastBackup(tx: Tx = db()): Promise<Date | null> {
  const [{ at }] = await tx.select({ at: max(backups.endedAt) }).from(backups);
  return at;
}
