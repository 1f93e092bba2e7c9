/** Reads the numbers of the whole site into this process's metrics, for whoever collects them. */
import { sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { countSubmissions } from '#db/queue/statistics.ts';
import { buildCommit, SITE_VERSION } from '#lib/build.ts';
import { env } from '#lib/env.ts';
import { log } from '#lib/log.ts';
import { metrics } from '#lib/metrics.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import { COMPONENT_STATES, SUBMISSION_STATES } from '#lib/vocabulary.ts';
import { lastBackup } from './backups.ts';
import { judgeComponents, readSignals } from './components.ts';

/** How long numbers are reused: several collectors must not burden the database. */
const FRESH_MILLISECONDS = 5_000;
/** How long the database may take before the other numbers go out without it. */
const WAIT_MILLISECONDS = 4_000;

const shared = globalThis as typeof globalThis & { livecellSiteMetrics?: { at: number; reading: Promise<void> } };

/** Return this process's metrics as Prometheus text, with those of the site. Never throws: without a database, `livecell_database_up` is 0. */
export async function metricsText(processName: string): Promise<{ text: string; type: string }> {
  const { registry, buildInfo, databaseUp } = metrics();
  buildInfo.set(
    {
      version: SITE_VERSION,
      evaluator: EVALUATOR_VERSION,
      commit: buildCommit() ?? 'unknown',
      node: process.versions.node,
      process: processName,
    },
    1,
  );
  const now = performance.now();
  if (!shared.livecellSiteMetrics || now - shared.livecellSiteMetrics.at > FRESH_MILLISECONDS)
    shared.livecellSiteMetrics = { at: now, reading: readSiteMetrics() };
  try {
    await Promise.race([shared.livecellSiteMetrics.reading, failAfter(WAIT_MILLISECONDS)]);
    databaseUp.set(1);
  } catch (error) {
    shared.livecellSiteMetrics = undefined;
    databaseUp.set(0);
    log.warn('site-metrics-missing', { error });
  }
  return { text: await registry.metrics(), type: registry.contentType };
}

async function readSiteMetrics(tx: Tx = db()): Promise<void> {
  const all = metrics();
  const signals = await readSignals(tx);
  const { queue, processes, mail, disk } = signals;
  all.queueWaiting.set(queue.waiting);
  all.queueActive.set(queue.active);
  all.queueFailed.set(queue.failed);
  all.queueOldest.set(queue.oldestSeconds ?? 0);
  all.scoringProcesses.set(processes.alive);
  all.mailWaiting.set(mail.waiting);
  all.mailGivenUp.set(mail.givenUp);
  all.diskFree.set(disk.free);
  all.diskSize.set(disk.size);
  const states = await countSubmissions(tx);
  for (const state of SUBMISSION_STATES) all.submissions.set({ state }, states[state] ?? 0);
  all.lastBackup.set((((await lastBackup(tx))?.getTime() ?? 0) / 1000) | 0);
  const components = judgeComponents(signals, env().LIVECELL_FREE_BYTES);
  for (const [component, state] of Object.entries(components))
    all.componentUp.set({ component }, 1 - COMPONENT_STATES.indexOf(state) / 2);
  const connections = await tx.execute<{ state: string; n: number }>(sql`
    select coalesce(state, 'unknown') as state, count(*)::int as n from pg_stat_activity
    where application_name like 'livecell%' group by 1`);
  all.databaseConnections.reset();
  for (const { state, n } of connections) all.databaseConnections.set({ state }, n);
  const [{ most }] = await tx.execute<{ most: number }>(sql`select current_setting('max_connections')::int as most`);
  all.databaseConnectionsMost.set(most);
}

function failAfter(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds).unref();
  });
}
