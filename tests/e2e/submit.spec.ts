/** What goes wrong on the way in: wrong files, broken connections, closed tabs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Benchmark, expect, fileInput, registerBenchmark, signIn, temporaryFolder, test } from './site-test.ts';

let benchmark: Benchmark;
let folder: string;

test.beforeAll(async () => {
  benchmark = await registerBenchmark('Submitting');
  folder = temporaryFolder();
});

test.beforeEach(async ({ page }) => {
  await signIn(page, { name: 'Rosa Researcher', email: 'rosa@example.org' });
});

test('a file of the wrong kind is refused at its first bytes, and nothing that was typed is lost', async ({ page }) => {
  const picture = join(folder, 'picture.png');
  writeFileSync(picture, Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
  await page.goto('/submit');
  await page.getByLabel('Method name').fill('My model');
  await page.getByLabel('Description', { exact: true }).fill('Two words.');
  await fileInput(page).setInputFiles(picture);
  await expect(page.getByRole('alert').filter({ hasText: 'picture.png' })).toBeVisible({ timeout: 5000 });
  await expect(page.getByLabel('Method name')).toHaveValue('My model');
  await page.reload();
  await expect(page.getByLabel('Method name')).toHaveValue('My model');
  await expect(page.getByLabel('Description', { exact: true })).toHaveValue('Two words.');
});

test('a form without a file or with a broken link says so beside the field, and keeps the rest', async ({ page }) => {
  await page.goto('/submit');
  await page.getByLabel('Method name').fill('My model');
  await page.getByLabel('Link to the paper').fill('not a link');
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.getByText('A full link, such as https://doi.org/…')).toBeVisible();
  await expect(page.getByRole('alert').filter({ hasText: 'predictions file' })).toBeVisible();
  await expect(page.getByLabel('Method name')).toHaveValue('My model');
});

test('a file with problems is rejected with their records, and is mended without typing again', async ({ page }) => {
  const detections = JSON.parse(readFileSync(benchmark.predictions, 'utf8'));
  detections[4].score = null;
  const wrong = join(folder, 'wrong.json');
  writeFileSync(wrong, JSON.stringify(detections));
  await page.goto('/submit');
  await fileInput(page).setInputFiles(wrong);
  await expect(page.getByText('arrived whole')).toBeVisible();
  await page.getByLabel('Method name').fill('Slip of the pen');
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await page.waitForURL(/\/submissions\/[\w-]+$/);
  await expect(page.getByRole('heading', { name: 'What is wrong with the file' })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('row', { name: /^5 / })).toContainText('score');

  await page.getByRole('link', { name: 'Submit a fixed file' }).click();
  await expect(page.getByLabel('Method name')).toHaveValue('Slip of the pen');
  await fileInput(page).setInputFiles(benchmark.predictions);
  await expect(page.getByText('arrived whole')).toBeVisible();
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible({ timeout: 60_000 });
});

test('an upload goes on after the page is reloaded in the middle', async ({ page }) => {
  // big enough to be interrupted: the same detections, padded with white space that JSON allows
  const big = join(folder, 'big.json');
  const text = readFileSync(benchmark.predictions, 'utf8').trimEnd();
  writeFileSync(big, text.slice(0, -1) + ' '.repeat(3_000_000) + text.slice(-1));
  page.on('dialog', (dialog) => dialog.accept()); // "leave this page?"

  const network = await page.context().newCDPSession(page);
  await network.send('Network.enable');
  const slow = (bytesPerSecond: number) =>
    network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytesPerSecond,
    });

  await page.goto('/submit');
  await page.getByLabel('Method name').fill('Resumed model');
  await slow(400_000);
  await fileInput(page).setInputFiles(big);
  const bar = page.getByRole('progressbar', { name: /big\.json/ });
  await expect.poll(() => bar.evaluate((element: HTMLProgressElement) => element.position)).toBeGreaterThan(0.3);
  await page.reload();
  await slow(-1);

  await expect(page.getByText(/choose the same file/i).first()).toBeVisible();
  const sent: number[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') sent.push(Number(request.headers()['upload-offset']));
  });
  await fileInput(page).setInputFiles(big);
  await expect(page.getByText('arrived whole')).toBeVisible();
  expect(sent.length).toBeGreaterThan(0);
  expect(sent[0]).toBeGreaterThan(100_000); // not from the beginning
  await expect(page.getByLabel('Method name')).toHaveValue('Resumed model');
  await page.getByRole('button', { name: 'Submit for scoring' }).click();
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible({ timeout: 60_000 });
});
