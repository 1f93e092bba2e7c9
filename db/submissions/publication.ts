/** Owners' actions on a submission: publish, take back, withdraw. `lib/permissions.ts` decides which are allowed. */

import { and, eq, inArray, isNull, notInArray, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type Submission, submissions } from '#db/schema.ts';
import type { Sharing } from '#lib/http/api.ts';
import type { WithdrawalReason } from '#lib/vocabulary.ts';
import { requestCells } from './cells.ts';
import { changeSubmission } from './changes.ts';

/** Ask to publish a submission, even before it is scored. `message` answers a maintainer's question. */
export async function requestPublication(
  id: string,
  actorId: string | null,
  { message }: { message?: string } = {},
  tx: Tx = db(),
): Promise<Submission> {
  const alive = inArray(submissions.state, ['queued', 'scoring', 'scored']);
  return changeSubmission(
    id,
    actorId,
    {
      allowed: and(eq(submissions.visibility, 'private'), alive),
      set: { visibility: 'pending' },
      event: (record) => ({ kind: 'publication-requested', ...record, ...(message && { message }) }),
      otherwise: 'Only a private submission that was not rejected can be proposed for publication.',
    },
    tx,
  );
}

/** Take an entry off the board, or withdraw the request to publish it. */
export async function unpublish(id: string, actorId: string | null, tx: Tx = db()): Promise<Submission> {
  return changeSubmission(
    id,
    actorId,
    {
      allowed: inArray(submissions.visibility, ['pending', 'published']),
      set: {
        visibility: 'private',
        publishedAt: null,
        // a remark was about the publication; a question stays until it is answered
        moderatorNote: sql`case when ${submissions.visibility} = 'pending' then ${submissions.moderatorNote} end`,
      },
      event: (record) => ({ kind: 'unpublished', ...record }),
      otherwise: 'This submission is not on the leaderboard and not waiting to be.',
    },
    tx,
  );
}

/**
 * Withdraw a submission. A job that still waits finds nothing to score. An entry that has been public leaves a tombstone
 * with the reason. The caller deletes the files (`isSharedFile`).
 */
export async function withdraw(
  id: string,
  actorId: string | null,
  { reason = 'other' }: { reason?: WithdrawalReason } = {},
  tx: Tx = db(),
): Promise<Submission> {
  return changeSubmission(
    id,
    actorId,
    {
      allowed: notInArray(submissions.state, ['withdrawn']),
      set: {
        state: 'withdrawn',
        visibility: 'private',
        progress: null,
        publishedAt: null,
        withdrawalReason: sql`case when ${submissions.wasPublished} then ${reason} end`,
        filesDeletedAt: sql`coalesce(${submissions.filesDeletedAt}, now())`,
        // an entry that is anonymous now stays so: nobody is left to reveal it
        anonymousUntil: sql`case when ${submissions.anonymousUntil} <= now() then ${submissions.anonymousUntil} end`,
      },
      event: (record) => ({ kind: 'withdrawn', ...record, reason }),
      otherwise: 'This submission is withdrawn already.',
    },
    tx,
  );
}

/** Change the licence of the predictions, and whether others see the cells and download the files. */
export async function changeSharing(
  id: string,
  actorId: string | null,
  sharing: Sharing,
  tx: Tx = db(),
): Promise<Submission> {
  const { licence = null, cellsShown, filesShared } = sharing;
  return tx.transaction(async (tx) => {
    const changed = await changeSubmission(
      id,
      actorId,
      {
        allowed: notInArray(submissions.state, ['withdrawn']),
        set: { licence, cellsShown, filesShared },
        event: (record) => ({ kind: 'sharing-changed', ...record }),
        otherwise: 'This submission is withdrawn: nothing of it is left to share.',
      },
      tx,
    );
    // entries from before the viewer
    if (cellsShown) await requestCells(id, tx);
    return changed;
  });
}

/** Delete the prediction files and keep the scores. The caller deletes them from storage (`isSharedFile`). */
export async function forgetFiles(id: string, actorId: string | null, tx: Tx = db()): Promise<Submission> {
  return changeSubmission(
    id,
    actorId,
    {
      allowed: and(inArray(submissions.state, ['scored', 'rejected', 'failed']), isNull(submissions.filesDeletedAt)),
      set: { filesDeletedAt: sql`now()` },
      event: (record) => ({ kind: 'files-deleted', ...record }),
      otherwise: 'The files of a submission that waits for its score are needed; otherwise they are deleted already.',
    },
    tx,
  );
}
