/** The tasks with several files, from the form to the numbers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import { document, expect, signIn, temporaryFolder, test } from './site-test.ts';

let demo: DemoData;
let other: DemoData;
const folder = temporaryFolder();
const name = `Tasks ${Date.now().toString(36)}`;

test.beforeAll(async () => {
  demo = await writeDemoData(folder, { imagesPerType: 1, seed: 5 });
  // public: of hidden ground truth this small, no number is told before publication
  await document(['import-ground-truth', demo.groundTruth, '--name', name, '--public']);
  await document([
    ...['import-ground-truth', '--task', 'fluorescence-counts', '--name', `${name} counts`],
    ...(['A172', 'A549'] as const).map((type) => `${type}=${demo.counts[type].reference}`),
  ]);
  other = await writeDemoData(join(folder, 'other'), { imagesPerType: 1, seed: 6 });
  for (const [set, { groundTruth }] of [
    [`${name} outside`, demo],
    [`${name} elsewhere`, other],
  ] as const)
    await document([
      ...['import-ground-truth', '--task', 'zero-shot', '--name', set, groundTruth],
      ...['--licence', 'CC0', '--source', 'drawn here', '--protocol', 'as it is', '--public'],
    ]);
});

test.beforeEach(async ({ page }) => {
  await signIn(page, { name: 'Tara Tasks', email: 'tara@example.org' });
  await page.goto('/submit');
});

test('one archive of eight files serves transferability and single cell types', async ({ page }) => {
  const method = `Eight models, ${name}`;
  const zip = join(folder, 'eight.zip');
  writeFileSync(
    zip,
    zipSync(
      Object.fromEntries(CELL_TYPES.map((type, i) => [`${type}.json`, readFileSync(demo.predictions[i % 3].path)])),
    ),
  );
  await page.getByLabel('Task').selectOption('transferability');
  await page.getByLabel('Data set').selectOption(name);
  await page.getByLabel('One archive with all files').setInputFiles(zip);
  await expect(page.getByText('arrived whole')).toBeVisible();
  await page.getByLabel('Submit the same files to “Single cell type” as well.').check();
  await page.getByLabel('Method name').fill(method);
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('[data-metric="index"]').first()).toHaveText(/^[-−]?\d\.\d{3}$/);
  await page.getByRole('link', { name: 'All numbers and charts' }).click();
  await expect(page.getByRole('heading', { name: method, exact: true })).toBeVisible();
  await expect(page.getByRole('heading', { name: /Trained on × evaluated on, .*masks/ })).toBeVisible();

  await page.goto('/submissions');
  await expect(page.getByRole('link', { name: method })).toHaveCount(2);
});

test('a file per slot, and a missing one is asked for', async ({ page }) => {
  await page.getByLabel('Task').selectOption('training-size');
  await page.getByLabel('Data set').selectOption(name);
  await page.getByLabel('Method name').fill('Two sizes');
  await page.getByLabel('Trained on 2 %').setInputFiles(demo.predictions[2].path);
  await expect(page.getByText('arrived whole')).toHaveCount(1);
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.getByText('needs files for at least 2 of its slots')).toBeVisible();
  await page.getByLabel('Trained on 100 %').setInputFiles(demo.predictions[0].path);
  await expect(page.getByText('arrived whole')).toHaveCount(2);
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible({ timeout: 60_000 });
  await expect(page.locator('[data-metric="AP-100"]').first()).toHaveText(/^\d+\.\d+$/);
});

test('counts as they are, and detections from a threshold on', async ({ page }) => {
  await page.getByLabel('Task').selectOption('fluorescence-counts');
  await page.getByLabel('Data set').selectOption(`${name} counts`);
  await page.getByLabel('Counts for A549').setInputFiles(demo.counts.A549.predictions);
  await expect(page.getByText('arrived whole')).toBeVisible();
  await page.getByLabel('Method name').fill('Counted');
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.locator('[data-metric="r2-A549"]')).toHaveText(/^(0\.\d{3}|1\.000)$/);
});

test('a file for each of two outside data sets, with detections of every category', async ({ page }) => {
  const from0 = (path: string, to: string) => {
    const detections = JSON.parse(readFileSync(path, 'utf8')) as object[];
    const file = join(folder, to);
    writeFileSync(file, JSON.stringify(detections.map((detection) => ({ ...detection, category_id: 0 }))));
    return file;
  };
  const files = [from0(demo.predictions[0].path, 'outside.json'), from0(other.predictions[1].path, 'elsewhere.json')];
  await page.getByLabel('Task').selectOption('zero-shot');
  await page.getByLabel(`Predictions for ${name} outside:`).setInputFiles(files[0]);
  await page.getByLabel(`Predictions for ${name} elsewhere:`).setInputFiles(files[1]);
  await expect(page.getByText('arrived whole')).toHaveCount(2);
  await page.getByLabel('Method name').fill('Elsewhere');
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  // LIVECell's only category is 1: the message says what to do, and doing it keeps what was typed
  await expect(page.getByText('ask to count detections of every category as cells').first()).toBeVisible({
    timeout: 60_000,
  });
  await page.getByRole('link', { name: 'Submit a fixed file' }).click();
  await expect(page.getByLabel('Method name')).toHaveValue('Elsewhere');
  const everyCategory = page.getByLabel('Count detections of every category as cells');
  await everyCategory.check();
  await page.getByLabel(`Predictions for ${name} outside:`).setInputFiles(demo.counts.A549.predictions);
  await expect(page.getByText('arrived whole')).toHaveCount(1);
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.getByText('The file holds a count per image, and predictions are wanted here')).toBeVisible({
    timeout: 60_000,
  });
  await page.getByRole('link', { name: 'Submit a fixed file' }).click();
  await expect(everyCategory).toBeChecked();
  await page.getByLabel(`Predictions for ${name} outside:`).setInputFiles(files[0]);
  await page.getByLabel(`Predictions for ${name} elsewhere:`).setInputFiles(files[1]);
  await expect(page.getByText('arrived whole')).toHaveCount(2);
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible({ timeout: 60_000 });
  for (const set of ['outside', 'elsewhere'])
    await expect(
      page
        .getByRole('table', { name: `${name} ${set}.` })
        .locator('[data-metric="AP"]')
        .first(),
    ).toHaveText(/^\d+\.\d+$/);
  await expect(page.getByText('detections of every category are counted as cells')).toBeVisible();
  await expect(page.getByText('are counted as cells, as asked').first()).toBeVisible();
  await page.getByRole('link', { name: 'All numbers and charts' }).click();
  for (const set of ['outside', 'elsewhere'])
    await expect(
      page.getByRole('link', { name: `${name} ${set}`, exact: true }).and(page.locator('[href^="/datasets/"]')),
    ).toBeVisible();
});
