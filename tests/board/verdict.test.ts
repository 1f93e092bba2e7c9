/** The sentence above a board, for every outcome of the comparisons. */
import { expect, test } from 'vitest';
import { verdictOn } from '#lib/board/verdict.ts';

const named = (...names: string[]) => names.map((name, i) => ({ name, value: 1 - i / 10 }));
/** An entry is ahead of those that are at least `gap` places below it. */
const ahead = (gap: number) => (a: number, b: number) => b - a >= gap;

test('a clear leader', () => {
  expect(verdictOn(named('A', 'B'), ahead(1), 'higher')).toBe('A is ahead of B on this test set.');
  expect(verdictOn(named('A', 'B', 'C', 'D', 'E'), ahead(1), 'higher')).toBe(
    'A is ahead of B, C and 2 others on this test set.',
  );
});

test('two that cannot be told apart', () => {
  const told = (a: number, b: number) => b === 2 && a < 2;
  expect(verdictOn(named('A', 'B', 'C'), told, 'higher')).toBe(
    'A and B cannot be told apart on this test set; both are ahead of C.',
  );
  // only the leader is ahead of the third
  expect(verdictOn(named('A', 'B', 'C'), ahead(2), 'higher')).toBe(
    'A and B cannot be told apart on this test set; A is ahead of C.',
  );
});

test('nobody can be told apart, or the leader from some who differ among themselves', () => {
  expect(verdictOn(named('A', 'B', 'C'), () => false, 'higher')).toBe(
    'A, B and C cannot be told apart on this test set.',
  );
  const chain = (a: number, b: number) => a === 1 && b === 2;
  expect(verdictOn(named('A', 'B', 'C'), chain, 'higher')).toBe(
    'A cannot be told apart from B and C on this test set.',
  );
});

test('where lower is better, the lowest leads; one entry alone has no verdict', () => {
  expect(verdictOn(named('A', 'B'), (a, b) => a === 1 && b === 0, 'lower')).toBe('B is ahead of A on this test set.');
  expect(verdictOn(named('A'), ahead(1), 'higher')).toBeNull();
});
