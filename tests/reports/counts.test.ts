/** Reports 15, 16 and 17: tables of counts as people have them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { reportFile, scoreCounts } from './score.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-reports-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Image and count of each line of report 15. */
const lines = readFileSync(reportFile('15-tabs.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t'));

function scoreText(text: string | Uint8Array) {
  const path = join(dir, 'counts');
  writeFileSync(path, text);
  return scoreCounts(path);
}

/** A table with another header and other lines. */
const table = (header: string, line: (image: string, count: string, i: number) => string) =>
  `${header}\n${lines.map(([image, count], i) => line(image, count, i)).join('\n')}\n`;

async function expectScored(found: Awaited<ReturnType<typeof scoreCounts>>) {
  expect(found.problems).toEqual([]);
  expect(found.A172).toBeCloseTo(0.99961078, 8);
  expect(found.A549).toBeCloseTo(0.99960426, 8);
}

describe('reports 15 and 16: separators, index columns, what stands before the header', () => {
  test.each(['15-tabs.csv', '16-pandas-index.csv'])('%s is read', async (name) => {
    await expectScored(await scoreCounts(reportFile(name)));
  });

  test.each<[string, string | Uint8Array]>([
    ['semicolons', table('image;count', (image, count) => `${image};${count}`)],
    ['semicolons and decimal commas', table('image;count', (image, count) => `${image};${count},0`)],
    ['filename,count', table('filename,count', (image, count) => `${image},${count}`)],
    ['File Name;Cell Count', table('File Name;Cell Count', (image, count) => `"${image}";${count}`)],
    ['sep=;', table('sep=;\r\nimage;count', (image, count) => `${image};${count}`)],
    ['a comment', table('# threshold 0.5, by hand\nimage,count', (image, count) => `${image},${count}`)],
    ['tabs and the index of pandas', table('\timage\tcount', (image, count, i) => `${i}\t${image}\t${count}`)],
    ['write.csv of R', table('"","image","count"', (image, count, i) => `"${i + 1}","${image}",${count}`)],
    [
      'a byte order mark and gzip',
      gzipSync(Buffer.from(`\uFEFF${table('image\tcount', (...line) => line.slice(0, 2).join('\t'))}`)),
    ],
  ])('%s is read', async (_what, text) => {
    await expectScored(await scoreText(text));
  });

  test.each([
    [
      'other columns',
      table('image,count,area', (image, count) => `${image},${count},7`),
      /image,count,area”, not the header image,count\. Name the two columns/,
    ],
    ['no header', table('', (image, count) => `${image},${count}`), /The header is missing/],
    ['prose', 'Dear maintainers,\nthe counts are below.\n', /Line 1 is “Dear maintainers,”, not the header/],
  ])('a table with %s is told so in the words of tables', async (_what, text, message) => {
    const { problems } = await scoreText(text);
    expect(problems.map(({ code }) => code)).toEqual(['wrong-header']);
    expect(problems[0].message).toMatch(message);
    expect(problems[0].message).toMatch(/Slot A172/);
    expect(problems[0].message).not.toMatch(/COCO|label image/);
  });
});

describe('report 17: file names one level too deep', () => {
  test('are told so', async () => {
    const { problems } = await scoreCounts(reportFile('17-nested-counts.json'));
    expect(problems).toMatchObject([
      { code: 'not-counts', message: expect.stringMatching(/names stand one level too deep, inside “counts”/) },
    ]);
  });

  test.each([
    ['by slot', JSON.stringify({ A172: Object.fromEntries(lines) }), /one level too deep, inside “A172”/],
    ['in columns of pandas', JSON.stringify({ image: { 0: lines[0][0] }, count: { 0: 39 } }), /holds columns/],
  ])('and so are counts %s', async (_what, text, message) => {
    const { problems } = await scoreText(text);
    expect(problems.map(({ code }) => code)).toEqual(['not-counts']);
    expect(problems[0].message).toMatch(message);
  });

  test('the one image of a file is not in the series', async () => {
    const { problems } = await scoreText('{"predictions": 3}');
    expect(problems[0].message).toMatch(/The one image of the file is not in this series/);
  });
});
