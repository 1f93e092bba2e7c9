/**
 * Classes: private boards of courses and workshops. A maintainer makes one for a task of a data set and passes on its
 * code; members submit as everybody does, and the class sees each member's best score, rounded as its owner sees it,
 * under the name that the member chose. New scores can be hidden until a reveal.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { and, asc, desc, eq, gte, inArray, isNull, or, sql } from 'drizzle-orm';
import { recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type Class, type ClassMember, classes, classMembers, datasets, submissions, teamMembers } from '#db/schema.ts';
import { resultsOf } from '#db/submissions/own-scores.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { percent } from '#lib/format.ts';
import { publicName } from '#lib/names.ts';
import { secretDigest } from '#lib/secrets.ts';
import { headlineColumn } from '#lib/tasks/board-columns.ts';
import { columnName, columnNumber, formatNumber } from '#lib/tasks/columns.ts';
import { groundTruthTask, parseTask } from '#lib/tasks/index.ts';

/** A class with the name of its data set. */
export interface ClassDetail extends Class {
  dataset: string;
}

/** A member's place on the board of a class. */
export interface ClassRow {
  /** as the member is called in the class */
  name: string;
  rank: number | null;
  /** the best score, as its owner sees it; `–` without one */
  score: string;
  /** scored submissions that count */
  runs: number;
  /** when the best one was sent */
  at: Date | null;
  /** after a reveal: places won (+) or lost (-) by what had been hidden; null: none, or there was no place before */
  moved: number | null;
}

export interface ClassBoard {
  /** of the score's column */
  measure: string;
  rows: ClassRow[];
  /** scored submissions that are hidden until the reveal */
  hidden: number;
}

/** Letters and digits that nobody mistakes for one another, read aloud or from a wall. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';
const CODE_LENGTH = 12;

function makeCode(): string {
  const letters = Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return letters.replace(/(.{4})(?=.)/g, '$1-');
}

/** Codes are typed by hand: case, spaces and dashes do not matter. */
function codeDigest(code: string): string {
  return secretDigest(code.toUpperCase().replace(/[^A-Z0-9]/g, ''));
}

// --- making and keeping ---

/** @throws AppError `invalid` if the data set is not of this task */
export async function createClass(
  input: { name: string; datasetId: string; task: string },
  actorId: string,
  tx: Tx = db(),
): Promise<Class> {
  return tx.transaction(async (tx) => {
    const task = parseTask(input.task);
    const [dataset] = await tx.select().from(datasets).where(eq(datasets.id, input.datasetId));
    if (!task?.open || !dataset || groundTruthTask(task.id) !== dataset.task)
      throw new AppError('invalid', 'Choose a task and a data set that belong together.');
    const [made] = await tx
      .insert(classes)
      .values({ ...input, name: publicName(input.name), createdBy: actorId })
      .returning();
    await recordEvent(actorId, { kind: 'class-made', classId: made.id, name: made.name, dataset: dataset.name }, tx);
    return made;
  });
}

/** Make the code with which people join, in place of an earlier one. It is shown only this once. */
export async function renewCode(id: string, tx: Tx = db()): Promise<string> {
  const code = makeCode();
  await change(id, { codeSha256: codeDigest(code) }, tx);
  return code;
}

/** Make the secret of the projector's page, in place of an earlier one. It is shown only this once. */
export async function renewScreen(id: string, tx: Tx = db()): Promise<string> {
  const secret = randomBytes(24).toString('base64url');
  await change(id, { screenSha256: secretDigest(secret) }, tx);
  return secret;
}

/** Hide what is submitted from now on until the reveal. */
export async function freeze(id: string, actorId: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    const { name } = await change(id, { frozenAt: sql`now()`, revealedAt: null }, tx);
    await recordEvent(actorId, { kind: 'class-frozen', classId: id, name }, tx);
  });
}

/** @throws AppError `conflict` if nothing is hidden */
export async function revealClass(id: string, actorId: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    const found = await getClass(id, tx);
    if (!found || !isFrozen(found)) throw new AppError('conflict', 'Nothing is hidden in this class (any more).');
    await change(id, { revealedAt: sql`now()` }, tx);
    await recordEvent(actorId, { kind: 'class-revealed', classId: id, name: found.name }, tx);
  });
}

/** Delete a class. Its members keep their submissions. */
export async function deleteClass(id: string, actorId: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    const [gone] = await tx.delete(classes).where(eq(classes.id, id)).returning();
    if (!gone) throw new AppError('not-found', 'There is no such class (any more).');
    await recordEvent(actorId, { kind: 'class-deleted', classId: id, name: gone.name }, tx);
  });
}

async function change(
  id: string,
  values: Parameters<ReturnType<ReturnType<typeof db>['update']>['set']>[0],
  tx: Tx,
): Promise<Class> {
  const [changed] = await tx.update(classes).set(values).where(eq(classes.id, id)).returning();
  if (!changed) throw new AppError('not-found', 'There is no such class (any more).');
  return changed;
}

// --- members ---

/**
 * Join the class of a code, or change the name and the team of a membership.
 *
 * @param joining `teamId`: a team of the user's whose submissions count; null: the user's own do
 * @throws AppError `not-found` for an unknown code; `invalid` for a team of others
 */
export async function joinClass(
  code: string,
  joining: { userId: string; teamId: string | null; name: string },
  tx: Tx = db(),
): Promise<string> {
  return tx.transaction(async (tx) => {
    const found = await classOfCode(code, tx);
    if (!found) throw new AppError('not-found', 'No class has this code (any more).');
    const { userId, teamId } = joining;
    if (teamId !== null) {
      const [member] = await tx
        .select({ teamId: teamMembers.teamId })
        .from(teamMembers)
        .where(and(eq(teamMembers.teamId, teamId), eq(teamMembers.userId, userId)));
      if (!member) throw new AppError('invalid', 'Choose one of your own teams.');
    }
    const name = publicName(joining.name);
    await tx
      .insert(classMembers)
      .values({ classId: found.id, userId, teamId, name })
      .onConflictDoUpdate({ target: [classMembers.classId, classMembers.userId], set: { teamId, name } });
    return found.id;
  });
}

export async function leaveClass(id: string, userId: string, tx: Tx = db()): Promise<void> {
  const left = await tx
    .delete(classMembers)
    .where(and(eq(classMembers.classId, id), eq(classMembers.userId, userId)))
    .returning({ id: classMembers.id });
  if (left.length === 0) throw new AppError('not-found', 'You are not in this class (any more).');
}

export async function membershipOf(id: string, userId: string, tx: Tx = db()): Promise<ClassMember | null> {
  const [member] = await tx
    .select()
    .from(classMembers)
    .where(and(eq(classMembers.classId, id), eq(classMembers.userId, userId)));
  return member ?? null;
}

// --- reading ---

const detail = { class: classes, dataset: datasets.name };

function detailed(row: { class: Class; dataset: string } | undefined): ClassDetail | null {
  return row ? { ...row.class, dataset: row.dataset } : null;
}

export async function getClass(id: string, tx: Tx = db()): Promise<ClassDetail | null> {
  const [row] = await tx
    .select(detail)
    .from(classes)
    .innerJoin(datasets, eq(datasets.id, classes.datasetId))
    .where(eq(classes.id, id));
  return detailed(row);
}

export async function classOfCode(code: string, tx: Tx = db()): Promise<ClassDetail | null> {
  const [row] = await tx
    .select(detail)
    .from(classes)
    .innerJoin(datasets, eq(datasets.id, classes.datasetId))
    .where(eq(classes.codeSha256, codeDigest(code)));
  return detailed(row);
}

export async function classOfScreen(secret: string, tx: Tx = db()): Promise<ClassDetail | null> {
  const [row] = await tx
    .select(detail)
    .from(classes)
    .innerJoin(datasets, eq(datasets.id, classes.datasetId))
    .where(eq(classes.screenSha256, secretDigest(secret)));
  return detailed(row);
}

/** Return all classes, or those that a person has joined, the newest first. */
export async function listClasses(
  { memberId }: { memberId?: string } = {},
  tx: Tx = db(),
): Promise<(ClassDetail & { members: number })[]> {
  const rows = await tx
    .select({
      ...detail,
      members: sql<number>`(select count(*)::int from ${classMembers} where ${classMembers.classId} = ${classes.id})`,
    })
    .from(classes)
    .innerJoin(datasets, eq(datasets.id, classes.datasetId))
    .where(
      memberId === undefined
        ? undefined
        : inArray(
            classes.id,
            tx.select({ id: classMembers.classId }).from(classMembers).where(eq(classMembers.userId, memberId)),
          ),
    )
    .orderBy(desc(classes.createdAt), asc(classes.id));
  return rows.map(({ members, ...row }) => ({ ...detailed(row)!, members }));
}

/** Whether new scores wait for the reveal. */
export function isFrozen({ frozenAt, revealedAt }: Pick<Class, 'frozenAt' | 'revealedAt'>): boolean {
  return frozenAt !== null && revealedAt === null;
}

// --- the board ---

interface Run {
  holder: string;
  value: number;
  at: Date;
}

/**
 * Rank the members of a class by their best score since it was made. Submissions count that are scored, not withdrawn
 * and not anonymous: an anonymous entry must not be recognised by its score.
 */
export async function classBoard(found: ClassDetail, tx: Tx = db()): Promise<ClassBoard> {
  const task = parseTask(found.task)!;
  const column = headlineColumn(task);
  const members = await listMembers(found.id, tx);
  const runs = await listRuns(found, members, tx);
  const frozen = isFrozen(found);
  const shown = frozen ? runs.filter(({ at }) => at < found.frozenAt!) : runs;
  const before =
    found.revealedAt &&
    places(
      runs.filter(({ at }) => at < found.frozenAt!),
      column.better,
    );
  const now = places(shown, column.better);
  const rows = members.map(({ name, holder }): ClassRow => {
    const best = now.get(holder);
    const earlier = before?.get(holder);
    return {
      name,
      rank: best?.rank ?? null,
      // hidden ground truth tells no more than a tenth of a point
      score: column.format === 'percent' ? percent(best?.value ?? null, 1) : formatNumber(column, best?.value),
      runs: shown.filter((run) => run.holder === holder).length,
      at: best?.at ?? null,
      moved: best && earlier ? earlier.rank - best.rank || null : null,
    };
  });
  rows.sort(
    (a, b) => (a.rank ?? Number.POSITIVE_INFINITY) - (b.rank ?? Number.POSITIVE_INFINITY) || (a.name < b.name ? -1 : 1),
  );
  return { measure: columnName(column), rows, hidden: runs.length - shown.length };
}

/** Return members with whose submissions count; several people of one team are one row, under the first one's name. */
async function listMembers(classId: string, tx: Tx): Promise<{ name: string; holder: string }[]> {
  const rows = await tx
    .select({ name: classMembers.name, userId: classMembers.userId, teamId: teamMembers.teamId })
    .from(classMembers)
    .leftJoin(
      teamMembers,
      and(eq(teamMembers.teamId, classMembers.teamId), eq(teamMembers.userId, classMembers.userId)),
    )
    .where(eq(classMembers.classId, classId))
    .orderBy(asc(classMembers.joinedAt), asc(classMembers.id));
  const seen = new Map<string, string>();
  for (const { name, userId, teamId } of rows) {
    const holder = teamId ? `team ${teamId}` : `person ${userId}`;
    if (!seen.has(holder)) seen.set(holder, name);
  }
  return [...seen].map(([holder, name]) => ({ holder, name }));
}

async function listRuns(
  { datasetId, task, createdAt, dataset }: ClassDetail,
  members: readonly { holder: string }[],
  tx: Tx,
): Promise<Run[]> {
  const ids = (kind: string) =>
    members.flatMap(({ holder }) => (holder.startsWith(`${kind} `) ? [holder.slice(kind.length + 1)] : []));
  const [people, teams] = [ids('person'), ids('team')];
  if (people.length + teams.length === 0) return [];
  const rows = await tx
    .select({
      id: submissions.id,
      userId: submissions.userId,
      teamId: submissions.teamId,
      at: submissions.createdAt,
    })
    .from(submissions)
    .where(
      and(
        eq(submissions.datasetId, datasetId),
        eq(submissions.task, task),
        eq(submissions.state, 'scored'),
        eq(submissions.anonymous, false),
        gte(submissions.createdAt, createdAt),
        or(and(isNull(submissions.teamId), inArray(submissions.userId, people)), inArray(submissions.teamId, teams)),
      ),
    );
  const results = await resultsOf(
    rows.map(({ id }) => id),
    tx,
  );
  const column = headlineColumn(parseTask(task)!);
  return rows.flatMap(({ id, userId, teamId, at }): Run[] => {
    const value = columnNumber(column, results.get(id) ?? null, {
      protocol: PRIMARY_PROTOCOL,
      evaluation: 'segm',
      dataset,
    });
    const holder = teamId ? `team ${teamId}` : `person ${userId}`;
    return typeof value === 'number' ? [{ holder, value, at }] : [];
  });
}

/** Rank holders by their best run; equal scores share a rank, and the earlier of equal runs is the best. */
function places(runs: readonly Run[], better: 'higher' | 'lower'): Map<string, Run & { rank: number }> {
  const sign = better === 'higher' ? 1 : -1;
  const best = new Map<string, Run>();
  for (const run of [...runs].sort((a, b) => a.at.getTime() - b.at.getTime())) {
    const known = best.get(run.holder);
    if (!known || sign * (run.value - known.value) > 0) best.set(run.holder, run);
  }
  const all = [...best.values()];
  return new Map(
    all.map((run) => [
      run.holder,
      { ...run, rank: 1 + all.filter(({ value }) => sign * (value - run.value) > 0).length },
    ]),
  );
}
