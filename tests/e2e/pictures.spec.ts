/**
 * Pages as pictures, beside reference pictures in `tests/e2e/pictures`: what a style sheet has moved, covered or
 * recoloured is seen here and nowhere else. Pictures are of half the size, in which letters of another Chromium look
 * nearly alike; what changes by itself (times, digests, who leads) is left out of them. docs/testing.md says how they are
 * made anew.
 */
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { problemPage } from '#lib/http/problem-page.ts';
import { expect, rendered, test } from './site-test.ts';

/** The Chromium that made the reference pictures, on Linux. */
const REFERENCE = '156';
/** Largest share of pixels that may differ: with the same Chromium, and with another one. */
const TOLERANCE = { same: 0.002, other: 0.03 };
/** How far a pixel may differ before it counts, from 0 to 1. */
const THRESHOLD = 0.25;
/** Hides what changes by itself. */
const HIDDEN = join(import.meta.dirname, 'pictures/hidden.css');

// the pictures are older than the last changes of the board: make them anew, then compare them always
test.skip(process.env.PICTURES !== '1', 'pictures are compared on request: PICTURES=1');
test.skip(process.platform !== 'linux', 'the reference pictures were made on Linux: letters are drawn otherwise here');
test.use({ viewport: { width: 1280, height: 900 }, deviceScaleFactor: 0.5, colorScheme: 'light' });

let board: string;
let entry: string;
let dataset: string;

test.beforeAll(async ({ playwright, browser }) => {
  if (browser.version().split('.')[0] !== REFERENCE)
    console.log(
      `The reference pictures are of Chromium ${REFERENCE}, this is ${browser.version()}: up to ${100 * TOLERANCE.other} % of the pixels may differ.`,
    );
  const request = await playwright.request.newContext({ baseURL: process.env.E2E_URL });
  const { tasks } = await (await request.get('/api/v1/tasks')).json();
  const wide = (tasks as { id: string; datasets: { name: string; demo: boolean }[] }[]).find(
    ({ id }) => id === 'livecell-wide',
  )!;
  const demo = encodeURIComponent(wide.datasets.find(({ demo }) => demo)!.name);
  const read = async (): Promise<{ id: string; kind: string; method: string }[]> =>
    (await (await request.get(`/api/v1/leaderboards/livecell-wide?dataset=${demo}`)).json()).rows;
  // jobs behind all others make the controls, and the errors of entries
  await expect
    .poll(async () => (await read()).filter(({ kind }) => kind === 'control').length, { timeout: 60_000 })
    .toBe(6);
  const rows = await read();
  board = `/leaderboards/livecell-wide?dataset=${demo}`;
  entry = `/entries/${rows.find(({ method }) => method === 'Demo model, strong')!.id}`;
  dataset = `/datasets/${demo}`;
  await request.dispose();
});

/** Compare a part of the open page with its picture. */
async function compare(page: Page, part: Locator, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  const same = page.context().browser()!.version().split('.')[0] === REFERENCE;
  await expect(part).toHaveScreenshot(`${name}.png`, {
    animations: 'disabled',
    scale: 'device',
    threshold: THRESHOLD,
    maxDiffPixelRatio: same ? TOLERANCE.same : TOLERANCE.other,
    stylePath: HIDDEN,
  });
}

async function open(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await rendered(page);
}

test('the board, light, dark, in charts, on a phone and on paper', async ({ page }) => {
  await open(page, board);
  await compare(page, page.locator('#board'), 'board');
  await compare(page, page.locator('#charts .charts').first(), 'charts');
  await page.emulateMedia({ colorScheme: 'dark' });
  await compare(page, page.locator('#board'), 'board-dark');
  await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
  await page.setViewportSize({ width: 703, height: 1000 });
  await compare(page, page.locator('main'), 'board-print');
  await page.emulateMedia({ colorScheme: 'light', media: 'screen' });
  await page.setViewportSize({ width: 360, height: 800 });
  await compare(page, page.locator('#board'), 'board-phone');
});

test('an entry: its numbers by cell type, its errors, and all of it on paper', async ({ page }) => {
  await open(page, entry);
  await compare(page, page.locator('table.summary'), 'entry');
  await compare(page, page.locator('.errors .charts').first(), 'errors');
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 703, height: 1000 });
  await compare(page, page.locator('main'), 'entry-print');
});

test('a data set’s cell types, and the head of a task', async ({ page }) => {
  await open(page, dataset);
  await compare(page, page.getByRole('table').first(), 'dataset');
  await open(page, '/tasks/livecell-wide');
  await compare(page, page.locator('main h1').first(), 'task');
});

test('pages without anything, and pages without the site', async ({ page }) => {
  await open(page, '/no-such-page');
  await compare(page, page.locator('main'), 'not-found');
  await page.setContent(
    problemPage({
      title: 'The site is being worked on',
      detail: 'We move to another machine.',
      reload: 60,
      next: null,
    }),
  );
  await compare(page, page.locator('body'), 'maintenance');
});
