/** What the page of a data set tells of its cells, and what it keeps to itself. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DemoData, writeDemoData } from '#workers/demo/data.ts';
import { expectAccessible } from './accessibility.ts';
import { document, expect, expectFiles, onSite, registerBenchmark, temporaryFolder, test } from './site-test.ts';

const FIGURES = [
  'Sizes of cells',
  'Cells per image',
  'Density over time',
  'Shape and brightness of cells, by principal components',
  'What the components are made of',
];

const name = `Pictured ${Date.now().toString(36)}`;
const address = (dataset: string) => `/datasets/${encodeURIComponent(dataset)}`;
let demo: DemoData;
test.beforeAll(async () => {
  demo = await writeDemoData(temporaryFolder(), { imagesPerType: 1, seed: 11, pictures: true });
  await document(['import-ground-truth', demo.groundTruth, '--name', `${name} open test`, '--public']);
  await document(['import-ground-truth', demo.groundTruth, '--name', `${name} closed test`]);
});

test('the demo data set shows its cells in charts, each with its numbers', async ({ page }) => {
  await page.goto('/datasets/demo');
  const types = page.getByRole('table', { name: 'Images and cells of each type' });
  await expect(types.getByRole('row')).toHaveCount(1 + 8);
  await expect(types.getByRole('row', { name: /^BV-2/ })).toContainText('Mouse microglia');
  // its distributions stand in its cells
  await expect(types.getByRole('img', { name: /^Areas of BV-2, median \d+ pixels/ })).toBeVisible();
  await expect(types.getByRole('img', { name: /^Cells per image of BV-2/ })).toBeVisible();
  for (const fold of await page.locator('.fold > summary').all()) await fold.click();
  const days = page.getByRole('table', { name: 'Cells by day since seeding' });
  await expect(days.getByRole('row')).toHaveCount(1 + 8);
  // no column is empty
  for (const column of [1, 2, 3])
    await expect(
      days
        .locator(`tbody td:nth-child(${column + 1})`)
        .filter({ hasText: 'image' })
        .first(),
    ).toBeVisible();
  await expect(days.locator('thead th')).toHaveCount(4);
  for (const title of FIGURES) {
    const figure = page.locator('figure', { has: page.getByRole('heading', { name: title }) });
    await expect(figure.getByRole('img').first()).toBeVisible();
    await figure.locator('summary').click();
    await expect(figure.getByRole('table').last()).toBeVisible();
  }
  await expectAccessible(page);
});

test('an example of each cell type, with outlines that can be taken away', async ({ page }) => {
  await page.goto('/datasets/demo');
  const examples = page.getByRole('region', { name: 'Examples' });
  await expect(examples.getByRole('figure')).toHaveCount(8);
  const picture = examples.getByRole('img', { name: 'SK-OV-3 cells' });
  await picture.scrollIntoViewIfNeeded();
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(288);
  const outlines = examples.locator('img.outlines').last();
  await expect.poll(() => outlines.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(704);
  await expect(outlines).toBeVisible();
  await examples.getByLabel('Outlines of the annotated cells').uncheck();
  await expect(outlines).toBeHidden();
  await expect(picture).toBeVisible();

  // it opens large, with outlines of its own, and closes with Escape
  await picture.click();
  const large = page.getByRole('dialog', { name: /^SK-OV-3 cells/ });
  const whole = large.getByRole('img', { name: /^SK-OV-3 cells/ });
  await expect.poll(() => whole.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(704);
  const before = (await whole.boundingBox())!.width;
  await large.getByRole('slider', { name: 'Zoom' }).fill('3');
  await expect.poll(async () => (await whole.boundingBox())!.width).toBeGreaterThan(2.9 * before);
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(large).toBeHidden();
});

test('all pictures of the page together are small', async ({ page }) => {
  const sent: Promise<Buffer>[] = [];
  page.on('response', (response) => {
    if (response.url().includes('/pictures/')) sent.push(response.body());
  });
  await page.goto('/datasets/demo');
  await page.getByRole('region', { name: 'Examples' }).getByRole('figure').last().scrollIntoViewIfNeeded();
  await page.waitForFunction(() =>
    [...globalThis.document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0),
  );
  const bytes = (await Promise.all(sent)).reduce((sum, { length }) => sum + length, 0);
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThan(300_000);
});

test('it fits a narrow screen', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto('/datasets/demo');
  for (const fold of await page.locator('.fold > summary').all()) await fold.click();
  await expect(page.getByRole('heading', { name: FIGURES[0] })).toBeVisible();
  expect(await page.evaluate(() => globalThis.document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});

test('every figure is to be had as a file', async ({ page }) => {
  await page.goto('/datasets/demo');
  const figures = page.locator('.fold figure');
  const files = page.getByRole('link', { name: /^(SVG|PNG|CSV) of/, includeHidden: true });
  expect(await figures.count()).toBeGreaterThan(4);
  for (const figure of await figures.all())
    await expect(figure.getByRole('link', { name: /^(SVG|PNG|CSV) of/, includeHidden: true })).toHaveCount(3);
  await expectFiles(files);
});

test('of private ground truth with a few images of each type nothing is told', async ({ page }) => {
  const { name } = await registerBenchmark('private', { isPublic: false });
  await page.goto(address(name));
  await expect(page.getByText('annotations of this data set are not public')).toBeVisible();
  await expect(page.getByRole('figure')).toHaveCount(0);
  const { charts } = await (await page.request.get(`${address(name)}/charts?format=json`)).json();
  expect(charts.map(({ chart }: { chart: string }) => chart)).toEqual([]);
});

test('pictures are shown where they are public, outlines where the annotations are too', async ({ page }) => {
  const { images } = JSON.parse(readFileSync(demo.groundTruth, 'utf8')) as { images: { file_name: string }[] };
  const file = images[0].file_name.replace('.tif', '');
  const status = async (dataset: string, ending: string) =>
    (await page.request.get(`${address(dataset)}/pictures/${file}.${ending}`)).status();
  for (const annotations of [true, false]) {
    const dataset = `${name} ${annotations ? 'open' : 'closed'} test`;
    expect([await status(dataset, 'png'), await status(dataset, 'svg')]).toEqual([404, 404]);

    const measured = await document<object>(['import-images', dataset, demo.pictures!]);
    expect(measured).toMatchObject({ dataset, public: false, images: 8, warnings: [] });
    expect([await status(dataset, 'png'), await status(dataset, 'svg')]).toEqual([404, 404]);
    await page.goto(address(dataset));
    await expect(page.getByText('8 registered to be measured, not shown')).toBeVisible();
    await expect(page.locator('main img')).toHaveCount(0);

    await document(['import-images', dataset, demo.pictures!, '--public']);
    expect([await status(dataset, 'png'), await status(dataset, 'svg')]).toEqual([200, annotations ? 200 : 404]);
    await page.goto(address(dataset));
    await expect(page.getByRole('region', { name: 'Examples' }).getByRole('figure')).toHaveCount(8);
    await expect(page.locator('main img')).toHaveCount(annotations ? 16 : 8);
    // what the page says is all there is: no outline in its source either
    if (!annotations) expect(await page.content()).not.toMatch(/pictures[^"]*svg/);
  }
  await expectAccessible(page);
  const again = await page.request.get(`${address(`${name} open test`)}/pictures/${file}.png`);
  const unchanged = { 'if-none-match': again.headers().etag };
  expect((await page.request.get(again.url(), { headers: unchanged })).status()).toBe(304);
  for (const nonsense of ['other.png', '..%2Fsecret.png', `${file}.tif`])
    expect((await page.request.get(`${address(`${name} open test`)}/pictures/${nonsense}`)).status()).toBe(404);
});

test('images that do not fit are refused, all of them, with what is wrong', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'BV2_Phase_A4_1_00d00h00m_1.png'), 'no picture');
  const { status, stderr } = await onSite(['import-images', 'demo', folder, '--public']);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr:
      '“BV2_Phase_A4_1_00d00h00m_1.png”: it is neither a PNG nor a TIFF image. Write it as an 8-bit grey TIFF or PNG.\n',
  });
  const { examples } = await document<{ examples: string[] }>(['import-images', `${name} open test`, demo.pictures!]);
  expect(examples).toHaveLength(8);
});

test('splits of one data set stand side by side, and lead to one another', async ({ page }) => {
  for (const split of ['train', 'val'])
    await document([
      'import-ground-truth',
      demo.groundTruth,
      '--name',
      `${name} of ${split}ing`,
      '--split',
      split,
      '--public',
    ]);
  const test = `${name} open test`;
  await page.goto(address(test));
  const table = page.getByRole('table', { name: 'Images and cells of each type and split' });
  const cells = demo.objects.toLocaleString('en-US');
  await expect(table.getByRole('row').last()).toHaveText(
    ['All', ...Array.from({ length: 3 }, () => `8${cells}`), `24${(3 * demo.objects).toLocaleString('en-US')}`].join(
      '',
    ),
  );
  await table.getByRole('link', { name: 'Training' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`${name} of training`);
  await expect(page.getByRole('definition').filter({ hasText: /^Training$/ })).toBeVisible();
});

test('an outside data set says its terms, where it is from, how it was prepared, and leads to its board', async ({
  page,
}) => {
  const outside = `${name} outside`;
  const plain = join(temporaryFolder(), 'outside.json');
  const text = readFileSync(demo.groundTruth, 'utf8').replace(/"[A-Za-z0-9]+_Phase_/g, '"field_');
  writeFileSync(plain, text);
  await document([
    ...['import-ground-truth', '--task', 'zero-shot', '--name', outside, '--public', plain, '--licence', 'CC BY 4.0'],
    ...['--source', 'A lab, https://example.org/cells.', '--protocol', 'Every second image, as published'],
  ]);
  await page.goto(address(outside));
  const facts = page.getByRole('region', { name: 'Facts' });
  await expect(facts).toContainText('CC BY 4.0');
  await expect(facts).toContainText('Every second image, as published');
  await expect(facts.getByRole('link', { name: 'https://example.org/cells' })).toHaveAttribute(
    'href',
    'https://example.org/cells',
  );
  await expect(page.getByRole('row', { name: /^All images 8/ })).toBeVisible();
  await expectAccessible(page);
  await facts.getByRole('link', { name: /entries scored on this data set/ }).click();
  await expect(page).toHaveURL(new RegExp(`/leaderboards/zero-shot\\?dataset=${encodeURIComponent(outside)}`));
  await expect(page.getByText(outside).first()).toBeVisible();
});

test('counts over time of the demo entry, a panel for each seeding density', async ({ page }) => {
  const entry = page.getByRole('rowheader').getByRole('link', { name: /^Demo/ }).first();
  // other tests register counts of their own; and a site that has just started may still be scoring its demo
  await expect(async () => {
    await page.goto('/leaderboards/fluorescence-counts?dataset=demo+counts');
    await expect(entry).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
  await entry.click();
  const figure = page.locator('figure', {
    has: page.getByRole('heading', { name: /^Counts over time, Demo .*, A172$/ }),
  });
  await expect(figure.getByRole('img', { name: /^Well B[234], at 60 hours: .* in the reference$/ })).toHaveCount(3);
  await expect(figure).toContainText('The reference goes from');
  const row = figure.getByRole('row', { name: /^B2, 0 h 5 / });
  // the page may still be replacing what it showed at first, which closes an opened table again
  await expect(async () => {
    if (!(await row.isVisible())) await figure.locator('summary').click();
    await expect(row).toBeVisible({ timeout: 2_000 });
  }).toPass();
});
