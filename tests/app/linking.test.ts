/** Several services for one person: linked while signed in, claimed by a verified address, unlinked but for the last. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { configuredProviders, githubProfile } from '#app/_server/auth-config.ts';
import { callerOf } from '#app/_server/viewer.ts';
import { db } from '#db/engine/client.ts';
import { createSession } from '#db/people/sessions.ts';
import { linkSignIn, listSignIns, saveProfile, signOutEverywhere, unlinkSignIn } from '#db/people/sign-ins.ts';
import { createToken, userByToken } from '#db/people/tokens.ts';
import { ensureUser, getUser, getUserByEmail, listUsers } from '#db/people/users.ts';
import { auditEvents } from '#db/schema.ts';
import { Browser, openIdentityProvider, SITE, signIn } from './identity.ts';
import { openSite } from './site.ts';

openSite();
openIdentityProvider(['ORCID', 'GOOGLE'], {
  'g-josiah': { name: 'Josiah C.', email: 'Josiah@Example.org', email_verified: true },
  'g-second': { name: 'Josiah C.', email: 'josiah@work.example.org', email_verified: true },
  'g-operator': { name: 'Olga Operator', email: 'olga@example.org', email_verified: true },
  'g-liar': { name: 'Larry', email: 'victim@example.org', email_verified: false },
  'g-other': { name: 'Other', email: 'josiah@example.org', email_verified: true },
});

const ORCID = '0000-0002-1825-0097';
const FAILED = `${SITE}/sign-in?error=OAuthAccountNotLinked`;
const location = (response: Response) => response.headers.get('location');
const who = async (browser: Browser) => (await callerOf(new Headers({ cookie: browser.cookie(SITE) }))).viewer;
const kindsBy = async (id: string) =>
  (await db().select().from(auditEvents)).filter(({ actorId }) => actorId === id).map(({ kind }) => kind);

it('links a second service while signed in, and either brings the person back', async () => {
  expect(configuredProviders().sort()).toEqual(['google', 'orcid']);
  const browser = new Browser();
  await signIn(browser, ORCID);
  const me = (await who(browser))!;
  expect(location(await signIn(browser, 'g-josiah', 'google'))).toBe(`${SITE}/submit`);
  expect(await listSignIns(me.id)).toEqual([
    { provider: 'google', providerAccountId: 'g-josiah' },
    { provider: 'orcid', providerAccountId: ORCID },
  ]);
  // the name stays as it was; an address there was none of
  expect(await getUser(me.id)).toMatchObject({ name: 'Josiah Carberry', email: 'josiah@example.org', orcid: ORCID });
  const again = new Browser();
  await signIn(again, 'g-josiah', 'google');
  expect((await who(again))?.id).toBe(me.id);
  expect(await listUsers()).toHaveLength(1);
  expect(await kindsBy(me.id)).toEqual(['sign-in-linked', 'sign-in-linked']);
});

it('does not take over an address that somebody signs in with already', async () => {
  const browser = new Browser();
  expect(location(await signIn(browser, 'g-other', 'google'))).toBe(FAILED);
  expect(await who(browser)).toBeNull();
  expect(await listUsers()).toHaveLength(1);
});

it('does not link what belongs to somebody else', async () => {
  const browser = new Browser();
  await signIn(browser, '0000-0001-5109-3700');
  const other = (await who(browser))!;
  expect(location(await signIn(browser, 'g-josiah', 'google'))).toBe(FAILED);
  expect(await listSignIns(other.id)).toEqual([{ provider: 'orcid', providerAccountId: '0000-0001-5109-3700' }]);
});

it('lets somebody added on the command line in by their verified address, once', async () => {
  const olga = await ensureUser({ email: 'olga@example.org', role: 'maintainer' });
  const browser = new Browser();
  expect(location(await signIn(browser, 'g-operator', 'google'))).toBe(`${SITE}/submit`);
  expect(await who(browser)).toMatchObject({ id: olga.id, role: 'maintainer', name: 'Olga Operator' });
  expect((await getUser(olga.id))?.emailVerified).toBeInstanceOf(Date);
  // from now on the address alone opens nothing: another account of the same address is refused
  expect(await listSignIns(olga.id)).toEqual([{ provider: 'google', providerAccountId: 'g-operator' }]);
});

it('believes no address that the service has not checked', async () => {
  const victim = await ensureUser({ email: 'victim@example.org', role: 'maintainer' });
  const browser = new Browser();
  await signIn(browser, 'g-liar', 'google');
  const liar = (await who(browser))!;
  expect(liar.id).not.toBe(victim.id);
  expect(liar).toMatchObject({ role: 'researcher', email: null });
  expect(await listSignIns(victim.id)).toEqual([]);
});

it('unlinks all but the last, and the iD goes with ORCID', async () => {
  const me = (await getUserByEmail('josiah@example.org'))!;
  const orcid = { provider: 'orcid', providerAccountId: ORCID };
  const google = { provider: 'google', providerAccountId: 'g-josiah' };
  await expect(unlinkSignIn(me.id, { ...orcid, providerAccountId: 'x' })).rejects.toMatchObject({ status: 404 });
  const both = await Promise.allSettled([unlinkSignIn(me.id, orcid), unlinkSignIn(me.id, google)]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [left, ...more] = await listSignIns(me.id);
  expect(more).toEqual([]);
  expect((await getUser(me.id))?.orcid).toBe(left.provider === 'orcid' ? ORCID : null);
  await expect(unlinkSignIn(me.id, left)).rejects.toThrow('your only sign-in');
});

it('shows one of two iDs, and never one that is not linked', async () => {
  const { id } = await ensureUser({ email: 'two@example.org' });
  const [first, second] = ['0000-0001-0000-0001', '0000-0001-0000-0002'];
  const account = (providerAccountId: string) => ({ type: 'oidc', provider: 'orcid', providerAccountId });
  await linkSignIn(id, account(second));
  await linkSignIn(id, account(first));
  expect((await getUser(id))?.orcid).toBe(second);
  await unlinkSignIn(id, account(second));
  expect((await getUser(id))?.orcid).toBe(first);
});

it('signs out everywhere; tokens stay', async () => {
  const ada = await ensureUser({ email: 'ada@example.org', name: 'Ada' });
  const eve = await ensureUser({ email: 'eve@example.org', name: 'Eve' });
  const cookieOf = async (id: string) => `authjs.session-token=${(await createSession(id)).sessionToken}`;
  const cookies = [await cookieOf(ada.id), await cookieOf(ada.id), await cookieOf(eve.id)];
  const { token } = await createToken(ada.id, 'laptop');
  expect(await signOutEverywhere(ada.id)).toBe(2);
  const after = await Promise.all(cookies.map(async (cookie) => (await callerOf(new Headers({ cookie }))).viewer?.id));
  expect(after).toEqual([undefined, undefined, eve.id]);
  expect((await userByToken(token))?.id).toBe(ada.id);
});

it('says which fields of a profile changed, and not what was in them', async () => {
  const ada = await ensureUser({ email: 'ada@example.org' });
  await saveProfile(ada.id, { name: 'Ada', affiliation: 'Analytical Engines' });
  await saveProfile(ada.id, { name: 'Ada', affiliation: 'Analytical Engines' });
  const events = (await db().select().from(auditEvents)).filter(({ kind }) => kind === 'profile-changed');
  expect(events.map(({ detail }) => detail)).toEqual([{ userId: ada.id, fields: ['affiliation'] }]);
});

it('asks GitHub which address is verified', async () => {
  const emails = [
    { email: 'spare@example.org', primary: false, verified: true },
    { email: 'main@example.org', primary: true, verified: false },
  ];
  let status = 200;
  const server = createServer((request, response) => {
    response.statusCode = request.headers.authorization === 'Bearer good' ? status : 401;
    response.end(
      JSON.stringify(request.url === '/user' ? { id: 7, login: 'octo', email: 'shown@example.org' } : emails),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect(await githubProfile('good', api)).toMatchObject({ id: 7, email: 'main@example.org', email_verified: false });
    emails[1].verified = true;
    expect(await githubProfile('good', api)).toMatchObject({ email: 'main@example.org', email_verified: true });
    // without an answer nobody is anybody
    await expect(githubProfile('bad', api)).rejects.toThrow('401');
    status = 500;
    await expect(githubProfile('good', api)).rejects.toThrow('500');
  } finally {
    server.close();
  }
});
