/**
 * A real OpenID Connect server on this machine that stands in for ORCID and Google, and a browser to sign in with. As
 * ORCID it gives an iD and names, no e-mail address, and takes the client's secret in the body only.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Auth } from '@auth/core';
// @ts-expect-error it has no types of its own
import Provider from 'oidc-provider';
import { afterAll, beforeAll, expect } from 'vitest';
import { authConfig } from '#app/_server/auth-config.ts';

export const SITE = 'http://localhost:3000';

/** What Google's stand-in says of somebody; the key is what they type there. */
export type Claims = Record<string, { name: string; email: string; email_verified: boolean }>;

let server: Server;
let issuer: string;

/** Starts the server for a test file and sets the keys of the services that are named. */
export function openIdentityProvider(services: readonly ('ORCID' | 'GOOGLE')[], people: Claims = {}): void {
  beforeAll(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const secret = 'a-secret-of-some-length';
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'APP-1',
          client_secret: secret,
          token_endpoint_auth_method: 'client_secret_post',
          redirect_uris: [`${SITE}/api/auth/callback/orcid`],
        },
        { client_id: 'G-1', client_secret: secret, redirect_uris: [`${SITE}/api/auth/callback/google`] },
      ],
      clientAuthMethods: ['client_secret_post', 'client_secret_basic'],
      conformIdTokenClaims: false,
      claims: {
        openid: ['sub', 'given_name', 'family_name'],
        email: ['email', 'email_verified'],
        profile: ['name'],
      },
      findAccount: (_context: unknown, sub: string) => ({
        accountId: sub,
        claims: async () => ({ sub, ...(people[sub] ?? { given_name: 'Josiah', family_name: 'Carberry' }) }),
      }),
      cookies: { keys: ['test'] },
    });
    server.on('request', provider.callback());
    for (const service of services) {
      process.env[`AUTH_${service}_ID`] = service === 'ORCID' ? 'APP-1' : 'G-1';
      process.env[`AUTH_${service}_SECRET`] = secret;
    }
    process.env.AUTH_ORCID_ISSUER = issuer;
    process.env.AUTH_SECRET = 'secret-of-the-site-in-a-test-only';
  });

  afterAll(() => {
    for (const service of services) for (const name of ['ID', 'SECRET']) delete process.env[`AUTH_${service}_${name}`];
    delete process.env.AUTH_ORCID_ISSUER;
    server.closeAllConnections();
    server.close();
  });
}

/** As the site is set up, with Google where its stand-in is. */
function config() {
  const values = authConfig();
  for (const provider of values.providers as { id: string; options?: { issuer?: string } }[])
    if (provider.id === 'google') provider.options!.issuer = issuer;
  return values;
}

/** A browser: it keeps cookies per host and returns redirects instead of following them. */
export class Browser {
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
    const answer = toSite ? Auth(new Request(url, init), { basePath: '/api/auth', ...config() }) : fetch(url, init);
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

/** Signs in as somebody, or, in a browser that is signed in already, links this service. Returns the last answer. */
export async function signIn(
  browser: Browser,
  login: string,
  service: 'orcid' | 'google' = 'orcid',
): Promise<Response> {
  // a person at the service; another may have been there before
  browser.cookies.delete(new URL(issuer).host);
  const { response } = await browser.request(`${SITE}/api/auth/csrf`);
  const { csrfToken } = (await response.json()) as { csrfToken: string };
  const begin = `${SITE}/api/auth/signin/${service}`;
  let { next } = await browser.request(begin, { csrfToken, callbackUrl: `${SITE}/submit` });
  expect(next.startsWith(`${issuer}/auth?`)).toBe(true);
  for (let hop = 0; hop < 12; hop++) {
    const at = new URL(next);
    const form = at.pathname.startsWith('/interaction/') ? await interaction(browser, next, login) : undefined;
    const arrived = await browser.request(next, form);
    if (at.origin === SITE) return arrived.response;
    next = arrived.next;
  }
  throw new Error('never came back');
}

/** What the person does there: says who they are, then consents. */
async function interaction(browser: Browser, url: string, login: string): Promise<Record<string, string>> {
  const { response } = await browser.request(url);
  const prompt = /name="prompt" value="(\w+)"/.exec(await response.text())![1];
  return prompt === 'login' ? { prompt, login, password: 'any' } : { prompt };
}
