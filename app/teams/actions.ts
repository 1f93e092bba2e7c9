'use server';

import { revalidatePath } from 'next/cache';
import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { siteOf } from '#app/_server/site.ts';
import { requireTeamOwner } from '#app/_server/teams.ts';
import {
  acceptInvitation,
  createTeam,
  deleteTeam,
  invite,
  leaveTeam,
  removeMember,
  renameTeam,
  revokeInvitation,
  setTeamRole,
} from '#db/people/teams.ts';
import { AppError } from '#lib/errors.ts';
import { canAcceptInvitation, canCreateTeam, canLeaveTeam } from '#lib/permissions.ts';
import { TEAM_ROLES } from '#lib/vocabulary.ts';

const teamName = z.string().trim().min(1, 'A name for the team').max(80, 'At most 80 characters');
const about = z.object({ teamId: z.string() });
const member = about.extend({ userId: z.string() });

export const makeTeam = action(z.object({ name: teamName }), async ({ name }, who) => {
  if (!canCreateTeam(who)) throw new AppError('forbidden', 'This account cannot make teams.');
  const { id } = await createTeam(name, who.id);
  revalidatePath('/', 'layout');
  redirect(`/teams/${id}`);
});

export const nameTeam = action(about.extend({ name: teamName }), async ({ teamId, name }, who) => {
  requireTeamOwner(who, teamId);
  await renameTeam(teamId, name, who.id);
  revalidatePath('/', 'layout');
  return { done: true, message: 'Renamed.' };
});

/** `made` is the link, whose secret is shown only this once. */
export const makeInvitation = action(about, async ({ teamId }, who) => {
  requireTeamOwner(who, teamId);
  const { secret } = await invite(teamId, who.id);
  revalidatePath(`/teams/${teamId}`);
  return { done: true, made: `${siteOf({ headers: await headers() })}/teams/join/${secret}` };
});

export const dropInvitation = action(about.extend({ id: z.string() }), async ({ teamId, id }, who) => {
  requireTeamOwner(who, teamId);
  await revokeInvitation(id, teamId, who.id);
  revalidatePath(`/teams/${teamId}`);
  return { done: true };
});

export const changeRole = action(member.extend({ role: z.enum(TEAM_ROLES) }), async ({ teamId, userId, role }, who) => {
  requireTeamOwner(who, teamId);
  await setTeamRole({ teamId, userId, role }, who.id);
  revalidatePath(`/teams/${teamId}`);
  return { done: true };
});

export const removePerson = action(member, async ({ teamId, userId }, who) => {
  requireTeamOwner(who, teamId);
  await removeMember(teamId, userId, who.id);
  revalidatePath(`/teams/${teamId}`);
  return { done: true };
});

export const leaveThisTeam = action(about, async ({ teamId }, who) => {
  if (!canLeaveTeam(who, teamId)) throw new AppError('forbidden', 'You are not in this team (any more).');
  await leaveTeam(teamId, who.id);
  revalidatePath('/', 'layout');
  redirect('/teams');
});

export const deleteThisTeam = action(about, async ({ teamId }, who) => {
  requireTeamOwner(who, teamId);
  await deleteTeam(teamId, who.id);
  revalidatePath('/', 'layout');
  redirect('/teams');
});

export const joinTeam = action(z.object({ secret: z.string() }), async ({ secret }, who) => {
  if (!canAcceptInvitation(who)) throw new AppError('forbidden', 'This account cannot join teams.');
  const teamId = await acceptInvitation(secret, who.id);
  revalidatePath('/', 'layout');
  redirect(`/teams/${teamId}`);
});
