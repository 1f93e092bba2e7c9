/** What every browser test needs: the running site, people signed in, files to send. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, test as base, expect, type Page } from '@playwright/test';
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

export const test = base.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixture's needs from this pattern
  baseURL: async ({}, use) => use(process.env.E2E_URL),
});

/** Wait until the page's scripts have taken over and its charts are drawn. Pages that follow a queue are never idle. */
export async function rendered(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const main = window.document.querySelector('main');
    if (!main || !Object.keys(main).some((key) => key.startsWith('__reactFiber'))) return false;
    return [...window.document.querySelectorAll('.chart-box')].every(
      (box) => box.querySelector('svg') || box.getBoundingClientRect().width === 0,
    );
  });
}

/** The command line as somebody in the site's own folder would use it. */
export function onSite(args: string[], env: Record<string, string | undefined> = {}): Promise<Ended> {
  return livecell(args, { LIVECELL_DATA: process.env.E2E_DATA, LIVECELL_TOKEN: undefined, ...env });
}

/** Its one JSON document; the test ends here when it fails. */
export async function document<T>(args: string[], env?: Record<string, string | undefined>): Promise<T> {
  const { status, stdout, stderr } = await onSite([...args, '--json'], env);
  expect(stderr).toBe('');
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

export async function signIn(
  page: Page,
  person: { name: string; email: string; role?: 'researcher' | 'maintainer' },
): Promise<void> {
  await page.goto(await signInPath());
  await page.getByLabel('Name').fill(person.name);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel(person.role === 'maintainer' ? /^Maintainer/ : /^Researcher/).check();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('banner').getByText(person.name)).toBeVisible();
}

/** Another person in another browser. */
export async function someoneElse(page: Page, person: Parameters<typeof signIn>[1]): Promise<BrowserContext> {
  const context = await page.context().browser()!.newContext({ baseURL: process.env.E2E_URL });
  await signIn(await context.newPage(), person);
  return context;
}

export const fileInput = (page: Page) => page.locator('input[type=file]');

/** As pages write it: per cent, two decimals. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : (value * 100).toFixed(2);
}
