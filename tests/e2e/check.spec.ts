/** A file is checked, drawn and scored in the browser, before anything is sent and without an account. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { openTarget } from '#lib/readers/ground-truth-file.ts';
import { validateFile } from '#lib/readers/validate-file.ts';
import { document, expect, fileInput, registerBenchmark, test } from './site-test.ts';

const REPORTS = join(import.meta.dirname, '..', 'fixtures', 'reports');

async function choose(page: Page, path: string): Promise<void> {
  await fileInput(page).setInputFiles(path);
  await expect(page.locator('.check-status').getByText(basename(path))).toBeVisible();
  await expect(page.locator('.check-status progress')).toHaveCount(0);
}

test('the browser finds in a file what the server finds', async ({ page }) => {
  const name = `Reports ${Date.now().toString(36)}`;
  const groundTruth = join(REPORTS, '00-gt.json');
  await document(['import-ground-truth', groundTruth, '--name', name]);
  const { images } = await openTarget(groundTruth);
  const list = images.ids.map((id, i) => ({
    id,
    file_name: images.fileNames[i],
    width: images.width[i],
    height: images.height[i],
  }));
  const dir = mkdtempSync(join(tmpdir(), 'livecell-check-'));
  const imageList = join(dir, 'images.json');
  writeFileSync(imageList, JSON.stringify(list));
  const whole = readFileSync(join(REPORTS, '00-dt.json'));
  const packed = gzipSync(whole);
  writeFileSync(join(dir, 'packed.json.gz'), packed);
  writeFileSync(join(dir, 'cut.json.gz'), packed.subarray(0, packed.length >> 1));
  const damaged = Buffer.from(packed);
  damaged[packed.length >> 1] ^= 0xff;
  writeFileSync(join(dir, 'damaged.json.gz'), damaged);
  const zip = readFileSync(join(REPORTS, '03-two-folders-labels.zip'));
  writeFileSync(join(dir, 'cut.zip'), zip.subarray(0, zip.length - 40));
  writeFileSync(join(dir, 'text.json'), 'no predictions at all');
  const files = [
    ...['00-dt.json', '01-empty-segmentation.json', '08-rows-first.json', '09-one-value-labels.zip'],
    ...['11-stardist-names.zip', '12-umlaut-mac.zip', '14-palette-labels.zip', '18-arrays.npz', '19-deflate64.zip'],
    ...['21-zero-boxes.json', '22-lines.json', '24-one-image-only.json', '26-roboflow-names.json'],
  ].map((file) => join(REPORTS, file));
  files.push(...['packed.json.gz', 'cut.json.gz', 'damaged.json.gz', 'cut.zip', 'text.json'].map((f) => join(dir, f)));

  await page.goto('/check');
  await page.getByLabel('Data set').selectOption(name);
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET') sent.push(request.url());
  });
  let refused = 0;
  for (const file of files) {
    const { problems, warnings } = await validateFile({ groundTruth: imageList, predictions: file });
    await choose(page, file);
    const shown = await page.locator('.findings > li').allInnerTexts();
    const wanted = [...problems, ...warnings];
    expect(shown, basename(file)).toHaveLength(wanted.length);
    wanted.forEach(({ message, code }, k) => {
      expect(shown[k].replace(/\s+/g, ' '), basename(file)).toContain(message.replace(/\s+/g, ' '));
      expect(shown[k], basename(file)).toContain(code);
    });
    if (problems.length > 0) refused++;
  }
  expect(refused).toBeGreaterThan(3);
  expect(refused).toBeLessThan(files.length - 6);
  expect(sent).toEqual([]);
  // hidden ground truth stays hidden
  await choose(page, files[0]);
  await expect(page.getByText('The ground truth of this data set is not public')).toBeVisible();
  const hidden = await page.request.get(`/api/v1/datasets/${encodeURIComponent(name)}/ground-truth`);
  expect(hidden.status()).toBe(404);
});

test('the browser scores a file as the server does, to the last digit', async ({ page }) => {
  const { name, predictions, report } = await registerBenchmark('Scored in the browser');
  await page.goto('/check');
  await page.getByLabel('Data set').selectOption(name);
  await choose(page, predictions);
  await expect(page.getByText('Masks and boxes can be scored.')).toBeVisible();
  // outlines are drawn: some pixels of the canvas are not transparent
  const drawn = await page.locator('.check-picture canvas').evaluate((canvas: HTMLCanvasElement) =>
    canvas
      .getContext('2d')!
      .getImageData(0, 0, canvas.width, canvas.height)
      .data.filter((_, i) => i % 4 === 3)
      .reduce((sum, alpha) => sum + Math.sign(alpha), 0),
  );
  expect(drawn).toBeGreaterThan(100);
  await page.getByRole('button', { name: 'Score in this browser' }).click();
  const link = page.getByRole('link', { name: /^Report \(JSON\)/ });
  await expect(link).toBeVisible();
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  const mine = JSON.parse(readFileSync(await download.path(), 'utf8'));
  // seconds are this browser's own
  const { seconds: _mine, evaluator: mineBy, ...browser } = mine;
  const { seconds: _theirs, evaluator: theirsBy, ...server } = JSON.parse(JSON.stringify(report));
  expect(mineBy.version).toBe(theirsBy.version);
  expect(withoutLastBits(browser)).toEqual(withoutLastBits(server));
});

/**
 * Round the ends of intervals to 13 digits: they come from exponentials and logarithms, whose last bit differs between
 * JavaScript engines. All other numbers are compared as they are.
 */
function withoutLastBits(report: unknown): unknown {
  const round = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(13)) : value);
  return JSON.parse(JSON.stringify(report), (key, value: unknown) =>
    key === 'interval' ? JSON.parse(JSON.stringify(value), round) : value,
  );
}
