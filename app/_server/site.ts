/**
 * The site's own address: AUTH_URL if it is set, else, on a local installation, the loopback name of the request. Never
 * trust a request about other hosts: its answer may be cached with an address in it and served to other people.
 */
import { env } from '#lib/env.ts';

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;

export function siteOf(request: { headers: Headers }): string {
  const { AUTH_URL } = env();
  if (AUTH_URL) return new URL(AUTH_URL).origin;
  const host = request.headers.get('host') ?? '';
  return `http://${LOOPBACK_HOST.test(host) ? host : `localhost:${env().PORT}`}`;
}

/** Where programs that embed a page of this site learn how (oEmbed 1.0, section 4), by media type. */
export function oembedOf(site: string, page: string): Record<string, string> {
  return { 'application/json+oembed': `${site}/oembed?${new URLSearchParams({ url: site + page })}` };
}
