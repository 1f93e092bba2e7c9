/** The board of the demo benchmark, which a fresh installation shows. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, signIn, test } from './site-test.ts';

/** The name of the demo data set comes from the site itself. */
async function demoBoard(page: Page, params: Record<string, string> = {}): Promise<string> {
  const { tasks } = await (await page.request.get('/api/v1/tasks')).json();
  const datasets = tasks.flatMap((task: { datasets: { name: string; demo: boolean }[] }) => task.datasets);
  const { name } = datasets.find(({ demo }: { demo: boolean }) => demo);
  return `/leaderboards/livecell-wide?${new URLSearchParams({ dataset: name, ...params })}`;
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

test('AP and AFNR stand with their intervals, which can be switched off; the entry has them for all types together', async ({
  page,
}) => {
  await page.goto(await demoBoard(page));
  const intervals = entries(page).locator('.interval');
  await expect(intervals).toHaveCount(6);
  await expect(intervals.first()).toHaveText(/\d+\.\d–\d+\.\d$/);
  await expect(intervals.first()).toHaveAttribute(
    'title',
    /95 % interval for these cell types, from the differences between fields of view/,
  );
  await page.getByLabel('Columns', { exact: true }).getByRole('link', { name: '95 % intervals' }).click();
  await expect(intervals).toHaveCount(0);

  await entries(page).first().locator('.name a').click();
  await page.waitForURL(/\/entries\//);
  // masks and boxes, AP and AFNR of all types; a single type has too few fields of view for an interval
  await expect(page.getByLabel('Numbers by cell type').locator('.interval')).toHaveCount(4);
  await expect(page.getByLabel('Measures without ranking').locator('tbody tr')).toHaveCount(8);
});

test('a file of the view has the order of the page, also by a column of one cell type', async ({ page }) => {
  await page.goto(await demoBoard(page, { columns: 'ap-by-type', sort: 'AP-BV2', direction: 'asc' }));
  const csv = await (
    await page.request.get((await page.getByRole('link', { name: 'CSV' }).getAttribute('href'))!)
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
    await page.getByLabel(control, { exact: true }).getByRole('link', { name: option }).click();
    await expect(page.getByLabel(control, { exact: true }).getByRole('link', { name: option })).toHaveAttribute(
      'aria-current',
      'true',
    );
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
  const sort = page.locator('thead a.sort', { hasText: 'AP50' }).first();
  for (let i = 0; i < 80 && !(await sort.evaluate((link) => link === document.activeElement)); i++)
    await page.keyboard.press('Tab');
  await expect(sort).toBeFocused();
  const outline = await sort.evaluate((link) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(link);
    return { outlineStyle, outlineWidth, boxShadow };
  });
  expect(outline.outlineStyle !== 'none' || outline.boxShadow !== 'none').toBe(true);
  await page.keyboard.press('Enter');
  await page.waitForURL(/sort=AP50/);
});

test('on a narrow screen the page keeps its width and the table scrolls inside it', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const address of ['/', await demoBoard(page), '/protocol', '/sign-in']) {
    await page.goto(address);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow, address).toBeLessThanOrEqual(0);
  }
});

test('the table needs no script', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: process.env.E2E_URL });
  const page = await context.newPage();
  await page.goto(await demoBoard(page));
  await expect(entries(page)).toHaveCount(3);
  await context.close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no page has a serious accessibility fault (${colorScheme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const addresses = ['/', await demoBoard(page), '/protocol', '/sign-in'];
    await page.goto(addresses[1]);
    addresses.push((await entries(page).first().locator('.name a').getAttribute('href'))!);
    const faults: string[] = [];
    const look = async (address: string) => {
      await page.goto(address);
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
        .analyze();
      for (const { id, impact, nodes } of violations)
        if (impact === 'serious' || impact === 'critical')
          faults.push(`${address}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
    };
    for (const address of addresses) await look(address);
    await signIn(page, { name: 'Mina Maintainer', email: 'mina@example.org', role: 'maintainer' });
    for (const address of ['/submit', '/submissions', '/account', '/maintain']) await look(address);
    expect(faults).toEqual([]);
  });
}
