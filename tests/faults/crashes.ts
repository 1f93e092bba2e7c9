/** Kills a site with the embedded database again and again, and drops what it had not flushed, as a power cut would. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '#db/engine/client.ts';
import { openEmbedded } from '#db/engine/embedded.ts';
import { migrate } from '#db/migrate.ts';
import { createToken } from '#db/people/tokens.ts';
import { ensureUser } from '#db/people/users.ts';
import { temporaryFolder } from '#tests/db/databases.ts';
import { someDataset } from '#tests/db/fixtures.ts';
import { makeImage, restoreImage } from './durable-image.ts';

interface CrashResult {
  crashes: number;
  acknowledged: number;
  /** acknowledged submissions without a row, a job or a whole file afterwards, in words */
  lost: string[];
}

/** Crash a site `crashes` times while it takes submissions. Linux only: paths of open files come from /proc. */
export async function runCrashes({
  crashes,
  print = () => {},
}: {
  crashes: number;
  print?: (text: string) => void;
}): Promise<CrashResult> {
  const folder = temporaryFolder();
  const [root, image, acknowledged] = ['data', 'image', 'acknowledged'].map((name) => join(folder, name));
  try {
    const embedded = await openEmbedded(root);
    await migrate(embedded.url);
    const { db, close } = connect(embedded.url);
    const { id } = await ensureUser({ email: 'ada@example.org', name: 'Ada' }, db);
    const { token } = await createToken(id, 'crashes', undefined, db);
    await someDataset(db);
    await close();
    await embedded.close();
    makeImage(root, image);
    const start = (more: Record<string, string> = {}): ChildProcess =>
      spawn(process.execPath, ['--import', './tests/faults/durable-image.ts', 'tests/faults/crash-client.ts'], {
        env: {
          ...process.env,
          DATABASE_URL: '',
          S3_BUCKET: '',
          LIVECELL_DATA: root,
          LIVECELL_QUOTA: '0',
          LIVECELL_OPEN_JOBS: '0',
          LIVECELL_RUNS_PER_DAY: '0',
          LIVECELL_LIMIT_FACTOR: '0',
          DURABLE_ROOT: root,
          DURABLE_IMAGE: image,
          CRASH_TOKEN: token,
          CRASH_ACKNOWLEDGED: acknowledged,
          ...more,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    const lost: string[] = [];
    let [count, done] = [0, 0];
    for (let crash = 1; crash <= crashes + 1; crash++) {
      const last = crash > crashes;
      const child = start(last ? { CRASH_ONLY_CHECK: '1' } : {});
      let firstAck = () => {};
      const begun = new Promise<void>((resolve) => {
        firstAck = resolve;
      });
      createInterface({ input: child.stdout! }).on('line', (line) => {
        if (line.startsWith('lost ')) lost.push(`after crash ${crash - 1}: ${line.slice(5)}`);
        if (!line.startsWith('ack ')) return;
        appendFileSync(acknowledged, `${line.slice(4)}\n`);
        count++;
        firstAck();
      });
      const ended = once(child, 'close') as Promise<[number | null, string | null]>;
      if (last) {
        const [status] = await ended;
        if (status !== 0) lost.push(`the site did not start after crash ${crash - 1}: status ${status}`);
        break;
      }
      await Promise.race([begun, ended]);
      // anywhere in the next submissions
      await Promise.race([sleep(100 + Math.random() * 1500), ended]);
      if (child.exitCode !== null) {
        lost.push(`the site ended by itself after crash ${crash - 1}: status ${child.exitCode}`);
        break;
      }
      child.kill('SIGKILL');
      await ended;
      restoreImage(root, image);
      makeImage(root, image); // copies of files are other files
      done++;
      if (crash % 10 === 0) print(`${crash} crashes, ${count} acknowledged, ${lost.length} lost`);
    }
    return { crashes: done, acknowledged: count, lost };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
