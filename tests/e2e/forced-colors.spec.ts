/**
 * The system's own colours, as contrast themes of Windows force them on pages: what is drawn is still to be seen, what
 * is chosen still differs from what is not, and the focus is marked. Pixels are looked at, not styles.
 */
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './site-test.ts';

let board: string;
let entry: string;
let dataset: string;

test.beforeAll(async ({ playwright }) => {
  const request = await playwright.request.newContext({ baseURL: process.env.E2E_URL });
  const { tasks } = await (await request.get('/api/v1/tasks')).json();
  const demo = encodeURIComponent(
    (tasks as { id: string; datasets: { name: string; demo: boolean }[] }[])
      .find(({ id }) => id === 'livecell-wide')!
      .datasets.find(({ demo }) => demo)!.name,
  );
  const read = async (): Promise<{ id: string; method: string }[]> =>
    (await (await request.get(`/api/v1/leaderboards/livecell-wide?dataset=${demo}`)).json()).rows;
  const strong = async () => (await read()).find(({ method }) => method === 'Demo model, strong')?.id;
  await expect.poll(strong).toBeDefined();
  board = `/leaderboards/livecell-wide?dataset=${demo}`;
  entry = `/entries/${await strong()}`;
  dataset = `/datasets/${demo}`;
  await request.dispose();
});

/** Contrast of graphics against what is beside them (WCAG 1.4.11). */
const SEEN = 3;

interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Return the largest contrast between two pixels of an area of the window, 1 to 21. */
async function contrastIn(page: Page, area: Area): Promise<number> {
  const clip = {
    x: Math.floor(area.x),
    y: Math.floor(area.y),
    width: Math.ceil(area.width),
    height: Math.ceil(area.height),
  };
  const png = await page.screenshot({ clip, animations: 'disabled', caret: 'hide' });
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d')!;
    canvas.drawImage(picture, 0, 0);
    const { data } = canvas.getImageData(0, 0, picture.width, picture.height);
    const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    let [least, most] = [1, 0];
    for (let at = 0; at < data.length; at += 4) {
      const [r, g, b] = [data[at], data[at + 1], data[at + 2]].map((value) => linear(value / 255));
      const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
      least = Math.min(least, light);
      most = Math.max(most, light);
    }
    return (most + 0.05) / (least + 0.05);
  }, png.toString('base64'));
}

async function boxOf(part: Locator): Promise<Area> {
  await part.scrollIntoViewIfNeeded();
  const box = await part.boundingBox();
  if (!box) throw new Error('nothing is there to be looked at');
  return box;
}

/** Something in the part stands out from the rest of it. */
async function expectSeen(page: Page, part: Locator, what: string): Promise<void> {
  expect.soft(await contrastIn(page, await boxOf(part)), `${what} is seen`).toBeGreaterThan(SEEN);
}

/** The lower edge of the first is marked, that of the second is not. */
async function expectMarked(page: Page, chosen: Locator, other: Locator, what: string): Promise<void> {
  const edge = async (part: Locator) => {
    const { x, y, width, height } = await boxOf(part);
    return contrastIn(page, { x: x + 1, y: y + height - 4, width: width - 2, height: 6 });
  };
  expect.soft(await edge(chosen), `${what} is marked`).toBeGreaterThan(SEEN);
  expect.soft(await edge(other), `what is not ${what} is not marked`).toBeLessThan(SEEN);
}

/** The focus changes what is above a control, or, where what scrolls would cut that off, its own upper edge. */
async function expectFocusSeen(page: Page, control: Locator, what: string, inside = false): Promise<void> {
  await control.scrollIntoViewIfNeeded();
  const { x, y, width } = await boxOf(control);
  const above = { x: x + 2, y: inside ? y : y - 6, width: Math.max(4, width - 4), height: 6 };
  // reached by the keyboard, as the ring is for it alone
  await control.focus();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');
  await expect(control).toBeFocused();
  expect.soft(await contrastIn(page, above), `the focus of ${what} is seen`).toBeGreaterThan(SEEN);
}

for (const colorScheme of ['dark', 'light'] as const)
  test(`marks, what is chosen, and the focus are seen in the system’s colours (${colorScheme})`, async ({ page }) => {
    await page.emulateMedia({ forcedColors: 'active', colorScheme, reducedMotion: 'reduce' });
    await page.goto(board);
    expect(await page.evaluate(() => matchMedia('(forced-colors: active)').matches)).toBe(true);
    await expectSeen(page, page.locator('.board .strip').first(), 'the strip by cell type');
    await expectSeen(page, page.locator('.board .dot').first(), 'the dot of a number');
    const tabs = page.locator('.tabs').first();
    await expectMarked(page, tabs.locator('a[aria-current]'), tabs.locator('a:not([aria-current])').first(), 'the tab');
    const segments = page.locator('.segments').first();
    await expectMarked(
      page,
      segments.locator('a[aria-current]').first(),
      segments.locator('a:not([aria-current])').first(),
      'the choice',
    );
    await expectSeen(page, page.locator('#charts .plot-area svg').first(), 'a chart');
    await expectFocusSeen(page, tabs.locator('a').first(), 'a tab', true);
    await expectFocusSeen(page, page.locator('.menu summary').first(), 'a menu');
    await expectFocusSeen(page, page.locator('#charts .reading').first(), 'a chart');

    await page.goto(entry);
    await expectSeen(page, page.locator('.summary .swatch').first(), 'the colour of a cell type');
    await expectSeen(page, page.locator('.summary tbody .dot').first(), 'the dot of a number');
    for (const [k, stack] of (await page.locator('.errors .plot-area svg').all()).slice(0, 2).entries())
      await expectSeen(page, stack, `chart ${k + 1} of errors`);

    await page.goto(dataset);
    await expectSeen(page, page.locator('svg.spark').first(), 'a histogram');
  });

test('dialogs, the viewer and its switches are seen in the system’s colours', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.goto(board);
  await page
    .getByRole('button', { name: /^Explore/ })
    .first()
    .click();
  const dialog = page.locator('dialog[open]');
  await expect(dialog).toBeVisible();
  const { x, y, height } = await boxOf(dialog);
  expect(await contrastIn(page, { x: x - 4, y: y + height / 2, width: 8, height: 4 })).toBeGreaterThan(SEEN);

  await page.goto(`${dataset}/viewer`);
  await expectSeen(page, page.locator('.viewer canvas'), 'the picture');
  for (const [k, swatch] of (await page.locator('.viewer-swatch').all()).entries())
    await expectSeen(page, swatch, `mark ${k + 1} of the legend`);
  await expectFocusSeen(page, page.locator('.viewer-bar :is(select, input)').first(), 'a switch of the viewer');
});
