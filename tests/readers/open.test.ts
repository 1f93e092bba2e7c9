/** What an uploaded file is, seen in its bytes: kinds of archives, and suspicions about what is legal. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { gzipSync, strToU8, type Zippable, zipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeLabelImage } from '#lib/readers/labels/decode.ts';
import { validateFile } from '#lib/readers/validate-file.ts';
import { fiveCells, rectangle } from '../coco/documents.ts';

const dir = mkdtempSync(join(tmpdir(), 'livecell-open-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const NAME = 'BV2_Phase_A4_1_00d00h00m_1';
const images = [
  { id: 1, width: 70, height: 52, file_name: `${NAME}.tif` },
  { id: 2, width: 70, height: 52, file_name: 'A172_Phase_C7_1_00d00h00m_1.tif' },
];
const groundTruth = join(dir, 'images.json');
writeFileSync(groundTruth, JSON.stringify(images));
const label = new Uint8Array(readFileSync(join(import.meta.dirname, '../fixtures/labels/pillow_u16.png')));
const detections = strToU8(JSON.stringify([{ image_id: 1, score: 0.5, segmentation: rectangle(5, 5, 15, 12) }]));

const inflate = (data: Uint8Array, most: number): Uint8Array => inflateSync(data, { maxOutputLength: most });
const { labels } = decodeLabelImage(label, { width: 70, height: 52 }, inflate);
const numbers = [...new Set(labels)].filter((number) => number > 0);
const scores = strToU8(['image,label,score', ...numbers.map((n) => `${NAME},${n},0.${n}`)].join('\n'));

async function validate(bytes: Uint8Array, options: { anyCategory?: boolean } = {}) {
  const predictions = join(dir, 'file');
  writeFileSync(predictions, bytes);
  return validateFile({ groundTruth, predictions, ...options });
}
const codes = async (bytes: Uint8Array) => (await validate(bytes)).problems.map(({ code }) => code);

describe('a zip archive', () => {
  test.each<[string, Zippable]>([
    ['label images', { [`masks/${NAME}_cp_masks.png`]: label }],
    [
      'label images, a note and what macOS adds',
      { [`${NAME}.png`]: label, 'README.md': detections, [`__MACOSX/._${NAME}.png`]: label },
    ],
    ['a label image whose path climbs', { [`../../${NAME}.png`]: label }],
    ['a label image with a path of Windows', { [`masks\\${NAME}.png`]: label }],
    ['an image with another ending', { [`${NAME}.tif`]: label }],
    ['label images and their scores', { 'scores.csv': scores, [`${NAME}.png`]: label }],
  ])('of %s is read as label images', async (_what, members) => {
    expect(await validate(zipSync(members))).toMatchObject({
      problems: [],
      format: 'label-images',
      detections: 7,
      images: 1,
    });
  });

  test.each<[string, Zippable]>([
    ['one JSON file', { 'a/predictions.json': detections }],
    ['one gzipped JSON file', { 'predictions.json.gz': gzipSync(detections) }],
    ['JSON under any name, and a note', { results: detections, 'notes.txt': label }],
  ])('of %s is read as COCO results', async (_what, members) => {
    expect(await validate(zipSync(members))).toMatchObject({ problems: [], format: 'coco-json', detections: 1 });
  });

  test.each<[string, Zippable, string]>([
    ['nothing but folders', { 'a/': new Uint8Array() }, 'empty-zip'],
    ['two JSON files', { 'a.json': detections, 'b.json': detections }, 'zip-with-several-files'],
    ['both kinds', { 'a.json': detections, [`${NAME}.png`]: label }, 'zip-with-several-files'],
    ['two tables', { 'a.csv': scores, 'b.csv': scores, [`${NAME}.png`]: label }, 'zip-with-several-files'],
    ['another table', { 'a.csv': strToU8('cell,area\n1,2'), [`${NAME}.png`]: label }, 'scores-header'],
    ['an archive', { 'a.zip': zipSync({ 'a.json': detections }) }, 'zip-in-zip'],
    ['an image and a picture', { [`${NAME}.png`]: label, 'overlay.jpg': detections }, 'unknown-image'],
    ['a bomb', { 'a.json': new Uint8Array(100 << 20) }, 'inflates-too-far'],
  ])('of %s is refused', async (_what, members, code) => {
    expect(await codes(zipSync(members))).toEqual([code]);
  });

  test('cut off anywhere is refused', async () => {
    const whole = zipSync({ [`${NAME}.png`]: label, 'A172_Phase_C7_1_00d00h00m_1.png': label });
    for (let length = 30; length < whole.length; length += 50)
      expect(await codes(whole.subarray(0, length))).toEqual([expect.stringMatching(/^(bad-zip|wrong-kind)$/)]);
  });

  test('with a flipped bit in an image names the image', async () => {
    const bytes = zipSync({ [`${NAME}.png`]: [label, { level: 0 }] });
    bytes[30 + NAME.length + 4 + 100] ^= 1;
    expect((await validate(bytes)).problems).toMatchObject([{ code: 'label-image-damaged', image: `${NAME}.tif` }]);
  });
});

describe('boxes in another convention', () => {
  const cells = Array.from({ length: 12 }, (_, k) => ({ x: 4 * k, y: 3 * k, w: 18, h: 15 }));
  const warned = async (convert: (cell: (typeof cells)[0]) => number[], masks: boolean) => {
    const records = cells.map((cell, k) => ({
      image_id: 1,
      score: 0.9 - k / 100,
      bbox: convert(cell),
      ...(masks && { segmentation: rectangle(cell.x, cell.y, cell.w, cell.h) }),
    }));
    const { warnings } = await validate(strToU8(JSON.stringify(records)));
    return warnings.find(({ code }) => code === 'boxes-in-another-convention')?.message;
  };
  const corners = ({ x, y, w, h }: (typeof cells)[0]) => [x, y, x + w, y + h];
  const centre = ({ x, y, w, h }: (typeof cells)[0]) => [x + w / 2, y + h / 2, w, h];

  test('corners show beside masks, and without', async () => {
    expect(await warned(corners, true)).toMatch(/corners/);
    expect(await warned(corners, false)).toMatch(/corners/);
  });
  test('centres show beside masks', async () => expect(await warned(centre, true)).toMatch(/centre/));
  test('fractions of the image show', async () =>
    expect(await warned(({ x, y }) => [x / 70, y / 52, 0.2, 0.2], false)).toMatch(/fractions/));
  test('x, y, width, height are not remarked upon', async () => {
    expect(await warned(({ x, y, w, h }) => [x, y, w, h], true)).toBeUndefined();
    expect(await warned(({ x, y, w, h }) => [x + 0.4, y - 0.7, w + 2, h + 1], true)).toBeUndefined();
    expect(await warned(({ x, y, w, h }) => [x, y, w, h], false)).toBeUndefined();
  });
});

test('every category counts as a cell when that is asked for, and is named', async () => {
  const bytes = strToU8(
    JSON.stringify(
      fiveCells()
        .annotations.slice(0, 1)
        .map((cell) => ({ ...cell, category_id: 0, score: 1 })),
    ),
  );
  expect((await validate(bytes)).problems).toMatchObject([{ code: 'no-detections-of-category' }]);
  expect(await validate(bytes, { anyCategory: true })).toMatchObject({
    problems: [],
    detections: 1,
    warnings: expect.arrayContaining([
      expect.objectContaining({ code: 'category-counted-as-cell', examples: ['category 0: 1'] }),
    ]),
  });
});
