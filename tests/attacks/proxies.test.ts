/** The attack: a request names another sender, host or protocol than its own, to pass as somebody else or as this site. */
import { createServer, type IncomingHttpHeaders, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isSameOrigin } from '#app/_server/viewer.ts';
import { readEnv } from '#lib/env.ts';
import { clientOf, senderOf } from '#lib/http/client-address.ts';
import { log } from '#lib/log.ts';
import { Front } from '#workers/site/front.ts';

afterEach(() => {
  delete process.env.AUTH_URL;
  vi.restoreAllMocks();
});

const PROXIES = ['10.0.0.0/8', '127.0.0.1', 'fd00::/8'];
const from = (peer: string, forwarded: string, trusted = PROXIES) =>
  clientOf({ peer, headers: { 'x-forwarded-for': forwarded } }, trusted).address;

describe('the client’s address', () => {
  test.each([
    ['203.0.113.9', '198.51.100.1', '203.0.113.9', 'a stranger’s word'],
    ['10.0.0.2', '198.51.100.1', '198.51.100.1', 'a trusted proxy’s word'],
    ['::ffff:10.0.0.2', '198.51.100.1', '198.51.100.1', 'the same proxy on a dual socket'],
    ['10.0.0.2', '1.1.1.1, 198.51.100.1', '198.51.100.1', 'what the client wrote before the proxy'],
    ['10.0.0.2', '1.1.1.1, 198.51.100.1, 10.0.0.3', '198.51.100.1', 'two trusted proxies'],
    ['10.0.0.2', '10.9.9.9, 10.0.0.3', '10.9.9.9', 'a client inside the trusted network'],
    ['10.0.0.2', '198.51.100.1:4711', '198.51.100.1', 'a port'],
    ['fd00::1', '[2001:db8::1]:4711', '2001:db8::1', 'IPv6 with brackets and a port'],
    ['10.0.0.2', '198.51.100.1, <script>', '10.0.0.2', 'nonsense'],
    ['10.0.0.2', '1', '10.0.0.2', 'a number, which is an address to some'],
    ['10.0.0.2', '', '10.0.0.2', 'nothing'],
  ])('%s with X-Forwarded-For “%s” is %s: %s', (peer, forwarded, expected) => {
    expect(from(peer, forwarded)).toBe(expected);
  });

  test('is the peer’s for everybody where no proxy is trusted', () => {
    expect(from('127.0.0.1', '198.51.100.1', [])).toBe('127.0.0.1');
  });

  test('counts per IPv4 address, and per network of an IPv6 customer', () => {
    expect(senderOf('198.51.100.1')).toBe('198.51.100.1');
    expect(senderOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(senderOf('2001:db8:1:2:ffff::1')).toBe('2001:db8:1:2::/64');
  });

  test('of a proxy that is none is refused at the start, with the reason', () => {
    for (const TRUSTED_PROXIES of ['nginx', '10.0.0.0/99', '10.0.0.1, all'])
      expect(() => readEnv({ TRUSTED_PROXIES })).toThrow(/TRUSTED_PROXIES.*must list addresses or networks/s);
    expect(readEnv({ TRUSTED_PROXIES: '127.0.0.1 10.0.0.0/8,fd00::/8' }).TRUSTED_PROXIES).toEqual([
      '127.0.0.1',
      '10.0.0.0/8',
      'fd00::/8',
    ]);
    expect(readEnv({}).TRUSTED_PROXIES).toEqual([]);
  });
});

describe('a page of this site', () => {
  test('is one at AUTH_URL, whatever host and protocol the request claims', () => {
    process.env.AUTH_URL = 'https://livecell.example.org';
    const evil = { host: 'evil.example', 'x-forwarded-host': 'evil.example' };
    expect(isSameOrigin(new Headers({ ...evil, origin: 'https://evil.example' }))).toBe(false);
    expect(isSameOrigin(new Headers({ ...evil, origin: 'https://livecell.example.org' }))).toBe(true);
    expect(isSameOrigin(new Headers({ ...evil, origin: 'http://livecell.example.org' }))).toBe(false);
  });

  test('is one at the loopback name where there is no AUTH_URL: rebinding a name to this machine is of no use', () => {
    expect(isSameOrigin(new Headers({ host: 'localhost:3000', origin: 'http://localhost:3000' }))).toBe(true);
    expect(isSameOrigin(new Headers({ host: 'evil.example', origin: 'http://evil.example' }))).toBe(false);
  });
});

/** Send headers through the front and return those that Next receives. */
async function through(headers: Record<string, string>, options: { origin?: string; trustedProxies?: string[] } = {}) {
  let seen: IncomingHttpHeaders = {};
  const front = new Front({
    handle: async (request, response) => {
      seen = { ...request.headers };
      response.end();
    },
    readVersion: async () => 'same',
    origin: options.origin ?? null,
    formTargets: [],
    trustedProxies: options.trustedProxies,
  });
  const server = createServer((request, response) => void front.answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await new Promise<void>((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    send({ port, host: '127.0.0.1', path: '/account', headers }, (answer) => answer.resume().on('end', resolve))
      .on('error', reject)
      .end();
  });
  server.close();
  return seen;
}

const FORGED = {
  host: 'evil.example',
  'x-forwarded-for': '198.51.100.1',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-real-ip': '198.51.100.1',
  'x-livecell-client': '198.51.100.1',
};

describe('what Next, Auth.js and the handlers learn of the sender', () => {
  test('is what the front found, not what a stranger wrote', async () => {
    const warn = vi.spyOn(log, 'warn').mockImplementation(() => {});
    const seen = await through(FORGED, { origin: 'https://livecell.example.org' });
    expect(seen).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'livecell.example.org',
      'x-forwarded-proto': 'https',
      'x-livecell-client': '127.0.0.1',
      'x-livecell-proxied': '1',
    });
    expect(seen['x-real-ip']).toBeUndefined();
    // the operator is told, once, what to set
    expect(warn).toHaveBeenCalledWith('proxy-not-trusted', expect.objectContaining({ setting: 'TRUSTED_PROXIES' }));
  });

  test('is the client’s address behind a trusted proxy', async () => {
    const seen = await through(FORGED, { origin: 'https://livecell.example.org', trustedProxies: ['127.0.0.1'] });
    expect(seen).toMatchObject({ 'x-livecell-client': '198.51.100.1', 'x-forwarded-host': 'livecell.example.org' });
  });

  test('is no proxy where there was none', async () => {
    const seen = await through({ host: 'localhost', 'x-livecell-proxied': '1' });
    expect(seen['x-livecell-proxied']).toBeUndefined();
    expect(seen['x-forwarded-host']).toBe('localhost');
  });
});
