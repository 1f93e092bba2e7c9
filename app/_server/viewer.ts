/**
 * Identify the caller: by the session cookie of a browser, or by `Authorization: Bearer <token>`. The function takes
 * plain headers and returns a plain value, so routes, actions, pages and tests can all use it.
 */

import { userBySession } from '#db/people/sessions.ts';
import { listMemberships } from '#db/people/teams.ts';
import { userByToken } from '#db/people/tokens.ts';
import type { User } from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import type { Viewer } from '#lib/permissions.ts';
import type { TokenScope } from '#lib/vocabulary.ts';
import { siteOf } from './site.ts';

interface Caller {
  viewer: Viewer;
  /** how the caller was identified; browsers send cookies by themselves, so a cookie also needs the right origin */
  by: 'cookie' | 'token' | null;
  /** scopes of the token; absent without one */
  scopes?: readonly TokenScope[];
  /** the session of a browser, and when its owner signed in */
  session?: { id: string; signedInAt: Date };
}

/** Auth.js adds the prefix if the site is served over HTTPS. */
export const SESSION_COOKIES = ['__Secure-authjs.session-token', 'authjs.session-token'] as const;

/**
 * Names of accepted cookies. On https only the one with the prefix counts, since no sibling domain and no http page can
 * set it.
 */
function sessionCookies(): readonly string[] {
  return env().AUTH_URL?.startsWith('https:') ? SESSION_COOKIES.slice(0, 1) : SESSION_COOKIES;
}

export async function callerOf(headers: Headers): Promise<Caller> {
  const authorization = headers.get('authorization');
  if (authorization) {
    const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
    const user = token ? await userByToken(token) : null;
    // never fall back to the cookie when a token was sent
    if (!user) throw new AppError('unauthorized', 'This token is not valid, has expired or was revoked.');
    return { viewer: await viewerOf(user), by: 'token', scopes: user.tokenScopes };
  }
  const session = readCookie(headers.get('cookie'), sessionCookies());
  const user = session ? await userBySession(session) : null;
  return user ? { viewer: await viewerOf(user), by: 'cookie', session: user.session } : { viewer: null, by: null };
}

const SCOPE_WORDS: Readonly<Record<TokenScope, string>> = {
  read: 'read',
  submit: 'upload, submit or change anything',
  moderate: 'decide about entries',
};

/** Throw if the caller's token lacks the scope. */
export function checkScope({ scopes }: Caller, needed: TokenScope): void {
  if (!scopes || scopes.includes(needed)) return;
  const may = scopes.map((scope) => SCOPE_WORDS[scope]).join(' and ');
  throw new AppError(
    'forbidden',
    `This token may ${may}, and this needs the scope “${needed}”. Make a token with that scope on your account page.`,
  );
}

/** The facts about a person that permissions depend on. */
export async function viewerOf({ id, name, email, role, suspendedAt }: User): Promise<NonNullable<Viewer>> {
  return { id, name, email, role, teams: await listMemberships(id), suspended: suspendedAt !== null };
}

function readCookie(header: string | null, names: readonly string[]): string | null {
  for (const name of names)
    for (const part of header?.split(';') ?? []) {
      const [key, ...value] = part.trim().split('=');
      if (key === name) return decode(value.join('='));
    }
  return null;
}

/** Return a cookie's value; null if its percent-encoding is invalid. */
function decode(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}

/**
 * Tell whether a browser's request comes from this site's own pages, as every change must: from AUTH_URL, or on a local
 * installation from the loopback name in Host. Forwarded names prove nothing, because a sender may write them.
 */
export function isSameOrigin(headers: Headers): boolean {
  const origin = headers.get('origin');
  if (origin) return URL.canParse(origin) && new URL(origin).origin === siteOf({ headers });
  return headers.get('sec-fetch-site') === 'same-origin';
}
