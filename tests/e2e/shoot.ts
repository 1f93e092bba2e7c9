/** Screenshots of a page in every form that people see: `npm run screenshots`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';

const FORMS = {
  light: { width: 1280, colorScheme: 'light', media: 'screen' },
  dark: { width: 1280, colorScheme: 'dark', media: 'screen' },
  phone: { width: 360, colorScheme: 'light', media: 'screen' },
  print: { width: 794, colorScheme: 'light', media: 'print' }, // A4 at 96 pixels per inch
} as const;

/** Write `<folder>/<role>/<page>-<form>.png` for each form, and one without scripts; then restore the page's size. */
export async function shoot(page: Page, folder: string, role: string, name: string): Promise<void> {
  const before = page.viewportSize();
  mkdirSync(join(folder, role), { recursive: true });
  const file = (form: string) => {
    const address = name.replace(/[^a-z0-9]+/gi, '-').replace(/^-+|-+$/g, '') || 'home';
    return join(folder, role, `${address.slice(0, 80)}-${form}.png`);
  };
  for (const [form, { width, colorScheme, media }] of Object.entries(FORMS)) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme, media });
    // with the site's own fonts, or pictures differ from machine to machine
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: file(form), fullPage: true, animations: 'disabled' });
  }
  await page.emulateMedia({ colorScheme: null, media: null });
  if (before) await page.setViewportSize(before);

  const context = await page
    .context()
    .browser()!
    .newContext({
      javaScriptEnabled: false,
      viewport: { width: 1280, height: 900 },
      storageState: await page.context().storageState(),
    });
  const plain = await context.newPage();
  await plain.goto(page.url());
  await plain.screenshot({ path: file('no-script'), fullPage: true });
  await context.close();
}
