import { defineConfig } from 'vitest/config';
import './workers/kernels.mjs'; // whoever changes a kernel tests the changed one

/** Everything but the browser tests, which Playwright runs. `npm test` runs both. */
export default defineConfig({
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    exclude: ['tests/e2e/**', 'node_modules/**'],
    // processes, not threads: scoring starts threads of its own, and the embedded database holds a lock per process
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
  },
});
