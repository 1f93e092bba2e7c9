/** A researcher's own things: a method and its versions, what the board shows of it, a team, and going again. */
import type { BrowserContext, Page } from '@playwright/test';
import {
  agree,
  type Benchmark,
  document,
  expect,
  fileInput,
  registerBenchmark,
  signIn,
  signInByForm,
  someoneElse,
  test,
} from './site-test.ts';

test.describe.configure({ mode: 'serial' });

const METHOD = `Own model ${Date.now().toString(36)}`;
const TEAM = `Lab of ${METHOD}`;
const ADA = { name: 'Ada Author', email: 'ada-author@example.org' };
const BOB = { name: 'Bob Colleague', email: 'bob-colleague@example.org' };
let benchmark: Benchmark;
const versions: string[] = [];
let method: string;

const board = () => `/leaderboards/livecell-wide?${new URLSearchParams({ dataset: benchmark.name })}`;

async function submitForm(page: Page, fill: (page: Page) => Promise<unknown>): Promise<string> {
  await page.goto('/submit');
  const labels = await page.getByLabel('Data set').locator('option').allTextContents();
  await page.getByLabel('Data set').selectOption({ label: labels.find((label) => label.includes(benchmark.name)) });
  await fileInput(page).setInputFiles(benchmark.predictions);
  await expect(page.getByText('arrived whole')).toBeVisible();
  await fill(page);
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await page.waitForURL(/\/submissions\/[\w-]+$/);
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible({ timeout: 60_000 });
  return page.url().split('/').at(-1)!;
}

async function approved(page: Page, ids: string[]): Promise<void> {
  const maintainer = await someoneElse(page, {
    name: 'Mina Maintainer',
    email: 'mina@example.org',
    role: 'maintainer',
  });
  const [desk] = maintainer.pages();
  for (const id of ids) {
    await desk.goto(`/maintain/entries/${id}`);
    await desk.getByRole('button', { name: 'Approve', exact: true }).click();
    await expect(desk.getByRole('button', { name: 'Approve', exact: true })).toHaveCount(0);
  }
  await maintainer.close();
}

test.beforeAll(async () => {
  benchmark = await registerBenchmark('Researcher');
});

test('a new name makes a method; the same name, written otherwise, its second version', async ({ page }) => {
  await signIn(page, ADA);
  for (const name of [METHOD, METHOD.toUpperCase()])
    versions.push(
      await submitForm(page, async () => {
        await page.getByLabel('Method name').fill(name);
        await page.getByLabel('Ask to publish when scored').check();
      }),
    );
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(METHOD);
  await expect(page.getByText('Version 2 of this method')).toBeVisible();
  await page.getByRole('link', { name: 'this method' }).click();
  await expect(page.getByText('No version is public under this name')).toBeVisible();
  method = new URL(page.url()).pathname;
  await expect(page.getByRole('table').getByRole('row')).toHaveCount(3);

  await page.getByLabel('Authors').fill('Ada Author and Bob Colleague');
  await page.getByLabel('Architecture').fill('U-Net of my own');
  await page.getByLabel('Trainable parameters').fill('many');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('A number, such as 44.3')).toBeVisible();
  await page.getByLabel('Trainable parameters').fill('44.3');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved.' })).toBeVisible();
  await expect(page.getByText('44.3 million')).toBeVisible();
  await expect(page.getByText('by Ada Author and Bob Colleague')).toBeVisible();
});

test('the board shows the version approved last, until the owner chooses the other', async ({ page, browser }) => {
  expect((await page.goto(method))!.status()).toBe(404); // nobody is signed in here
  await approved(page, versions);
  const [first, second] = versions;
  const row = page.getByRole('row', { name: new RegExp(METHOD) });
  await page.goto(board());
  await expect(row).toHaveCount(1);
  await expect(row.getByRole('link', { name: METHOD })).toHaveAttribute('href', `/entries/${second}`);
  await expect(row.locator('[data-metric=runs]')).toHaveText('2');

  const own = await browser.newContext({ baseURL: process.env.E2E_URL });
  const desk = await own.newPage();
  await signIn(desk, ADA);
  await desk.goto(method);
  await desk.getByRole('button', { name: 'Show version 1' }).click();
  await expect(desk.getByRole('row', { name: /^1 / }).getByText('shown')).toBeVisible();
  await own.close();

  await page.goto(board());
  await expect(row).toHaveCount(1);
  await expect(row.getByRole('link', { name: METHOD })).toHaveAttribute('href', `/entries/${first}`);
  await row.getByRole('link', { name: 'Version 1' }).click();
  // what everybody sees of the method: facts and public versions, and nothing to change
  await expect(page.getByText('U-Net of my own')).toBeVisible();
  await expect(page.getByRole('table').getByRole('row')).toHaveCount(3);
  await expect(page.getByRole('heading', { name: 'Edit' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: /Show version/ })).toHaveCount(0);
});

test.describe('a team', () => {
  let ada: BrowserContext;
  let bob: BrowserContext;
  let entry: string;
  test.beforeAll(async ({ browser }) => {
    [ada, bob] = [
      await browser.newContext({ baseURL: process.env.E2E_URL }),
      await browser.newContext({ baseURL: process.env.E2E_URL }),
    ];
    await signIn(await ada.newPage(), ADA);
  });
  test.afterAll(async () => {
    await ada.close();
    await bob.close();
  });

  test('invites by a link that is shown once, and a second person comes in through it', async () => {
    const [page] = ada.pages();
    await page.goto('/teams');
    await page.getByLabel('Name of the team').fill(TEAM);
    await page.getByRole('button', { name: 'Create team' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(TEAM);
    await page.getByRole('button', { name: 'Make an invitation link' }).click();
    const link = (await page.locator('[data-invitation]').textContent())!;
    await page.reload();
    await expect(page.getByText('A link made on')).toBeVisible();
    await expect(page.locator('[data-invitation]')).toHaveCount(0);

    const guest = await bob.newPage();
    await guest.goto(link);
    await expect(guest.getByRole('heading', { level: 1 })).toHaveText(TEAM);
    await guest.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
    await guest.waitForURL(/\/sign-in/);
    await signInByForm(guest, BOB);
    await guest.goto(link);
    await guest.getByRole('button', { name: 'Join the team' }).click();
    await expect(guest.getByRole('row', { name: /Bob Colleague \(you\)/ })).toContainText('member');
    await expect(guest.getByRole('button', { name: 'Make an invitation link' })).toHaveCount(0);

    // taken back, it lets nobody in any more
    await page.reload();
    await page.getByRole('button', { name: 'Take back' }).click();
    await expect(page.getByText('A link made on')).toHaveCount(0);
    await guest.goto(link);
    await expect(guest.getByText('This invitation does not work any more')).toBeVisible();
  });

  test('owns what one submits for it, and the other may publish it', async () => {
    const [page] = ada.pages();
    entry = await submitForm(page, async () => {
      await page.getByLabel('Submitted for').selectOption({ label: `the team ${TEAM}` });
      await page.getByLabel('Method name').fill(`${METHOD} of the team`);
    });
    await expect(page.getByText(`submitted for the team ${TEAM}`)).toBeVisible();
    const [guest] = bob.pages();
    await guest.goto('/submissions');
    await guest.getByRole('link', { name: `${METHOD} of the team` }).click();
    await guest.getByRole('button', { name: 'Ask to publish' }).click();
    await expect(guest.getByRole('button', { name: 'Take back the request' })).toBeVisible();
  });

  test('keeps an owner, and loses nothing when somebody leaves', async () => {
    const [page] = ada.pages();
    const [guest] = bob.pages();
    await agree(page);
    await page.goto('/teams');
    await page.getByRole('link', { name: TEAM }).click();
    await page.getByRole('button', { name: 'Leave the team' }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'Make somebody else owner first' })).toBeVisible();
    await page.getByRole('row', { name: /Bob/ }).getByRole('button', { name: 'Make owner' }).click();
    await expect(page.getByRole('row', { name: /Bob/ })).toContainText('owner');
    await page.getByRole('button', { name: 'Leave the team' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('My teams');
    expect((await page.goto(`/submissions/${entry}`))!.status()).toBe(404);
    expect((await guest.goto(`/submissions/${entry}`))!.status()).toBe(200);
  });
});

test('files are deleted and the score stays', async ({ page }) => {
  await signIn(page, ADA);
  await agree(page);
  await page.goto(`/submissions/${versions[1]}`);
  await page.getByRole('button', { name: 'Delete the files' }).click();
  await expect(page.getByText(/deleted on \d/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Delete the files' })).toHaveCount(0);
  await expect(page.locator('[data-metric=AP]').first()).toHaveText(/^\d+\.\d\d$/);
});

test('what is withdrawn leaves a stone with the reason, and its place to the other version', async ({ page }) => {
  await signIn(page, ADA);
  await agree(page);
  await page.goto(`/submissions/${versions[0]}`);
  await page.getByLabel('Why it is withdrawn').selectOption({ label: 'superseded by a newer version' });
  await page.getByRole('button', { name: 'Withdraw' }).click();
  await expect(page.getByText('Withdrawn by its owner. The file is deleted.')).toBeVisible();

  const stranger = await page.context().browser()!.newContext({ baseURL: process.env.E2E_URL });
  const other = await stranger.newPage();
  expect((await other.goto(`/entries/${versions[0]}`))!.status()).toBe(200);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText(METHOD);
  await expect(other.getByText(/Withdrawn by its owner on .+: superseded by a newer version\./)).toBeVisible();
  const { AP } = benchmark.report.results.segm!.overall;
  expect(await other.content()).not.toContain((AP! * 100).toFixed(2));
  await other.goto(board());
  const row = other.getByRole('row', { name: new RegExp(METHOD) });
  await expect(row.getByRole('link', { name: METHOD })).toHaveAttribute('href', `/entries/${versions[1]}`);
  await expect(row.locator('[data-metric=runs]')).toHaveText('2');
  await stranger.close();
});

test('the command line submits for a team and to a method by its id', async () => {
  const { token } = await document<{ token: string }>(['token', 'create', '--user', BOB.email]);
  const submit = (...more: string[]) =>
    document<{ id: string }>(
      ['submit', '--server', process.env.E2E_URL!, '--dataset', benchmark.name, ...more, benchmark.predictions],
      { LIVECELL_TOKEN: token },
    );
  const read = async ({ id }: { id: string }) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${process.env.E2E_URL}/api/v1/submissions/${id}`, { headers })).json();
  };
  const first = await read(await submit('--team', TEAM, '--method', 'By command'));
  expect(first).toMatchObject({ team: TEAM, method: 'By command', version: 1 });
  expect(await read(await submit('--method-id', first.methodId))).toMatchObject({
    team: TEAM,
    methodId: first.methodId,
    version: 2,
  });
});
