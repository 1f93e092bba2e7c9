/** What a researcher does with their account, from the profile to its end. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { eq } from 'drizzle-orm';
import { type Client, connect } from '#db/engine/client.ts';
import { linkSignIn } from '#db/people/sign-ins.ts';
import { getUserByEmail } from '#db/people/users.ts';
import { submissions, users } from '#db/schema.ts';
import { approve } from '#db/submissions/moderation.ts';
import { requestPublication } from '#db/submissions/publication.ts';
import { findFaultsInLightAndDark } from './accessibility.ts';
import {
  type Benchmark,
  expect,
  document as livecell,
  registerBenchmark,
  rendered,
  signIn,
  someoneElse,
  temporaryFolder,
  test,
} from './site-test.ts';

test.describe.configure({ mode: 'serial' });

// a site may see the tests more than once
const NADIA = { name: 'Nadia Netz', email: `nadia-${Date.now().toString(36)}@example.org` };
const MAINTAINER = { name: 'Mina Maintainer', email: 'mina@example.org', role: 'maintainer' } as const;
let benchmark: Benchmark;
let client: Client;
let token: string;

test.beforeAll(async () => {
  benchmark = await registerBenchmark('Account');
  const { databaseUrl } = JSON.parse(readFileSync(`${process.env.E2E_DATA}/run.json`, 'utf8'));
  client = connect(databaseUrl, { max: 1 });
});
test.afterAll(() => client.close());

const bell = (page: Page) => page.getByRole('banner').getByRole('link', { name: /^Notices/ });

async function makeToken(page: Page, name: string, scopes: readonly string[]): Promise<string> {
  await page.goto('/account?tab=tokens');
  await page.getByLabel('Name of the token').fill(name);
  for (const scope of ['read', 'submit'])
    await page.getByLabel(new RegExp(`^${scope}:`)).setChecked(scopes.includes(scope));
  await page.getByRole('button', { name: 'Create token' }).click();
  return (await page.locator('[data-token]').textContent())!;
}

async function submit(method: string): Promise<string> {
  const args = ['submit', '--method', method, '--dataset', benchmark.name, benchmark.predictions];
  const env = { LIVECELL_TOKEN: token, XDG_CACHE_HOME: temporaryFolder() };
  const { id } = await livecell<{ id: string }>(args, env);
  const state = async () => (await client.db.select().from(submissions).where(eq(submissions.id, id)))[0].state;
  await expect.poll(state).toBe('scored');
  return id;
}

test('the profile is changed, and what is wrong is said beside the field', async ({ page }) => {
  await signIn(page, { ...NADIA, name: 'N. Netz' });
  await page.goto('/account');
  await page.getByLabel('Display name').fill(' ');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('Enter a name; it is shown beside your entries')).toBeVisible();
  await page.getByLabel('Display name').fill(NADIA.name);
  await page.getByLabel('Affiliation').fill('Institute of Cells');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByRole('banner').getByText(NADIA.name)).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Affiliation')).toHaveValue('Institute of Cells');
  // never typed: it comes from ORCID, or not at all
  await expect(page.getByText('not linked')).toBeVisible();
});

test('without a connection nothing is sent, and what was typed stays', async ({ page, context }) => {
  await signIn(page, NADIA);
  await page.goto('/account');
  await rendered(page);
  await page.getByLabel('Affiliation').fill('Institute of Trains');
  await context.setOffline(true);
  await expect(page.getByText('You are offline.')).toBeVisible();
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('Nothing was sent. What you typed is still here')).toBeVisible();
  await expect(page.getByLabel('Affiliation')).toHaveValue('Institute of Trains');
  await context.setOffline(false);
  await expect(page.getByText('You are offline.')).toHaveCount(0);
  await page.getByLabel('Affiliation').fill('Institute of Cells');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
});

test('a token is for what was chosen, shows its last use, and is over once revoked', async ({ page }) => {
  await signIn(page, NADIA);
  await page.goto('/account');
  await page.getByRole('navigation', { name: 'Account' }).getByRole('link', { name: 'API tokens' }).click();
  await page.waitForURL(/tab=tokens$/);
  for (const scope of ['read', 'submit']) await page.getByLabel(new RegExp(`^${scope}:`)).uncheck();
  await page.getByLabel('Name of the token').fill('nothing');
  await page.getByRole('button', { name: 'Create token' }).click();
  await expect(page.getByText('Choose at least one thing it is for')).toBeVisible();
  await expect(page.getByLabel('Valid for')).toHaveValue('90');

  const reader = { authorization: `Bearer ${await makeToken(page, 'reader', ['read'])}` };
  token = await makeToken(page, 'both', ['read', 'submit']);
  const refused = await page.request.post('/api/v1/submissions', { headers: reader, data: {} });
  expect(refused.status()).toBe(403);
  expect((await refused.json()).detail).toContain('needs the scope “submit”');
  expect((await page.request.post('/api/uploads', { headers: { ...reader, 'upload-length': '9' } })).status()).toBe(
    403,
  );

  await page.goto('/account?tab=tokens');
  await expect(page.locator('[data-token]')).toHaveCount(0); // shown once
  const row = page.getByRole('row', { name: /^reader/ });
  await expect(row).not.toContainText('never');
  await expect(page.getByRole('row', { name: /^both/ })).toContainText('never');
  await row.getByRole('button', { name: 'Revoke' }).click();
  await expect(row).toHaveCount(0);
  const over = await page.request.get('/api/v1/tasks', { headers: reader });
  expect(over.status()).toBe(401);
});

test('a score is told in the site, until it is read', async ({ page }) => {
  await signIn(page, NADIA);
  // each new browser, and each token, has been told
  await page.goto('/notices');
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(bell(page)).toHaveAccessibleName('Notices');
  const id = await submit('Netted');
  await page.goto('/');
  await expect(bell(page)).toHaveAccessibleName('Notices, 1 unread');
  await bell(page).click();
  await expect(page.getByRole('listitem').filter({ hasText: '“Netted” was scored.' })).toBeVisible();
  await page.getByRole('link', { name: '“Netted” was scored.' }).click();
  await page.waitForURL(`**/submissions/${id}`);
  await expect(bell(page)).toHaveAccessibleName('Notices');

  await submit('Again');
  await submit('And again');
  await page.goto('/notices');
  await expect(bell(page)).toHaveAccessibleName('Notices, 2 unread');
  await page.getByRole('button', { name: 'Mark as read' }).first().click();
  await expect(bell(page)).toHaveAccessibleName('Notices, 1 unread');
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(bell(page)).toHaveAccessibleName('Notices');
});

test('what one does not want to hear is not told', async ({ page }) => {
  await signIn(page, NADIA);
  await page.goto('/account?tab=notices');
  await page.getByLabel('A submission was scored: in the site').uncheck();
  await page.getByLabel('An entry was hidden or declined: by e-mail').uncheck();
  await page.getByRole('button', { name: 'Save notices' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('A submission was scored: in the site')).not.toBeChecked();
  await expect(page.getByLabel('A submission was scored: by e-mail')).toBeChecked();
  await expect(page.getByLabel('An entry was hidden or declined: by e-mail')).not.toBeChecked();
  await submit('In silence');
  await page.goto('/notices');
  await expect(bell(page)).toHaveAccessibleName('Notices');
  await expect(page.getByText('“In silence” was scored.')).toHaveCount(0);
});

test('all data comes as one document', async ({ page }) => {
  await signIn(page, NADIA);
  await page.goto('/account?tab=data');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download my data' }).click(),
  ]);
  const text = readFileSync((await download.path())!, 'utf8');
  const data = JSON.parse(text);
  expect(data.profile).toMatchObject({ name: NADIA.name, email: NADIA.email, affiliation: 'Institute of Cells' });
  const methods = data.submissions.map(({ method }: { method: string }) => method);
  expect(methods).toEqual(['Netted', 'Again', 'And again', 'In silence']);
  expect(data.submissions[0].reports.length).toBeGreaterThan(0);
  expect(text).not.toContain(token);
  await page.context().clearCookies();
  expect((await page.request.get('/account/data')).status()).toBe(401);
});

test('the pages are accessible and fit a narrow screen', async ({ page }) => {
  await signIn(page, NADIA);
  const tabs = ['profile', 'sign-in', 'notices', 'quota', 'tokens', 'data'].map((tab) => `/account?tab=${tab}`);
  for (const address of [...tabs, '/notices', '/account/deleted']) {
    await page.goto(address);
    expect(await findFaultsInLightAndDark(page), address).toEqual([]);
  }
  await page.setViewportSize({ width: 360, height: 800 });
  for (const address of [...tabs, '/notices']) {
    await page.goto(address);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  }
});

test('an ORCID iD is shown as ORCID asks: icon and full address, to be followed', async ({ page }) => {
  const orcid = `0000-000${[...NADIA.email].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1e9, 7)}`;
  const { id } = (await getUserByEmail(NADIA.email, client.db))!;
  await linkSignIn(id, { type: 'oidc', provider: 'orcid', providerAccountId: orcid }, client.db);
  await signIn(page, NADIA);
  await page.goto('/account');
  const link = page.getByRole('link', { name: `https://orcid.org/${orcid}` });
  await expect(link).toHaveAttribute('href', `https://orcid.org/${orcid}`);
  await expect(link.getByRole('img', { name: 'ORCID iD' })).toBeVisible();
  await page.goto('/account?tab=sign-in');
  await expect(page.getByText('The only sign-in cannot be unlinked')).toBeVisible();
  await linkSignIn(id, { type: 'oauth', provider: 'github', providerAccountId: orcid }, client.db);
  await page.reload();
  await page.getByRole('listitem').filter({ hasText: 'ORCID' }).getByRole('button', { name: 'Unlink' }).click();
  await expect(page.getByRole('button', { name: 'Unlink' })).toHaveCount(0);
  await page.goto('/account');
  await expect(page.getByText('not linked')).toBeVisible();
});

test('signing out everywhere ends the sessions of other browsers, and no token', async ({ page }) => {
  await signIn(page, NADIA);
  const elsewhere = await someoneElse(page, NADIA);
  const [other] = elsewhere.pages();
  await other.goto('/account');
  await expect(other.getByRole('heading', { name: NADIA.name })).toBeVisible();
  await page.goto('/account?tab=sign-in');
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(page.getByText('You are signed out in all browsers. API tokens stay valid.')).toBeVisible();
  await other.goto('/account?tab=tokens');
  await other.waitForURL('**/sign-in?returnTo=%2Faccount%3Ftab%3Dtokens');
  await elsewhere.close();
  const read = await page.request.get('/api/v1/tasks', { headers: { authorization: `Bearer ${token}` } });
  expect(read.status()).toBe(200);
});

test('a suspended account is told since when and why, and changes nothing', async ({ page }) => {
  const { id } = (await getUserByEmail(NADIA.email, client.db))!;
  const suspend = (suspendedAt: Date | null, suspendedReason: string | null) =>
    client.db.update(users).set({ suspendedAt, suspendedReason }).where(eq(users.id, id));
  await suspend(new Date(Date.UTC(2026, 0, 2, 3, 4)), 'two accounts');
  await signIn(page, NADIA); // works all the same
  await page.goto('/');
  await expect(page.getByText('suspended since 2 Jan 2026, 03:04 UTC')).toBeVisible();
  await expect(page.getByText('two accounts')).toBeVisible();
  await page.goto('/account');
  await page.getByLabel('Affiliation').fill('Elsewhere');
  await page.getByRole('button', { name: 'Save profile' }).click();
  await expect(page.getByText('This account is suspended').first()).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Affiliation')).toHaveValue('Institute of Cells');
  await suspend(null, null);
  await page.reload();
  await expect(page.getByText('suspended since')).toHaveCount(0);
});

test('an account is deleted; its published entry stays under the chosen name', async ({ page }) => {
  const { id: userId } = (await getUserByEmail(NADIA.email, client.db))!;
  const [{ id }] = await client.db.select().from(submissions).where(eq(submissions.userId, userId)).limit(1);
  await requestPublication(id, userId, {}, client.db);
  const { id: maintainer } = (await getUserByEmail(MAINTAINER.email, client.db)) ?? (await mina(page));
  await approve(id, maintainer, {}, client.db);

  await signIn(page, NADIA);
  await page.goto('/account?tab=data');
  await page.getByLabel('Name under which they stay').fill('A former member');
  await page.getByRole('button', { name: 'Delete my account' }).click();
  await expect(page.getByText(`Type “${NADIA.name}” to confirm.`)).toBeVisible();
  await expect(page.getByLabel('Name under which they stay')).toHaveValue('A former member');
  await page.getByLabel(/^To confirm/).fill(NADIA.name);
  await page.getByRole('button', { name: 'Delete my account' }).click();
  await expect(page.getByRole('heading', { name: 'Your account is deleted' })).toBeVisible();
  await expect(page.getByRole('banner').getByRole('link', { name: 'Sign in' })).toBeVisible();

  expect(await getUserByEmail(NADIA.email, client.db)).toBeNull();
  const left = await client.db
    .select()
    .from(submissions)
    .where(eq(submissions.datasetId, await datasetOf(id)));
  expect(left.map((row) => [row.id, row.creditedTo, row.userId])).toEqual([[id, 'A former member', null]]);
  await page.goto(`/entries/${id}`);
  await expect(page.getByText('A former member').first()).toBeVisible();
  await expect(page.getByText(NADIA.name)).toHaveCount(0);
  const gone = await page.request.get('/api/v1/tasks', { headers: { authorization: `Bearer ${token}` } });
  expect(gone.status()).toBe(401);
});

/** Somebody who decides, where no test before has made them. */
async function mina(page: Page): Promise<{ id: string }> {
  await (await someoneElse(page, MAINTAINER)).close();
  return (await getUserByEmail(MAINTAINER.email, client.db))!;
}

async function datasetOf(id: string): Promise<string> {
  return (await client.db.select().from(submissions).where(eq(submissions.id, id)))[0].datasetId;
}
