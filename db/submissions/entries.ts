/** Turns rows into public entries. Only a `PublicEntry` leaves this file, never the row itself. */
import { and, desc, eq, gt, inArray, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { datasets, methods, submissions, teams, users } from '#db/schema.ts';
import {
  type BoardEntry,
  boardEntry,
  type EntrySource,
  type Look,
  type PublicEntry,
  publicEntry,
} from '#lib/public-entry.ts';

/** The columns that the serializer needs. Select them from submissions, with the left joins below. */
export const ENTRY_COLUMNS = {
  submission: submissions,
  method: {
    name: methods.name,
    description: methods.description,
    paperUrl: methods.paperUrl,
    codeUrl: methods.codeUrl,
    authors: methods.authors,
    architecture: methods.architecture,
    parameters: methods.parameters,
    pretraining: methods.pretraining,
    extraData: methods.extraData,
    secondsPerImage: methods.secondsPerImage,
  },
  team: { name: teams.name },
  user: { name: users.name, affiliation: users.affiliation, orcid: users.orcid },
  verifier: sql<
    string | null
  >`(select verifier.name from users as verifier where verifier.id = ${submissions.verifiedBy})`,
} as const;

/** The conditions of the joins that `ENTRY_COLUMNS` needs. */
export const ENTRY_JOINS = {
  method: eq(methods.id, submissions.methodId),
  team: eq(teams.id, submissions.teamId),
  user: eq(users.id, submissions.userId),
} as const;

/** The submission is public: `isPublic` of `lib/permissions.ts`, in SQL. */
export function isPublicSql(): SQL {
  return and(eq(submissions.state, 'scored'), eq(submissions.visibility, 'published'))!;
}

/** The entry is anonymous at this time: `isSealed` of `lib/public-entry.ts`, in SQL. */
export function sealedAt(now: Date): SQL {
  return and(
    eq(submissions.anonymous, true),
    or(isNull(submissions.anonymousUntil), gt(submissions.anonymousUntil, now)),
  )!;
}

/** Return the form of a submission that a look may see. `getSubmission` reads the source. */
export function entryOf({ source }: { source: EntrySource }, look: Look): PublicEntry {
  return publicEntry(source, look, new Date());
}

/** Return the entries published last, newest first, with the names of their data sets; without demo entries. */
export async function listPublished(limit: number, tx: Tx = db()): Promise<{ entry: PublicEntry; dataset: string }[]> {
  const now = new Date();
  const rows = await tx
    .select({ ...ENTRY_COLUMNS, dataset: datasets.name })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(methods, ENTRY_JOINS.method)
    .leftJoin(teams, ENTRY_JOINS.team)
    .leftJoin(users, ENTRY_JOINS.user)
    .where(and(isPublicSql(), eq(submissions.demo, false), isNotNull(submissions.publishedAt)))
    .orderBy(desc(submissions.publishedAt), submissions.id)
    .limit(limit);
  return rows.map(({ dataset, ...source }) => ({ entry: publicEntry(source, 'public', now), dataset }));
}

/** List the ids of all public entries, demo ones included, the newest first. */
export async function listPublicIds(tx: Tx = db()): Promise<string[]> {
  const rows = await tx
    .select({ id: submissions.id })
    .from(submissions)
    .where(isPublicSql())
    .orderBy(sql`${submissions.publishedAt} desc nulls last`, submissions.id);
  return rows.map(({ id }) => id);
}

/** Return entries as they are for the public now, whatever became of them; those that are gone are left out. */
export async function entriesNow(
  ids: readonly string[],
  tx: Tx = db(),
): Promise<Map<string, BoardEntry & { hidden: boolean; credited: boolean }>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .select(ENTRY_COLUMNS)
    .from(submissions)
    .leftJoin(methods, ENTRY_JOINS.method)
    .leftJoin(teams, ENTRY_JOINS.team)
    .leftJoin(users, ENTRY_JOINS.user)
    .where(inArray(submissions.id, [...ids]));
  const now = new Date();
  return new Map(
    rows.map((source) => [
      source.submission.id,
      {
        ...boardEntry(source, now),
        hidden: source.submission.visibility === 'hidden',
        credited: source.submission.creditedTo !== null,
      },
    ]),
  );
}
