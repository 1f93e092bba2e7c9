/** Every way in which a file of predictions can be wrong, and the message its author gets. */

import { beforeAll, describe, expect, test } from 'vitest';
import type { Dataset } from '#lib/coco/dataset.ts';
import { EVALUATIONS } from '#lib/coco/protocol.ts';
import { FileRejected, type Problem } from '#lib/problems.ts';
import {
  type Detection,
  fiveCells,
  type GroundTruth,
  packGroundTruth,
  packPredictions,
  perfect,
  rectangle,
} from '#tests/coco/documents.ts';
import { score } from '#tests/scoring/score.ts';

let dataset: Dataset;
beforeAll(async () => {
  dataset = await packGroundTruth(fiveCells());
});

/** A good detection, and what is to be different about it. */
function detection(change: object = {}): object {
  return {
    image_id: 1,
    category_id: 1,
    score: 0.5,
    bbox: [5, 5, 15, 12],
    segmentation: rectangle(5, 5, 15, 12),
    ...change,
  };
}
const good = detection();

async function problemsOf(document: unknown, target = dataset): Promise<Problem[]> {
  const error = await packPredictions(document, target).then(
    () => null,
    (error) => error,
  );
  expect(error).toBeInstanceOf(FileRejected);
  return (error as FileRejected).problems;
}

const SIZE = [60, 80];

describe('a detection is wrong: its number in the file, what is wrong, and what to do', () => {
  test.each<[string, object, string, RegExp]>([
    ['no image', { image_id: undefined }, 'image-id-missing', /image_id is missing\. Use the data set's own/],
    ['an image that is null', { image_id: null }, 'image-id-missing', /image_id is missing/],
    ['an image that is a list', { image_id: [1] }, 'image-id-missing', /image_id is not a number or a name/],
    [
      'an unknown image',
      { image_id: 4711 },
      'unknown-image',
      /image 4711 is not in this data set\. Use the data set's own/,
    ],
    ['an unknown name', { image_id: 'cat.jpg' }, 'unknown-image', /image “cat\.jpg” is not in this data set/],
    [
      'a category in words',
      { category_id: 'cell' },
      'category-not-a-number',
      /category_id is not a number; leave it out/,
    ],
    ['no score', { score: undefined }, 'score-missing', /score is missing; every detection needs one/],
    ['a score that is null', { score: null }, 'score-missing', /score is missing/],
    [
      'a score in quotes',
      { score: '0.5' },
      'score-not-a-number',
      /score is not a number; write a number, without quotes/,
    ],
    ['a score that is true', { score: true }, 'score-not-a-number', /score is not a number/],
    ['a box of three numbers', { bbox: [1, 2, 3] }, 'bad-box', /four finite numbers \[x, y, width, height\]/],
    ['a box of five numbers', { bbox: [1, 2, 3, 4, 5] }, 'bad-box', /four finite numbers/],
    ['a box of words', { bbox: ['1', '2', '3', '4'] }, 'bad-box', /four finite numbers/],
    ['a box that is an object', { bbox: { x: 1 } }, 'bad-box', /four finite numbers/],
    ['a box a light year away', { bbox: [1e8, 0, 1, 1] }, 'bad-box', /four finite numbers/],
    [
      'a negative width',
      { bbox: [9, 9, -4, 2] },
      'negative-box',
      /\[9, 9, -4, 2\] has a negative size; write \[x, y, width, height\]/,
    ],
    ['a negative height', { bbox: [9, 9, 4, -2] }, 'negative-box', /negative size/],
    [
      'nothing',
      { bbox: undefined, segmentation: undefined },
      'nothing-to-score',
      /neither a segmentation nor a bbox; write/,
    ],
    ['nothing but empty lists', { bbox: [], segmentation: [] }, 'nothing-to-score', /neither/],
    [
      'a mask in words',
      { segmentation: 'round' },
      'bad-segmentation',
      /segmentation has to be \{size: .*\} or polygons/,
    ],
    ['a mask without counts', { segmentation: { size: SIZE } }, 'bad-segmentation', /segmentation has to be/],
    [
      'counts that are no list',
      { segmentation: { size: SIZE, counts: 7 } },
      'bad-segmentation',
      /segmentation has to be/,
    ],
    [
      'counts in quotes',
      { segmentation: { size: SIZE, counts: ['4800'] } },
      'bad-segmentation',
      /segmentation has to be/,
    ],
    ['a flat polygon', { segmentation: [1, 1, 1, 9, 9, 9] }, 'bad-segmentation', /polygons \[\[x, y, …\], …\]/],
    ['a polygon of words', { segmentation: [['a', 'b']] }, 'bad-segmentation', /segmentation has to be/],
    [
      'a polygon of two points',
      { segmentation: [[1, 1, 9, 9]] },
      'bad-polygon',
      /has 4 numbers; it needs at least three points/,
    ],
    ['an empty polygon', { segmentation: [[]] }, 'bad-polygon', /has 0 numbers/],
    [
      'two polygons of two points',
      {
        segmentation: [
          [2, 2, 8, 8],
          [1, 1, 9, 9],
        ],
      },
      'bad-polygon',
      /has 4 numbers/,
    ],
    [
      'a polygon a light year away',
      { segmentation: [[1, 1, 1, 9, 1e9, 9]] },
      'bad-polygon',
      /coordinate is 1000000000; coordinates are pixels/,
    ],
    [
      'a mask without size',
      { segmentation: { counts: [4800] } },
      'mask-size-missing',
      /has no size \[height, width\]; here that is \[60, 80\]/,
    ],
    ['a size of one number', { segmentation: { size: [60], counts: [4800] } }, 'mask-size-missing', /has no size/],
    ['a size in words', { segmentation: { size: ['60', '80'], counts: [4800] } }, 'mask-size-missing', /has no size/],
    [
      'a resized mask',
      { segmentation: { size: [30, 40], counts: [1200] } },
      'wrong-mask-size',
      /size is \[30, 40\] but the image is 60 pixels high and 80 wide; .* not of a resized one/,
    ],
    [
      'a size the wrong way round',
      { segmentation: { size: [80, 60], counts: [4800] } },
      'wrong-mask-size',
      /size is \[80, 60\] .*: swap height and width/,
    ],
    [
      'runs that are too few',
      { segmentation: { size: SIZE, counts: [100, 20] } },
      'runs-do-not-add-up',
      /add up to 120 pixels but the image has 4,800 \(60 × 80\); .*column by column, background first/,
    ],
    [
      'runs that are too many',
      { segmentation: { size: SIZE, counts: [4800, 1] } },
      'runs-do-not-add-up',
      /add up to 4,801 pixels/,
    ],
    ['no runs', { segmentation: { size: SIZE, counts: [] } }, 'runs-do-not-add-up', /add up to 0 pixels/],
    ['an empty string', { segmentation: { size: SIZE, counts: '' } }, 'runs-do-not-add-up', /add up to 0 pixels/],
    [
      'a string that says too little',
      { segmentation: { size: SIZE, counts: '4' } },
      'runs-do-not-add-up',
      /add up to 4 pixels/,
    ],
    [
      'a negative run',
      { segmentation: { size: SIZE, counts: [-1, 4801] } },
      'bad-rle-list',
      /run 1 is -1; runs are whole numbers from 0 up/,
    ],
    [
      'half a run',
      { segmentation: { size: SIZE, counts: [10, 0.5, 4789.5] } },
      'bad-rle-list',
      /run 2 is 0\.5; runs are whole numbers/,
    ],
    [
      'a string of another alphabet',
      { segmentation: { size: SIZE, counts: '4 4' } },
      'bad-rle-string',
      /a character outside “0” to “o”.*Write pycocotools' encode\(\), decoded as ASCII/,
    ],
    [
      'a string that was cut',
      { segmentation: { size: SIZE, counts: 'PP' } },
      'bad-rle-string',
      /it ends in the middle of a number/,
    ],
    ['a string of negative runs', { segmentation: { size: SIZE, counts: 'O' } }, 'bad-rle-string', /a run is negative/],
    [
      "a string that is Python's text of bytes",
      { segmentation: { size: SIZE, counts: "b'abc'" } },
      'bad-rle-string',
      /a character outside/,
    ],
  ])('%s', async (_what, change, code, message) => {
    const problems = await problemsOf([good, detection(change), good]);
    expect(problems.map(({ code }) => code)).toEqual([code]);
    expect(problems[0].record).toBe(2);
    expect(problems[0].message).toMatch(/^Detection 2: /);
    expect(problems[0].message).toMatch(message);
    // whoever has thousands of images wants to know which
    if (!['image-id-missing', 'unknown-image', 'category-not-a-number'].includes(code))
      expect(problems[0].image).toBe('A172_Phase_C7_1_00d00h00m_1.tif');
  });

  // Python writes these words, JSON has none of them
  test.each([
    ['NaN', 'score is NaN'],
    ['Infinity', 'score is Infinity'],
    ['-Infinity', 'score is -Infinity'],
    ['1e999', 'score is Infinity'],
  ])('a score of %s', async (written, message) => {
    const text = JSON.stringify([good, detection({ score: 'HERE' })]).replace('"HERE"', written);
    expect(await problemsOf(text)).toEqual([
      {
        code: 'score-not-finite',
        record: 2,
        image: 'A172_Phase_C7_1_00d00h00m_1.tif',
        message: `Detection 2: ${message}; it has to be a finite number.`,
      },
    ]);
  });

  test('NaN in a box and in a polygon', async () => {
    const text = JSON.stringify([
      detection({ bbox: ['X', 1, 1, 1] }),
      detection({ segmentation: [['X', 1, 5, 5, 1, 5]] }),
    ]);
    expect((await problemsOf(text.replaceAll('"X"', 'NaN'))).map(({ code }) => code)).toEqual([
      'bad-box',
      'bad-polygon',
    ]);
  });

  test('masks with scores of their own need one in every detection, or in none', async () => {
    const own = detection({ mask_score: 0.7 });
    for (const mask_score of [undefined, null, 'high']) {
      const [problem, ...others] = await problemsOf([own, detection({ mask_score })]);
      expect(others).toEqual([]);
      expect(problem).toMatchObject({ code: 'mask-score-missing', record: 2 });
      expect(problem.message).toMatch(/write it for all or for none/);
    }
    // the first decides, as in the reference
    const { hasMaskScores, detections } = await packPredictions([good, own], dataset);
    expect(hasMaskScores).toBe(false);
    expect([...detections.maskScore]).toEqual([0.5, 0.5]);
  });
});

describe('all problems are listed', () => {
  test('each record with its own', async () => {
    const problems = await problemsOf([
      detection({ score: null }),
      good,
      detection({ bbox: [1] }),
      detection({ image_id: 99 }),
    ]);
    expect(problems.map(({ code, record }) => [code, record])).toEqual([
      ['score-missing', 1],
      ['bad-box', 3],
      ['unknown-image', 4],
    ]);
  });

  test('of each kind the first hundred, and how many more there are', async () => {
    const many = Array.from({ length: 1234 }, (_, k) => detection(k % 2 ? { score: null } : { bbox: [k] }));
    const problems = await problemsOf(many);
    expect(problems).toHaveLength(200);
    expect(problems.filter(({ more }) => more !== undefined).map(({ code, more }) => [code, more])).toEqual([
      ['bad-box', 517],
      ['score-missing', 517],
    ]);
  });
});

describe('the file as a whole is wrong', () => {
  test('the annotation file, told as such instead of by each record', async () => {
    const images = [{ id: 1, file_name: 'BV2_Phase_A4_1_00d00h00m_1.tif', width: 80, height: 60 }];
    const without = detection({ image_id: 1, score: undefined });
    const problems = await problemsOf({ images, annotations: [without, without] });
    expect(problems).toMatchObject([
      { code: 'annotations-not-predictions', message: expect.stringMatching(/none of its 2 annotations has a score/) },
    ]);
    // some have one: then the others are mistakes
    const [problem] = await problemsOf({ images, annotations: [without, detection({ image_id: 1 })] });
    expect(problem).toMatchObject({ code: 'score-missing', record: 1 });
  });

  test.each([[[]], [{ images: [], annotations: [] }]])('no detections at all: %j', async (document) => {
    const [problem] = await problemsOf(document);
    expect(problem.code).toBe('no-detections');
    expect(problem.message).toMatch(/no detections at all\. Was the score threshold too high/);
  });

  test.each<[string, unknown, RegExp]>([
    ['a number', 7, /not a list of detections\. Write an array of \{image_id, score/],
    ['a text', 'hello', /./],
    [
      'an object without annotations',
      { data: [good] },
      /without “annotations”\. Write a list of detections, or a COCO document/,
    ],
    ['a list of lists', [[good]], /Record 1 is not an object\. Each detection has to be \{image_id, score/],
    ['a list of numbers', [1, 2], /Record 1 is not an object/],
    ['a list with a text in it', [good, 'and so on'], /Record 2 is not an object/],
  ])('not a list of detections but %s', async (_what, document, message) => {
    const [problem] = await problemsOf(JSON.stringify(document));
    expect(problem.code).toBe('not-a-list');
    expect(problem.message).toMatch(message);
  });

  test('none is of the data set’s category: framework’s counting from 0', async () => {
    const [problem, ...others] = await problemsOf([detection({ category_id: 0 }), detection({ category_id: 0 })]);
    expect(others).toEqual([]);
    expect(problem.code).toBe('no-detections-of-category');
    expect(problem.message).toMatch(
      /None of the 2 detections has category_id 1.*\(they have 0\).*count categories from 0: add 1,.* leave category_id out/,
    );
  });

  test('none is of the data set’s category: another number', async () => {
    const [problem] = await problemsOf([detection({ category_id: 17 }), detection({ category_id: 3 })]);
    expect(problem.message).toMatch(/\(they have 17, 3\)\. Set category_id to 1,.* leave category_id out/);
  });

  test('image ids that were re-indexed from 0 are named first', async () => {
    const target = await packGroundTruth({
      images: Array.from({ length: 5 }, (_, k) => ({
        id: 1000 + 17 * k,
        file_name: `${k}.tif`,
        width: 80,
        height: 60,
      })),
      annotations: [],
    });
    const problems = await problemsOf(
      [0, 1, 2, 3, 4].map((image_id) => detection({ image_id })),
      target,
    );
    expect(problems.map(({ code }) => code)).toEqual(['image-ids-re-indexed', ...Array(5).fill('unknown-image')]);
    expect(problems[0].message).toMatch(
      /look re-indexed.*run from 0 to 4\. Use the ids of the data set \(its first is 1000\), or file names/,
    );
  });

  test('unknown ids that run otherwise do not look re-indexed', async () => {
    expect((await problemsOf([detection({ image_id: 5000 })])).map(({ code }) => code)).toEqual(['unknown-image']);
  });
});

describe('legal but odd: a warning', () => {
  async function warningsOf(
    document: unknown,
  ): Promise<Record<string, { count?: number; message: string; examples?: string[] }>> {
    const { warnings } = await packPredictions(document, dataset);
    return Object.fromEntries(warnings.map(({ code, ...warning }) => [code, warning]));
  }
  const second = detection({ image_id: 2, score: 0.4 });

  test('nothing odd, nothing said', async () => {
    expect(await warningsOf([good, second])).toEqual({});
  });

  test('some detections of another category are not scored, and counted', async () => {
    const { 'category-not-scored': warning } = await warningsOf([
      good,
      second,
      detection({ category_id: 2 }),
      detection({ category_id: 2 }),
    ]);
    expect(warning).toMatchObject({ count: 2, examples: ['category 2: 2'] });
    expect(warning.message).toMatch(/category_id is not 1 are not scored, as in the reference/);
  });

  test('masks without pixels', async () => {
    const segmentation = { size: SIZE, counts: [4800] };
    expect(await warningsOf([good, second, detection({ segmentation })])).toMatchObject({ 'empty-mask': { count: 1 } });
  });

  test('runs of length 0, but not the first: a mask may begin at once', async () => {
    const empty = { size: SIZE, counts: [5, 3, 0, 2, 4790] };
    const atOnce = { size: SIZE, counts: [0, 30, 4770] };
    expect(Object.keys(await warningsOf([detection({ segmentation: empty }), second]))).toEqual(['empty-runs']);
    expect(Object.keys(await warningsOf([detection({ segmentation: atOnce }), second]))).toEqual([]);
  });

  test('boxes without area, and boxes beyond the border', async () => {
    const warnings = await warningsOf([
      good,
      second,
      detection({ bbox: [5, 5, 0, 3] }),
      detection({ bbox: [70, 5, 30, 3] }),
    ]);
    expect(warnings).toMatchObject({ 'empty-box': { count: 1 }, 'box-beyond-border': { count: 1 } });
  });

  test('a detection without a mask among others that have one is a mask without pixels', async () => {
    const document = [good, second, detection({ segmentation: undefined })];
    expect(await warningsOf(document)).toMatchObject({
      'detection-without-mask': { count: 1, examples: ['detection 3'] },
    });
    const predictions = await packPredictions(document, dataset);
    expect([predictions.hasMasks, predictions.detections.maskArea[2]]).toEqual([true, 0]);
  });

  test('detections without masks: only boxes are scored', async () => {
    const document = [detection({ segmentation: undefined })];
    expect(await warningsOf(document)).toMatchObject({ 'no-mask': { count: 1 } });
    const predictions = await packPredictions(document, dataset);
    expect(predictions.hasMasks).toBe(false);
    const [results] = await score(dataset, predictions, ['livecell-paper']);
    expect(Object.keys(results)).toEqual(['bbox']);
  });

  test('images without detections are named', async () => {
    expect(await warningsOf([good])).toEqual({
      'image-without-detections': expect.objectContaining({ count: 1, examples: ['BV2_Phase_A4_1_00d00h00m_1.tif'] }),
    });
  });

  test('all scores equal', async () => {
    const { 'all-scores-equal': warning } = await warningsOf([good, { ...second, score: 0.5 }]);
    expect(warning.message).toMatch(/All scores are 0\.5: the ranking, and so AP, is an accident of order/);
  });

  test('scores beyond 0 to 1', async () => {
    const { 'scores-beyond-0-1': warning } = await warningsOf([
      { ...good, score: 97.25 },
      { ...second, score: 0.5 },
    ]);
    expect(warning).toMatchObject({ count: 1, message: expect.stringMatching(/from 0\.5 to 97\.3.*divide by 100/) });
    const logits = await warningsOf([
      { ...good, score: -2 },
      { ...second, score: 3 },
    ]);
    expect(logits['scores-beyond-0-1']).toMatchObject({ count: 2, message: expect.stringMatching(/sigmoid/) });
  });

  test('more than 2,000 detections in an image', async () => {
    const many = Array.from({ length: 2001 }, (_, k) => ({ image_id: 1, score: k / 3000, bbox: [1, 1, 5, 5] }));
    expect(await warningsOf([...many, second])).toMatchObject({ 'more-than-2000-detections': { count: 1 } });
  });

  test('exactly 100 detections in several images: a detector’s own limit', async () => {
    const images = [1, 2, 3].map((id) => ({ id, file_name: `${id}.tif`, width: 80, height: 60 }));
    const target = await packGroundTruth({ images, annotations: [] });
    const hundred = images.flatMap(({ id }) =>
      Array.from({ length: 100 }, (_, k) => ({ image_id: id, score: k / 100, bbox: [1, 1, 5, 5] })),
    );
    const { warnings } = await packPredictions(hundred, target);
    expect(warnings.find(({ code }) => code === 'detector-limit')).toMatchObject({
      count: 3,
      message: expect.stringMatching(/exactly 100 detections.*max_det, detections_per_image/),
    });
  });
});

describe('what pycocotools cannot read', () => {
  const whole = fiveCells();
  const results = (detections: unknown) =>
    packPredictions(detections, dataset).then(async (p) => (await score(dataset, p, ['livecell-paper']))[0]);

  test('a detection without a category is a cell', async () => {
    const without = perfect(whole).map(({ category_id: _, ...rest }) => rest);
    expect(await results(without)).toEqual(await results(perfect(whole)));
  });

  test('a category that is null is none', async () => {
    const nulls = perfect(whole).map((detection) => ({ ...detection, category_id: null }));
    expect(await results(nulls)).toEqual(await results(perfect(whole)));
  });

  test('a detection without a box has its mask’s', async () => {
    const without = perfect(whole).map(({ bbox: _, ...rest }) => rest);
    expect((await results(without)).bbox.overall.AP).toBeCloseTo(1, 12);
  });

  test('a polygon that covers no pixel has the box of an empty mask, [0, 0, 0, 0], and is a false positive', async () => {
    // the box once had the wrapped numbers that pycocotools gives to masks with empty runs, and so was ignored
    const sliver: Detection = { image_id: 1, score: 0.99, segmentation: [[1.1, 1.1, 1.2, 1.2, 1.3, 1.1]] };
    const without = perfect(whole).map(({ bbox: _, ...rest }) => ({ ...rest, score: rest.score - 0.1 }));
    const predictions = await packPredictions([sliver, ...without], dataset);
    expect([...predictions.detections.box.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect((await results([sliver, ...without])).bbox.overall.AP).toBeCloseTo(5 / 6, 12);
  });
});

test('an empty mask without a box: one run has the box [0, 0, 0, 0], more runs the reference’s wrapped one', async () => {
  const groundTruth = fiveCells();
  const others = perfect(groundTruth).map((detection) => ({ ...detection, score: detection.score - 0.1 }));
  const run = async (counts: number[]) => {
    const empty: Detection = { image_id: 1, score: 0.99, segmentation: { size: [60, 80], counts } };
    const predictions = await packPredictions([...others, empty], dataset);
    const [{ bbox }] = await score(dataset, predictions, ['livecell-paper']);
    return { box: [...predictions.detections.box.subarray(20, 24)], AP: bbox.overall.AP };
  };
  expect(await run([4800])).toEqual({ box: [0, 0, 0, 0], AP: expect.closeTo(5 / 6, 12) });
  // where others have boxes, its area is that of this one, beyond every size class: ignored, not false
  const wrapped = [80, 60, 2 ** 32 - 79, 2 ** 32 - 59];
  expect(await run([100, 0, 4700])).toEqual({ box: wrapped, AP: expect.closeTo(1, 12) });
});

describe('a document instead of a list', () => {
  const groundTruth = fiveCells();
  const detections = perfect(groundTruth);

  async function sameAsList(
    document: unknown,
    target: GroundTruth = groundTruth,
    list: unknown = detections,
  ): Promise<void> {
    const packed = await packGroundTruth(target);
    const [ours, plain] = await Promise.all([document, list].map((file) => packPredictions(file, packed)));
    expect(await score(packed, ours, ['livecell-paper'])).toEqual(await score(packed, plain, ['livecell-paper']));
    for (const evaluation of EVALUATIONS)
      expect((await score(packed, ours, ['livecell-paper']))[0][evaluation]!.overall.AP).toBeCloseTo(1, 12);
  }

  test('with the data set’s image ids', async () => {
    await sameAsList({ ...groundTruth, annotations: detections });
  });

  test('without images', async () => {
    await sameAsList({ info: { by: ['us', { and: [1, 2, 3] }] }, annotations: detections, licenses: [] });
  });

  test('with annotations keyed by id', async () => {
    await sameAsList({ annotations: Object.fromEntries(detections.map((detection, k) => [`${k}`, detection])) });
  });

  /** As a framework writes it that numbers images from 0. */
  const renumbered = {
    images: groundTruth.images.map(({ file_name }, k) => ({ id: 1 - k, file_name: `val/${file_name}` })),
    annotations: detections.map((detection) => ({ ...detection, image_id: detection.image_id === 1 ? 1 : 0 })),
  };

  test('with image ids of its own: file names say which are meant', async () => {
    await sameAsList(renumbered);
  });

  test('with image ids of its own, and images after annotations', async () => {
    await sameAsList({ annotations: renumbered.annotations, images: renumbered.images });
  });

  test('with file names of its own and the data set’s ids', async () => {
    const images = groundTruth.images.map(({ id }) => ({ id, file_name: `${id}.png` }));
    await sameAsList({ images, annotations: detections });
  });

  test('an image that is not in the data set is no other image that happens to have its id', async () => {
    // the document's image 2 is a stranger; the data set's image 2 is not meant
    const images = [
      { id: 1, file_name: groundTruth.images[0].file_name },
      { id: 2, file_name: 'stranger.tif' },
    ];
    const problems = await problemsOf({ images, annotations: detections });
    expect(problems.map(({ code, record }) => [code, record])).toEqual([
      ['unknown-image', 4],
      ['unknown-image', 5],
    ]);
    expect(problems[0].message).toMatch(
      /image 2 is listed in the file's “images” under a file name that is not in this data set/,
    );
  });

  test('an image without an id is a problem', async () => {
    const problems = await problemsOf({ images: [{ file_name: 'a.tif' }], annotations: detections });
    expect(problems[0]).toMatchObject({
      code: 'bad-image',
      message: expect.stringMatching(/^Image 1 of “images” \(“a\.tif”\): id is missing/),
    });
  });
});
