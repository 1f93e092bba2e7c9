/** Entries as they leave the house: rows go in, `PublicEntry` comes out, and nothing of the rows besides. */
import { and, desc, eq, gt, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { datasets, methods, submissions, teams, users } from '#db/schema.ts';
import { type EntrySource, type Look, type PublicEntry, publicEntry } from '#lib/public-entry.ts';

/** What the serializer needs: select these from submissions, with the joins below on the left. */
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

/** Who made it is a secret at this time: what `isSealed` says in the program. */
export function sealedAt(now: Date): SQL {
  return and(
    eq(submissions.anonymous, true),
    or(isNull(submissions.anonymousUntil), gt(submissions.anonymousUntil, now)),
  )!;
}

/** Return what one who looks this way may see of a submission that `getSubmission` has read. */
export function entryOf({ source }: { source: EntrySource }, look: Look): PublicEntry {
  return publicEntry(source, look, new Date());
}

/** What was published last, for everybody, the newest first, each with the name of its data set; no demo entries. */
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
