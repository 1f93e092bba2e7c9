import { describe, expect, test } from 'vitest';
import { CsvError, guardFormula, quoteField, readCsv } from '#lib/csv.ts';
import fc from '#tests/properties.ts';

const rows = (text: string, options = {}) => [...readCsv(text, options)].map(({ fields }) => fields);

describe('reading', () => {
  test.each([
    ['line feeds', 'a,b\nc,d\n'],
    ['carriage returns', 'a,b\rc,d\r'],
    ['both', 'a,b\r\nc,d'],
  ])('takes %s as line ends', (_what, text) => {
    expect(rows(text)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  test('quotation marks hold separators, line ends and themselves, and lines are counted through them', () => {
    expect([...readCsv('"a ""b"", c\r\nd",7\n\ne,8\n')]).toEqual([
      { fields: ['a "b", c\r\nd', '7'], line: 1 },
      { fields: [''], line: 3 },
      { fields: ['e', '8'], line: 4 },
    ]);
  });

  test('begins where it is told to, with the separator it is told', () => {
    expect([...readCsv('skip\na;b', { separator: ';', from: 5, line: 2 })]).toEqual([{ fields: ['a', 'b'], line: 2 }]);
  });

  test('a quotation mark that is never closed has a place', () => {
    expect(() => rows('a\n"b c')).toThrow(CsvError);
    expect(() => rows('a\n"b c')).toThrow(expect.objectContaining({ line: 2, begin: 'b c' }));
  });

  test('is what was written', () => {
    const field = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', ' ', '=') });
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { minLength: 1 }), (table) => {
        const text = table.map((row) => row.map(quoteField).join(',')).join('\r\n');
        // nothing at all is no row
        expect(rows(`${text}\r\n`)).toEqual(table);
      }),
    );
  });
});

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@x', "'@x"],
  ['\t=1', "'\t=1"],
  ['\r=1', "'\r=1"],
  ['\n=1', "'\n=1"],
  ['1=1', '1=1'],
  ['', ''],
])('%j is guarded as %j', (text, guarded) => {
  expect(guardFormula(text)).toBe(guarded);
});
