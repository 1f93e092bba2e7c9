/**
 * A whole sign-in, against a real OpenID Connect server that behaves as ORCID's does: it gives an iD and names, no
 * e-mail address, and takes the client's secret in the body only.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Auth } from '@auth/core';
// @ts-expect-error it has no types of its own
import Provider from 'oidc-provider';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { authConfig, configuredProviders } from '#app/_server/auth-config.ts';
import { callerOf } from '#app/_server/viewer.ts';
import { listUsers } from '#db/users.ts';
import { openSite } from './site.ts';

openSite();

const SITE = 'http://localhost:3000';
const ORCID = '0000-0002-1825-0097';
let server: Server;
let issuer: string;

beforeAll(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'APP-1',
        client_secret: 'a-secret-of-some-length',
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [`${SITE}/api/auth/callback/orcid`],
      },
    ],
    clientAuthMethods: ['client_secret_post'],
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'given_name', 'family_name'] },
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: async () => ({ sub, given_name: 'Josiah', family_name: 'Carberry' }),
    }),
    cookies: { keys: ['test'] },
  });
  server.on('request', provider.callback());
  process.env.AUTH_ORCID_ID = 'APP-1';
  process.env.AUTH_ORCID_SECRET = 'a-secret-of-some-length';
  process.env.AUTH_ORCID_ISSUER = issuer;
  process.env.AUTH_SECRET = 'secret-of-the-site-in-a-test-only';
});

afterAll(() => {
  for (const name of ['ID', 'SECRET', 'ISSUER']) delete process.env[`AUTH_ORCID_${name}`];
  server.closeAllConnections();
  server.close();
});

/** A browser: it keeps cookies per host and is told where to go. */
class Browser {
  readonly cookies = new Map<string, Map<string, string>>();

  jar(url: string): Map<string, string> {
    const { host } = new URL(url);
    const jar = this.cookies.get(host) ?? new Map<string, string>();
    this.cookies.set(host, jar);
    return jar;
  }

  cookie(url: string): string {
    return [...this.jar(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async request(url: string, form?: Record<string, string>): Promise<{ response: Response; next: string }> {
    const init: RequestInit = {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: this.cookie(url), host: new URL(url).host },
      body: form && new URLSearchParams(form),
    };
    const toSite = url.startsWith(SITE);
    const answer = toSite ? Auth(new Request(url, init), { basePath: '/api/auth', ...authConfig() }) : fetch(url, init);
    const response = (await answer) as Response;
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split('; ');
      const [name, value] = pair.split(/=(.*)/s);
      const over = attributes.some((attribute) => /^expires=.*1970|^max-age=0/i.test(attribute));
      if (over || !value) this.jar(url).delete(name);
      else this.jar(url).set(name, value);
    }
    const location = response.headers.get('location');
    return { response, next: location ? new URL(location, url).href : '' };
  }
}

async function signIn(browser: Browser): Promise<Response> {
  const { response } = await browser.request(`${SITE}/api/auth/csrf`);
  const { csrfToken } = (await response.json()) as { csrfToken: string };
  let { next } = await browser.request(`${SITE}/api/auth/signin/orcid`, { csrfToken, callbackUrl: `${SITE}/submit` });
  expect(next.startsWith(`${issuer}/auth?`)).toBe(true);
  for (let hop = 0; hop < 12; hop++) {
    const at = new URL(next);
    const form = at.pathname.startsWith('/interaction/') ? await interaction(browser, next) : undefined;
    const arrived = await browser.request(next, form);
    if (at.origin === SITE) return arrived.response;
    next = arrived.next;
  }
  throw new Error('never came back');
}

/** What the person does there: gives the iD, then consents. */
async function interaction(browser: Browser, url: string): Promise<Record<string, string>> {
  const { response } = await browser.request(url);
  const prompt = /name="prompt" value="(\w+)"/.exec(await response.text())![1];
  return prompt === 'login' ? { prompt, login: ORCID, password: 'any' } : { prompt };
}

it('offers ORCID, and only what is configured', () => {
  expect(configuredProviders()).toEqual(['orcid']);
});

it('signs in with an ORCID iD and no e-mail address, and knows the person again', async () => {
  const browser = new Browser();
  const response = await signIn(browser);
  expect([response.status, response.headers.get('location')]).toEqual([302, `${SITE}/submit`]);

  const { viewer } = await callerOf(new Headers({ cookie: browser.cookie(SITE) }));
  expect(viewer).toMatchObject({ name: 'Josiah Carberry', email: null, role: 'researcher' });

  const again = new Browser();
  await signIn(again);
  expect((await callerOf(new Headers({ cookie: again.cookie(SITE) }))).viewer?.id).toBe(viewer?.id);
  expect(await listUsers()).toHaveLength(1);
}, 60_000);

it('tells scripts who is signed in, never the session’s token', async () => {
  const browser = new Browser();
  await signIn(browser);
  const token = browser.jar(SITE).get('authjs.session-token')!;
  const { response } = await browser.request(`${SITE}/api/auth/session`);
  const text = await response.text();
  expect(text).not.toContain(token);
  expect(Object.keys(JSON.parse(text))).toEqual(['expires', 'user']);
  expect(Object.keys(JSON.parse(text).user).sort()).toEqual(['id', 'image', 'name']);
}, 60_000);

it('ends a session for good', async () => {
  const browser = new Browser();
  await signIn(browser);
  const cookie = browser.cookie(SITE);
  const { response } = await browser.request(`${SITE}/api/auth/csrf`);
  const { csrfToken } = (await response.json()) as { csrfToken: string };
  await browser.request(`${SITE}/api/auth/signout`, { csrfToken });
  expect((await callerOf(new Headers({ cookie }))).viewer).toBeNull();
}, 60_000);
