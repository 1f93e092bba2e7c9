/**
 * The five questions of a visitor, answered from the home page: each with so many clicks at most. `npx playwright test
 * tests/e2e/five-questions.spec.ts` prints the seconds that a script without hesitation needs, for docs/pages.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { eq } from 'drizzle-orm';
import { type Client, connect } from '#db/engine/client.ts';
import { type Dataset, datasets } from '#db/schema.ts';
import { expect, rendered, test } from './site-test.ts';

interface Question {
  asked: string;
  clicks: number;
  /** the way, and at its end what a visitor sees without scrolling */
  way: (page: Page, click: (control: Locator) => Promise<void>) => Promise<Locator>;
}

const leader = (page: Page) => page.locator('.answer a').first();
const board = (page: Page) => page.locator('main').getByRole('link', { name: 'See the leaderboard' });
const menu = (page: Page, name: string | RegExp) => page.locator('summary').filter({ hasText: name }).first();

const QUESTIONS: readonly Question[] = [
  {
    asked: 'Who leads, and is it real?',
    clicks: 0,
    way: async (page) => {
      await expect(page.locator('.answer')).toContainText(/leads .+ with .+ \d/);
      return page.locator('.answer');
    },
  },
  {
    asked: 'Which is best on SH-SY5Y?',
    clicks: 3,
    way: async (page, click) => {
      await click(board(page));
      await click(menu(page, /^Cell type/));
      await click(page.locator('.toolbar').getByRole('link', { name: 'SH-SY5Y', exact: true }));
      await expect(page).toHaveURL(/cellType=SHSY5Y/);
      return page.locator('.board tbody tr').first();
    },
  },
  {
    asked: 'Where does it fail?',
    clicks: 2,
    way: async (page, click) => {
      await click(leader(page));
      await click(page.getByRole('navigation', { name: 'On this page' }).getByRole('link', { name: 'Errors' }));
      return page.locator('.errors .chart').first();
    },
  },
  {
    asked: 'How do I get the numbers?',
    clicks: 2,
    way: async (page, click) => {
      await click(leader(page));
      await click(menu(page, /^Download/));
      return page.getByRole('link', { name: 'All of this as JSON' });
    },
  },
  {
    asked: 'How do I cite it?',
    clicks: 2,
    way: async (page, click) => {
      await click(leader(page));
      await click(menu(page, /^Cite/));
      const cite = page.locator('.cite pre');
      await expect(cite).toContainText('@');
      return cite;
    },
  },
];

let client: Client;
let others: Dataset[];
/** Data sets that other tests registered stand before the demo, and nobody may lead there: they stand behind it now. */
test.beforeAll(async () => {
  const { databaseUrl } = JSON.parse(readFileSync(join(process.env.E2E_DATA!, 'run.json'), 'utf8'));
  client = connect(databaseUrl, { max: 1 });
  others = await client.db.select().from(datasets).where(eq(datasets.demo, false));
  await client.db
    .update(datasets)
    .set({ demo: true, createdAt: new Date(0) })
    .where(eq(datasets.demo, false));
});
test.afterAll(async () => {
  for (const { id, createdAt } of others)
    await client.db.update(datasets).set({ demo: false, createdAt }).where(eq(datasets.id, id));
  await client.close();
});

for (const { asked, clicks, way } of QUESTIONS)
  test(`${asked} ${clicks === 1 ? 'One click' : `${clicks} clicks`}`, async ({ page }) => {
    const began = performance.now();
    await page.goto('/');
    let done = 0;
    const answer = await way(page, async (control) => {
      const before = page.url();
      await control.click();
      done++;
      // to another page, or to a place or a menu of this one
      if ((await control.count()) === 0 || page.url() !== before) await rendered(page);
    });
    await expect(answer).toBeInViewport();
    test.info().annotations.push({ type: 'seconds', description: ((performance.now() - began) / 1000).toFixed(1) });
    console.log(`${asked} ${done} clicks, ${((performance.now() - began) / 1000).toFixed(1)} s`);
    expect(done).toBe(clicks);
  });
