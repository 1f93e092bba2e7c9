import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import './workers/kernels.mjs'; // so that a changed kernel is the one that is tested

/** Everything but the browser tests, which Playwright runs. `npm test` runs both. */
export default defineConfig({
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    exclude: ['tests/e2e/**', 'node_modules/**'],
    globalSetup: ['tests/db/global-setup.ts'],
    // processes, not threads: scoring starts threads of its own, and the embedded database holds a lock per process
    pool: 'forks',
    // one more than there are cores: tests of the queue and of scoring processes mostly wait
    maxWorkers: availableParallelism() + 1,
    // most tests submit more at once than a person may; those of the limits set them
    env: { LIVECELL_OPEN_JOBS: '0', LIVECELL_RUNS_PER_DAY: '0' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
  },
});
