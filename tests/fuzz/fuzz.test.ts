import { expect, test } from 'vitest';
import { damagedFile } from './damage.ts';
import { fuzz } from './watch.ts';

test('a seed and a number name a file', () => {
  expect(damagedFile(1, 3)).toEqual(damagedFile(1, 3));
  expect(damagedFile(1, 3).bytes).not.toEqual(damagedFile(2, 3).bytes);
});

test('damaged files end in a score or in a named reason, quickly and in bounded memory', {
  timeout: 120_000,
}, async () => {
  const { files, failures, scored, rejected } = await fuzz({ files: 200, seed: 2021 });
  expect(failures).toEqual([]);
  expect(files).toBe(200);
  // the damage is neither harmless nor always the same
  expect(scored).toBeGreaterThan(15);
  expect(rejected.size).toBeGreaterThan(15);
});
