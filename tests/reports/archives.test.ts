/** Report 19: archives by methods other than Deflate. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reportFile, scoreAndCheck } from './score.ts';

describe('report 19: how an archive is compressed', () => {
  test('the pair is as pycocotools has it', async () => {
    const { masks, boxes } = await scoreAndCheck('00-gt.json', '00-dt.json');
    expect(masks).toBeCloseTo(0.28818, 5);
    expect(boxes).toBeCloseTo(0.2991, 5);
  });

  test('Deflate64 is read, with the same numbers', async () => {
    const plain = await scoreAndCheck('00-gt.json', '00-dt.json');
    expect(await scoreAndCheck('00-gt.json', '19-deflate64.zip')).toEqual(plain);
  });

  test('label images in Deflate64 are read', async () => {
    expect(await scoreAndCheck('00-gt.json', 'neighbours/deflate64-labels.zip')).toMatchObject({ masks: 1 });
  });

  test.each([
    ['lzma.zip', /compressed with LZMA/],
    ['bzip2.zip', /compressed with bzip2/],
  ])('%s is refused by the name of its method, and is not called damaged', async (name, message) => {
    const { problems } = await scoreAndCheck('00-gt.json', `neighbours/${name}`);
    expect(problems.map(({ code }) => code)).toEqual(['zip-method']);
    expect(problems[0].message).toMatch(message);
    expect(problems[0].message).toMatch(/archive is whole.*gzip the JSON file/);
    expect(problems[0].message).not.toMatch(/damaged|cut off/);
  });

  test('the archive of the report is by method 9', () => {
    // method 9 in the local header: what the report is about
    expect(readFileSync(reportFile('19-deflate64.zip')).readUInt16LE(8)).toBe(9);
  });
});
