/**
 * One person in every role, and things that belong to them. What is tried by a role is tried on a thing for which
 * nothing but the role could stand in the way: a suspended researcher tries it on an entry of their own.
 */
import { and, eq, inArray } from 'drizzle-orm';
import { saveEvaluations } from '#db/board/values.ts';
import { db } from '#db/engine/client.ts';
import { suspend } from '#db/people/moderation.ts';
import { createSession } from '#db/people/sessions.ts';
import { createTeam } from '#db/people/teams.ts';
import { createToken } from '#db/people/tokens.ts';
import { ensureUser } from '#db/people/users.ts';
import { classes, type Dataset, methods, submissionFiles, submissions, teamMembers, teams, users } from '#db/schema.ts';
import type { SubmissionState, TokenScope, Visibility } from '#lib/vocabulary.ts';
import { someReports } from '#tests/db/fixtures.ts';

export const ROLES = [
  'stranger',
  'other',
  'owner',
  'team member',
  'team owner',
  'suspended',
  'maintainer',
  'suspended maintainer',
] as const;
export type Role = (typeof ROLES)[number];
type Signed = Exclude<Role, 'stranger'>;

/** Signed in and not suspended. */
export const ACTING: readonly Role[] = ['other', 'owner', 'team member', 'team owner', 'maintainer'];
export const SIGNED_IN: readonly Role[] = [...ACTING, 'suspended', 'suspended maintainer'];
/** Of a person's thing, and of a team's. */
export const OWNERS: readonly Role[] = ['owner', 'team member', 'team owner'];
/** Owners, including one who may look but change nothing. */
export const LOOKING_OWNERS: readonly Role[] = [...OWNERS, 'suspended'];
export const MAINTAINERS: readonly Role[] = ['maintainer'];

export interface Cast {
  dataset: Dataset;
  /** by role; a stranger has none */
  ids: Record<Signed, string>;
  names: Record<Signed, string>;
  /** session cookies */
  sessions: Record<Signed, string>;
  /** team of the team owner, the team member and the suspended researcher, who is another owner of it */
  teamId: string;
  /** somebody to whom things are done */
  bystander: string;
  /** a maintainer who was there before */
  director: string;
}

const SIGNED = ROLES.filter((role): role is Signed => role !== 'stranger');
let count = 0;

export async function makeCast(dataset: Dataset): Promise<Cast> {
  const stamp = `${Date.now().toString(36)}-${++count}`;
  const make = async (name: string, role: 'researcher' | 'maintainer' = 'researcher') => {
    const named = `${name} ${stamp}`;
    return (await ensureUser({ email: `${named.replaceAll(' ', '-')}@roles.example.org`, name: named, role })).id;
  };
  const director = await make('director', 'maintainer');
  const bystander = await make('bystander');
  const ids = {} as Cast['ids'];
  for (const role of SIGNED) ids[role] = await make(role, role.endsWith('maintainer') ? 'maintainer' : 'researcher');
  const { id: teamId } = await createTeam(`Team ${stamp}`, ids['team owner']);
  await db()
    .insert(teamMembers)
    .values([
      { teamId, userId: ids['team member'], role: 'member' },
      { teamId, userId: ids.suspended, role: 'owner' },
    ]);
  for (const role of ['suspended', 'suspended maintainer'] as const) await suspend(ids[role], director, 'for the test');
  const sessions = {} as Cast['sessions'];
  for (const role of SIGNED) sessions[role] = (await createSession(ids[role])).sessionToken;
  const names = Object.fromEntries(SIGNED.map((role) => [role, `${role} ${stamp}`])) as Cast['names'];
  return { dataset, ids, names, sessions, teamId, bystander, director };
}

/** Whose a thing is that this role tries something on. */
export function belonging({ ids, teamId }: Cast, role: Role): { userId: string; teamId: string | null } {
  if (role === 'team member' || role === 'team owner') return { userId: ids['team owner'], teamId };
  if (role === 'suspended') return { userId: ids.suspended, teamId: null };
  return { userId: ids.owner, teamId: null };
}

/** A method with one submission in the state that is asked for, written as it would have come to be. */
export async function makeEntry(
  cast: Cast,
  role: Role,
  state: SubmissionState,
  visibility: Visibility = 'private',
  changes: Partial<typeof submissions.$inferInsert> = {},
): Promise<{ id: string; methodId: string }> {
  const { dataset } = cast;
  const whose = belonging(cast, role);
  const name = `Method ${++count} of ${role}`;
  const [method] = await db()
    .insert(methods)
    .values({ ...whose, name })
    .returning();
  const published = visibility === 'published';
  const now = new Date();
  const [submission] = await db()
    .insert(submissions)
    .values({
      ...whose,
      task: dataset.task,
      datasetId: dataset.id,
      methodId: method.id,
      method: name,
      state,
      visibility,
      wasPublished: published || visibility === 'hidden',
      publishedAt: published ? now : null,
      shown: published,
      startedAt: now,
      finishedAt: now,
      ...changes,
    })
    .returning();
  await db()
    .insert(submissionFiles)
    .values({
      submissionId: submission.id,
      slot: 'all',
      bytes: 3,
      sha256: 'f'.repeat(64),
      fileName: 'all.json',
      storageKey: `submissions/roles/${submission.id}.json`,
    });
  if (state === 'scored')
    await saveEvaluations(
      someReports({}, dataset.sha256).map((report) => ({
        submissionId: submission.id,
        protocol: report.protocol,
        groundTruthSha256: dataset.sha256,
        report,
        evaluatorVersion: report.evaluator.version,
      })),
    );
  return { id: submission.id, methodId: method.id };
}

/** An API token of somebody. */
export async function tokenOf(userId: string, scopes: readonly TokenScope[], expiresAt: Date | null = null) {
  return (await createToken(userId, 'roles', { scopes, expiresAt })).token;
}

/** How a browser of this role asks; a page of the site says where it comes from. */
export function cookieOf({ sessions }: Cast, role: Role): Record<string, string> {
  return role === 'stranger' ? {} : { cookie: `authjs.session-token=${sessions[role]}` };
}

/** Takes a cast and all that is theirs out again; what the audit log says of them stays. */
export async function dismiss(casts: readonly Cast[], dataset: Dataset): Promise<void> {
  await db().delete(submissions).where(eq(submissions.datasetId, dataset.id));
  const people = casts.flatMap(({ ids, bystander, director }) => [...Object.values(ids), bystander, director]);
  if (people.length === 0) return;
  await db().delete(methods).where(inArray(methods.userId, people));
  await db().delete(classes).where(inArray(classes.createdBy, people));
  const theirs = db().select({ id: teamMembers.teamId }).from(teamMembers).where(inArray(teamMembers.userId, people));
  await db()
    .delete(teams)
    .where(and(inArray(teams.id, theirs)));
  await db().delete(users).where(inArray(users.id, people));
}
