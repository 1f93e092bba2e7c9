/** A file is checked, drawn and scored in the browser, before anything is sent and without an account. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { encode } from 'fast-png';
import { zipSync } from 'fflate';
import { COLOURS } from '#app/datasets/[name]/viewer/scene.ts';
import { encodeGreyPng } from '#lib/datasets/grey-png.ts';
import { openTarget } from '#lib/readers/ground-truth-file.ts';
import { validateFile } from '#lib/readers/validate-file.ts';
import { type Box, edgeOf, isNear, type Look, look, maskOf } from './drawn.ts';
import { document, expect, registerBenchmark, temporaryFolder, test } from './site-test.ts';

const REPORTS = join(import.meta.dirname, '..', 'fixtures', 'reports');

async function choose(page: Page, path: string): Promise<void> {
  await page.getByLabel('File of predictions').setInputFiles(path);
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

const SIZE = { width: 704, height: 520 };
const NAMES = [1, 2, 3].map((hour) => `A172_Phase_C7_1_00d0${hour}h00m_1.tif`);
const CELL: Box = [100, 100, 80, 80];
const OTHER: Box = [300, 300, 80, 80];
const PLAIN = COLOURS.plain;
const FIELD = [41, 41, 41];

/** A grey picture whose left half is dark and whose right half is bright. */
function halves([dark, bright]: readonly [number, number]): Uint8Array {
  return Uint8Array.from({ length: SIZE.width * SIZE.height }, (_, p) =>
    p % SIZE.width < SIZE.width / 2 ? dark : bright,
  );
}

/** A TIFF of 16 bits, as microscopes write them: a directory of nine tags, then the rows. */
function greyTiff(grey: Uint8Array): Buffer {
  const tags = [
    [256, SIZE.width],
    [257, SIZE.height],
    [258, 16],
    [259, 1],
    [262, 1],
    [273, 8 + 2 + 9 * 12 + 4],
    [277, 1],
    [278, SIZE.height],
    [279, 2 * grey.length],
  ];
  const head = Buffer.alloc(8 + 2 + tags.length * 12 + 4);
  head.write('II*\0', 'latin1');
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(tags.length, 8);
  tags.forEach(([tag, value], k) => {
    head.writeUInt16LE(tag, 10 + 12 * k);
    head.writeUInt16LE(4, 12 + 12 * k);
    head.writeUInt32LE(1, 14 + 12 * k);
    head.writeUInt32LE(value, 18 + 12 * k);
  });
  return Buffer.concat([head, Buffer.from(Uint16Array.from(grey, (value) => 300 + 4 * value).buffer)]);
}

/** A ground truth of three images, and files of every format with the same two cells on the second. */
function overlayFiles() {
  const dir = temporaryFolder();
  const write = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  const images = NAMES.map((file_name, k) => ({ id: k + 1, file_name, ...SIZE }));
  const rle = (box: Box) => ({ size: [SIZE.height, SIZE.width], counts: maskOf(box, SIZE) });
  const annotation = {
    id: 1,
    image_id: 2,
    category_id: 1,
    iscrowd: 0,
    area: 6400,
    bbox: CELL,
    segmentation: rle(CELL),
  };
  const records = [
    { image_id: 2, category_id: 1, score: 0.9, segmentation: rle(CELL) },
    { image_id: 2, category_id: 1, score: 0.3, segmentation: rle(OTHER) },
  ];
  const labels = new Uint16Array(SIZE.width * SIZE.height);
  for (const [k, [x, y, w, h]] of [CELL, OTHER].entries())
    for (let row = y; row < y + h; row++) labels.fill(k + 1, row * SIZE.width + x, row * SIZE.width + x + w);
  const picture = (values: readonly [number, number]) => encodeGreyPng(halves(values), SIZE);
  const broken = {
    ...records[0],
    image_id: 3,
    segmentation: { size: [10, 10], counts: maskOf([1, 1, 2, 2], { width: 10, height: 10 }) },
  };
  return {
    groundTruth: write(
      'truth.json',
      JSON.stringify({ images, annotations: [annotation], categories: [{ id: 1, name: 'cell' }] }),
    ),
    coco: write('results.json', JSON.stringify(records)),
    boxes: write(
      'boxes.json',
      JSON.stringify([CELL, OTHER].map((bbox, k) => ({ image_id: 2, category_id: 1, score: 0.9 - 0.6 * k, bbox }))),
    ),
    labels: write(
      'labels.zip',
      zipSync({ [NAMES[1].replace('.tif', '.png')]: encode({ ...SIZE, data: labels, depth: 16, channels: 1 }) }),
    ),
    refused: write('refused.json', JSON.stringify([...records, broken, { ...records[0], image_id: 3 }])),
    pictures: write(
      'pictures.zip',
      zipSync(Object.fromEntries(NAMES.map((name) => [name.replace('.tif', '.png'), picture([90, 160])]))),
    ),
    png: write('any name.png', picture([10, 20])),
    tiff: write(NAMES[1], greyTiff(halves([1, 200]))),
    small: write('small.png', encodeGreyPng(new Uint8Array(100).fill(7), { width: 10, height: 10 })),
  };
}

test('cells of every format are drawn before anything is sent, over pictures where there are any', async ({ page }) => {
  const files = overlayFiles();
  const name = `Overlays ${Date.now().toString(36)}`;
  await document(['import-ground-truth', files.groundTruth, '--name', name]);
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET') sent.push(request.url());
  });
  await page.goto('/check');
  await page.getByLabel('Data set').selectOption(name);
  const canvas = page.locator('.viewer canvas');
  const first = page.locator('.check-worth button').first();
  // another image has a canvas of its own, which may replace the one that is being photographed
  const shows = (wanted: (at: Look) => boolean) =>
    expect(async () => expect(wanted(await look(canvas, SIZE)), 'the canvas shows it').toBe(true)).toPass();
  const isOutlined = (at: Look, box: Box) => edgeOf(at, box).some((colour) => isNear(colour, PLAIN));

  for (const file of [files.coco, files.labels, files.boxes]) {
    await choose(page, file);
    await page.locator('.viewer[data-ready]').waitFor();
    await shows((at) => isOutlined(at, CELL) && isOutlined(at, OTHER));
    const at = await look(canvas, SIZE);
    for (const [x, y, w, h] of [CELL, OTHER]) expect(at(x + w / 2, y + h / 2)).toEqual(FIELD);
    expect(at(600, 100)).toEqual(FIELD);
    await expect(page.getByText('The site has no public picture of this image.')).toBeVisible();
  }

  // by score, and by the list in words
  await choose(page, files.coco);
  await page.getByRole('slider', { name: /^Score from/ }).fill('0.5');
  await shows((at) => isOutlined(at, CELL) && !isOutlined(at, OTHER));
  await expect(page.getByRole('row', { name: /^a1 predicted/ })).toContainText('100, 100');
  expect(page.url()).not.toContain('cell=');

  // own pictures lie below: one named as the image, one that is not, and one that does not fit
  const own = page.getByLabel('Pictures of your own');
  const ground = (dark: number, bright: number) => (at: Look) =>
    isNear(at(50, 50), [dark, dark, dark]) && isNear(at(600, 50), [bright, bright, bright]);
  await own.setInputFiles(files.tiff);
  await shows(ground(0, 0.72 * 255));
  await own.setInputFiles(files.small);
  await expect(page.getByRole('alert').filter({ hasText: 'small.png' })).toContainText('704 × 520');
  await page.getByLabel('Outlines on').selectOption({ label: `${NAMES[0]} (0)` });
  await expect(page.getByText('The file has no detections on this image')).toBeVisible();
  await shows((at) => isNear(at(50, 50), FIELD));
  await own.setInputFiles(files.png);
  await shows(ground(0, 0.72 * 255));

  // a file that would be refused: what could be read of the image with the problem comes first
  await choose(page, files.refused);
  await expect(page.getByText('would be refused')).toBeVisible();
  await expect(first).toHaveText(NAMES[2]);
  await expect(first).toHaveAttribute('aria-pressed', 'true');
  await shows((at) => isOutlined(at, CELL) && !isOutlined(at, OTHER) && isNear(at(600, 50), FIELD));

  // the site's own pictures, once they are public
  await document(['import-images', name, files.pictures]);
  await choose(page, files.coco);
  await expect(page.getByText('The site has no public picture of this image.')).toBeVisible();
  await document(['import-images', name, files.pictures, '--public']);
  await choose(page, files.labels);
  await shows(ground(0, 0.72 * 255));
  await shows((at) => isOutlined(at, CELL));
  expect(sent).toEqual([]);
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
