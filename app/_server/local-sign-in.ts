/**
 * Sign-in without outside services, for a local installation. It takes a key: in a link that `npm start` prints, that
 * `livecell sign-in-link` makes, or that a maintainer of the installation gives to somebody
 * (`db/people/sign-in-links.ts`). Without a key a request is refused, whatever it looks like. Three more locks stand
 * around the key:
 *
 *   1. the launcher sets LIVECELL_LOCAL_SIGN_IN only with the embedded database, on a loopback address, without AUTH_URL
 *      and without the keys of a provider, and removes it from the environment otherwise;
 *   2. the site checks the same of its own environment;
 *   3. the request must be addressed to a loopback name and show no sign of a proxy: a tunnel or a reverse proxy that
 *      publishes the port may reveal itself in a header, and DNS rebinding arrives with a foreign Host.
 */
import { env, signsInAtHome } from '#lib/env.ts';
import { PROXIED_HEADER } from '#lib/http/client-address.ts';

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/;
const PROXY_HEADERS = [
  PROXIED_HEADER, // by the front, which removes what the proxy itself wrote
  'forwarded',
  'via',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
  'x-forwarded-server',
];

/** Tell whether this installation could offer local sign-in at all. */
export function localSignInIsOn(): boolean {
  const values = env();
  if (!values.LIVECELL_LOCAL_SIGN_IN || values.LIVECELL_LOCAL_SIGN_IN === '0') return false;
  return signsInAtHome(values) && isLoopback(values.DATABASE_URL);
}

function isLoopback(url: string | undefined): boolean {
  return url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname);
}

/**
 * Tell whether the request comes from this machine. Next itself adds X-Forwarded-* headers if they are missing, so
 * their presence proves nothing; their values must be those that Next writes: the Host, plain http, a loopback address.
 */
export function isLocalRequest(headers: Headers): boolean {
  const host = headers.get('host') ?? '';
  if (!LOOPBACK_HOST.test(host)) return false;
  if (PROXY_HEADERS.some((name) => headers.has(name))) return false;
  const allowed = (name: string, test: (value: string) => boolean) => {
    const value = headers.get(name);
    return value === null || test(value);
  };
  return (
    allowed('x-forwarded-host', (value) => value === host) &&
    allowed('x-forwarded-proto', (value) => value === 'http') &&
    allowed('x-forwarded-for', (value) => ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(value))
  );
}

export function offersLocalSignIn(headers: Headers): boolean {
  return localSignInIsOn() && isLocalRequest(headers);
}
