/**
 * Repairs stuck submissions. Every scoring process runs it from time to time; if several do at once, one does the work.
 * If a process is killed, the queue notices that its job's heartbeat stops; `returnLost` then puts the submission back.
 *
 *   queued, without a job                → a new job at the head of the queue; the fourth time, the maintainers are told
 *   scoring, without a job               → the same
 *   scoring, all its jobs wait again     → queued, where its jobs already are
 *   finished, its quota still reserved   → charged if there is a score, otherwise returned
 */
import { and, count, eq, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { enqueueScore, listLiveJobs } from '#db/queue/queue.ts';
import { chargePlace, returnPlace } from '#db/quota/ledger.ts';
import { auditEvents, quotaLedger, submissions } from '#db/schema.ts';
import { recordFault, returnToQueue } from './scoring.ts';

interface Swept {
  submissionId: string;
  action: 'requeued' | 'taken-back' | 'settled';
}

/** The advisory lock of the sweeper; any value that nothing else uses. */
const LOCK = 7_235_020;
/** Losses of its place after which a submission's owner and the maintainers are told. */
const MANY_TIMES = 4;
const LOST = 'its place in the queue was lost; it has a new one';
const PROCESS_GONE = 'the scoring process gave no sign of life';

/**
 * Repair stuck submissions and return what was done.
 *
 * @param options.graceSeconds how long a submission is left alone after it came in, or after its scoring started
 */
export async function sweepQueue(
  { graceSeconds = 15 }: { graceSeconds?: number } = {},
  tx: Tx = db(),
): Promise<Swept[]> {
  return tx.transaction(async (tx) => {
    const [{ mine }] = await tx.execute<{ mine: boolean }>(sql`select pg_try_advisory_xact_lock(${LOCK}) as mine`);
    if (!mine) return [];
    const swept: Swept[] = [];
    const waiting = await tx
      .select({ id: submissions.id, state: submissions.state })
      .from(submissions)
      .where(
        sql`${submissions.state} in ('queued', 'scoring') and
          coalesce(${submissions.startedAt}, ${submissions.createdAt}) < now() - make_interval(secs => ${graceSeconds})`,
      )
      .for('update', { skipLocked: true });
    // read after the rows are locked, because a process changes the submission before it ends the job
    const jobs = Map.groupBy(await listLiveJobs(tx), ({ submissionId }) => submissionId);
    for (const { id, state } of waiting) {
      const own = jobs.get(id) ?? [];
      if (own.length === 0) swept.push({ submissionId: id, action: await requeue(id, tx) });
      else if (state === 'scoring' && own.every((job) => job.state === 'waiting' || job.state === 'retry')) {
        await returnToQueue(id, PROCESS_GONE, tx);
        swept.push({ submissionId: id, action: 'taken-back' });
      }
    }
    for (const id of await settleReservations(tx)) swept.push({ submissionId: id, action: 'settled' });
    return swept;
  });
}

async function requeue(id: string, tx: Tx): Promise<'requeued'> {
  const [{ times }] = await tx
    .select({ times: count() })
    .from(auditEvents)
    .where(
      and(
        eq(auditEvents.submissionId, id),
        eq(auditEvents.kind, 'returned'),
        sql`${auditEvents.detail}->>'reason' = ${LOST}`,
      ),
    );
  await recordFault(id, { reason: LOST, times: times + 1, after: MANY_TIMES }, tx);
  await enqueueScore(id, { first: true }, tx);
  return 'requeued';
}

async function settleReservations(tx: Tx): Promise<string[]> {
  const open = await tx.execute<{ id: string; state: string }>(sql`
    select ${submissions.id} as id, ${submissions.state} as state
    from ${quotaLedger} as line join ${submissions} on ${submissions.id} = line.submission_id
    where line.kind = 'reserved' and ${submissions.state} in ('scored', 'rejected', 'failed', 'withdrawn')
      and not exists (select 1 from ${quotaLedger} as later
        where later.submission_id = line.submission_id and later.kind in ('charged', 'returned'))`);
  for (const { id, state } of open) {
    if (state === 'scored') await chargePlace(id, tx);
    else await returnPlace(id, `the submission is ${state}`, tx);
  }
  return open.map(({ id }) => id);
}
