import { eq, inArray, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, connect } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import { deleteAccount, type EntriesAfterwards } from '#db/people/deletion.ts';
import { accountData } from '#db/people/export.ts';
import { createSession } from '#db/people/sessions.ts';
import { linkSignIn } from '#db/people/sign-ins.ts';
import { createTeam } from '#db/people/teams.ts';
import { createToken } from '#db/people/tokens.ts';
import { ensureUser, setRole } from '#db/people/users.ts';
import {
  apiTokens,
  auditEvents,
  type Dataset,
  evaluations,
  methods,
  notices,
  outbox,
  sessions,
  submissions,
  teamMembers,
  teams,
  type User,
  uploads,
  users,
} from '#db/schema.ts';
import { approve } from '#db/submissions/moderation.ts';
import { requestPublication } from '#db/submissions/publication.ts';
import { saveReports, startScoring } from '#db/submissions/scoring.ts';
import { createSubmission, getSubmission } from '#db/submissions/submissions.ts';
import { createUpload } from '#db/submissions/uploads.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someReports, someSubmission } from '#tests/db/fixtures.ts';

describe.each(ONE_ENGINE)('an account on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let db: Client['db'];
  let dataset: Dataset;
  let maintainer: User;
  let ada: User;
  let counter = 0;

  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    db = client.db;
    dataset = await someDataset(db);
    maintainer = await ensureUser({ email: 'maintainer@example.org', name: 'M', role: 'maintainer' }, db);
  });
  beforeEach(async () => {
    counter++;
    ada = await person('Ada');
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });

  const person = (name: string) => ensureUser({ email: `${name}-${counter}@example.org`, name }, db);
  const leave = (user: User, choice: EntriesAfterwards = { entries: 'tombstones' }) =>
    deleteAccount(user.id, choice, db);
  const there = async (id: string) => (await db.select().from(submissions).where(eq(submissions.id, id)))[0];

  async function submitted(user: User, method: string, changes: { teamId?: string; key?: string } = {}) {
    const { key = `submissions/${crypto.randomUUID()}/all.json`, teamId = null } = changes;
    const files = [{ slot: 'all', fileName: 'mine.json', bytes: 3, sha256: 'b'.repeat(64), storageKey: key }];
    const { id } = await createSubmission(
      { ...someSubmission(dataset, { userId: user.id, method, files }), ...(teamId && { teamId }) },
      db,
    );
    return { id, key };
  }
  async function scored(user: User, method: string, changes: { teamId?: string; key?: string } = {}) {
    const one = await submitted(user, method, changes);
    await startScoring(one.id, 1, db);
    await saveReports(one.id, someReports(), db);
    return one;
  }
  async function published(user: User, method: string, changes: { teamId?: string; key?: string } = {}) {
    const one = await scored(user, method, changes);
    await requestPublication(one.id, user.id, {}, db);
    await approve(one.id, maintainer.id, {}, db);
    return one;
  }

  test('leaves published entries under the chosen name, and nothing else of the person', async () => {
    const [public_, private_] = [await published(ada, 'Public'), await scored(ada, 'Private')];
    const [queued, pending] = [await submitted(ada, 'Queued'), await scored(ada, 'Pending')];
    await requestPublication(pending.id, ada.id, {}, db);
    await createUpload(
      { id: crypto.randomUUID(), userId: ada.id, fileName: 'x', bytes: 1, storageKey: 'uploads/1' },
      db,
    );
    await createSession(ada.id, undefined, db);
    await createToken(ada.id, 'laptop', {}, db);
    await linkSignIn(ada.id, { type: 'oidc', provider: 'orcid', providerAccountId: `orcid-${ada.id}` }, db);
    await notify([ada.id], { kind: 'account', text: 'Hello.' }, db);
    await db.insert(outbox).values({ to: ada.email!, subject: 's', body: 'b' });

    const methodIds = (await db.select().from(methods).where(eq(methods.userId, ada.id))).map(({ id }) => id);
    expect(methodIds).toHaveLength(4);

    const { files, uploads: left } = await leave(ada, { entries: 'credited', creditedTo: 'A. Lovelace' });
    expect(files.sort()).toEqual([private_.key, queued.key, pending.key].sort());
    expect(left.map(({ storageKey }) => storageKey)).toEqual(['uploads/1']);

    expect(await there(public_.id)).toMatchObject({
      userId: null,
      creditedTo: 'A. Lovelace',
      state: 'scored',
      visibility: 'published',
      filesDeletedAt: null,
    });
    // the method stays for its entry, and is nobody's; those without an entry are gone
    const own = await db.select().from(methods).where(inArray(methods.id, methodIds));
    expect(own.map(({ name, userId }) => [name, userId])).toEqual([['Public', null]]);
    for (const { id } of [private_, queued, pending]) {
      expect(await there(id)).toBeUndefined();
      expect(await db.select().from(evaluations).where(eq(evaluations.submissionId, id))).toEqual([]);
    }
    for (const table of [users, sessions, apiTokens, notices, uploads, teamMembers] as const) {
      const column = table === users ? users.id : (table as typeof sessions).userId;
      expect(await db.select().from(table).where(eq(column, ada.id))).toEqual([]);
    }
    expect(await db.select().from(outbox).where(eq(outbox.to, ada.email!))).toEqual([]);
    // the log keeps what was done, by whom as an id, and no name or address
    const events = await db.select().from(auditEvents).where(eq(auditEvents.actorId, ada.id)).orderBy(auditEvents.id);
    expect(events.at(-1)).toMatchObject({
      kind: 'account-deleted',
      detail: { userId: ada.id, kept: 1, tombstones: 0, deleted: 3 },
    });
    expect(JSON.stringify(events)).not.toContain(ada.email);
  });

  test('leaves in the whole database what the privacy page says, and nothing else', async () => {
    const user = await ensureUser({ email: `quaxbert-${counter}@example.org`, name: 'Quaxbert Zwölfender' }, db);
    const words = [
      'Quaxbert',
      'quaxbert',
      'Zwölfender',
      'Quaxinstitut',
      '0000-0002-1825-0097',
      'quaxdevice',
      'quaxhub',
    ];
    await db
      .update(users)
      .set({ affiliation: 'Quaxinstitut', orcid: '0000-0002-1825-0097' })
      .where(eq(users.id, user.id));
    await linkSignIn(user.id, { provider: 'github', providerAccountId: 'quaxhub', type: 'oauth' }, db);
    await createSession(user.id, { device: 'quaxdevice', network: '203.0.113.0/24' }, db);
    await createToken(user.id, 'Quaxbert’s laptop', {}, db);
    await notify([user.id], { kind: 'account', text: 'Hello Quaxbert' }, db);
    const team = await createTeam('Quaxbert’s team', user.id, db);
    const one = await submitted(user, 'Quaxnet');
    await submitted(user, 'Quaxteamnet', { teamId: team.id });
    await deleteAccount(user.id, { entries: 'tombstones' }, db);

    const found: Record<string, Set<string>> = {};
    const tables = await db.execute<{ name: string }>(
      sql`select table_schema || '.' || table_name as name from information_schema.tables
          where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    expect(tables.length).toBeGreaterThan(30);
    for (const { name } of tables)
      for (const { row } of await db.execute<{ row: string }>(sql.raw(`select t::text as row from ${name} as t`)))
        for (const word of [...words, user.id, one.id, 'Quaxnet', 'Quaxteamnet'])
          if (row.includes(word)) found[name] = (found[name] ?? new Set()).add(word);
    // the log keeps the account’s number and the names of teams, methods and tokens; the ledger and digests keep the number
    const log = found['public.audit_events'];
    expect(words.filter((word) => log.has(word))).toEqual(['Quaxbert']);
    const named = await db.execute<{ kind: string }>(
      sql`select distinct kind from audit_events where detail::text like '%Quaxbert%' order by kind`,
    );
    expect(named.map(({ kind }) => kind)).toEqual(['team-created', 'team-deleted', 'token-created']);
    delete found['public.audit_events'];
    // the queue forgets its jobs after some days; they have a submission's number and nothing else
    for (const name of Object.keys(found).filter((name) => name.startsWith('pgboss.'))) {
      expect(words.some((word) => found[name].has(word)) || found[name].has(user.id)).toBe(false);
      delete found[name];
    }
    for (const [name, left] of Object.entries(found)) {
      expect(name).toMatch(/^public\.(quota_ledger|departed_sign_ins)$/);
      expect([...left]).toEqual([user.id]);
    }
    expect(Object.keys(found).sort()).toEqual(['public.departed_sign_ins', 'public.quota_ledger']);
  });

  test('leaves tombstones where that was chosen, also of what had been public once', async () => {
    const [public_, hidden] = [await published(ada, 'Public'), await published(ada, 'Hidden')];
    await db.update(submissions).set({ visibility: 'hidden' }).where(eq(submissions.id, hidden.id));
    const { files } = await leave(ada);
    expect(files.sort()).toEqual([public_.key, hidden.key].sort());
    for (const { id } of [public_, hidden])
      expect(await there(id)).toMatchObject({
        state: 'withdrawn',
        withdrawalReason: 'account-deleted',
        wasPublished: true,
        userId: null,
        creditedTo: null,
      });
    expect((await there(public_.id)).filesDeletedAt).not.toBeNull();
    expect((await getSubmission(public_.id, db))?.user).toBeNull();
  });

  test('keeps a file that somebody’s living submission has as well', async () => {
    const ben = await person('Ben');
    const { key } = await scored(ada, 'Mine');
    await scored(ben, 'Theirs', { key });
    expect((await leave(ada)).files).toEqual([]);
  });

  test('is not deleted while its person is the last maintainer', async () => {
    await expect(leave(maintainer)).rejects.toThrow('You are the last maintainer');
    const second = await person('Second');
    await setRole(second.id, 'maintainer', {}, db);
    // suspended, they could not do the work
    await db.update(users).set({ suspendedAt: sql`now()` }).where(eq(users.id, second.id));
    await expect(leave(maintainer)).rejects.toThrow('You are the last maintainer');
    await db.update(users).set({ suspendedAt: null }).where(eq(users.id, second.id));
    // of two who go at the same time one stays
    const third = await person('Third');
    await setRole(third.id, 'maintainer', {}, db);
    const all = await Promise.allSettled([leave(second), leave(third)]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    await expect(leave(maintainer)).rejects.toThrow('You are the last maintainer');
  });

  test('leaves a team’s entries to the team, whose last owner must hand over first', async () => {
    const ben = await person('Ben');
    const team = await createTeam('Lab', ada.id, db);
    await db.insert(teamMembers).values({ teamId: team.id, userId: ben.id });
    const { id } = await published(ada, 'Ours', { teamId: team.id });
    await expect(leave(ada)).rejects.toThrow('the last owner of the team “Lab”');
    expect(await there(id)).toMatchObject({ userId: ada.id, state: 'scored' });
    await db.update(teamMembers).set({ role: 'owner' }).where(eq(teamMembers.userId, ben.id));
    expect((await leave(ada)).files).toEqual([]);
    expect(await there(id)).toMatchObject({ userId: null, teamId: team.id, state: 'scored', visibility: 'published' });
  });

  test('treats what a team of one has as that person’s own', async () => {
    const team = await createTeam('Me', ada.id, db);
    const [open_, secret] = [
      await published(ada, 'Ours', { teamId: team.id }),
      await scored(ada, 'Secret', { teamId: team.id }),
    ];
    expect((await leave(ada, { entries: 'credited', creditedTo: 'Me, once' })).files).toEqual([secret.key]);
    expect(await there(open_.id)).toMatchObject({ teamId: null, creditedTo: 'Me, once', visibility: 'published' });
    expect(await db.select().from(teams).where(eq(teams.id, team.id))).toEqual([]);
  });

  test('can be downloaded: everything of the person, no secret, nothing of others', async () => {
    const ben = await person('Ben');
    const { id } = await scored(ada, 'Mine');
    await scored(ben, 'Theirs');
    const { token } = await createToken(ada.id, 'laptop', {}, db);
    const { sessionToken } = await createSession(ada.id, undefined, db);
    await linkSignIn(ada.id, { type: 'oidc', provider: 'orcid', providerAccountId: `id-${ada.id}` }, db);
    await createTeam('Another lab', ada.id, db);
    const document = (await accountData(ada.id, db))!;
    expect(document).toMatchObject({
      profile: { id: ada.id, name: 'Ada', email: ada.email, role: 'researcher' },
      signIns: [{ provider: 'orcid', providerAccountId: `id-${ada.id}` }],
      tokens: [{ name: 'laptop', scopes: ['read', 'submit'] }],
      teams: [{ name: 'Another lab', role: 'owner' }],
      submissions: [{ id, method: 'Mine', state: 'scored', files: [{ fileName: 'mine.json', bytes: 3 }] }],
      notices: [
        { kind: 'scored', text: '“Mine” was scored.' },
        { kind: 'account', text: expect.stringContaining('“laptop”') },
      ],
      uploads: [],
    });
    expect(document.submissions[0].reports).toHaveLength(someReports().length);
    expect(document.sessions).toHaveLength(1);
    expect(document.events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['submitted', 'token-created', 'sign-in-linked', 'team-created']),
    );
    const text = JSON.stringify(document);
    for (const secret of [token, sessionToken, 'storageKey', 'radar', ben.id, ben.email!, 'Theirs'])
      expect(text).not.toContain(secret);
    const [{ sha256 }] = await db.select().from(apiTokens).where(eq(apiTokens.userId, ada.id));
    expect(text).not.toContain(sha256);
    expect(await accountData('nobody', db)).toBeNull();
  });
});
