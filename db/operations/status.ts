/** What the status page says, without internals: states, waiting times and announcements. */
import { and, desc, gt, lte, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { announcements } from '#db/schema.ts';
import type { Component, ComponentState } from '#lib/vocabulary.ts';
import { checkComponents, listComponentStates } from './components.ts';

interface Incident {
  component: Component;
  state: ComponentState;
  since: Date;
  /** null: it lasts */
  until: Date | null;
}

export interface SiteStatus {
  components: { component: Component; state: ComponentState; since: Date | null }[];
  /** submissions waiting, and how long the first has waited, in seconds */
  queue: { waiting: number; active: number; oldestSeconds: number | null };
  /** the last 30 days, the latest first */
  incidents: Incident[];
  /** of the last 30 days, for every page, the latest first */
  announcements: { text: string; startsAt: Date; endsAt: Date }[];
  checkedAt: Date;
}

/** How long a status is reused, in milliseconds: when something is wrong, many people look. */
const FRESH = 10_000;
/** How long the database may take. */
const WAIT = 3_000;

const shared = globalThis as typeof globalThis & { livecellStatus?: { at: number; status: Promise<SiteStatus> } };

/** Return the status, at most ten seconds old; null if the database does not answer. */
export async function siteStatus(): Promise<SiteStatus | null> {
  const now = Date.now();
  if (!shared.livecellStatus || now - shared.livecellStatus.at > FRESH)
    shared.livecellStatus = { at: now, status: readStatus() };
  const { status } = shared.livecellStatus;
  const timer = new Promise<null>((resolve) => {
    setTimeout(() => resolve(null), WAIT).unref();
  });
  return await Promise.race([status.catch(() => null), timer]);
}

/** Check the parts now, and read what was recorded of them. */
export async function readStatus(tx: Tx = db()): Promise<SiteStatus> {
  const { signals, states } = await checkComponents(tx);
  const { current, incidents } = await listComponentStates(tx);
  const shown = await tx
    .select({ text: announcements.text, startsAt: announcements.startsAt, endsAt: announcements.endsAt })
    .from(announcements)
    .where(
      and(
        sql`${announcements.task} is null`,
        lte(announcements.startsAt, sql`now()`),
        gt(announcements.endsAt, sql`now() - interval '30 days'`),
      ),
    )
    .orderBy(desc(announcements.startsAt))
    .limit(10);
  const { waiting, active, oldestSeconds } = signals.queue;
  return {
    components: Object.entries(states).map(([name, state]) => {
      const component = name as Component;
      const row = current.find((one) => one.component === component && one.state === state);
      return { component, state, since: row?.since ?? null };
    }),
    queue: { waiting, active, oldestSeconds },
    incidents: incidents.map(({ component, state, since, until }) => ({ component, state, since, until })),
    announcements: shown,
    checkedAt: new Date(),
  };
}
