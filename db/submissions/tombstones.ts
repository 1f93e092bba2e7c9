/** What remains public of entries that have been public and are not any more. */
import { and, eq, ne, or } from 'drizzle-orm';
import { listEvents } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { submissions } from '#db/schema.ts';
import { isTombstone } from '#lib/permissions.ts';
import { HIDDEN_ENTRY } from '#lib/snapshots.ts';
import type { Tombstone } from '#lib/tombstone.ts';
import { entryOf } from './entries.ts';
import { getMethod } from './methods.ts';
import { getSubmission } from './submissions.ts';

/** Return what remains public of an entry that was published and is not any more; null for any other. */
export async function findTombstone(id: string, tx: Tx = db()): Promise<Tombstone | null> {
  const submission = await getSubmission(id, tx);
  if (!submission || !isTombstone(submission)) return null;
  const { task, method, methodId } = entryOf(submission, 'public');
  const others = methodId ? await getMethod(methodId, tx) : null;
  const { state, visibility } = submission;
  const what = state === 'withdrawn' ? 'withdrawn' : visibility === 'hidden' ? 'hidden' : 'unpublished';
  const happened = (await listEvents(id, tx)).findLast(({ event }) => event.kind === what);
  return {
    id,
    task,
    method: what === 'hidden' ? HIDDEN_ENTRY : method,
    dataset: submission.dataset.name,
    methodId: what !== 'hidden' && others?.public ? methodId : null,
    what,
    at: happened?.at ?? submission.filesDeletedAt ?? submission.createdAt,
    reason: what === 'withdrawn' ? (submission.withdrawalReason ?? 'other') : null,
  };
}

/** Return what remains of all entries that have been public and are not any more. */
export async function listTombstones(tx: Tx = db()): Promise<Tombstone[]> {
  const gone = or(eq(submissions.state, 'withdrawn'), ne(submissions.visibility, 'published'));
  const rows = await tx
    .select({ id: submissions.id })
    .from(submissions)
    .where(and(eq(submissions.wasPublished, true), gone))
    .orderBy(submissions.id);
  const found: Tombstone[] = [];
  for (const { id } of rows) {
    const tombstone = await findTombstone(id, tx);
    if (tombstone) found.push(tombstone);
  }
  return found;
}
