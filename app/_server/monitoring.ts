/** Restricts monitoring pages to the holder of the operator's token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { env, isLoopbackHost } from '#lib/env.ts';
import { PROXIED_HEADER } from '#lib/http/client-address.ts';

/**
 * Tell whether a request may see how the site is doing inside. Without a token only a request from this machine may, to a
 * site without a public address: behind a proxy on the same machine, every stranger comes from loopback.
 */
export function mayMonitor(headers: Headers): boolean {
  const { METRICS_TOKEN, LIVECELL_METRICS_TOKEN, HOST, AUTH_URL } = env();
  const token = METRICS_TOKEN ?? LIVECELL_METRICS_TOKEN;
  // without HOST, the site listens on this machine alone
  if (token === undefined)
    return !AUTH_URL && !headers.has(PROXIED_HEADER) && (HOST === undefined || isLoopbackHost(HOST));
  const given = /^Bearer\s+(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
