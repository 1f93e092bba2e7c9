/**
 * The threads that score one job: the one that leads it and its helpers, which are started when there is large work and
 * kept for the next job. This file loads nothing else of the program, so helpers can start while that is being loaded.
 */
import { statSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import type { Runner, RunOptions } from '#lib/scoring/steps.ts';
import type { StepInputs, StepMessage, StepName, StepOutputs } from './steps.ts';

/** Below this many bytes a second thread costs more than it saves. */
const SMALL = 4 << 20;

export interface ThreadOptions {
  /** threads, this one included; defaults to one per core */
  size?: number;
  /** share the work out however small it is, so that tests see the threads at work */
  together?: boolean;
}

/** This thread and its helpers. The helpers are started when there is large work, and kept for the next job. */
export class ThreadTeam implements Runner {
  readonly size: number;
  /** files of fewer bytes are read by one thread */
  readonly worthBytes: number;
  private readonly together: boolean;

  constructor({ size = availableParallelism(), together = false }: ThreadOptions = {}) {
    this.size = Math.max(1, size);
    this.together = together;
    this.worthBytes = together ? 0 : SMALL;
  }

  /** Start the helpers where a file is large. Should that fail, the first step that needs them reports it. */
  warmUp(paths: readonly string[]): void {
    if (this.size > 1 && paths.some((path) => statSync(path).size >= this.worthBytes))
      pool.start(this.size - 1).catch(() => {});
  }

  /** In how many parts a file is read: some for each thread, so that none waits long for another at the end. */
  partsOf(bytes: number): number {
    return Math.min(64, this.size * Math.max(1, Math.min(4, Math.floor(bytes / SMALL))));
  }

  /** The SHA-256 of a file; of a large one in another thread, before that does anything else. */
  digest(path: string, bytes: number): Promise<string> {
    const elsewhere = this.size > 1 && bytes >= this.worthBytes;
    const digest = elsewhere ? this.runElsewhere('digest', { path }) : runHere('digest', { path });
    digest.catch(() => {}); // it is waited for at the end, unless something fails before
    return digest;
  }

  /** The same step in all threads: they share its work through its counter. */
  run<Name extends StepName>(
    name: Name,
    input: StepInputs[Name],
    { alone = false, onProgress }: RunOptions = {},
  ): Promise<StepOutputs[Name][]> {
    const threads = alone && !this.together ? 1 : this.size;
    return this.runEach(name, new Array<StepInputs[Name]>(threads).fill(input), onProgress);
  }

  /** A share of a step per thread; the first is done here. */
  async runEach<Name extends StepName>(
    name: Name,
    [own, ...others]: StepInputs[Name][],
    onProgress?: (counter: number) => void,
  ): Promise<StepOutputs[Name][]> {
    if (others.length > 0) await pool.start(this.size - 1);
    const theirs = others.map((input) => this.runElsewhere(name, input));
    // should this thread's share fail, the others' end is not waited for, nor their failure reported twice
    for (const result of theirs) result.catch(() => {});
    const result = await runHere(name, own, onProgress);
    return [result, ...(await Promise.all(theirs))];
  }

  private async runElsewhere<Name extends StepName>(name: Name, input: StepInputs[Name]): Promise<StepOutputs[Name]> {
    const helpers = await pool.start(this.size - 1);
    const message: StepMessage<Name> = { name, input };
    return helpers.run(message);
  }
}

async function runHere<Name extends StepName>(
  name: Name,
  input: StepInputs[Name],
  onProgress?: (counter: number) => void,
): Promise<StepOutputs[Name]> {
  const { runStep } = await import('./steps.ts');
  return runStep(name, input, onProgress);
}

/** The other threads of this one. */
class HelperPool {
  private running: { threads: number; piscina: Promise<Piscina> } | null = null;

  /** The helpers, started when they are first asked for. */
  start(threads: number): Promise<Piscina> {
    if (this.running && this.running.threads !== threads) void this.end();
    this.running ??= { threads, piscina: startPiscina(threads) };
    return this.running.piscina;
  }

  async end(): Promise<void> {
    const ending = this.running;
    this.running = null;
    await (await ending?.piscina)?.destroy();
  }
}

const pool = new HelperPool();

async function startPiscina(threads: number): Promise<Piscina> {
  const { Piscina } = await import('piscina'); // a small file is scored before it would be loaded
  const filename = fileURLToPath(new URL('./steps.ts', import.meta.url));
  // what was compiled before is there for these threads too: they start in a third of the time
  const cache = getCompileCacheDir();
  const env = cache ? { ...process.env, NODE_COMPILE_CACHE: dirname(cache) } : process.env;
  return new Piscina({ filename, minThreads: threads, maxThreads: threads, env });
}

/** End the helpers, so that a process that has scored can end. */
export async function dismissHelpers(): Promise<void> {
  await pool.end();
}
