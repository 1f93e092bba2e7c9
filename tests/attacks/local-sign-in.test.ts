/**
 * The attack: somebody on the internet, behind a reverse proxy that says nothing of itself, or another user of the same
 * machine, posts the form of the sign-in at home and becomes a maintainer. What they lack is the key.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localSignInIsOn } from '#app/_server/local-sign-in.ts';
import { POST } from '#app/sign-in/local/route.ts';
import { db } from '#db/engine/client.ts';
import { findSignInLink, inviteHome, makeOperatorLink } from '#db/people/sign-in-links.ts';
import { getUserByEmail, listUsers } from '#db/people/users.ts';
import { sessions, signInLinks } from '#db/schema.ts';
import { openSite, person } from '#tests/app/site.ts';

openSite();

/** All a perfect disguise can send: what a browser on this machine sends, through a proxy that strips the rest. */
const DISGUISE = { host: 'localhost:3000', origin: 'http://localhost:3000' };

const SETTINGS = ['LIVECELL_LOCAL_SIGN_IN', 'HOST', 'AUTH_URL', 'AUTH_GITHUB_ID', 'AUTH_GITHUB_SECRET'] as const;

beforeEach(() => {
  process.env.LIVECELL_LOCAL_SIGN_IN = '1';
  process.env.HOST = '127.0.0.1';
});
afterEach(() => {
  for (const name of SETTINGS) delete process.env[name];
});

function attack(fields: Record<string, string>): Promise<Response> {
  const body = new URLSearchParams({ name: 'Eve', email: 'eve@evil.example', role: 'maintainer', ...fields });
  return POST(new Request('http://localhost:3000/sign-in/local', { method: 'POST', headers: DISGUISE, body }));
}

/** Nobody came in, and nobody was made. */
async function expectRefused(response: Response, status = 403): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('set-cookie')).toBeNull();
  expect(await db().select().from(sessions)).toEqual([]);
  expect(await getUserByEmail('eve@evil.example')).toBeNull();
}

describe('the sign-in at home', () => {
  test('a request with every sign of this machine and no key is refused', async () => {
    await expectRefused(await attack({}));
  });

  test.each([
    '',
    '1', // the value of the variable
    'a'.repeat(43),
    '%00',
  ])('so is the key “%s”', async (key) => {
    await makeOperatorLink(); // there is one to be guessed
    await expectRefused(await attack({ key }));
  });

  test('what the database holds of a key is no key', async () => {
    const key = await makeOperatorLink();
    const [{ sha256 }] = await db().select().from(signInLinks);
    expect(sha256).not.toContain(key);
    await expectRefused(await attack({ key: sha256 }));
  });

  test('the address of a maintainer is not enough to be that maintainer', async () => {
    await person('mina', 'maintainer');
    await expectRefused(await attack({ email: 'mina@example.org' }));
  });

  test('a key that is too old is none', async () => {
    const key = await makeOperatorLink();
    await db()
      .update(signInLinks)
      .set({ expiresAt: new Date(Date.now() - 1000) });
    await expectRefused(await attack({ key }));
  });

  test('an invitation makes nobody a maintainer, and takes over nobody', async () => {
    const host = await person('host', 'maintainer');
    const key = await inviteHome({ email: null, role: 'researcher' }, host.id);
    const response = await attack({ key, email: 'host@example.org' });
    expect(response.headers.get('location')).toBe('/sign-in?error=AddressTaken');
    expect(response.headers.get('set-cookie')).toBeNull();
    expect((await findSignInLink(key))?.usedAt).toBeNull(); // still the guest's
  });

  test('of twenty who come with the same key at once, one is let in', async () => {
    const key = await makeOperatorLink();
    const before = (await listUsers()).length;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => attack({ key, email: `e${i}@evil.example` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([303, ...Array(19).fill(403)]);
    expect((await listUsers()).length).toBe(before + 1);
    await db().delete(sessions);
    await expectRefused(await attack({ key }));
  });
});

describe('it does not exist, even for the right key,', () => {
  test.each<[string, Partial<Record<(typeof SETTINGS)[number], string>>]>([
    ['where the site has a public address', { AUTH_URL: 'https://livecell.example.org' }],
    ['where people sign in through a service', { AUTH_GITHUB_ID: 'id', AUTH_GITHUB_SECRET: 'secret' }],
    ['where other machines reach the site', { HOST: '0.0.0.0' }],
    ['where the site listens on an address of the network', { HOST: '192.168.1.5' }],
    ['where nobody said where the site listens', { HOST: '' }],
    ['without the launcher', { LIVECELL_LOCAL_SIGN_IN: '' }],
  ])('%s', async (_where, settings) => {
    const key = await makeOperatorLink();
    Object.assign(process.env, settings);
    expect(localSignInIsOn()).toBe(false);
    await expectRefused(await attack({ key }), 404);
  });
});
