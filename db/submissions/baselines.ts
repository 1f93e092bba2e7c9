/** Baselines: entries that maintainers highlight on a board, for others to compare with. */
import { and, asc, eq, or } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type Submission, submissions } from '#db/schema.ts';
import { changeSubmission } from './changes.ts';
import { isPublicSql } from './entries.ts';
import { type SubmissionSummary, summaries, toSummary } from './submissions.ts';

/** Mark an entry as a baseline, or remove the mark. Only a public entry can be marked. */
export async function setFeatured(id: string, featured: boolean, actorId: string, tx: Tx = db()): Promise<Submission> {
  return changeSubmission(
    id,
    actorId,
    {
      allowed: and(eq(submissions.featured, !featured), featured ? isPublicSql() : undefined),
      set: { featured },
      event: (record) => ({ kind: 'featured', ...record, before: !featured, after: featured }),
      otherwise: featured
        ? 'Only a published entry that is no baseline yet can be marked as one.'
        : 'This entry is not marked as a baseline (any more).',
    },
    tx,
  );
}

/** Return the entries of a task that are public or still marked, marked ones first. */
export async function listBaselines(task: string, tx: Tx = db()): Promise<SubmissionSummary[]> {
  const rows = await summaries(tx)
    .where(and(eq(submissions.task, task), or(isPublicSql(), eq(submissions.featured, true))))
    .orderBy(asc(eq(submissions.featured, false)), asc(submissions.publishedAt), submissions.id);
  return rows.map(toSummary);
}
