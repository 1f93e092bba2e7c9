/** A maintainer's way: inbox, decisions alone and in bulk, levels, people, two accounts of one person, the log. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expectAccessible } from './accessibility.ts';
import {
  agree,
  type Benchmark,
  document,
  expect,
  percent,
  registerBenchmark,
  signIn,
  someoneElse,
  test,
} from './site-test.ts';

test.describe.configure({ mode: 'serial' });

const stamp = Date.now().toString(36); // a site may see the tests more than once
const rita = { name: `Rita ${stamp}`, email: `rita-${stamp}@example.org` };
const sam = { name: `Sam ${stamp}`, email: `sam-${stamp}@example.org` };
const again = { name: `Rita B. ${stamp}`, email: `rita-b-${stamp}@example.org` };
const mina = { name: `Mina ${stamp}`, email: `mina-${stamp}@example.org`, role: 'maintainer' as const };
const max = { name: `Max ${stamp}`, email: `max-${stamp}@example.org`, role: 'maintainer' as const };

let benchmark: Benchmark;
const ids: Record<string, string> = {};
const named = (name: string) => `${name} ${stamp}`;
const board = (more = '') => `/leaderboards/livecell-wide?dataset=${encodeURIComponent(benchmark.name)}${more}`;

test.beforeAll(async ({ playwright, browser }) => {
  for (const who of [rita, sam, again]) {
    const context = await browser.newContext({ baseURL: process.env.E2E_URL });
    await signIn(await context.newPage(), who);
    await context.close();
  }
  benchmark = await registerBenchmark('Maintained');
  const request = await playwright.request.newContext({ baseURL: process.env.E2E_URL });
  const tokens = new Map<string, string>();
  for (const { email } of [rita, sam, again])
    tokens.set(email, (await document<{ token: string }>(['token', 'create', '--user', email])).token);
  // another file than that of the last run, should the site have seen one
  const bytes = Buffer.concat([
    readFileSync(benchmark.predictions),
    Buffer.from('\n'.repeat(1 + (Date.now() % 10_000))),
  ]);
  let sent = 0;
  /** `same`: the file of others; else one of its own, which differs by spaces at the end */
  async function submit(who: { email: string }, name: string, same = false): Promise<void> {
    const headers = { authorization: `Bearer ${tokens.get(who.email)}` };
    const body = Buffer.concat([bytes, Buffer.from(same ? '' : ' '.repeat(++sent))]);
    const upload = await request.post('/api/uploads', {
      headers: {
        ...headers,
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        'upload-length': String(body.length),
        'upload-metadata': `filename ${btoa('predictions.json')}`,
      },
      data: body,
    });
    expect(upload.status(), await upload.text()).toBe(201);
    const files = [{ slot: 'all', upload: upload.headers().location }];
    const made = await request.post('/api/v1/submissions', {
      headers,
      data: {
        task: 'livecell-wide',
        dataset: benchmark.name,
        method: named(name),
        files,
        visibility: 'pending',
        trainingData: 'The training split',
        codeUrl: name === 'Good' ? 'https://example.org/code' : undefined,
      },
    });
    expect(made.status(), await made.text()).toBe(201);
    ids[name] = (await made.json()).id;
    const state = async () => (await (await request.get(`/api/v1/submissions/${ids[name]}`, { headers })).json()).state;
    await expect.poll(state).toBe('scored');
  }
  await submit(rita, 'Good', true);
  await submit(rita, 'Unclear');
  await submit(rita, 'Odd');
  await submit(sam, 'Copied', true);
  await submit(sam, 'Bulk one');
  await submit(sam, 'Bulk two');
  await submit(again, 'Second account');
  await request.dispose();
});

/** Fits the narrowest telephones. */
async function fits(page: Page): Promise<void> {
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 360, height: 800 });
  const main = await page.locator('main').evaluate((element) => element.scrollWidth - element.clientWidth);
  expect(main).toBeLessThanOrEqual(0);
  await page.setViewportSize(size);
}

/** Our methods in the inbox, in its order. */
async function listed(page: Page): Promise<string[]> {
  const names = await page.getByRole('article').getByRole('heading').allTextContents();
  return names.filter((name) => name.endsWith(stamp));
}

const waiting = (page: Page, name: string) => page.getByRole('article', { name: named(name) });
const decided = (page: Page, name: string) =>
  page
    .getByRole('region', { name: 'Decided last' })
    .getByRole('listitem')
    .filter({ hasText: named(name) });

async function decide(page: Page, name: string, words: string, button: string): Promise<void> {
  const one = waiting(page, name);
  await one.getByRole('textbox').fill(words);
  await one.getByRole('button', { name: button }).click();
}

async function inbox(page: Page, who: Parameters<typeof signIn>[1] = mina): Promise<void> {
  await signIn(page, who);
  await page.goto('/');
  await page.getByRole('link', { name: 'Maintain', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Inbox');
}

test('the inbox says what matters of each entry, the longest-waiting first', async ({ page }) => {
  await inbox(page);
  await expect
    .poll(() => listed(page))
    .toEqual(['Good', 'Unclear', 'Odd', 'Copied', 'Bulk one', 'Bulk two', 'Second account'].map(named));
  const copied = waiting(page, 'Copied');
  await expect(copied).toContainText(`Sam ${stamp}`);
  await expect(copied).toContainText(percent(benchmark.report.results.segm!.overall.AP));
  await expect(copied).toContainText('rank 1 of 1');
  await expect(copied).toContainText('Trained on: The training split');
  await expect(copied).toContainText(/waits (less than a minute|\d+ minutes?)/);
  const findings = copied.getByRole('list', { name: 'Worth a look' });
  await expect(findings).toContainText(`is, byte by byte, that of “${named('Good')}” by Rita`);
  await findings.getByRole('link', { name: 'Look' }).first().click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(named('Good'));
  await page.goBack();
  await expectAccessible(page);
  await fits(page);
});

test('approving puts an entry on the board, and tells its owner', async ({ page }) => {
  await inbox(page);
  await decide(page, 'Good', 'Thank you for the code', 'Approve');
  await expect(waiting(page, 'Good')).toHaveCount(0);
  await expect(decided(page, 'Good')).toContainText('approved and published: Thank you for the code');
  // the next one is compared with it
  await expect(waiting(page, 'Odd')).toContainText(`rank 1 of 2, level with ${named('Good')}`);
  await page.goto(board());
  await expect(page.getByRole('link', { name: named('Good') })).toBeVisible();
  const owner = await someoneElse(page, rita);
  const [other] = owner.pages();
  await other.goto(`/submissions/${ids.Good}`);
  await expect(other.getByText('A maintainer says: Thank you for the code')).toBeVisible();
  await owner.close();
});

test('asking back needs a question, and the owner answers it by asking again', async ({ page }) => {
  await inbox(page);
  await decide(page, 'Unclear', '', 'Ask back');
  await expect(waiting(page, 'Unclear').getByRole('alert')).toContainText('Say what you want to know');
  await decide(page, 'Unclear', 'Which images was it trained on?', 'Ask back');
  await expect(waiting(page, 'Unclear')).toHaveCount(0);

  const owner = await someoneElse(page, rita);
  const [other] = owner.pages();
  await other.goto(`/submissions/${ids.Unclear}`);
  await expect(other.getByText('A maintainer asks before publishing: Which images was it trained on?')).toBeVisible();
  await other.getByLabel('Your answer').fill('All of the training split.');
  await other.getByRole('button', { name: 'Ask to publish again' }).click();
  await expect(other.getByRole('button', { name: 'Take back the request' })).toBeVisible();
  await owner.close();

  await page.goto('/maintain');
  await expect(waiting(page, 'Unclear')).toContainText('Asked: Which images was it trained on?');
  await expect(waiting(page, 'Unclear')).toContainText('The owner says: All of the training split.');
  // it waits from now on: behind those that have waited all the time
  await expect.poll(async () => (await listed(page)).at(-1)).toBe(named('Unclear'));
});

test('rejecting needs a reason, which the owner reads', async ({ page }) => {
  await inbox(page);
  await decide(page, 'Odd', '', 'Reject');
  await expect(waiting(page, 'Odd').getByRole('alert')).toContainText('needs a reason');
  await decide(page, 'Odd', 'This is the file of another method', 'Reject');
  await expect(waiting(page, 'Odd')).toHaveCount(0);
  const owner = await someoneElse(page, rita);
  const [other] = owner.pages();
  await other.goto(`/submissions/${ids.Odd}`);
  await expect(other.getByText('Reason: This is the file of another method')).toBeVisible();
  await owner.close();
});

test('of two maintainers the second is told what the first one did', async ({ page }) => {
  await inbox(page);
  const second = await someoneElse(page, max);
  const [other] = second.pages();
  await other.goto('/maintain');
  await decide(page, 'Copied', 'A copy', 'Reject');
  await expect(waiting(page, 'Copied')).toHaveCount(0);
  await decide(other, 'Copied', '', 'Approve');
  await expect(other.getByRole('alert').filter({ hasText: 'What happened last' })).toContainText(
    new RegExp(`What happened last \\(Mina ${stamp}, .* UTC\\): declined to publish`),
  );
  await second.close();
});

test('several at once, with one reason or none', async ({ page }) => {
  await inbox(page);
  await page.getByRole('button', { name: 'Approve checked' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Check the entries first' })).toBeVisible();
  for (const name of ['Bulk one', 'Bulk two']) await page.getByLabel(`Check ${named(name)}`).check();
  await page.getByRole('button', { name: 'Approve checked' }).click();
  await expect(page.getByText('2 entries published.')).toBeVisible();
  for (const name of ['Bulk one', 'Bulk two']) await expect(waiting(page, name)).toHaveCount(0);
  for (const name of ['Unclear', 'Second account']) await page.getByLabel(`Check ${named(name)}`).check();
  await page.getByRole('button', { name: 'Reject checked' }).click();
  await expect(page.getByText('Rejecting needs a reason')).toBeVisible();
  for (const name of ['Unclear', 'Second account']) await page.getByLabel(`Check ${named(name)}`).check();
  await page.getByLabel('Words to the owners of the checked entries').fill('Not on this board');
  await page.getByRole('button', { name: 'Reject checked' }).click();
  await expect(waiting(page, 'Unclear')).toHaveCount(0);
  await expect(decided(page, 'Second account')).toContainText('declined to publish: Not on this board');
});

test('a published entry is found, hidden with a reason and restored', async ({ page }) => {
  await signIn(page, mina);
  await page.goto('/maintain/entries');
  await page.getByLabel('Method or submitter').fill(named('Bulk two'));
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByRole('link', { name: `Decide about ${named('Bulk two')}` }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(named('Bulk two'));
  await expectAccessible(page);
  await fits(page);
  await page.getByRole('textbox').fill('Made with another data set');
  await page.getByRole('button', { name: 'Hide' }).click();
  await expect(page.getByText('Hidden because: Made with another data set')).toBeVisible();
  await page.goto(board());
  await expect(page.getByRole('link', { name: named('Bulk one') })).toBeVisible();
  await expect(page.getByRole('link', { name: named('Bulk two') })).toHaveCount(0);
  await page.goto('/maintain/entries?filter=hidden');
  await page.getByRole('link', { name: `Decide about ${named('Bulk two')}` }).click();
  await page.getByRole('textbox').fill('It was the right one');
  await page.getByRole('button', { name: 'Restore' }).click();
  await expect(page.getByRole('button', { name: 'Hide' })).toBeVisible();
  await page.goto(board());
  await expect(page.getByRole('link', { name: named('Bulk two') })).toBeVisible();
});

test('a re-run is marked on board and entry, and the board filters by level', async ({ page }) => {
  await signIn(page, mina);
  await page.goto(`/maintain/entries/${ids['Bulk one']}`);
  await page.getByRole('textbox').fill('Within 0.01 points of AP');
  await page.getByRole('button', { name: 'Mark as re-run' }).click();
  await expect(page.getByText('Re-run: Within 0.01 points of AP')).toBeVisible();
  await page.goto(board());
  await expect(page.getByRole('row', { name: new RegExp(named('Bulk one')) })).toContainText('✅ Re-run');
  const level = async (name: string) => {
    await page.locator('.toolbar summary', { hasText: 'Filter' }).click();
    await page.getByLabel('Level', { exact: true }).getByRole('link', { name }).click();
  };
  await level('Code linked');
  await expect(page.getByRole('link', { name: named('Bulk two') })).toHaveCount(0);
  await expect(page.getByRole('link', { name: named('Good') })).toBeVisible();
  await level('Re-run');
  await expect(page.getByRole('link', { name: named('Good') })).toHaveCount(0);
  await expect(page).toHaveURL(/level=verified/);
  await page.getByRole('link', { name: named('Bulk one') }).click();
  await expect(page.getByText(new RegExp(`Re-run by Mina ${stamp}, .*: Within 0.01 points of AP`))).toBeVisible();
  await page.goto(`/maintain/entries/${ids['Bulk one']}`);
  await page.getByRole('textbox').fill('The weights were others');
  await page.getByRole('button', { name: 'Take back the re-run mark' }).click();
  await expect(page.getByRole('button', { name: 'Mark as re-run' })).toBeVisible();
});

test('a baseline is marked on the page of the entry itself, and stands out on the board', async ({ page }) => {
  await page.goto(`/entries/${ids.Good}`);
  await expect(page.getByRole('button', { name: 'Mark as a baseline' })).toHaveCount(0); // nobody is signed in
  await signIn(page, mina);
  await page.goto(`/entries/${ids.Good}`);
  await page.getByRole('button', { name: 'Mark as a baseline' }).click();
  await expect(page.getByText('Baseline', { exact: true })).toBeVisible();
  await page.goto(board());
  await expect(page.getByRole('row', { name: new RegExp(named('Good')) })).toContainText('Baseline');
  await page.goto(`/maintain/entries/${ids.Good}`);
  await page.getByRole('button', { name: 'No longer a baseline' }).click();
  await expect(page.getByRole('button', { name: 'Mark as a baseline' })).toBeVisible();
});

test('a person is found, suspended and let in again, each with a reason', async ({ page }) => {
  await signIn(page, mina);
  await page.goto('/maintain/people');
  await expectAccessible(page);
  await fits(page);
  await page.getByLabel('Name, e-mail or ORCID iD').fill(sam.email);
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByRole('link', { name: sam.name }).click();
  await expectAccessible(page);
  await fits(page);
  await page.getByRole('button', { name: 'Suspend' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Say why' })).toBeVisible();
  await page.getByLabel('Reason for suspending').fill('A copied file');
  await page.getByRole('button', { name: 'Suspend' }).click();
  await expect(page.getByText(/Suspended .*: A copied file/)).toBeVisible();

  const { token } = await document<{ token: string }>(['token', 'create', '--user', sam.email]);
  const post = () =>
    page.request.post('/api/v1/submissions', { headers: { authorization: `Bearer ${token}` }, data: {} });
  expect((await post()).status()).toBe(403);
  await page.getByLabel('Reason for lifting the suspension').fill('Explained');
  await page.getByRole('button', { name: 'Lift the suspension' }).click();
  await expect(page.getByLabel('Reason for suspending')).toBeVisible();
  expect((await post()).status()).toBe(400);

  await page.getByLabel('Reason for the role').fill('Helps to run the site');
  await page.getByRole('button', { name: 'Make a maintainer' }).click();
  await expect(page.getByRole('button', { name: 'Make a researcher' })).toBeVisible();
  await page.getByLabel('Reason for the role').fill('Has left');
  await page.getByRole('button', { name: 'Make a researcher' }).click();
  await expect(page.getByRole('button', { name: 'Make a maintainer' })).toBeVisible();

  await page.getByLabel('How many more').fill('3');
  await page.getByLabel('Reason for the grant').fill('For the revision');
  await page.getByRole('button', { name: 'Grant more' }).click();
  await expect(page.getByRole('row', { name: /LIVECell-wide/ }).first()).toContainText('3 of them granted');
});

test('two accounts of one person become one, after a look at what moves', async ({ page }) => {
  await signIn(page, mina);
  await page.goto(`/maintain/people?q=${encodeURIComponent(rita.email)}`);
  await page.getByRole('link', { name: rita.name }).click();
  await page.getByRole('link', { name: 'Merge another account into this one' }).click();
  await page.getByLabel('The other account').fill(again.email);
  await page.getByRole('button', { name: 'Find the other account' }).click();
  await page.getByRole('link', { name: /^Preview merging/ }).click();
  await expect(page.getByText(/1 submissions, 1 methods/)).toBeVisible();
  await expect(page.getByText(`the address ${again.email}`)).toBeVisible();
  await expectAccessible(page);
  await fits(page);
  await agree(page);
  await page.getByLabel('Reason for merging').fill('She asked for it');
  await page.getByRole('button', { name: 'Merge the accounts' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(rita.name);
  const table = page.getByRole('region', { name: 'Submissions', exact: true });
  await expect(table.getByRole('link', { name: named('Second account'), exact: true })).toBeVisible();
  await page.goto(`/maintain/people?q=${encodeURIComponent(again.email)}`);
  await expect(page.getByText('Nobody is found')).toBeVisible();
});

test('the log has it all, and goes into files', async ({ page }) => {
  await signIn(page, mina);
  await page.goto('/maintain/audit');
  await expectAccessible(page);
  await fits(page);
  await page.getByLabel('What').selectOption('hidden');
  await page.getByLabel('Text').fill('Made with another data set');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page).toHaveURL(/kind=hidden/);
  const row = page.getByRole('row', { name: new RegExp(named('Bulk two')) });
  await expect(row).toContainText(mina.name);
  await expect(row).toContainText('visibility: published → hidden');
  for (const [name, expected] of [
    ['CSV', new RegExp(`,hidden,Mina ${stamp},`)],
    ['JSON lines', /"kind":"hidden".*"before":"published"/],
  ] as const) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()]);
    const text = readFileSync(await download.path(), 'utf8').trim();
    expect(text).toMatch(expected);
    expect(text.split('\n')).toHaveLength(name === 'CSV' ? 2 : 1);
  }
  await page.goto(`/maintain/audit?kind=accounts-merged&person=${encodeURIComponent(rita.name)}`);
  await expect(page.getByRole('row', { name: /merged two accounts of one person/ })).toContainText('She asked for it');
});

test('whoever is no maintainer finds nothing of this', async ({ page }) => {
  await signIn(page, rita);
  for (const path of [
    ...['/maintain', '/maintain/entries', `/maintain/entries/${ids.Good}`, '/maintain/people', '/maintain/audit'],
    '/maintain/audit/export',
  ])
    expect((await page.goto(path))!.status(), path).toBe(404);
});
