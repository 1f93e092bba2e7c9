/** The attack: thousands of requests, so that the database does nothing else and the others wait. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'drizzle-orm';
import { NextRequest } from 'next/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { handleUpload } from '#app/_server/uploads.ts';
import { GET as accountData } from '#app/account/data/route.ts';
import { POST as auth } from '#app/api/auth/[...nextauth]/route.ts';
import { POST as submit } from '#app/api/v1/submissions/route.ts';
import { GET as tasks } from '#app/api/v1/tasks/route.ts';
import { closeDb, db } from '#db/engine/client.ts';
import { countRequest, pruneRateLimits } from '#db/limits.ts';
import { rateLimits } from '#db/schema.ts';
import { explainLimit, type LimitName, limitFactor, RATE_LIMITS, requestsOf } from '#lib/http/limits.ts';
import { openSite, person } from '#tests/app/site.ts';
import { ENGINES } from '#tests/db/databases.ts';
import { Front } from '#workers/site/front.ts';

// what Auth.js does is not counted here, only that it is asked
vi.mock('#app/_server/auth.ts', () => ({
  handlers: { GET: async () => new Response(), POST: async () => new Response() },
}));

const STRANGER = { 'x-livecell-client': '198.51.100.7' };
const context = { params: Promise.resolve({}) };

/** Make limits so small that a test can meet them: 1 % of the documented numbers. */
const FACTOR = 0.01;
const LIMIT_OF = (name: LimitName) => requestsOf(name, FACTOR);

beforeEach(() => {
  process.env.LIVECELL_LIMIT_FACTOR = String(FACTOR);
});
afterEach(async () => {
  delete process.env.LIVECELL_LIMIT_FACTOR;
  delete (globalThis as { livecellLimiters?: unknown }).livecellLimiters;
  vi.restoreAllMocks();
});

describe.each(ENGINES)('$name', (engine) => {
  openSite({ engine });
  afterEach(() => db().delete(rateLimits));

  test('counts a sender’s requests exactly, also when all come at once', async () => {
    const limit = LIMIT_OF('api-reads');
    const counted = await Promise.all(Array.from({ length: 3 * limit }, () => countRequest('api-reads', 'mallory')));
    expect(counted.filter((one) => one?.allowed)).toHaveLength(limit);
    expect((await countRequest('api-reads', 'ada'))?.allowed).toBe(true);
    const rows = await db().select().from(rateLimits);
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain('mallory');
  });

  test('shares the count between processes, and begins anew when the window is over', async () => {
    const limit = LIMIT_OF('api-writes');
    for (let i = 0; i < limit; i++) await countRequest('api-writes', 'mallory');
    delete (globalThis as { livecellLimiters?: unknown }).livecellLimiters; // as in another process
    expect((await countRequest('api-writes', 'mallory'))?.allowed).toBe(false);
    await db().execute(sql`update rate_limits set expire = now() - interval '1 second'`);
    delete (globalThis as { livecellLimiters?: unknown }).livecellLimiters;
    expect((await countRequest('api-writes', 'mallory'))?.allowed).toBe(true);
  });

  test('forgets senders whose window is over', async () => {
    await countRequest('uploads', 'mallory');
    await countRequest('uploads', 'ada');
    await db().execute(sql`update rate_limits set expire = now() - interval '1 second' where points = 1`);
    await countRequest('streams', 'ada');
    await pruneRateLimits();
    expect((await db().select().from(rateLimits)).map(({ key }) => key.split(':')[0])).toEqual(['streams']);
  });
});

describe('routes', () => {
  openSite();

  /** Send the same request until it is refused, and return the answer. */
  async function hammer(name: LimitName, send: () => Promise<Response>): Promise<Response> {
    for (let i = 0; i < LIMIT_OF(name); i++) expect([name, i, (await send()).status]).not.toEqual([name, i, 429]);
    const refused = await send();
    expect([name, refused.status]).toEqual([name, 429]);
    return refused;
  }

  test('read by an address are refused with words and numbers that programs understand', async () => {
    const ask = () => tasks(new Request('http://site/api/v1/tasks', { headers: STRANGER }), context);
    const first = await ask();
    expect(first.headers.get('ratelimit-policy')).toBe(`"api-reads";q=${LIMIT_OF('api-reads')};w=60`);
    expect(first.headers.get('ratelimit')).toMatch(new RegExp(`^"api-reads";r=${LIMIT_OF('api-reads') - 1};t=60$`));
    for (let i = 1; i < LIMIT_OF('api-reads'); i++) await ask();
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(await refused.json()).toMatchObject({ code: 'too-many', detail: expect.stringContaining('Try again in') });
    // everybody else goes on
    const other = { 'x-livecell-client': '198.51.100.8' };
    expect((await tasks(new Request('http://site/api/v1/tasks', { headers: other }), context)).status).toBe(200);
  });

  test('are limited for the addresses of one IPv6 customer together', async () => {
    let n = 0;
    await hammer('api-reads', () => {
      const headers = { 'x-livecell-client': `2001:db8:1:2::${(++n).toString(16)}` };
      return tasks(new Request('http://site/api/v1/tasks', { headers }), context);
    });
  });

  test('that sign in, submit, upload and export are limited, each by its own number', async () => {
    const { bearer } = await person('mallory');
    const headers = { ...bearer, ...STRANGER };
    await hammer('sign-in', () =>
      auth(new NextRequest('http://site/api/auth/signin/github', { method: 'POST', headers: STRANGER, body: '' })),
    );
    await hammer('submissions', () =>
      submit(new Request('http://site/api/v1/submissions', { method: 'POST', headers, body: '{}' }), context),
    );
    await hammer('exports', () => accountData(new Request('http://site/account/data', { headers }), context));
    const upload = { ...headers, 'tus-resumable': '1.0.0', 'upload-length': '10' };
    await hammer('uploads', () =>
      handleUpload(new Request('http://site/api/uploads', { method: 'POST', headers: upload })),
    );
  });

  test('that are given wrong tokens say so a few times, then no more', async () => {
    const headers = { ...STRANGER, authorization: 'Bearer lcb_guess' };
    const answers = [];
    for (let i = 0; i <= LIMIT_OF('wrong-tokens'); i++)
      answers.push((await tasks(new Request('http://site/api/v1/tasks', { headers }), context)).status);
    expect(answers.at(0)).toBe(401);
    expect(answers.at(-1)).toBe(429);
  });

  test('show people a page', async () => {
    const sign = () =>
      auth(
        new NextRequest('http://site/api/auth/signin/github', {
          method: 'POST',
          headers: { 'x-livecell-client': '198.51.100.9', accept: 'text/html' },
          body: '',
        }),
      );
    const refused = await hammer('sign-in', sign);
    expect(refused.headers.get('content-type')).toContain('text/html');
    expect(await refused.text()).toContain('attempts to sign in');
  });

  test('count in memory while the database does not answer, and turn nobody away at once', async () => {
    const url = process.env.DATABASE_URL;
    await closeDb();
    process.env.DATABASE_URL = 'postgres://nobody@127.0.0.1:1/none';
    try {
      const limit = LIMIT_OF('api-reads');
      const counted = [];
      for (let i = 0; i <= limit; i++) counted.push((await countRequest('api-reads', 'ada'))?.allowed);
      expect(counted).toEqual([...new Array(limit).fill(true), false]);
    } finally {
      await closeDb();
      process.env.DATABASE_URL = url;
    }
  });
});

describe('pages from memory', () => {
  let server: Server;
  afterEach(() => server.close());

  test('are limited without asking the database', async () => {
    const readVersion = vi.fn(async () => 'same');
    const front = new Front({
      handle: async (_request, response) => void response.end('page'),
      readVersion,
      origin: null,
      formTargets: [],
      limitFactor: FACTOR,
    });
    server = createServer((request, response) => void front.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (let i = 0; i < LIMIT_OF('visits'); i++) expect((await fetch(base)).status).toBe(200);
    readVersion.mockClear();
    const page = await fetch(base, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([429, 'text/html; charset=utf-8']);
    expect(await page.text()).toContain('Too many requests');
    const api = await fetch(`${base}/api/v1/tasks`, { headers: { accept: 'text/html' } });
    expect(await api.json()).toMatchObject({ status: 429, code: 'too-many' });
    expect(Number(api.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(readVersion).not.toHaveBeenCalled();
    // pages load many files of the build: they are not counted
    expect((await fetch(`${base}/_next/static/a.js`)).status).toBe(200);
  });
});

test('a local installation meets no limit, and an operator can switch them off', () => {
  expect(limitFactor(undefined, true)).toBe(1);
  expect(limitFactor(undefined, false)).toBeGreaterThanOrEqual(1000);
  expect(limitFactor(0, true)).toBeNull();
});

test.each(Object.keys(RATE_LIMITS) as LimitName[])('%s is explained in words', (name) => {
  const { requests, seconds } = RATE_LIMITS[name];
  const said = explainLimit({ name, requests, remaining: 0, seconds, allowed: false });
  expect(said).toMatch(/^Too many requests: .+ may be [\d,]+ in .+\. Try again in .+\. [A-Z].+\.$/);
});
