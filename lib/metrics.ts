/**
 * What each process counts and measures, as Prometheus reads it. Every name is listed with its meaning in
 * docs/operations.md, and alert rules and dashboard in deploy/observability use no other (tests/deploy).
 *
 * Numbers of the whole site, such as the length of the queue, are read from the database when asked for
 * (`db/operations/site-metrics.ts`) and are the same in every process.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { onLoggedError } from './log.ts';

/** Seconds: from an answer out of the cache to one that a person gives up on. */
const ANSWER_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Seconds: from a tiny file to the largest one on a slow machine. */
const SCORING_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
/** Seconds: from a free worker to a queue that nobody works on. */
const WAITING_SECONDS = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400];

function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    requests: new Counter({
      name: 'livecell_http_requests_total',
      help: 'Requests answered, by method, route and status',
      labelNames: ['method', 'route', 'status'] as const,
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'livecell_http_request_seconds',
      help: 'Time from the request to the end of its answer, by route; streams of events are left out',
      labelNames: ['route'] as const,
      buckets: ANSWER_SECONDS,
      registers,
    }),
    responseBytes: new Counter({
      name: 'livecell_http_response_bytes_total',
      help: 'Bytes sent, headers included',
      registers,
    }),
    pageCache: new Counter({
      name: 'livecell_page_cache_total',
      help: 'Requests by what the page cache did: hit, rendered, old (sent an older page), passed (not for the cache)',
      labelNames: ['result'] as const,
      registers,
    }),
    pageCacheBytes: new Gauge({
      name: 'livecell_page_cache_bytes',
      help: 'Bytes of the pages in the cache',
      registers,
    }),
    errors: new Counter({
      name: 'livecell_errors_total',
      help: 'Errors that were logged, by event and code of the error',
      labelNames: ['event', 'code'] as const,
      registers,
    }),
    refusals: new Counter({
      name: 'livecell_refusals_total',
      help: 'Requests refused with a reason for the caller, by the reason’s code',
      labelNames: ['code'] as const,
      registers,
    }),
    uploadBytes: new Counter({
      name: 'livecell_upload_bytes_total',
      help: 'Bytes of uploads that arrived completely',
      registers,
    }),
    uploads: new Counter({
      name: 'livecell_uploads_total',
      help: 'Uploads by what became of them: begun, complete, discarded',
      labelNames: ['result'] as const,
      registers,
    }),
    jobs: new Counter({
      name: 'livecell_jobs_total',
      help: 'Attempts at jobs of the queue, by kind and result',
      labelNames: ['kind', 'result'] as const,
      registers,
    }),
    jobSeconds: new Histogram({
      name: 'livecell_job_seconds',
      help: 'Time of an attempt, from taking the job to saving its result',
      labelNames: ['kind'] as const,
      buckets: SCORING_SECONDS,
      registers,
    }),
    jobWaitSeconds: new Histogram({
      name: 'livecell_job_wait_seconds',
      help: 'Time that a job had waited in the queue when its first attempt began',
      labelNames: ['kind'] as const,
      buckets: WAITING_SECONDS,
      registers,
    }),
    scoringSeconds: new Histogram({
      name: 'livecell_scoring_seconds',
      help: 'Time of each stage of scoring: read, match, accumulate, total',
      labelNames: ['stage'] as const,
      buckets: SCORING_SECONDS,
      registers,
    }),
    threadHeap: new Gauge({
      name: 'livecell_thread_heap_bytes',
      help: 'JavaScript heap of the thread that leads scoring',
      registers,
    }),
    swept: new Counter({
      name: 'livecell_swept_total',
      help: 'Submissions that the sweeper repaired, by what it did',
      labelNames: ['action'] as const,
      registers,
    }),
    mail: new Counter({
      name: 'livecell_mail_total',
      help: 'Attempts to send a message, by result: sent, refused, given-up, error',
      labelNames: ['result'] as const,
      registers,
    }),
    // --- of the whole site, from the database
    queueWaiting: new Gauge({
      name: 'livecell_queue_waiting',
      help: 'Scoring jobs waiting for a worker',
      registers,
    }),
    queueActive: new Gauge({ name: 'livecell_queue_active', help: 'Scoring jobs being worked on', registers }),
    queueFailed: new Gauge({ name: 'livecell_queue_failed', help: 'Scoring jobs without an attempt left', registers }),
    queueOldest: new Gauge({
      name: 'livecell_queue_oldest_seconds',
      help: 'How long the first job in line has waited',
      registers,
    }),
    scoringProcesses: new Gauge({
      name: 'livecell_scoring_processes',
      help: 'Scoring processes that gave a sign of life lately',
      registers,
    }),
    mailWaiting: new Gauge({ name: 'livecell_mail_waiting', help: 'E-mail that is to go out', registers }),
    mailGivenUp: new Gauge({
      name: 'livecell_mail_given_up',
      help: 'E-mail that could not be delivered in the last month',
      registers,
    }),
    submissions: new Gauge({
      name: 'livecell_submissions',
      help: 'Submissions by state',
      labelNames: ['state'] as const,
      registers,
    }),
    databaseUp: new Gauge({
      name: 'livecell_database_up',
      help: '1 if the database answered when these numbers were read, 0 if not',
      registers,
    }),
    databaseConnections: new Gauge({
      name: 'livecell_database_connections',
      help: 'Connections of all processes of this site to the database, by state',
      labelNames: ['state'] as const,
      registers,
    }),
    databaseConnectionsMost: new Gauge({
      name: 'livecell_database_connections_limit',
      help: 'Connections that the database accepts in all',
      registers,
    }),
    diskFree: new Gauge({
      name: 'livecell_disk_free_bytes',
      help: 'Bytes free on the disk of the data folder',
      registers,
    }),
    diskSize: new Gauge({
      name: 'livecell_disk_size_bytes',
      help: 'Size of the disk of the data folder',
      registers,
    }),
    lastBackup: new Gauge({
      name: 'livecell_last_backup_timestamp_seconds',
      help: 'When the last backup ended, in seconds since 1970; 0: never',
      registers,
    }),
    componentUp: new Gauge({
      name: 'livecell_component_up',
      help: 'Parts of the site as the status page shows them: 1 works, 0.5 slow, 0 does not work',
      labelNames: ['component'] as const,
      registers,
    }),
    buildInfo: new Gauge({
      name: 'livecell_build_info',
      help: '1, with the version that runs as labels',
      labelNames: ['version', 'evaluator', 'commit', 'node', 'process'] as const,
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Shared by all copies of this module: Next compiles modules several times. */
const shared = globalThis as typeof globalThis & { livecellMetrics?: Metrics };

/** Return this process's metrics. */
export function metrics(): Metrics {
  if (!shared.livecellMetrics) {
    const created = createMetrics();
    shared.livecellMetrics = created;
    onLoggedError((event, { code }) => created.errors.inc({ event, code: code ?? 'none' }));
  }
  return shared.livecellMetrics;
}
