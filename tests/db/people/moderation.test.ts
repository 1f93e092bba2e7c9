import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listAudit } from '#db/audit.ts';
import { type Client, connect } from '#db/engine/client.ts';
import { listNotices } from '#db/notices/notices.ts';
import {
  findPeople,
  getPerson,
  liftSuspension,
  MERGED_REFERENCES,
  mergeAccounts,
  previewMerge,
  suspend,
} from '#db/people/moderation.ts';
import { createSession } from '#db/people/sessions.ts';
import { createTeam } from '#db/people/teams.ts';
import { createToken, listTokens, userByToken } from '#db/people/tokens.ts';
import { ensureUser, setRole } from '#db/people/users.ts';
import {
  accounts,
  methods,
  quotaLedger,
  sessions,
  submissions,
  teamMembers,
  type User,
  uploads,
  users,
} from '#db/schema.ts';
import { createSubmission } from '#db/submissions/submissions.ts';
import type { Role } from '#lib/vocabulary.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';
import { listRecentEvents } from '../recent-events.ts';

describe.each(ONE_ENGINE)('people on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });
  const db = () => client.db;

  let n = 0;
  const person = (role: Role = 'researcher', name = `Person ${++n}`) =>
    ensureUser({ email: `${name.replace(/\W/g, '')}-${++n}@example.org`, name, role }, db());
  const set = (user: User, changes: Partial<User>) => db().update(users).set(changes).where(eq(users.id, user.id));
  const now = async ({ id }: { id: string }) => (await db().select().from(users).where(eq(users.id, id)))[0];
  const acting = async () =>
    (await db().select().from(users).where(eq(users.role, 'maintainer'))).filter((user) => user.suspendedAt === null);
  beforeEach(async () => {
    await db().update(users).set({ role: 'researcher' });
  });

  describe('are found', () => {
    test('by name, e-mail address and ORCID iD, also one that is pasted as an address', async () => {
      const ada = await person('researcher', 'Ada Lovelace');
      await set(ada, { orcid: '0000-0002-1825-0097' });
      for (const text of [
        ...['lovelace', ada.email!, '0000-0002-1825', 'https://orcid.org/0000-0002-1825-0097', ada.id],
      ])
        expect((await findPeople({ text }, db())).people.map(({ id }) => id)).toEqual([ada.id]);
      expect((await findPeople({ text: 'nobody at all' }, db())).total).toBe(0);
      expect((await findPeople({ text: '%' }, db())).total).toBe(0); // no wildcard
    });

    test('with how much they have submitted and how they sign in, a page at a time', async () => {
      const [one, two] = [await person(), await person()];
      const dataset = await someDataset(db(), { name: `found ${++n}`, sha256: `${n}`.padStart(64, '0') });
      await createSubmission(someSubmission(dataset, { userId: one.id }), db());
      await db().insert(accounts).values({ userId: one.id, type: 'oauth', provider: 'orcid', providerAccountId: 'x' });
      expect(await getPerson(one.id, db())).toMatchObject({ submissions: 1, providers: ['orcid'] });
      expect(await getPerson(two.id, db())).toMatchObject({ submissions: 0, providers: [] });
      const { people, total } = await findPeople({ size: 1, page: 2 }, db());
      expect(people.map(({ id }) => id)).toEqual([one.id]);
      expect(total).toBeGreaterThan(1);
    });
  });

  describe('the last maintainer', () => {
    test('stays, and one of two may go', async () => {
      const [one, two] = [await person('maintainer'), await person('maintainer')];
      await setRole(two.id, 'researcher', { actorId: one.id }, db());
      await expect(setRole(one.id, 'researcher', { actorId: one.id }, db())).rejects.toMatchObject({ status: 409 });
      expect((await now(one)).role).toBe('maintainer');
    });

    test('one that is suspended is none', async () => {
      const [one, two] = [await person('maintainer'), await person('maintainer')];
      await suspend(two.id, one.id, 'on leave', db());
      await expect(setRole(one.id, 'researcher', { actorId: two.id }, db())).rejects.toMatchObject({ status: 409 });
      await expect(suspend(one.id, two.id, 'revenge', db())).rejects.toMatchObject({ status: 409 });
      await setRole(two.id, 'researcher', { actorId: one.id }, db()); // the suspended one may go
      expect(await acting()).toHaveLength(1);
    });

    test('stays, however many are let go at the same time', async () => {
      const eight = await Promise.all(Array.from({ length: 8 }, () => person('maintainer')));
      const clients = eight.map(() => connect(database.url, { max: 1 }));
      const results = await Promise.allSettled(
        eight.map(({ id }, i) =>
          i % 2
            ? setRole(id, 'researcher', { actorId: eight[0].id }, clients[i].db)
            : suspend(id, eight[(i + 1) % 8].id, 'race', clients[i].db),
        ),
      );
      await Promise.all(clients.map((one) => one.close()));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
      const refused = results.find((result) => result.status === 'rejected');
      expect(refused!.reason).toMatchObject({ status: 409, message: expect.stringContaining('last maintainer') });
      expect(await acting()).toHaveLength(1);
    });

    test('a change of role says what it was before, and the person hears of it', async () => {
      const [one, two] = [await person('maintainer'), await person()];
      await setRole(two.id, 'maintainer', { actorId: one.id, reason: 'helps out' }, db());
      const [{ event, actorId }] = await listRecentEvents(1, db());
      expect({ event, actorId }).toEqual({
        event: { kind: 'role-changed', userId: two.id, role: 'maintainer', before: 'researcher', reason: 'helps out' },
        actorId: one.id,
      });
      const [notice] = await listNotices(two.id, {}, db());
      expect(notice).toMatchObject({ kind: 'account', text: 'You are now a maintainer. Reason: helps out' });
    });
  });

  test('suspending and lifting each need a reason, happen once, and are told', async () => {
    const [one, two] = [await person('maintainer'), await person()];
    await expect(suspend(two.id, one.id, '  ', db())).rejects.toMatchObject({ status: 400 });
    await expect(suspend(one.id, one.id, 'myself', db())).rejects.toMatchObject({ status: 409 });
    await expect(suspend('nobody', one.id, 'x', db())).rejects.toMatchObject({ status: 404 });
    await expect(liftSuspension(two.id, one.id, 'x', db())).rejects.toMatchObject({ status: 409 });
    expect(await suspend(two.id, one.id, 'spam', db())).toMatchObject({ suspendedReason: 'spam' });
    await expect(suspend(two.id, one.id, 'again', db())).rejects.toMatchObject({ status: 409 });
    expect(await liftSuspension(two.id, one.id, 'sorry', db())).toMatchObject({
      suspendedAt: null,
      suspendedReason: null,
    });
    expect((await listNotices(two.id, {}, db())).map(({ text }) => text).sort()).toEqual([
      'Your account is no longer suspended: sorry',
      'Your account was suspended: spam',
    ]);
  });

  describe('merging two accounts of one person', () => {
    test('knows every reference to a person that the database has', async () => {
      const rows = await db().execute<{ reference: string }>(sql`
        select c.conrelid::regclass::text || '.' || a.attname as reference
        from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
        where c.contype = 'f' and c.confrelid = 'users'::regclass`);
      expect([...MERGED_REFERENCES].sort()).toEqual(rows.map(({ reference }) => reference).sort());
    });

    async function twoAccounts() {
      const [maintainer, kept, gone] = [await person('maintainer'), await person(), await person()];
      const dataset = await someDataset(db(), { name: `merge ${++n}`, sha256: `${n}`.padStart(64, '0') });
      const entry = await createSubmission(someSubmission(dataset, { userId: gone.id, method: 'Theirs' }), db());
      await db().update(submissions).set({ verifiedBy: gone.id }).where(eq(submissions.id, entry.id));
      const { token } = await createToken(gone.id, 'laptop', {}, db());
      await createSession(gone.id, undefined, db());
      await db()
        .insert(accounts)
        .values({ userId: gone.id, type: 'oauth', provider: 'github', providerAccountId: gone.id });
      await db()
        .insert(uploads)
        .values({
          id: `upload-${gone.id}`,
          userId: gone.id,
          fileName: 'x.json',
          bytes: 3,
          storageKey: 'x',
        });
      const [theirs, both] = [await createTeam('Theirs', gone.id, db()), await createTeam('Both', gone.id, db())];
      await db().insert(teamMembers).values({ teamId: both.id, userId: kept.id, role: 'member' });
      return { maintainer, kept, gone, entry, token, theirs, both };
    }

    test('moves everything, and what was announced is what moves', async () => {
      const { maintainer, kept, gone, entry, token, theirs, both } = await twoAccounts();
      const preview = await previewMerge(kept.id, gone.id, db());
      expect(preview).toMatchObject({
        moves: { submissions: 1, methods: 1, providers: 1, uploads: 1, notices: 1, 'verification marks': 1 },
        teams: [
          { name: 'Both', role: 'owner' },
          { name: 'Theirs', role: 'owner' },
        ],
        sessions: 1,
        lostEmail: gone.email,
      });
      expect((await now(gone)).id).toBe(gone.id); // looking changes nothing

      const moved = await mergeAccounts(
        { keptId: kept.id, goneId: gone.id, reason: 'she asked for it' },
        maintainer.id,
        db(),
      );
      expect(moved).toEqual({ ...preview.moves, teams: 2 });
      expect(await now(gone)).toBeUndefined();
      const owner = async (id: string) =>
        (
          await db()
            .select({ userId: submissions.userId, by: submissions.verifiedBy })
            .from(submissions)
            .where(eq(submissions.id, id))
        )[0];
      expect(await owner(entry.id)).toEqual({ userId: kept.id, by: kept.id });
      const [method] = await db().select().from(methods).where(eq(methods.id, entry.methodId!));
      expect(method.userId).toBe(kept.id);
      expect(await listTokens(kept.id, db())).toEqual([]);
      expect(await userByToken(token, db())).toBeNull();
      const roles = await db().select().from(teamMembers).where(eq(teamMembers.userId, kept.id));
      expect(new Map(roles.map(({ teamId, role }) => [teamId, role]))).toEqual(
        new Map([
          [theirs.id, 'owner'],
          [both.id, 'owner'],
        ]),
      );
      expect(await db().select().from(sessions).where(eq(sessions.userId, kept.id))).toEqual([]);
      const [ledger] = await db().select().from(quotaLedger).where(eq(quotaLedger.submissionId, entry.id));
      expect(ledger.holder).toBe(`user:${kept.id}`);
      expect((await listNotices(kept.id, {}, db()))[0].text).toContain('she asked for it');
    });

    test('what the other account did goes by the kept one’s name in the log, also after another merge', async () => {
      const { maintainer, kept, gone, entry } = await twoAccounts();
      const last = await person('researcher', 'Grace Hopper');
      await mergeAccounts({ keptId: kept.id, goneId: gone.id, reason: 'one person' }, maintainer.id, db());
      await mergeAccounts({ keptId: last.id, goneId: kept.id, reason: 'one person' }, maintainer.id, db());
      const { lines } = await listAudit({ submission: entry.id, kind: 'submitted' }, {}, db());
      expect(lines).toMatchObject([{ actorId: gone.id, actorName: 'Grace Hopper' }]);
      const found = await listAudit({ person: 'Hopper', kind: 'submitted' }, {}, db());
      expect(found.lines.map(({ submissionId }) => submissionId)).toEqual([entry.id]);
      const merges = await listAudit({ person: last.id, kind: 'accounts-merged' }, {}, db());
      expect(merges.lines.map(({ event }) => event)).toMatchObject([
        { userId: last.id, mergedUserId: kept.id },
        { userId: kept.id, mergedUserId: gone.id },
      ]);
    });

    test('the kept account takes over what it lacks, the role that may do more, and a suspension', async () => {
      const [maintainer, kept, gone] = [await person('maintainer'), await person(), await person('maintainer')];
      await set(kept, { email: null, affiliation: null, name: 'Kept' });
      await set(gone, {
        affiliation: 'A lab',
        orcid: `0000-0001-0000-${n}`,
        suspendedAt: new Date(),
        suspendedReason: 'x',
      });
      expect((await previewMerge(kept.id, gone.id, db())).becomes).toEqual({
        email: gone.email,
        affiliation: 'A lab',
        orcid: `0000-0001-0000-${n}`,
        role: 'maintainer',
        suspended: true,
      });
      await mergeAccounts({ keptId: kept.id, goneId: gone.id, reason: 'x' }, maintainer.id, db());
      expect(await now(kept)).toMatchObject({
        name: 'Kept',
        email: gone.email,
        affiliation: 'A lab',
        role: 'maintainer',
        suspendedReason: 'x',
      });
    });

    test('is refused for two iDs, for one account, for one’s own, and without a reason', async () => {
      const [maintainer, one, two] = [await person('maintainer'), await person(), await person()];
      const merge = (kept: User, gone: User, reason = 'x') =>
        mergeAccounts({ keptId: kept.id, goneId: gone.id, reason }, maintainer.id, db());
      await expect(merge(one, one)).rejects.toMatchObject({ status: 400 });
      await expect(merge(one, maintainer)).rejects.toMatchObject({ status: 409 });
      await expect(merge(one, two, ' ')).rejects.toMatchObject({ status: 400 });
      await set(one, { orcid: `0000-0003-${n}` });
      await set(two, { orcid: `0000-0004-${n}` });
      await expect(merge(one, two)).rejects.toMatchObject({ status: 409, message: expect.stringContaining('ORCID') });
      await expect(previewMerge(one.id, 'nobody', db())).rejects.toMatchObject({ status: 404 });
      expect(await now(two)).toBeDefined();
    });

    test('does not suspend the last maintainer', async () => {
      const [only, other] = [await person('maintainer'), await person()];
      await set(other, { suspendedAt: new Date(), suspendedReason: 'spam' });
      await expect(mergeAccounts({ keptId: only.id, goneId: other.id, reason: 'x' }, null, db())).rejects.toMatchObject(
        { status: 409 },
      );
      expect(await now(only)).toMatchObject({ suspendedAt: null });
      expect(await now(other)).toBeDefined();
    });

    test('two maintainers who merge the same accounts at once: one of them does', async () => {
      const { maintainer, kept, gone } = await twoAccounts();
      const [a, b] = [connect(database.url, { max: 1 }), connect(database.url, { max: 1 })];
      const results = await Promise.allSettled([
        mergeAccounts({ keptId: kept.id, goneId: gone.id, reason: 'x' }, maintainer.id, a.db),
        mergeAccounts({ keptId: kept.id, goneId: gone.id, reason: 'x' }, maintainer.id, b.db),
      ]);
      await Promise.all([a.close(), b.close()]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = results.find((result) => result.status === 'rejected');
      expect(refused!.reason).toMatchObject({ status: 404 });
    });
  });
});
