/** The attack: links that lead from this site to another one, cookies of a sibling site, cookies that break the parser. */
import { afterEach, describe, expect, test } from 'vitest';
import { safeReturn } from '#app/_server/return-to.ts';
import { siteOf } from '#app/_server/site.ts';
import { callerOf } from '#app/_server/viewer.ts';
import { createSession } from '#db/people/sessions.ts';
import { openSite, person } from '#tests/app/site.ts';
import { isAddress } from '#workers/site/front.ts';

openSite();

afterEach(() => {
  delete process.env.AUTH_URL;
});

describe('after signing in', () => {
  test.each([
    '/.//evil.example/phish',
    '/..//evil.example',
    '/a/..//evil.example',
    '/%2e//evil.example',
    '/./\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
  ])('nobody is led to another site by %j', (path) => {
    const to = safeReturn(path);
    expect(to).toMatch(/^\/(?![/\\])/);
    expect(new URL(to, 'https://site.example').host).toBe('site.example');
  });

  test.each(['/submit?from=1#top', '/entries/a%2Fb', '/queue?next=//evil.example'])('%s is kept', (path) => {
    expect(safeReturn(path)).toBe(path);
  });
});

describe('a session cookie', () => {
  test('without the prefix is not believed where the site is on https: a sibling domain could have set it', async () => {
    const { id } = await person('ada');
    const { sessionToken } = await createSession(id);
    const as = async (cookie: string) => (await callerOf(new Headers({ cookie }))).viewer?.id ?? null;
    process.env.AUTH_URL = 'https://livecell.example.org';
    expect(await as(`authjs.session-token=${sessionToken}`)).toBeNull();
    expect(await as(`__Secure-authjs.session-token=${sessionToken}`)).toBe(id);
    delete process.env.AUTH_URL;
    expect(await as(`authjs.session-token=${sessionToken}`)).toBe(id);
  });

  test.each(['%', '%E0%A4%A', 'a%', '\u0000', '%00', '"%'])('that is %j is nobody’s, and no fault', async (value) => {
    const headers = new Headers();
    // Headers refuses what no server passes on
    try {
      headers.set('cookie', `authjs.session-token=${value}`);
    } catch {
      return;
    }
    expect(await callerOf(headers)).toEqual({ viewer: null, by: null });
  });
});

describe('addresses in answers', () => {
  test('come from AUTH_URL, or from this machine’s own name, never from what a request says', () => {
    const poisoned = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    expect(siteOf({ headers: new Headers(poisoned) })).toBe('http://localhost:3000');
    expect(siteOf({ headers: new Headers({ ...poisoned, host: 'localhost:4000' }) })).toBe('http://localhost:4000');
    process.env.AUTH_URL = 'https://livecell.example.org/';
    expect(siteOf({ headers: new Headers(poisoned) })).toBe('https://livecell.example.org');
  });

  test('a NUL in them, or encoding that is cut off, is a bad request before anything looks it up', () => {
    for (const bad of [
      '/entries/%00',
      '/entries/a%00b?x',
      '/submit?method=%00',
      '/%',
      '/entries/%E0%A4%A',
      '/?q=%ff',
      'http://evil.example/',
      'evil',
      '*',
    ])
      expect([bad, isAddress(bad)]).toEqual([bad, false]);
    for (const good of ['/', '/datasets/LIVECell%20test', '/queue?q=a+b%2Bc', '/entries/x%C3%A9'])
      expect([good, isAddress(good)]).toEqual([good, true]);
  });

  test('no picture is handed out by Next’s optimizer, which asks nobody for its rights', async () => {
    const { default: config } = await import('../../next.config.mjs');
    expect(config.images).toMatchObject({ unoptimized: true });
  });
});
