/** A process of its own that asks for its own values, many at once, and counts every answer that is not its own. */
import pg from 'pg';
import postgres from 'postgres';

const [url, name, count] = process.argv.slice(2);
const max = 8;
const sql = postgres(url, { max, fetch_types: false });
const pool = new pg.Pool({ connectionString: url, max });

let wrong = 0;
const check = (given: unknown, got: unknown) => {
  if (given !== got) wrong++;
};

async function ask(i: number): Promise<void> {
  const value = `${name}-${i}-${'x'.repeat(i % 500)}`;
  switch (i % 5) {
    case 0:
      check(value, (await sql.unsafe('select $1::text as v', [value]))[0].v);
      break;
    case 1: // named statements, prepared once per connection
      check(value, (await sql`select ${value}::text as v`)[0].v);
      break;
    case 2:
      check(value, (await pool.query({ name: 'own', text: 'select $1::text as v', values: [value] })).rows[0].v);
      break;
    case 3:
      await sql.begin(async (tx) => {
        await tx.unsafe(`select set_config('my.value', $1, true)`, [value]);
        await tx`select 1`;
        check(value, (await tx.unsafe(`select current_setting('my.value') as v`))[0].v);
      });
      break;
    case 4: // an error must reach its own asker, and nobody else
      await pool.query('select 1 / ($1::int - 1)', [1]).then(
        () => wrong++,
        (error) => check('22012', error.code),
      );
  }
}

await Promise.all(Array.from({ length: Number(count) }, (_, i) => ask(i)));
await sql.end();
await pool.end();
console.log(JSON.stringify({ wrong }));
