/**
 * A walk around a built site with the settings of a public one, by an attacker who writes what they like into requests:
 * without a proxy, through one that passes on nothing but what a request needs, and through one that the operator
 * trusts, which adds X-Forwarded-* to what it was sent. Not run by `npm test`.
 *
 *   npm run build && node tests/attacks/behind-proxy.ts
 *
 * It starts a site of its own and stops it; the proxies have loopback addresses of their own, which Linux alone gives.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type RunningSite, startSite } from '#tests/e2e/running-site.ts';

const SITE = 'https://livecell.example.org';
const TRUSTED = '127.0.0.9';
const UNTRUSTED = '127.0.0.8';
const EVIL = 'evil.example';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

type Ask = (path: string, headers?: Record<string, string>, form?: Record<string, string>) => Promise<Answer>;

/** Send a request whose every header the attacker chooses. A form makes it a POST. */
function asker(port: number): Ask {
  return (path, headers = {}, form) =>
    new Promise((resolve, reject) => {
      const body = form && new URLSearchParams(form).toString();
      const asked = send(
        {
          host: '127.0.0.1',
          port,
          path,
          method: form ? 'POST' : 'GET',
          headers: {
            host: 'livecell.example.org',
            ...(body !== undefined && {
              'content-type': 'application/x-www-form-urlencoded',
              'content-length': String(Buffer.byteLength(body)),
            }),
            ...headers,
          },
          timeout: 60_000,
        },
        async (answer) => {
          let text = '';
          for await (const chunk of answer) text += chunk;
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        },
      );
      asked.on('error', reject);
      asked.end(body);
    });
}

const NEEDED = ['host', 'origin', 'content-type', 'content-length', 'cookie', 'authorization', 'accept'];

/** A reverse proxy on loopback, whose own address the site sees. */
async function proxy(site: RunningSite, address: string, adds: boolean): Promise<{ port: number; server: Server }> {
  const server = createServer((incoming, outgoing) => {
    const { headers: given } = incoming;
    const headers: Record<string, string | string[] | undefined> = adds
      ? {
          ...given,
          'x-forwarded-for': [given['x-forwarded-for'], incoming.socket.remoteAddress].filter(Boolean).join(', '),
          'x-forwarded-host': given['x-forwarded-host'] ?? given.host,
          'x-forwarded-proto': given['x-forwarded-proto'] ?? 'https',
        }
      : Object.fromEntries(NEEDED.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
    const { method, url: path } = incoming;
    const port = new URL(site.url).port;
    const onward = send({ host: '127.0.0.1', localAddress: address, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

/** Headers by which proxies, frameworks and load balancers name another sender, host, path or state. */
const FORGED: Record<string, string> = {
  forwarded: `for=127.0.0.1;host=${EVIL};proto=http`,
  'x-forwarded-for': '127.0.0.1',
  'x-forwarded-host': EVIL,
  'x-forwarded-proto': 'http',
  'x-forwarded-server': EVIL,
  'x-real-ip': '127.0.0.1',
  'x-livecell-client': '127.0.0.1',
  'x-original-url': '/maintain',
  'x-rewrite-url': '/maintain',
  'x-http-method-override': 'DELETE',
  'x-matched-path': '/maintain',
  'x-invoke-path': '/maintain',
  'x-middleware-subrequest': 'middleware:middleware:middleware:middleware:middleware',
};
const PAGES = [
  '/',
  '/sign-in',
  '/robots.txt',
  '/sitemap.xml',
  '/.well-known/security.txt',
  '/leaderboards/livecell-wide',
  '/api/v1/openapi.json',
  '/docs/api',
  // a proxy’s form of a request
  `http://${EVIL}/`,
  `//${EVIL}/maintain`,
];
const LEADING_OUT = [
  `https://${EVIL}/`,
  `//${EVIL}/`,
  `/\\${EVIL}/`,
  `/%5C${EVIL}`,
  `/\t/${EVIL}/`,
  `${SITE}.${EVIL}/`,
];

let tried = 0;
const opened: string[] = [];
function expect(what: string, isRefused: boolean, said: unknown): void {
  tried++;
  if (!isRefused) opened.push(`${what}: ${JSON.stringify(said)}`);
}

/** Everything that an attacker tries by one way. */
async function attack(way: string, ask: Ask, people: { key: string; maintainer: string }): Promise<void> {
  const forms: Record<string, string>[] = [{}, { key: '' }, { key: '1' }, { key: people.key }];
  for (const host of ['livecell.example.org', 'localhost', '127.0.0.1'])
    for (const key of forms) {
      const headers = { host, origin: `http://${host}` };
      const form = { name: 'Eve', email: `eve@${EVIL}`, role: 'maintainer', ...key };
      const { status, headers: got } = await ask('/sign-in/local', headers, form);
      expect(`${way}: sign in at home as ${host}`, status >= 400 && !got['set-cookie'], [status, got['set-cookie']]);
    }
  const maintain = ['/maintain', '/maintain/people', '/maintain/entries'];
  for (const path of maintain) {
    for (const headers of [{}, FORGED, { ...FORGED, host: 'localhost' }]) {
      const { status, headers: got } = await ask(path, headers);
      const refused = status >= 400 || (status >= 300 && !String(got.location).includes('maintain/'));
      expect(`${way}: ${path}`, refused, [status, got.location]);
    }
    // a maintainer's own session, in the cookies that count without https
    for (const name of ['authjs.session-token', 'next-auth.session-token', '__Host-authjs.session-token']) {
      const { status } = await ask(path, { ...FORGED, cookie: `${name}=${people.maintainer}` });
      expect(`${way}: ${path} with ${name}`, status >= 300, status);
    }
  }
  const cookie = `__Secure-authjs.session-token=${people.maintainer}`;
  const mine = await ask('/maintain', { cookie });
  if (mine.status !== 200) throw new Error(`${way}: a maintainer is refused with ${mine.status}, so nothing is shown.`);
  for (const origin of [`https://${EVIL}`, 'http://livecell.example.org', 'null', `${SITE}.${EVIL}`]) {
    const { status } = await ask('/api/uploads', { cookie, origin, ...FORGED });
    const { status: change } = await ask('/api/auth/signout', { cookie, origin, host: EVIL, ...FORGED }, {});
    const still = await ask('/maintain', { cookie });
    expect(`${way}: a change from ${origin}`, still.status === 200, [status, change, still.status]);
  }
  for (const path of PAGES)
    for (const headers of [{ host: EVIL }, FORGED, { ...FORGED, host: EVIL }, {}]) {
      const { text, headers: got } = await ask(path, headers);
      const { location } = got;
      const leaves = location !== undefined && new URL(location, SITE).origin !== SITE;
      // an address may stand in a path of this site, where it leads nowhere
      const named = leaves || text.includes(`//${EVIL}`) || String(got['set-cookie'] ?? got.link).includes(EVIL);
      expect(`${way}: ${path} names another host`, !named, headers);
      expect(`${way}: ${path} without HSTS`, got['strict-transport-security'] !== undefined, headers);
    }
  for (const to of LEADING_OUT) {
    const given = encodeURIComponent(to);
    for (const path of [
      `/sign-in?returnTo=${given}`,
      `/sign-in?callbackUrl=${given}`,
      `/api/auth/signin?callbackUrl=${given}`,
    ]) {
      const { headers: got } = await ask(path, { cookie, ...FORGED });
      const { location } = got;
      const out = location !== undefined && new URL(location, SITE).origin !== SITE;
      expect(`${way}: ${path}`, !out, location);
    }
  }
  const { headers: csrf } = await ask('/api/auth/csrf', FORGED);
  const cookies = csrf['set-cookie'] ?? [];
  expect(
    `${way}: cookies without prefix`,
    cookies.every((set) => /^__(Secure|Host)-.*; ?Secure/i.test(set)),
    cookies,
  );
  // last: after this, the address is known for wrong tokens
  let refused = 0;
  for (let i = 0; i < 40; i++) {
    const forged = { 'x-forwarded-for': `198.51.100.${i}`, 'x-real-ip': `198.51.100.${i}` };
    const { status } = await ask('/api/v1/me', { ...forged, authorization: `Bearer lc_${'x'.repeat(40)}${i}` });
    if (status === 429) refused++;
  }
  expect(`${way}: a new address for each of 40 wrong tokens`, refused > 0, refused);
}

const data = mkdtempSync(join(tmpdir(), 'livecell-proxy-'));
Object.assign(process.env, {
  LIVECELL_DATA: data,
  AUTH_URL: SITE,
  AUTH_SECRET: 'x'.repeat(32),
  AUTH_GITHUB_ID: 'none',
  AUTH_GITHUB_SECRET: 'none',
  TRUSTED_PROXIES: TRUSTED,
  LOG_LEVEL: 'error',
});
const site = await startSite(data, await freePort(), 250);
const proxies = [await proxy(site, UNTRUSTED, false), await proxy(site, TRUSTED, true)];
try {
  const { databaseUrl } = JSON.parse(readFileSync(join(data, 'run.json'), 'utf8'));
  const { connect } = await import('#db/engine/client.ts');
  const { ensureUser } = await import('#db/people/users.ts');
  const { createSession } = await import('#db/people/sessions.ts');
  const { makeOperatorLink } = await import('#db/people/sign-in-links.ts');
  const client = connect(databaseUrl, { max: 1 });
  const ada = await ensureUser({ email: 'ada@example.org', name: 'Ada', role: 'maintainer' }, client.db);
  const { sessionToken: maintainer } = await createSession(ada.id, undefined, client.db);
  const key = await makeOperatorLink(client.db);
  const ways = {
    'without a proxy': Number(new URL(site.url).port),
    stripped: proxies[0].port,
    forwarded: proxies[1].port,
  };
  for (const [way, port] of Object.entries(ways)) await attack(way, asker(port), { key, maintainer });
  const { like } = await import('drizzle-orm');
  const { users } = await import('#db/schema.ts');
  const made = await client.db
    .select({ email: users.email })
    .from(users)
    .where(like(users.email, `%${EVIL}`));
  expect('an account was made', made.length === 0, made);
  await client.close();
} finally {
  for (const { server } of proxies) server.close();
  await site.stop();
  rmSync(data, { recursive: true, force: true });
}
console.log(`${tried} requests tried, ${opened.length} let in`);
for (const line of opened) console.log(line);
process.exit(opened.length > 0 ? 1 : 0);
