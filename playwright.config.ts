import { defineConfig } from '@playwright/test';

/**
 * Browser tests against the real site: the launcher, its database, its scoring process. `tests/e2e/global-setup.ts`
 * starts one per worker, each on a free port with a data folder of its own, and stops them at the end.
 */
export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '*.spec.ts',
  outputDir: 'test-results',
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
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: {
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    locale: 'en-GB',
    launchOptions: {
      // found, or fetched, by `npm test`; without it, Playwright's own
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
