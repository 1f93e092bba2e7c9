/** Entries as they leave the house: rows go in, `PublicEntry` comes out, and nothing of the rows besides. */
import { and, desc, eq, gt, isNull, or, type SQL } from 'drizzle-orm';
import { type EntrySource, type Look, type PublicEntry, publicEntry } from '#lib/public-entry.ts';
import { db, type Tx } from './client.ts';
import { methods, type Submission, submissions, teams, users } from './schema.ts';

/**
 * What the serializer needs besides the submission: select these, and join with `joinEntry`'s conditions
 * (`methods`, `teams` and `users` on the left).
 */
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
} as const;

/** The conditions of the joins that `ENTRY_COLUMNS` needs. */
export const ENTRY_JOINS = {
  method: eq(methods.id, submissions.methodId),
  team: eq(teams.id, submissions.teamId),
  user: eq(users.id, submissions.userId),
} as const;

/** Who made it is a secret now; the condition that `isSealed` is in the program. */
export function sealedAt(now: Date): SQL {
  return and(
    eq(submissions.anonymous, true),
    or(isNull(submissions.anonymousUntil), gt(submissions.anonymousUntil, now)),
  )!;
}

async function sources(where: SQL | undefined, limit: number, tx: Tx): Promise<EntrySource[]> {
  return tx
    .select(ENTRY_COLUMNS)
    .from(submissions)
    .leftJoin(methods, ENTRY_JOINS.method)
    .leftJoin(teams, ENTRY_JOINS.team)
    .leftJoin(users, ENTRY_JOINS.user)
    .where(where)
    .orderBy(desc(submissions.publishedAt), submissions.id)
    .limit(limit);
}

/** The public form of a submission somebody has been allowed to see. */
export async function entryOf(submission: Pick<Submission, 'id'>, look: Look, tx: Tx = db()): Promise<PublicEntry> {
  const [source] = await sources(eq(submissions.id, submission.id), 1, tx);
  if (!source) throw new Error(`submission ${submission.id} is gone`);
  return publicEntry(source, look, new Date());
}

/** What was published last, for everybody, the newest first. */
export async function listPublished(limit: number, tx: Tx = db()): Promise<PublicEntry[]> {
  const now = new Date();
  const published = and(eq(submissions.state, 'scored'), eq(submissions.visibility, 'published'));
  return (await sources(published, limit, tx)).map((source) => publicEntry(source, 'public', now));
}
