/** A site as the command line sees it: its address, the token, and what it answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from '#lib/problems.ts';
import { runningSite } from '#workers/run-file.ts';
import { CallError, InputError, type Option, problemLine, UnavailableError, type Values } from './command.ts';
import { readSettings } from './settings.ts';

/** Options of every command that talks to a site. */
export const SERVER_OPTION: Option = {
  type: 'string',
  value: 'URL',
  help: 'or LIVECELL_SERVER; default: the site you signed in to, or the one running on this machine',
};
export const TOKEN_OPTION: Option = {
  type: 'string',
  value: 'TOKEN',
  help: 'or LIVECELL_TOKEN; default: that of livecell login',
};

/** Return the address of the site, without a slash at its end. @throws CallError if no site is named and none runs */
export async function findServer(values: Values): Promise<string> {
  const given =
    values.server ?? process.env.LIVECELL_SERVER ?? (await runningSite())?.siteUrl ?? (await readSettings()).server;
  if (!given)
    throw new CallError(
      'No site is running on this machine: give --server or LIVECELL_SERVER, sign in with "livecell login --server URL", or start one with "npm start".',
    );
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
    throw new CallError(`--server must be an address such as https://example.org, not “${given}”.`);
  return given.replace(/\/+$/, '');
}

/** Return the token for a site; null if there is none. */
export async function knownToken(values: Values, server: string): Promise<string | null> {
  return values.token ?? process.env.LIVECELL_TOKEN ?? (await readSettings()).tokens[server]?.token ?? null;
}

/** Return the site with a token. @throws CallError if there is no token for it */
export async function openSite(values: Values): Promise<Site> {
  const url = await findServer(values);
  const token = await knownToken(values, url);
  if (!token) {
    // a wrong address needs another remedy than a missing token
    await new Site(url, null).ask('GET', '/api/health');
    throw new CallError(
      `A token is needed: livecell login --server ${url} gets one. --token and LIVECELL_TOKEN take one from your account page.`,
    );
  }
  return new Site(url, token);
}

/** Return the site, with a token only if one is known: for what everybody may read. */
export async function openPublicSite(values: Values): Promise<Site> {
  const url = await findServer(values);
  return new Site(url, await knownToken(values, url));
}

export class Site {
  readonly url: string;
  readonly token: string | null;

  constructor(url: string, token: string | null) {
    this.url = url;
    this.token = token;
  }

  /** @typeParam T what the site answers, as `lib/http/api.ts` has it: not parsed, so that a newer site may add to it */
  async call<T>(method: 'GET' | 'POST', path: string, body?: unknown, idempotencyKey?: string): Promise<T> {
    const response = await this.ask(method, path, body, idempotencyKey);
    const text = await response.text();
    if (!response.ok) throw refusal(response.status, text, this.url);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new UnavailableError(`${this.url} answers, but not as a LIVECell benchmark does. Is the address right?`);
    }
  }

  /**
   * Return the response, whatever its status. What is safe to repeat is repeated, since a site that restarts is back
   * within seconds: GET requests, and calls with a key by which the site recognises a repetition.
   *
   * @throws UnavailableError if nothing answers
   */
  async ask(method: 'GET' | 'POST', path: string, body?: unknown, idempotencyKey?: string): Promise<Response> {
    const repeatable = method === 'GET' || idempotencyKey !== undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(this.url + path, {
          method,
          headers: {
            ...(this.token && { authorization: `Bearer ${this.token}` }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
          },
          body: body === undefined ? undefined : JSON.stringify(body),
        });
        const again = response.status >= (idempotencyKey === undefined ? 502 : 500) && response.status !== 507;
        if (!repeatable || !again || attempt === 5) return response;
      } catch (error) {
        // a refused connection at the first attempt is no restart: there is no such site
        if (!repeatable || attempt === 5) throw notThere(this.url);
        if (attempt === 1 && idempotencyKey === undefined && isRefused(error)) throw notThere(this.url);
      }
      await sleep(attempt * 1000);
    }
  }
}

/** Return the error for a site that does not answer. */
export function notThere(url: string): UnavailableError {
  return new UnavailableError(`Nothing answers at ${url}. Check the address and the network, or try again later.`);
}

function isRefused(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: string; errors?: { code?: string }[] } };
  const codes = [cause?.code, ...(cause?.errors ?? []).map(({ code }) => code)];
  return codes.some((code) => code === 'ECONNREFUSED' || code === 'ENOTFOUND');
}

/** Turn an error response, application/problem+json, into an error. */
export function refusal(status: number, text: string, url: string): Error {
  let body: { title?: string; detail?: string; problems?: Problem[]; fields?: Record<string, string> } = {};
  try {
    body = JSON.parse(text) ?? {};
  } catch {
    // a proxy's own page
  }
  if (status >= 500) return new UnavailableError(body.detail ?? `${url} answers ${status}.`);
  const lines = [
    ...(body.problems ?? []).map(problemLine),
    ...Object.entries(body.fields ?? {}).map(([field, reason]) => (field ? `${field}: ${reason}` : reason)),
  ];
  const error = new InputError(...(lines.length > 0 ? lines : [body.detail ?? `${url} answers ${status}.`]));
  error.details = { ...body, status };
  return error;
}
