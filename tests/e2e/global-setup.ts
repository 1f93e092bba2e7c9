import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FullConfig } from '@playwright/test';
import { freePort, startSite } from './running-site.ts';

/** One site for each worker: its own data folder, port, queue and scoring process; the build is shared. */
export default async function setup(config: FullConfig): Promise<(() => Promise<void>) | undefined> {
  // To look for a fault, keep a site running and point the tests at it, with --workers 1.
  if (process.env.E2E_URL && existsSync(process.env.E2E_DATA ?? '')) return;
  // The same people submit in many tests; those about the quota set one.
  process.env.LIVECELL_QUOTA = '0';
  process.env.LIVECELL_OPEN_JOBS = '0';
  process.env.LIVECELL_RUNS_PER_DAY = '0';
  const sites = await Promise.all(
    Array.from({ length: config.workers }, async () => {
      const data = mkdtempSync(join(tmpdir(), 'livecell-e2e-'));
      return startSite(data, await freePort(), 480);
    }),
  );
  process.env.E2E_SITES = JSON.stringify(sites.map(({ url, data }) => ({ url, data })));
  return async () => {
    await Promise.all(sites.map((site) => site.stop()));
    for (const { data } of sites) rmSync(data, { recursive: true, force: true });
  };
}
