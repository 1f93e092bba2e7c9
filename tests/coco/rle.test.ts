/** Run-length masks against maskApi.c: strings, runs, areas, boxes, overlaps and unions, number for number. */
import { describe, expect, test } from 'vitest';
import {
  appendIntervals,
  appendUnion,
  BAD_CHARACTER,
  CountsBuffer,
  CUT_STRING,
  countsFromIntervals,
  decodeCounts,
  encodeCounts,
  IntervalBuffer,
  intersection,
  type Mask,
  maskArea,
  maskBox,
  NEGATIVE_RUN,
} from '#lib/coco/rle.ts';
import { readGolden } from '#tests/parity/golden-files.ts';
import { bytesOf, packGroundTruth, packPredictions, type Rle } from './documents.ts';
import { matchedPairs } from './matched-pairs.ts';

interface RleCase {
  size: [number, number];
  counts: string;
  runs: number[];
  area: number;
  bbox: number[];
}
interface MaskCases {
  rle: RleCase[];
  polygons: { rle: RleCase }[];
  iou: {
    mask: { dt: Rle[]; gt: Rle[]; iscrowd: number[]; iou: number[][] }[];
    box: { dt: number[][]; gt: number[][]; iscrowd: number[]; iou: number[][] }[];
    merge: { rles: Rle[]; union: Rle; intersect: Rle }[];
  };
}

const cases = readGolden<MaskCases>('cases/mask_cases.json.gz');
const masks = [...cases.rle, ...cases.polygons.map(({ rle }) => rle)];

/** Decodes a string as it stands in a JSON file, escapes and all. */
function decodeLiteral(literal: string): number[] | number {
  const bytes = bytesOf(literal);
  const counts = new CountsBuffer();
  const runs = decodeCounts(bytes, 0, bytes.length, counts);
  return runs < 0 ? runs : [...counts.data.subarray(0, runs)];
}

const decode = (text: string): number[] | number => decodeLiteral(JSON.stringify(text).slice(1, -1));

function intervalsOf(runs: number[]): Uint32Array {
  const into = new IntervalBuffer();
  appendIntervals(runs, runs.length, into);
  return into.data.slice(0, into.length);
}

const intervalsOfRle = ({ counts }: Rle): Uint32Array => intervalsOf(decode(counts as string) as number[]);

function unionOf(parts: Uint32Array[]): Uint32Array {
  const into = new IntervalBuffer();
  appendUnion(
    parts.map((data) => ({ data, from: 0, to: data.length })),
    into,
  );
  return into.data.slice(0, into.length);
}

/** The pixels that a mask does not have. */
function complement(mask: Uint32Array, size: number): Uint32Array {
  const runs = [0, ...countsFromIntervals(mask, 0, mask.length, size)];
  return intervalsOf(runs);
}

const whole = (data: Uint32Array): Mask => ({ data, from: 0, to: data.length });
const allShared = (a: Uint32Array, b: Uint32Array): number => intersection(whole(a), whole(b));
const areaOf = (mask: Uint32Array): number => maskArea(mask, 0, mask.length);

describe(`the ${masks.length} masks of the reference`, () => {
  test('strings become their runs, empty ones included', () => {
    for (const { counts, runs } of masks) expect(decode(counts)).toEqual(runs);
  });

  test('runs become their strings', () => {
    for (const { counts, runs } of masks) expect(encodeCounts(runs)).toBe(counts);
  });

  test('runs add up to the image, and keep their pixels as intervals', () => {
    for (const { size, runs, area } of masks) {
      const into = new IntervalBuffer();
      expect(appendIntervals(runs, runs.length, into)).toBe(size[0] * size[1]);
      expect(maskArea(into.data, 0, into.length)).toBe(area);
    }
  });

  test('intervals are sorted and apart', () => {
    for (const { runs } of masks) {
      const mask = intervalsOf(runs);
      expect(mask.every((position, k) => k === 0 || position > mask[k - 1])).toBe(true);
    }
  });

  test('intervals give back the runs, without the empty ones', () => {
    for (const { size, runs } of masks) {
      const mask = intervalsOf(runs);
      const back = countsFromIntervals(mask, 0, mask.length, size[0] * size[1]);
      expect(intervalsOf(back)).toEqual(mask);
      expect(back.slice(1).every((run) => run > 0)).toBe(true);
      if (runs.slice(1).every((run) => run > 0)) expect(back).toEqual(runs);
    }
  });

  test('boxes are the reference’s, wrapped unsigned numbers included', () => {
    const box = new Float64Array(4);
    for (const { size, runs, bbox } of masks) {
      const mask = intervalsOf(runs);
      maskBox(whole(mask), { height: size[0], width: size[1], hadForegroundRuns: runs.length > 1 }, box, 0);
      expect([...box]).toEqual(bbox);
    }
  });
});

test('a mask that passes a column’s end has a box of full height', () => {
  const box = new Float64Array(4);
  const mask = Uint32Array.of(8, 12); // rows 8 and 9 of column 0, rows 0 and 1 of column 1
  maskBox({ data: mask, from: 0, to: 2 }, { height: 10, width: 5, hadForegroundRuns: true }, box, 0);
  expect([...box]).toEqual([0, 0, 2, 10]);
});

// the width once came out as 2^32 where the reference's 32-bit arithmetic wraps once more
test('the wrapped box of a mask whose foreground runs are all empty, in images of one column or row', () => {
  const box = new Float64Array(4);
  const of = (height: number, width: number): number[] => {
    maskBox(whole(new Uint32Array(0)), { height, width, hadForegroundRuns: true }, box, 0);
    return [...box];
  };
  expect(of(8, 8)).toEqual([8, 8, 2 ** 32 - 7, 2 ** 32 - 7]);
  expect(of(40, 1)).toEqual([1, 40, 0, 2 ** 32 - 39]);
  expect(of(1, 40)).toEqual([40, 1, 2 ** 32 - 39, 0]);
});

test.each([
  ['', []],
  ['0', [0]],
  ['4', [4]],
])('the string “%s” is the runs %j', (text, runs) => {
  expect(decode(text)).toEqual(runs);
});

test('a string with JSON escapes is read as the text it stands for', () => {
  // the backslash is character 44 of the code: 12, and more to come
  for (const literal of [String.raw`\\1`, String.raw`\u005c1`, String.raw`\u005C\u0031`]) {
    expect(decodeLiteral(literal)).toEqual([12 + 32]);
  }
});

test.each([
  ['a character below “0”', '3 2', BAD_CHARACTER],
  ['a character above “o”', '3p', BAD_CHARACTER],
  ['an escape that is not of the alphabet', String.raw`3\n2`, BAD_CHARACTER],
  ['an escape cut short', String.raw`3\u00`, BAD_CHARACTER],
  ['an end in the middle of a number', '3Q', CUT_STRING],
  ['a negative run', 'O', NEGATIVE_RUN],
  ['a difference that makes a run negative', '111A', NEGATIVE_RUN],
  ['a number beyond all images', 'oooooooooooo0', NEGATIVE_RUN],
])('a string with %s is refused', (_what, literal, code) => {
  expect(decodeLiteral(literal)).toBe(code);
});

test('overlaps of masks are the reference’s, crowd regions included', () => {
  for (const { dt, gt, iscrowd, iou } of sameSizeCases()) {
    const ours = dt.map((d) =>
      gt.map((g, k) => {
        const a = intervalsOfRle(d);
        const b = intervalsOfRle(g);
        const shared = allShared(a, b);
        expect(allShared(b, a)).toBe(shared);
        return shared === 0 ? 0 : shared / (iscrowd[k] ? areaOf(a) : areaOf(a) + areaOf(b) - shared);
      }),
    );
    expect(ours).toEqual(iou);
  }
});

test('matching sees the same overlaps of masks at and above 0.5', async () => {
  for (const { dt, gt, iscrowd, iou } of sameSizeCases()) {
    const [height, width] = dt[0].size;
    const dataset = await packGroundTruth({
      images: [{ id: 1, file_name: 'a.tif', height, width }],
      annotations: gt.map((segmentation, k) => ({ id: k + 1, image_id: 1, segmentation, iscrowd: iscrowd[k] })),
    });
    const detections = dt.map((segmentation) => ({ image_id: 1, score: 0.5, segmentation }));
    const predictions = await packPredictions(detections, dataset);
    expect(matchedPairs(dataset, predictions, 'segm')).toEqual(above(iou));
  }
});

test('matching sees the reference’s overlaps of boxes at and above 0.5, crowd regions included', async () => {
  let seen = 0;
  const legal = ([, , w, h]: number[]): boolean => w >= 0 && h >= 0;
  for (const { dt, gt, iscrowd, iou } of cases.iou.box) {
    // boxes of negative size are rejected by readers
    if (![...dt, ...gt].every(legal)) continue;
    const dataset = await packGroundTruth({
      images: [{ id: 1, file_name: 'a.tif', height: 64, width: 64 }],
      annotations: gt.map((bbox, k) => ({
        id: k + 1,
        image_id: 1,
        bbox,
        iscrowd: iscrowd[k],
        segmentation: { size: [64, 64], counts: [4096] },
      })),
    });
    const detections = dt.map((bbox) => ({ image_id: 1, score: 0.5, bbox }));
    const pairs = matchedPairs(dataset, await packPredictions(detections, dataset), 'bbox');
    expect(pairs).toEqual(above(iou));
    seen += pairs.length;
  }
  expect(seen).toBeGreaterThan(40);
});

/** The mask cases without ground truth of another size (IoU -1 there): readers reject it before anything is compared. */
function sameSizeCases(): MaskCases['iou']['mask'] {
  return cases.iou.mask.map(({ dt, gt, iscrowd, iou }) => {
    const fits = gt.map(({ size }) => String(size) === String(dt[0].size));
    const kept = <T>(row: T[]): T[] => row.filter((_, g) => fits[g]);
    return { dt, gt: kept(gt), iscrowd: kept(iscrowd), iou: iou.map(kept) };
  });
}

function above(iou: number[][]): [number, number, number][] {
  return iou.flatMap((row, d) =>
    row.flatMap((value, g): [number, number, number][] => (value >= 0.5 ? [[d, g, value]] : [])),
  );
}

test('unions of masks are the reference’s', () => {
  for (const { rles, union, intersect } of cases.iou.merge) {
    const size = union.size[0] * union.size[1];
    const parts = rles.map(intervalsOfRle);
    expect(unionOf(parts)).toEqual(intervalsOfRle(union));
    // what all share is what no complement has
    const shared = complement(unionOf(parts.map((part) => complement(part, size))), size);
    expect(shared).toEqual(intervalsOfRle(intersect));
  }
});
