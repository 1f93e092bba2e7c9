import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { Front, type Handler } from '#workers/site/front.ts';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve) ?? resolve(null));
  vi.restoreAllMocks();
});

/** A site whose pages say how often they were rendered. */
async function open({
  handle,
  readVersion = async () => 'same',
  origin = null,
}: {
  handle?: Handler;
  readVersion?: () => Promise<string>;
  origin?: string | null;
} = {}) {
  let rendered = 0;
  const seen: IncomingMessage['headers'][] = [];
  const front = new Front({
    handle:
      handle ??
      (async (request, response) => {
        seen.push({ ...request.headers });
        rendered++;
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(`<p>${rendered}</p><script>one()</script><script src="/x.js"></script>`);
      }),
    readVersion,
    origin,
    formTargets: [],
  });
  server = createServer((request, response) => void front.answer(request, response));
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { get: (path: string, init?: RequestInit) => fetch(base + path, init), seen, count: () => rendered, front };
}

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

it('renders once for all strangers, also for those who come at once', async () => {
  const { get, count } = await open();
  const pages = await Promise.all(Array.from({ length: 20 }, async () => (await get('/')).text()));
  pages.push(await (await get('/')).text());
  expect(new Set(pages).size).toBe(1);
  expect(count()).toBe(1);
});

it('renders anew as soon as the version is another', async () => {
  let version = 'one';
  const { get } = await open({ readVersion: async () => version });
  expect(await (await get('/')).text()).toContain('<p>1</p>');
  version = 'two';
  await later(25);
  expect(await (await get('/')).text()).toContain('<p>2</p>');
});

it('asks the database once for many readers', async () => {
  const readVersion = vi.fn(async () => 'same');
  const { get } = await open({ readVersion });
  await get('/');
  await later(25);
  readVersion.mockClear();
  // the database answers when all of them have come
  const { promise: allCame, resolve } = Promise.withResolvers<void>();
  let came = 0;
  server!.on('request', () => ++came === 50 && resolve());
  readVersion.mockImplementation(() => allCame.then(() => 'same'));
  await Promise.all(Array.from({ length: 50 }, () => get('/')));
  // the last may ask after the answer to the others
  expect(readVersion.mock.calls.length).toBeLessThanOrEqual(2);
});

it.each([
  ['hangs', () => new Promise<string>(() => {})],
  ['is away', () => Promise.reject(new Error('no database'))],
])('sends what it has while the database %s', async (_, broken) => {
  let readVersion: () => Promise<string> = async () => 'same';
  const { get } = await open({ readVersion: () => readVersion() });
  await (await get('/')).text();
  readVersion = broken;
  await later(25);
  const began = performance.now();
  expect(await (await get('/')).text()).toContain('<p>1</p>');
  expect(performance.now() - began).toBeLessThan(2000);
});

it.each([
  ['fails', false, [500, 'broken']],
  ['fails because the database went away', true, [200, 'whole']],
])('after a change, where the new answer %s, sends an old one only without a database', async (_, away, expected) => {
  let version = 'one';
  let fails = false;
  let gone = false;
  const { get } = await open({
    readVersion: async () => {
      if (gone) throw new Error('no database');
      return version;
    },
    handle: async (_request, response) => {
      gone = fails && away;
      if (gone) await later(25); // until the version is asked for again
      response.statusCode = fails ? 500 : 200;
      response.end(fails ? 'broken' : 'whole');
    },
  });
  await get('/');
  [version, fails] = ['two', true];
  await later(25);
  const response = await get('/');
  expect([response.status, await response.text()]).toEqual(expected);
});

it('leaves people with a session, and what changes something, to Next', async () => {
  const { get, count } = await open();
  await get('/');
  await get('/', { headers: { cookie: 'authjs.session-token=abc' } });
  await get('/', { headers: { authorization: 'Bearer abc' } });
  await get('/', { method: 'POST' });
  await get('/account');
  expect(count()).toBe(5);
});

it('shows rendering no header that could put one reader’s words into the page of all', async () => {
  const { get, seen } = await open({ origin: 'https://livecell.example.org' });
  await get('/', { headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '1.2.3.4', cookie: 'a=b' } });
  expect(seen[0]).toMatchObject({ host: 'livecell.example.org', 'x-forwarded-proto': 'https' });
  for (const name of ['x-forwarded-host', 'x-forwarded-for', 'cookie']) expect(seen[0][name]).toBeUndefined();
});

it('answers a reader that has the newest with 304, and compresses for those who take it', async () => {
  const { get } = await open();
  const first = await get('/', { headers: { 'accept-encoding': 'br' } });
  expect(first.headers.get('content-encoding')).toBe('br');
  expect(await first.text()).toContain('<p>1</p>'); // fetch unpacks it
  const again = await get('/', {
    headers: { 'accept-encoding': 'br', 'if-none-match': first.headers.get('etag')! },
  });
  expect(again.status).toBe(304);
  const plain = await get('/', { headers: { 'accept-encoding': 'identity' } });
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(plain.headers.get('etag')).not.toBe(first.headers.get('etag'));
});

it('allows the inline scripts of a cached page by their hashes, and those of others by a nonce', async () => {
  const { get, seen } = await open();
  const cached = (await get('/')).headers.get('content-security-policy');
  expect(cached).toContain("'sha256-");
  expect(cached).not.toContain('nonce');
  const own = (await get('/account')).headers.get('content-security-policy')!;
  expect(own).toMatch(/'nonce-[\w+/=]{24}'/);
  expect(seen[1]['content-security-policy']).toBe(own);
  const other = (await get('/account')).headers.get('content-security-policy');
  expect(other).not.toBe(own);
});

it('sends every answer with headers that browsers obey: pages, errors, refusals, and the last ones', async () => {
  const { get, front } = await open({ origin: 'https://livecell.example.org' });
  const answers = [
    await get('/'),
    await get('/'),
    await get('/', { headers: { cookie: 'authjs.session-token=abc' } }),
    await get('/', { method: 'POST' }),
    await get('/%ff'),
    await get('/account', { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' } as RequestInit),
  ];
  front.drain();
  answers.push(await get('/api/ready'));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400, 411, 503]);
  // each once: twice would read “nosniff, nosniff”
  for (const { headers } of answers)
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
      'strict-transport-security': expect.stringContaining('max-age=31536000'),
    });
});

it('sends redirects and missing pages as Next made them', async () => {
  const { get } = await open({
    handle: async (request, response) => {
      const missing = request.url === '/entries/none';
      response.writeHead(missing ? 404 : 307, missing ? {} : { location: '/leaderboards/livecell-wide' });
      response.end(missing ? 'not here' : '');
    },
  });
  const missing = await get('/entries/none');
  expect([missing.status, await missing.text(), missing.headers.get('cache-control')]).toEqual([
    404,
    'not here',
    'no-store',
  ]);
  const moved = await get('/leaderboards', { redirect: 'manual' });
  expect([moved.status, moved.headers.get('location')]).toEqual([307, '/leaderboards/livecell-wide']);
});

it('says that the database hangs to those who would wait for it', { timeout: 20_000 }, async () => {
  const { get } = await open({ handle: () => new Promise(() => {}), readVersion: () => new Promise(() => {}) });
  const began = performance.now();
  const response = await get('/account', { headers: { accept: 'text/html' } });
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await response.text()).toContain('The database does not answer');
  expect(performance.now() - began).toBeLessThan(8000);
});

it('says so too where the page is not in the cache, and shows it once the database is back', {
  timeout: 240_000,
}, async () => {
  let hangs = false;
  const { get } = await open({
    handle: async (_request, response) => {
      if (hangs) return new Promise(() => {});
      response.end('whole');
    },
    readVersion: () => (hangs ? new Promise(() => {}) : Promise.resolve('same')),
  });
  await get('/tasks'); // the version is known
  hangs = true;
  const began = performance.now();
  const answers = await Promise.all(
    ['/', '/leaderboards/livecell-wide', '/status'].map((path) => get(path, { headers: { accept: 'text/html' } })),
  );
  expect(performance.now() - began).toBeLessThan(5000);
  for (const response of answers) {
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toContain('The database does not answer');
  }
  const forPrograms = await get('/api/v1/tasks');
  expect(await forPrograms.json()).toMatchObject({ status: 503, title: 'The database does not answer' });
  expect((await get('/tasks')).status).toBe(200); // what it holds is still shown
});

it('waits for a database that is slow, and refuses nothing', { timeout: 240_000 }, async () => {
  const { get } = await open({
    handle: async (_request, response) => {
      await later(5500);
      response.end('whole');
    },
    readVersion: async () => {
      await later(700); // longer than a reader waits for the version
      return 'same';
    },
  });
  const answers = await Promise.all([get('/'), get('/account'), get('/sign-in/local', { method: 'POST' })]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
});

it('does not keep a page from those who come after a rendering that got stuck', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    let stuck = true;
    const { get } = await open({
      handle: async (_request, response) => {
        if (stuck) return new Promise(() => {});
        response.end('whole');
      },
    });
    const first = get('/', { signal: AbortSignal.timeout(1000) }).catch(() => null);
    await later(50);
    stuck = false;
    vi.advanceTimersByTime(31_000); // as if its reader had left long ago
    expect(await (await get('/')).text()).toBe('whole');
    await first;
  } finally {
    vi.useRealTimers();
  }
});

it('renders pages again after a while, however the clock of the machine is set', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  try {
    const { get, count } = await open();
    await get('/');
    vi.setSystemTime(Date.now() - 24 * 3600_000); // put back by a day
    await get('/');
    expect(count()).toBe(1);
    vi.advanceTimersByTime(61_000);
    await get('/');
    await later(50);
    expect(count()).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});

it('shows a change at once through every process, whose caches know only the version', async () => {
  let [version, text] = ['one', 'before'];
  const site = {
    readVersion: async () => version,
    handle: async (_request: IncomingMessage, response: Parameters<Handler>[1]) => void response.end(text),
  };
  const first = await open(site);
  const firstServer = server!;
  const second = await open(site);
  const both = async () =>
    await Promise.all([first, second].map(async ({ get }) => await (await get('/leaderboards/livecell-wide')).text()));
  try {
    expect(await both()).toEqual(['before', 'before']);
    [version, text] = ['two', 'after'];
    await later(25);
    expect(await both()).toEqual(['after', 'after']);
  } finally {
    firstServer.closeAllConnections();
    firstServer.close();
  }
});

it('gives every answer the id of its request, and cached ones no other reader’s', async () => {
  const { get } = await open();
  const first = await get('/', { headers: { 'x-request-id': 'reader-1' } });
  const second = await get('/', { headers: { 'x-request-id': 'reader-2' } });
  const own = await get('/account');
  expect(first.headers.get('x-request-id')).toBe('reader-1');
  expect(second.headers.get('x-request-id')).toBe('reader-2');
  expect(await second.text()).toBe(await first.text());
  expect(own.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

it('does not send an old page about the site’s health', async () => {
  let readVersion: () => Promise<string> = async () => 'same';
  const { get, count } = await open({ readVersion: () => readVersion() });
  await get('/status');
  await get('/status');
  expect(count()).toBe(1);
  readVersion = () => Promise.reject(new Error('no database'));
  await later(25);
  await get('/status');
  expect(count()).toBe(2);
});
