/** What the page of a data set tells of its cells, and what it keeps to itself. */
import AxeBuilder from '@axe-core/playwright';
import { expect, registerBenchmark, test } from './site-test.ts';

const FIGURES = [
  'Sizes of cells',
  'Cells per image',
  'Density over time',
  'Shape of cells, by principal components',
  'What the components are made of',
];

test('the demo data set shows its cells in charts, each with its numbers', async ({ page }) => {
  await page.goto('/datasets/demo');
  const types = page.getByRole('table', { name: 'Images and cells of each type' });
  await expect(types.getByRole('row')).toHaveCount(2 + 8);
  for (const title of FIGURES) {
    const figure = page.locator('figure', { has: page.getByRole('heading', { name: title }) });
    await expect(figure.getByRole('img').first()).toBeVisible();
    await figure.locator('summary').click();
    await expect(figure.getByRole('table')).toBeVisible();
  }
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
});

test('it fits a narrow screen', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto('/datasets/demo');
  await expect(page.getByRole('heading', { name: FIGURES[0] })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});

test('of private ground truth with a few images of each type nothing is told', async ({ page }) => {
  const { name } = await registerBenchmark('private');
  await page.goto(`/datasets/${encodeURIComponent(name)}`);
  await expect(page.getByText('annotations of this data set are not public')).toBeVisible();
  await expect(page.getByRole('figure')).toHaveCount(0);
});
