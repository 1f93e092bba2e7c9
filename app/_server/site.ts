/** The site's own address, as those who read an answer can use it: configured, else as the request named it. */
import { env } from '#lib/env.ts';

export function siteOf(request: { headers: Headers }): string {
  const { AUTH_URL } = env();
  if (AUTH_URL) return new URL(AUTH_URL).origin;
  const { headers } = request;
  const host = headers.get('x-forwarded-host')?.split(',')[0].trim() || headers.get('host') || 'localhost';
  return `${headers.get('x-forwarded-proto')?.split(',')[0].trim() === 'https' ? 'https' : 'http'}://${host}`;
}
