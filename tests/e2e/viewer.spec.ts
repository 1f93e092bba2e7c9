/** The viewer: pixels at known places of a constructed image, drawn either way, and the demo's own cells. */
import { COLOURS } from '#app/datasets/[name]/viewer/scene.ts';
import { type Box, edgeOf, maskOf as encodedMask, isNear as near, look as photograph } from './drawn.ts';
import { expect, rendered, test } from './site-test.ts';

const SIZE = { image: 0, width: 704, height: 520 };
const maskOf = (box: Box) => encodedMask(box, SIZE);

const FOUND: Box = [100, 100, 80, 80];
const MISSED: Box = [300, 100, 80, 80];
const FALSE: Box = [100, 300, 80, 80];
const WEAK: Box = [300, 300, 80, 80];
const TRUTH = { ...SIZE, masks: [FOUND, MISSED].map(maskOf), crowd: [0, 0] };
const ENTRY = {
  ...SIZE,
  scoreThreshold: 0.5,
  unscored: false,
  masks: [FOUND, FALSE, WEAK].map(maskOf),
  scores: [0.9, 0.8, 0.3],
  verdicts: { object: [0, -1, -1], kind: [0, 6, 0], ignored: [0, 0, 0], objectKind: [0, 1], bestIou: [1, 0] },
};

for (const way of ['webgl', 'canvas'] as const)
  test(`draws the verdicts of a constructed image with ${way}`, async ({ page }) => {
    await page.route('**/api/v1/datasets/demo/cells/*', (route) => route.fulfill({ json: TRUTH }));
    await page.route('**/api/v1/submissions/*/cells/*', (route) => route.fulfill({ json: ENTRY }));
    await page.route('**/pictures/*.png?as=stretched*', (route) => route.abort());
    await page.goto(`/datasets/demo/viewer?image=0${way === 'canvas' ? '&draw=canvas' : ''}`);
    await page.locator('.viewer[data-ready]').waitFor();
    // a machine without any WebGL draws on the canvas: then both tests look at that
    const canvas = page.locator('.viewer canvas');
    await page.getByRole('slider', { name: 'Swipe' }).fill('0');

    const look = () => photograph(canvas, SIZE);
    const anyNear = (at: Awaited<ReturnType<typeof look>>, [x, y, w, h]: Box, wanted: readonly number[]) => {
      for (let dx = -6; dx <= 6; dx++)
        for (let dy = -6; dy <= 6; dy++) if (near(at(x + w / 2 + dx, y + h / 2 + dy), wanted)) return true;
      return false;
    };
    const inked = (verdict: 'missed' | 'false') => COLOURS[verdict].map((value) => 0.75 * value + 0.25 * 41);
    await expect.poll(async () => near((await look())(FOUND[0], 140, 1), COLOURS.found)).toBe(true);
    const at = await look();
    const edge = (box: Box) => edgeOf(at, box);
    expect(
      edge(MISSED).some((colour) => near(colour, COLOURS.missed)),
      `${edge(MISSED)}`,
    ).toBe(true);
    expect(
      edge(FALSE).some((colour) => near(colour, COLOURS.false)),
      `${edge(FALSE)}`,
    ).toBe(true);
    // outlines are as wide as on any scale: three pixels further in there is none
    expect(near(at(FOUND[0], 140, 6), COLOURS.found)).toBe(false);
    expect(anyNear(at, FOUND, COLOURS.found)).toBe(false);
    // fills tell them apart without colour
    expect(anyNear(at, MISSED, inked('missed'))).toBe(true);
    expect(anyNear(at, FALSE, inked('false'))).toBe(true);
    // below the score, and beyond the cells, there is nothing
    expect(
      edge(WEAK).every((colour) => near(colour, [41, 41, 41])),
      `${edge(WEAK)}`,
    ).toBe(true);
    expect(near(at(500, 250), [41, 41, 41])).toBe(true);

    // a context that is lost and comes back draws the same
    if ((await page.locator('.viewer').getAttribute('data-drawn')) === 'webgl') {
      await canvas.evaluate(async (element: HTMLCanvasElement) => {
        const gl = element.getContext('webgl2')!;
        const loser = gl.getExtension('WEBGL_lose_context')!;
        const heard = (name: string) =>
          new Promise((resolve) => element.addEventListener(name, resolve, { once: true }));
        const lost = heard('webglcontextlost');
        loser.loseContext();
        await lost;
        const restored = heard('webglcontextrestored');
        // the browser refuses until the handler of the loss has returned
        setTimeout(() => loser.restoreContext(), 0);
        await restored;
      });
      await expect.poll(async () => near((await look())(FOUND[0], 140, 1), COLOURS.found)).toBe(true);
      const after = await look();
      for (const [x, y] of [
        [MISSED, FALSE, FOUND, WEAK].map(([left, top]) => [left + 40, top + 40]),
        [[500, 250]],
      ].flat())
        expect(after(x, y), `at ${x}, ${y}`).toEqual(at(x, y));
      const ring = (box: Box) => edgeOf(after, box);
      expect(ring(MISSED)).toEqual(edge(MISSED));
      expect(ring(FALSE)).toEqual(edge(FALSE));
    }

    const counts = page.getByRole('table', { name: /Counts on this image/ });
    await expect(counts.getByRole('row').nth(1)).toHaveText(/1\s*1\s*1\s*50\.0\s*50\.0\s*50\.0$/);
    await page.getByRole('slider', { name: /^Score from/ }).fill('0.2');
    await expect(counts.getByRole('row').nth(1)).toHaveText(/1\s*2\s*1\s*33\.3\s*50\.0\s*40\.0$/);
    await expect
      .poll(async () => {
        const now = await look();
        return [-1, 0, 1, 2].some((right) => near(now(WEAK[0], 340, right), COLOURS.false));
      })
      .toBe(true);
    await page.getByRole('button', { name: 'Entry’s own' }).click();

    // the next error is chosen by key, outlined in white, and in the address
    await page.locator('h1').click();
    await page.keyboard.press('n');
    await expect(page).toHaveURL(/cell=t2/);
    await expect(page.getByRole('row', { name: /^t2/ })).toHaveAttribute('aria-current', 'true');
    await page.keyboard.press('n');
    await expect(page).toHaveURL(/cell=a2/);
  });

test('shows the demo’s cells, links to neighbours, and says in words what is on the picture', async ({ page }) => {
  await page.goto('/datasets/demo/viewer?image=1');
  await rendered(page);
  await page.locator('.viewer[data-ready]').waitFor();
  await expect(page.getByRole('heading', { name: /^Cells of Demo model/ })).toBeVisible();
  await page.getByLabel('Errors alone').uncheck();
  await page.getByRole('button', { name: 'a1', exact: true }).click();
  await expect(page).toHaveURL(/cell=a1/);
  await page.getByRole('link', { name: 'Image after' }).click();
  await expect(page.getByText('image 3 of 48')).toBeVisible();
});

test.describe('without script', () => {
  test.use({ javaScriptEnabled: false });
  test('lists the annotated cells with what became of them', async ({ page, request }) => {
    const { masks } = await (await request.get('/api/v1/datasets/demo/cells/1')).json();
    await page.goto('/datasets/demo/viewer?image=1');
    const table = page.getByRole('table', { name: 'Annotated cells of this image' });
    await expect(table.getByRole('row')).toHaveCount(1 + Math.min(100, masks.length));
    await expect(table.getByRole('columnheader', { name: /^By Demo model/ })).toBeVisible();
    await expect(table.getByRole('row', { name: /^t1 / })).toContainText(/found|missed|split|merged/);
    await page.goto('/datasets/demo/viewer?image=1&from=2');
    await expect(table.getByRole('row').nth(1)).toContainText('t3');
    await page.getByRole('link', { name: 'Cells before' }).click();
    await expect(table.getByRole('row').nth(1)).toContainText('t1');
  });
});

test('tables of the demo’s cells have a row for each', async ({ request }) => {
  const { tasks } = await (await request.get('/api/v1/tasks')).json();
  const wide = (tasks as { id: string; datasets: { name: string; demo: boolean }[] }[]).find(
    ({ id }) => id === 'livecell-wide',
  )!;
  const demo = encodeURIComponent(wide.datasets.find(({ demo }) => demo)!.name);
  const { objects } = await (await request.get(`/api/v1/datasets/${demo}`)).json();
  const { rows } = await (await request.get(`/api/v1/leaderboards/livecell-wide?dataset=${demo}`)).json();
  const { id } = (rows as { id: string; kind: string }[]).find(({ kind }) => kind === 'entry')!;
  const table = (query: string) => request.get(`/api/v1/submissions/${id}/cells?${query}`);
  // it is there when the details of the score are, soon after it
  await expect.poll(async () => (await table('table=objects')).status(), { timeout: 60_000 }).toBe(200);
  const lines = (await (await table('table=objects')).text()).trimEnd().split('\r\n');
  expect(lines[0]).toBe('image,object,counts,best_iou,thresholds_found,error');
  expect(lines).toHaveLength(1 + objects);
  const parquet = await (await table('table=detections&format=parquet')).body();
  expect(parquet.subarray(0, 4).toString()).toBe('PAR1');
});
