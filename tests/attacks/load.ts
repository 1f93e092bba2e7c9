/**
 * Attacks by load on a built site, with what others notice of them: memory of the web process, and how long a reader
 * waits meanwhile. Not run by `npm test`.
 *
 *   npm run build && node tests/attacks/load.ts                  all of them
 *   node tests/attacks/load.ts --only bodies,streams
 *   node tests/attacks/load.ts --only file --threads 1           memory of the largest legal file
 *
 * It starts a site of its own, with the limits of a public one, and stops it. Memory is read from /proc: Linux only.
 */
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { seededRandom } from '#lib/stats/random.ts';
import { freePort, type RunningSite, startSite } from '#tests/e2e/running-site.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'bodies,disk,streams,queue,file' },
    parallel: { type: 'string', default: '300' },
    masks: { type: 'string', default: '1900' },
    threads: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '10' },
  },
});
const parallel = Number(values.parallel);
const seconds = Number(values.seconds);

// --- what is measured ---

/** Processes below one, with their command and resident memory in MB. */
function processesBelow(root: number): { pid: number; command: string; megabytes: number }[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = new Map<number, { parent: number; command: string; megabytes: number }>();
  for (const name of all)
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const number = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      found.set(Number(name), { parent: number('PPid'), command, megabytes: number('VmRSS') / 1024 });
    } catch {
      // it has ended
    }
  const below = (pid: number): boolean => pid === root || (found.has(pid) && below(found.get(pid)!.parent));
  return [...found]
    .filter(([pid]) => pid > 1 && below(pid))
    .map(([pid, { command, megabytes }]) => ({ pid, command, megabytes }));
}

const isWeb = (command: string) => /next-server|site\/web\.ts/.test(command);
const isScoringChild = (command: string) => /scoring\/child|child\.(ts|mjs)/.test(command);

/** The largest memory of the processes that `which` chooses, until it is stopped. */
function watchMemory(site: RunningSite, which: (command: string) => boolean) {
  const read = () =>
    Math.max(
      0,
      ...processesBelow(site.pid)
        .filter(({ command }) => which(command))
        .map(({ megabytes }) => megabytes),
    );
  const before = read();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, read());
  }, 100);
  return () => {
    clearInterval(timer);
    return { before: Math.round(before), most: Math.round(Math.max(most, read())) };
  };
}

/** Read pages as another person, five times a second, until it is stopped; return times in milliseconds. */
function watchReader(site: RunningSite) {
  let running = true;
  const times: number[] = [];
  let failed = 0;
  const reading = (async () => {
    for (let i = 0; running; i++) {
      const path = ['/', '/api/v1/tasks', '/api/health', '/leaderboards/livecell-wide?sort=AFNR'][i % 4];
      const from = performance.now();
      const answer = await fetch(site.url + path, { signal: AbortSignal.timeout(30_000) }).catch(() => null);
      await answer?.arrayBuffer().catch(() => undefined);
      times.push(performance.now() - from);
      if (answer?.status !== 200) failed++;
      await sleep(200);
    }
  })();
  return async () => {
    running = false;
    await reading;
    times.sort((a, b) => a - b);
    const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))]);
    return { requests: times.length, median: at(0.5), p95: at(0.95), longest: at(1), failed };
  };
}

function counted(answers: readonly (number | string)[]): string {
  const counts = Map.groupBy(answers, String);
  return [...counts].map(([answer, some]) => `${some.length} × ${answer}`).join(', ');
}

async function attack(site: RunningSite, name: string, run: () => Promise<string>, which = isWeb): Promise<void> {
  const [reader, memory] = [watchReader(site), watchMemory(site, which)];
  const from = performance.now();
  const said = await run();
  const took = ((performance.now() - from) / 1000).toFixed(1);
  const [read, { before, most }] = [await reader(), memory()];
  console.log(
    `${name}: ${said}; ${took} s. Memory ${before} → at most ${most} MB. A reader: median ${read.median} ms, 95 % ${read.p95} ms, longest ${read.longest} ms, ${read.failed} of ${read.requests} refused.`,
  );
}

// --- who attacks ---

interface Account {
  id: string;
  headers: Record<string, string>;
}

async function accountsOf(data: string): Promise<(name: string) => Promise<Account>> {
  const { databaseUrl } = JSON.parse(readFileSync(join(data, 'run.json'), 'utf8'));
  const { connect } = await import('#db/engine/client.ts');
  const { ensureUser } = await import('#db/people/users.ts');
  const { createToken } = await import('#db/people/tokens.ts');
  return async (name) => {
    const client = connect(databaseUrl, { max: 1 });
    const { id } = await ensureUser({ email: `${name}@example.org`, name }, client.db);
    const { token } = await createToken(id, 'load', {}, client.db);
    await client.close();
    return { id, headers: { authorization: `Bearer ${token}` } };
  };
}

/** A body in small pieces that never ends; resolves with the status, or with why the connection ended. */
function drip(site: RunningSite, path: string, head: string[]): Promise<number | string> {
  return new Promise((resolve) => {
    const { hostname, port, host } = new URL(site.url);
    const socket = connectSocket(Number(port), hostname);
    socket.write(`${[`POST ${path} HTTP/1.1`, `Host: ${host}`, ...head].join('\r\n')}\r\n\r\n`);
    const piece = Buffer.alloc(16 * 1024, 'x');
    const timer = setInterval(() => socket.writable && socket.write(piece), 50);
    const end = (answer: number | string) => {
      clearInterval(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (bytes: Buffer) => end(Number(bytes.toString('latin1').split(' ')[1])));
    socket.on('error', () => end('closed'));
    socket.on('close', () => end('closed'));
    setTimeout(() => end('still open'), seconds * 1000).unref();
  });
}

const TARGETS = ['/api/auth/signin/github', '/api/v1/submissions', '/account', '/api/v1/login', '/sign-in/local', '/'];

async function bodies(site: RunningSite, { headers }: Account): Promise<string> {
  const kinds = [
    ['Content-Length: 300000000'],
    ['Transfer-Encoding: chunked'],
    // as large as may be, and never complete
    ['Content-Length: 262144', 'Content-Type: application/x-www-form-urlencoded'],
    ['Content-Length: 262144', 'Content-Type: application/json', `Authorization: ${headers.authorization}`],
  ];
  const answers = await Promise.all(
    Array.from({ length: parallel }, (_, i) => drip(site, TARGETS[i % TARGETS.length], kinds[i % kinds.length])),
  );
  return `${parallel} hostile bodies at once: ${counted(answers)}`;
}

async function disk(site: RunningSite, { headers }: Account): Promise<string> {
  const begin = () =>
    fetch(`${site.url}/api/uploads`, {
      method: 'POST',
      headers: { ...headers, 'tus-resumable': '1.0.0', 'upload-length': String(4 * 1024 ** 3) },
    }).then(({ status }) => status);
  return `${parallel} uploads of 4 GB begun at once: ${counted(await Promise.all(Array.from({ length: parallel }, begin)))}`;
}

async function streams(site: RunningSite, submission: string, { headers }: Account): Promise<string> {
  const open: ReturnType<typeof request>[] = [];
  const answers = await Promise.all(
    Array.from(
      { length: parallel },
      () =>
        new Promise<number | string>((resolve) => {
          const asked = request(`${site.url}/api/v1/submissions/${submission}/events`, { headers }, (answer) => {
            answer.resume();
            resolve(answer.statusCode ?? 0);
          });
          asked.on('error', () => resolve('closed'));
          asked.end();
          open.push(asked);
        }),
    ),
  );
  await sleep(seconds * 1000);
  for (const asked of open) asked.destroy();
  return `${parallel} event streams at once: ${counted(answers)}`;
}

/** Upload and submit one file to the demo benchmark. */
async function submit(
  site: RunningSite,
  { headers }: Account,
  method: string,
  path: string,
): Promise<{ status: number; id?: string }> {
  const { size } = statSync(path);
  const begun = await fetch(`${site.url}/api/uploads`, {
    method: 'POST',
    headers: { ...headers, 'tus-resumable': '1.0.0', 'upload-length': String(size) },
  });
  if (begun.status !== 201) return { status: begun.status };
  const location = new URL(begun.headers.get('location')!, site.url);
  const { openAsBlob } = await import('node:fs');
  const sent = await fetch(location, {
    method: 'PATCH',
    headers: {
      ...headers,
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
    },
    body: await openAsBlob(path),
  });
  if (sent.status !== 204) return { status: sent.status };
  const upload = location.pathname.split('/').at(-1)!;
  const answer = await fetch(`${site.url}/api/v1/submissions`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ task: 'livecell-wide', method, files: [{ slot: 'all', upload }] }),
  });
  const body = (await answer.json()) as { id?: string };
  return { status: answer.status, id: body.id };
}

async function scored(site: RunningSite, { headers }: Account, id: string, patience = 300): Promise<string> {
  const from = performance.now();
  while (performance.now() - from < patience * 1000) {
    const { state } = (await (await fetch(`${site.url}/api/v1/submissions/${id}`, { headers })).json()) as {
      state: string;
    };
    if (!['queued', 'scoring'].includes(state))
      return `${state} after ${((performance.now() - from) / 1000).toFixed(1)} s`;
    await sleep(250);
  }
  return `not scored within ${patience} s`;
}

async function imageOf(site: RunningSite): Promise<{ id: number | string; width: number; height: number }> {
  const tasks = (await (await fetch(`${site.url}/api/v1/tasks`)).json()) as {
    tasks: { id: string; dataset: string }[];
  };
  const { dataset } = tasks.tasks.find(({ id }) => id === 'livecell-wide')!;
  const list = (await (await fetch(`${site.url}/api/v1/datasets/${encodeURIComponent(dataset)}/images`)).json()) as
    | {
        id: number | string;
        width: number;
        height: number;
      }[]
    | { images: { id: number | string; width: number; height: number }[] };
  return (Array.isArray(list) ? list : list.images)[0];
}

async function queue(site: RunningSite, mallory: Account, ada: Account, path: string): Promise<string> {
  const sent = [];
  for (let i = 0; i < 30; i++) sent.push((await submit(site, mallory, `M${i}`, path)).status);
  const own = await submit(site, ada, 'Ada’s', path);
  const when = own.id ? await scored(site, ada, own.id) : 'never';
  return `30 submissions of one person: ${counted(sent)}; one of another person after them: ${own.status}, ${when}`;
}

/** The largest legal file: masks of as many runs as one may have, as many as may be in all. */
async function writeLargestFile(
  path: string,
  image: { id: number | string; width: number; height: number },
): Promise<void> {
  const random = seededRandom(1);
  const pixels = image.width * image.height;
  const runs = Math.min(200_000, pixels - 1);
  const lengths = Array<number>(runs).fill(1);
  for (let left = pixels - runs; left > 0; left--) lengths[Math.floor(random() * runs)]++;
  const counts = lengths.join(',');
  async function* text() {
    yield '[';
    for (let i = 0; i < Number(values.masks); i++)
      yield `${i > 0 ? ',' : ''}{"image_id":${JSON.stringify(image.id)},"category_id":1,"score":${random()},"segmentation":{"size":[${image.height},${image.width}],"counts":[${counts}]}}`;
    yield ']';
  }
  await pipeline(Readable.from(text()), createGzip({ level: 1 }), createWriteStream(path));
}

async function file(site: RunningSite, account: Account, path: string): Promise<string> {
  const sent = await submit(site, account, 'Largest', path);
  const when = sent.id ? await scored(site, account, sent.id, 600) : 'never';
  return `the largest legal file, ${values.masks} masks, ${(statSync(path).size / 1e6).toFixed(0)} MB, ${values.threads} threads: ${sent.status}, ${when}`;
}

const data = mkdtempSync(join(tmpdir(), 'livecell-load-'));
Object.assign(process.env, {
  LIVECELL_DATA: data,
  LIVECELL_LIMIT_FACTOR: '1',
  LIVECELL_THREADS: values.threads,
  LOG_LEVEL: 'error',
});
const site = await startSite(data, await freePort(), 600);
try {
  const account = await accountsOf(data);
  const [mallory, eve, ada, carol] = [
    await account('mallory'),
    await account('eve'),
    await account('ada'),
    await account('carol'),
  ];
  const wanted = values.only.split(',');
  const small = join(data, 'small.json');
  const image = await imageOf(site);
  await pipeline(
    Readable.from([JSON.stringify([{ image_id: image.id, category_id: 1, score: 0.5, bbox: [1, 1, 9, 9] }])]),
    createWriteStream(small),
  );
  await attack(site, 'nothing', async () => `${await sleep(seconds * 1000, 'a quiet site')}`);
  if (wanted.includes('bodies')) await attack(site, 'bodies', () => bodies(site, mallory));
  if (wanted.includes('disk')) await attack(site, 'disk', () => disk(site, eve));
  if (wanted.includes('streams')) {
    const { id } = await submit(site, carol, 'Carol’s', small);
    await attack(site, 'streams', () => streams(site, id!, carol));
  }
  if (wanted.includes('queue')) await attack(site, 'queue', () => queue(site, mallory, ada, small));
  if (wanted.includes('file')) {
    const large = join(data, 'large.json.gz');
    await writeLargestFile(large, image);
    await attack(site, 'file', () => file(site, carol, large), isScoringChild);
  }
} finally {
  await site.stop();
  rmSync(data, { recursive: true, force: true });
}
process.exit();
