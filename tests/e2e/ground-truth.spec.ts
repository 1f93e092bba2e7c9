/** Ground truth in the maintainers' pages: sent in, replaced, scored again, decided about; what entries show of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import { expectAccessible } from './accessibility.ts';
import { agree, document, expect, fileInput, onSite, signIn, someoneElse, temporaryFolder, test } from './site-test.ts';

test.describe.configure({ mode: 'serial' });

const stamp = Date.now().toString(36); // a site may see the tests more than once
const ada = { name: `Ada ${stamp}`, email: `ada-gt-${stamp}@example.org` };
const mina = { name: `Mina ${stamp}`, email: `mina-gt-${stamp}@example.org`, role: 'maintainer' as const };
const NAME = `Kept ${stamp}`;

let demo: DemoData;
let folder: string;
let mended: string;
let entry: string;

test.beforeAll(async () => {
  folder = temporaryFolder();
  demo = await writeDemoData(join(folder, 'demo'), { imagesPerType: 1, seed: 12 });
  // another file than that of the last run, should the site have seen one
  demo.groundTruth = changed('first.json', (document) => {
    document.info = { description: stamp };
  });
  mended = changed('mended.json', (document) => {
    document.annotations = document.annotations.filter((_, i) => i % 7 !== 0);
  });
});

interface Coco {
  info?: { description: string };
  images: { id: number }[];
  annotations: { image_id: number }[];
}
function changed(name: string, change: (document: Coco) => void): string {
  const document = JSON.parse(readFileSync(demo.groundTruth, 'utf8')) as Coco;
  change(document);
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(document));
  return path;
}

/** Fits the narrowest telephones. */
async function fits(page: Page): Promise<void> {
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 360, height: 800 });
  const main = await page.locator('main').evaluate((element) => element.scrollWidth - element.clientWidth);
  expect(main).toBeLessThanOrEqual(0);
  await page.setViewportSize(size);
}

async function sendFile(page: Page, path: string): Promise<void> {
  await fileInput(page).setInputFiles(path);
  await expect(page.getByText('arrived whole')).toBeVisible();
}

const versions = (page: Page) => page.getByRole('region', { name: 'Table of versions' }).getByRole('row');

async function keeping(page: Page): Promise<void> {
  await signIn(page, mina);
  await page.goto('/maintain');
  await page.getByRole('link', { name: 'Ground truth', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Ground truth');
}
async function kept(page: Page): Promise<void> {
  await keeping(page);
  await page.getByRole('row', { name: NAME }).getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(NAME);
}

test('a file with problems is told with them, a good one is registered; it is the maintainers’ page', async ({
  page,
}) => {
  await keeping(page);
  const wrong = join(folder, 'wrong.json');
  writeFileSync(wrong, '{"images": [], "annotations": "none"}');
  await page.getByLabel('Name', { exact: true }).fill(NAME);
  await page.getByRole('button', { name: 'Register' }).click();
  await expect(page.getByText('Upload a file first.')).toBeVisible();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(NAME);
  await sendFile(page, wrong);
  await page.getByRole('button', { name: 'Register' }).click();
  const problems = page.getByRole('list', { name: `Problems of ${NAME}` });
  await expect(problems.getByRole('listitem').first()).toBeVisible({ timeout: 30_000 });

  await page.getByLabel('Name', { exact: true }).fill(NAME);
  await page.getByLabel('Licence').fill('CC0');
  await page.getByLabel('Note').fill('The first one');
  await sendFile(page, demo.groundTruth);
  await page.getByRole('button', { name: 'Register' }).click();
  const row = page.getByRole('row', { name: NAME });
  await expect(row).toContainText('not public');
  await expectAccessible(page);
  await fits(page);
  await row.getByRole('link').click();
  await expect(versions(page).nth(1)).toContainText('The first one');
  await expect(versions(page).nth(1)).toContainText(mina.name);
  await expectAccessible(page);
  await fits(page);
  const address = page.url();
  const other = await someoneElse(page, ada);
  const theirs = other.pages()[0];
  for (const path of ['/maintain/ground-truth', address]) expect((await theirs.goto(path))!.status()).toBe(404);
  await other.close();
});

test('replacing it scores everything again; its pages show old and new with the reason, and its owner hears of it', async ({
  page,
}) => {
  const token = (await document<{ token: string }>(['token', 'create', '--user', ada.email])).token;
  const made = await document<{ id: string }>(
    ['submit', '--method', `Ours ${stamp}`, '--publish', '--dataset', NAME, demo.predictions[0].path],
    { LIVECELL_SERVER: process.env.E2E_URL, LIVECELL_TOKEN: token },
  );
  entry = made.id;
  await kept(page);
  const state = async () => (await (await page.request.get(`/api/v1/submissions/${entry}`)).json()).state;
  await expect.poll(state).toBe('scored');
  await page.goto(`/maintain/entries/${entry}`);
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByRole('button', { name: 'Approve' })).toHaveCount(0);
  await page.goto(`/entries/${entry}`);
  await expect(page.getByRole('heading', { name: 'Scored again' })).toHaveCount(0);

  await page.goto('/maintain/ground-truth');
  await page.getByRole('row', { name: NAME }).getByRole('link').click();
  await page.getByLabel('What changed, and why').fill('Every seventh object was none');
  await sendFile(page, mended);
  // what changes every score asks first, and says how many; who cancels has changed nothing
  const replace = page.getByRole('button', { name: 'Replace by this file' }).first();
  await replace.click();
  const question = page.getByRole('dialog', { name: 'Replace this ground truth?' });
  await expect(question).toContainText('One submission is scored again on the new file.');
  await expect(question.getByRole('button', { name: 'Keep it as it is' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(versions(page)).toHaveCount(2);
  await replace.click();
  await question.locator('[data-agree]').click();
  await expect(versions(page).nth(1)).toContainText('Every seventh object was none');
  await expect(versions(page).nth(1)).toContainText('current');
  await expect(versions(page).nth(2)).toContainText('replaced');
  await expect(page.getByRole('region', { name: 'Scored again before' })).toContainText('1 scored again');

  // nothing is asked before a reason is given, which the browser asks for
  const again = page.getByRole('button', { name: 'Score all again' }).first();
  const reason = page.getByRole('textbox', { name: 'Why', exact: true });
  const asked = page.getByRole('dialog', { name: 'Score everything again?' });
  await again.click();
  await expect(reason).toBeFocused();
  await expect(asked).toBeHidden();
  await reason.fill('To see whether it is needed');
  await again.click();
  await expect(asked).toContainText('One submission is scored again by the evaluator of this site.');
  await asked.locator('[data-agree]').click();
  await expect(page.getByText('Nothing to do: everything has a score')).toBeVisible();

  await page.goto(`/entries/${entry}`);
  const scores = page.getByRole('region', { name: 'Table of its scores' }).getByRole('row');
  await expect(scores).toHaveCount(3);
  await expect(scores.nth(1)).toContainText('counts');
  await expect(scores.nth(1)).toContainText('version 2');
  await expect(scores.nth(1)).toContainText('Every seventh object was none');
  await expect(scores.nth(2)).toContainText('as it was submitted');
  await expectAccessible(page);
  await fits(page);

  const other = await someoneElse(page, ada);
  const hers = other.pages()[0];
  await hers.goto('/notices');
  await expect(hers.getByText(`“${NAME}” now has ground truth version 2.`)).toBeVisible();
  await other.close();
});

test('the command line replaces it, too; what cannot be scored again waits for a decision', async ({ page }) => {
  // what there was before needs no computing
  const back = await document<{ version: number; rescore: { state: string } }>([
    ...['import-ground-truth', demo.groundTruth, '--name', NAME, '--replace', '--note', 'Back to the first'],
  ]);
  expect(back).toMatchObject({ version: 3, rescore: { state: 'done' } });
  const same = await onSite(['import-ground-truth', demo.groundTruth, '--name', NAME, '--replace', '--note', 'x']);
  expect(same.status).toBe(1);
  expect(same.stderr).toContain(`This is the ground truth that “${NAME}” has already`);
  const begun = await document<{ rescores: { state: string }[] }>(['rescore', '--submission', entry]);
  expect(begun.rescores).toMatchObject([{ state: 'up-to-date' }]);

  const fewer = changed('fewer.json', (document) => {
    const [gone] = document.images.splice(0, 1);
    document.annotations = document.annotations.filter(({ image_id }) => image_id !== gone.id);
  });
  await document(['import-ground-truth', fewer, '--name', NAME, '--replace', '--note', 'One image less']);
  await kept(page);
  const running = page.getByRole('region', { name: 'Being scored again' });
  await expect(running.getByText('1 could not be')).toBeVisible({ timeout: 60_000 });
  await expect(running.getByRole('link', { name: `Ours ${stamp}` })).toBeVisible();
  await expectAccessible(page);
  await fits(page);
  const board = `/leaderboards/livecell-wide?dataset=${encodeURIComponent(NAME)}`;
  const address = page.url();
  await page.goto(board);
  await expect(page.getByRole('row', { name: `Ours ${stamp}` })).toHaveCount(1);
  await page.goto(address);
  await agree(page);
  await running.getByRole('button', { name: 'Switch without it' }).click();
  await expect(versions(page).nth(1)).toContainText('current');
  await page.goto(board);
  await expect(page.getByRole('row', { name: `Ours ${stamp}` })).toHaveCount(0);
  await page.goto(`/entries/${entry}`);
  await expect(
    page.getByText('Not on the leaderboard: its ground truth or the evaluator is another now'),
  ).toBeVisible();
  await expectAccessible(page);
});

test('annotations are made public and not; the log says before and after', async ({ page }) => {
  await kept(page);
  await agree(page);
  await page.getByLabel('Reason for the visibility').fill('The paper is out');
  await page.getByRole('button', { name: 'Make public' }).click();
  await expect(page.getByText('public: shown and downloaded by everybody')).toBeVisible();
  await page.getByLabel('Reason for the visibility').fill('Too early');
  await page.getByRole('button', { name: 'Make not public' }).click();
  await expect(page.getByText('not public: never served')).toBeVisible();
  await page.goto(`/maintain/audit?text=${encodeURIComponent(NAME)}`);
  await expect(page.getByText(`made ground truth “${NAME}” not public`)).toBeVisible();
  await expect(page.getByText(`sent in ground truth “${NAME}”`).first()).toBeVisible();
});
