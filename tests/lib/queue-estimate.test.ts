import { describe, expect, test } from 'vitest';
import { estimateSeconds, type PastRun, secondsUntilTurn } from '#lib/queue-estimate.ts';

const run = (bytes: number, seconds: number, more: Partial<PastRun> = {}): PastRun => ({
  task: 'livecell-wide',
  dataset: 'test',
  bytes,
  seconds,
  ...more,
});
const asked = (bytes: number) => ({ task: 'livecell-wide', dataset: 'test', bytes });

describe('the time a run takes', () => {
  test('is unknown where nothing was measured', () => {
    expect(estimateSeconds([], asked(1))).toBeNull();
    expect(estimateSeconds([run(1, 1, { task: 'zero-shot' })], asked(1))).toBeNull();
  });

  test('is the median of the five nearest in size', () => {
    const past = [run(100, 1), run(100, 2), run(110, 3), run(120, 4), run(130, 50), run(1e9, 999)];
    expect(estimateSeconds(past, asked(100))).toBe(3);
  });

  test('grows with the bytes beyond what was measured, and does not shrink with them', () => {
    expect(estimateSeconds([run(100, 2)], asked(400))).toBe(8);
    expect(estimateSeconds([run(100, 2)], asked(1))).toBe(2);
  });

  test('comes from the same data set where there is one, else from the task', () => {
    const elsewhere = run(100, 9, { dataset: 'other' });
    expect(estimateSeconds([elsewhere, run(100, 2)], asked(100))).toBe(2);
    expect(estimateSeconds([elsewhere], asked(100))).toBe(9);
  });
});

describe('the time until its turn', () => {
  test('is what is left of the one before, and all of those between', () => {
    expect(secondsUntilTurn([4], [10, 5, 1], 1)).toEqual([4, 14, 19]);
  });

  test('is shared by the processes', () => {
    expect(secondsUntilTurn([4], [10, 5, 1], 2)).toEqual([0, 4, 9]);
    expect(secondsUntilTurn([], [3], 2)).toEqual([0]);
  });

  test('is unknown after something unknown, and without a process', () => {
    expect(secondsUntilTurn([4], [null, 5], 1)).toEqual([4, null]);
    expect(secondsUntilTurn([null], [1], 1)).toEqual([null]);
    expect(secondsUntilTurn([], [1], 0)).toEqual([null]);
  });
});
