/** What a researcher sees of quota and queue, and a maintainer of the tasks. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import { expectAccessible } from './accessibility.ts';
import {
  agree,
  document,
  expect,
  fileInput,
  onSite,
  registerBenchmark,
  signIn,
  someoneElse,
  temporaryFolder,
  test,
} from './site-test.ts';

test.describe.configure({ mode: 'serial' });

const TASK = 'single-cell-type';
const MAINTAINER = { name: 'Mina Maintainer', email: 'mina@example.org', role: 'maintainer' } as const;
const stamp = Date.now().toString(36);
const QUINN = { name: 'Quinn Quota', email: `quinn-${stamp}@example.org` };
const name = `Quota ${stamp}`;
let data: DemoData;

test.beforeAll(async () => {
  data = await writeDemoData(temporaryFolder(), { imagesPerType: 1, seed: 11 });
  await document(['import-ground-truth', data.groundTruth, '--name', name]);
});

async function settings(page: Page, change: (page: Page) => Promise<void>) {
  await page.goto(`/maintain/tasks/${TASK}`);
  await change(page);
  // “last set” may stand there from before, so the answer itself is waited for
  const answered = page.waitForResponse(
    (response) => response.request().method() === 'POST' && response.url().includes(`/maintain/tasks/${TASK}`),
  );
  await page.getByRole('button', { name: 'Save' }).click();
  await answered; // Next answers when the action has run
  await expect(page.getByText(/last set/)).toBeVisible();
}

async function accessible(page: Page) {
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => window.document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await page.setViewportSize({ width: 1280, height: 720 });
}

/** The one that the site has started. */
function scoringProcess(): number {
  const { pid } = JSON.parse(readFileSync(join(process.env.E2E_DATA!, 'run.json'), 'utf8')) as { pid: number };
  return Number(
    execFileSync('pgrep', ['-P', String(pid), '-f', 'workers/run.mjs worker'], { encoding: 'utf8' }).trim(),
  );
}

async function submitOne(page: Page, method: string) {
  await page.goto('/submit');
  await page.getByLabel('Task', { exact: true }).selectOption(TASK);
  await page.getByLabel('Data set').selectOption(name);
  await page.getByLabel('Trained on A172').setInputFiles(data.predictions[1].path);
  await expect(page.getByText('arrived whole')).toBeVisible();
  await page.getByLabel('Method name').fill(method);
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
}

test('a maintainer sets the quota of a task, and the form says how one stands', async ({ page }) => {
  await signIn(page, MAINTAINER);
  await settings(page, async (page) => {
    await page.getByLabel('Scored submissions per person or team').fill('1');
    await page.getByLabel('Length of the window, days').fill('2');
  });
  await page.goto('/maintain/tasks');
  await expect(page.getByRole('row', { name: /Single cell type/ })).toContainText('1 scored submission in 2 days');
  await accessible(page);
  await page.goto(`/maintain/tasks/${TASK}`);
  await expect(page.getByLabel('Length of the window, days')).toHaveValue('2');
  await accessible(page);
});

test('a scored submission uses the place up; the next is refused with the next slot', async ({ page }) => {
  await signIn(page, QUINN);
  await page.goto('/submit');
  await page.getByLabel('Task', { exact: true }).selectOption(TASK);
  await page.getByLabel('Data set').selectOption(name);
  await expect(page.getByText('You have 0 of 1 scored submission in 2 days: 1 left.')).toBeVisible();
  await submitOne(page, `First ${stamp}`);
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible({ timeout: 60_000 });

  await submitOne(page, `Second ${stamp}`);
  await expect(
    page.getByText(/You have 1 of 1 scored submission in 2 days: none left\. Next slot at .+ UTC\./),
  ).toBeVisible();
  const refusal = page.getByRole('alert').filter({ hasText: 'Next slot at' });
  await expect(refusal).toContainText(/Next slot at \d{4}-\d\d-\d\dT[\d:.]+Z/);
  await accessible(page);

  // the command line says it before it uploads anything
  const { token } = await document<{ token: string }>(['token', 'create', '--user', QUINN.email]);
  const call = ['submit', '--task', TASK, '--dataset', name, '--method', `Third ${stamp}`];
  const { status, stderr } = await onSite([...call, `A172=${data.predictions[1].path}`], { LIVECELL_TOKEN: token });
  expect(stderr).toMatch(/No place is left in Single cell type: 1 of 1 scored in 2 days.+Next slot at \d{4}-/);
  expect(status).toBe(1);

  await page.goto('/account?tab=quota');
  const quota = page.getByRole('region', { name: 'Quota', exact: true });
  await expect(quota.getByRole('row', { name: /^Single cell type 1 0 1 in 2 days 0 .+UTC/ })).toBeVisible();
  await quota.getByText('Ledger', { exact: true }).click();
  await expect(quota.getByRole('row', { name: new RegExp(`charged First ${stamp} scored`) })).toBeVisible();
  await accessible(page);
});

test('a maintainer grants more, with a reason that the researcher reads', async ({ page }) => {
  await signIn(page, MAINTAINER);
  await page.goto(`/maintain/tasks/${TASK}`);
  const ledger = page.getByRole('region', { name: 'Ledger of the quota' });
  await ledger.getByLabel('To whom').selectOption({ label: QUINN.name });
  await ledger.getByLabel('How many more').fill('2');
  await ledger.getByLabel('Reason for the grant').fill('A revision is due');
  await ledger.getByRole('button', { name: 'Grant more' }).click();
  await expect(ledger.getByRole('row', { name: /granted: 2.+A revision is due/ })).toBeVisible();
  const other = await someoneElse(page, QUINN);
  const [quinn] = other.pages();
  await quinn.goto('/account?tab=quota');
  await expect(
    quinn.getByRole('row', { name: /Single cell type 1 0 3 in 2 days, 2 of them granted 2 now/ }),
  ).toBeVisible();
  await other.close();
});

test('the queue names a submission to its owner alone, and its owner takes it out', async ({ page }) => {
  const benchmark = await registerBenchmark('Queue');
  await signIn(page, QUINN);
  const stranger = await someoneElse(page, { name: 'Sam Stranger', email: 'sam@example.org' });
  const [other] = stranger.pages();
  await page.goto('/queue');
  await expect(page.getByRole('heading', { name: 'Queue', level: 1 })).toBeVisible();
  await expect(page.getByText('One scoring process is at work.')).toBeVisible();
  await accessible(page);

  await page.goto('/submit');
  await page.getByLabel('Data set').selectOption(benchmark.name);
  await fileInput(page).setInputFiles(benchmark.predictions);
  await expect(page.getByText('arrived whole')).toBeVisible();
  await page.getByLabel('Method name').fill(`Hidden name ${stamp}`);
  const worker = scoringProcess();
  process.kill(worker, 'SIGSTOP'); // it stands still, so that there is time to look
  try {
    await page.getByRole('button', { name: 'Submit for scoring' }).click();
    await page.waitForURL(/\/submissions\/[\w-]+$/);
    await page.goto('/queue');
    const own = page.getByRole('row', { name: new RegExp(`Hidden name ${stamp}`) });
    await expect(own).toContainText('LIVECell-wide');
    await other.goto('/queue');
    await expect(other.getByRole('row', { name: /A submission to LIVECell-wide/ }).first()).toBeVisible();
    expect(await other.content()).not.toContain(`Hidden name ${stamp}`);
    await accessible(page);
    await agree(page);
    await own.getByRole('button', { name: 'Take out of the queue' }).click();
    await expect(own).toHaveCount(0);
  } finally {
    process.kill(worker, 'SIGCONT');
  }
  await stranger.close();
});

test('a closed task says so on the form before anything is uploaded, and opens again', async ({ page }) => {
  await signIn(page, MAINTAINER);
  await settings(page, async (page) => {
    await page.getByLabel(/^Closed/).check();
    await page.getByLabel('Why it is closed').fill('Ground truth is being corrected.');
  });
  await page.goto('/submit');
  await page.getByLabel('Task', { exact: true }).selectOption(TASK);
  await expect(
    page.getByText('Single cell type takes no submissions at the moment: Ground truth is being corrected.'),
  ).toBeVisible();
  await expect(fileInput(page)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Submit for scoring' })).toBeDisabled();
  await accessible(page);
  await settings(page, async (page) => {
    await page.getByLabel('Open', { exact: true }).check();
    await page.getByLabel('Scored submissions per person or team').fill('');
    await page.getByLabel('Length of the window, days').fill('');
  });
  await page.goto('/submit');
  await page.getByLabel('Task', { exact: true }).selectOption(TASK);
  await expect(fileInput(page).first()).toBeAttached();
});

test('an announcement stands above every page until it is taken down', async ({ page }) => {
  const text = `We move on Sunday, ${stamp}.`;
  await signIn(page, MAINTAINER);
  await page.goto('/maintain/tasks');
  await page.getByLabel('Text').fill(text);
  await page.getByRole('button', { name: 'Announce' }).click();
  const banner = page.getByRole('complementary', { name: 'Announcements' });
  await expect(banner).toContainText(text);
  await page.goto('/protocol');
  await expect(banner).toContainText(text);
  await accessible(page);
  await page.goto('/maintain/tasks');
  await page
    .getByRole('row', { name: new RegExp(text) })
    .getByRole('button', { name: 'Take down' })
    .click();
  await expect(banner.getByText(text)).toHaveCount(0);
});
