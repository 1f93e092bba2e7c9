/** Keeps track of the scoring processes by their heartbeats. */
import { eq, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { scoringProcesses } from '#db/schema.ts';

/** A process whose last heartbeat is older counts as gone; heartbeats come every few seconds. */
export const SILENT_SECONDS = 30;
/** How long the row of a gone process is kept, to tell since when none has run. */
const FORGOTTEN_AFTER = '1 day';

export interface ScoringProcesses {
  /** number of processes with a recent heartbeat */
  alive: number;
  /** seconds since the last heartbeat of any process; null: none within a day */
  silentSeconds: number | null;
}

/** Record a heartbeat; the first one inserts the process's row. */
export async function reportAlive(id: string, threads: number, tx: Tx = db()): Promise<void> {
  await tx
    .insert(scoringProcesses)
    .values({ id, threads })
    .onConflictDoUpdate({ target: scoringProcesses.id, set: { seenAt: sql`now()`, threads } });
  await tx.delete(scoringProcesses).where(sql`${scoringProcesses.seenAt} < now() - ${FORGOTTEN_AFTER}::interval`);
}

/** Record that a process ends in order, so that it counts as gone at once. The time of its last heartbeat stays. */
export async function reportGone(id: string, tx: Tx = db()): Promise<void> {
  await tx
    .update(scoringProcesses)
    .set({ seenAt: sql`least(${scoringProcesses.seenAt}, now() - make_interval(secs => ${SILENT_SECONDS}))` })
    .where(eq(scoringProcesses.id, id));
}

export async function getScoringProcesses(tx: Tx = db()): Promise<ScoringProcesses> {
  const [row] = await tx.execute<{ alive: number; silent: number | null }>(sql`
    select count(*) filter (where seen_at > now() - make_interval(secs => ${SILENT_SECONDS}))::int as alive,
           extract(epoch from now() - max(seen_at))::float8 as silent
    from ${scoringProcesses}`);
  return { alive: row.alive, silentSeconds: row.silent };
}
