/** Reports of COCO files: each input, and neighbours of its kind. Expected numbers are pycocotools'. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { importGroundTruth } from '#lib/datasets/import-ground-truth.ts';
import { asCategory } from '#lib/readers/coco/ground-truth.ts';
import { openGroundTruth } from '#lib/readers/ground-truth-file.ts';
import type { Detection, Rle } from '#tests/coco/documents.ts';
import importTask from '#workers/scoring/import-task.ts';
import scoreTask from '#workers/scoring/task.ts';
import {
  codesOf,
  find,
  GOOD,
  goodDetections,
  goodGroundTruth,
  redrawn,
  withAnnotations,
  withDetections,
  write,
} from './neighbours.ts';
import { type Found, reportFile, scoreAndCheck } from './score.ts';

const DIGITS = 9;

function expectScores({ masks, boxes }: Found, expected: { masks: number | null; boxes: number | null }): void {
  for (const [ours, theirs] of [
    [masks, expected.masks],
    [boxes, expected.boxes],
  ]) {
    if (theirs === null) expect(ours).toBeNull();
    else expect(ours).toBeCloseTo(theirs, DIGITS);
  }
}
const warningOf = ({ warnings }: Found, code: string) => warnings.find((warning) => warning.code === code);

describe('report 00: a good pair', () => {
  test('is scored as pycocotools does, without a word', async () => {
    const found = await scoreAndCheck('00-gt.json', '00-dt.json');
    expectScores(found, GOOD);
    expect(codesOf(found)).toEqual([]);
  });
});

describe('report 01: a detection without a mask among others that have one', () => {
  const ONE = { masks: 0.27741017105750776, boxes: GOOD.boxes };
  test('counts as a mask without pixels, and is named', async () => {
    const found = await scoreAndCheck('00-gt.json', '01-empty-segmentation.json');
    expectScores(found, ONE);
    expect(found.warnings).toMatchObject([{ code: 'detection-without-mask', count: 1, examples: ['detection 5'] }]);
  });

  test.each<[string, (detection: Detection) => object]>([
    ['null', () => ({ segmentation: null })],
    ['no key', () => ({ segmentation: undefined })],
    ['an empty list', () => ({ segmentation: [] })],
  ])('%s, three times', async (_how, without) => {
    const predictions = withDetections((detection, k) => ([5, 12, 20].includes(k + 1) ? without(detection) : {}));
    const found = await find({ predictions });
    expectScores(found, ONE);
    expect(warningOf(found, 'detection-without-mask')).toMatchObject({
      count: 3,
      examples: ['detection 5', 'detection 12', 'detection 20'],
    });
  });

  test('the first of the file', async () => {
    const predictions = withDetections((_, k) => (k === 0 ? { segmentation: null } : {}));
    expectScores(await find({ predictions }), { masks: 0.2845523241962171, boxes: GOOD.boxes });
  });

  test('where no detection has a box either', async () => {
    const predictions = withDetections((_, k) => ({ bbox: undefined, ...(k === 4 && { segmentation: [] }) }));
    const found = await find({ predictions });
    expect(found.masks).toBeCloseTo(ONE.masks, DIGITS);
    expect(codesOf(found)).toEqual(['detection-without-mask']);
  });

  test('a file in which none has a mask is scored for boxes alone', async () => {
    const found = await find({ predictions: withDetections(() => ({ segmentation: undefined })) });
    expectScores(found, { masks: null, boxes: GOOD.boxes });
    expect(found.warnings).toMatchObject([{ code: 'no-mask', count: 30 }]);
  });
});

describe('report 02: one file name in several folders', () => {
  test('a full path means that image alone', async () => {
    const found = await scoreAndCheck('02-two-folders.gt.json', '02-two-folders.json');
    expectScores(found, GOOD);
    expect(codesOf(found)).toEqual([]);
  });

  const renamed = (names: readonly string[]) => {
    const groundTruth = goodGroundTruth();
    groundTruth.images.forEach((image, i) => {
      image.file_name = names[i];
    });
    return groundTruth;
  };
  const byName = (names: readonly string[], change: (name: string) => string) =>
    withDetections(({ image_id }) => ({ image_id: change(names[(image_id as number) - 101]) }));

  test.each<[string, string[], (name: string) => string]>([
    ['two extensions of one stem', ['a/t0.tif', 'a/t0.png', 'a/t1.tif'], (name) => name],
    ['without extension', ['A/t0.tif', 'B/t0.tif', 'A/t1.tif'], (name) => name.replace('.tif', '')],
    ['with folders around', ['A/t0.tif', 'B/t0.tif', 'A/t1.tif'], (name) => `/data/test/${name}`],
    ['with folders of Windows', ['A/t0.tif', 'B/t0.tif', 'A/t1.tif'], (name) => `C:\\data\\${name.replace('/', '\\')}`],
    ['decomposed letters', ['Ä/t0.tif', 'B/t0.tif', 'Ä/t1.tif'], (name) => name.normalize('NFD')],
  ])('%s', async (_what, names, change) => {
    const found = await find({ groundTruth: renamed(names), predictions: byName(names, change) });
    expectScores(found, GOOD);
  });

  test('a document with ids of its own names its images by path', async () => {
    const names = ['A/t0.tif', 'B/t0.tif', 'A/t1.tif'];
    const images = names.map((file_name, id) => ({ id, file_name }));
    const annotations = withDetections(({ image_id }) => ({ image_id: (image_id as number) - 101 }));
    expectScores(await find({ groundTruth: renamed(names), predictions: { images, annotations } }), GOOD);
  });

  test('a name that leaves it open is refused with the paths', async () => {
    const names = ['A/t0.tif', 'B/t0.tif', 'A/t1.tif'];
    const found = await find({ groundTruth: renamed(names), predictions: byName(names, (name) => name.slice(2)) });
    expect(new Set(found.problems.map(({ code }) => code))).toEqual(new Set(['ambiguous-image']));
    expect(found.problems[0].message).toMatch(/“A\/t0\.tif”, “B\/t0\.tif”\); write the full path/);
  });
});

describe('report 04: ids beyond 2^53 − 1', () => {
  test('keep all their digits', async () => {
    const found = await scoreAndCheck('04-big-image-ids.gt.json', '04-big-image-ids.json');
    expectScores(found, GOOD);
    expect(codesOf(found)).toEqual([]);
  });

  const BASE = 9_007_199_254_740_993n;
  const large = (document: unknown) =>
    JSON.stringify(document).replace(
      /"(id|image_id)":(10[123])([,}])/g,
      (_, key, id, end) => `"${key}":${BASE + BigInt(id)}${end}`,
    );

  test('neighbours that round to one number stay apart', async () => {
    expectScores(await find({ groundTruth: large(goodGroundTruth()), predictions: large(goodDetections()) }), GOOD);
  });

  test('as texts in the predictions they are the same ids', async () => {
    const predictions = large(goodDetections()).replace(/"image_id":(\d+)/g, '"image_id":"$1"');
    expectScores(await find({ groundTruth: large(goodGroundTruth()), predictions }), GOOD);
  });

  test('in a document of predictions too', async () => {
    const { images } = goodGroundTruth();
    const predictions = large({ images, annotations: goodDetections() });
    expectScores(await find({ groundTruth: large(goodGroundTruth()), predictions }), GOOD);
  });

  test('an id that is one digit off is not the neighbour’s', async () => {
    const predictions = large(goodDetections()).replaceAll(String(BASE + 103n), String(BASE + 104n));
    const { problems } = await find({ groundTruth: large(goodGroundTruth()), predictions });
    expect(problems[0]).toMatchObject({ code: 'unknown-image', message: expect.stringContaining(String(BASE + 104n)) });
  });

  test('ids that went through floating point are refused as they stand in the file', async () => {
    const predictions = large(goodDetections()).replace(/"image_id":\d+/g, '"image_id":9.007199254741094e+15');
    const { problems } = await find({ groundTruth: large(goodGroundTruth()), predictions });
    expect(problems[0]).toMatchObject({
      code: 'id-not-exact',
      message: expect.stringContaining('9.007199254741094e+15'),
    });
  });

  test('ids of annotations that only round to one are no duplicates', async () => {
    const text = JSON.stringify(goodGroundTruth()).replace(
      /"id":(\d{1,2}),"image_id"/g,
      (_, id) => `"id":${BASE + BigInt(id)},"image_id"`,
    );
    expect(codesOf(await find({ groundTruth: text }))).toEqual([]);
  });

  test('a category beyond is refused', async () => {
    const predictions = JSON.stringify(goodDetections()).replaceAll('"category_id":1', `"category_id":${BASE}`);
    const { problems } = await find({ predictions });
    expect(problems[0]).toMatchObject({ code: 'id-not-exact', message: expect.stringContaining(String(BASE)) });
  });
});

/** @returns the codes of problems and warnings of an import */
async function importCodes(groundTruth: unknown): Promise<string[]> {
  const path =
    typeof groundTruth === 'string' && groundTruth.endsWith('.gt.json') ? reportFile(groundTruth) : write(groundTruth);
  const outcome = await importGroundTruth(path, `${write('')}.packed`).catch((error) => error);
  return [...(outcome.problems ?? []), ...outcome.warnings].map(({ code }) => code);
}

describe('ground truth that is not what it seems', () => {
  test('report 05: crowds alone are remarked upon, and not imported', async () => {
    const found = await scoreAndCheck('05-all-crowd.gt.json', '00-dt.json');
    expectScores(found, { masks: null, boxes: null });
    expect(found.warnings).toMatchObject([
      { code: 'all-crowd', count: 30, message: expect.stringMatching(/^Ground truth: /) },
    ]);
    expect(await importCodes('05-all-crowd.gt.json')).toEqual(['all-crowd']);
  });

  test('crowds written as true, and as run lengths', async () => {
    expect(await importCodes(withAnnotations(() => ({ iscrowd: true })))).toEqual(['all-crowd']);
    const masks = goodDetections().map(({ segmentation }) => segmentation);
    const asRuns = withAnnotations(({ image_id }, k) => ({
      iscrowd: 1,
      segmentation: masks[k],
      bbox: undefined,
      area: undefined,
      image_id,
    }));
    expect(await importCodes(asRuns)).toContain('all-crowd');
    // a few among others are what crowds are for
    expect(await importCodes(withAnnotations((_, k) => ({ iscrowd: k < 3 ? 1 : 0 })))).toEqual([]);
  });

  test('report 06: polygons as fractions', async () => {
    const found = await scoreAndCheck('06-fractions.gt.json', '00-dt.json');
    expectScores(found, { masks: 0, boxes: GOOD.boxes });
    expect(codesOf(found)).toEqual(['polygons-as-fractions']);
    expect(await importCodes('06-fractions.gt.json')).toEqual(['polygons-as-fractions']);
  });

  const scaled = (x: number, y: number) =>
    withAnnotations(({ segmentation }) => ({
      segmentation: (segmentation as number[][]).map((part) => part.map((n, i) => n * (i % 2 ? y : x))),
    }));
  test.each<[string, unknown, RegExp]>([
    ['per cent', scaled(100 / 96, 100 / 64), /per cent|resized/],
    ['pixels of an image of half the size', scaled(0.5, 0.5), /resized image.* 2\.0 times across and 2\.0 times down/],
    [
      'y before x',
      withAnnotations(({ segmentation }) => ({
        segmentation: (segmentation as number[][]).map((part) => part.map((_, i) => part[i ^ 1])),
      })),
      /y before x/,
    ],
  ])('%s', async (_what, groundTruth, cause) => {
    const found = await find({ groundTruth });
    expect(warningOf(found, 'masks-outside-boxes')?.message).toMatch(cause);
    expect(await importCodes(groundTruth)).toContain('masks-outside-boxes');
  });

  describe('predictions whose polygons are', () => {
    const outlines = JSON.parse(readFileSync(reportFile('07-polygons.json'), 'utf8')) as {
      bbox: number[];
      segmentation: number[][];
    }[];
    const changed = (x: number, y: number, more: object = {}) =>
      outlines.map((detection) => ({
        ...detection,
        segmentation: detection.segmentation.map((part) => part.map((n, i) => n * (i % 2 ? y : x))),
        ...more,
      }));

    test.each([
      ['with boxes in pixels', {}],
      ['without boxes', { bbox: undefined }],
      ['with boxes as fractions too', { bbox: [0.1, 0.2, 0.1, 0.1] }],
    ])('fractions of the image, %s', async (_what, more) => {
      const found = await find({ predictions: changed(1 / 96, 1 / 64, more) });
      expect(found.masks).toBe(0);
      expect(codesOf(found)).toContain('polygons-as-fractions');
      expect(codesOf(found)).not.toContain('empty-mask');
      expect(warningOf(found, 'polygons-as-fractions')).toMatchObject({ count: 30, examples: [expect.any(String)] });
    });

    test('in pixels of a corner of the image are no fractions', async () => {
      const found = await find({ predictions: outlines });
      expect(codesOf(found)).toEqual([]);
    });

    const { images, annotations, ...rest } = goodGroundTruth();
    const large = {
      ...rest,
      images: images.map((image) => ({ ...image, width: 8 * image.width, height: 8 * image.height })),
      annotations: annotations.map((annotation) => ({
        ...annotation,
        bbox: annotation.bbox!.map((n) => 8 * n),
        area: 64 * annotation.area!,
        segmentation: (annotation.segmentation as number[][]).map((part) => part.map((n) => 8 * n)),
      })),
    };

    test('per cent of the image, without boxes', async () => {
      const predictions = changed(100 / 96, 100 / 64, { bbox: undefined });
      const found = await find({ groundTruth: large, predictions });
      expect(found.problems).toEqual([]);
      expect(codesOf(found)).toEqual(['polygons-in-per-cent']);
      expect(warningOf(found, 'polygons-in-per-cent')).toMatchObject({ count: 30 });
      // the same outlines in pixels
      const inPixels = await find({ groundTruth: large, predictions: changed(8, 8, { bbox: undefined }) });
      expect(codesOf(inPixels)).not.toContain('polygons-in-per-cent');
    });

    test('per cent of the image, with boxes in pixels', async () => {
      const predictions = changed(100 / 96, 100 / 64).map((detection) => ({
        ...detection,
        bbox: detection.bbox.map((n) => 8 * n),
      }));
      const found = await find({ groundTruth: large, predictions });
      expect(warningOf(found, 'masks-outside-boxes')?.message).toMatch(/per cent|resized/);
    });

    test('per cent in the ground truth, without boxes', async () => {
      const percent = {
        ...large,
        annotations: withAnnotations(({ segmentation }) => ({
          bbox: undefined,
          area: undefined,
          segmentation: (segmentation as number[][]).map((part) => part.map((n, i) => (n * 100) / (i % 2 ? 64 : 96))),
        })).annotations,
      };
      expect(await importCodes(percent)).toContain('polygons-in-per-cent');
    });
  });

  test('report 07: width and height exchanged', async () => {
    const found = await scoreAndCheck('07-swapped-size.gt.json', '07-polygons.json');
    expect(found.masks).toBeCloseTo(0.11820682068206817, DIGITS);
    expect(warningOf(found, 'annotations-beyond-image')?.message).toMatch(
      /^Ground truth: .*are width and height exchanged/,
    );
    expect((await scoreAndCheck('00-gt.json', '07-polygons.json')).masks).toBeCloseTo(0.25884, 5);
    expect(await importCodes('07-swapped-size.gt.json')).toContain('annotations-beyond-image');
  });

  test('the same where annotations have no boxes', async () => {
    const { images, ...document } = withAnnotations(() => ({ bbox: undefined }));
    const exchanged = images.map((image) => ({ ...image, width: image.height, height: image.width }));
    expect(await importCodes({ ...document, images: exchanged })).toContain('annotations-beyond-image');
  });

  test('images listed at half their size', async () => {
    const { images, ...document } = goodGroundTruth();
    const halved = images.map((image) => ({ ...image, width: 48, height: 32 }));
    expect(await importCodes({ ...document, images: halved })).toContain('annotations-beyond-image');
  });

  test('report 10: no annotation of the category that is scored', async () => {
    const found = await scoreAndCheck('10-categories-2-3.gt.json', '10-no-category.json');
    expect(found.problems).toMatchObject([
      { code: 'no-annotation-of-category', message: expect.stringMatching(/2 \(cell\): \d+, 3 \(nucleus\): \d+/) },
    ]);
    expect(await importCodes('10-categories-2-3.gt.json')).toEqual(['no-annotation-of-category']);
  });

  test('the same where category 1 is listed and empty; a single other category counts', async () => {
    const second = {
      ...withAnnotations(() => ({ category_id: 2 })),
      categories: [1, 2].map((id) => ({ id, name: `c${id}` })),
    };
    expect(await importCodes(second)).toEqual(['no-annotation-of-category']);
    const only = { ...withAnnotations(() => ({ category_id: 7 })), categories: [{ id: 7, name: 'cell' }] };
    expect(await importCodes(only)).toEqual([]);
    expectScores(await find({ groundTruth: only, predictions: withDetections(() => ({ category_id: 7 })) }), GOOD);
  });

  test.each<[string, unknown, string]>([
    [
      'boxes as corners',
      withAnnotations(({ bbox }) => ({ bbox: [bbox![0], bbox![1], bbox![0] + bbox![2], bbox![1] + bbox![3]] })),
      'boxes-in-another-convention',
    ],
    [
      'boxes as centres',
      withAnnotations(({ bbox }) => ({ bbox: [bbox![0] + bbox![2] / 2, bbox![1] + bbox![3] / 2, bbox![2], bbox![3]] })),
      'boxes-in-another-convention',
    ],
    [
      'boxes as fractions',
      withAnnotations(({ bbox }) => ({ bbox: bbox!.map((n, i) => n / (i % 2 ? 64 : 96)) })),
      'boxes-in-another-convention',
    ],
    ['areas of boxes', withAnnotations(({ bbox }) => ({ area: bbox![2] * bbox![3] })), 'areas-not-of-masks'],
    ['areas of 1', withAnnotations(() => ({ area: 1 })), 'areas-not-of-masks'],
    [
      'annotations twice',
      {
        ...goodGroundTruth(),
        annotations: [
          ...goodGroundTruth().annotations,
          ...goodGroundTruth().annotations.map((a) => ({ ...a, id: a.id! + 1000 })),
        ],
      },
      'duplicate-annotation',
    ],
  ])('%s', async (_what, groundTruth, code) => {
    expect(await importCodes(groundTruth)).toContain(code);
    expect(codesOf(await find({ groundTruth }))).toContain(code);
  });
});

describe('masks that do not lie in their own boxes', () => {
  test('report 08: runs along rows', async () => {
    const found = await scoreAndCheck('00-gt.json', '08-rows-first.json');
    expectScores(found, { masks: 0, boxes: GOOD.boxes });
    expect(warningOf(found, 'masks-outside-boxes')).toMatchObject({
      count: 30,
      message: expect.stringMatching(/along rows.*order="F"/),
    });
  });

  type Redraw = Parameters<typeof redrawn>[1];
  test.each<[string, Redraw, RegExp]>([
    ['upside down', (pixel, y, x) => pixel(63 - y, x), /upside down/],
    ['left to right', (pixel, y, x) => pixel(y, 95 - x), /left to right/],
    ['by 180°', (pixel, y, x) => pixel(63 - y, 95 - x), /180°/],
    ['inverted', (pixel, y, x) => 1 - pixel(y, x), /inverted/],
    ['shifted', (pixel, y, x) => pixel(y - 9, x - 14), /shifted\? Moved by -14 pixels to the right and -9 down/],
  ])('%s', async (_how, at, cause) => {
    const predictions = withDetections(({ segmentation }) => ({ segmentation: redrawn(segmentation as Rle, at) }));
    expect(warningOf(await find({ predictions }), 'masks-outside-boxes')?.message).toMatch(cause);
  });

  test('outlines alone', async () => {
    const outline: Redraw = (pixel, y, x) =>
      pixel(y, x) && !(pixel(y - 1, x) && pixel(y + 1, x) && pixel(y, x - 1) && pixel(y, x + 1)) ? 1 : 0;
    const predictions = withDetections(({ segmentation }) => ({ segmentation: redrawn(segmentation as Rle, outline) }));
    expect(codesOf(await find({ predictions }))).toContain('hollow-masks');
  });

  test('inverted masks without boxes', async () => {
    const predictions = withDetections(({ segmentation }) => ({
      bbox: undefined,
      segmentation: redrawn(segmentation as Rle, (pixel, y, x) => 1 - pixel(y, x)),
    }));
    expect(codesOf(await find({ predictions }))).toContain('masks-cover-background');
  });

  test('a few odd ones among many are not remarked upon', async () => {
    const predictions = withDetections(({ segmentation }, k) =>
      k < 2 ? { segmentation: redrawn(segmentation as Rle, (pixel, y, x) => pixel(63 - y, x)) } : {},
    );
    expect(codesOf(await find({ predictions }))).toEqual([]);
  });
});

describe('the same thing twice, and one name for two things', () => {
  test('detections of a padded batch', async () => {
    const detections = goodDetections();
    const again = detections.filter(({ image_id }) => image_id === 101);
    const found = await find({ predictions: [...detections, ...again] });
    expect(warningOf(found, 'duplicate-detection')).toMatchObject({
      count: again.length,
      message: expect.stringMatching(/on 1 image/),
    });
    expect(codesOf(await find({ predictions: detections.flatMap((detection) => [detection, detection]) }))).toContain(
      'duplicate-detection',
    );
  });

  test('a text that is an id and a file', async () => {
    const groundTruth = goodGroundTruth();
    groundTruth.images.forEach((image, i) => {
      image.file_name = `${[102, 103, 101][i]}.png`;
    });
    const found = await find({
      groundTruth,
      predictions: withDetections(({ image_id }) => ({ image_id: String(image_id) })),
    });
    expect(warningOf(found, 'id-or-name')).toMatchObject({ count: 30 });
  });

  test('a document whose names are unknown, but whose ids are the data set’s', async () => {
    const images = goodGroundTruth().images.map((image, i) => ({ ...image, file_name: `val_${i}.jpg` }));
    const found = await find({ predictions: { images, annotations: goodDetections() } });
    expectScores(found, GOOD);
    expect(codesOf(found)).toEqual(['document-names-unknown']);
  });

  test('a document whose images were resized', async () => {
    const images = goodGroundTruth().images.map((image) => ({ ...image, width: 640, height: 640 }));
    const found = await find({ predictions: { images, annotations: goodDetections() } });
    expect(warningOf(found, 'document-image-size')).toMatchObject({ count: 3 });
  });
});

describe('what is read all the same', () => {
  test('report 13: a stray point behind the outline', async () => {
    const found = await scoreAndCheck('13-stray-point.gt.json', '00-dt.json');
    expectScores(found, GOOD);
    expect(found.warnings).toMatchObject([{ code: 'polygon-part-dropped', count: 4 }]);
  });

  test.each<[string, number[]]>([
    ['two points', [3.2, 4.1, 20.7, 30.3]],
    ['two points in a row', [3, 4, 30, 4]],
    ['nothing', []],
    ['a single number', [7]],
  ])('%s, before and behind the outline', async (_what, part) => {
    for (const around of [(outline: number[][]) => [...outline, part], (outline: number[][]) => [part, ...outline]]) {
      const groundTruth = withAnnotations(({ segmentation }, k) =>
        k % 7 === 0 ? { segmentation: around(segmentation as number[][]) } : {},
      );
      const found = await find({ groundTruth });
      expectScores(found, GOOD);
      expect(found.warnings).toMatchObject([{ code: 'polygon-part-dropped', count: 5 }]);
    }
  });

  test('report 21: boxes of nothing but zeros get one warning', async () => {
    const found = await scoreAndCheck('00-gt.json', '21-zero-boxes.json');
    expectScores(found, { masks: GOOD.masks, boxes: 0 });
    expect(found.warnings).toMatchObject([{ code: 'zero-boxes', count: 30 }]);
  });

  test('a few zero boxes are boxes without area', async () => {
    const found = await find({ predictions: withDetections((_, k) => (k < 2 ? { bbox: [0, 0, 0, 0] } : {})) });
    expect(found.warnings).toMatchObject([{ code: 'empty-box', count: 2 }]);
  });

  test('report 22: one detection per line', async () => {
    const found = await scoreAndCheck('00-gt.json', '22-lines.json');
    expectScores(found, GOOD);
    expect(codesOf(found)).toEqual([]);
  });

  const detections = goodDetections();
  const [first, second] = [detections.slice(0, 11), detections.slice(11)].map((list) => JSON.stringify(list));
  const withId = detections.map((detection, id) => JSON.stringify({ id, file: 'x', ...detection }));
  test.each<[string, unknown]>([
    ['two lists behind each other', `${first}${second}`],
    ['two lists with an empty one between, on lines of their own', `${first}\n[]\n${second}\n`],
    ['lines of Windows, the last one blank', `${detections.map((one) => JSON.stringify(one)).join('\r\n')}\r\n\r\n`],
    ['lines with commas', detections.map((one) => JSON.stringify(one)).join(',\n')],
    ['lines that begin with an id', withId.join('\n')],
    ['under “predictions”', { predictions: detections }],
    ['under “results”, beside other things', { model: 'x', results: detections, version: 3 }],
    ['under “detections”', { detections }],
  ])('%s', async (_how, predictions) => {
    expectScores(await find({ predictions }), GOOD);
  });

  test('one annotation per line is no ground truth, and is called so', async () => {
    const groundTruth = goodGroundTruth()
      .annotations.map((annotation) => JSON.stringify(annotation))
      .join('\n');
    const { problems } = await find({ groundTruth });
    expect(problems).toMatchObject([
      { code: 'not-a-list', message: expect.stringMatching(/ground truth.*JSON Lines.*one document/i) },
    ]);
  });

  test('ground truth of boxes alone scores boxes', async () => {
    for (const segmentation of [undefined, null, []]) {
      const groundTruth = withAnnotations(() => ({ segmentation }));
      const found = await find({ groundTruth });
      expectScores(found, { masks: null, boxes: GOOD.boxes });
      expect(found.warnings).toMatchObject([{ code: 'ground-truth-without-masks', count: 30 }]);
      expect(await importCodes(groundTruth)).toEqual(['ground-truth-without-masks']);
    }
  });

  test('some annotations without a mask are refused by number', async () => {
    const { problems } = await find({ groundTruth: withAnnotations((_, k) => (k === 6 ? { segmentation: [] } : {})) });
    expect(problems).toMatchObject([{ code: 'no-mask', record: 7 }]);
  });

  test('report 26: names that Roboflow has changed', async () => {
    const found = await scoreAndCheck('00-gt.json', '26-roboflow-names.json');
    expectScores(found, GOOD);
  });

  test.each<[string, (name: string) => string]>([
    ['Label Studio', (name) => `upload/3/0a1b2c3d-${name}`],
    ['percent-encoded', (name) => encodeURIComponent(`Huh 7/${name}`)],
  ])('names that %s has changed', async (_tool, change) => {
    const images = goodGroundTruth().images.map((image, id) => ({ ...image, id, file_name: change(image.file_name) }));
    const annotations = withDetections(({ image_id }) => ({ image_id: (image_id as number) - 101 }));
    expectScores(await find({ predictions: { images, annotations } }), GOOD);
  });

  test('names that are of no use are shown', async () => {
    const images = goodGroundTruth().images.map((image, id) => ({ ...image, id, file_name: `frame-${id}.jpg` }));
    const annotations = withDetections(({ image_id }) => ({ image_id: (image_id as number) - 101 }));
    const { problems } = await find({ predictions: { images, annotations } });
    expect(problems[0]).toMatchObject({
      code: 'document-names-unknown',
      message: expect.stringContaining('“frame-0.jpg”'),
    });
  });
});

describe('messages name the file and the remedy', () => {
  const COCO = /Ground truth has to be one COCO document/;
  test('report 20: ground truth in UTF-16', async () => {
    const { problems } = await scoreAndCheck('20-utf16.gt.json', '00-dt.json');
    expect(problems).toMatchObject([
      { code: 'wrong-kind', message: expect.stringMatching(/^The ground truth is text in UTF-16\. Save it as UTF-8/) },
    ]);
    expect(problems[0].message).toMatch(COCO);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), /^The ground truth is a PNG image/],
    ['a pickle', Uint8Array.of(0x80, 4, 0x95, 0, 0), /^The ground truth is a Python pickle/],
    ['an HDF5 file', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10), /^The ground truth is an HDF5 file/],
  ])('%s as ground truth', async (_what, groundTruth, message) => {
    const { problems } = await find({ groundTruth });
    expect(problems[0].message).toMatch(message);
    expect(problems[0].message).toMatch(COCO);
    expect(problems[0].message).not.toMatch(/predict|submitted|Label images/);
  });

  test('archives as ground truth', async () => {
    const { problems } = await scoreAndCheck('11-stardist-names.zip', '00-dt.json');
    expect(problems[0].message).toMatch(/^The ground truth is a zip archive with several files/);
    expect(problems[0].message).toMatch(COCO);
  });

  test('report 24: images without detections are counted and named', async () => {
    const found = await scoreAndCheck('00-gt.json', '24-one-image-only.json');
    expect(found.warnings).toMatchObject([{ code: 'image-without-detections', count: 2, examples: { length: 2 } }]);
  });

  test('report 25: sizes as texts', async () => {
    const { problems } = await scoreAndCheck('25-text-size.gt.json', '00-dt.json');
    expect(problems).toHaveLength(3);
    expect(problems[0].message).toMatch(/^Ground truth: Image 1 of “images” \(“A172.*”\): width is "96", a text/);
  });

  test.each<[unknown, RegExp]>([
    [0, /height is 0; write the size/],
    [undefined, /height is missing/],
    [null, /height is null/],
    [64.5, /height is 64\.5/],
    [[64], /height is a list/],
  ])('a height of %j', async (height, message) => {
    const document = goodGroundTruth();
    const images = document.images.map((image, i) => (i === 1 ? { ...image, height } : image));
    const { problems } = await find({ groundTruth: { ...document, images } });
    expect(problems).toMatchObject([{ code: 'bad-image', record: 2, message: expect.stringMatching(message) }]);
  });
});

describe('another category is chosen', () => {
  const groundTruth = reportFile('10-categories-2-3.gt.json');
  const scoreCategory = (category: number | string | undefined, predictions = '00-dt.json') =>
    scoreTask({
      task: 'livecell-wide',
      groundTruth: { path: groundTruth },
      files: [{ slot: 'all', path: reportFile(predictions) }],
      protocols: ['livecell-paper'],
      intervals: false,
      errors: false,
      threads: 1,
      anyCategory: true,
      category,
    });

  test('by number or by name, with the same numbers and a digest of its own', async () => {
    const digests = new Set<string>();
    for (const [number, name] of [
      [2, 'cell'],
      [3, ' Nucleus'],
    ] as const) {
      const [a, b] = [await scoreCategory(number), await scoreCategory(name)];
      if (!a.ok || !b.ok) throw new Error('The chosen category is refused.');
      expect(b.reports[0].results).toEqual(a.reports[0].results);
      expect(b.reports[0].groundTruth).toEqual(a.reports[0].groundTruth);
      expect(a.reports[0].groundTruth.objects).toBeGreaterThan(0);
      expect(a.groundTruthWarnings).toMatchObject([{ code: 'category-not-scored' }]);
      digests.add(a.reports[0].groundTruth.sha256);
      const packed = `${write('')}.packed`;
      const imported = await importGroundTruth(groundTruth, packed, { category: name });
      expect(imported).toMatchObject({ sha256: a.reports[0].groundTruth.sha256 });
      expect((await openGroundTruth(packed)).meta.category).toBe(number);
      // and as the site's process imports what a maintainer sends in
      const job = { task: 'livecell-wide', files: [{ slot: '', path: groundTruth }], packed };
      const { facts } = (await importTask({ ...job, category: asCategory(String(number)) })) as { facts?: unknown };
      expect(facts).toMatchObject({ sha256: imported.sha256 });
    }
    expect(digests.size).toBe(2);
  });

  test.each<[number | string | undefined, RegExp]>([
    [undefined, /no annotation of category 1.*2 \(cell\): \d+, 3 \(nucleus\): \d+.*--category/],
    [7, /no annotation of category 7/],
    ['mitochondrion', /no category named “mitochondrion”\. Its categories are 2 \(cell\), 3 \(nucleus\)/],
  ])('%s is refused with the categories there are', async (category, words) => {
    const outcome = await scoreCategory(category);
    expect(outcome).toMatchObject({
      ok: false,
      problems: [{ code: 'no-annotation-of-category', message: expect.stringMatching(words) }],
    });
  });
});
