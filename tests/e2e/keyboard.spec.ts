/**
 * What a researcher and a maintainer do, with the keyboard alone: every control is reached by Tab in the order of the
 * page, the one that has the focus is marked, nothing holds the focus back, and Enter or Space does it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Locator, Page } from '@playwright/test';
import { eq } from 'drizzle-orm';
import { getDatasetByName, registerDataset } from '#db/datasets/datasets.ts';
import { closeDb, db } from '#db/engine/client.ts';
import { notify } from '#db/notices/notices.ts';
import { type Dataset, datasets } from '#db/schema.ts';
import { type Cast, dismiss, makeCast, makeEntry } from '#tests/roles/cast.ts';
import { expect, fileInput, rendered, signInPath, test } from './site-test.ts';

const before = process.env.DATABASE_URL;
let dataset: Dataset;
let cast: Cast;
const entries: Record<string, { id: string; methodId: string }> = {};

test.beforeAll(async ({ request }) => {
  const { tasks } = await (await request.get(`${process.env.E2E_URL}/api/v1/tasks`)).json();
  const demo = tasks[0].datasets.find((dataset: { demo: boolean }) => dataset.demo).name;
  process.env.DATABASE_URL = JSON.parse(readFileSync(join(process.env.E2E_DATA!, 'run.json'), 'utf8')).databaseUrl;
  const sha256 = crypto.randomUUID().replaceAll('-', '').repeat(2);
  dataset = await registerDataset({
    name: `Keyboard ${Date.now().toString(36)}`,
    task: 'livecell-wide',
    sha256,
    images: 2,
    objects: 10,
    cellTypes: { A172: 2 },
    packKey: (await getDatasetByName(demo))!.packKey,
  });
  cast = await makeCast(dataset);
  entries.scored = await makeEntry(cast, 'owner', 'scored');
  entries.pending = await makeEntry(cast, 'owner', 'scored', 'pending');
  entries.published = await makeEntry(cast, 'owner', 'scored', 'published');
  entries.rejected = await makeEntry(cast, 'owner', 'rejected', 'private', {
    problems: [{ code: 'bad-segmentation', message: 'A record is wrong.', record: 3 }],
  });
  await notify([cast.ids.owner], { kind: 'scored', text: 'It has its score.', link: '/submissions' }, db());
});

test.afterAll(async () => {
  if (cast) await dismiss([cast], dataset);
  if (dataset) await db().delete(datasets).where(eq(datasets.id, dataset.id));
  await closeDb();
  if (before === undefined) delete process.env.DATABASE_URL;
  else process.env.DATABASE_URL = before;
});

async function as(context: BrowserContext, role: 'owner' | 'team owner' | 'maintainer'): Promise<void> {
  const url = process.env.E2E_URL!;
  await context.addCookies([{ name: 'authjs.session-token', value: cast.sessions[role], url }]);
}

interface Stop {
  /** its place among all elements of the page */
  place: number;
  what: string;
  marked: boolean;
}

/** Number the elements of the page, so that one that comes or goes while Tab is pressed moves no other's place. */
function numberElements(page: Page): Promise<void> {
  return page.evaluate(() => {
    for (const [place, element] of [...document.querySelectorAll<HTMLElement>('*')].entries())
      element.dataset.place = String(place);
  });
}

/** What has the focus; null: the page itself, or the browser around it. */
function focused(page: Page): Promise<Stop | null> {
  return page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body || at === document.documentElement) return null;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
    const drawn = (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1) || boxShadow !== 'none';
    const { width, height, bottom, right } = at.getBoundingClientRect();
    const inSight = width > 0 && height > 0 && bottom > 0 && right > 0;
    const name = at.getAttribute('aria-label') ?? at.getAttribute('name') ?? at.textContent?.trim().slice(0, 40);
    return {
      place: Number((at as HTMLElement).dataset.place ?? -1),
      what: `<${at.tagName.toLowerCase()}> ${name}`,
      marked: at.matches(':focus-visible') && drawn && inSight && at.checkVisibility(),
    };
  });
}

/** What can be worked with and is to be reached by Tab; of radio buttons with one name, one is. */
function controls(page: Page): Promise<{ place: number; what: string }[]> {
  return page.evaluate(() => {
    return [...document.querySelectorAll('[data-place]')].flatMap((element) => {
      if (!(element instanceof HTMLElement) || element.tabIndex < 0 || !element.checkVisibility()) return [];
      if (!element.matches('a[href], button, input, select, textarea, summary') || element.matches(':disabled'))
        return [];
      if (element.matches('input[type=radio], input[type=hidden]')) return [];
      const place = Number(element.dataset.place);
      return [{ place, what: `<${element.tagName.toLowerCase()}> ${element.textContent?.trim().slice(0, 40)}` }];
    });
  });
}

/** Tab from the top to the end of the page. */
async function throughThePage(page: Page): Promise<Stop[]> {
  const stops: Stop[] = [];
  for (let i = 0; i < 500; i++) {
    await page.keyboard.press('Tab');
    const stop = await focused(page);
    // after the last control comes the browser's own window, or, where there is none, the first control again
    if (!stop || (stops.length > 1 && stop.place === stops[0].place)) return stops;
    // a field of several parts, as of a date, is one control
    if (stops.at(-1)?.place !== stop.place) stops.push(stop);
  }
  throw new Error(`the end is not reached: … ${stops.slice(-5).map(({ what }) => what)}`);
}

/** Goes on with Tab until this has the focus. */
async function reach(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let i = 0; i < 200; i++) {
    await page.keyboard.press('Tab');
    if (!(await target.evaluate((element) => element === document.activeElement))) continue;
    expect(await focused(page)).toMatchObject({ marked: true });
    return;
  }
  throw new Error('it is not reached by Tab');
}

const PAGES = {
  owner: () => [
    ...['/account', '/account?tab=sign-in', '/account?tab=tokens', '/account?tab=data'],
    ...['/submit', '/submissions', '/methods', '/teams', '/notices', '/queue'],
    ...Object.values(entries).map(({ id }) => `/submissions/${id}`),
    ...[`/submit?from=${entries.rejected.id}`, `/methods/${entries.published.methodId}`],
    `/entries/${entries.published.id}`,
  ],
  'team owner': () => [`/teams/${cast.teamId}`],
  maintainer: () => [
    ...['/maintain', '/maintain/entries', '/maintain/people', '/maintain/tasks', '/maintain/tasks/livecell-wide'],
    ...['/maintain/audit', '/maintain/ground-truth', `/maintain/ground-truth/${dataset.id}`],
    ...[`/maintain/entries/${entries.pending.id}`, `/maintain/entries/${entries.published.id}`],
    ...[`/maintain/people/${cast.bystander}`, `/maintain/people/${cast.bystander}/merge`],
  ],
};

for (const role of ['owner', 'team owner', 'maintainer'] as const)
  test(`Tab goes through every page of the ${role}, in its order, and out at its end`, async ({ page, context }) => {
    await as(context, role);
    for (const path of PAGES[role]()) {
      expect((await page.goto(path))!.status(), path).toBe(200);
      await rendered(page);
      await numberElements(page);
      const stops = await throughThePage(page);
      const reached = new Set(stops.map(({ place }) => place));
      const missed = (await controls(page)).filter(({ place }) => !reached.has(place)).map(({ what }) => what);
      expect.soft(missed, `${path}: not reached`).toEqual([]);
      const unmarked = stops.filter(({ marked }) => !marked).map(({ what }) => what);
      expect.soft(unmarked, `${path}: not marked`).toEqual([]);
      const places = stops.map(({ place }) => place);
      expect.soft(places, `${path}: in order`).toEqual(places.toSorted((a, b) => a - b));
      expect.soft(stops.length, path).toBeGreaterThan(5);
    }
  });

test('a researcher signs in, names themselves, and makes a token', async ({ page }) => {
  const name = `Kay ${Date.now().toString(36)}`;
  await page.goto(await signInPath());
  await reach(page, page.getByLabel('Name'));
  await page.keyboard.type(name);
  await reach(page, page.getByLabel('E-mail'));
  await page.keyboard.type(`${name.replace(' ', '-')}@example.org`);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('banner').getByText(name)).toBeVisible();

  await page.goto('/account');
  await reach(page, page.getByLabel('Affiliation'));
  await page.keyboard.type('Keyboard Institute');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Saved')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Affiliation')).toHaveValue('Keyboard Institute');
  await reach(page, page.getByRole('link', { name: 'API tokens', exact: true }));
  await page.keyboard.press('Enter');
  await page.waitForURL(/tab=tokens$/);
  const form = page.locator('form').filter({ has: page.getByRole('button', { name: 'Create token' }) });
  await reach(page, form.getByRole('textbox'));
  await page.keyboard.type('Lab server');
  await reach(page, form.getByRole('checkbox').nth(1));
  await page.keyboard.press('Space');
  await reach(page, form.getByRole('button', { name: 'Create token' }));
  await page.keyboard.press('Enter');
  await expect(page.locator('[data-token]')).toBeVisible();
  await page.reload();
  const made = page.getByRole('row', { name: /Lab server/ });
  await expect(made).toContainText('read');
  await expect(made).not.toContainText('submit');
});

test('submits a file, which is rejected, and comes to the form with all that was typed', async ({ page, context }) => {
  await as(context, 'owner');
  await page.goto('/submit');
  await reach(page, fileInput(page));
  // the window in which a file is chosen is the system's own
  const buffer = Buffer.from('[{"image_id":"nowhere","category_id":1,"score":0.5,"bbox":[0,0,2,2]}]');
  await fileInput(page).setInputFiles({ name: 'mine.json', mimeType: 'application/json', buffer });
  await expect(page.getByText('arrived whole')).toBeVisible();
  await reach(page, page.getByLabel('Method name'));
  await page.keyboard.type('Typed with keys');
  await reach(page, page.getByRole('button', { name: 'Submit for scoring' }));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/submissions\/[\w-]+$/);
  const again = page.getByRole('link', { name: /fixed file/ });
  await expect(again).toBeVisible({ timeout: 60_000 });
  await reach(page, again);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/submit\?from=/);
  await expect(page.getByLabel('Method name')).toHaveValue('Typed with keys');
});

test('asks to publish; a maintainer approves and hides; the owner withdraws', async ({ page, context }) => {
  const { id } = await makeEntry(cast, 'owner', 'scored');
  const press = async (name: string | RegExp) => {
    await reach(page, page.getByRole('main').getByRole('button', { name, exact: true }).first());
    await page.keyboard.press('Space');
  };
  await as(context, 'owner');
  await page.goto(`/submissions/${id}`);
  await press('Ask to publish');
  await expect(page.getByRole('button', { name: 'Take back the request' })).toBeVisible();

  await as(context, 'maintainer');
  await page.goto(`/maintain/entries/${id}`);
  await press('Approve');
  await expect(page.getByRole('button', { name: 'Hide' })).toBeVisible();
  await reach(page, page.getByRole('main').getByRole('textbox').first());
  await page.keyboard.type('A reason, typed');
  await page.keyboard.press('Tab');
  await press('Hide');
  await expect(page.getByRole('button', { name: 'Restore' })).toBeVisible();

  await as(context, 'owner');
  await page.goto(`/submissions/${id}`);
  await expect(page.getByText('A reason, typed').first()).toBeVisible();
  const reason = page.getByRole('main').getByLabel('Why it is withdrawn');
  await reach(page, reason);
  await page.keyboard.type('a mistake');
  await press(/^Withdraw/);
  // what is asked has the focus where it does no harm
  const question = page.getByRole('dialog', { name: 'Withdraw this submission?' });
  await expect(question.getByRole('button', { name: 'Keep it as it is' })).toBeFocused();
  await reach(page, question.getByRole('button', { name: 'Withdraw' }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('Withdrawn by its owner')).toBeVisible();
  // whoever follows an old link reads why it is gone
  await reach(page, page.getByRole('link', { name: 'Its public page' }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('a mistake was found in it')).toBeVisible();
});

test('a maintainer suspends somebody and lets them in again', async ({ page, context }) => {
  await as(context, 'maintainer');
  await page.goto(`/maintain/people/${cast.bystander}`);
  for (const [button, next] of [
    ['Suspend', 'Lift the suspension'],
    ['Lift the suspension', 'Suspend'],
  ]) {
    const form = page.locator('form').filter({ has: page.getByRole('button', { name: button, exact: true }) });
    await reach(page, form.getByRole('textbox'));
    await page.keyboard.type('A reason, typed');
    await reach(page, form.getByRole('button', { name: button, exact: true }));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('button', { name: next, exact: true })).toBeVisible();
  }
});
