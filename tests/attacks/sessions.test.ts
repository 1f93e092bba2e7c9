/** The attack: a browser left open, a stolen cookie or token, an account taken over step by step. */
import { eq, sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { action } from '#app/_server/http.ts';
import { endOneSession } from '#app/account/actions.ts';
import { setPublic } from '#app/maintain/ground-truth/actions.ts';
import { changeRole } from '#app/maintain/people/actions.ts';
import { listEvents } from '#db/audit.ts';
import { db } from '#db/engine/client.ts';
import { listNotices } from '#db/notices/notices.ts';
import { mergeAccounts } from '#db/people/moderation.ts';
import { createSession, listSessions, userBySession } from '#db/people/sessions.ts';
import { createToken, listTokens, userByToken } from '#db/people/tokens.ts';
import { getUser, setRole } from '#db/people/users.ts';
import { auditEvents, datasets, sessions } from '#db/schema.ts';
import { deviceInWords, networkOf } from '#lib/device.ts';
import { secretDigest } from '#lib/secrets.ts';
import { openSite, type Person, person } from '#tests/app/site.ts';
import { someDataset } from '#tests/db/fixtures.ts';

const asked = vi.hoisted(() => ({ headers: new Headers() }));
vi.mock('next/headers', () => ({ headers: async () => asked.headers }));
vi.mock('#app/_server/auth.ts', () => ({ signIn: async () => undefined, signOut: async () => undefined }));
vi.mock('next/cache', () => ({ revalidatePath: () => undefined }));

openSite();

let mina: Person;
beforeAll(async () => {
  mina = await person('mina', 'maintainer');
});

const LAPTOP = { device: 'Firefox on Linux', network: '203.0.113.0/24' };

/** Act in this session's browser. */
function browse(sessionToken: string): void {
  const cookie = `authjs.session-token=${sessionToken}`;
  asked.headers = new Headers({ cookie, host: 'localhost:3000', origin: 'http://localhost:3000' });
}

async function age(sessionToken: string, column: 'created_at' | 'seen_at', interval: string): Promise<void> {
  await db()
    .update(sessions)
    .set({ [column === 'created_at' ? 'createdAt' : 'seenAt']: sql`now() - ${interval}::interval` })
    .where(eq(sessions.sessionToken, secretDigest(sessionToken)));
}

function form(fields: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  return data;
}

describe('a session', () => {
  test('ends when it is not used: after a week for maintainers, after a month for others', async () => {
    for (const [who, alive, dead] of [
      [await person('ada'), '29 days', '31 days'],
      [mina, '6 days', '8 days'],
    ] as const) {
      const { sessionToken } = await createSession(who.id);
      await age(sessionToken, 'seen_at', alive);
      expect(await userBySession(sessionToken)).toMatchObject({ id: who.id });
      await age(sessionToken, 'seen_at', dead);
      expect(await userBySession(sessionToken)).toBeNull();
    }
  });

  test('is listed with its browser and network, and its owner alone ends it', async () => {
    const [bob, eve] = [await person('bob'), await person('eve')];
    const here = await createSession(bob.id, LAPTOP);
    const there = await createSession(bob.id, { device: 'Safari on macOS', network: 'this machine' });
    const [, other] = (await listSessions(bob.id)).sort((a, b) => a.device!.localeCompare(b.device!));
    expect(other).toMatchObject({ device: 'Safari on macOS', network: 'this machine', seenAt: expect.any(Date) });
    browse((await createSession(eve.id)).sessionToken);
    expect(await endOneSession({}, form({ id: other.id }))).toMatchObject({ message: /ended already/ });
    expect(await userBySession(there.sessionToken)).not.toBeNull();
    browse(here.sessionToken);
    expect(await endOneSession({}, form({ id: other.id }))).toMatchObject({ done: true });
    expect(await userBySession(there.sessionToken)).toBeNull();
    expect(await userBySession(here.sessionToken)).not.toBeNull();
  });

  test('from a new browser or network is reported to the person; from a known one and the first of all it is not', async () => {
    const { id } = await person('carol');
    const told = async () =>
      (await listNotices(id)).filter(({ text }) => text.startsWith('New sign-in')).map(({ text }) => text);
    await createSession(id, LAPTOP);
    await createSession(id, LAPTOP);
    expect(await told()).toEqual([]);
    await createSession(id, { ...LAPTOP, network: '198.51.100.0/24' });
    await createSession(id, LAPTOP);
    expect(await told()).toEqual([expect.stringContaining('Firefox on Linux, network 198.51.100.0/24')]);
  });
});

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Mobile/1 Safari/604.1',
    'Safari on iPhone or iPad',
  ],
  ['Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36', 'Chrome on Android'],
  ['<script>alert(1)</script>', null],
  [null, null],
])('%j is called %j', (userAgent, words) => {
  expect(deviceInWords(userAgent)).toBe(words);
});

test.each([
  ['203.0.113.77', '203.0.113.0/24'],
  ['::ffff:203.0.113.77', '203.0.113.0/24'],
  ['2001:db8:1:2::3', '2001:db8:1::/48'],
  ['127.0.0.1', 'this machine'],
  ['nonsense', null],
  [null, null],
])('of the address %j is kept %j', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

describe('a maintainer’s browser that was left open', () => {
  test('makes no maintainer and publishes no ground truth; after a fresh sign-in it does, with a reason in the log', async () => {
    const { id } = await person('dora');
    const dataset = await someDataset(db());
    const { sessionToken } = await createSession(mina.id);
    browse(sessionToken);
    await age(sessionToken, 'created_at', '11 minutes');
    const role = { id, role: 'maintainer', reason: 'She runs the site with me' };
    const shown = { id: dataset.id, public: 'yes', reason: 'The paper is out' };
    for (const said of [await changeRole({}, form(role)), await setPublic({}, form(shown))])
      expect(said).toMatchObject({ message: /needs a sign-in of the last 10 minutes/ });
    expect((await getUser(id))!.role).toBe('researcher');

    await age(sessionToken, 'created_at', '9 minutes');
    for (const said of [
      await changeRole({}, form({ ...role, reason: ' ' })),
      await setPublic({}, form({ ...shown, reason: '' })),
    ])
      expect(said).toMatchObject({ errors: { reason: expect.any(String) } });
    expect(await changeRole({}, form(role))).toMatchObject({ done: true });
    expect(await setPublic({}, form(shown))).toMatchObject({ done: true });
    const [{ public: isPublic }] = await db().select().from(datasets).where(eq(datasets.id, dataset.id));
    expect(isPublic).toBe(true);
    const reasons = (await db().select().from(auditEvents)).map(({ detail }) => detail.reason);
    expect(reasons).toEqual(expect.arrayContaining([role.reason, shown.reason]));
    expect(await listEvents(dataset.id)).toEqual([]);
  });

  test('does everything else', async () => {
    const { sessionToken } = await createSession(mina.id);
    await age(sessionToken, 'created_at', '20 days');
    browse(sessionToken);
    const ordinary = action(z.object({}), async () => ({ done: true }));
    expect(await ordinary({}, form({}))).toMatchObject({ done: true });
  });
});

describe('tokens', () => {
  test('are reported to their person when they are made', async () => {
    const { id } = await person('frank');
    await createToken(id, 'cluster', { scopes: ['submit'] });
    expect((await listNotices(id)).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('“cluster”, to submit'),
    );
  });

  test('made before do not become a maintainer’s', async () => {
    const { id } = await person('gina');
    const { token } = await createToken(id, 'old');
    await setRole(id, 'maintainer', { actorId: mina.id, reason: 'r' });
    expect(await userByToken(token)).toBeNull();
  });

  test('of an account that is merged into another one end', async () => {
    const [kept, gone] = [await person('hana'), await person('hana2')];
    const { token } = await createToken(gone.id, 'old');
    await mergeAccounts({ keptId: kept.id, goneId: gone.id, reason: 'one person' }, mina.id);
    expect(await userByToken(token)).toBeNull();
    expect(await listTokens(kept.id)).toHaveLength(1);
  });
});
