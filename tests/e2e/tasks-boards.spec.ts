/** The boards and pages of the tasks, on the demo benchmark that a fresh installation shows. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { CELL_TYPE_NAMES, CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { INCOMPLETE_IMAGES } from '#lib/scoring/sensitivity.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import { writeDemoData } from '#workers/demo/data.ts';
import { findSeriousFaults } from './accessibility.ts';
import { document, expect, percent, signIn, temporaryFolder, test } from './site-test.ts';

/** A board of the demo, once its entries are scored: they go through the queue like everybody's. */
async function board(page: Page, task: string, entriesThere: number, params: Record<string, string> = {}) {
  const dataset = { 'zero-shot': 'demo outside', 'fluorescence-counts': 'demo counts' }[task] ?? 'demo';
  const address = `/leaderboards/${task}?${new URLSearchParams({ dataset, ...params })}`;
  await expect(async () => {
    await page.goto(address);
    await expect(entries(page)).toHaveCount(entriesThere, { timeout: 2000 });
  }).toPass({ timeout: 60_000 });
  return address;
}

const entries = (page: Page) => page.locator('.board tbody:not(.references) tr:has(td.rank)');
const choice = (page: Page, label: string) => page.getByLabel(label, { exact: true });
/** Choose from a menu of the toolbar. */
async function pick(page: Page, label: string, name: string): Promise<void> {
  await page.locator('.toolbar summary', { hasText: label }).click();
  await choice(page, label).getByRole('link', { name }).click();
}

test('each cell type has a leaderboard; the overview has the mean of complete sets alone', async ({ page }) => {
  await board(page, 'single-cell-type', 2);
  await expect(entries(page).locator('.rank')).toHaveText(['1', '–']);
  await expect(page.getByRole('heading', { name: 'AP by cell type, masks' })).toBeVisible();
  await pick(page, 'Cell type', 'BV-2');
  await page.waitForURL(/cellType=BV2/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Single cell type leaderboard: BV-2');
  await expect(entries(page).locator('.rank')).toHaveText(['1', '2']);
  await expect(page.getByRole('columnheader', { name: /^AP50/ })).toBeVisible();
  // what was published of this type, as it was published
  await expect(page.locator('.references').getByText('52.6')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'AP per IoU threshold, BV-2, masks' })).toBeVisible();
  // the second model is of five types: it is not on the boards of the others
  await pick(page, 'Cell type', 'SK-OV-3');
  await expect(entries(page)).toHaveCount(1);
  await page.evaluate(() => history.back());
  await expect(entries(page)).toHaveCount(2);
});

test('what training on all types gains is said with its test and shown type by type', async ({ page }) => {
  await board(page, 'single-cell-type', 2);
  const gains = page.getByRole('region', { name: 'What training on all types gains' });
  await expect(
    gains.getByText(
      /^Demo model, strong: training on all cell types raises AP by .* over 8 types \(paired t-test, p = 0\.\d{3}\)\.$/,
    ),
  ).toBeVisible();
  await gains.getByText('Demo model, strong, type by type').click();
  const rows = gains.getByRole('table').first().getByRole('row');
  await expect(rows).toHaveCount(9);
  // the same predictions at home, and others where all types are needed
  await expect(rows.filter({ hasText: 'A172' }).getByRole('cell').nth(2)).toHaveText('0.00');
  await expect(rows.filter({ hasText: 'MCF7' }).getByRole('cell').nth(2)).toHaveText(/^\+\d+\.\d\d$/);
});

test('the checked entries are drawn, and the address says which; the view can be taken along', async ({ page }) => {
  await board(page, 'training-size', 2);
  const legend = () => page.locator('figure.chart').first().locator('.chart-legend li').allTextContents();
  await expect.poll(legend).toEqual(['Demo model, strong', 'Demo model, medium']);
  await page.getByLabel('Compare Demo model, medium').check();
  await page.getByRole('button', { name: 'Draw charts of the checked entries' }).click();
  await page.waitForURL(/entries=/);
  await expect.poll(legend).toEqual(['Demo model, medium']);
  for (const [name, start] of [
    ['CSV', /^rank,kind,method,.*,AP-100,.*,gain,/],
    ['JSON', /^\{/],
    ['BibTeX', /^@misc/],
  ] as const) {
    const href = await page.getByRole('link', { name, exact: true }).getAttribute('href');
    expect(await (await page.request.get(href!)).text()).toMatch(start);
  }
  // the published gains, as published
  await expect(page.locator('.references').getByText('7.7')).toBeVisible();
});

test('the heat map has its numbers as a table, and all of it is reached by keyboard', async ({ page }) => {
  await board(page, 'transferability', 2);
  const map = page.locator('figure.heat').filter({ hasText: 'Demo model, strong' });
  await expect(map.getByRole('heading')).toHaveText('Trained on × evaluated on, Demo model, strong, masks');
  await expect(map.locator('.heat-cell')).toHaveCount(64);
  await expect(map.locator('.heat-cell[data-home]')).toHaveCount(8);
  await expect(map.getByText(/The index is \d\.\d\d: 0 is as good as at home/)).toBeVisible();
  const frame = map.locator('.table-scroll').first();
  await frame.focus();
  await expect(frame).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(map.locator('summary')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(map.getByRole('row', { name: /^BV-2, Huh7 / })).toBeVisible();
  await choice(page, 'Evaluation').getByRole('link', { name: 'Boxes' }).click();
  await expect(page.getByRole('heading', { name: /Trained on × evaluated on, .*, boxes/ }).first()).toBeVisible();
});

test('published results of outside data sets stand in sections of their own', async ({ page }) => {
  await board(page, 'zero-shot', 2);
  const sections = page.locator('tbody.references');
  await expect(sections).toHaveCount(2);
  await expect(sections.filter({ hasText: 'on EVICAN easy' }).locator('.method')).toHaveCount(3);
  await expect(sections.filter({ hasText: 'on CellPose' }).locator('.method')).toHaveCount(2);
  await expect(sections.locator('.rank')).toHaveText(Array.from({ length: 5 }, () => 'not ranked'));
});

test('the mean over types stands beside the pooled number, on the board and on the entry', async ({ page }) => {
  await board(page, 'livecell-wide', 3);
  await expect(page.getByRole('columnheader', { name: 'Mean over types', exact: true })).toBeVisible();
  const head = page.getByRole('link', { name: /^Mean over types of AP/ });
  await head.press('Enter');
  await page.waitForURL(/sort=meanAP/);
  await expect(entries(page).locator('.rank')).toHaveText(['1', '2', '3']);
  const shown = percent(Number(await entries(page).first().locator('td.sorted').getAttribute('title')));
  // the paper's bars come first
  await expect(page.locator('figure.chart h3').first()).toHaveText('AP by cell type');
  await entries(page).first().locator('.name a').click();
  await page.waitForURL(/entries\//);
  await expect(page.locator('.headline').getByText(`Mean over types ${shown}`)).toBeVisible();
});

test('an entry on images that are listed twice says what it would be without', async ({ page }) => {
  const folder = temporaryFolder();
  const demo = await writeDemoData(folder, { imagesPerType: 2, seed: 9 });
  const truth = JSON.parse(readFileSync(demo.groundTruth, 'utf8'));
  const of = (type: string) => truth.images.filter((image: { file_name: string }) => image.file_name.startsWith(type));
  of('Huh7')[1].file_name = of('Huh7')[0].file_name;
  const [other, incomplete] = of('BV2');
  other.file_name = 'BV2_Phase_A4_1_00d00h00m_1.tif';
  incomplete.file_name = `${INCOMPLETE_IMAGES[0]}.tif`;
  const there = truth.annotations.filter((one: { image_id: number }) => one.image_id === incomplete.id);
  truth.annotations = truth.annotations.filter((one: object) => !there.slice(2).includes(one));
  const groundTruth = join(folder, 'odd.json');
  writeFileSync(groundTruth, JSON.stringify(truth));
  const name = `Odd ${Date.now().toString(36)}`;
  await document(['import-ground-truth', groundTruth, '--name', name, '--public']);
  const email = 'olga@example.org';
  await signIn(page, { name: 'Olga Odd', email });
  const { token } = await document<{ token: string }>(['token', 'create', '--user', email]);
  const file = demo.predictions[1].path;
  const { id } = await document<{ id: string }>([
    ...['submit', file, '--dataset', name, '--method', 'Odd', '--token', token, '--server', process.env.E2E_URL!],
  ]);
  const read = async () => (await page.request.get(`/api/v1/submissions/${id}`)).json();
  await expect.poll(async () => (await read()).state).toBe('scored');
  const { report } = await read();
  await page.goto(`/entries/${id}`);
  for (const [line, label, images] of [
    ['withoutDuplicates', 'Pooled, every file once', 15],
    ['withoutIncomplete', 'Pooled, without incomplete images', 15],
  ] as const) {
    const row = page.getByRole('row', { name: new RegExp(`^${label}`) });
    const { AP, AFNR } = report.results.segm.overall.sensitivity[line];
    await expect(row.getByRole('cell').first()).toHaveText(String(images));
    for (const value of [AP, AFNR]) await expect(row.locator(`[title$="${value}"]`)).toHaveText(percent(value));
  }
});

test('every task has a page with its files, formulas, commands and published numbers', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Tasks' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Tasks');
  for (const task of listOpenTasks()) {
    await page.goto('/tasks');
    await page.getByRole('link', { name: task.name, exact: true }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(task.name);
    for (const name of ['What is submitted', 'How it is scored', 'What the report holds', 'Commands', 'Limits'])
      await expect(page.getByRole('heading', { name, exact: true })).toBeVisible();
    await expect(page.locator('pre').filter({ hasText: 'livecell score' }).first()).toBeVisible();
    await expect(page.locator('.task-published tbody tr').first().locator('a').first()).toHaveAttribute(
      'href',
      /^https:/,
    );
    await page.getByRole('main').getByRole('link', { name: 'Leaderboard', exact: true }).click();
    await page.waitForURL(`**/leaderboards/${task.id}`);
    await expect(page.getByRole('link', { name: 'What the task asks, and how it is scored' })).toBeVisible();
  }
  expect((await page.goto('/tasks/nothing'))!.status()).toBe(404);
});

test('what follows other protocols stands on the page of the task and on no board', async ({ page }) => {
  await page.goto('/tasks/livecell-wide');
  const others = page.getByRole('table', { name: 'By other protocols or on other splits' });
  await expect(others.getByRole('row', { name: /DINO-4scale R50/ })).toContainText('52.3 %');
  await expect(others.getByRole('row', { name: /DINO-4scale R50/ })).toContainText('proposal_nums 100/300/3000');
  await page.goto('/tasks/transferability');
  await expect(page.getByText('Masks, Mean AP elsewhere, trained on BV-2 10.1 %')).toBeVisible();
  await page.goto('/leaderboards/livecell-wide?evaluation=bbox');
  await expect(page.getByText('DINO-4scale')).toHaveCount(0);
});

test('on a narrow screen tables scroll inside the page', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const address of [
    ...listOpenTasks().flatMap(({ id }) => [`/tasks/${id}`, `/leaderboards/${id}`]),
    '/tasks',
    ...CELL_TYPES.slice(0, 1).map((type) => `/leaderboards/single-cell-type?cellType=${type}`),
  ]) {
    await page.goto(address);
    const overflow = await page.evaluate(() => window.document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow, address).toBeLessThanOrEqual(0);
  }
});

test('no board or page of a task has a serious accessibility fault, in light and dark', async ({ page }) => {
  await board(page, 'transferability', 2);
  const entry = await entries(page).first().locator('.name a').getAttribute('href');
  for (const address of [
    ...listOpenTasks().map(({ id }) => `/leaderboards/${id}`),
    `/leaderboards/single-cell-type?cellType=${CELL_TYPES[2]}`,
    ...listOpenTasks().map(({ id }) => `/tasks/${id}`),
    '/tasks',
    entry!,
  ]) {
    await page.goto(address);
    expect.soft(await findSeriousFaults(page), address).toEqual([]);
  }
});

test('tabs name the cell types as people write them', async ({ page }) => {
  await page.goto('/leaderboards/single-cell-type');
  await page.locator('.toolbar summary', { hasText: 'Cell type' }).click();
  await expect(choice(page, 'Cell type').getByRole('link')).toHaveText([
    'Overview',
    ...CELL_TYPES.map((type) => CELL_TYPE_NAMES[type]),
  ]);
});
