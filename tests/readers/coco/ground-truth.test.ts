/** Ground truth in all the shapes in which it occurs, and what is wrong with it when something is. */

import { describe, expect, test } from 'vitest';
import { openDataset, packDataset } from '#lib/coco/dataset.ts';
import { FileRejected, type Problem } from '#lib/problems.ts';
import { fiveCells, maskOf, packGroundTruth, packPredictions, perfect, rectangle } from '#tests/coco/documents.ts';
import { score } from '#tests/scoring/score.ts';

async function problemsOf(document: unknown): Promise<Problem[]> {
  const error = await packGroundTruth(document).catch((error) => error);
  expect(error).toBeInstanceOf(FileRejected);
  return (error as FileRejected).problems;
}

async function warningsOf(document: unknown): Promise<Record<string, number | undefined>> {
  const { meta } = await packGroundTruth(document);
  return Object.fromEntries(meta.warnings.map(({ code, count }) => [code, count]));
}

describe('all shapes of a document are the same ground truth', () => {
  const list = fiveCells();
  const keyed = Object.fromEntries(list.annotations.map((annotation) => [String(annotation.id), annotation]));

  test.each<[string, object]>([
    ['annotations keyed by id', { ...list, annotations: keyed }],
    ['annotations before images', { annotations: list.annotations, images: list.images, categories: list.categories }],
    ['annotations keyed by id, before images', { annotations: keyed, images: list.images }],
    ['images in another order', { ...list, images: [...list.images].reverse() }],
    ['annotations of images in turns', { ...list, annotations: [0, 3, 1, 4, 2].map((k) => list.annotations[k]) }],
    ['much else', { info: { a: [1, { b: null }] }, licenses: [{ id: 1 }], ...list, videos: [], x: true }],
    [
      'images with much else',
      { ...list, images: list.images.map((image) => ({ ...image, url: 'https://…', license: 1, n: null })) },
    ],
  ])('%s', async (_what, document) => {
    const [plain, other] = await Promise.all([packGroundTruth(list), packGroundTruth(document)]);
    expect(other.images).toEqual(plain.images);
    expect([...other.objectStart]).toEqual([0, 3, 5]);
    for (const column of ['box', 'area', 'crowd', 'maskArea', 'maskExtent', 'image'] as const)
      expect(other.objects[column]).toEqual(plain.objects[column]);
    for (let k = 0; k < 5; k++) expect(maskOf(other.objects, k)).toEqual(maskOf(plain.objects, k));
  });
});

test('packed and opened again it is the same, and scores the same', async () => {
  const dataset = await packGroundTruth(fiveCells());
  const packed = packDataset(dataset);
  const opened = openDataset(packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.length) as ArrayBuffer);
  expect(opened.images.fileNames).toEqual(dataset.images.fileNames);
  expect(opened.meta).toEqual(dataset.meta);
  for (let k = 0; k < 5; k++) expect(maskOf(opened.objects, k)).toEqual(maskOf(dataset.objects, k));
  const predictions = await packPredictions(perfect(fiveCells()), dataset);
  expect(await score(opened, predictions, ['coco'])).toEqual(await score(dataset, predictions, ['coco']));
});

test('a packed ground truth of other bytes or another version is an error', () => {
  expect(() => openDataset(new ArrayBuffer(64))).toThrow(/Not a packed ground truth/);
});

describe('fields', () => {
  const image = { id: 1, file_name: 'a.tif', width: 80, height: 60 };
  const annotation = { id: 1, image_id: 1, category_id: 1, segmentation: rectangle(5, 5, 15, 12) };
  const only = async (change: object) =>
    (await packGroundTruth({ images: [image], annotations: [{ ...annotation, ...change }] })).objects;

  test('area is the field, whatever the mask is', async () => {
    expect((await only({ area: 12.5 })).area[0]).toBe(12.5);
    expect((await only({ area: 0 })).area[0]).toBe(0);
  });

  test.each([undefined, null, 'large'])('area %j is the mask’s pixels', async (area) => {
    expect((await only({ area })).area[0]).toBe(180);
  });

  test.each([
    [1, 1],
    [0, 0],
    [true, 1],
    [false, 0],
    [null, 0],
    [undefined, 0],
  ])('iscrowd %j is %i', async (iscrowd, crowd) => {
    expect((await only({ iscrowd })).crowd[0]).toBe(crowd);
  });

  test('a box is the field; without it, the mask’s', async () => {
    expect([...(await only({ bbox: [4.5, 5, 16.25, 12] })).box]).toEqual([4.5, 5, 16.25, 12]);
    expect([...(await only({})).box]).toEqual([5, 5, 15, 12]);
  });

  test('keys may be escaped, and of a key that comes twice the last counts', async () => {
    const text = JSON.stringify({ images: [image], annotations: [{ ...annotation, area: 1 }] })
      .replace('"area"', String.raw`"ar\u0065a"`)
      .replace('"iscrowd"', String.raw`"is\u0063rowd"`)
      .replace('"annotations"', String.raw`"annot\u0061tions"`)
      .replace('"image_id":1', '"image_id":7,"image_id":1');
    const { objects, images } = await packGroundTruth(text);
    expect([objects.count, objects.area[0], images.ids.length]).toEqual([1, 1, 1]);
  });
});

describe('categories', () => {
  const inCategory = (category_id: number, categories: object[]) => {
    const document = fiveCells();
    return { ...document, categories, annotations: document.annotations.map((a) => ({ ...a, category_id })) };
  };

  test('a document with a single category counts it, whatever its number', async () => {
    const { objects, meta } = await packGroundTruth(inCategory(0, [{ id: 0, name: 'cell' }]));
    expect([objects.count, meta.category]).toEqual([5, 0]);
  });

  test('a document that lists category 1 counts only that, and is refused where nothing of it is annotated', async () => {
    const error = await packGroundTruth(inCategory(2, [{ id: 1 }, { id: 2 }])).catch((error) => error);
    expect(error.problems).toMatchObject([
      {
        code: 'no-annotation-of-category',
        message: expect.stringMatching(/no annotation of category 1.* are of 2: 5/),
      },
    ]);
  });

  test('other categories beside 1 are not scored, with a warning', async () => {
    const document = fiveCells();
    document.annotations[3].category_id = 2;
    expect(await warningsOf(document)).toEqual({ 'category-not-scored': 1 });
  });
});

describe('legal but odd', () => {
  test('annotations of images that are not listed are left out', async () => {
    const document = fiveCells();
    document.annotations.push({ ...document.annotations[0], id: 77, image_id: 99 });
    expect(await warningsOf(document)).toEqual({ 'annotation-without-image': 1 });
  });

  test('annotations that share an id are all kept', async () => {
    const document = fiveCells();
    document.annotations[1].id = document.annotations[4].id;
    const { objects, meta } = await packGroundTruth(document);
    expect(objects.count).toBe(5);
    expect(meta.warnings).toMatchObject([{ code: 'duplicate-annotation-id', count: 1, examples: ['15'] }]);
  });
});

describe('problems', () => {
  const document = fiveCells();

  test.each<[string, unknown, string, RegExp]>([
    [
      'a list',
      [1, 2],
      'not-a-list',
      /not a COCO document. Write \{images: \[…\], annotations: \[…\], categories: \[…\]\}/,
    ],
    ['no annotations', { images: document.images }, 'not-a-list', /has no “annotations”/],
    ['no images', { annotations: document.annotations }, 'no-images', /has no “images”/],
    ['an empty list of images', { images: [], annotations: document.annotations }, 'no-images', /lists no images/],
    [
      'an annotation that is no object',
      { images: document.images, annotations: [1] },
      'not-a-list',
      /Record 1 is not an object. Each annotation has to be/,
    ],
    [
      'an image id that occurs twice',
      { ...document, images: [...document.images, { ...document.images[0], file_name: 'b.tif' }] },
      'duplicate-image',
      /Image id 1 occurs twice/,
    ],
    [
      'an annotation without a mask',
      { ...document, annotations: [{ ...document.annotations[0], segmentation: undefined }, document.annotations[1]] },
      'no-mask',
      /^Annotation 1: there is no segmentation, although other annotations have one/,
    ],
    [
      'a mask of another size',
      { ...document, annotations: [{ ...document.annotations[0], segmentation: { size: [80, 60], counts: [4800] } }] },
      'wrong-mask-size',
      /^Annotation 1: .*swap height and width/,
    ],
  ])('%s', async (_what, wrong, code, message) => {
    const [problem, ...others] = await problemsOf(wrong);
    expect(problem.code).toBe(code);
    expect(problem.message).toMatch(message);
    expect(others).toEqual([]);
  });

  test.each([
    [{ file_name: 'a.tif', width: 1, height: 1 }, '(“a.tif”): id is missing'],
    [{ id: 1, width: 1, height: 1 }, ': file_name is missing'],
    [{ id: 1, file_name: 'a.tif', height: 1 }, '(“a.tif”): width is missing'],
    [{ id: 1, file_name: 'a.tif', width: 0, height: 1 }, '(“a.tif”): width is 0'],
    [{ id: 1, file_name: 'a.tif', width: 1.5, height: 1 }, '(“a.tif”): width is 1.5'],
    [{ id: 1, file_name: 'a.tif', width: '80', height: '60' }, '(“a.tif”): width is "80", a text'],
    [{ id: 1, file_name: 'a.tif', width: 80, height: null }, '(“a.tif”): height is null'],
    [{ id: 1, file_name: 'a.tif', width: 2 ** 20, height: 2 ** 20 }, 'more than can be read'],
  ])('an image that lacks something: %j', async (image, words) => {
    const problems = await problemsOf({
      images: [{ id: 9, file_name: 'ok.tif', width: 1, height: 1 }, image],
      annotations: [],
    });
    expect(problems).toEqual([
      {
        code: 'bad-image',
        record: 2,
        message: expect.stringContaining(words),
      },
    ]);
  });

  test('a number of thousands of digits is shortened', async () => {
    const image = `{"id": 1, "file_name": "a.tif", "height": 1, "width": ${'9'.repeat(20_000)}}`;
    const [problem] = await problemsOf(`{"images": [${image}, ${image}], "annotations": []}`);
    expect(problem.message).toMatch(/width is 9{40}…9{39}; it has to be a whole number/);
    expect(problem.message.length).toBeLessThan(300);
  });
});
