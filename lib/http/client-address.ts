/**
 * Who sends a request: the one place that decides the client's address. The peer of the connection is the client,
 * unless it is a proxy that the operator trusts (TRUSTED_PROXIES); only then do `X-Forwarded-For`, `-Proto` and `-Host`
 * count. Everybody else may write into these headers what they like.
 *
 *   request ─▶ front: clientOf ─▶ setClientHeaders ─▶ routes, actions and pages: clientAddress
 */
import ipaddr from 'ipaddr.js';

export interface Client {
  /** IPv4 or IPv6, without a port; IPv4 mapped into IPv6 is written as IPv4 */
  address: string;
  /** as the browser asked for it */
  host: string;
  https: boolean;
  /** the request passed through a proxy, trusted or not */
  proxied: boolean;
  /** an untrusted peer named another client; its word was ignored */
  ignored: boolean;
}

interface Connection {
  /** address of the connection's other end */
  peer: string | undefined;
  /** lower-case names */
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Headers by which proxies name the client. None that came from outside reaches a handler. */
const FORWARDED = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
] as const;
/** Set by the front alone: the client's address, and whether a proxy was involved. */
export const CLIENT_HEADER = 'x-livecell-client';
export const PROXIED_HEADER = 'x-livecell-proxied';

/** Decide who sends a request. @param trusted addresses and networks of the operator's proxies, such as `10.0.0.0/8` */
export function clientOf({ peer, headers }: Connection, trusted: readonly string[]): Client {
  const own = parseAddress(peer) ?? '127.0.0.1'; // without an address: a Unix socket, which only this machine reaches
  const said = FORWARDED.some((name) => headers[name] !== undefined);
  const host = String(headers.host ?? 'localhost');
  if (!isIn(own, trusted))
    return { address: own, host, https: false, proxied: said || headers.via !== undefined, ignored: said };
  // from the nearest hop outwards: the first that is no proxy of ours is the client
  const hops = list(headers['x-forwarded-for']);
  let address = own;
  for (const hop of hops.reverse()) {
    if (!isIn(address, trusted)) break;
    const next = parseAddress(hop);
    if (next === null) break;
    address = next;
  }
  return {
    address,
    host: list(headers['x-forwarded-host']).at(-1) ?? host,
    https: list(headers['x-forwarded-proto']).at(-1)?.toLowerCase() === 'https',
    proxied: true,
    ignored: false,
  };
}

/**
 * Replace what the request says about its sender by what was found. Next and Auth.js make addresses of these headers,
 * so with a public address they name that one, whatever the proxy wrote.
 */
export function setClientHeaders(headers: Record<string, unknown>, client: Client, origin: string | null): void {
  for (const name of FORWARDED) delete headers[name];
  const site = new URL(origin ?? safeOrigin(client));
  headers['x-forwarded-for'] = client.address;
  headers['x-forwarded-host'] = site.host;
  headers['x-forwarded-proto'] = site.protocol.slice(0, -1);
  headers[CLIENT_HEADER] = client.address;
  if (client.proxied) headers[PROXIED_HEADER] = '1';
  else delete headers[PROXIED_HEADER];
}

function safeOrigin({ host, https }: Client): string {
  const origin = `${https ? 'https' : 'http'}://${host}`;
  return URL.canParse(origin) ? origin : 'http://localhost';
}

/** Return the client's address as the front found it; null where a page is rendered for all strangers. */
export function clientAddress(headers: Headers): string | null {
  // `npm run dev` has no front, so there this header would be the sender's own word
  if (process.env.NODE_ENV === 'development') return '127.0.0.1';
  return headers.get(CLIENT_HEADER);
}

/** Return what counts as one sender: an IPv4 address, or the /64 network that one IPv6 customer has. */
export function senderOf(address: string): string {
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${new ipaddr.IPv6([...(parsed as ipaddr.IPv6).parts.slice(0, 4), 0, 0, 0, 0]).toString()}/64`;
}

/** Return an address without port, brackets and zone, in one form; null if it is none. */
function parseAddress(text: string | undefined): string | null {
  if (text === undefined) return null;
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
  const zoneless = bare.split('%')[0];
  // IPv4 in four decimal parts only: `1` and `0x7f.1` are addresses to the library
  const isIPv4 = ipaddr.IPv4.isValidFourPartDecimal(zoneless);
  return isIPv4 || ipaddr.IPv6.isValid(zoneless) ? ipaddr.process(zoneless).toString() : null;
}

function isIn(address: string, networks: readonly string[]): boolean {
  const parsed = ipaddr.process(address);
  return networks.some((network) => {
    const [base, bits] = network.includes('/') ? ipaddr.parseCIDR(network) : [ipaddr.process(network), null];
    if (base.kind() !== parsed.kind()) return false;
    return parsed.match(base as ipaddr.IPv4, bits ?? (base.kind() === 'ipv4' ? 32 : 128));
  });
}

function list(header: string | string[] | undefined): string[] {
  return String(header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}
