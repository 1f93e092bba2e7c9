/**
 * Attacks by load on a built site, with what others notice of them: memory of the web process, how long a page and a
 * piece of an upload take meanwhile, and when a submission that comes after the attack has its score. Not run by
 * `npm test`.
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

const isWeb = (command: string) => /next-server|run\.mjs web/.test(command);
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

interface Times {
  requests: number;
  p50: number;
  p99: number;
  longest: number;
  failed: number;
}

/**
 * Ask again and again until it is stopped; return times in milliseconds.
 *
 * @param ask resolves with whether it was answered as it should be
 */
function watchTimes(ask: (i: number) => Promise<boolean>): () => Promise<Times> {
  let running = true;
  const times: number[] = [];
  let failed = 0;
  const asking = (async () => {
    for (let i = 0; running; i++) {
      const from = performance.now();
      const isRight = await ask(i).catch(() => false);
      times.push(performance.now() - from);
      if (!isRight) failed++;
      await sleep(250); // all come from one address, which may ask 1,200 times a minute
    }
  })();
  return async () => {
    running = false;
    await asking;
    times.sort((a, b) => a - b);
    const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))]);
    return { requests: times.length, p50: at(0.5), p99: at(0.99), longest: at(1), failed };
  };
}

/** Read pages as a stranger. */
const watchPages = (site: RunningSite) =>
  watchTimes(async (i) => {
    const path = ['/', '/api/v1/tasks', '/api/health', '/leaderboards/livecell-wide?sort=AFNR'][i % 4];
    const answer = await fetch(site.url + path, { signal: AbortSignal.timeout(30_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  });

/** Send one file in pieces of 4 KB, as a person whose connection is slow. */
async function watchUpload(site: RunningSite, { headers }: Account): Promise<() => Promise<Times>> {
  const begun = await fetch(`${site.url}/api/uploads`, {
    method: 'POST',
    headers: { ...headers, 'tus-resumable': '1.0.0', 'upload-length': String(64 * 1024 ** 2) },
  });
  if (begun.status !== 201) throw new Error(`The upload that is timed was refused with ${begun.status}.`);
  const location = new URL(begun.headers.get('location')!, site.url);
  // what is no beginning of a file would be refused
  const piece = Buffer.alloc(4096, ' ');
  piece.write('[');
  let offset = 0;
  const stop = watchTimes(async () => {
    const sent = await fetch(location, {
      method: 'PATCH',
      headers: {
        ...headers,
        'tus-resumable': '1.0.0',
        'upload-offset': String(offset),
        'content-type': 'application/offset+octet-stream',
      },
      body: piece,
      signal: AbortSignal.timeout(30_000),
    });
    piece.fill(' ');
    if (sent.status === 204) offset += piece.length;
    return sent.status === 204;
  });
  return async () => {
    const times = await stop();
    await fetch(location, { method: 'DELETE', headers: { ...headers, 'tus-resumable': '1.0.0' } });
    return times;
  };
}

const inWords = (what: string, { requests, p50, p99, longest, failed }: Times) =>
  `${what}: p50 ${p50} ms, p99 ${p99} ms, longest ${longest} ms, ${failed} of ${requests} failed`;

function counted(answers: readonly (number | string)[]): string {
  const counts = Map.groupBy(answers, String);
  return [...counts].map(([answer, some]) => `${some.length} × ${answer}`).join(', ');
}

/** Somebody else, who reads, uploads and submits as ever. */
interface Bystander {
  account: Account;
  /** the file submitted during each attack */
  path: string;
}

/** What an attack is told: say when it has begun, and it may last until the bystander's submission is scored. */
interface Attacking {
  begun(): void;
  bystander: Promise<string>;
}

async function attack(
  site: RunningSite,
  { name, run, which = isWeb }: { name: string; run: (told: Attacking) => Promise<string>; which?: typeof isWeb },
  { account, path }: Bystander,
): Promise<void> {
  const stopUpload = await watchUpload(site, account);
  const stopPages = watchPages(site);
  const memory = watchMemory(site, which);
  const from = performance.now();
  const begun = Promise.withResolvers<void>();
  const bystander = begun.promise.then(async () => {
    const asked = performance.now();
    const sent = await submit(site, account, `During ${name}`, path);
    if (!sent.id) return `never: refused with ${sent.status} (${sent.said})`;
    await scored(site, account, sent.id, 120);
    return `${((performance.now() - asked) / 1000).toFixed(1)} s`;
  });
  const said = await run({ begun: begun.resolve, bystander });
  begun.resolve();
  const score = await bystander;
  const took = ((performance.now() - from) / 1000).toFixed(1);
  const [pages, upload, { before, most }] = [await stopPages(), await stopUpload(), memory()];
  console.log(
    `${name}: ${said}; ${took} s. Memory ${before} → at most ${most} MB. Others: ${inWords('a page', pages)}; ${inWords('a piece of an upload', upload)}; a file sent meanwhile is scored after ${score}.`,
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

async function bodies(site: RunningSite, { headers }: Account, { begun }: Attacking): Promise<string> {
  begun();
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

async function disk(site: RunningSite, { headers }: Account, { begun }: Attacking): Promise<string> {
  begun();
  const begin = () =>
    fetch(`${site.url}/api/uploads`, {
      method: 'POST',
      headers: { ...headers, 'tus-resumable': '1.0.0', 'upload-length': String(4 * 1024 ** 3) },
    }).then(({ status }) => status);
  return `${parallel} uploads of 4 GB begun at once: ${counted(await Promise.all(Array.from({ length: parallel }, begin)))}`;
}

async function streams(
  site: RunningSite,
  { submission, account: { headers } }: { submission: string; account: Account },
  { begun, bystander }: Attacking,
): Promise<string> {
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
  begun();
  await Promise.all([sleep(seconds * 1000), bystander]);
  for (const asked of open) asked.destroy();
  return `${parallel} event streams at once: ${counted(answers)}`;
}

/** Upload and submit one file to the demo benchmark. */
async function submit(
  site: RunningSite,
  { headers }: Account,
  method: string,
  path: string,
): Promise<{ status: number; id?: string; said?: string }> {
  const { size } = statSync(path);
  const begun = await fetch(`${site.url}/api/uploads`, {
    method: 'POST',
    headers: { ...headers, 'tus-resumable': '1.0.0', 'upload-length': String(size) },
  });
  if (begun.status !== 201) return { status: begun.status, said: await begun.text() };
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
  const body = (await answer.json()) as { id?: string; detail?: string };
  return { status: answer.status, id: body.id, said: body.detail };
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

async function queue(
  site: RunningSite,
  { account, path }: Bystander,
  { begun, bystander }: Attacking,
): Promise<string> {
  const sent: number[] = [];
  for (let i = 0; i < 30; i++) sent.push((await submit(site, account, `M${i}`, path)).status);
  begun();
  await bystander;
  return `30 submissions of one person before: ${counted(sent)}`;
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

async function file(site: RunningSite, { account, path }: Bystander, { begun }: Attacking): Promise<string> {
  const sent = await submit(site, account, 'Largest', path);
  begun();
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
  const [mallory, eve, carol] = [await account('mallory'), await account('eve'), await account('carol')];
  const wanted = values.only.split(',');
  const small = join(data, 'small.json');
  const image = await imageOf(site);
  await pipeline(
    Readable.from([JSON.stringify([{ image_id: image.id, category_id: 1, score: 0.5, bbox: [1, 1, 9, 9] }])]),
    createWriteStream(small),
  );
  // each time somebody else, whose quota is whole
  const under = async (name: string, run: (told: Attacking) => Promise<string>, which = isWeb) =>
    attack(site, { name, run, which }, { account: await account(`${name}-bystander`), path: small });
  await under('nothing', async ({ begun, bystander }) => {
    begun();
    await Promise.all([sleep(seconds * 1000), bystander]);
    return 'a quiet site';
  });
  if (wanted.includes('bodies')) await under('bodies', (told) => bodies(site, mallory, told));
  if (wanted.includes('disk')) await under('disk', (told) => disk(site, eve, told));
  if (wanted.includes('streams')) {
    const { id } = await submit(site, carol, 'Carol’s', small);
    await under('streams', (told) => streams(site, { submission: id!, account: carol }, told));
  }
  if (wanted.includes('queue')) await under('queue', (told) => queue(site, { account: mallory, path: small }, told));
  if (wanted.includes('file')) {
    const large = join(data, 'large.json.gz');
    await writeLargestFile(large, image);
    await under('file', (told) => file(site, { account: carol, path: large }, told), isScoringChild);
  }
} finally {
  await site.stop();
  rmSync(data, { recursive: true, force: true });
}
process.exit();
