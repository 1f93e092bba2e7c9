/** What stands in the way of assistive technology on a page, as axe finds it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, type Page } from '@playwright/test';
import type { AxeResults, RunOptions } from 'axe-core';

// Run in the page itself: `@axe-core/playwright` loads axe twice and opens a second page for each look, which costs
// more than the look. It does so for pages with frames; here is none.
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];
/** Rules whose outcome depends on colours: all that can differ between light and dark. */
const ABOUT_COLOURS = ['color-contrast', 'link-in-text-block'];

export interface Fault {
  rule: string;
  impact: string | null;
  elements: { html: string; summary: string }[];
}

/** Look at the page as it is now, with all of axe's rules or those that `runOnly` names. */
async function findFaults(page: Page, runOnly?: RunOptions['runOnly']): Promise<Fault[]> {
  expect(page.frames(), 'axe looks at a page without frames').toHaveLength(1);
  // Next sends the title after the page; where none comes, axe says so
  await page.waitForFunction(() => document.title !== '', undefined, { timeout: 5_000 }).catch(() => undefined);
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  return page.evaluate(async (runOnly) => {
    const { axe } = window as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } };
    const { violations } = await axe.run({ resultTypes: ['violations'], ...(runOnly && { runOnly }) });
    return violations.map(({ id, impact, nodes }) => ({
      rule: id,
      impact: impact ?? null,
      elements: nodes.map(({ html, failureSummary }) => ({ html, summary: failureSummary ?? '' })),
    }));
  }, runOnly);
}

/** Expect no fault at all in the page as it is now, minor ones included. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(inWords(await findFaults(page))).toEqual([]);
}

/** Find every fault in light, and those of colours in dark; the page stays in dark. */
export async function findFaultsInLightAndDark(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const light = await findFaults(page);
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  const dark = await findFaults(page, { type: 'rule', values: ABOUT_COLOURS });
  return [...inWords(light, 'light: '), ...inWords(dark, 'dark: ')];
}

/** Find what WCAG 2.1 AA forbids and is serious or critical, in light and dark; the page stays in dark. */
export async function findSeriousFaults(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const light = await findFaults(page, { type: 'tag', values: WCAG });
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  const dark = await findFaults(page, { type: 'rule', values: ABOUT_COLOURS });
  const serious = ({ impact }: Fault) => impact === 'serious' || impact === 'critical';
  return [...inWords(light.filter(serious), 'light: '), ...inWords(dark.filter(serious), 'dark: ')];
}

function inWords(faults: Fault[], prefix = ''): string[] {
  return faults.flatMap(({ rule, elements }) =>
    elements.map(({ html, summary }) => `${prefix}${rule}: ${html.slice(0, 160)} ${summary}`),
  );
}
