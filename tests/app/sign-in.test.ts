import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { isLocalRequest, localSignInIsOn } from '#app/_server/local-sign-in.ts';
import { safeReturn } from '#app/_server/return-to.ts';
import { callerOf, isSameOrigin } from '#app/_server/viewer.ts';
import { POST } from '#app/sign-in/local/route.ts';
import { inviteHome, makeOperatorLink } from '#db/people/sign-in-links.ts';
import { getUserByEmail } from '#db/people/users.ts';
import { openSite, person } from './site.ts';

openSite();

beforeEach(() => {
  process.env.LIVECELL_LOCAL_SIGN_IN = '1';
  process.env.HOST = '127.0.0.1';
});
afterEach(() => {
  delete process.env.LIVECELL_LOCAL_SIGN_IN;
  delete process.env.HOST;
});

/** What a browser on this machine sends, and what Next adds to it. */
const LOCAL = {
  host: 'localhost:3000',
  origin: 'http://localhost:3000',
  'x-forwarded-host': 'localhost:3000',
  'x-forwarded-port': '3000',
  'x-forwarded-proto': 'http',
  'x-forwarded-for': '127.0.0.1',
};

/** With a key that the launcher would have printed, unless a test gives another. */
async function signIn(headers: Record<string, string> = {}, fields: Record<string, string> = {}): Promise<Response> {
  const key = fields.key ?? (await makeOperatorLink());
  const body = new URLSearchParams({ name: 'Ada', email: 'ada@example.org', role: 'maintainer', ...fields, key });
  return POST(
    new Request('http://localhost:3000/sign-in/local', { method: 'POST', headers: { ...LOCAL, ...headers }, body }),
  );
}

describe('the local sign-in', () => {
  it('makes a person and a session that is theirs', async () => {
    const response = await signIn({}, { returnTo: '/submit' });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/submit']);
    const cookie = response.headers.get('set-cookie')!;
    expect(cookie).toMatch(/^authjs\.session-token=[\w-]{40,}; Path=\/; HttpOnly; SameSite=Lax; Expires=/);
    const { viewer, by } = await callerOf(new Headers({ cookie: cookie.split(';')[0] }));
    expect(viewer).toMatchObject({ name: 'Ada', email: 'ada@example.org', role: 'maintainer' });
    expect(by).toBe('cookie');
  });

  it('does not exist without the launcher’s variable', async () => {
    delete process.env.LIVECELL_LOCAL_SIGN_IN;
    expect((await signIn({}, { email: 'mallory@example.org' })).status).toBe(404);
    expect(await getUserByEmail('mallory@example.org')).toBeNull();
  });

  it('does not exist with a database on another machine, whatever the variable says', async () => {
    const url = process.env.DATABASE_URL;
    process.env.DATABASE_URL = 'postgres://livecell:secret@db.example.org/livecell';
    expect(localSignInIsOn()).toBe(false);
    process.env.DATABASE_URL = url;
    expect(localSignInIsOn()).toBe(true);
  });

  test.each<[string, Record<string, string>]>([
    ['a reverse proxy', { 'x-forwarded-for': '203.0.113.9' }],
    ['a chain of proxies', { 'x-forwarded-for': '203.0.113.9, 127.0.0.1' }],
    ['a proxy that keeps the outer host', { 'x-forwarded-host': 'livecell.example.org' }],
    ['a proxy that ends TLS', { 'x-forwarded-proto': 'https' }],
    ['a proxy that speaks RFC 7239', { forwarded: 'for=203.0.113.9;host=example.org' }],
    ['a proxy that names itself', { via: '1.1 tunnel' }],
    ['nginx', { 'x-real-ip': '203.0.113.9' }],
    ['a tunnel', { 'cf-connecting-ip': '203.0.113.9' }],
    ['DNS rebinding', { host: 'rebound.example.org:3000', origin: 'http://rebound.example.org:3000' }],
    ['the network', { host: '192.168.1.5:3000', 'x-forwarded-host': '192.168.1.5:3000' }],
    ['a page of another site', { origin: 'https://evil.example.org' }],
    ['a page of another port', { origin: 'http://localhost:8080' }],
    ['a sandboxed frame', { origin: 'null' }],
  ])('is refused through %s', async (_what, headers) => {
    const response = await signIn(headers, { email: 'mallory@example.org' });
    expect(response.status).toBe(403);
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(await getUserByEmail('mallory@example.org')).toBeNull();
  });

  test.each(['localhost', 'localhost:3000', '127.0.0.1:80', '[::1]:3000'])('answers at %s', (host) => {
    expect(isLocalRequest(new Headers({ host }))).toBe(true);
  });

  test.each(['', 'localhost.example.org', 'example.org', '0.0.0.0:3000', '127.0.0.1.nip.io', '@localhost'])(
    'does not answer at “%s”',
    (host) => {
      expect(isLocalRequest(new Headers({ host }))).toBe(false);
    },
  );

  it('asks again for a name and an address, and the link stays good', async () => {
    const key = await makeOperatorLink();
    const again = `/sign-in?error=LocalFields&key=${key}`;
    expect((await signIn({}, { key, name: ' ' })).headers.get('location')).toBe(again);
    expect((await signIn({}, { key, email: 'not one' })).headers.get('location')).toBe(again);
    expect((await signIn({}, { key })).headers.get('location')).toBe('/submissions');
  });

  it('makes a new person of who follows an invitation, in the role that the invitation says', async () => {
    const { id } = await person('host', 'maintainer');
    const key = await inviteHome({ email: null, role: 'researcher' }, id);
    const response = await signIn({}, { key, name: 'Guest', email: 'guest@example.org', role: 'maintainer' });
    expect(response.status).toBe(303);
    expect(await getUserByEmail('guest@example.org')).toMatchObject({ name: 'Guest', role: 'researcher' });
  });

  it('signs somebody in again with a link made for their address, whatever they write', async () => {
    const host = await person('host', 'maintainer');
    const guest = await person('lost');
    const key = await inviteHome({ email: 'lost@example.org', role: 'researcher' }, host.id);
    const response = await signIn({}, { key, email: 'host@example.org' });
    const cookie = response.headers.get('set-cookie')!.split(';')[0];
    expect((await callerOf(new Headers({ cookie }))).viewer?.id).toBe(guest.id);
  });
});

describe('who is asking', () => {
  it('is nobody without a session or a token', async () => {
    expect(await callerOf(new Headers())).toEqual({ viewer: null, by: null });
    expect(await callerOf(new Headers({ cookie: 'authjs.session-token=made-up; theme=dark' }))).toMatchObject({
      viewer: null,
    });
  });

  it('is the owner of the token, and says so rather than falling back when it is wrong', async () => {
    const { id, bearer } = await person('grace');
    expect(await callerOf(new Headers(bearer))).toMatchObject({ viewer: { id }, by: 'token' });
    const cookie = (await signIn()).headers.get('set-cookie')!.split(';')[0];
    for (const authorization of ['Bearer lcb_nope', 'Bearer', 'Basic Z3JhY2U6cHc='])
      await expect(callerOf(new Headers({ authorization, cookie }))).rejects.toMatchObject({ status: 401 });
  });
});

test.each([
  [{ host: 'localhost:3000', origin: 'http://localhost:3000' }, true],
  [{ host: 'a.org', origin: 'https://a.org' }, false],
  [{ host: 'inner:3000', 'x-forwarded-host': 'a.org', origin: 'https://a.org' }, false],
  [{ host: 'a.org', 'sec-fetch-site': 'same-origin' }, true],
  [{ host: 'a.org', origin: 'https://b.org' }, false],
  [{ host: 'a.org', origin: 'null' }, false],
  [{ host: 'a.org', 'sec-fetch-site': 'cross-site' }, false],
  [{ host: 'a.org', 'sec-fetch-site': 'none' }, false],
  [{ host: 'a.org' }, false],
])('%j comes from a page of this site: %s', (headers, expected) => {
  expect(isSameOrigin(new Headers(headers as Record<string, string>))).toBe(expected);
});

test.each([
  ['/submit?from=1#top', '/submit?from=1#top'],
  ['//evil.org/x', '/submissions'],
  ['/\\evil.org', '/submissions'],
  ['https://evil.org', '/submissions'],
  ['javascript:alert(1)', '/submissions'],
  ['', '/submissions'],
  [undefined, '/submissions'],
])('signing in with %s leads to %s', (path, expected) => {
  expect(safeReturn(path)).toBe(expected);
});
