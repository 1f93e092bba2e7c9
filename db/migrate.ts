/** Migrates a database's tables and queues. Safe to repeat, and to run in several processes at once. */
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { fillBoardValues } from './board/values.ts';
import { connect } from './engine/client.ts';
import { migrateQueue } from './queue/queue.ts';

/** Key of the advisory lock: any number that nothing else uses. */
const LOCK = 7_235_018;

const allMigrations = () =>
  readMigrationFiles({ migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)) });

/** The time of the newest migration. It identifies the current schema. */
export function latestMigration(): number {
  return Math.max(...allMigrations().map(({ folderMillis }) => folderMillis));
}

/** @param upTo stop after the migration of this time, to get the schema of an older backup */
export async function migrate(url: string, { upTo = Number.POSITIVE_INFINITY } = {}): Promise<void> {
  const { db, close } = connect(url, { max: 1 });
  const migrations = allMigrations().filter(({ folderMillis }) => folderMillis <= upTo);
  try {
    // drizzle's own migrator checks before it locks; here a second process waits, then finds nothing to do
    await db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
      // the table that drizzle-kit's tools expect
      await tx.execute(sql`create schema if not exists drizzle`);
      await tx.execute(sql`
        create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`);
      const [{ last }] = await tx.execute<{ last: number }>(
        sql`select coalesce(max(created_at), 0)::float8 as last from drizzle.__drizzle_migrations`,
      );
      for (const migration of migrations.filter(({ folderMillis }) => folderMillis > last)) {
        for (const statement of migration.sql) await tx.execute(sql.raw(statement));
        await tx.execute(sql`
          insert into drizzle.__drizzle_migrations (hash, created_at) values (${migration.hash}, ${migration.folderMillis})`);
      }
    });
  } finally {
    await close();
  }
  await migrateQueue(url); // locks for itself
  if (upTo >= latestMigration()) await fillValues(url);
}

/** Derive what boards show of scores that are older than the way it is stored now. */
async function fillValues(url: string): Promise<void> {
  const { db, close } = connect(url, { max: 1 });
  try {
    await fillBoardValues({ again: true }, db);
  } finally {
    await close();
  }
}

/** Tell whether a database has exactly the schema of this version. */
export async function isCurrent(url: string): Promise<boolean> {
  const { db, close } = connect(url, { max: 1 });
  try {
    const [{ last }] = await db.execute<{ last: number }>(
      sql`select coalesce(max(created_at), 0)::float8 as last from drizzle.__drizzle_migrations`,
    );
    return last === latestMigration();
  } catch (error) {
    if ((error as { cause?: { code?: string } }).cause?.code === '42P01') return false; // no such table: an empty database
    throw error;
  } finally {
    await close();
  }
}
