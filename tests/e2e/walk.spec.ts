/** The whole way of one file: command line, browser, upload, queue, thread, score, database, leaderboard, chart. */
import {
  type Benchmark,
  expect,
  fileInput,
  percent,
  registerBenchmark,
  signInByForm,
  someoneElse,
  test,
} from './site-test.ts';

test.describe.configure({ mode: 'serial' });
// as people's browsers do it; elsewhere pages fetch nothing ahead
test.use({ prefetches: true });

let benchmark: Benchmark;
let submission: string;
const board = () => `/leaderboards/livecell-wide?${new URLSearchParams({ dataset: benchmark.name })}`;

test('ground truth is registered on the command line while the site runs', async ({ page }) => {
  benchmark = await registerBenchmark('Walk');
  await page.goto('/leaderboards/livecell-wide');
  // real ground truth comes before the demo from the moment it is there
  await expect(page.getByText(`Scored on ${benchmark.name}`)).toBeVisible();
  await expect(page.getByText('No entry is published here yet')).toBeVisible();
});

test('a researcher uploads predictions, follows them to their score and asks to publish', async ({ page }) => {
  await signInByForm(page, { name: 'Rosa Researcher', email: 'rosa@example.org' });
  await page.goto('/submit');
  await page.getByText('Limits', { exact: true }).click(); // there before the first byte
  await expect(page.getByText(/at most/i).first()).toBeVisible();
  await page.getByLabel('Data set').selectOption({ label: await optionWith(page, benchmark.name) });
  await fileInput(page).setInputFiles(benchmark.predictions);
  await expect(page.getByText('arrived whole')).toBeVisible();
  await page.getByLabel('Method name').fill('Walked model');
  await page.getByRole('textbox', { name: 'Description' }).fill('Perturbed ground truth.');
  await page.getByLabel('Trained on').fill('Nothing at all');
  await page.getByRole('button', { name: 'Submit for scoring' }).click();

  await page.waitForURL(/\/submissions\/[\w-]+$/);
  submission = page.url().split('/').at(-1)!;
  // nobody reloads: the page follows by itself
  await expect(page.getByRole('heading', { name: 'Results' })).toBeVisible({ timeout: 60_000 });
  const row = page.getByRole('row', { name: /as in the paper.*masks/ });
  for (const metric of ['AP', 'AFNR', 'AP50', 'AP75', 'APs', 'APm', 'APl'] as const)
    await expect(row.locator(`[data-metric=${metric}]`)).toHaveText(
      percent(benchmark.report.results.segm!.overall[metric]),
    );

  await page.getByRole('button', { name: 'Ask to publish' }).click();
  await expect(page.getByRole('button', { name: 'Take back the request' })).toBeVisible();
});

test('until a maintainer approves, nobody else sees it', async ({ page }) => {
  await page.goto(board());
  await expect(page.getByRole('link', { name: 'Walked model' })).toHaveCount(0);
  expect((await page.goto(`/entries/${submission}`))!.status()).toBe(404);
  const stranger = await someoneElse(page, { name: 'Sam Stranger', email: 'sam@example.org' });
  const [other] = stranger.pages();
  expect((await other.goto(`/submissions/${submission}`))!.status()).toBe(404);
  expect((await other.goto('/maintain'))!.status()).toBe(404);
  await stranger.close();
});

test('a maintainer approves it', async ({ page }) => {
  await signInByForm(page, { name: 'Mina Maintainer', email: 'mina@example.org', role: 'maintainer' });
  await page.getByRole('link', { name: 'Maintain', exact: true }).click();
  const waiting = page.getByRole('article', { name: 'Walked model' });
  await waiting.getByRole('button', { name: 'Approve' }).click();
  await expect(waiting).toHaveCount(0);
});

test('it stands on the leaderboard, with charts drawn', async ({ page }) => {
  await page.goto(board());
  const row = page.getByRole('row', { name: /Walked model/ });
  const { AP, AFNR } = benchmark.report.results.segm!.overall;
  await expect(row.locator('.rank')).toHaveText('1');
  // no more decimals than the interval supports
  for (const value of [AP, AFNR]) await expect(row).toContainText((100 * value!).toFixed(1));

  const charts = page.locator('figure.chart');
  await expect(charts).toHaveCount(4);
  for (const chart of await charts.all()) {
    await chart.scrollIntoViewIfNeeded();
    // marks with an extent, not an empty frame
    const mark = chart.locator('.plot [data-series]').first();
    await expect(mark).toBeAttached();
    const box = (await mark.boundingBox())!;
    expect(box.width).toBeGreaterThan(5);
    await chart.getByText('Numbers').click();
    await expect(chart.getByRole('table')).toBeVisible();
  }
});

test('its page has the numbers of the report, to the last digit', async ({ page }) => {
  const response = await page.request.get(`/api/v1/submissions/${submission}`);
  const { reports } = await response.json();
  for (const protocol of ['livecell-paper', 'livecell-code', 'coco']) {
    await page.goto(`/entries/${submission}?protocol=${protocol}`);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Walked model');
    const { segm, bbox } = reports[protocol].results;
    for (const metrics of [segm.overall, bbox.overall])
      for (const key of ['AP', 'AFNR', 'AP50', 'AP75', 'APs', 'APm', 'APl']) {
        if (metrics[key] === null) continue;
        await expect(page.locator(`[title$="${metrics[key]}"]`).first(), `${protocol} ${key}`).toHaveText(
          percent(metrics[key]),
        );
      }
    for (const [type, metrics] of Object.entries(segm.cellTypes) as [string, { AP: number | null }][])
      if (metrics.AP !== null) await expect(page.locator(`[title$="${metrics.AP}"]`).first(), type).toBeAttached();
  }
  // and where they come from
  const { predictions, groundTruth, evaluator } = benchmark.report;
  for (const fact of [predictions[0].sha256, groundTruth.sha256, evaluator.version])
    await expect(page.getByText(fact).first()).toBeVisible();
});

test('its charts open large, where a line can be left out', async ({ page }) => {
  await page.goto(`/entries/${submission}`);
  await page.getByText('By IoU threshold', { exact: true }).click();
  await page.getByRole('button', { name: 'Explore the chart “AP per IoU threshold”' }).click();
  const dialog = page.getByRole('dialog', { name: 'AP per IoU threshold' });
  await expect(dialog.locator('.recharts-line')).toHaveCount(2);
  await dialog.getByRole('checkbox', { name: 'Boxes' }).uncheck();
  await expect(dialog.locator('.recharts-line')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

/** The label of the option that speaks of `name`: labels carry counts too. */
async function optionWith(page: import('@playwright/test').Page, name: string): Promise<string> {
  const labels = await page.getByLabel('Data set').locator('option').allTextContents();
  return labels.find((label) => label.includes(name)) ?? name;
}
