/** Times per image: read exactly, and a message with the line for every kind of wrong table. */
import { describe, expect, test } from 'vitest';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { readTimes } from '#lib/readers/counts/times.ts';

const IMAGES = {
  ids: [7, 8, 9],
  fileNames: ['A172_Phase_C7_1_00d00h00m_1.tif', 'A172_Phase_C7_1_00d00h00m_2.tif', 'BV2_Phase_A4_1_00d00h00m_1.tif'],
};
const [A, B, C] = IMAGES.fileNames;
const TIMES = [
  { image: A, seconds: 0.412 },
  { image: B, seconds: 1.5e-3 },
  { image: C, seconds: 3 },
];

function wrong(text: string, images = IMAGES): Problem[] {
  try {
    readTimes(text, images);
  } catch (error) {
    if (error instanceof FileRejected) return error.problems;
    throw error;
  }
  throw new Error('The table was read without a problem.');
}

describe('a table of times', () => {
  test.each([
    ['commas', `image,seconds\n${A},0.412\n${B},1.5e-3\n${C},3\n`],
    [
      'semicolons, Windows lines and a byte order mark',
      `\uFEFFimage;seconds\r\n${A};.412\r\n${B};0.0015\r\n${C};3.\r\n`,
    ],
    [
      'tabs, ids and names without folders and endings',
      `file\ttime\n7\t0.412\nimages/${B}\t0.0015\n${C.slice(0, -4)}\t3\n`,
    ],
    [
      'quotation marks, a comment, blank lines, another order',
      `# measured\n"image","seconds"\n"${C}","3"\n\n"${A}","0.412"\n"${B}","0.0015"\n`,
    ],
    ['a column that numbers the lines, as pandas writes it', `,image,seconds\n0,${A},0.412\n1,${B},0.0015\n2,${C},3\n`],
  ])('is read with %s', (_, text) => {
    expect(readTimes(text, IMAGES)).toEqual(TIMES);
  });

  test('has one line for a file that is listed under two ids', () => {
    const images = { ids: [1, 2, 3], fileNames: ['a.tif', 'b.tif', 'a.tif'] };
    expect(readTimes('image,seconds\na.png,1\nb.png,2\n', images)).toEqual([
      { image: 'a.tif', seconds: 1 },
      { image: 'b.tif', seconds: 2 },
    ]);
    expect(wrong('image,seconds\na.tif,1\nb.tif,2\n1,3\n', images)[0]).toMatchObject({
      code: 'duplicate-image',
      record: 4,
    });
  });
});

const lines = (second: string) => `image,seconds\n${A},0.4\n${second}\n${C},3\n`;

describe('a wrong table of times', () => {
  test.each<[string, string, string, number | undefined, RegExp]>([
    [
      'a time that is no number',
      lines(`${B},fast`),
      'time-not-a-number',
      3,
      /^Line 3, image “A172.*“fast” is not a number/,
    ],
    ['a missing time', lines(`${B},`), 'time-not-a-number', 3, /Line 3.*the time is missing/],
    ['a decimal comma', lines(`${B},0,42`), 'time-not-a-number', 3, /“0,42” is not a number.*decimal point/],
    ['a unit', lines(`${B},0.42 s`), 'time-not-a-number', 3, /“0.42 s” is not a number/],
    ['infinity', lines(`${B},Infinity`), 'time-not-a-number', 3, /“Infinity” is not a number/],
    ['a number beyond all numbers', lines(`${B},1e999`), 'time-not-a-number', 3, /“1e999” is not a number/],
    ['zero', lines(`${B},0`), 'time-not-positive', 3, /Line 3.*0 is not above 0/],
    ['a negative time', lines(`${B},-0.1`), 'time-not-positive', 3, /-0.1 is not above 0/],
    ['milliseconds', lines(`${B},412000`), 'time-too-long', 3, /412000 seconds are more than a day/],
    [
      'an unknown image',
      lines('other.tif,1'),
      'unknown-image',
      3,
      /^Line 3: image “other.tif” is not in this data set/,
    ],
    ['an image twice', lines(`${B},1\n${B},2`), 'duplicate-image', 4, /^Line 4.*has a time already, in line 3/],
    ['a line without an image', lines(',1'), 'no-image-name', 3, /^Line 3 names no image/],
    [
      'a missing image',
      `image,seconds\n${A},1\n${C},1\n`,
      'missing-image',
      undefined,
      new RegExp(`no time for image “${B}”`),
    ],
    ['no header', `${A},1\n`, 'wrong-header', 1, /The header is missing: put the line image,seconds/],
    ['columns the other way round', `seconds,image\n1,${A}\n`, 'wrong-header', 1, /the other way round/],
    ['other columns', `name,x,y\n${A},1,2\n`, 'wrong-header', 1, /Name the two columns image and seconds/],
    ['a quotation mark that is never closed', `image,seconds\n"${A},1\n`, 'not-csv', 2, /^Line 2: the quotation mark/],
    ['a header alone', 'image,seconds\n', 'no-times', undefined, /holds no times/],
    ['nothing', '', 'no-times', undefined, /holds no times/],
  ])('%s is refused, with its line', (_, text, code, record, message) => {
    const problem = wrong(text).find((one) => one.code === code);
    expect(problem).toBeDefined();
    expect(problem!.record).toBe(record);
    expect(problem!.message).toMatch(message);
  });

  test('every wrong line is reported', () => {
    const problems = wrong(`image,seconds\n${A},x\n${B},0\nz.tif,1\n`);
    expect(problems.map(({ code }) => code).sort()).toEqual([
      'missing-image',
      'time-not-a-number',
      'time-not-positive',
      'unknown-image',
    ]);
  });

  test('a name that fits two images names both', () => {
    const images = { ids: [1, 2], fileNames: ['one/a.tif', 'two/a.tif'] };
    expect(wrong('image,seconds\na.tif,1\n', images)[0].message).toBe(
      'Line 2: image “a.tif” could be “one/a.tif” or “two/a.tif”. Write the whole name.',
    );
  });
});
