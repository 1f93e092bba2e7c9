/** What was submitted before there were methods: each name of a person becomes a method, and its submissions versions. */
import { fileURLToPath } from 'node:url';
import { eq, sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getLeaderboard } from '#db/board/board.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { migrate } from '#db/migrate.ts';
import { type Method, methods, type Submission, submissions } from '#db/schema.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { ENGINES, type TestDatabase } from './databases.ts';
import { GROUND_TRUTH, someReports } from './fixtures.ts';

/** Those that made the tables of submissions, before methods. */
const BEFORE = 3;

const day = (n: number) => `2025-01-${String(n).padStart(2, '0')}T12:00:00Z`;

/** id, user, data set, method, state, visibility, submitted on, published on */
const EARLIER: [string, string | null, string, string, string, string, number, number | null][] = [
  ['a1', 'ada', 'd1', 'U-Net', 'scored', 'published', 1, 5],
  ['a2', 'ada', 'd1', 'u-net', 'scored', 'published', 2, 9],
  ['a3', 'ada', 'd1', 'U-NET', 'scored', 'private', 3, null],
  ['a4', 'ada', 'd2', 'U-Net', 'scored', 'published', 4, 6],
  ['a5', 'ada', 'd1', 'Other', 'rejected', 'private', 5, null],
  ['a6', 'ada', 'd1', 'Hidden', 'scored', 'hidden', 6, 7],
  ['b1', 'bob', 'd1', 'U-Net', 'scored', 'published', 6, 7],
  ['b2', 'bob', 'd1', 'U-Net', 'withdrawn', 'private', 7, null],
  ['b4', 'bob', 'd1', 'Approved once', 'withdrawn', 'private', 9, null],
  ['b5', 'bob', 'd1', 'Hidden while it waited', 'scored', 'hidden', 9, null],
  ['b3', 'bob', 'd1', 'U-Net', 'scored', 'published', 8, 6],
  ['n1', null, 'd1', 'Demo', 'scored', 'published', 1, 1],
  ['n2', null, 'd1', 'Demo', 'queued', 'published', 2, 2],
];

describe.each(ENGINES)('migrating what was submitted before on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    const { db } = client;
    await db.execute(sql`drop schema public cascade`);
    await db.execute(sql`drop schema drizzle cascade`);
    await db.execute(sql`create schema public`);
    await db.execute(sql`create schema drizzle`);
    await db.execute(
      sql`create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`,
    );
    const folder = fileURLToPath(new URL('../../db/migrations', import.meta.url));
    for (const { sql: statements, hash, folderMillis } of readMigrationFiles({ migrationsFolder: folder }).slice(
      0,
      BEFORE,
    )) {
      for (const statement of statements) await db.execute(sql.raw(statement));
      await db.execute(
        sql`insert into drizzle.__drizzle_migrations (hash, created_at) values (${hash}, ${folderMillis})`,
      );
    }
    for (const id of ['ada', 'bob']) await db.execute(sql`insert into users (id, name) values (${id}, ${id})`);
    for (const id of ['d1', 'd2'])
      await db.execute(sql`
        insert into datasets (id, name, task, sha256, images, objects, cell_types, pack_key)
        values (${id}, ${id}, 'livecell-wide', ${GROUND_TRUTH}, 2, 10, '{}', 'x')`);
    for (const [id, user, dataset, method, state, visibility, created, published] of EARLIER) {
      await db.execute(sql`
        insert into submissions (id, task, dataset_id, user_id, method, description, code_url, state, visibility, demo,
          created_at, published_at)
        values (${id}, 'livecell-wide', ${dataset}, ${user}, ${method}, ${`said with ${id}`}, ${`https://example.org/${id}`},
          ${state}, ${visibility}, ${user === null}, ${day(created)}, ${published && day(published)})`);
      if (state !== 'scored' && state !== 'withdrawn') continue;
      const report = someReports()[0];
      await db.execute(sql`
        insert into evaluations (id, submission_id, protocol, evaluator_version, ground_truth_sha256, report)
        values (${`of ${id}`}, ${id}, ${report.protocol}, 'before', ${GROUND_TRUTH}, ${JSON.stringify(report)}::jsonb)`);
    }
    await db.execute(sql`insert into audit_events (kind, submission_id, detail) values ('approved', 'b4', '{}')`);
    await migrate(database.url);
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  const all = async () => {
    const rows = await client.db.select().from(submissions);
    return Object.fromEntries(rows.map((row) => [row.id, row])) as Record<string, Submission>;
  };
  const methodOf = async (submission: Submission): Promise<Method> => {
    const [method] = await client.db.select().from(methods).where(eq(methods.id, submission.methodId!));
    return method;
  };

  test('each name of a person is a method, upper or lower case, with what was said first', async () => {
    const of = await all();
    expect(await client.db.select().from(methods)).toHaveLength(7);
    expect(new Set(['a1', 'a2', 'a3', 'a4'].map((id) => of[id].methodId)).size).toBe(1);
    expect(of.b1.methodId).not.toBe(of.a1.methodId);
    expect(await methodOf(of.a1)).toMatchObject({
      userId: 'ada',
      teamId: null,
      name: 'U-Net',
      description: 'said with a1',
      codeUrl: 'https://example.org/a1',
      createdAt: new Date(day(1)),
    });
    expect(await methodOf(of.n1)).toMatchObject({ userId: null, name: 'Demo' });
  });

  test('submissions are numbered per method and data set, in the order they came', async () => {
    const of = await all();
    const versions = Object.fromEntries(Object.values(of).map(({ id, version }) => [id, version]));
    expect(versions).toEqual({
      a1: 1,
      a2: 2,
      a3: 3,
      a4: 1,
      a5: 1,
      a6: 1,
      b1: 1,
      b2: 2,
      b3: 3,
      n1: 1,
      n2: 2,
      b4: 1,
      b5: 1,
    });
  });

  test('of the published versions the one that was published last is shown', async () => {
    const of = await all();
    const shown = Object.values(of).filter(({ shown }) => shown);
    expect(shown.map(({ id }) => id).sort()).toEqual(['a2', 'a4', 'b1', 'n1']);
    const query = { task: 'livecell-wide', dataset: 'd1', protocol: 'livecell-paper', evaluation: 'segm' } as const;
    const { rows } = await getLeaderboard(query, client.db);
    expect(Object.fromEntries(rows.map(({ id, runs }) => [id, runs]))).toEqual({ a2: 3, b1: 3, n1: 1 });
  });

  test('what has been on the board before was public, so that it leaves a tombstone; no other did', async () => {
    const of = await all();
    const were = Object.values(of).filter(({ wasPublished }) => wasPublished);
    expect(were.map(({ id }) => id).sort()).toEqual(['a1', 'a2', 'a4', 'a6', 'b1', 'b3', 'b4', 'n1']);
    const gone = await withdraw('a2', 'ada', { reason: 'mistake' }, client.db);
    expect(gone).toMatchObject({ wasPublished: true, withdrawalReason: 'mistake', shown: false });
    expect((await all()).a1.shown).toBe(true);
  });
});
