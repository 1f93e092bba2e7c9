import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, connect } from '#db/engine/client.ts';
import { listNotices } from '#db/notices/notices.ts';
import {
  acceptInvitation,
  createTeam,
  deleteTeam,
  getTeam,
  invite,
  invitedTo,
  leaveTeam,
  listMemberships,
  removeMember,
  renameTeam,
  revokeInvitation,
  setTeamRole,
} from '#db/people/teams.ts';
import { ensureUser } from '#db/people/users.ts';
import { type Dataset, type Team, teamInvitations } from '#db/schema.ts';
import { createSubmission, getSubmission, listSubmissionsOf } from '#db/submissions/submissions.ts';
import { ONE_ENGINE, type TestDatabase } from '#tests/db/databases.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';
import { listRecentEvents } from '../recent-events.ts';

describe.each(ONE_ENGINE)('teams on $name', ({ missing, open }) => {
  if (missing) return test.skip(`skipped: ${missing}`, () => {});

  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  let team: Team;
  const people: Record<'ada' | 'bob' | 'eve', string> = { ada: '', bob: '', eve: '' };
  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db);
    for (const name of Object.keys(people) as (keyof typeof people)[])
      people[name] = (await ensureUser({ email: `${name}@example.org`, name }, client.db)).id;
  });
  afterAll(async () => {
    await client.close();
    await database.close();
  });
  beforeEach(async () => {
    team = await createTeam('Cells', people.ada, client.db);
  });

  const join = async (who: string) =>
    acceptInvitation((await invite(team.id, people.ada, client.db)).secret, who, client.db);
  const roles = async () =>
    Object.fromEntries((await getTeam(team.id, client.db))!.members.map(({ name, role }) => [name, role]));
  const events = async () =>
    (await listRecentEvents(50, client.db))
      .filter(({ event }) => 'teamId' in event && event.teamId === team.id)
      .map(({ event }) => event.kind)
      .reverse();

  test('whoever makes a team owns it; whoever has a link joins as a member, and each step is recorded', async () => {
    expect(await roles()).toEqual({ ada: 'owner' });
    expect(await join(people.bob)).toBe(team.id);
    expect(await roles()).toEqual({ ada: 'owner', bob: 'member' });
    expect((await listMemberships(people.bob, client.db)).find(({ id }) => id === team.id)).toEqual({
      id: team.id,
      name: 'Cells',
      role: 'member',
    });
    await renameTeam(team.id, 'Cells and more', people.ada, client.db);
    expect(await events()).toEqual(['team-created', 'team-invited', 'team-joined', 'team-renamed']);
    expect((await listNotices(people.ada, {}, client.db))[0]).toMatchObject({
      kind: 'team',
      text: 'bob has joined your team “Cells”.',
      link: `/teams/${team.id}`,
    });
    const [last] = await listRecentEvents(1, client.db);
    expect(last.event).toMatchObject({ before: 'Cells', after: 'Cells and more' });
  });

  test('an invitation is kept as a digest, tells what it invites to, and serves several people', async () => {
    const { id, secret } = await invite(team.id, people.ada, client.db);
    const [kept] = await client.db.select().from(teamInvitations).where(eq(teamInvitations.id, id));
    expect(JSON.stringify(kept)).not.toContain(secret);
    expect(await invitedTo(secret, client.db)).toMatchObject({ teamId: team.id, name: 'Cells', by: 'ada' });
    await acceptInvitation(secret, people.bob, client.db);
    await acceptInvitation(secret, people.eve, client.db);
    await acceptInvitation(secret, people.ada, client.db); // is in it already, and stays its owner
    expect(await roles()).toEqual({ ada: 'owner', bob: 'member', eve: 'member' });
  });

  test('an invitation that was taken back, has expired or never was lets nobody in', async () => {
    const revoked = await invite(team.id, people.ada, client.db);
    await revokeInvitation(revoked.id, team.id, people.ada, client.db);
    const expired = await invite(team.id, people.ada, client.db);
    await client.db
      .update(teamInvitations)
      .set({ expiresAt: new Date(Date.now() - 1000) })
      .where(eq(teamInvitations.id, expired.id));
    for (const secret of [revoked.secret, expired.secret, 'nonsense']) {
      expect(await invitedTo(secret, client.db)).toBeNull();
      await expect(acceptInvitation(secret, people.bob, client.db)).rejects.toMatchObject({ code: 'not-found' });
    }
    expect((await getTeam(team.id, client.db))!.invitations).toEqual([]);
    expect(await roles()).toEqual({ ada: 'owner' });
    // another team's owner cannot take it back
    const open = await invite(team.id, people.ada, client.db);
    const other = await createTeam('Others', people.eve, client.db);
    await expect(revokeInvitation(open.id, other.id, people.eve, client.db)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('the last owner stays while others are there, however it is tried', async () => {
    await join(people.bob);
    await expect(leaveTeam(team.id, people.ada, client.db)).rejects.toMatchObject({ code: 'conflict' });
    await expect(
      setTeamRole({ teamId: team.id, userId: people.ada, role: 'member' }, people.ada, client.db),
    ).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(removeMember(team.id, people.ada, people.bob, client.db)).rejects.toMatchObject({ code: 'conflict' });
    await setTeamRole({ teamId: team.id, userId: people.bob, role: 'owner' }, people.ada, client.db);
    expect((await listRecentEvents(1, client.db))[0].event).toMatchObject({ before: 'member', after: 'owner' });
    expect(await leaveTeam(team.id, people.ada, client.db)).toEqual({ deleted: false });
    expect(await roles()).toEqual({ bob: 'owner' });
  });

  test('of two owners who leave at the same time one stays', async () => {
    await join(people.bob);
    await join(people.eve);
    await setTeamRole({ teamId: team.id, userId: people.bob, role: 'owner' }, people.ada, client.db);
    const outcomes = await Promise.allSettled([
      leaveTeam(team.id, people.ada, client.db),
      leaveTeam(team.id, people.bob, client.db),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(Object.values(await roles()).filter((role) => role === 'owner')).toHaveLength(1);
  });

  test('leaving and being removed lose nothing: what was submitted for the team stays the team’s', async () => {
    await join(people.bob);
    const { id } = await createSubmission(
      someSubmission(dataset, { userId: people.bob, teamId: team.id, method: 'Of the team' }),
      client.db,
    );
    const seen = async (who: string, teams: { id: string }[]) =>
      (await listSubmissionsOf({ id: who, teams }, client.db)).some((submission) => submission.id === id);
    await leaveTeam(team.id, people.bob, client.db);
    expect(await getSubmission(id, client.db)).toMatchObject({ teamId: team.id, team: { name: 'Cells' } });
    expect(await seen(people.ada, [team])).toBe(true);
    expect(await seen(people.bob, [])).toBe(false);
    expect(await getTeam(team.id, client.db)).toMatchObject({ submissions: 1, methods: 1 });

    await expect(deleteTeam(team.id, people.ada, client.db)).rejects.toMatchObject({ code: 'conflict' });
    // the last person does not leave entries without an owner
    await expect(leaveTeam(team.id, people.ada, client.db)).rejects.toMatchObject({ code: 'conflict' });
    expect(await roles()).toEqual({ ada: 'owner' });
  });

  test('an owner removes others, and an empty team is deleted', async () => {
    await join(people.bob);
    await expect(deleteTeam(team.id, people.ada, client.db)).rejects.toMatchObject({ code: 'conflict' });
    await expect(removeMember(team.id, people.ada, people.ada, client.db)).rejects.toMatchObject({ code: 'invalid' });
    await removeMember(team.id, people.bob, people.ada, client.db);
    expect((await listNotices(people.bob, {}, client.db))[0].text).toMatch('You were removed from the team “Cells”.');
    await expect(removeMember(team.id, people.bob, people.ada, client.db)).rejects.toMatchObject({ code: 'not-found' });
    await deleteTeam(team.id, people.ada, client.db);
    expect(await getTeam(team.id, client.db)).toBeNull();
    expect((await events()).slice(-2)).toEqual(['team-member-removed', 'team-deleted']);
  });

  test('the last person who leaves an empty team takes it along', async () => {
    expect(await leaveTeam(team.id, people.ada, client.db)).toEqual({ deleted: true });
    expect(await getTeam(team.id, client.db)).toBeNull();
  });
});
