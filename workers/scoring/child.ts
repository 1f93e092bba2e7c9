/**
 * The process that reads submitted files and computes scores. It holds nothing worth stealing: no database, no secrets,
 * no network, no write access outside its scratch folder (`pool.ts` starts it so). It takes jobs from its parent by
 * messages, and its threads do the work. If a file brings it down, the parent starts another.
 */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { programFile } from '#workers/program.mjs';
import { type FromChild, type JobName, OUT_OF_MEMORY, type Progress, type ToChild } from './child-messages.ts';

/** How often the memory of all threads together is compared with the budget. */
const LOOK_EVERY = 100;

const [handler, budget] = process.argv.slice(2);
const FILES: Readonly<Record<JobName, string>> = {
  score: handler,
  importGroundTruth: programFile('workers/scoring/import-task.ts'),
  details: programFile('workers/scoring/details-task.ts'),
  families: programFile('workers/scoring/families-task.ts'),
  cells: programFile('workers/scoring/cells-task.ts'),
  derive: programFile('workers/scoring/derive-task.ts'),
};

const piscina = new Piscina({
  filename: handler,
  // one thread leads a job and distributes work to its own helpers; it stays warm and keeps the ground truth
  minThreads: 1,
  maxThreads: 1,
  idleTimeout: Number.POSITIVE_INFINITY,
});
const running = new Map<number, AbortController>();

function send(message: FromChild, done: () => void = () => {}): void {
  // without a parent there is nobody to tell: `disconnect` ends this process
  if (process.connected) process.send!(message, done);
}

process.on('message', (message: ToChild) => {
  if ('cancel' in message) running.get(message.id)?.abort();
  else if ('heap' in message) void tellHeap(message.id);
  else void run(message);
});

async function run({ id, name, job }: Extract<ToChild, { job: object }>): Promise<void> {
  const stop = new AbortController();
  running.set(id, stop);
  const { port1, port2 } = new MessageChannel();
  port1.on('message', (progress: Progress) => send({ id, progress }));
  try {
    const reports = name === 'score';
    const outcome = await piscina.run(reports ? { ...job, port: port2 } : job, {
      filename: FILES[name],
      signal: stop.signal,
      transferList: reports ? [port2] : [],
    });
    send({ id, outcome });
  } catch (error) {
    const { message: text, code, stack } = error as { message?: string; code?: string; stack?: string };
    send({ id, error: { message: text ?? String(error), code, stack } });
  } finally {
    port1.close();
    running.delete(id);
  }
}

async function tellHeap(id: number): Promise<void> {
  const [thread] = piscina.threads;
  const statistics = await thread?.getHeapStatistics().catch(() => undefined);
  send({ id, outcome: statistics?.used_heap_size ?? 0 });
}

// typed arrays are outside the heap, which V8 bounds: compare the whole process with the budget
setInterval(() => {
  if (process.memoryUsage.rss() < Number(budget)) return;
  send({ outOfMemory: true }, () => process.exit(OUT_OF_MEMORY));
}, LOOK_EVERY);

process.on('disconnect', () => process.exit());
// a terminal and systemd signal all processes; the parent decides when this one ends
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
