/** Real scoring processes on a database of their own; only what the threads compute is a stand-in. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { listEvents } from '#db/audit.ts';
import { type Client, connect } from '#db/engine/client.ts';
import type { Dataset } from '#db/schema.ts';
import { createSubmission, getSubmission } from '#db/submissions/submissions.ts';
import { FileStorage } from '#lib/storage.ts';
import { type Engine, type TestDatabase, temporaryFolder, until } from '#tests/db/databases.ts';
import { someDataset, someSubmission } from '#tests/db/fixtures.ts';
import type { Clocks } from '#workers/scoring/clocks.ts';
import type { Instructions } from './stand-in-task.ts';

export interface WorkerSettings {
  clocks?: Partial<Clocks>;
  env?: Record<string, string>;
}

/** Open a database for this file's tests; after each, kill the processes that it started. */
export function scoringProcesses(open: Engine['open']) {
  let database: TestDatabase;
  let client: Client;
  let dataset: Dataset;
  const data = temporaryFolder();
  const stored = new FileStorage(join(data, 'storage'));
  const running = new Set<ChildProcess>();
  let shared: ChildProcess | null = null;

  beforeAll(async () => {
    database = await open();
    client = connect(database.url);
    dataset = await someDataset(client.db);
    // the stand-in does not read it, but a job is only begun where all of its files are
    await stored.put(dataset.packKey, toStream(Buffer.from('ground truth')));
  });
  afterEach(async () => {
    await Promise.all([...running].map(kill));
  });
  afterAll(async () => {
    await stopSharing();
    await client.close();
    await database.close();
    rmSync(data, { recursive: true, force: true });
  });

  function startWorker({ clocks, env }: WorkerSettings = {}): ChildProcess {
    const child = spawn(
      process.execPath,
      ['--import', './workers/site/with-parent.ts', 'tests/workers/scoring/worker-client.ts'],
      {
        env: {
          ...process.env,
          DATABASE_URL: database.url,
          LIVECELL_DATA: data,
          LIVECELL_THREADS: '1',
          CLOCKS: JSON.stringify(clocks ?? {}),
          ...env,
        },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }

  /** Start a process for several tests, none of which ends it; starting one takes longer than most tests. */
  function shareWorker(): void {
    if (shared) return;
    shared = startWorker();
    running.delete(shared); // so that it outlives its first test
  }

  /** Kill the shared process, before a test that needs one of its own. */
  async function stopSharing(): Promise<void> {
    if (shared) await kill(shared);
    shared = null;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async function submit(instructions: Instructions, userId: string | null = null): Promise<string> {
    const storageKey = `submissions/${crypto.randomUUID()}/all.json`;
    const bytes = Buffer.from(JSON.stringify(instructions));
    const { bytes: size, sha256 } = await stored.put(storageKey, toStream(bytes));
    const files = [{ slot: 'all', fileName: 'all.json', bytes: size, sha256, storageKey }];
    return (await createSubmission(someSubmission(dataset, { files, userId }), client.db)).id;
  }

  async function* toStream(bytes: Uint8Array) {
    yield bytes;
  }

  const state = async (id: string) => (await getSubmission(id, client.db))!.state;
  return {
    db: () => client.db,
    /** the path of a file that a stand-in writes a line to per attempt */
    diary(name: string = crypto.randomUUID()): string {
      // the child that computes writes nowhere else
      const scratch = join(data, 'scratch');
      mkdirSync(scratch, { recursive: true });
      return join(scratch, name);
    },
    startWorker,
    shareWorker,
    stopSharing,
    kill,
    submit,
    state,
    reaches: (id: string, wanted: string, milliseconds = 120_000) =>
      until(async () => (await state(id)) === wanted, { milliseconds, what: `${id} to be ${wanted}` }),
    kinds: async (id: string) => (await listEvents(id, client.db)).map(({ event }) => event.kind),
  };
}
