/** What every browser test needs: the running site, people signed in, files to send. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, test as base, expect, type Locator, type Page, type Response } from '@playwright/test';
import { connect } from '#db/engine/client.ts';
import { makeOperatorLink, signInAddress } from '#db/people/sign-in-links.ts';
import type { ReportOf } from '#lib/tasks/report.ts';
import { writeDemoData } from '#workers/demo/data.ts';
import { type Ended, livecell } from './running-site.ts';

export { expect };

// Each of Playwright's workers has a site of its own: `global-setup.ts` starts them.
const sites: { url: string; data: string }[] = JSON.parse(process.env.E2E_SITES ?? '[]');
const site = sites[Number(process.env.TEST_PARALLEL_INDEX ?? 0)];
if (site) Object.assign(process.env, { E2E_URL: site.url, E2E_DATA: site.data });

export const test = base.extend<object, { prefetches: boolean }>({
  /** Whether pages fetch those they link to: some twenty each, which costs the site more than the page itself. */
  prefetches: [false, { option: true, scope: 'worker' }],
  browser: [
    async ({ browser, prefetches }, use) => {
      const open = browser.newContext.bind(browser);
      browser.newContext = async (options) => {
        const context = await open(options);
        waitForScripts(context);
        // Next's links look for what comes into sight, in browsers that can tell
        if (!prefetches) await context.addInitScript(() => Reflect.deleteProperty(window, 'IntersectionObserver'));
        return context;
      };
      await use(browser);
    },
    { scope: 'worker' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from this pattern
  baseURL: async ({}, use) => use(process.env.E2E_URL),
});

/** Have every page of the context that is opened or loaded again wait for its scripts. */
function waitForScripts(context: BrowserContext): void {
  const newPage = context.newPage.bind(context);
  context.newPage = async () => {
    const page = await newPage();
    for (const name of ['goto', 'reload', 'goBack'] as const) {
      const load = page[name].bind(page) as (...args: unknown[]) => Promise<Response | null>;
      page[name] = async (...args: unknown[]) => {
        const response = await load(...args);
        await rendered(page);
        return response;
      };
    }
    return page;
  };
}

/** Elements that scripts take over; hidden fields are for browsers without any. */
const WORKABLE = 'main, form, button, input:not([type=hidden]), select, textarea';

/**
 * Wait until all of the page has arrived and its scripts have taken over everything that can be worked with: what is
 * typed or clicked before that may be lost. Pages that follow a queue are never idle. Documents that are not pages of
 * the site, and browsers without script, have nothing to wait for.
 */
export async function rendered(page: Page): Promise<void> {
  if (await page.evaluate(() => matchMedia('(scripting: none)').matches)) return;
  await page.waitForFunction((workable) => {
    const { document } = window;
    if (!document.querySelector('script[src*="/_next/"]')) return document.readyState === 'complete';
    const taken = (element: Element) => Object.keys(element).some((key) => key.startsWith('__reactFiber'));
    // parts that were sent later, and are not in their places yet
    if (document.querySelector('body > div[hidden][id^="S:"], template[id^="B:"]')) return false;
    return [...document.querySelectorAll(workable)].every(taken);
  }, WORKABLE);
  // effects, such as putting a draft back into a form, come with the next frame
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
}

/** Agree to whatever the page asks before something with consequences, and type what it wants typed. */
export async function agree(page: Page): Promise<void> {
  await page.addLocatorHandler(page.locator('dialog[open] [data-agree]'), async (button) => {
    const typed = page.locator('dialog[open] label strong');
    if ((await typed.count()) > 0)
      await page.locator('dialog[open] .field input').fill((await typed.textContent()) ?? '');
    await button.click();
  });
}

/** The command line as somebody in the site's own folder would use it. */
export function onSite(args: string[], env: Record<string, string | undefined> = {}): Promise<Ended> {
  return livecell(args, { LIVECELL_DATA: process.env.E2E_DATA, LIVECELL_TOKEN: undefined, ...env });
}

/** Its one JSON document; the test ends here when it fails. */
export async function document<T>(args: string[], env?: Record<string, string | undefined>): Promise<T> {
  const { status, stdout, stderr } = await onSite([...args, '--json'], env);
  // an upload that takes a while says how far it is
  expect(stderr.replace(/^uploading .*\n/gm, '')).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as T;
}

export interface Benchmark {
  name: string;
  groundTruth: string;
  predictions: string;
  report: ReportOf<'livecell-wide'>;
}

const dir = mkdtempSync(join(tmpdir(), 'livecell-e2e-files-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));

/** Register demo ground truth under a new name while the site runs; return predictions for it and their report. */
export async function registerBenchmark(prefix: string, { isPublic = true } = {}): Promise<Benchmark> {
  const name = `${prefix} ${Date.now().toString(36)}`; // a site may see the tests more than once
  const { groundTruth, predictions } = await writeDemoData(dir, { imagesPerType: 2, seed: 7 });
  const files = { groundTruth, predictions: predictions[1].path };
  // On private ground truth, scores are rounded until they are published.
  await document(['import-ground-truth', files.groundTruth, '--name', name, ...(isPublic ? ['--public'] : [])]);
  const report = await document<ReportOf<'livecell-wide'>>([
    'score',
    '--ground-truth',
    files.groundTruth,
    '--predictions',
    files.predictions,
  ]);
  return { name, ...files, report };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(dir, 'x-'));
}

/** Where the operator signs in, once, as anybody: what `livecell sign-in-link` prints, without starting a program. */
export async function signInPath(): Promise<string> {
  const { databaseUrl } = JSON.parse(readFileSync(join(process.env.E2E_DATA!, 'run.json'), 'utf8'));
  const { db, close } = connect(databaseUrl, { max: 1 });
  try {
    return signInAddress('', await makeOperatorLink(db));
  } finally {
    await close();
  }
}

interface Person {
  name: string;
  email: string;
  role?: 'researcher' | 'maintainer';
}

/** Sign in by sending what the form sends: two pages less than `signInByForm`. The page stays where it is. */
export async function signIn(page: Page, { name, email, role = 'researcher' }: Person): Promise<void> {
  const key = new URL(await signInPath(), 'http://localhost').searchParams.get('key')!;
  const answer = await page.request.post('/sign-in/local', {
    form: { key, name, email, role },
    headers: { 'sec-fetch-site': 'same-origin' },
    maxRedirects: 0,
  });
  expect([answer.status(), answer.headers().location]).toEqual([303, '/submissions']);
}

/** Sign in as people do, and be on the page of submissions. */
export async function signInByForm(page: Page, { name, email, role }: Person): Promise<void> {
  await page.goto(await signInPath());
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel(role === 'maintainer' ? /^Maintainer/ : /^Researcher/).check();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('banner').getByText(name)).toBeVisible();
  await rendered(page); // another document than that of the form
}

/** Another person in another browser. */
export async function someoneElse(page: Page, person: Person): Promise<BrowserContext> {
  const context = await page.context().browser()!.newContext({ baseURL: process.env.E2E_URL });
  await signIn(await context.newPage(), person);
  return context;
}

const uploadFolder = () => join(process.env.E2E_DATA!, 'storage', 'uploads');

/** Bytes of an upload that have reached the site's disk. */
export function bytesKept(upload: string): number {
  return statSync(join(uploadFolder(), upload), { throwIfNoEntry: false })?.size ?? 0;
}

/** Bytes on the site's disk of all uploads that are not yet submitted. */
export function bytesOnTheWay(): number {
  if (!existsSync(uploadFolder())) return 0;
  return readdirSync(uploadFolder()).reduce((sum, upload) => sum + bytesKept(upload), 0);
}

/** The field for the predictions; a table of times has one of its own. */
export const fileInput = (page: Page) => page.locator('input[type=file]:not([name=times])');

const FILE_TYPES = { svg: /^image\/svg\+xml/, png: /^image\/png/, csv: /^text\/csv/ } as const;

/** Fetch every chart that links lead to: each is a file of the format that its address says. */
export async function expectFiles(links: Locator): Promise<void> {
  for (const link of await links.all()) {
    const address = (await link.getAttribute('href'))!;
    const answer = await links.page().request.get(address);
    expect(answer.status(), address).toBe(200);
    const format = new URL(address, 'http://localhost').searchParams.get('format') as keyof typeof FILE_TYPES;
    expect(answer.headers()['content-type'], address).toMatch(FILE_TYPES[format]);
    expect((await answer.body()).length, address).toBeGreaterThan(100);
  }
}

/** As pages write it: per cent, two decimals. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : (value * 100).toFixed(2);
}
