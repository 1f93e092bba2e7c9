/** The thread that leads the jobs of a scoring process, and its two kinds of work. */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { ImportJob, ImportOutcome } from './import-task.ts';
import type { ScoreJob, ScoreOutcome } from './job.ts';

const SCORE = fileURLToPath(new URL('./task.ts', import.meta.url));
const IMPORT = fileURLToPath(new URL('./import-task.ts', import.meta.url));

export class ThreadPool {
  private readonly piscina: Piscina<ScoreJob | ImportJob, ScoreOutcome | ImportOutcome>;

  /** @param handler path of the file that scores; tests pass a substitute */
  constructor(handler: string = SCORE) {
    this.piscina = new Piscina({
      filename: handler,
      // one thread leads a job and distributes work to its own helpers; it stays warm and keeps the ground truth
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
  }

  async score(job: ScoreJob, signal: AbortSignal): Promise<ScoreOutcome> {
    const transferList = job.port ? [job.port] : [];
    return (await this.piscina.run(job, { transferList, signal })) as ScoreOutcome;
  }

  async importGroundTruth(job: ImportJob, signal: AbortSignal): Promise<ImportOutcome> {
    return (await this.piscina.run(job, { filename: IMPORT, signal })) as ImportOutcome;
  }

  async close(): Promise<void> {
    await this.piscina.destroy();
  }
}
