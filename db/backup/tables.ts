/** Reads and writes tables for a backup: all rows as JSON lines, in an order that allows inserting them again. */
import { sql } from 'drizzle-orm';
import type { Tx } from '#db/engine/client.ts';

/** Tables whose rows are meaningless on another site or at another time. */
const TRANSIENT = new Set([
  'device_logins',
  'public_changes',
  'rate_limits',
  'scoring_processes',
  'sessions',
  'storage_ids',
  'upload_locks',
  'uploads',
  'verification_tokens',
]);
/** Rows fetched or inserted at once. */
const BATCH = 500;

/** Names of all tables with lasting rows, each after the tables it refers to. */
export async function listTables(tx: Tx): Promise<string[]> {
  const tables = await tx.execute<{ name: string }>(
    sql`select table_name as name from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE' order by table_name`,
  );
  const references = await tx.execute<{ from: string; to: string }>(
    sql`select distinct conrelid::regclass::text as "from", confrelid::regclass::text as "to"
        from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace and conrelid <> confrelid`,
  );
  const ordered: string[] = [];
  const visit = (name: string, path: readonly string[]) => {
    if (ordered.includes(name)) return;
    if (path.includes(name)) throw new Error(`Tables refer to each other in a circle: ${[...path, name].join(' → ')}`);
    for (const { from, to } of references) if (from === name) visit(to, [...path, name]);
    ordered.push(name);
  };
  for (const { name } of tables) visit(name, []);
  return ordered.filter((name) => !TRANSIENT.has(name));
}

/** Yield the rows of a table as JSON texts, in the order of their primary key. Numbers keep every digit. */
export async function* readRows(table: string, tx: Tx): AsyncGenerator<string> {
  const keys = await tx.execute<{ name: string }>(
    sql`select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
        where i.indrelid = ${table}::text::regclass and i.indisprimary order by array_position(i.indkey::int2[], a.attnum)`,
  );
  const name = sql.identifier(table);
  const order =
    keys.length > 0
      ? sql`order by ${sql.join(
          keys.map((key) => sql.identifier(key.name)),
          sql`, `,
        )}`
      : sql``;
  await tx.execute(sql`declare backup_rows cursor for select to_jsonb(t)::text as row from ${name} t ${order}`);
  try {
    for (;;) {
      const rows = await tx.execute<{ row: string }>(sql.raw(`fetch ${BATCH} from backup_rows`));
      for (const { row } of rows) yield row;
      if (rows.length < BATCH) return;
    }
  } finally {
    await tx.execute(sql`close backup_rows`).catch(() => {}); // the transaction has failed already
  }
}

/** Insert rows from `readRows`. Columns of a newer schema get the defaults of its migrations. */
export async function insertRows(table: string, rows: AsyncIterable<string>, tx: Tx): Promise<number> {
  const name = sql.identifier(table);
  let inserted = 0;
  let batch: string[] = [];
  const flush = async () => {
    if (batch.length === 0) return;
    // cast through text, or the driver would write the text as a JSON string
    await tx.execute(
      sql`insert into ${name} overriding system value
          select * from jsonb_populate_recordset(null::${name}, ${`[${batch.join(',')}]`}::text::jsonb)`,
    );
    inserted += batch.length;
    batch = [];
  };
  for await (const row of rows) {
    batch.push(row);
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  return inserted;
}

/** Set all sequences to continue after the largest number in use. */
export async function resetSequences(tx: Tx): Promise<void> {
  const columns = await tx.execute<{ table: string; column: string; sequence: string }>(
    sql`select table_name as "table", column_name as "column",
          pg_get_serial_sequence(quote_ident(table_name), column_name) as sequence
        from information_schema.columns
        where table_schema = 'public' and pg_get_serial_sequence(quote_ident(table_name), column_name) is not null`,
  );
  for (const { table, column, sequence } of columns)
    await tx.execute(
      sql`select setval(${sequence}::text::regclass, coalesce((select max(${sql.identifier(column)}) from ${sql.identifier(table)}), 0) + 1, false)`,
    );
}
