/**
 * Teams: people who submit together. Permissions are in `lib/permissions.ts`. This file keeps the rule that no caller
 * may break, under a lock of the team's row: a team that has members has an owner.
 */

import { randomBytes } from 'node:crypto';
import { and, asc, count, desc, eq, gt, isNull, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import {
  auditEvents,
  methods,
  submissions,
  type Team,
  type TeamInvitation,
  teamInvitations,
  teamMembers,
  teams,
  users,
} from '#db/schema.ts';
import { requireOwnName } from '#db/submissions/public-names.ts';
import { AppError } from '#lib/errors.ts';
import { publicName } from '#lib/names.ts';
import { secretDigest } from '#lib/secrets.ts';

import type { TeamRole } from '#lib/vocabulary.ts';
import { lockUser } from './users.ts';

/** How long an invitation is valid: a week. */
export const INVITATION_DAYS = 7;

interface Membership {
  id: string;
  name: string;
  role: TeamRole;
}

export interface TeamDetail extends Team {
  /** owners first, then by the time they joined */
  members: { userId: string; name: string | null; role: TeamRole; joinedAt: Date }[];
  /** valid invitations without their secrets, newest first */
  invitations: Pick<TeamInvitation, 'id' | 'createdAt' | 'expiresAt'>[];
  submissions: number;
  methods: number;
}

// --- reading ---

/** Return the teams a person is in, by name. */
export async function listMemberships(userId: string, tx: Tx = db()): Promise<Membership[]> {
  return tx
    .select({ id: teams.id, name: teams.name, role: teamMembers.role })
    .from(teamMembers)
    .innerJoin(teams, eq(teams.id, teamMembers.teamId))
    .where(eq(teamMembers.userId, userId))
    .orderBy(sql`lower(${teams.name})`, teams.id);
}

export async function getTeam(id: string, tx: Tx = db()): Promise<TeamDetail | null> {
  const [team] = await tx.select().from(teams).where(eq(teams.id, id));
  if (!team) return null;
  const members = await tx
    .select({ userId: users.id, name: users.name, role: teamMembers.role, joinedAt: teamMembers.joinedAt })
    .from(teamMembers)
    .innerJoin(users, eq(users.id, teamMembers.userId))
    .where(eq(teamMembers.teamId, id))
    .orderBy(desc(eq(teamMembers.role, 'owner')), teamMembers.joinedAt, users.id);
  const invitations = await tx
    .select({ id: teamInvitations.id, createdAt: teamInvitations.createdAt, expiresAt: teamInvitations.expiresAt })
    .from(teamInvitations)
    .where(and(eq(teamInvitations.teamId, id), isUsable()))
    .orderBy(desc(teamInvitations.createdAt), teamInvitations.id);
  return { ...team, members, invitations, ...(await countHoldings(id, tx)) };
}

/** Count a team's submissions, in whatever state. */
async function countHoldings(teamId: string, tx: Tx): Promise<{ submissions: number; methods: number }> {
  const [entries] = await tx.select({ n: count() }).from(submissions).where(eq(submissions.teamId, teamId));
  const [named] = await tx.select({ n: count() }).from(methods).where(eq(methods.teamId, teamId));
  return { submissions: entries.n, methods: named.n };
}

// --- making and naming ---

export async function createTeam(wanted: string, userId: string, tx: Tx = db()): Promise<Team> {
  return tx.transaction(async (tx) => {
    await requireFewFounded(userId, tx);
    const name = publicName(wanted);
    await requireOwnName('team', name, { userId }, tx);
    const [team] = await tx.insert(teams).values({ name }).returning();
    await tx.insert(teamMembers).values({ teamId: team.id, userId, role: 'owner' });
    await recordEvent(userId, { kind: 'team-created', teamId: team.id, name }, tx);
    return team;
  });
}

/** Teams one person may found within 30 days, including those deleted since. */
export const MOST_TEAMS = 10;

/** Check the limit one founding at a time per person. It counts events of the audit log, which nobody can change. */
async function requireFewFounded(userId: string, tx: Tx): Promise<void> {
  await lockUser(userId, tx);
  const [{ n }] = await tx
    .select({ n: count() })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.actorId, userId),
        eq(auditEvents.kind, 'team-created'),
        gt(auditEvents.at, sql`now() - interval '30 days'`),
      ),
    );
  if (n >= MOST_TEAMS)
    throw new AppError(
      'too-many',
      `You have founded ${MOST_TEAMS} teams within 30 days. Invite people into one of them.`,
    );
}

export async function renameTeam(id: string, wanted: string, actorId: string, tx: Tx = db()): Promise<Team> {
  return tx.transaction(async (tx) => {
    const name = publicName(wanted);
    const before = await lockTeam(id, tx);
    if (before.name === name) return before;
    await requireOwnName('team', name, { userId: actorId }, tx);
    const [team] = await tx.update(teams).set({ name }).where(eq(teams.id, id)).returning();
    await recordEvent(actorId, { kind: 'team-renamed', teamId: id, before: before.name, after: name }, tx);
    return team;
  });
}

/** Delete a team if it never had a submission and its owner is the only member. */
export async function deleteTeam(id: string, actorId: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    const { name } = await lockTeam(id, tx);
    const others = (await listMembers(id, tx)).filter(({ userId }) => userId !== actorId);
    if (others.length > 0)
      throw new AppError('conflict', 'There are other people in this team. Remove them first, or leave it to them.');
    const { submissions, methods } = await countHoldings(id, tx);
    if (submissions + methods > 0)
      throw new AppError('conflict', 'This team has entries or methods, and those need somebody who owns them.');
    await tx.delete(teams).where(eq(teams.id, id));
    await recordEvent(actorId, { kind: 'team-deleted', teamId: id, name }, tx);
  });
}

// --- invitations: a link with a secret, shown once; only its SHA-256 is kept ---

function isUsable() {
  return and(isNull(teamInvitations.revokedAt), gt(teamInvitations.expiresAt, sql`now()`));
}

/** Create an invitation and return its secret. It lets people join until it expires or is revoked. */
export async function invite(
  teamId: string,
  actorId: string,
  tx: Tx = db(),
): Promise<{ id: string; secret: string; expiresAt: Date }> {
  const secret = randomBytes(24).toString('base64url');
  return tx.transaction(async (tx) => {
    await lockTeam(teamId, tx);
    const expiresAt = new Date(Date.now() + INVITATION_DAYS * 24 * 3600_000);
    const [{ id }] = await tx
      .insert(teamInvitations)
      .values({ teamId, sha256: secretDigest(secret), createdBy: actorId, expiresAt })
      .returning({ id: teamInvitations.id });
    await recordEvent(actorId, { kind: 'team-invited', teamId, invitationId: id, until: expiresAt.toISOString() }, tx);
    return { id, secret, expiresAt };
  });
}

export async function revokeInvitation(id: string, teamId: string, actorId: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    const [revoked] = await tx
      .update(teamInvitations)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(teamInvitations.id, id), eq(teamInvitations.teamId, teamId), isNull(teamInvitations.revokedAt)))
      .returning({ id: teamInvitations.id });
    if (!revoked) throw new AppError('not-found', 'There is no such invitation (any more).');
    await recordEvent(actorId, { kind: 'team-invitation-revoked', teamId, invitationId: id }, tx);
  });
}

/** Return an invitation's team and sender; null if it is unknown, expired or revoked. */
export async function invitedTo(
  secret: string,
  tx: Tx = db(),
): Promise<{ teamId: string; name: string; by: string | null; expiresAt: Date } | null> {
  const [found] = await tx
    .select({ teamId: teams.id, name: teams.name, by: users.name, expiresAt: teamInvitations.expiresAt })
    .from(teamInvitations)
    .innerJoin(teams, eq(teams.id, teamInvitations.teamId))
    .leftJoin(users, eq(users.id, teamInvitations.createdBy))
    .where(and(eq(teamInvitations.sha256, secretDigest(secret)), isUsable()));
  return found ?? null;
}

/** Add the user to the invitation's team, or leave their role unchanged if they are a member. Return the team's id. */
export async function acceptInvitation(secret: string, userId: string, tx: Tx = db()): Promise<string> {
  return tx.transaction(async (tx) => {
    const [invitation] = await tx
      .select({ id: teamInvitations.id, teamId: teamInvitations.teamId, team: teams.name })
      .from(teamInvitations)
      .innerJoin(teams, eq(teams.id, teamInvitations.teamId))
      .where(and(eq(teamInvitations.sha256, secretDigest(secret)), isUsable()))
      .for('update', { of: teamInvitations }); // of an owner who takes it back and a guest who accepts, one is first
    if (!invitation) throw new AppError('not-found', 'This invitation has expired or was taken back.');
    const { teamId } = invitation;
    const [joined] = await tx.insert(teamMembers).values({ teamId, userId }).onConflictDoNothing().returning();
    if (!joined) return teamId;
    await recordEvent(userId, { kind: 'team-joined', teamId, userId, invitationId: invitation.id }, tx);
    const [guest] = await tx.select({ name: users.name }).from(users).where(eq(users.id, userId));
    const owners = (await listMembers(teamId, tx)).filter(({ role }) => role === 'owner').map(({ userId }) => userId);
    const text = `${guest?.name ?? 'Somebody'} has joined your team “${invitation.team}”.`;
    await notify(owners, { kind: 'team', text, link: `/teams/${teamId}` }, tx);
    return teamId;
  });
}

// --- members ---

export async function setTeamRole(
  { teamId, userId, role }: { teamId: string; userId: string; role: TeamRole },
  actorId: string,
  tx: Tx = db(),
): Promise<void> {
  await tx.transaction(async (tx) => {
    const { name } = await lockTeam(teamId, tx);
    const before = await findMember(teamId, userId, tx);
    if (before.role === role) return;
    if (role === 'member') await requireAnotherOwner(teamId, userId, tx);
    await tx.update(teamMembers).set({ role }).where(isMembership(teamId, userId));
    await recordEvent(actorId, { kind: 'team-role-changed', teamId, userId, before: before.role, after: role }, tx);
    if (userId === actorId) return;
    const text = `You are ${role === 'owner' ? 'an owner' : 'a member'} of the team “${name}” now.`;
    await notify([userId], { kind: 'team', text, link: `/teams/${teamId}` }, tx);
  });
}

/** Remove a member on behalf of an owner. The team keeps what the member submitted for it. */
export async function removeMember(teamId: string, userId: string, actorId: string, tx: Tx = db()): Promise<void> {
  if (userId === actorId) throw new AppError('invalid', 'To go yourself, leave the team.');
  await tx.transaction(async (tx) => {
    const { name } = await lockTeam(teamId, tx);
    const { role } = await findMember(teamId, userId, tx);
    if (role === 'owner') await requireAnotherOwner(teamId, userId, tx);
    await tx.delete(teamMembers).where(isMembership(teamId, userId));
    await recordEvent(actorId, { kind: 'team-member-removed', teamId, userId, role }, tx);
    const text = `You were removed from the team “${name}”. What you submitted for it stays the team’s.`;
    await notify([userId], { kind: 'team', text, link: '/teams' }, tx);
  });
}

/**
 * Leave a team, which keeps what the member submitted for it. The last owner cannot leave while there are other
 * members. The last member can leave only if no submission would be left without an owner; the team is then deleted.
 */
export async function leaveTeam(teamId: string, userId: string, tx: Tx = db()): Promise<{ deleted: boolean }> {
  return tx.transaction(async (tx) => {
    await lockTeam(teamId, tx);
    const { role } = await findMember(teamId, userId, tx);
    const alone = (await listMembers(teamId, tx)).length === 1;
    if (alone) {
      await deleteTeam(teamId, userId, tx);
      return { deleted: true };
    }
    if (role === 'owner') await requireAnotherOwner(teamId, userId, tx);
    await tx.delete(teamMembers).where(isMembership(teamId, userId));
    await recordEvent(userId, { kind: 'team-left', teamId, userId, role }, tx);
    return { deleted: false };
  });
}

function isMembership(teamId: string, userId: string) {
  return and(eq(teamMembers.teamId, teamId), eq(teamMembers.userId, userId));
}

/** Lock the team's row, so that changes of a team run one after another. */
async function lockTeam(id: string, tx: Tx): Promise<Team> {
  const [team] = await tx.select().from(teams).where(eq(teams.id, id)).for('update');
  if (!team) throw new AppError('not-found', 'There is no such team.');
  return team;
}

async function listMembers(teamId: string, tx: Tx) {
  return tx.select().from(teamMembers).where(eq(teamMembers.teamId, teamId)).orderBy(asc(teamMembers.joinedAt));
}

async function findMember(teamId: string, userId: string, tx: Tx) {
  const [member] = await tx.select().from(teamMembers).where(isMembership(teamId, userId));
  if (!member) throw new AppError('not-found', 'This person is not in the team (any more).');
  return member;
}

async function requireAnotherOwner(teamId: string, userId: string, tx: Tx): Promise<void> {
  const owners = (await listMembers(teamId, tx)).filter(
    (member) => member.role === 'owner' && member.userId !== userId,
  );
  if (owners.length === 0)
    throw new AppError(
      'conflict',
      'A team keeps an owner while there are people in it. Make somebody else owner first.',
    );
}
