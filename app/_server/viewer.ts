/**
 * Who is asking: the session cookie of a browser, or `Authorization: Bearer <token>` of a program. Plain headers in,
 * a plain value out, so routes, actions, pages and tests all ask the same function.
 */

import { userBySession } from '#db/people/sessions.ts';
import { listMemberships } from '#db/people/teams.ts';
import { userByToken } from '#db/people/users.ts';
import type { TokenScope, User } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import type { Viewer } from '#lib/permissions.ts';

export interface Caller {
  viewer: Viewer;
  /** how they said so; only a cookie is sent by browsers without being asked, so only a cookie needs an origin */
  by: 'cookie' | 'token' | null;
  /** what the token may be used for; absent without one */
  scopes?: readonly TokenScope[];
}

/** Auth.js adds the prefix where the site is served over HTTPS. */
export const SESSION_COOKIES = ['__Secure-authjs.session-token', 'authjs.session-token'] as const;

export async function callerOf(headers: Headers): Promise<Caller> {
  const authorization = headers.get('authorization');
  if (authorization) {
    const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
    const user = token ? await userByToken(token) : null;
    // never fall back to a cookie: whoever sends a token means it
    if (!user) throw new AppError('unauthorized', 'This token is not valid, has expired or was revoked.');
    return { viewer: await viewerOf(user), by: 'token', scopes: user.tokenScopes };
  }
  const session = readCookie(headers.get('cookie'), SESSION_COOKIES);
  const user = session ? await userBySession(session) : null;
  return user ? { viewer: await viewerOf(user), by: 'cookie' } : { viewer: null, by: null };
}

const SCOPE_WORDS: Readonly<Record<TokenScope, string>> = {
  read: 'read',
  submit: 'upload, submit or change anything',
};

/** Throws where somebody came with a token that is not for this. */
export function checkScope({ scopes }: Caller, needed: TokenScope): void {
  if (!scopes || scopes.includes(needed)) return;
  const may = scopes.map((scope) => SCOPE_WORDS[scope]).join(' and ');
  throw new AppError(
    'forbidden',
    `This token may ${may}, and this needs the scope “${needed}”. Make a token with that scope on your account page.`,
  );
}

/** What the rules want to know of a person. */
export async function viewerOf({ id, name, email, role, suspendedAt }: User): Promise<NonNullable<Viewer>> {
  return { id, name, email, role, teams: await listMemberships(id), suspended: suspendedAt !== null };
}

function readCookie(header: string | null, names: readonly string[]): string | null {
  for (const name of names)
    for (const part of header?.split(';') ?? []) {
      const [key, ...value] = part.trim().split('=');
      if (key === name) return decodeURIComponent(value.join('='));
    }
  return null;
}

/** A browser says where a request comes from; one that changes something must come from this site's own pages. */
export function isSameOrigin(headers: Headers): boolean {
  const origin = headers.get('origin');
  // behind a proxy the browser's Host is in X-Forwarded-Host; Next fills it in otherwise
  const host = headers.get('x-forwarded-host')?.split(',')[0].trim() || headers.get('host');
  if (origin) return URL.canParse(origin) && new URL(origin).host === host;
  return headers.get('sec-fetch-site') === 'same-origin';
}
