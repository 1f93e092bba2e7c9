import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import './workers/kernels.mjs'; // so that a changed kernel is the one that is tested
import './workers/bundle.mjs'; // so that tests of the command line need not compile it for every call

/**
 * Files that take longest, by the beginning of their names: they start programs or sites and wait for them. Started
 * first, none of them runs alone at the end; vitest would begin with the largest files.
 */
const SLOWEST = [
  ...['workers/scoring/process-', 'app/role-matrix', 'workers/site/launch', 'db/backup', 'workers/demo/seed', 'faults'],
  ...['db/engine/embedded', 'workers/cli/pack', 'attacks/scoring-powers', 'attacks/data-folder', 'workers/cli/main'],
  ...['app/board', 'workers/scoring/rescore', 'app/device-login', 'db/people/locks'],
].map((name) => `${import.meta.dirname}/tests/${name}`);

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) =>
      (SLOWEST.findIndex((name) => moduleId.startsWith(name)) + SLOWEST.length + 1) % (SLOWEST.length + 1);
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

/** Everything but the browser tests, which Playwright runs. `npm test` runs both. */
export default defineConfig({
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    exclude: ['tests/e2e/**', 'node_modules/**'],
    globalSetup: ['tests/db/global-setup.ts'],
    // processes, not threads: scoring starts threads of its own, and the embedded database holds a lock per process
    pool: 'forks',
    sequence: { sequencer: SlowestFirst },
    // one more than there are cores: tests of the queue and of scoring processes mostly wait
    maxWorkers: availableParallelism() + 1,
    // most tests submit more at once than a person may; those of the limits set them
    env: {
      LOG_LEVEL: 'silent',
      LIVECELL_OPEN_JOBS: '0',
      LIVECELL_RUNS_PER_DAY: '0',
      // the many programs that tests start keep their compiled code: the next starts in half the time
      NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/node`,
    },
    testTimeout: 120_000,
    hookTimeout: 180_000,
    passWithNoTests: false,
  },
});
