/** Digits of a board's numbers, and the axis of its dots. */
import { expect, test } from 'vitest';
import { axisOver, placeOn } from '#lib/board/axis.ts';
import { boardNumber, publishedNumber, supportedDecimals } from '#lib/board/decimals.ts';
import fc from '#tests/properties.ts';

test.each([
  ['half a width of 12 points', 0.24, 0],
  ['1.5 points', 0.03, 1],
  ['0.15 points', 0.003, 2],
  ['0.01 points: not more than files are read with', 0.0002, 2],
])('decimals at %s', (_, width, decimals) => {
  expect(supportedDecimals([[0.4, 0.4 + width]])).toBe(decimals);
});

test('without intervals there is one decimal; of several the one in the middle decides', () => {
  expect(supportedDecimals([])).toBe(1);
  const wide = [0.2, 0.5] as const;
  const narrow = [0.4, 0.43] as const;
  expect(supportedDecimals([wide, narrow, narrow])).toBe(1);
});

test('numbers of a column have one width, so that their points are aligned', () => {
  const texts = [
    boardNumber(0.4789, 'percent', 0),
    boardNumber(0.4789, 'percent', 1),
    publishedNumber(0.4789, 'percent'),
    publishedNumber(0.478, 'percent'),
    publishedNumber(0.47, 'percent'),
  ];
  expect(texts.map((text) => text.trim())).toEqual(['48', '47.9', '47.89', '47.8', '47']);
  expect(new Set(texts.map((text) => text.length))).toEqual(new Set([5]));
  expect(boardNumber(undefined, 'percent', 1)).toBe('');
  expect(boardNumber(null, 'number', 1)).toBe('–');
  expect(boardNumber(1234, 'integer', 1)).toBe('1,234');
});

test('an axis has round ends and two to five ticks, and every number lies on it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -3, max: 2000, noNaN: true }), { minLength: 1, maxLength: 20 }),
      (numbers) => {
        const axis = axisOver(numbers)!;
        expect(axis.ticks.length).toBeGreaterThanOrEqual(2);
        expect(axis.ticks.length).toBeLessThanOrEqual(6);
        for (const number of numbers) {
          expect(placeOn(axis, number)).toBeGreaterThanOrEqual(-0.1);
          expect(placeOn(axis, number)).toBeLessThanOrEqual(100.1);
        }
      },
    ),
  );
  expect(axisOver([0.312, 0.498])).toEqual({ from: 0.3, to: 0.5, ticks: [0.3, 0.4, 0.5] });
  expect(axisOver([])).toBeNull();
});
