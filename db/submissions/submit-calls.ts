/**
 * Remembers the calls that submitted, so that one whose answer was lost can be repeated: the repetition gets the same
 * answer, creates nothing and charges nothing.
 */
import { createHash } from 'node:crypto';
import { and, eq, inArray, lt, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { datasets, type Submission, submissions, submitCalls } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';

/** A call that submits, as it is recognised when it comes again. */
export interface SubmitCall {
  userId: string;
  /** the call's uploads and, if the caller chose one, its `Idempotency-Key` */
  keys: string[];
  /** SHA-256 of what it asks for, as hex */
  sha256: string;
}

/** A submission that a call created. */
export type CreatedPart = Pick<Submission, 'id' | 'task' | 'state'> & { dataset: string };

const KEPT_DAYS = 30;

/**
 * Describe a call.
 *
 * @param asked everything that decides what is created; equal calls have equal contents
 */
export function describeCall(
  userId: string,
  { uploads, idempotencyKey, asked }: { uploads: readonly string[]; idempotencyKey?: string; asked: unknown },
): SubmitCall {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  const keys = [`uploads ${digest([...new Set(uploads)].sort().join('\n'))}`];
  if (idempotencyKey !== undefined) keys.push(`key ${idempotencyKey}`);
  return { userId, keys, sha256: digest(JSON.stringify(sortKeys(asked))) };
}

/** Copy a value with the members of all its objects in alphabetical order. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, member]) => [key, sortKeys(member)]));
}

/**
 * Return what an earlier, equal call created, the main submission first; null if there was none.
 *
 * @throws AppError `conflict` if the uploads or the key were used for something else
 */
export async function findSubmitCall(call: SubmitCall, tx: Tx = db()): Promise<CreatedPart[] | null> {
  const [earlier] = await tx
    .select()
    .from(submitCalls)
    .where(and(eq(submitCalls.userId, call.userId), inArray(submitCalls.key, call.keys)))
    .orderBy(submitCalls.key);
  if (!earlier) return null;
  const [id] = earlier.submissionIds;
  if (earlier.sha256 !== call.sha256)
    throw new AppError(
      'conflict',
      `${earlier.key.startsWith('key ') ? 'This Idempotency-Key was used before' : 'These uploads were submitted before'}, with other details, and became submission ${id}. Nothing was submitted now. Look at /submissions/${id}; to submit once more, upload the file again.`,
      { details: { submission: id } },
    );
  const found = await tx
    .select({ id: submissions.id, task: submissions.task, state: submissions.state, dataset: datasets.name })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(inArray(submissions.id, earlier.submissionIds));
  return earlier.submissionIds.flatMap((id) => found.filter((part) => part.id === id));
}

/** Make equal calls wait for each other until the transaction ends. */
export async function lockSubmitCall({ userId, keys }: SubmitCall, tx: Tx): Promise<void> {
  for (const key of [...keys].sort())
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`submit ${userId} ${key}`}, 0))`);
}

/** Remember what a call created, in the same transaction. */
export async function recordSubmitCall({ userId, keys, sha256 }: SubmitCall, ids: string[], tx: Tx): Promise<void> {
  await tx.insert(submitCalls).values(keys.map((key) => ({ userId, key, sha256, submissionIds: ids })));
}

/** Forget calls that nobody repeats any more. */
export async function pruneSubmitCalls(tx: Tx = db()): Promise<void> {
  await tx.delete(submitCalls).where(lt(submitCalls.createdAt, sql`now() - make_interval(days => ${KEPT_DAYS})`));
}
