/** Restricts monitoring pages to the holder of the operator's token, if one is set. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { env } from '#lib/env.ts';

export function mayMonitor(headers: Headers): boolean {
  const { LIVECELL_METRICS_TOKEN: token } = env();
  if (token === undefined) return true;
  const given = /^Bearer\s+(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
