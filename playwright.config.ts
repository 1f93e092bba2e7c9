import { defineConfig } from '@playwright/test';
import { findChromium } from './tests/e2e/chromium.ts';

// looked for once; without it, Playwright's own
process.env.CHROMIUM_PATH ||= findChromium(import.meta.dirname) ?? '';

/**
 * Browser tests against the real site: the launcher, its database, its scoring process. `tests/e2e/global-setup.ts`
 * starts one per worker, each on a free port with a data folder of its own, and stops them at the end.
 */
export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '*.spec.ts',
  outputDir: 'test-results',
  snapshotPathTemplate: '{testDir}/pictures/{arg}{ext}',
  globalSetup: './tests/e2e/global-setup.ts',
  // each has a site: on one, tests would wait for each other's jobs in the queue
  workers: 2,
  fullyParallel: false,
  // Starting a site anew is timed, so nothing else runs beside it.
  projects: [
    { name: 'pages', testIgnore: 'start.spec.ts' },
    { name: 'start', testMatch: 'start.spec.ts', dependencies: ['pages'] },
  ],
  forbidOnly: Boolean(process.env.CI),
  // several times what a quiet machine needs: only a test that fails waits so long
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: 'list',
  use: {
    trace: process.env.TRACE === '1' ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    locale: 'en-GB',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH || undefined,
      args: [
        // Chromium's sandbox refuses to run as root, as in most containers
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
