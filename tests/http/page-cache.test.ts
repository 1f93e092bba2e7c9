import { describe, expect, it, test } from 'vitest';
import {
  type CachedAnswer,
  chooseEncoding,
  hasEtag,
  headersForRendering,
  keyOf,
  PageCache,
} from '#lib/http/page-cache.ts';

const get = (url: string, headers: Record<string, string> = {}) => ({ method: 'GET', url, headers });
const SITE = 'https://livecell.example.org';

describe('the key of an answer', () => {
  test.each([
    '/',
    '/leaderboards/livecell-wide?sort=AP',
    '/datasets/LIVECell%20test',
    '/entries/1/badge.svg',
    '/feed.xml',
    '/api/v1/leaderboards/zero-shot?format=csv',
  ])('a stranger’s GET of %s has one', (url) => {
    expect(keyOf(get(url), SITE)).toContain(url);
  });

  test.each([
    ['with a session', get('/', { cookie: 'theme=dark; authjs.session-token=abc' })],
    ['with a session of a site on https', get('/', { cookie: '__Secure-authjs.session-token=abc' })],
    ['with a session bound to the host', get('/', { cookie: 'a=b; __Host-authjs.session-token=abc' })],
    ['with a token', get('/api/v1/tasks', { authorization: 'Bearer abc' })],
    ['that changes something', { method: 'POST', url: '/', headers: {} }],
    ['of a server action', get('/', { 'next-action': 'abc' })],
    ['of a page for one person', get('/account')],
    ['of a submission', get('/submissions/1')],
    ['of a page that moves by itself', get('/queue')],
    ['of a review link', get('/review/secret')],
    ['of an address that only begins alike', get('/leaderboardsx')],
    ['of an endless address', get(`/leaderboards/livecell-wide?${'x'.repeat(5000)}`)],
  ])('a request %s has none', (_, request) => {
    expect(keyOf(request, SITE)).toBeNull();
  });

  it('tells sites, addresses, colour schemes and kinds of navigation apart, and nothing else', () => {
    const keys = [
      keyOf(get('/'), SITE),
      keyOf(get('/'), 'http://localhost:3000'),
      keyOf(get('/?a=1'), SITE),
      keyOf(get('/', { cookie: 'theme=dark' }), SITE),
      keyOf(get('/', { cookie: 'theme=light' }), SITE),
      keyOf(get('/', { rsc: '1' }), SITE),
      keyOf(get('/', { rsc: '1', 'next-router-prefetch': '1' }), SITE),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    const ignored: Record<string, string>[] = [
      { cookie: 'theme=purple' },
      { 'user-agent': 'x' },
      { 'x-forwarded-host': 'evil.example' },
    ];
    for (const headers of ignored) expect(keyOf(get('/', headers), SITE)).toBe(keys[0]);
  });

  it('is made of all that rendering sees', () => {
    const request = get('/', { cookie: 'theme=dark; other=1', 'x-forwarded-host': 'evil.example', 'user-agent': 'x' });
    expect(headersForRendering(request)).toEqual({ accept: '*/*', cookie: 'theme=dark' });
  });
});

describe('encodings', () => {
  test.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip;q=0.5', 'gzip'],
    ['br;q=0.0,gzip;q=0', 'identity'],
    ['deflate', 'identity'],
  ])('of %j', (accepted, chosen) => {
    expect(chooseEncoding(accepted)).toBe(chosen);
  });

  test.each([
    [undefined, false],
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['"b"', false],
    ['*', true],
  ])('a reader that has %j of "a"', (header, has) => {
    expect(hasEtag(header, '"a"')).toBe(has);
  });
});

describe('the cache', () => {
  const answer = (bytes: number): CachedAnswer => ({
    status: 200,
    headers: [],
    etag: '"x"',
    bodies: { br: new Uint8Array(0), gzip: new Uint8Array(0), identity: new Uint8Array(bytes) },
    version: '1',
    renderedAt: 0,
  });

  it('drops what was not asked for the longest time', () => {
    const cache = new PageCache(800);
    for (let i = 0; i < 8; i++) cache.set(`${i}`, answer(100));
    expect(cache.get('0')).toBeDefined();
    cache.set('8', answer(100));
    expect(cache.get('1')).toBeUndefined();
    expect(cache.get('0')).toBeDefined();
    expect([cache.size, cache.bytes]).toEqual([8, 800]);
  });

  it('counts an answer once that is replaced, and keeps none that would push out most others', () => {
    const cache = new PageCache(800);
    cache.set('a', answer(60));
    cache.set('a', answer(80));
    expect(cache.bytes).toBe(80);
    cache.set('b', answer(101));
    expect([cache.get('b'), cache.bytes]).toEqual([undefined, 80]);
  });
});
