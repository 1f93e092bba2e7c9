/**
 * The threads that score one job: the leading one and its helpers, which are started for large work and kept for the
 * next job. This file imports little of the program, so that helpers can start while the rest is loading.
 */
import { statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import type { Piscina } from 'piscina';
import type { Runner, RunOptions } from '#lib/scoring/steps.ts';
import { programFile } from '#workers/program.mjs';
import type { StepInputs, StepMessage, StepName, StepOutputs } from './steps.ts';

/** Below this many bytes a second thread costs more than it saves. */
const SMALL = 4 << 20;

interface ThreadOptions {
  /** number of threads, including this one; defaults to one per core */
  size?: number;
  /** share even small work, so that tests exercise the threads */
  together?: boolean;
}

/** This thread and its helpers. The helpers are started for large work and kept for the next job. */
export class ThreadTeam implements Runner {
  readonly size: number;
  /** files with fewer bytes are read by one thread */
  readonly worthBytes: number;
  private readonly together: boolean;

  constructor({ size = availableParallelism(), together = false }: ThreadOptions = {}) {
    this.size = Math.max(1, size);
    this.together = together;
    this.worthBytes = together ? 0 : SMALL;
  }

  /** Start the helpers if a file is large. A failure is reported by the first step that needs them. */
  warmUp(paths: readonly string[]): void {
    if (this.size > 1 && paths.some((path) => statSync(path).size >= this.worthBytes))
      pool.start(this.size - 1).catch(() => {});
  }

  /** Return the number of parts for a file: several per thread, so that none waits long for another at the end. */
  partsOf(bytes: number): number {
    return Math.min(64, this.size * Math.max(1, Math.min(4, Math.floor(bytes / SMALL))));
  }

  /** Compute the SHA-256 of a file; for a large one in another thread, as its first work. */
  digest(path: string, bytes: number): Promise<string> {
    const elsewhere = this.size > 1 && bytes >= this.worthBytes;
    const digest = elsewhere ? this.runElsewhere('digest', { path }) : runHere('digest', { path });
    digest.catch(() => {}); // awaited at the end, unless something fails before
    return digest;
  }

  /** Run the same step in all threads: they share its work through its counter. */
  run<Name extends StepName>(
    name: Name,
    input: StepInputs[Name],
    { alone = false, onProgress }: RunOptions = {},
  ): Promise<StepOutputs[Name][]> {
    const threads = alone && !this.together ? 1 : this.size;
    return this.runEach(name, new Array<StepInputs[Name]>(threads).fill(input), onProgress);
  }

  /** Run one share of a step in each thread; the first share runs here. */
  async runEach<Name extends StepName>(
    name: Name,
    [own, ...others]: StepInputs[Name][],
    onProgress?: (counter: number) => void,
  ): Promise<StepOutputs[Name][]> {
    if (others.length > 0) await pool.start(this.size - 1);
    const theirs = others.map((input) => this.runElsewhere(name, input));
    // if this thread's share fails, do not wait for the others, nor report their failures as unhandled
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

/** The helper threads of this thread. */
class HelperPool {
  private running: { threads: number; piscina: Promise<Piscina> } | null = null;

  /** Return the helpers, starting them on the first call. */
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
  const { Piscina } = await import('piscina'); // imported late: small files are scored before it would be loaded
  const filename = programFile('workers/scoring/steps.ts');
  // the compile cache also serves these threads: they start in a third of the time
  // the packed command line also runs on Node 20, which has no such cache
  const cache = nodeModule.getCompileCacheDir?.();
  const env = cache ? { ...process.env, NODE_COMPILE_CACHE: dirname(cache) } : process.env;
  return new Piscina({ filename, minThreads: threads, maxThreads: threads, env });
}

/** Stop the helpers, so that a process that has finished scoring can end. */
export async function dismissHelpers(): Promise<void> {
  await pool.end();
}
