import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect } from '#db/engine/client.ts';
import {
  audienceOf,
  countUnread,
  getPreferences,
  listNotices,
  markRead,
  notify,
  savePreferences,
  wants,
} from '#db/notices/notices.ts';
import { ensureUser } from '#db/people/users.ts';
import { outbox, teamMembers, teams } from '#db/schema.ts';
import { failSubmission, rejectSubmission, saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import { readEnv } from '#lib/env.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';

const MAIL = { SMTP_URL: 'smtp://127.0.0.1:25', MAIL_FROM: 'board@example.org', AUTH_URL: 'https://board.example.org' };

describe.each(ONE_ENGINE)('notices on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let db: Client['db'];

  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    db = client.db;
  });
  afterAll(async () => {
    await client?.close();
    await database?.close();
  });
  afterEach(async () => {
    for (const name of Object.keys(MAIL)) delete process.env[name];
    await db.delete(outbox);
  });

  const person = (name: string) => ensureUser({ email: `${name}@example.org`, name }, db);

  test('a notice is there once for each person, unread until it is read', async () => {
    const [anna, ben] = [await person('anna'), await person('ben')];
    await notify(
      [anna.id, ben.id, anna.id, 'nobody'],
      {
        kind: 'scored',
        text: '“Net” was scored.',
        link: '/submissions/1',
      },
      db,
    );
    const [notice, ...more] = await listNotices(anna.id, {}, db);
    expect(more).toEqual([]);
    expect(notice).toMatchObject({ kind: 'scored', text: '“Net” was scored.', link: '/submissions/1', readAt: null });
    expect(await countUnread(anna.id, db)).toBe(1);
    // somebody else's notice is not theirs to read
    expect(await markRead(ben.id, notice.id, db)).toBe(0);
    expect(await markRead(anna.id, notice.id, db)).toBe(1);
    expect(await markRead(anna.id, 'all', db)).toBe(0);
    expect([await countUnread(anna.id, db), await countUnread(ben.id, db)]).toEqual([0, 1]);
    expect(await db.select().from(outbox)).toEqual([]); // no SMTP here
  });

  test('an e-mail is written where SMTP is set up, with the link and how to switch it off', async () => {
    Object.assign(process.env, MAIL);
    const carla = await person('carla');
    await notify(
      [carla.id],
      {
        kind: 'hidden',
        text: '“Net” was hidden. The reason: wrong data.',
        link: '/submissions/2',
      },
      db,
    );
    const [mail, ...more] = await db.select().from(outbox);
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ to: 'carla@example.org', subject: '“Net” was hidden', attempts: 0, sentAt: null });
    expect(mail.body).toContain('The reason: wrong data.\n\nhttps://board.example.org/submissions/2\n');
    expect(mail.body).toContain('https://board.example.org/account?tab=notices');
  });

  test('preferences decide per kind, and what nobody chose comes both ways', async () => {
    Object.assign(process.env, MAIL);
    const dora = await person('dora');
    await savePreferences(
      dora.id,
      {
        scored: { site: true, email: false },
        team: { site: false, email: true },
        hidden: { site: false, email: false },
      },
      db,
    );
    for (const kind of ['scored', 'team', 'hidden', 'failed'] as const)
      await notify([dora.id], { kind, text: `about ${kind}` }, db);
    expect((await listNotices(dora.id, {}, db)).map(({ kind }) => kind).sort()).toEqual(['failed', 'scored']);
    const subjects = (await db.select().from(outbox)).map(({ subject }) => subject);
    expect(subjects.sort()).toEqual(['about failed', 'about team']);
    expect(await getPreferences(dora.id, db)).toMatchObject({
      scored: { site: true, email: false },
      approved: { site: true, email: true },
    });
    expect(wants({}, 'scored')).toEqual({ site: true, email: true });
  });

  test('nobody hears of what was rolled back', async () => {
    Object.assign(process.env, MAIL);
    const eve = await person('eve');
    const failing = db.transaction(async (tx) => {
      await notify([eve.id], { kind: 'account', text: 'It happened.' }, tx);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect([await countUnread(eve.id, db), (await db.select().from(outbox)).length]).toEqual([0, 0]);
  });

  test('who submitted hears what became of it', async () => {
    const fay = await person('fay');
    const dataset = await someDataset(db);
    const scoring = async (method: string) => {
      const { id } = await createSubmission(someSubmission(dataset, { userId: fay.id, method }), db);
      await startScoring(id, 1, db);
      return id;
    };
    const [good, bad, broken] = [await scoring('Good'), await scoring('Bad'), await scoring('Broken')];
    await saveReports(good, someReports(), db);
    await saveReports(good, someReports(), db); // came too late, and says nothing
    await rejectSubmission(bad, [{ code: 'score-missing', message: 'Detection 3 has no score.', more: 4 }], [], db);
    await failSubmission(broken, 'Scoring ran out of memory.', db);
    const told = (await listNotices(fay.id, {}, db)).map(({ kind, text, link }) => [kind, text, link]);
    expect(told.sort()).toEqual([
      [
        'failed',
        '“Broken” could not be scored, which is our fault. Scoring ran out of memory.',
        `/submissions/${broken}`,
      ],
      ['rejected', 'A file of “Bad” was rejected. Detection 3 has no score. (and 4 more)', `/submissions/${bad}`],
      ['scored', '“Good” was scored.', `/submissions/${good}`],
    ]);
  });

  test('of an entry of a team every member is told', async () => {
    const [anna, ben] = [await person('anna'), await person('ben')];
    const [team] = await db.insert(teams).values({ name: 'Lab' }).returning();
    await db.insert(teamMembers).values([
      { teamId: team.id, userId: anna.id, role: 'owner' },
      { teamId: team.id, userId: ben.id },
    ]);
    expect((await audienceOf({ userId: anna.id, teamId: team.id }, db)).sort()).toEqual([anna.id, ben.id].sort());
    expect(await audienceOf({ userId: anna.id, teamId: null }, db)).toEqual([anna.id]);
    expect(await audienceOf({ userId: null, teamId: null }, db)).toEqual([]);
  });
});

test('SMTP needs a sender and an address for links, and all of it is named at once', () => {
  expect(() => readEnv({ SMTP_URL: 'http://mail' })).toThrow('SMTP_URL must start with smtp://');
  for (const missing of ['MAIL_FROM', 'AUTH_URL'])
    expect(() => readEnv({ SMTP_URL: MAIL.SMTP_URL })).toThrow(`${missing} is missing`);
  expect(() => readEnv({ ...MAIL, MAIL_FROM: 'nobody' })).toThrow('MAIL_FROM must be an address');
  for (const from of ['a@b.org', 'LIVECell benchmark <a@b.org>'])
    expect(readEnv({ ...MAIL, MAIL_FROM: from }).MAIL_FROM).toBe(from);
});
