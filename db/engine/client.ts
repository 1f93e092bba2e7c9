/** The one connection pool of a process, and the types that queries take. */
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import * as schema from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';

type Db = PostgresJsDatabase<typeof schema>;
/** A transaction, or the database itself: whatever a query runs on. */
export type Tx = Db | Parameters<Parameters<Db['transaction']>[0]>[0];

export interface Client {
  db: Db;
  close(): Promise<void>;
}

/** Open a separate pool, for processes that use more than one database (tests, migrations). */
export function connect(url: string, options: { max?: number } = {}): Client {
  const sql = postgres(url, {
    // Small: the embedded database runs one transaction at a time anyway, and PostgreSQL counts connections.
    max: options.max ?? 4,
    // Named statements would have to live in the backend, which the embedded database shares between all connections.
    prepare: false,
    // Saves a query on each new connection; drizzle writes arrays itself.
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'livecell' },
  });
  return { db: drizzle(sql, { schema }), close: () => sql.end({ timeout: 5 }) };
}

/** Shared by all copies of this module: Next compiles modules several times (pages, routes, instrumentation). */
const cache = globalThis as typeof globalThis & { livecellDb?: { url: string; client: Client } };

/** Return the database at DATABASE_URL. Never use it inside a transaction: the embedded database has one backend. */
export function db(): Db {
  const url = env().DATABASE_URL;
  if (!url) throw new AppError('unavailable', 'There is no database: DATABASE_URL is not set.');
  if (cache.livecellDb?.url !== url) {
    void cache.livecellDb?.client.close();
    cache.livecellDb = { url, client: connect(url) };
  }
  return cache.livecellDb.client.db;
}

export async function closeDb(): Promise<void> {
  const open = cache.livecellDb;
  cache.livecellDb = undefined;
  await open?.client.close();
}
