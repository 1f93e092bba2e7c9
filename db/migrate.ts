/** Brings a database's tables and queues up to date. Safe to repeat, and to run in several processes at once. */
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator';
import { connect, type Db } from './client.ts';
import { migrateQueue } from './queue.ts';

/** Any number, as long as nobody else takes it. */
const LOCK = 7_235_018;

export async function migrate(url: string): Promise<void> {
  const { db, close } = connect(url, { max: 1 });
  try {
    await db.transaction(async (tx) => {
      // held until the transaction ends: a second process waits here and then finds nothing to do
      await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
      await applyMigrations(tx as unknown as Db, {
        migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)),
      });
    });
  } finally {
    await close();
  }
  await migrateQueue(url); // locks for itself
}
