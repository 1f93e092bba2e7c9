import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startSite } from './running-site.ts';

/** One site for all browser tests. Playwright passes on what is set in `process.env`. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  // somebody who looks for a fault keeps a site running and points the tests at it
  if (process.env.E2E_URL && existsSync(process.env.E2E_DATA ?? '')) return;
  // the same people submit in many tests; those about the quota set one
  process.env.LIVECELL_QUOTA = '0';
  const data = mkdtempSync(join(tmpdir(), 'livecell-e2e-'));
  const site = await startSite(data, await freePort(), 240);
  process.env.E2E_URL = site.url;
  process.env.E2E_DATA = data;
  return async () => {
    await site.stop();
    rmSync(data, { recursive: true, force: true });
  };
}
