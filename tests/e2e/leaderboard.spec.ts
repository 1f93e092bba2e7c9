/** The board of the demo benchmark, which a fresh installation shows. */
import type { Page } from '@playwright/test';
import { findSeriousFaults } from './accessibility.ts';
import { expect, rendered, signIn, test } from './site-test.ts';

/** The name of the demo data set comes from the site itself. */
async function demoBoard(page: Page, params: Record<string, string> = {}): Promise<string> {
  const { tasks } = await (await page.request.get('/api/v1/tasks')).json();
  const datasets = tasks.flatMap((task: { datasets: { name: string; demo: boolean }[] }) => task.datasets);
  const { name } = datasets.find(({ demo }: { demo: boolean }) => demo);
  return `/leaderboards/livecell-wide?${new URLSearchParams({ dataset: name, ...params })}`;
}

/** Open a menu of the toolbar, and leave it open. */
async function open(page: Page, name: string): Promise<void> {
  const menu = page.locator('.toolbar details.menu').filter({ has: page.locator('.menu-name', { hasText: name }) });
  if ((await menu.getAttribute('open')) === null) await menu.locator('summary').click();
}

const entries = (page: Page) => page.locator('.board tbody:not(.references) tr');

test('a fresh site shows three demo entries of different quality, scored and marked', async ({ page }) => {
  const board = await demoBoard(page);
  // they go through the queue like everybody's, and may still be in it
  await expect(async () => {
    await page.goto(board);
    await expect(entries(page)).toHaveCount(3, { timeout: 2000 });
  }).toPass({ timeout: 60_000 });
  await expect(entries(page).locator('.rank')).toHaveText(['1', '2', '3']);
  await expect(entries(page).locator('.badge', { hasText: 'Demo' })).toHaveCount(3);
  await expect(page.getByText('As published elsewhere')).toBeVisible();
  await expect(page.locator('.references .method').first()).toBeVisible();
});

test('sorting by a column is a link: the address holds it, and going back undoes it', async ({ page }) => {
  await page.goto(await demoBoard(page));
  const names = () => entries(page).locator('.method .name').allTextContents();
  const byAP = await names();
  await page.locator('thead a.sort', { hasText: 'AFNR' }).first().click();
  await page.waitForURL(/sort=AFNR/);
  await expect(page.locator('th[aria-sort]')).toHaveText(/AFNR/);
  await page.locator('thead a.sort', { hasText: 'AFNR' }).first().click(); // again: the other way round
  await page.waitForURL(/direction=desc/);
  await expect.poll(names).toEqual([...byAP].reverse());

  const other = await page.context().newPage();
  await other.goto(page.url());
  expect(await entries(other).locator('.method .name').allTextContents()).toEqual([...byAP].reverse());

  await page.evaluate(() => history.back());
  await expect(page).toHaveURL(/sort=AFNR$/);
  await expect.poll(names).toEqual(byAP);
});

test('a row of the board and its marks in the charts bring each other out, by pointer and by key', async ({ page }) => {
  await page.goto(await demoBoard(page));
  await rendered(page);
  const chart = page.locator('figure.chart').first();
  const opacities = () =>
    chart.locator('.plot g[data-series]').evaluateAll((marks) => marks.map((mark) => getComputedStyle(mark).opacity));
  const medium = page.getByRole('row', { name: /Demo model, medium/ }).first();
  const background = () => medium.locator('th').evaluate((cell) => getComputedStyle(cell).backgroundColor);
  const plain = await background();
  await medium.getByRole('link', { name: 'Demo model, medium' }).focus();
  await expect.poll(opacities).toEqual(['0.15', '1', '0.15']);

  const values = chart.getByRole('slider');
  await values.focus();
  await expect.poll(opacities).toEqual(['1', '1', '1']);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(values).toHaveAttribute('aria-valuetext', /^A172: Demo model, medium [\d.]+/);
  await expect.poll(opacities).toEqual(['0.15', '1', '0.15']);
  expect(await background()).not.toBe(plain);
  await page.keyboard.press('Escape');
  await expect.poll(opacities).toEqual(['1', '1', '1']);
  expect(await background()).toBe(plain);

  // names stand beside their marks, and in a legend where the drawing is narrow
  const lines = page.locator('figure.chart').filter({ hasText: 'AP per IoU threshold' });
  await expect(lines.locator('.plot-direct').first()).toBeVisible();
  await expect(lines.locator('.chart-legend')).toBeHidden();
  await page.setViewportSize({ width: 360, height: 800 });
  await expect(lines.locator('.plot-direct').first()).toBeHidden();
  await expect(lines.locator('.chart-legend')).toBeVisible();
});

test('AP stands with its interval, and all numbers with theirs where asked for; the entry has them for all types together', async ({
  page,
}) => {
  await page.goto(await demoBoard(page));
  const intervals = entries(page).locator('.interval');
  await expect(intervals).toHaveCount(3);
  await expect(intervals.first()).toHaveText(/\d+(\.\d+)?–\d+(\.\d+)?$/);
  await expect(page.getByText(/95 % interval for these cell types, from \d+ fields of view/)).toBeVisible();
  await expect(entries(page).locator('.dot rect')).toHaveCount(3);
  await open(page, 'Columns');
  await page.getByLabel('Columns', { exact: true }).getByRole('link', { name: 'All 95 % intervals' }).click();
  // AP and AFNR, pooled and as means over types
  await expect(intervals).toHaveCount(12);

  await entries(page).first().locator('.name a').click();
  await page.waitForURL(/\/entries\//);
  // masks and boxes, AP and AFNR of all types; a single type has too few fields of view for an interval
  await expect(page.getByLabel('Numbers by cell type').locator('.interval')).toHaveCount(4);
  await expect(page.getByLabel('Measures without ranking').locator('tbody tr')).toHaveCount(8);
});

test('a file of the view has the order of the page, also by a column of one cell type', async ({ page }) => {
  await page.goto(await demoBoard(page, { columns: 'ap-by-type', sort: 'AP-BV2', direction: 'asc' }));
  const csv = await (
    await page.request.get((await page.getByRole('link', { name: 'CSV', exact: true }).getAttribute('href'))!)
  ).text();
  const shown = await entries(page).locator('.rank').allTextContents();
  const lines = csv.split('\r\n').filter((line) => line.includes('scored here'));
  expect(lines.map((line) => line.split(',')[0])).toEqual(shown);
  expect(shown).toEqual(['3', '2', '1']);
  expect(csv).toMatch(/^rank,.*,AP-BV2,.*,AP_low,AP_high,AFNR_low,AFNR_high,/);
});

test('protocol, evaluation and cell type are in the address, and change the numbers', async ({ page }) => {
  await page.goto(await demoBoard(page));
  const first = () => entries(page).first().textContent();
  const seen = new Set([await first()]);
  for (const [control, option] of [
    ['Evaluation', /box/i],
    ['Protocol', /COCO/],
    ['Cell type', 'BV-2'],
  ] as const) {
    if (control !== 'Evaluation') await open(page, control);
    await page.getByLabel(control, { exact: true }).getByRole('link', { name: option }).click();
    await expect.poll(async () => seen.has(await first())).toBe(false);
    seen.add(await first());
  }
  expect(page.url()).toMatch(/evaluation=bbox/);
  expect(page.url()).toMatch(/protocol=coco/);
  expect(page.url()).toMatch(/cellType=BV2/);
});

test('the board works with the keyboard alone', async ({ page }) => {
  await page.goto(await demoBoard(page));
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  const sort = page.locator('thead a.sort', { hasText: 'AFNR' }).first();
  for (let i = 0; i < 80 && !(await sort.evaluate((link) => link === document.activeElement)); i++)
    await page.keyboard.press('Tab');
  await expect(sort).toBeFocused();
  const outline = await sort.evaluate((link) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(link);
    return { outlineStyle, outlineWidth, boxShadow };
  });
  expect(outline.outlineStyle !== 'none' || outline.boxShadow !== 'none').toBe(true);
  await page.keyboard.press('Enter');
  await page.waitForURL(/sort=AFNR/);
});

test('on a narrow screen the page keeps its width and the table scrolls inside it', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const address of ['/', await demoBoard(page), '/protocol', '/sign-in']) {
    await page.goto(address);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow, address).toBeLessThanOrEqual(0);
  }
});

test('the first method is within fifteen stops of the keyboard, and in sight without scrolling', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(await demoBoard(page));
  const top = async () => (await entries(page).first().boundingBox())!.y;
  expect(await top()).toBeLessThan(420);
  let stops = 0;
  const press = async (key: string) => {
    stops++;
    await page.keyboard.press(key);
  };
  const focused = (selector: string) => page.locator(`${selector}:focus`).count();
  await press('Tab');
  await page.keyboard.press('Enter'); // to the content
  await press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to table' })).toBeFocused();
  await page.keyboard.press('Enter');
  while (stops < 30 && (await focused('.board .name a')) === 0) await press('Tab');
  expect(stops).toBeLessThanOrEqual(15);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.evaluate(() => scrollTo(0, 0));
  expect(await top()).toBeLessThan(560);
});

test('a search finds methods by their names, and checked ones can be compared without script', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: process.env.E2E_URL });
  const page = await context.newPage();
  await page.goto(await demoBoard(page, { q: 'STRONG' }));
  await expect(entries(page)).toHaveCount(1);
  await expect(page.getByRole('button', { name: 'Compare the checked' })).toBeHidden();
  await entries(page).first().getByRole('checkbox').check();
  await expect(page.getByRole('button', { name: 'Compare the checked' })).toBeVisible();
  await page.goto(await demoBoard(page, { q: 'nothing of this name' }));
  await expect(page.getByText('No method here has “nothing of this name” in its name.')).toBeVisible();
  await context.close();
});

test('the table needs no script', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: process.env.E2E_URL });
  const page = await context.newPage();
  await page.goto(await demoBoard(page));
  await expect(entries(page)).toHaveCount(3);
  await context.close();
});

test('no page has a serious accessibility fault, in light and dark', async ({ page }) => {
  const addresses = ['/', await demoBoard(page), '/protocol', '/sign-in'];
  await page.goto(addresses[1]);
  addresses.push((await entries(page).first().locator('.name a').getAttribute('href'))!);
  const look = async (address: string) => {
    await page.goto(address);
    expect.soft(await findSeriousFaults(page), address).toEqual([]);
  };
  for (const address of addresses) await look(address);
  await signIn(page, { name: 'Mina Maintainer', email: 'mina@example.org', role: 'maintainer' });
  for (const address of ['/submit', '/submissions', '/account', '/maintain']) await look(address);
});

test('can be shared and embedded: a picture for previews, and the address that says how', async ({ page, request }) => {
  const board = await demoBoard(page);
  // what previews are made of is in the head for programs that run no script
  const html = await (await request.get(board, { headers: { 'user-agent': 'Twitterbot' } })).text();
  const [, embed] = /<link rel="alternate" type="application\/json\+oembed" href="([^"]+)"/.exec(html)!;
  const { html: embedded } = await (await request.get(embed.replaceAll('&amp;', '&'))).json();
  const [, picture] = /<img src="([^"]+)"/.exec(embedded)!;
  expect((await request.get(picture.replaceAll('&amp;', '&'))).headers()['content-type']).toContain('image/svg+xml');
  const [, preview] = /<meta property="og:image" content="([^"]+)"/.exec(html)!;
  const drawn = await request.get(preview.replaceAll('&amp;', '&'));
  expect(drawn.headers()['content-type']).toBe('image/png');
  // sharp where it is shown large: width and height are bytes 16 to 23 of a PNG
  const body = await drawn.body();
  expect([body.readUInt32BE(16), body.readUInt32BE(20)]).toEqual([1640, 1040]);
});

test('leads to its charts as files, each with title and source', async ({ page, request }) => {
  await page.goto(await demoBoard(page));
  await page.getByRole('link', { name: 'These charts as SVG, PNG and CSV' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Charts as files');
  const links = page.getByRole('link', { name: /^(SVG|PNG|CSV) of “AP by cell type”$/ });
  await expect(links).toHaveCount(3);
  const hrefs = await links.evaluateAll((all) => all.map((one) => one.getAttribute('href')!));
  const [svg, , csv] = await Promise.all(hrefs.map(async (href) => (await request.get(href)).text()));
  expect(svg).toContain('>AP by cell type</text>');
  expect(csv.split('\r\n')[0]).toContain('source,citation');
});
