/**
 * Methods and their versions, which are submissions. Versions are numbered per task and data set. The board shows one of
 * the published versions: the one published last, until the owner chooses another. Every change of a version locks the
 * method's row first, so that two changes at once happen one after the other.
 */
import { and, desc, eq, exists, inArray, isNull, max, ne, not, notInArray, or, type SQL, sql } from 'drizzle-orm';
import { changesOf, recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { datasets, evaluations, type Method, methods, type Submission, submissions, teams, users } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { methodName } from '#lib/names.ts';
import { type Belonging, isPublic } from '#lib/permissions.ts';
import { isSealed } from '#lib/public-entry.ts';
import { isPublicSql, sealedAt } from './entries.ts';
import { resultsOfOwn } from './own-scores.ts';
import { requireOwnName } from './public-names.ts';

/** The columns of a method that its owner fills in. */
export type MethodFacts = Omit<Method, 'id' | 'userId' | 'teamId' | 'createdAt' | 'updatedAt'>;

export interface MethodDetail extends Method {
  user: { id: string; name: string | null } | null;
  team: { id: string; name: string } | null;
  /** at least one version is public under the method's name */
  public: boolean;
}

/** A submission as a version of its method, with the numbers to compare versions by. */
export interface MethodVersion extends Submission {
  datasetName: string;
  /** under the primary protocol on the current ground truth, without the long lists; null: no score */
  results: unknown;
}

// --- finding and making ---

/**
 * Return the method that a submission is the next version of: the owner's method of this name (ignoring case), or a new
 * one. `facts` fill only the columns that are still empty; others are edited on the method's page.
 *
 * @throws AppError `not-found` if `id` is given and is not a method of this owner
 */
export async function findOrCreateMethod(
  owner: Belonging,
  wanted: { id?: string | null; name: string },
  facts: Partial<MethodFacts>,
  tx: Tx,
): Promise<Method> {
  return tx.transaction(async (tx) => {
    // one transaction at a time looks at an owner's names and adds one
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`methods ${ownerKey(owner)}`}, 0))`);
    const [found] = await tx
      .select()
      .from(methods)
      .where(and(belongsTo(owner), wanted.id ? eq(methods.id, wanted.id) : hasName(wanted.name)))
      .orderBy(methods.createdAt, methods.id)
      .limit(1);
    if (found) return fillMethod(found, facts, owner.userId, tx);
    if (wanted.id) throw new AppError('not-found', 'There is no such method of this owner.');
    const name = await checkName(wanted.name, owner, tx);
    const [made] = await tx
      .insert(methods)
      .values({ ...facts, name, userId: owner.userId, teamId: owner.teamId })
      .returning();
    await recordEvent(owner.userId, { kind: 'method-created', methodId: made.id, name: made.name }, tx);
    return made;
  });
}

/** A name that another's public method cannot be taken for. What came with the site is called as it is. */
async function checkName(wanted: string, owner: Belonging, tx: Tx): Promise<string> {
  if (owner.userId === null) return wanted;
  const name = methodName(wanted);
  await requireOwnName('method', name, owner, tx);
  return name;
}

async function fillMethod(
  method: Method,
  facts: Partial<MethodFacts>,
  actorId: string | null,
  tx: Tx,
): Promise<Method> {
  const blank = (value: unknown) => value === null || value === undefined || value === '';
  const news = Object.entries(facts).filter(
    ([key, value]) =>
      key in method && blank(Object.entries(method).find(([known]) => known === key)?.[1]) && !blank(value),
  );
  if (news.length === 0) return method;
  return updateMethod(method, Object.fromEntries(news), actorId, tx);
}

async function updateMethod(
  before: Method,
  facts: Partial<MethodFacts>,
  actorId: string | null,
  tx: Tx,
): Promise<Method> {
  const [after] = await tx
    .update(methods)
    .set({ ...facts, updatedAt: sql`now()` })
    .where(eq(methods.id, before.id))
    .returning();
  const changes = changesOf(
    before,
    after,
    Object.keys(facts).filter((key): key is keyof MethodFacts => key in before),
  );
  if (Object.keys(changes).length > 0)
    await recordEvent(actorId, { kind: 'method-edited', methodId: before.id, name: after.name, changes }, tx);
  return after;
}

function ownerKey({ userId, teamId }: Belonging): string {
  return teamId !== null ? `team ${teamId}` : `user ${userId ?? ''}`;
}

/** The method belongs to the owner. A team's methods are the team's, whoever created them. */
function belongsTo({ userId, teamId }: Belonging): SQL | undefined {
  if (teamId !== null) return eq(methods.teamId, teamId);
  return and(isNull(methods.teamId), userId === null ? isNull(methods.userId) : eq(methods.userId, userId));
}

function hasName(name: string): SQL {
  return sql`lower(${methods.name}) = lower(${name})`;
}

/** Lock the method's row until the transaction ends. */
export async function lockMethod(id: string, tx: Tx): Promise<Method | null> {
  const [method] = await tx.select().from(methods).where(eq(methods.id, id)).for('no key update');
  return method ?? null;
}

/** Return the number of a method's next version for a task and data set. The method must be locked. */
export async function nextVersion(
  { methodId, task, datasetId }: { methodId: string; task: string; datasetId: string },
  tx: Tx,
): Promise<number> {
  const [row] = await tx
    .select({ last: max(submissions.version) })
    .from(submissions)
    .where(and(eq(submissions.methodId, methodId), eq(submissions.task, task), eq(submissions.datasetId, datasetId)));
  return (row.last ?? 0) + 1;
}

/**
 * Edit a method. A new name becomes the name of all its versions.
 *
 * @throws AppError `not-found`; `conflict` where the owner has another method of this name
 */
export async function editMethod(
  id: string,
  facts: Partial<MethodFacts>,
  actorId: string,
  tx: Tx = db(),
): Promise<Method> {
  return tx.transaction(async (tx) => {
    const [there] = await tx.select().from(methods).where(eq(methods.id, id));
    if (!there) throw new AppError('not-found', 'There is no such method.');
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`methods ${ownerKey(there)}`}, 0))`);
    const method = await lockMethod(id, tx);
    if (!method) throw new AppError('not-found', 'There is no such method.');
    const owner = { userId: method.userId ?? actorId, teamId: method.teamId };
    const name =
      facts.name === undefined || facts.name === method.name ? method.name : await checkName(facts.name, owner, tx);
    if (name !== method.name) {
      const [other] = await tx
        .select({ id: methods.id })
        .from(methods)
        .where(and(belongsTo(method), hasName(name), ne(methods.id, id)))
        .limit(1);
      if (other) throw new AppError('conflict', `There is another method named “${name}”.`);
      await tx.update(submissions).set({ method: name }).where(eq(submissions.methodId, id));
    }
    // setting the mark marks every version; clearing it leaves each version as it is
    if (facts.testImagesSeen && !method.testImagesSeen)
      await tx.update(submissions).set({ testImagesSeen: true }).where(eq(submissions.methodId, id));
    return updateMethod(method, { ...facts, name }, actorId, tx);
  });
}

// --- which version the board shows ---

/**
 * Keep one published version of a method on the board after a submission has changed, and return the submission as it is
 * now. A version that became public is shown from now on; one that is no longer public makes way for the version published
 * last. Anonymous versions have a row of their own and take no place, because a swap would tell whose they are. The
 * method must be locked.
 */
export async function keepShown(before: Submission | null, after: Submission, tx: Tx): Promise<Submission> {
  const [was, is] = [before !== null && isPublic(before), isPublic(after)];
  if (is && !was) return showPublished(after, before?.visibility === 'hidden', tx);
  if (!is && after.shown) {
    const [left] = await tx.update(submissions).set({ shown: false }).where(eq(submissions.id, after.id)).returning();
    const [next] = await tx
      .select()
      .from(submissions)
      .where(and(isOnSameBoard(after), isPublicSql(), ne(submissions.id, after.id)))
      .orderBy(sealedAt(new Date()), desc(submissions.publishedAt), desc(submissions.version))
      .limit(1);
    if (next) {
      await tx.update(submissions).set({ shown: true }).where(eq(submissions.id, next.id));
      await recordEvent(null, { kind: 'shown', submissionId: next.id, instead: after.id }, tx);
    }
    return left;
  }
  return after;
}

async function showPublished(submission: Submission, restored: boolean, tx: Tx): Promise<Submission> {
  const rival = await findShown(submission, tx);
  const now = new Date();
  const gives = rival === null || (!restored && (!isSealed(submission, now) || isSealed(rival, now)));
  if (rival && gives) await tx.update(submissions).set({ shown: false }).where(eq(submissions.id, rival.id));
  const [after] = await tx
    .update(submissions)
    .set({ shown: gives, wasPublished: true })
    .where(eq(submissions.id, submission.id))
    .returning();
  return after;
}

/** Choose which published version the board shows. */
export async function showVersion(id: string, actorId: string, tx: Tx = db()): Promise<Submission> {
  return tx.transaction(async (tx) => {
    const [found] = await tx.select({ methodId: submissions.methodId }).from(submissions).where(eq(submissions.id, id));
    if (!found) throw new AppError('not-found', 'There is no such submission.');
    if (found.methodId) await lockMethod(found.methodId, tx);
    const [submission] = await tx.select().from(submissions).where(eq(submissions.id, id)).for('update');
    if (!isPublic(submission)) throw new AppError('conflict', 'Only a published version can be shown.');
    if (isSealed(submission, new Date()))
      throw new AppError('conflict', 'An anonymous entry stands on the leaderboard by itself.');
    const rival = await findShown(submission, tx);
    if (submission.shown) return submission;
    if (rival) await tx.update(submissions).set({ shown: false }).where(eq(submissions.id, rival.id));
    const [after] = await tx.update(submissions).set({ shown: true }).where(eq(submissions.id, id)).returning();
    await recordEvent(actorId, { kind: 'shown', submissionId: id, instead: rival?.id ?? null }, tx);
    return after;
  });
}

/** Return another version of the same method that the board shows. */
async function findShown(submission: Submission, tx: Tx): Promise<Submission | null> {
  if (submission.methodId === null) return null;
  const [shown] = await tx
    .select()
    .from(submissions)
    .where(and(isOnSameBoard(submission), eq(submissions.shown, true), ne(submissions.id, submission.id)));
  return shown ?? null;
}

function isOnSameBoard({ methodId, task, datasetId }: Submission): SQL | undefined {
  return and(
    methodId === null ? sql`false` : eq(submissions.methodId, methodId),
    eq(submissions.task, task),
    eq(submissions.datasetId, datasetId),
  );
}

/** The submission is public under the name of its method. */
function isPublicUnderName(): SQL | undefined {
  return and(isPublicSql(), not(sealedAt(new Date())));
}

// --- what boards need ---

/**
 * Count the scored runs of each method among the submissions that `where` selects, including withdrawn ones. Anonymous
 * runs are counted separately, because a common count would tell whose they are. Left-join by `methodId` and read with
 * `runsOf`.
 */
export function scoredRuns(where: SQL | undefined, tx: Tx) {
  const underSeal = sealedAt(new Date());
  const tally = (which: SQL) => sql<number>`count(*) filter (where ${which})`.mapWith(Number);
  return tx
    .select({
      methodId: submissions.methodId,
      named: tally(not(underSeal)).as('named_runs'),
      sealed: tally(underSeal).as('sealed_runs'),
    })
    .from(submissions)
    .where(and(where, sql`exists (select 1 from ${evaluations} where ${evaluations.submissionId} = ${submissions.id})`))
    .groupBy(submissions.methodId)
    .as('scored_runs');
}

/** Return the number of runs that a row shows. */
export function runsOf(entry: { anonymous: boolean }, runs: { named: number | null; sealed: number | null }): number {
  // a submission without a method is a single run
  return (entry.anonymous ? runs.sealed : runs.named) ?? 1;
}

// --- reading ---

export async function getMethod(id: string, tx: Tx = db()): Promise<MethodDetail | null> {
  const [row] = await tx
    .select({
      method: methods,
      user: { id: users.id, name: users.name },
      team: { id: teams.id, name: teams.name },
      public: sql<boolean>`exists (select 1 from ${submissions} where ${and(eq(submissions.methodId, methods.id), isPublicUnderName())})`,
    })
    .from(methods)
    .leftJoin(users, eq(users.id, methods.userId))
    .leftJoin(teams, eq(teams.id, methods.teamId))
    .where(eq(methods.id, id));
  return row ? { ...row.method, user: row.user, team: row.team, public: row.public } : null;
}

/**
 * Return the methods of a person and of teams, by name. A method whose every submission was rejected, or failed, is left
 * out: it is only a name that was tried.
 */
export async function listMethods(
  userId: string,
  teamIds: readonly string[],
  tx: Tx = db(),
): Promise<(Method & { team: string | null })[]> {
  const rows = await tx
    .select({ method: methods, team: teams.name })
    .from(methods)
    .leftJoin(teams, eq(teams.id, methods.teamId))
    .where(
      and(
        or(belongsTo({ userId, teamId: null }), teamIds.length > 0 ? inArray(methods.teamId, [...teamIds]) : undefined),
        exists(
          tx
            .select({ one: sql`1` })
            .from(submissions)
            .where(and(eq(submissions.methodId, methods.id), notInArray(submissions.state, ['rejected', 'failed']))),
        ),
      ),
    )
    .orderBy(sql`lower(${methods.name})`, methods.id);
  return rows.map(({ method, team }) => ({ ...method, team }));
}

/** Return a method's versions, newest first. `public`: only those public under the method's name. */
export async function listVersions(
  methodId: string,
  options: { public: boolean },
  tx: Tx = db(),
): Promise<MethodVersion[]> {
  const rows = await tx
    .select({ submission: submissions, datasetName: datasets.name })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(and(eq(submissions.methodId, methodId), options.public ? isPublicUnderName() : undefined))
    .orderBy(submissions.task, datasets.name, desc(submissions.version), desc(submissions.createdAt));
  const results = await resultsOfOwn(eq(submissions.methodId, methodId), tx);
  return rows.map(({ submission, datasetName }) => ({
    ...submission,
    datasetName,
    results: results.get(submission.id) ?? null,
  }));
}

/** Return what methods declare of their size and speed, by method; without those that declare nothing. */
export async function declaredOf(
  ids: readonly string[],
  tx: Tx = db(),
): Promise<Map<string, { parameters: number | null; secondsPerImage: number | null }>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .select({ id: methods.id, parameters: methods.parameters, secondsPerImage: methods.secondsPerImage })
    .from(methods)
    .where(inArray(methods.id, [...ids]));
  return new Map(rows.map(({ id, ...declared }) => [id, declared]));
}
