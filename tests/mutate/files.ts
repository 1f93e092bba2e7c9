/** Files that decide something, with the tests that should notice a change in them, the closest first. */
export const FILES: Readonly<Record<string, readonly string[]>> = {
  'lib/board/ranking.ts': ['tests/board/ranking.test.ts', 'tests/db/board', 'tests/app/board.test.ts'],
  'lib/permissions.ts': ['tests/lib/permissions.test.ts'],
  'lib/quota.ts': ['tests/lib/quota.test.ts', 'tests/db/quota'],
  'lib/public-entry.ts': ['tests/lib/public-entry.test.ts', 'tests/app/outputs.test.ts', 'tests/app/anonymity.test.ts'],
  'lib/readers/zip.ts': [
    'tests/readers/zip.test.ts',
    'tests/readers/limits.test.ts',
    'tests/workers/scoring/slot-files.test.ts',
  ],
  'lib/coco/summarize.ts': ['tests/coco/summarize.test.ts', 'tests/parity/golden.test.ts'],
  'db/quota/ledger.ts': ['tests/db/quota'],
  'db/submissions/sweep.ts': ['tests/db/submissions/sweep.test.ts'],
};
