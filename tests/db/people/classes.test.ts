import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect } from '#db/engine/client.ts';
import {
  classBoard,
  classOfCode,
  classOfScreen,
  createClass,
  deleteClass,
  freeze,
  getClass,
  joinClass,
  leaveClass,
  listClasses,
  membershipOf,
  renewCode,
  renewScreen,
  revealClass,
} from '#db/people/classes.ts';
import { createTeam, leaveTeam } from '#db/people/teams.ts';
import { ensureUser } from '#db/people/users.ts';
import { classes, type Dataset, submissions } from '#db/schema.ts';
import { makeAnonymous } from '#db/submissions/anonymity.ts';
import { resultsOf } from '#db/submissions/own-scores.ts';
import { withdraw } from '#db/submissions/publication.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';
import { listRecentEvents } from '../recent-events.ts';

describe.each(ONE_ENGINE)('classes on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  let id: string;
  let code: string;
  const people: Record<'mo' | 'ada' | 'bob' | 'eve' | 'fay', string> = { mo: '', ada: '', bob: '', eve: '', fay: '' };
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db, { public: true });
    for (const name of Object.keys(people) as (keyof typeof people)[])
      people[name] = (await ensureUser({ email: `${name}@example.org`, name }, client.db)).id;
    ({ id } = await createClass({ name: 'Course', task: dataset.task, datasetId: dataset.id }, people.mo, client.db));
    code = await renewCode(id, client.db);
  });
  afterAll(async () => {
    await client?.close();
    await database?.close();
  });

  const join = (userId: string, name: string, teamId: string | null = null) =>
    joinClass(code, { userId, teamId, name }, client.db);
  const board = async () => {
    const { rows, hidden } = await classBoard((await getClass(id, client.db))!, client.db);
    return { rows: rows.map(({ rank, name, score, runs, moved }) => [rank, name, score, runs, moved]), hidden };
  };
  let sent = 0;
  /** A scored submission; each is an hour after the one before. */
  const score = async (userId: string, AP: number, { teamId }: { teamId?: string } = {}) => {
    const made = await createSubmission(
      someSubmission(dataset, { userId, teamId, method: `Method ${++sent}` }),
      client.db,
    );
    await startScoring(made.id, 1, client.db);
    await saveReports(made.id, someReports({ AP }), client.db);
    return made.id;
  };

  test('a code is typed as it is heard; another takes its place', async () => {
    expect(code).toMatch(/^[A-HJKMNP-Z2-9]{4}-[A-HJKMNP-Z2-9]{4}-[A-HJKMNP-Z2-9]{4}$/);
    const heard = ` ${code.toLowerCase().replaceAll('-', ' ')} `;
    expect(await classOfCode(heard, client.db)).toMatchObject({ id, dataset: dataset.name });
    const old = code;
    code = await renewCode(id, client.db);
    expect(await classOfCode(old, client.db)).toBeNull();
    await expect(joinClass(old, { userId: people.ada, teamId: null, name: 'Ada' }, client.db)).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(await classOfScreen(code, client.db)).toBeNull();
    expect(await classOfScreen(await renewScreen(id, client.db), client.db)).toMatchObject({ id });
  });

  test('a class is of a task and a data set that belong together', async () => {
    const make = (task: string, datasetId: string) =>
      createClass({ name: 'Wrong', task, datasetId }, people.mo, client.db);
    await expect(make('fluorescence-counts', dataset.id)).rejects.toMatchObject({ code: 'invalid' });
    await expect(make('cell-art', dataset.id)).rejects.toMatchObject({ code: 'invalid' });
    await expect(make(dataset.task, 'none')).rejects.toMatchObject({ code: 'invalid' });
  });

  test('members stand by their best score, under the names they chose; nobody else does', async () => {
    await join(people.ada, 'Ada');
    await join(people.bob, 'Bob');
    await join(people.ada, 'Ada L.');
    expect(await membershipOf(id, people.ada, client.db)).toMatchObject({ name: 'Ada L.' });
    expect(await board()).toEqual({
      rows: [
        [null, 'Ada L.', '–', 0, null],
        [null, 'Bob', '–', 0, null],
      ],
      hidden: 0,
    });
    await score(people.ada, 0.3);
    await score(people.ada, 0.5);
    await score(people.ada, 0.4);
    await score(people.bob, 0.45);
    await score(people.eve, 0.9);
    expect((await board()).rows).toEqual([
      [1, 'Ada L.', '50.0', 3, null],
      [2, 'Bob', '45.0', 1, null],
    ]);
    expect((await listClasses({ memberId: people.eve }, client.db)).map((one) => one.id)).toEqual([]);
    expect(await listClasses({ memberId: people.bob }, client.db)).toMatchObject([{ id, members: 2 }]);
  });

  test('a team is one row; who has left it stands by their own', async () => {
    const team = await createTeam('Cells', people.eve, client.db);
    await expect(join(people.bob, 'Bob', team.id)).rejects.toMatchObject({ code: 'invalid' });
    await join(people.eve, 'Team Eve', team.id);
    await score(people.eve, 0.6, { teamId: team.id });
    expect((await board()).rows[0]).toEqual([1, 'Team Eve', '60.0', 1, null]);
    await expect(leaveTeam(team.id, people.eve, client.db)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('what is withdrawn, anonymous or older than the class does not count', async () => {
    const gone = await score(people.bob, 0.95);
    await withdraw(gone, people.bob, {}, client.db);
    const secret = await score(people.bob, 0.94);
    await makeAnonymous(secret, people.bob, null, client.db);
    const old = await score(people.bob, 0.93);
    await client.db
      .update(submissions)
      .set({ createdAt: new Date(0) })
      .where(eq(submissions.id, old));
    expect((await board()).rows).toContainEqual([3, 'Bob', '45.0', 1, null]);
  });

  test('new scores are hidden until the reveal, which says who has moved', async () => {
    await expect(revealClass(id, people.mo, client.db)).rejects.toMatchObject({ code: 'conflict' });
    await freeze(id, people.mo, client.db);
    await score(people.bob, 0.7);
    await join(people.fay, 'Fay');
    await score(people.fay, 0.1);
    expect(await board()).toEqual({
      rows: [
        [1, 'Team Eve', '60.0', 1, null],
        [2, 'Ada L.', '50.0', 3, null],
        [3, 'Bob', '45.0', 1, null],
        [null, 'Fay', '–', 0, null],
      ],
      hidden: 2,
    });
    await revealClass(id, people.mo, client.db);
    expect(await board()).toEqual({
      rows: [
        [1, 'Bob', '70.0', 2, 2],
        [2, 'Team Eve', '60.0', 1, -1],
        [3, 'Ada L.', '50.0', 3, -1],
        [4, 'Fay', '10.0', 1, null],
      ],
      hidden: 0,
    });
  });

  test('equal scores share a rank', async () => {
    await score(people.fay, 0.5);
    const ranks = (await board()).rows.map(([rank, name]) => [rank, name]);
    expect(ranks).toEqual([
      [1, 'Bob'],
      [2, 'Team Eve'],
      [3, 'Ada L.'],
      [3, 'Fay'],
    ]);
  });

  test('scores on hidden ground truth are told as their owner is told them', async () => {
    const hidden = await someDataset(client.db, { name: 'hidden', public: false });
    const about = { name: 'Hidden', task: hidden.task, datasetId: hidden.id };
    const other = await createClass(about, people.mo, client.db);
    await joinClass(await renewCode(other.id, client.db), { userId: people.fay, teamId: null, name: 'Fay' }, client.db);
    const { id: run } = await createSubmission(
      someSubmission(hidden, { userId: people.fay, method: 'On hidden truth' }),
      client.db,
    );
    await startScoring(run, 1, client.db);
    await saveReports(run, someReports({ AP: 0.723_456, objects: 4000 }), client.db);
    const { rows } = await classBoard((await getClass(other.id, client.db))!, client.db);
    const told = (await resultsOf([run], client.db)).get(run) as { segm: { overall: { AP: number } } };
    expect(told.segm.overall.AP).not.toBe(0.723_456);
    expect(rows[0]).toMatchObject({ name: 'Fay', score: (told.segm.overall.AP * 100).toFixed(1) });
    await deleteClass(other.id, people.mo, client.db);
  });

  test('members leave; a class is deleted with its members, and its deeds stay in the log', async () => {
    await leaveClass(id, people.ada, client.db);
    await expect(leaveClass(id, people.ada, client.db)).rejects.toMatchObject({ code: 'not-found' });
    expect((await board()).rows.map(([, name]) => name)).not.toContain('Ada L.');
    await deleteClass(id, people.mo, client.db);
    expect(await client.db.select().from(classes)).toEqual([]);
    await expect(deleteClass(id, people.mo, client.db)).rejects.toMatchObject({ code: 'not-found' });
    const kinds = (await listRecentEvents(200, client.db)).map(({ event }) => event.kind);
    expect(kinds).toEqual(expect.arrayContaining(['class-made', 'class-frozen', 'class-revealed', 'class-deleted']));
  });
});
