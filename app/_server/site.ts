/** The site's own address: AUTH_URL where it is set, else the address that the request was sent to. */
import { env } from '#lib/env.ts';

export function siteOf(request: { headers: Headers }): string {
  const { AUTH_URL } = env();
  if (AUTH_URL) return new URL(AUTH_URL).origin;
  const { headers } = request;
  const host = headers.get('x-forwarded-host')?.split(',')[0].trim() || headers.get('host') || 'localhost';
  return `${headers.get('x-forwarded-proto')?.split(',')[0].trim() === 'https' ? 'https' : 'http'}://${host}`;
}
