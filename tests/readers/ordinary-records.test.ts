/**
 * The short way through a file (WebAssembly) and the long way (JavaScript) give the same, whatever the records are and
 * wherever the file is cut into chunks: columns, warnings, problems with their record numbers.
 */
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Dataset, Objects } from '#lib/coco/dataset.ts';
import { countsFromIntervals, encodeCounts } from '#lib/coco/rle.ts';
import { readGroundTruth, WrongFile } from '#lib/readers/ground-truth.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { OrdinaryRecords } from '#lib/readers/ordinary-records.ts';
import { readPredictions } from '#lib/readers/predictions.ts';
import { bytesOf, maskOf, packGroundTruth } from '#tests/coco/documents.ts';

const HEIGHT = 40;
const WIDTH = 50;
const images = [
  { id: 7, file_name: 'A172_Phase_A7_1_00d00h00m_1.tif', width: WIDTH, height: HEIGHT },
  { id: 3, file_name: 'A172_Phase_A7_1_00d00h00m_2.tif', width: WIDTH, height: HEIGHT },
  { id: 900719, file_name: 'BV2_Phase_A7_1_00d00h00m_1.tif', width: HEIGHT, height: WIDTH },
];
const categories = [{ id: 1, name: 'cell' }];

let dataset: Dataset;
beforeAll(async () => {
  dataset = await packGroundTruth({
    images,
    categories,
    annotations: [
      { id: 1, image_id: 7, category_id: 1, segmentation: [[1, 1, 1, 5, 5, 5]], area: 16, bbox: [1, 1, 4, 4] },
    ],
  } as never);
});
afterEach(() => void vi.restoreAllMocks());

// --- what files are made of ---

/** A number as programs write them, and as they do not. */
const decimal = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 60, noNaN: true }).map(String) },
  { weight: 3, arbitrary: fc.tuple(fc.nat(60), fc.nat(99)).map(([a, b]) => `${a}.${b}`) },
  { weight: 2, arbitrary: fc.nat(60).map(String) },
  // up to the most digits that are taken the short way, and more
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(999), fc.stringMatching(/^0{0,4}[0-9]{1,20}$/))
      .map(([whole, fraction]) => `${whole / 1000 < 0.2 ? 0 : whole % 60}.${fraction}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('-0', '-0.5', '1e1', '2.5E-3', '0.000', '00.5', '1e999', 'NaN', '"7"', 'null', '[]'),
  },
);

const maskOfSize = (size: number) =>
  fc
    .uniqueArray(fc.nat(size), { minLength: 0, maxLength: 24 })
    .map((cuts) => cuts.sort((a, b) => a - b))
    .map((cuts) => Uint32Array.from(cuts.slice(0, cuts.length & ~1)))
    .map((intervals) => encodeCounts(countsFromIntervals(intervals, 0, intervals.length, size)));

const counts = fc.oneof(
  { weight: 16, arbitrary: maskOfSize(HEIGHT * WIDTH) },
  { weight: 1, arbitrary: maskOfSize(HEIGHT * WIDTH - 1) },
  { weight: 1, arbitrary: maskOfSize(HEIGHT * WIDTH + WIDTH) },
  // runs of length 0, sums that are too small or large, characters of other codes
  { weight: 1, arbitrary: fc.array(fc.nat(900), { maxLength: 6 }).map(encodeCounts) },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);

const segmentation = fc.oneof(
  {
    weight: 8,
    arbitrary: counts.map((text) => `{"size": [${HEIGHT}, ${WIDTH}], "counts": ${JSON.stringify(text)}}`),
  },
  {
    weight: 1,
    arbitrary: counts.map((text) => `{"counts": ${JSON.stringify(text)}, "size": [${WIDTH}, ${HEIGHT}]}`),
  },
  {
    weight: 4,
    arbitrary: fc
      .array(
        fc.array(
          fc.oneof(
            { weight: 9, arbitrary: fc.double({ min: -5, max: 60, noNaN: true }).map(String) },
            { weight: 1, arbitrary: decimal },
          ),
          {
            minLength: 4,
            maxLength: 30,
          },
        ),
        { minLength: 1, maxLength: 2 },
      )
      .map((parts) => JSON.stringify(parts).replaceAll('"', '')),
  },
  { weight: 1, arbitrary: fc.constantFrom('null', '[]', '7', '{}', '{"size": [40, 50], "counts": [0, 2000]}') },
);

interface Fields {
  image_id: string;
  category_id: string | null;
  bbox: string | null;
  score: string;
  segmentation: string | null;
  area: string | null;
  iscrowd: string | null;
  id: string;
  mask_score: string | null;
  note: string | null;
}
const fields: fc.Arbitrary<Fields> = fc.record({
  image_id: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('7', '3', '900719') },
    { weight: 1, arbitrary: fc.constantFrom('4', '"7"', '7.0', 'null') },
  ),
  category_id: fc.oneof(
    { weight: 12, arbitrary: fc.constant('1') },
    { weight: 1, arbitrary: fc.constantFrom('2', '"1"', null) },
  ),
  bbox: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.nat(30), fc.nat(25), decimal, fc.nat(12)).map((four) => `[${four.join(', ')}]`),
    },
    { weight: 2, arbitrary: fc.array(decimal, { minLength: 4, maxLength: 4 }).map((four) => `[${four.join(',')}]`) },
    { weight: 1, arbitrary: fc.constantFrom(null, 'null', '[]', '[1, 2, 3]', '[1, 2, 3, 4, 5]') },
  ),
  score: fc.oneof(
    { weight: 9, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map(String) },
    { weight: 1, arbitrary: decimal },
  ),
  segmentation,
  area: fc.option(decimal),
  iscrowd: fc.constantFrom(null, '0', '1', 'true', 'false'),
  id: fc.nat().map(String),
  mask_score: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: decimal }),
  note: fc.constantFrom(null, null, 'true', '"plain"', '"a \\"quoted\\" one"', '{"deep": [1]}', '12.5'),
});

const ORDERS: (keyof Fields)[][] = [
  ['image_id', 'category_id', 'bbox', 'score', 'segmentation'],
  ['id', 'image_id', 'category_id', 'segmentation', 'area', 'bbox', 'iscrowd', 'score'],
  ['segmentation', 'score', 'image_id', 'bbox', 'note', 'category_id'],
  ['image_id', 'note', 'bbox', 'mask_score', 'score', 'segmentation', 'note'],
  ['image_id', 'score', 'bbox', 'segmentation', 'category_id', 'segmentation', 'bbox'],
];

/** A list of records, all in one order of keys but for a few, with one sort of white space. */
const list = fc
  .record({
    records: fc.array(fields, { minLength: 2, maxLength: 12 }),
    order: fc.constantFrom(...ORDERS),
    other: fc.constantFrom(...ORDERS),
    rarely: fc.nat(11),
    space: fc.constantFrom('', ' ', '\n  ', '\r\n\t'),
  })
  .map(({ records, order, other, rarely, space }) => {
    const written = records.map((record, k) =>
      (k === rarely ? other : order)
        .map((name, at, names): [string, string | null] => [
          name,
          // a key that comes twice has another value then
          (names.indexOf(name) < at ? records[(k + 1) % records.length] : record)[name],
        ])
        .filter(([, value]) => value !== null)
        .map(([name, value]) => `${space}"${name}":${space && ' '}${value}`)
        .join(','),
    );
    return `[${written.map((inside) => `{${inside}${space}}`).join(`,${space}`)}]`;
  });

// --- reading both ways ---

function columns(objects: Objects): unknown {
  const { count, image, box, area, crowd, score, maskScore, maskArea, maskExtent } = objects;
  return {
    masks: Array.from({ length: count }, (_, k) => [...maskOf(objects, k)]),
    ...{ image, box, area, crowd, score, maskScore, maskArea, maskExtent },
  };
}

async function outcome(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof WrongFile) return { problems: error.problems, warnings: error.warnings };
    throw error;
  }
}

function inChunks(text: string, chunk: number): Uint8Array[] {
  const bytes = bytesOf(text);
  return Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, k) => bytes.subarray(k * chunk, (k + 1) * chunk));
}

const predictions = (text: string, chunk: number) =>
  outcome(async () => {
    const { detections, warnings, ...rest } = await readPredictions(() => inChunks(text, chunk), {
      images: dataset.images,
      category: 1,
    });
    return { ...(columns(detections as Objects) as object), warnings, rest };
  });

const groundTruth = (annotations: string, chunk: number) =>
  outcome(async () => {
    const text = `{"images": ${JSON.stringify(images)}, "categories": ${JSON.stringify(categories)}, "annotations": ${annotations}}`;
    const { objects, objectStart, meta } = await readGroundTruth(
      () => inChunks(text, chunk),
      () => 'sha',
    );
    return { ...(columns(objects) as object), objectStart, meta };
  });

async function bothWays(read: () => Promise<unknown>): Promise<[short: unknown, long: unknown]> {
  const short = await read();
  const spy = vi.spyOn(OrdinaryRecords.prototype, 'take').mockReturnValue(null);
  try {
    return [short, await read()];
  } finally {
    spy.mockRestore();
  }
}

describe('the short way and the long way', () => {
  test('give the same predictions', async () => {
    await fc.assert(
      fc.asyncProperty(list, fc.integer({ min: 40, max: 4000 }), async (text, chunk) => {
        const [short, long] = await bothWays(() => predictions(text, chunk));
        expect(short).toEqual(long);
      }),
      { numRuns: 600 },
    );
  });

  test('give the same ground truth', async () => {
    await fc.assert(
      fc.asyncProperty(list, fc.integer({ min: 40, max: 4000 }), async (text, chunk) => {
        const [short, long] = await bothWays(() => groundTruth(text, chunk));
        expect(short).toEqual(long);
      }),
      { numRuns: 600 },
    );
  });

  test('numbers are those of the language', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 1e-4, max: 45, noNaN: true }), { minLength: 8, maxLength: 8 }),
        async (values) => {
          const record = (x: number) => `{"image_id": 7, "score": ${x}, "bbox": [0, 0, ${x}, 1]}`;
          const result = (await predictions(`[${values.map(record)}]`, 1 << 16)) as {
            score: Float64Array;
            box: Float64Array;
          };
          expect([...result.score]).toEqual(values);
          expect([...result.box].filter((_, k) => k % 4 === 2)).toEqual(values);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the short way is taken', () => {
  const record = (k: number, more = '') =>
    `{"image_id": ${[7, 3][k & 1]}, "category_id": 1, "bbox": [1.5, 2.25, 10, ${1 + (k % 200) / 7}], "score": ${1 / (k + 1)}, "segmentation": {"size": [40, 50], "counts": ${JSON.stringify(encodeCounts([41 + (k % 7), 12, 1947 - (k % 7)]))}}${more}}`;

  async function takenOf(text: string): Promise<number> {
    const spy = vi.spyOn(OrdinaryRecords.prototype, 'take');
    await predictions(text, 1 << 16);
    return spy.mock.results.reduce((sum, { value }) => sum + (value?.image.length ?? 0), 0);
  }

  test.each<[string, (text: string) => string]>([
    ['compact', (text) => JSON.stringify(JSON.parse(text))],
    ['as Python writes it', (text) => text],
    ['indented', (text) => JSON.stringify(JSON.parse(text), null, 2)],
  ])('by all records but the first: %s', async (_how, write) => {
    const text = write(`[${Array.from({ length: 9000 }, (_, k) => record(k + 1)).join(', ')}]`);
    expect(await takenOf(text)).toBe(8999);
  });

  test('by those between odd ones', async () => {
    const odd = (k: number) => record(k, ', "odd": {"a": []}');
    const text = `[${Array.from({ length: 1000 }, (_, k) => (k % 10 === 9 ? odd(k + 1) : record(k + 1))).join(', ')}]`;
    expect(await takenOf(text)).toBe(899);
  });

  test('within the budget of an image', async () => {
    const text = `[${Array.from({ length: LIMITS.detectionsPerImage + 2 }, () => record(1)).join(', ')}]`;
    expect(await predictions(text, 1 << 16)).toMatchObject({
      problems: [{ code: 'too-many-detections-in-image', record: LIMITS.detectionsPerImage + 1 }],
    });
  });
});
