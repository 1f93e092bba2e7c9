/** The lines that commands print. */
import { expect, test } from 'vitest';
import type { CheckCode } from '#lib/checks/checks.ts';
import { ofPredictions } from '#workers/cli/command.ts';

test.each<[CheckCode, string, string]>([
  ['empty-mask', 'Masks have no pixels.', 'Predictions: Masks have no pixels.'],
  ['all-crowd', 'Ground truth: All annotations have iscrowd 1.', 'Ground truth: All annotations have iscrowd 1.'],
  ['empty-mask', 'Slot BV2, “a.json”: Masks have no pixels.', 'Slot BV2, “a.json”: Masks have no pixels.'],
  ['fewer-slots', 'There are files for 2 of the 6 slots.', 'There are files for 2 of the 6 slots.'],
])('a warning %s names the file it is about, once', (code, message, printed) => {
  expect(ofPredictions([{ code, message, count: 3 }])).toEqual([{ code, message: printed, count: 3 }]);
});
