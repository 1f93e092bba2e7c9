/** The question “is the difference real?”: two entries side by side, down to their cells. */
import type { APIRequestContext } from '@playwright/test';
import type { z } from 'zod';
import type { boardRowSchema } from '#lib/http/api.ts';
import { expect, expectFiles, rendered, test } from './site-test.ts';

/**
 * Return at least two entries of a task's demo, the best first, once they are scored: they go through the queue like
 * everybody's. Other tests register data sets without any.
 */
async function demoEntries(request: APIRequestContext, task = 'livecell-wide', least = 2): Promise<BoardRow[]> {
  const { tasks } = await (await request.get('/api/v1/tasks')).json();
  const { datasets } = tasks.find(({ id }: { id: string }) => id === task);
  const demo = datasets.find((dataset: { demo: boolean }) => dataset.demo).name;
  let entries: BoardRow[] = [];
  await expect(async () => {
    const board = await request.get(`/api/v1/leaderboards/${task}?dataset=${encodeURIComponent(demo)}`);
    entries = (await board.json()).rows.filter(({ kind }: BoardRow) => kind === 'entry');
    expect(entries.length).toBeGreaterThanOrEqual(least);
  }).toPass({ timeout: 60_000 });
  return entries;
}

type BoardRow = z.infer<typeof boardRowSchema> & { values: Record<string, number> };

test('compares entries, and the address is the comparison', async ({ page, request }) => {
  const [best, second, third] = await demoEntries(request, 'livecell-wide', 3);
  const address = `/compare?entries=${best.id},${second.id}`;

  await page.goto(address);
  await rendered(page);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`${best.method} and ${second.method}`);
  await expect(page.locator('.verdict')).toContainText(/is ahead of|cannot be told apart|side by side/);
  const numbers = page.getByRole('table', { name: 'Numbers of the entries' });
  await expect(numbers.getByRole('row', { name: /^AP , higher/ })).toContainText((100 * best.values.AP).toFixed(1));

  // every chart, and the differences, as files; those of single images follow some seconds after the score
  await expect(async () => {
    await page.reload();
    await expect(page.getByRole('figure', { name: /Image by image/ })).toBeVisible({ timeout: 1000 });
  }).toPass();
  const files = page.getByRole('link', { name: /^(SVG|PNG|CSV) of/ });
  expect(await files.count()).toBeGreaterThanOrEqual(3 * (await page.getByRole('figure').count()));
  await expectFiles(files);

  // which cells each of them finds, as the API counts them
  const api = `/api/v1/compare?entries=${best.id},${second.id}`;
  const comparison = await (await request.get(api)).json();
  const [all] = comparison.cells;
  const { patterns, objects } = all as { patterns: Record<string, number>; objects: number };
  expect(Object.values(patterns).reduce((sum, count) => sum + count, 0)).toBe(objects);
  const cells = page.getByRole('table', { name: /^Cells by who found them/ });
  const row = cells.getByRole('row', { name: /^All/ });
  await row
    .getByRole('link', { name: patterns['10'].toLocaleString('en-US'), exact: true })
    .first()
    .click();
  await expect(page).toHaveURL(`${address}&found=10#images`);
  await expect(page.getByRole('heading', { name: `Cells found by ${best.method} alone` })).toBeVisible();
  await expect(page.getByText(`${patterns['10'].toLocaleString('en-US')} cells on`)).toBeVisible();

  // a number of one cell type, down to one cell in the viewer
  const typed = comparison.cells.find(
    ({ cellType, patterns: own }: { cellType: string | null; patterns: Record<string, number> }) =>
      cellType !== null && own['10'] > 0,
  );
  await page.goto(`${address}&found=10&type=${typed.cellType}#images`);
  await expect(page.getByText(`${typed.patterns['10'].toLocaleString('en-US')} cells on`)).toBeVisible();
  const link = page.getByRole('link', { name: /^Cell t\d+ of / }).first();
  const [, cell] = /^Cell (t\d+) of /.exec((await link.getAttribute('aria-label'))!)!;
  await link.click();
  await expect(page).toHaveURL(new RegExp(`/viewer\\?image=\\d+&a=${best.id}&b=${second.id}&cell=${cell}$`));
  await page.locator('.viewer[data-ready]').waitFor();
  await expect(page.getByRole('row', { name: new RegExp(`^${cell} `) })).toHaveAttribute('aria-current', 'true');

  // three, and one of them left out again
  await page.goto(`/compare?entries=${best.id},${second.id},${third.id}`);
  await page.getByRole('link', { name: `Leave out ${third.method}` }).click();
  await expect(page).toHaveURL(address);

  const table = await (await request.get(`${api}&format=csv`)).text();
  expect(table.split('\r\n')[0]).toBe('section,item,entry,other entry,value,low,high,standard error,p,adjusted p');
  expect(table).toContain(`cells,all,10,,${patterns['10']},`);
});

test('entries of other tasks stand side by side, and the page says why without differences', async ({
  page,
  request,
}) => {
  const [one, two] = await demoEntries(request, 'training-size');
  await page.goto(`/compare?entries=${one.id},${two.id}`);
  await expect(page.getByText('A paired difference needs each number without each field of view.')).toBeVisible();
  await expect(page.getByRole('table', { name: /^Numbers of the entries/ }).getByRole('row')).not.toHaveCount(1);
  expect((await request.get(`/api/v1/compare?entries=${one.id},${two.id}`)).status()).toBe(200);
});

test('says in words what cannot be compared', async ({ page, request }) => {
  await page.goto('/compare');
  await expect(page.getByText('Check entries on the leaderboard')).toBeVisible();
  await page.goto('/compare?entries=nobody,no-one');
  await expect(page.getByText('There is no public entry with the id “nobody”.')).toBeVisible();
  const [one] = await demoEntries(request);
  await page.goto(`/compare?entries=${one.id}`);
  await expect(page.getByText('Two to six entries are compared, not 1.')).toBeVisible();
  expect((await request.get(`/api/v1/compare?entries=${one.id},nobody`)).status()).toBe(404);
  expect((await request.get('/api/v1/compare')).status()).toBe(400);
});
