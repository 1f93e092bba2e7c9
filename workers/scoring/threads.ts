/**
 * The threads that score one job: the one that leads it and its helpers, which are started when there is large work and
 * kept for the next job. Nothing here needs the rest of the program, so helpers can start while that is being loaded.
 */
import { statSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import type { Step } from './steps.ts';

/** Below this many bytes a second thread costs more than it saves. */
const SMALL = 4 << 20;

/** Starts the helpers where a file is large; should that fail, whoever needs them will hear of it. */
export function warmUp(paths: readonly string[], { size, worthBytes } = new Team()): void {
  if (size > 1 && paths.some((path) => statSync(path).size >= worthBytes)) helpers(size - 1).catch(() => {});
}

/** Numbers that threads count up together. */
export function counter(numbers = 1): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * numbers));
}

/** This thread and its helpers. The helpers are started when there is large work, and kept for the next job. */
export class Team {
  readonly size: number;
  /** files of fewer bytes are read by one thread */
  readonly worthBytes: number;

  constructor(size = availableParallelism(), worthBytes = SMALL) {
    this.size = Math.max(1, size);
    this.worthBytes = worthBytes;
  }

  /** In how many parts a file is read: some for each thread, so that none waits long for another at the end. */
  parts(bytes: number): number {
    return Math.min(64, this.size * Math.max(1, Math.min(4, Math.floor(bytes / SMALL))));
  }

  /** The SHA-256 of a file; of a large one in another thread, before that does anything else. */
  digest(path: string, bytes: number): Promise<string> {
    const step: Step = { step: 'digest', path };
    const digest =
      this.size === 1 || bytes < this.worthBytes
        ? takeStep<string>(step)
        : helpers(this.size - 1).then((pool) => pool.run(step) as Promise<string>);
    digest.catch(() => {}); // it is waited for at the end, unless something fails before
    return digest;
  }

  /** The same step in all threads: they share its work through its counter. */
  async together<Result>(step: Step, small: boolean, onProgress: (counter: number) => void): Promise<Result[]> {
    return this.each<Result>(
      Array.from({ length: small ? 1 : this.size }, () => step),
      onProgress,
    );
  }

  /** A step per thread; the first is done here. */
  async each<Result>([own, ...others]: Step[], onProgress: (counter: number) => void): Promise<Result[]> {
    const pool = others.length > 0 ? await helpers(this.size - 1) : null;
    const theirs = others.map((step) => pool!.run(step) as Promise<Result>);
    // should this thread's share fail, the others' end is not waited for, nor their failure reported twice
    for (const result of theirs) result.catch(() => {});
    const result = await takeStep<Result>(own, onProgress);
    return [result, ...(await Promise.all(theirs))];
  }
}

/** In this thread. */
async function takeStep<Result>(step: Step, onProgress?: (counter: number) => void): Promise<Result> {
  const { default: take } = await import('./steps.ts');
  return (await take(step, onProgress)) as Result;
}

let pool: { threads: number; piscina: Promise<Piscina> } | null = null;

/** The other threads, started when they are first asked for. */
function helpers(threads: number): Promise<Piscina> {
  if (pool && pool.threads !== threads) void dismissHelpers();
  pool ??= { threads, piscina: startPool(threads) };
  return pool.piscina;
}

async function startPool(threads: number): Promise<Piscina> {
  const { Piscina } = await import('piscina'); // a small file is scored before it would be loaded
  const filename = fileURLToPath(new URL('./steps.ts', import.meta.url));
  // what was compiled before is there for these threads too: they start in a third of the time
  const cache = getCompileCacheDir();
  const env = cache ? { ...process.env, NODE_COMPILE_CACHE: dirname(cache) } : process.env;
  return new Piscina({ filename, minThreads: threads, maxThreads: threads, env });
}

/** Ends the helpers, so that a process that has scored can end. */
export async function dismissHelpers(): Promise<void> {
  const ending = pool;
  pool = null;
  await (await ending?.piscina)?.destroy();
}
