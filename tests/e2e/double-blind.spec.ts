/**
 * The whole way of an entry under double-blind review: submitted for a team and anonymous, rejected, mended, scored,
 * read by a reviewer, published by a maintainer, and withdrawn; nobody outside has met its name.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import {
  agree,
  type Benchmark,
  expect,
  fileInput,
  percent,
  registerBenchmark,
  signIn,
  someoneElse,
  temporaryFolder,
  test,
} from './site-test.ts';

const stamp = Date.now().toString(36); // a site may see the tests more than once
const METHOD = `Blind model ${stamp}`;
const TEAM = `Blind lab ${stamp}`;
const OWNER = { name: `Bea ${stamp}`, email: `bea-${stamp}@example.org` };

let benchmark: Benchmark;
test.beforeAll(async () => {
  benchmark = await registerBenchmark('Double blind');
});

/** Words that would tell whose it is. */
async function tells(page: Page): Promise<string[]> {
  const content = await page.content();
  return [METHOD, TEAM, OWNER.name, OWNER.email].filter((word) => content.includes(word));
}

test('from the form to the stone, by way of a rejection and a reviewer', async ({ page, browser }) => {
  await agree(page);
  await signIn(page, OWNER);
  await page.goto('/teams');
  await page.getByLabel('Name of the team').fill(TEAM);
  await page.getByRole('button', { name: 'Create team' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(TEAM);

  const detections = JSON.parse(readFileSync(benchmark.predictions, 'utf8'));
  detections[0].score = 'high';
  const wrong = join(temporaryFolder(), 'wrong.json');
  writeFileSync(wrong, JSON.stringify(detections));
  await page.goto('/submit');
  const labels = await page.getByLabel('Data set').locator('option').allTextContents();
  await page.getByLabel('Data set').selectOption({ label: labels.find((label) => label.includes(benchmark.name)) });
  await fileInput(page).setInputFiles(wrong);
  await expect(page.getByText('arrived whole')).toBeVisible();
  await page.getByLabel('Submitted for').selectOption({ label: `the team ${TEAM}` });
  await page.getByLabel('Method name').fill(METHOD);
  await page.getByRole('checkbox', { name: /^Anonymous/ }).check();
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await page.waitForURL(/\/submissions\/[\w-]+$/);
  await expect(page.getByRole('heading', { name: 'What is wrong with the file' })).toBeVisible({ timeout: 60_000 });

  // the fixed file: whose it is and that it is anonymous are kept
  await page.getByRole('link', { name: 'Submit a fixed file' }).click();
  await expect(page.getByLabel('Method name')).toHaveValue(METHOD);
  await expect(page.getByRole('checkbox', { name: /^Anonymous/ })).toBeChecked();
  await fileInput(page).setInputFiles(benchmark.predictions);
  await expect(page.getByText('arrived whole')).toBeVisible();
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(`submitted for the team ${TEAM}`)).toBeVisible();
  const id = page.url().split('/').at(-1)!;
  const section = page.getByRole('region', { name: 'Anonymity and review' });
  const sealedAs = /others see “(Anonymous entry \d+)”/.exec((await section.textContent())!)![1];

  // a reviewer, before it is public
  await section.getByRole('button', { name: 'Make a link for reviewers' }).click();
  const link = (await section.locator('[data-review-link]').textContent())!;
  const outside = await browser.newContext({ baseURL: process.env.E2E_URL });
  const reviewer = await outside.newPage();
  expect((await reviewer.goto(`/entries/${id}`))!.status()).toBe(404);
  await reviewer.goto(link);
  await expect(reviewer.getByRole('heading', { level: 1 })).toHaveText(sealedAs);
  const { AP } = benchmark.report.results.segm!.overall;
  await expect(reviewer.getByText(percent(AP)).first()).toBeVisible();
  expect(await tells(reviewer)).toEqual([]);

  await page.getByRole('button', { name: 'Ask to publish' }).click();
  await expect(page.getByRole('button', { name: 'Take back the request' })).toBeVisible();
  const desk = await someoneElse(page, { name: 'Mina Maintainer', email: 'mina@example.org', role: 'maintainer' });
  const [maintainer] = desk.pages();
  await maintainer.goto('/maintain');
  const waiting = maintainer.getByRole('article', { name: METHOD });
  await expect(waiting).toContainText('Anonymous to others');
  await waiting.getByRole('button', { name: 'Approve' }).click();
  await expect(waiting).toHaveCount(0);
  await desk.close();

  // its owner is told, by its name; everybody else reads the other one
  await page.goto('/notices');
  await expect(
    page
      .getByRole('listitem')
      .filter({ hasText: `“${METHOD}”` })
      .first(),
  ).toContainText('was approved');
  const board = `/leaderboards/livecell-wide?${new URLSearchParams({ dataset: benchmark.name })}`;
  await reviewer.goto(board);
  await expect(reviewer.getByRole('link', { name: sealedAs })).toBeVisible();
  expect(await tells(reviewer)).toEqual([]);

  await page.goto(`/submissions/${id}`);
  await page.getByLabel('Why it is withdrawn').selectOption({ label: 'a mistake was found in it' });
  await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
  await expect(page.getByText('Withdrawn by its owner. The file is deleted.')).toBeVisible();
  expect((await reviewer.goto(`/entries/${id}`))!.status()).toBe(200);
  await expect(reviewer.getByRole('heading', { level: 1 })).toHaveText(sealedAs);
  await expect(reviewer.getByText(/Withdrawn by its owner on .+: a mistake was found in it\./)).toBeVisible();
  expect(await reviewer.content()).not.toContain(percent(AP));
  expect(await tells(reviewer)).toEqual([]);
  expect((await reviewer.goto(link))!.status()).toBe(404);
  await reviewer.goto(board);
  await expect(reviewer.getByRole('link', { name: sealedAs })).toHaveCount(0);
  await outside.close();
});
