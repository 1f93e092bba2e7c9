import { expect, test } from 'vitest';
import { aheadOf } from '#lib/board/lead.ts';

test('a lead is said in the unit of its number, whichever direction is better', () => {
  expect(aheadOf({ format: 'percent' }, 0.595, 0.382, 'B')).toBe('21.3 points ahead of B');
  expect(aheadOf({ format: 'number' }, 1.531, 1.871, 'B')).toBe('0.34 ahead of B');
  expect(aheadOf({ format: 'integer' }, 12, 9, 'B')).toBe('3 ahead of B');
});

test('a lead too small to print is never said to be none, and none is never said to be a lead', () => {
  expect(aheadOf({ format: 'percent' }, 0.59551, 0.5955, 'B')).toBe('less than 0.1 points ahead of B');
  expect(aheadOf({ format: 'percent' }, 0.5, 0.5, 'B')).toBe('the same as B');
});
