/** Names that strangers see, so that nobody takes one that could be mistaken for another's. */
import { and, eq, isNotNull, isNull, ne, not, notInArray, or, type SQL, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { methods, submissions, teamMembers, teams, users } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { likeness, skeletonOf } from '#lib/names.ts';
import { isPublicSql, sealedAt } from './entries.ts';

type Named = 'person' | 'team' | 'method';

/**
 * Refuse a name that looks like that of another person, team or method with a public entry, or, for a team, that is the
 * same. Names that are not public are not compared: a refusal would tell that they exist. Two people or methods may have
 * one name.
 *
 * @param owner who is to have it: the person, and for a method its team
 * @throws AppError `invalid` with the other name
 */
export async function requireOwnName(
  kind: Named,
  name: string,
  owner: { userId: string | null; teamId?: string | null },
  tx: Tx,
): Promise<void> {
  for (const other of await listPublicNames(kind, owner, tx)) {
    const alike = likeness(name, other);
    if (alike === null || (alike === 'same' && kind !== 'team')) continue;
    throw new AppError(
      'invalid',
      alike === 'same'
        ? `There is a team named “${other}” on the leaderboard. Add something that tells yours from it, such as a city.`
        : `“${name}” looks like “${other}”, which is the name of another ${kind} on the leaderboard. Choose another one.`,
    );
  }
}

async function listPublicNames(
  kind: Named,
  { userId, teamId = null }: { userId: string | null; teamId?: string | null },
  tx: Tx,
): Promise<string[]> {
  const isNamed = and(isPublicSql(), not(sealedAt(new Date())));
  const ofTeams = tx
    .select({ id: teamMembers.teamId })
    .from(teamMembers)
    .where(eq(teamMembers.userId, userId ?? ''));
  const rows = await {
    person: () =>
      tx
        .selectDistinct({ name: users.name })
        .from(submissions)
        .innerJoin(users, eq(users.id, submissions.userId))
        .where(and(isNamed, isNull(submissions.teamId), ne(users.id, userId ?? ''))),
    team: () =>
      tx
        .selectDistinct({ name: teams.name })
        .from(submissions)
        .innerJoin(teams, eq(teams.id, submissions.teamId))
        .where(and(isNamed, notInArray(teams.id, ofTeams))),
    method: () =>
      tx
        .selectDistinct({ name: methods.name })
        .from(submissions)
        .innerJoin(methods, eq(methods.id, submissions.methodId))
        .where(and(isNamed, notOwnedBy(userId, teamId))),
  }[kind]();
  return rows.flatMap(({ name }) => (name === null ? [] : [name]));
}

function notOwnedBy(userId: string | null, teamId: string | null): SQL | undefined {
  const own =
    teamId === null ? and(isNull(methods.teamId), eq(methods.userId, userId ?? '')) : eq(methods.teamId, teamId);
  return sql`not coalesce(${own}, false)`;
}

/** Return groups of names that can be taken for one another, public or not: for the operator alone. */
export async function listLookAlikes(tx: Tx = db()): Promise<{ kind: Named; names: string[] }[]> {
  const all: [Named, { name: string | null }[]][] = [
    ['person', await tx.selectDistinct({ name: users.name }).from(users).where(isNotNull(users.name))],
    ['team', await tx.selectDistinct({ name: teams.name }).from(teams)],
    [
      'method',
      await tx
        .selectDistinct({ name: methods.name })
        .from(methods)
        .where(or(isNotNull(methods.userId), isNotNull(methods.teamId))),
    ],
  ];
  return all.flatMap(([kind, rows]) => {
    const groups = Map.groupBy(
      rows.map(({ name }) => name ?? ''),
      skeletonOf,
    );
    return [...groups.values()]
      .filter((names) => names.some((name) => likeness(name, names[0]) === 'look-alike'))
      .map((names) => ({ kind, names: names.sort() }));
  });
}
