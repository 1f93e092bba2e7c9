/**
 * The site's own address: AUTH_URL where it is set, else, on one's own machine, the loopback name the request was sent to.
 * What a request says of other hosts is never believed: an answer with an address in it may be kept and passed on.
 */
import { env } from '#lib/env.ts';

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

export function siteOf(request: { headers: Headers }): string {
  const { AUTH_URL } = env();
  if (AUTH_URL) return new URL(AUTH_URL).origin;
  const host = request.headers.get('host') ?? '';
  return `http://${LOOPBACK_HOST.test(host) ? host : `localhost:${env().PORT}`}`;
}
