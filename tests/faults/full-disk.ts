/**
 * A disk that is really full: a small file system in memory holds the data folder of a site as `npm start` runs it. The
 * disk is filled while submissions wait, the site is killed and started again on it, and gets room in the end. Whatever
 * was acknowledged must be scored once. Needs the right to mount (root on Linux) and the built pages.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '#db/engine/client.ts';
import { createToken } from '#db/people/tokens.ts';
import { ensureUser } from '#db/people/users.ts';
import { freePort, temporaryFolder } from '#tests/db/databases.ts';
import { writeDemoData } from '#workers/demo/data.ts';

const ROOT = join(import.meta.dirname, '../..');
const MEGABYTES = 320;
/** Submissions before the disk is full. */
const BEFORE = 4;

export interface FullDisk {
  /** submissions that were acknowledged, and those scored in the end */
  acknowledged: number;
  scored: number;
  /** what went wrong, in words */
  faults: string[];
}

/** Fill the disk of a site. Null, with a reason printed, where nothing can be mounted here. */
export async function fillDisk(print: (text: string) => void): Promise<FullDisk | null> {
  const folder = temporaryFolder();
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', disk], { stdio: 'pipe' });
  } catch (error) {
    print(`skipped: no file system can be mounted here (${String(error).split('\n')[0]})`);
    return null;
  }
  try {
    return await onDisk(disk, join(folder, 'files'), print);
  } finally {
    execFileSync('umount', ['--lazy', disk]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onDisk(disk: string, files: string, print: (text: string) => void): Promise<FullDisk> {
  const data = join(disk, 'data');
  const ballast = join(disk, 'ballast');
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const faults: string[] = [];
  const expectThat = (holds: boolean, words: string) => {
    print(`${holds ? 'holds' : 'FAILS'}: ${words}`);
    if (!holds) faults.push(words);
  };
  let site = launch(data, port);
  try {
    await until(async () => (await status(`${url}/api/ready`)) === 200, 240, 'the site is ready');
    const { databaseUrl } = JSON.parse(readFileSync(join(data, 'run.json'), 'utf8')) as { databaseUrl: string };
    const { db, close } = connect(databaseUrl, { max: 1 });
    const { id } = await ensureUser({ email: 'ada@example.org', name: 'Ada' }, db);
    const { token } = await createToken(id, 'full disk', undefined, db);
    await close();
    const demo = await writeDemoData(files, { imagesPerType: 6, seed: 20211125 });
    const bytes = readFileSync(demo.predictions[0].path);
    const accepted: string[] = [];
    const submit = async (name: string) => {
      const answer = await upload(url, token, bytes, name);
      if (answer.id) accepted.push(answer.id);
      return answer;
    };
    for (let k = 1; k <= BEFORE; k++) await submit(`Before ${k}`);
    expectThat(accepted.length === BEFORE, `${accepted.length} of ${BEFORE} are accepted while there is room`);

    fill(ballast);
    print(`full: ${statfsSync(disk).bavail * statfsSync(disk).bsize} bytes are free`);
    const refused = await submit('Without room');
    expectThat(
      refused.status === 507,
      `an upload is refused with 507 (${refused.status}: ${refused.words.slice(0, 160)})`,
    );
    expectThat(
      !refused.words.includes(disk) && !/ENOSPC|\bat .*:\d+/.test(refused.words),
      'the refusal names no path and no code',
    );
    for (const path of ['/', '/leaderboards/livecell-wide', '/api/health'])
      expectThat((await status(url + path)) === 200, `${path} is answered`);
    expectThat((await status(`${url}/api/ready`)) === 503, '/api/ready says no');

    site.child.kill('SIGKILL');
    await site.ended;
    await sleep(3000); // its children end with it
    site = launch(data, port);
    const early = await Promise.race([
      site.ended.then(() => 'ended' as const),
      until(async () => (await status(`${url}/api/health`)) === 200, 60, '').then(
        () => 'started' as const,
        () => 'silent' as const,
      ),
    ]);
    const said = site.said();
    expectThat(
      early === 'started' ||
        (early === 'ended' && /disk is full|no room|No room|space/.test(said) && !/\n\s+at /.test(said)),
      `started again on the full disk, it ${early === 'started' ? 'runs' : `${early === 'ended' ? 'ends' : 'is silent'} and says “${said.trim().split('\n').at(-1)?.slice(0, 200)}”`}`,
    );
    if (early !== 'started') {
      site.child.kill('SIGKILL');
      await site.ended;
    }
    rmSync(ballast);
    print('there is room again');
    if (early !== 'started') {
      await sleep(1000);
      site = launch(data, port);
    }
    await until(async () => (await status(`${url}/api/ready`)) === 200, 240, 'the site is ready again');
    await submit('After');
    expectThat(accepted.length === BEFORE + 1, 'another submission is accepted');
    let scored = 0;
    await until(
      async () => {
        const states = await Promise.all(accepted.map((one) => stateOf(url, token, one)));
        scored = states.filter((state) => state === 'scored').length;
        return scored === accepted.length;
      },
      180,
      'all are scored',
    ).catch(() => {});
    expectThat(scored === accepted.length, `${scored} of ${accepted.length} acknowledged submissions are scored`);
    return { acknowledged: accepted.length, scored, faults };
  } finally {
    site.child.kill('SIGTERM');
    await site.ended;
  }
}

function launch(data: string, port: number): { child: ChildProcess; ended: Promise<unknown>; said: () => string } {
  const child = spawn(process.execPath, ['workers/site/launch.ts'], {
    cwd: ROOT,
    env: {
      ...process.env,
      DATABASE_URL: '',
      S3_BUCKET: '',
      LIVECELL_DATA: data,
      LIVECELL_QUOTA: '0',
      LIVECELL_LIMIT_FACTOR: '0',
      LIVECELL_FREE_BYTES: '0', // the disk itself says that it is full
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-20_000);
    });
  return { child, ended: once(child, 'exit'), said: () => said };
}

/** Write until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let size = 1 << 20; size >= 1; size >>= 4)
      for (;;) {
        try {
          writeSync(file, Buffer.alloc(size));
        } catch {
          break;
        }
      }
  } finally {
    closeSync(file);
  }
}

async function upload(
  url: string,
  token: string,
  bytes: Buffer,
  method: string,
): Promise<{ status: number; words: string; id?: string }> {
  const headers = { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', connection: 'close' };
  const said = async (response: Response) => ({ status: response.status, words: await response.text() });
  const created = await fetch(`${url}/api/uploads`, {
    method: 'POST',
    headers: { ...headers, 'upload-length': String(bytes.length) },
  });
  if (created.status !== 201) return said(created);
  const location = new URL(created.headers.get('location') ?? '', url).href;
  const sent = await fetch(location, {
    method: 'PATCH',
    headers: { ...headers, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    body: new Uint8Array(bytes),
  });
  if (sent.status !== 204) return said(sent);
  const submitted = await fetch(`${url}/api/v1/submissions`, {
    method: 'POST',
    headers: { authorization: headers.authorization, 'content-type': 'application/json' },
    body: JSON.stringify({
      task: 'livecell-wide',
      method,
      files: [{ slot: 'all', upload: location.split('/').at(-1) }],
    }),
  });
  const { status, words } = await said(submitted);
  return { status, words, ...(status === 201 && { id: (JSON.parse(words) as { id: string }).id }) };
}

async function stateOf(url: string, token: string, id: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/submissions/${id}`, { headers: { authorization: `Bearer ${token}` } });
  return ((await response.json()) as { state: string }).state;
}

async function status(url: string): Promise<number | null> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000), headers: { connection: 'close' } }).catch(
    () => null,
  );
  await response?.body?.cancel();
  return response?.status ?? null;
}

/** @throws Error if it does not hold within so many seconds */
async function until(holds: () => Promise<boolean>, seconds: number, what: string): Promise<void> {
  for (const from = performance.now(); performance.now() - from < seconds * 1000; ) {
    if (await holds()) return;
    await sleep(500);
  }
  throw new Error(`After ${seconds} s it does not hold that ${what}.`);
}
