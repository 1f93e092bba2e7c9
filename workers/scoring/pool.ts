/**
 * The child process that computes, as its parent sees it. The child has no powers:
 *
 *   secrets   its environment is made here and holds none: no database, keys or tokens
 *   files     Node's permission model: it reads the program and the stored files, and writes to its scratch folder
 *   programs  it may start none
 *   network   a network namespace of its own where the system allows, and `no-network.ts` everywhere
 *   memory    a budget; above it the child ends
 *
 * Files are named by path and never sent. When the child ends, the current job fails with words, and the next job
 * starts another child.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync } from 'node:fs';
import { constants, setPriority, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OutcomeDetails } from '#db/submissions/outcomes.ts';
import { env } from '#lib/env.ts';
import { log } from '#lib/log.ts';
import type { Families } from '#lib/scoring/uncertainty-schema.ts';
import { storage } from '#lib/storage.ts';
import { programFile, ROOT } from '#workers/program.mjs';
import type { CellsJob } from './cells-task.ts';
import {
  type FromChild,
  type JobName,
  OUT_OF_MEMORY,
  type Progress,
  type ScoreRequest,
  type ToChild,
} from './child-messages.ts';
import type { Derived, DeriveJob } from './derive-task.ts';
import type { DetailsJob } from './details-task.ts';
import type { FamiliesJob } from './families-task.ts';
import type { ImportJob, ImportOutcome } from './import-task.ts';
import type { ScoreOutcome } from './job.ts';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
/** What the child reads of the program. Not the whole folder: it may contain the data folder. */
const PROGRAM = ['lib', 'db', 'workers', 'node_modules', 'package.json', '.cache/program'];
/** Variables that the child gets from its parent: how to write dates and texts, and where Windows keeps its libraries. */
const HARMLESS = ['NODE_ENV', 'TZ', 'LANG', 'LC_ALL', 'SystemRoot', 'LIVECELL_COMMIT'];
/** How long the child may take to end when asked, in milliseconds. */
const GRACE = 1000;

/** The child ended before it answered. The message is for people. */
export class ScoringEnded extends Error {}

interface PoolOptions {
  /** path of the file that scores; tests pass a substitute */
  handler?: string;
  /** further files and folders that it reads */
  readable?: readonly string[];
  /** bytes of memory of the child with all its threads */
  memoryBytes?: number;
}

interface Pending {
  resolve(outcome: unknown): void;
  reject(error: unknown): void;
  onProgress?(progress: Progress): void;
}

export class ScoringPool {
  readonly #options: Required<PoolOptions>;
  readonly #pending = new Map<number, Pending>();
  #child: ChildProcess | null = null;
  #next = 1;
  #closed = false;

  constructor({
    handler = programFile('workers/scoring/task.ts'),
    readable = [],
    memoryBytes = memoryBudget(),
  }: PoolOptions = {}) {
    this.#options = { handler, readable, memoryBytes };
    this.#start(); // so that the first job finds it warm
  }

  /** Process id of the child, for tests and measurements; null between two. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  score(
    job: ScoreRequest,
    { signal, onProgress }: { signal: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<ScoreOutcome> {
    return this.#ask('score', job, signal, onProgress);
  }

  importGroundTruth(job: ImportJob, signal: AbortSignal): Promise<ImportOutcome> {
    return this.#ask('importGroundTruth', job, signal);
  }

  details(job: DetailsJob, signal: AbortSignal): Promise<OutcomeDetails> {
    return this.#ask('details', job, signal);
  }

  families(job: FamiliesJob, signal: AbortSignal): Promise<Families | null> {
    return this.#ask('families', job, signal);
  }

  cells(job: CellsJob, signal: AbortSignal): Promise<void> {
    return this.#ask('cells', job, signal);
  }

  derive(job: DeriveJob, signal: AbortSignal): Promise<Derived> {
    return this.#ask('derive', job, signal);
  }

  /** Return the bytes of JavaScript heap that the leading thread uses; 0 while it is starting. */
  async heapBytes(): Promise<number> {
    const child = this.#child;
    if (!child?.connected) return 0;
    return new Promise<number>((resolve) => {
      const id = this.#next++;
      this.#pending.set(id, { resolve: (bytes) => resolve(bytes as number), reject: () => resolve(0) });
      child.send({ id, heap: true } satisfies ToChild, (error) => error && this.#settle(id)?.reject(error));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE);
    await ended;
    clearTimeout(timer);
  }

  #ask<Outcome>(
    name: JobName,
    job: object,
    signal: AbortSignal,
    onProgress?: (progress: Progress) => void,
  ): Promise<Outcome> {
    const id = this.#next++;
    signal.throwIfAborted();
    const child = this.#child ?? this.#start();
    return new Promise<Outcome>((resolve, reject) => {
      this.#pending.set(id, { resolve: (outcome) => resolve(outcome as Outcome), reject, onProgress });
      const cancel = () => {
        // the child stops the thread; its answer is not waited for
        if (child.connected) child.send({ id, cancel: true } satisfies ToChild, () => {});
        this.#pending.delete(id);
        reject(signal.reason);
      };
      signal.addEventListener('abort', cancel, { once: true });
      child.send({ id, name, job } satisfies ToChild, (error) => {
        if (error) this.#settle(id)?.reject(new ScoringEnded('Scoring could not be started.', { cause: error }));
      });
    });
  }

  #start(): ChildProcess {
    const child = startChild(this.#options);
    let outOfMemory = false;
    child.on('message', (message: FromChild) => {
      if ('outOfMemory' in message) outOfMemory = true;
      else if ('progress' in message) this.#pending.get(message.id)?.onProgress?.(message.progress);
      else if ('outcome' in message) this.#settle(message.id)?.resolve(message.outcome);
      else this.#settle(message.id)?.reject(Object.assign(new Error(message.error.message), message.error));
    });
    const ended = (words: string) => {
      if (this.#child === child) this.#child = null;
      for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(new ScoringEnded(words));
    };
    child.on('error', (error) => {
      log.error('scoring-child-failed', error);
      if (child.pid === undefined) ended('The process that computes scores could not be started.');
    });
    child.once('exit', (status, signal) => {
      const words =
        outOfMemory || status === OUT_OF_MEMORY
          ? `Scoring ran out of memory: these files need more than ${(this.#options.memoryBytes / 1024 ** 3).toFixed(1)} GB.`
          : 'The process that computes scores ended unexpectedly.';
      if (!this.#closed) log.warn('scoring-child-ended', { status, signal, outOfMemory });
      ended(words);
    });
    this.#child = child;
    return child;
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }
}

function startChild({ handler, readable: more, memoryBytes }: Required<PoolOptions>): ChildProcess {
  const scratch = scratchFolder();
  const stored = storage().localFolder;
  mkdirSync(stored, { recursive: true, mode: 0o700 }); // Node lets only folders that exist be read with their contents
  const program = [...PROGRAM.map((name) => join(ROOT, name)), realpathSync(join(ROOT, 'node_modules')), handler];
  const readable = [...new Set([...program, ...more, stored, scratch])];
  const node = [
    '--permission',
    '--disable-warning=SecurityWarning', // of --allow-worker: threads have the same powers
    ...readable.map((path) => `--allow-fs-read=${path}`),
    `--allow-fs-write=${scratch}`,
    '--allow-worker',
    '--import',
    here('./no-network.ts'),
    here('./child.ts'),
    handler,
    String(memoryBytes),
  ];
  const [command, ...before] = withoutNetwork();
  const environment: Record<string, string | undefined> = { TMPDIR: scratch, TEMP: scratch };
  for (const name of HARMLESS) if (process.env[name] !== undefined) environment[name] = process.env[name];
  const child = spawn(command, [...before, ...node], {
    cwd: scratch,
    env: environment as NodeJS.ProcessEnv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  // pages first: on a busy machine scoring gets what they leave
  if (child.pid !== undefined) {
    try {
      setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch (error) {
      log.warn('priority-not-set', { reason: (error as Error).message });
    }
  }
  return child;
}

/** Return the folder that the child may write to, on the same disk as the stored files; it is made if need be. */
export function scratchFolder(): string {
  const folder = join(resolve(env().LIVECELL_DATA), 'scratch');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** A command that starts a program in a network namespace of its own, where it finds not even loopback. */
const UNSHARE = ['unshare', '--user', '--map-current-user', '--net', '--'];
let command: string[] | null = null;

/** Return how Node is started: without a network where the system lets an ordinary user do that. */
function withoutNetwork(): string[] {
  if (command) return command;
  const [program, ...options] = UNSHARE;
  const works =
    process.platform === 'linux' &&
    spawnSync(program, [...options, process.execPath, '--version'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
  command = works ? [...UNSHARE, process.execPath] : [process.execPath];
  log.info('scoring-network', { cut: works ? 'by the system' : 'in the process only' });
  return command;
}

/** Return the memory that scoring may use, in bytes: as set, else six tenths of what this machine or container has. */
function memoryBudget(): number {
  const { LIVECELL_SCORING_MEMORY } = env();
  if (LIVECELL_SCORING_MEMORY !== undefined) return LIVECELL_SCORING_MEMORY * 1024 ** 2;
  const container = process.constrainedMemory();
  const all = container > 0 ? Math.min(container, totalmem()) : totalmem();
  return Math.max(1024 ** 3, 0.6 * all);
}
