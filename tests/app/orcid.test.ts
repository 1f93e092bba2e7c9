/** A whole sign-in, against a real OpenID Connect server that behaves as ORCID's does. */
import { expect, it } from 'vitest';
import { configuredProviders } from '#app/_server/auth-config.ts';
import { callerOf } from '#app/_server/viewer.ts';
import { db } from '#db/engine/client.ts';
import { getUser, listUsers } from '#db/people/users.ts';
import { accounts } from '#db/schema.ts';
import { Browser, openIdentityProvider, SITE, signIn } from './identity.ts';
import { openSite } from './site.ts';

openSite();
openIdentityProvider(['ORCID']);

const ORCID = '0000-0002-1825-0097';

it('offers ORCID, and only what is configured', () => {
  expect(configuredProviders()).toEqual(['orcid']);
});

it('signs in with an ORCID iD and no e-mail address, and knows the person again', async () => {
  const browser = new Browser();
  const response = await signIn(browser, ORCID);
  expect([response.status, response.headers.get('location')]).toEqual([302, `${SITE}/submit`]);

  const { viewer } = await callerOf(new Headers({ cookie: browser.cookie(SITE) }));
  expect(viewer).toMatchObject({ name: 'Josiah Carberry', email: null, role: 'researcher' });

  const again = new Browser();
  await signIn(again, ORCID);
  expect((await callerOf(new Headers({ cookie: again.cookie(SITE) }))).viewer?.id).toBe(viewer?.id);
  expect(await listUsers()).toHaveLength(1);
  // the iD is part of the profile, and no key to the person's account at ORCID is kept
  expect(await getUser(viewer!.id)).toMatchObject({ orcid: ORCID });
  const [account] = await db().select().from(accounts);
  expect(account).toMatchObject({ provider: 'orcid', access_token: null, id_token: null, refresh_token: null });
});

it('tells scripts who is signed in, never the session’s token', async () => {
  const browser = new Browser();
  await signIn(browser, ORCID);
  const token = browser.jar(SITE).get('authjs.session-token')!;
  const { response } = await browser.request(`${SITE}/api/auth/session`);
  const text = await response.text();
  expect(text).not.toContain(token);
  expect(Object.keys(JSON.parse(text))).toEqual(['expires', 'user']);
  expect(Object.keys(JSON.parse(text).user).sort()).toEqual(['id', 'image', 'name']);
});

it('ends a session for good', async () => {
  const browser = new Browser();
  await signIn(browser, ORCID);
  const cookie = browser.cookie(SITE);
  const { response } = await browser.request(`${SITE}/api/auth/csrf`);
  const { csrfToken } = (await response.json()) as { csrfToken: string };
  await browser.request(`${SITE}/api/auth/signout`, { csrfToken });
  expect((await callerOf(new Headers({ cookie }))).viewer).toBeNull();
});
