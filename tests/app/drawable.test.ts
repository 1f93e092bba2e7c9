/** Letters of drawn pictures. */
import { expect, test } from 'vitest';
import { drawable } from '#app/_server/drawable.ts';

test('letters that the font lacks are left out, and numbers stay what they are', () => {
  expect(drawable('細胞 cells')).toBe('cells');
  // U+2212, as charts write it, and the dash that the font has
  expect(drawable('\u221220')).toBe('\u201320');
  expect(drawable('A \u2212 B')).toBe('A \u2013 B');
});
