import { expect, test } from 'vitest';
import { columnInWords, valueInWords } from '#app/maintain/audit/words.ts';

test('the names of columns are words', () => {
  expect(columnInWords('testImagesSeen')).toBe('test images seen');
  expect(columnInWords('paperUrl')).toBe('address of the paper');
  expect(columnInWords('role')).toBe('role');
});

test('values are words, whatever they are: never JSON', () => {
  const values = [
    null,
    true,
    12345,
    0.5,
    'text',
    '2026-11-30T23:27:42.278Z',
    [],
    ['a', 'b'],
    { public: true, files: 3 },
  ];
  expect(values.map(valueInWords)).toEqual([
    ...['nothing', 'yes', '12,345', '0.5', 'text', '30 Nov 2026, 23:27 UTC'],
    ...['nothing', 'a, b', 'public yes, files 3'],
  ]);
});
