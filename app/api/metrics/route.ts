import { problem } from '#app/_server/http.ts';
import { mayMonitor } from '#app/_server/monitoring.ts';
import { mailSnapshot } from '#db/notices/outbox.ts';
import { getScoringProcesses } from '#db/queue/processes.ts';
import { queueSnapshot } from '#db/queue/queue.ts';
import { countSubmissions } from '#db/queue/statistics.ts';
import { AppError } from '#lib/errors.ts';
import { SUBMISSION_STATES } from '#lib/vocabulary.ts';

export const dynamic = 'force-dynamic';

/** Return metrics for alerts as Prometheus text: whether the queue moves, scoring fails, or memory grows. */
export async function GET(request: Request): Promise<Response> {
  try {
    if (!mayMonitor(request.headers))
      throw new AppError(
        'unauthorized',
        'Metrics take the token of the operator: Authorization: Bearer <LIVECELL_METRICS_TOKEN>.',
      );
    const [queue, states, processes, mail] = await Promise.all([
      queueSnapshot(),
      countSubmissions(),
      getScoringProcesses(),
      mailSnapshot(),
    ]);
    const { rss, heapUsed } = process.memoryUsage();
    const text = [
      gauge('livecell_queue_waiting', 'Scoring jobs waiting for a worker', queue.waiting),
      gauge('livecell_queue_active', 'Scoring jobs being worked on', queue.active),
      gauge('livecell_queue_failed', 'Scoring jobs without an attempt left', queue.failed),
      gauge('livecell_queue_oldest_seconds', 'How long the first job in line has waited', queue.oldestSeconds ?? 0),
      gauge('livecell_scoring_processes', 'Scoring processes that gave a sign of life lately', processes.alive),
      gauge('livecell_mail_waiting', 'E-mail that is to go out', mail.waiting),
      gauge('livecell_mail_given_up', 'E-mail that could not be delivered in the last month', mail.givenUp),
      '# HELP livecell_submissions Submissions by state',
      '# TYPE livecell_submissions gauge',
      ...SUBMISSION_STATES.map((state) => `livecell_submissions{state="${state}"} ${states[state] ?? 0}`),
      gauge('process_resident_memory_bytes', 'Memory of this web process', rss),
      gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use', heapUsed),
    ];
    return new Response(`${text.join('\n')}\n`, {
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
    });
  } catch (error) {
    return problem(error);
  }
}

function gauge(name: string, help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}`;
}
