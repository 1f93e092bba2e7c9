/** Which scoring processes there are, by their signs of life. */
import { eq, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { scoringProcesses } from '#db/schema.ts';

/** A process that was silent for longer is taken for gone; it speaks every few seconds. */
export const SILENT_SECONDS = 30;
/** Its line is kept a while, to say since when there is none. */
const FORGOTTEN_AFTER = '1 day';

export interface ScoringProcesses {
  /** how many gave a sign of life lately */
  alive: number;
  /** since the last sign of life of any; null: there was none within a day */
  silentSeconds: number | null;
}

/** A sign of life; the first one makes the line. */
export async function reportAlive(id: string, threads: number, tx: Tx = db()): Promise<void> {
  await tx
    .insert(scoringProcesses)
    .values({ id, threads })
    .onConflictDoUpdate({ target: scoringProcesses.id, set: { seenAt: sql`now()`, threads } });
  await tx.delete(scoringProcesses).where(sql`${scoringProcesses.seenAt} < now() - ${FORGOTTEN_AFTER}::interval`);
}

/** It ends in order: nobody has to wait for its silence. The time of its last sign stays known. */
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
