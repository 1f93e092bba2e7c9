/**
 * How well the parts of the site work, from the signals that operators are alerted by. The states are recorded when
 * they change, so that the status page can say since when, and what happened lately.
 */
import { statfs } from 'node:fs/promises';
import { and, desc, eq, gt, inArray, isNull, ne, or, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { mailSnapshot, oldestMailSeconds } from '#db/notices/outbox.ts';
import { getScoringProcesses } from '#db/queue/processes.ts';
import { queueSnapshot } from '#db/queue/queue.ts';
import { type ComponentStateRow, componentStates } from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { COMPONENTS, type Component, type ComponentState } from '#lib/vocabulary.ts';

/** The signals, read together. */
export interface Signals {
  /** milliseconds that the database took to answer */
  databaseMilliseconds: number;
  queue: Awaited<ReturnType<typeof queueSnapshot>>;
  processes: Awaited<ReturnType<typeof getScoringProcesses>>;
  mail: { waiting: number; givenUp: number; oldestSeconds: number | null };
  /** null: no mail server is set up */
  mailIsSetUp: boolean;
  /** bytes of the data folder's disk */
  disk: { free: number; size: number };
}

/** Read all signals, one after another on one connection. @throws if the database does not answer */
export async function readSignals(tx: Tx = db()): Promise<Signals> {
  const started = performance.now();
  await tx.execute(sql`select 1`);
  const databaseMilliseconds = performance.now() - started;
  const { LIVECELL_DATA, SMTP_URL } = env();
  const { bavail, blocks, bsize } = await statfs(LIVECELL_DATA);
  return {
    databaseMilliseconds,
    queue: await queueSnapshot(tx),
    processes: await getScoringProcesses(tx),
    mail: { ...(await mailSnapshot(tx)), oldestSeconds: await oldestMailSeconds(tx) },
    mailIsSetUp: SMTP_URL !== undefined,
    disk: { free: bavail * bsize, size: blocks * bsize },
  };
}

/** Seconds without a heartbeat after which scoring counts as down: a restart or an update takes less. */
const SCORING_SILENT = 90;
const QUEUE_SLOW = 15 * 60;
const MAIL_SLOW = 15 * 60;
const MAIL_DOWN = 2 * 3600;
const DATABASE_SLOW = 1000;

/** Judge each part by the signals. Parts that are not set up are left out. */
export function judgeComponents(signals: Signals, freeBytes: number): Partial<Record<Component, ComponentState>> {
  const { databaseMilliseconds, queue, processes, mail, mailIsSetUp, disk } = signals;
  const silent = processes.alive === 0 && (processes.silentSeconds ?? Number.POSITIVE_INFINITY) > SCORING_SILENT;
  const waited = mail.oldestSeconds ?? 0;
  const states: Partial<Record<Component, ComponentState>> = {
    // judged by a process that the database has answered
    pages: databaseMilliseconds > DATABASE_SLOW ? 'slow' : 'works',
    uploads: disk.free < freeBytes ? 'down' : 'works',
    scoring: silent ? 'down' : (queue.oldestSeconds ?? 0) > QUEUE_SLOW ? 'slow' : 'works',
  };
  if (mailIsSetUp) states.mail = waited > MAIL_DOWN ? 'down' : waited > MAIL_SLOW ? 'slow' : 'works';
  return states;
}

/** Any number that nothing else uses. */
const LOCK = 7_235_021;
const KEPT_DAYS = 90;

/** Record the states that changed. Several processes may do so at once; one of them does. */
export async function recordComponents(
  states: Partial<Record<Component, ComponentState>>,
  { scoringSilentSeconds = 0 }: { scoringSilentSeconds?: number | null } = {},
  tx: Tx = db(),
): Promise<void> {
  const current = await tx.select().from(componentStates).where(isNull(componentStates.until));
  const isRecorded = (component: Component) =>
    current.find((row) => row.component === component)?.state === states[component];
  if (COMPONENTS.every((component) => states[component] === undefined || isRecorded(component))) return;
  await tx.transaction(async (tx) => {
    const [{ mine }] = await tx.execute<{ mine: boolean }>(sql`select pg_try_advisory_xact_lock(${LOCK}) as mine`);
    if (!mine) return;
    const open = await tx.select().from(componentStates).where(isNull(componentStates.until));
    for (const component of COMPONENTS) {
      const state = states[component];
      const row = open.find((one) => one.component === component);
      if (state === undefined || row?.state === state) continue;
      // nobody may have looked while no scoring process was there to do so
      const ago = component === 'scoring' && state === 'down' ? (scoringSilentSeconds ?? 0) : 0;
      const since = sql`greatest(now() - make_interval(secs => ${ago}), ${row?.since.toISOString() ?? new Date(0).toISOString()}::timestamptz)`;
      if (row) await tx.update(componentStates).set({ until: since }).where(eq(componentStates.id, row.id));
      await tx.insert(componentStates).values({ component, state, since });
    }
    await tx.delete(componentStates).where(sql`${componentStates.until} < now() - make_interval(days => ${KEPT_DAYS})`);
  });
}

/** Read the signals, judge the parts by them, and record what changed. */
export async function checkComponents(tx: Tx = db()) {
  const signals = await readSignals(tx);
  const states = judgeComponents(signals, env().LIVECELL_FREE_BYTES);
  await recordComponents(states, { scoringSilentSeconds: signals.processes.silentSeconds }, tx);
  return { signals, states };
}

/** A shorter disturbance is no incident: nobody noticed it. */
const SHORTEST_SECONDS = 60;

/** Return the current states, and the disturbances of the last 30 days, the latest first. */
export async function listComponentStates(
  tx: Tx = db(),
): Promise<{ current: ComponentStateRow[]; incidents: ComponentStateRow[] }> {
  const current = await tx.select().from(componentStates).where(isNull(componentStates.until));
  const incidents = await tx
    .select()
    .from(componentStates)
    .where(
      and(
        ne(componentStates.state, 'works'),
        inArray(componentStates.component, [...COMPONENTS]),
        gt(sql`coalesce(${componentStates.until}, now())`, sql`now() - interval '30 days'`),
        or(
          isNull(componentStates.until),
          gt(sql`${componentStates.until} - ${componentStates.since}`, sql`make_interval(secs => ${SHORTEST_SECONDS})`),
        ),
      ),
    )
    .orderBy(desc(componentStates.since))
    .limit(20);
  return { current, incidents };
}
