/**
 * What the reference does at the edges, document by document: where it gives numbers they are ours, and where we differ
 * on purpose the test says how and why.
 */

import { describe, expect, test } from 'vitest';
import { EVALUATIONS, type Evaluation } from '#lib/coco/protocol.ts';
import { FileRejected, type Problem, type Warning } from '#lib/problems.ts';
import { type Detection, type GroundTruth, pack } from '#tests/coco/documents.ts';
import { score } from '#tests/scoring/score.ts';
import { differences } from './compare.ts';
import { type GoldenSlice, readGolden } from './golden-files.ts';

interface Quirk {
  name: string;
  note: string;
  gt: GroundTruth;
  dt: Detection[];
  expect: Record<Evaluation, GoldenSlice | { raises: string }>;
}

const quirks = new Map(readGolden<Quirk[]>('cases/quirks.json.gz').map((quirk) => [quirk.name, quirk]));
const looked = new Set<string>();

/** A document, to be looked at by the tests below; the last of them asks whether all were. */
function quirk(name: string): Quirk {
  looked.add(name);
  const found = quirks.get(name);
  if (!found) throw new Error(`There is no quirk ${name}.`);
  return found;
}

async function run({ gt, dt }: Pick<Quirk, 'gt' | 'dt'>) {
  const { dataset, predictions } = await pack(gt, dt);
  const [results] = await score(dataset, predictions, ['livecell-paper']);
  return { results, warnings: { groundTruth: dataset.meta.warnings, predictions: predictions.warnings } };
}

function theirs(name: string, evaluation: Evaluation): GoldenSlice {
  const numbers = quirk(name).expect[evaluation];
  if ('raises' in numbers) throw new Error(`The reference raises ${numbers.raises}.`);
  return numbers;
}

/** Our numbers for a document against the reference's for another, or the same. */
async function isScoredAs(
  document: Pick<Quirk, 'gt' | 'dt'>,
  name: string,
  evaluations: readonly Evaluation[] = EVALUATIONS,
): Promise<Awaited<ReturnType<typeof run>>> {
  const found = await run(document);
  for (const evaluation of evaluations) {
    expect(
      differences(found.results[evaluation]?.overall, theirs(name, evaluation), 'livecell-paper', evaluation),
    ).toEqual([]);
  }
  return found;
}

async function isRejected(document: Pick<Quirk, 'gt' | 'dt'>): Promise<Problem[]> {
  const error = await run(document).then(
    () => null,
    (error) => error,
  );
  expect(error).toBeInstanceOf(FileRejected);
  return (error as FileRejected).problems;
}

const raises = (name: string, evaluation: Evaluation): string =>
  (quirk(name).expect[evaluation] as { raises: string }).raises;
const codes = (warnings: Warning[]): string[] => warnings.map(({ code }) => code);

describe('scored as the reference scores it', () => {
  test.each([
    'baseline',
    'gt_orphan_image',
    'first_dt_without_bbox',
    'dt_uncompressed_rle_bbox_kept',
    'dt_polygon_bbox_kept',
    'useCats0_catIds_1',
    'all_gt_crowd',
    'ignore_field',
    'int_scores',
    'zero_length_foreground',
  ])('%s', async (name) => {
    await isScoredAs(quirk(name), name);
  });

  // where the reference reads boxes but not masks
  test.each(['segm_bbox_kept', 'dt_uncompressed_rle', 'dt_polygon', 'dt_box_only'])('%s, boxes', async (name) => {
    await isScoredAs(quirk(name), name, ['bbox']);
  });

  test('evaluate_twice: the second time gives the same numbers (the reference sees nothing then)', async () => {
    const { first, second } = quirk('evaluate_twice') as unknown as { first: number; second: number };
    const { gt, dt } = quirk('baseline');
    const { dataset, predictions } = await pack(gt, dt);
    const [one] = await score(dataset, predictions, ['livecell-paper']);
    const [two] = await score(dataset, predictions, ['livecell-paper']);
    expect(one.segm!.overall.AP).toBeCloseTo(first, 12);
    expect(two).toEqual(one);
    expect(second).toBe(-1);
  });
});

/** `catIds` of several categories is not one of our settings; without category ids every annotation is a cell. */
describe('several categories, as if all were cells', () => {
  const withoutCategory = <T extends { category_id?: number }>(records: T[], order: number[]): T[] =>
    order.flatMap((category) =>
      records.filter(({ category_id }) => category_id === category).map(({ category_id: _, ...rest }) => rest as T),
    );

  // the reference lines detections up by category, in the order of catIds, before it sorts them by score
  test.each([
    ['useCats0_catIds_1_2', [1, 2]],
    ['useCats0_tie_cat_order_12', [1, 2]],
    ['useCats0_tie_cat_order_21', [2, 1]],
  ])('%s', async (name, order) => {
    const { gt, dt } = quirk(name);
    const annotations = withoutCategory(gt.annotations, order);
    await isScoredAs({ gt: { ...gt, annotations }, dt: withoutCategory(dt, order) }, name);
  });
});

describe('rejected where the reference raises', () => {
  test('dt_unknown_image', async () => {
    expect(raises('dt_unknown_image', 'segm')).toMatch(/do not correspond/);
    const [problem] = await isRejected(quirk('dt_unknown_image'));
    expect(problem).toMatchObject({ code: 'unknown-image', record: 1, message: expect.stringContaining('image 99') });
  });

  test('dt_without_score', async () => {
    expect(raises('dt_without_score', 'bbox')).toMatch(/score/);
    expect(await isRejected(quirk('dt_without_score'))).toMatchObject([{ code: 'score-missing', record: 2 }]);
  });

  test('polygon_with_4_numbers, which the reference takes for a box before it raises', async () => {
    expect(raises('polygon_with_4_numbers', 'segm')).toMatch(/TypeError/);
    expect(await isRejected(quirk('polygon_with_4_numbers'))).toMatchObject([
      { code: 'bad-polygon', record: 1, message: expect.stringContaining('4 numbers') },
    ]);
  });
});

describe('deliberate differences', () => {
  test('an annotation with id 0 counts like any other (the reference reads it as “unmatched”)', async () => {
    await isScoredAs(quirk('gt_id_zero'), 'baseline');
    expect(theirs('gt_id_zero', 'segm').AP).toBeCloseTo(0.64158, 5);
  });

  test.each(['gt_duplicate_id', 'gt_duplicate_id_across_images'])(
    'two annotations with one id are both kept, with a warning (the reference replaces the first): %s',
    async (name) => {
      const { warnings } = await isScoredAs(quirk(name), 'baseline');
      expect(warnings.groundTruth).toMatchObject([{ code: 'duplicate-annotation-id', count: 1 }]);
      expect(theirs(name, 'segm').AP).toBeLessThan(0.7);
    },
  );

  test('a mask of another size than its image rejects the file (the reference scores it as a miss)', async () => {
    expect(await isRejected(quirk('rle_size_mismatch'))).toMatchObject([{ code: 'wrong-mask-size', record: 1 }]);
    expect(theirs('rle_size_mismatch', 'segm').AP).toBeCloseTo(0.8333, 4);
  });

  test('a slice without detections has AP 0 and AFNR 1 (the reference cannot read an empty list)', async () => {
    const { gt, dt } = quirk('baseline');
    const { results } = await run({ gt, dt: dt.filter(({ image_id }) => image_id === 1) });
    for (const evaluation of EVALUATIONS)
      expect(results[evaluation]!.cellTypes.BV2).toMatchObject({ AP: 0, AFNR: 1, objects: 2, detections: 0 });
  });

  test('a file without any detection is rejected all the same', async () => {
    expect(raises('no_detections', 'segm')).toMatch(/IndexError/);
    expect(await isRejected(quirk('no_detections'))).toMatchObject([{ code: 'no-detections' }]);
  });

  test('uncompressed RLE needs no box', async () => {
    expect(raises('dt_uncompressed_rle', 'segm')).toMatch(/TypeError/);
    await isScoredAs(quirk('dt_uncompressed_rle'), 'baseline');
    const { gt, dt } = quirk('dt_uncompressed_rle');
    await isScoredAs({ gt, dt: dt.map(({ bbox: _, ...rest }) => rest) }, 'baseline');
  });

  test('polygons need no box', async () => {
    expect(raises('dt_polygon', 'segm')).toMatch(/TypeError/);
    await isScoredAs(quirk('dt_polygon'), 'baseline');
    const { gt, dt } = quirk('dt_polygon');
    await isScoredAs({ gt, dt: dt.map(({ bbox: _, ...rest }) => rest) }, 'baseline');
  });

  test('an empty box in the first detection is no box', async () => {
    expect(raises('first_dt_empty_bbox', 'bbox')).toMatch(/Exception/);
    await isScoredAs(quirk('first_dt_empty_bbox'), 'baseline');
    await isScoredAs(quirk('first_dt_empty_bbox'), 'first_dt_empty_bbox', ['segm']);
  });

  test('an annotation without iscrowd is not a crowd region', async () => {
    expect(raises('gt_without_iscrowd', 'segm')).toMatch(/KeyError/);
    await isScoredAs(quirk('gt_without_iscrowd'), 'baseline');
  });

  test('an annotation without area has its mask’s pixels', async () => {
    expect(raises('gt_without_area', 'segm')).toMatch(/KeyError/);
    await isScoredAs(quirk('gt_without_area'), 'baseline');
  });

  test('detections without masks are scored as boxes only, and the report says so (the reference takes boxes for masks)', async () => {
    const { results, warnings } = await run(quirk('dt_box_only'));
    expect(results.segm).toBeUndefined();
    expect(warnings.predictions).toMatchObject([{ code: 'no-mask', count: 5 }]);
    expect(theirs('dt_box_only', 'segm').AP).toBe(1);
  });

  test('a box beside a mask does not decide the mask’s size class, as LIVECell removes it (stock COCO keeps it)', async () => {
    // the same detections in a file whose first has no box: there the reference measures masks, too
    await isScoredAs(quirk('segm_bbox_kept'), 'first_dt_without_bbox', ['segm']);
    expect(theirs('segm_bbox_kept', 'segm').APs).toBe(1);
  });

  test('empty masks and boxes beyond the border are legal and scored, with a warning', async () => {
    const empty = await run(quirk('zero_length_foreground'));
    expect(codes(empty.warnings.predictions)).toEqual(['empty-mask']);
    const beyond = await run(quirk('segm_bbox_kept'));
    expect(codes(beyond.warnings.predictions)).toEqual(['box-beyond-border']);
  });

  test('zero-size boxes are legal and scored, with a warning', async () => {
    const { gt, dt } = quirk('baseline');
    const point: Detection = { ...dt[0], bbox: [5, 5, 0, 0], score: 0.1 };
    const { results, warnings } = await run({ gt, dt: [...dt, point] });
    expect(codes(warnings.predictions)).toEqual(['empty-box']);
    expect(results.bbox.overall.detections).toBe(6);
  });
});

test('every document has been looked at', () => {
  expect([...quirks.keys()].filter((name) => !looked.has(name))).toEqual([]);
  expect(quirks.size).toBe(29);
});
