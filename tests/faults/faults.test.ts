/** The short form of `npm run test:faults`: a few submissions while everything fails once. */
import { expect, test } from 'vitest';

import { findPostgres } from '#tests/db/postgres-server.ts';
import { runCrashes } from './crashes.ts';
import { S3_MISSING } from './s3-server.ts';
import { runScenario } from './scenario.ts';

const missing = findPostgres() ? S3_MISSING : 'no PostgreSQL here';

if (missing) test.skip(`skipped: ${missing}`, () => {});
else
  test('what is accepted under faults is scored once, with the right numbers, and nothing is left over', {
    timeout: 300_000,
  }, async () => {
    const result = await runScenario({
      submissions: 8,
      people: 3,
      seed: 1,
      pauseMilliseconds: 400,
      faultMilliseconds: 800,
      patience: 150,
    });
    expect(result).toMatchObject({
      accepted: 8,
      scored: 8,
      right: 8,
      twice: 0,
      unasked: 0,
      charges: 8,
      orphans: [],
      wrong: [],
    });
  });

if (process.platform !== 'linux') test.skip('skipped: paths of open files come from /proc', () => {});
else
  test('what is acknowledged survives a crash that drops all writes that were not flushed', {
    timeout: 240_000,
  }, async () => {
    const { acknowledged, lost } = await runCrashes({ crashes: 2 });
    expect(acknowledged).toBeGreaterThan(0);
    expect(lost).toEqual([]);
  });
