/**
 * The short way through a file (WebAssembly) and the long way (JavaScript) give the same, whatever the records are and
 * wherever the file is cut into chunks: columns, warnings, problems with their record numbers.
 */

import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Dataset, Objects } from '#lib/coco/dataset.ts';
import { countsFromIntervals, encodeCounts } from '#lib/coco/rle.ts';
import { FileRejected } from '#lib/problems.ts';
import { OrdinaryRecords } from '#lib/readers/coco/fast-records.ts';
import { readGroundTruth } from '#lib/readers/coco/ground-truth.ts';
import { readPredictions } from '#lib/readers/coco/predictions.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { bytesOf, maskOf, packGroundTruth } from '#tests/coco/documents.ts';
import fc from '#tests/properties.ts';

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

/** A number from 0 to `below` as programs write them. */
const decimal = (below: number) =>
  fc.oneof(
    fc.double({ min: 0, max: below, noNaN: true }).map(String),
    fc.tuple(fc.nat(below - 1), fc.nat(99)).map(([a, b]) => `${a}.${b}`),
    fc.nat(below).map(String),
    // up to the most digits that are taken the short way, and more
    fc
      .tuple(fc.boolean(), fc.nat(below - 1), fc.stringMatching(/^0{0,4}[0-9]{1,20}$/))
      .map(([zero, whole, fraction]) => `${zero ? 0 : whole}.${fraction}`),
  );

const ODD_NUMBERS = ['-0', '-0.5', '99.5', '1e1', '2.5E-3', '0.000', '00.5', '1e999', 'NaN', '"7"', 'null', '[]'];

const maskOfSize = (size: number, minLength = 0) =>
  fc
    .uniqueArray(fc.nat(size), { minLength, maxLength: 24 })
    .map((cuts) => cuts.sort((a, b) => a - b))
    .map((cuts) => Uint32Array.from(cuts.slice(0, cuts.length & ~1)))
    .map((intervals) => encodeCounts(countsFromIntervals(intervals, 0, intervals.length, size)));

const polygon = (coordinate: fc.Arbitrary<string>, minLength: number) =>
  fc.array(coordinate, { minLength, maxLength: 30 }).map((numbers) => `[${numbers.join(', ')}]`);
const coordinate = fc.oneof(
  fc.integer({ min: -500, max: 6000 }).map((x) => String(x / 100)),
  fc.integer({ min: -5e9, max: 6e10 }).map((x) => String(x / 999_999_999)),
);

const rle = (counts: string) => `{"size": [${HEIGHT}, ${WIDTH}], "counts": ${JSON.stringify(counts)}}`;

const usualSegmentation = fc.oneof(
  { weight: 3, arbitrary: maskOfSize(HEIGHT * WIDTH, 2).map(rle) },
  { weight: 2, arbitrary: polygon(coordinate, 6).map((part) => `[${part}]`) },
);
const oddSegmentation = fc.oneof(
  maskOfSize(HEIGHT * WIDTH).map(rle),
  // masks of another size, empty runs, characters of other codes
  maskOfSize(HEIGHT * WIDTH - 1).map(rle),
  maskOfSize(HEIGHT * WIDTH + WIDTH).map(rle),
  fc
    .tuple(fc.nat(500), fc.nat(500), fc.nat(500), fc.nat(2))
    .map(([a, b, c, at]) => [a, b, c, HEIGHT * WIDTH - a - b - c].toSpliced(at + 1, 0, 0))
    .map((runs) => rle(encodeCounts(runs))),
  fc.string({ maxLength: 12 }).map(rle),
  maskOfSize(HEIGHT * WIDTH).map((counts) => `{"counts": ${JSON.stringify(counts)}, "size": [${HEIGHT}, ${WIDTH}]}`),
  fc
    .array(polygon(fc.oneof(coordinate, fc.constantFrom(...ODD_NUMBERS)), 4), { maxLength: 3 })
    .map((parts) => `[${parts}]`),
  fc.constantFrom('null', '[]', '7', '{}', '{"size": [40, 50], "counts": [0, 2000]}'),
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

/** Right in every respect; or, now and then, not. */
function fieldsOf(odd: boolean): fc.Arbitrary<Fields> {
  const mostly = <T>(usual: fc.Arbitrary<T>, ...rare: fc.Arbitrary<T>[]): fc.Arbitrary<T> =>
    odd ? fc.oneof({ weight: 12, arbitrary: usual }, ...rare) : usual;
  const oddNumber = fc.constantFrom(...ODD_NUMBERS);
  return fc.record<Fields>({
    image_id: mostly(fc.constantFrom('7', '3'), fc.constantFrom('900719', '4', '"7"', '7.0', 'null')),
    category_id: mostly(fc.constant('1'), fc.constantFrom('2', '"1"', null)),
    bbox: mostly(
      fc
        .tuple(decimal(30), decimal(25), decimal(18), fc.nat(12))
        .map(([x, y, width, height]) => `[${x}, ${y}, ${width}, ${height + 1}]`),
      fc.array(fc.oneof(decimal(60), oddNumber), { minLength: 4, maxLength: 4 }).map((four) => `[${four}]`),
      fc.constantFrom(null, 'null', '[]', '[1, 2, 3]', '[1, 2, 3, 4, 5]'),
    ),
    score: mostly(decimal(1), oddNumber),
    segmentation: mostly(usualSegmentation, oddSegmentation),
    area: mostly(fc.option(decimal(60)), oddNumber),
    iscrowd: mostly(fc.constantFrom(null, '0', '1'), fc.constantFrom('true', 'false')),
    id: fc.nat().map(String),
    mask_score: mostly(fc.constant(null), decimal(1), oddNumber),
    note: mostly(
      fc.constantFrom(null, 'true', '"plain"', '12.5'),
      fc.constantFrom('"a \\"quoted\\" one"', '{"deep": [1]}'),
    ),
  });
}

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
    records: fc.boolean().chain((odd) => fc.array(fieldsOf(odd), { minLength: 2, maxLength: 12 })),
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
    image,
    box,
    area,
    crowd,
    score,
    maskScore,
    maskArea,
    maskExtent,
  };
}

async function outcome(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof FileRejected) return { problems: error.problems, warnings: error.warnings };
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
  const spy = vi.spyOn(OrdinaryRecords.prototype, 'takeRecords').mockReturnValue(null);
  try {
    return [short, await read()];
  } finally {
    spy.mockRestore();
  }
}

// --- files that are odd as a whole ---

type Rectangle = { box: [x: number, y: number, width: number, height: number]; runs: number[] };

/** Column by column, a filled rectangle. */
function runsOf(x: number, y: number, width: number, height: number): number[] {
  const runs = [x * HEIGHT + y];
  for (let column = 0; column < width; column++) runs.push(height, HEIGHT - height);
  runs[runs.length - 1] += HEIGHT * WIDTH - runs.reduce((sum, run) => sum + run);
  return runs;
}

const DISTORTIONS: Record<string, (usual: Rectangle) => Rectangle> = {
  shifted: ({ box: [x, y, width, height], runs }) => ({ box: [x + 20, y, width, height], runs }),
  corners: ({ box: [x, y, width, height], runs }) => ({ box: [x, y, x + width, y + height], runs }),
  centres: ({ box: [x, y, width, height], runs }) => ({ box: [x + width / 2, y + height / 2, width, height], runs }),
  fractions: ({ box, runs }) => ({ box: box.map((end) => end / 50) as Rectangle['box'], runs }),
  inverted: ({ runs }) => ({ box: [0, 0, WIDTH, HEIGHT], runs: [0, ...runs] }),
  striped: ({ box: [x, y, width] }) => {
    const runs = Array.from({ length: width }, () => [1, 3, 1, 3, 1, HEIGHT - 9]).flat();
    runs[runs.length - 1] += HEIGHT * (WIDTH - x - width) - y;
    return { box: [x, y, width, 9], runs: [x * HEIGHT + y, ...runs] };
  },
  scattered: ({ box: [x, y] }) => {
    const last = HEIGHT * WIDTH - (x * HEIGHT + y) - 2;
    return { box: [0, 0, WIDTH, HEIGHT], runs: [x * HEIGHT + y, 1, last, 1] };
  },
};

/** The k-th of a list of detections. */
function rectangle(k: number, distort: (usual: Rectangle) => Rectangle): string {
  const [x, y, width, height] = [k % 12, k % 9, 5 + (k % 4), 6 + (k % 5)];
  const { box, runs } = distort({ box: [x, y, width, height], runs: runsOf(x, y, width, height) });
  return `{"image_id": 7, "category_id": 1, "bbox": [${box}], "score": ${1 / (k + 2)}, "segmentation": ${rle(encodeCounts(runs))}}`;
}

describe('the short way and the long way', () => {
  test('give the same predictions', async () => {
    await fc.assert(
      fc.asyncProperty(list, fc.integer({ min: 40, max: 4000 }), async (text, chunk) => {
        const [short, long] = await bothWays(() => predictions(text, chunk));
        expect(short).toEqual(long);
      }),
    );
  });

  test('give the same ground truth', async () => {
    await fc.assert(
      fc.asyncProperty(list, fc.integer({ min: 40, max: 4000 }), async (text, chunk) => {
        const [short, long] = await bothWays(() => groundTruth(text, chunk));
        expect(short).toEqual(long);
      }),
    );
  });

  test('warn of the same odd masks and boxes, whatever their share', async () => {
    const codes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(DISTORTIONS)),
        fc.nat(30),
        fc.boolean(),
        async (distortion, odd, first) => {
          const records = Array.from({ length: 30 }, (_, k) =>
            rectangle(k, (first ? k < odd : k >= 30 - odd) ? DISTORTIONS[distortion] : (usual) => usual),
          );
          const [short, long] = await bothWays(() => predictions(`[${records.join(', ')}]`, 1 << 16));
          expect(short).toEqual(long);
          for (const { code } of (short as { warnings: { code: string }[] }).warnings) codes.add(code);
        },
      ),
    );
    expect([...codes]).toEqual(
      expect.arrayContaining([
        'masks-outside-boxes',
        'masks-cover-background',
        'hollow-masks',
        'scattered-masks',
        'boxes-in-another-convention',
      ]),
    );
  });

  test.each(['\\u005c', '\\0', '\\/'])('see what %s stands for where the code has a backslash', async (escaped) => {
    const record = (counts: string) => `{"image_id": 7, "score": 0.5, "segmentation": ${rle(counts)}}`;
    const usual = record(encodeCounts([44, 12, 1944]));
    expect(usual).toContain('\\\\');
    const text = `[${usual}, ${usual}, ${usual.replace('\\\\', escaped)}]`;
    const [short, long] = await bothWays(() => predictions(text, 1 << 16));
    expect(short).toEqual(long);
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
    );
  });
});

describe('the short way is taken', () => {
  const record = (k: number, more = '') =>
    `{"image_id": ${[7, 3][k & 1]}, "category_id": 1, "bbox": [1.5, 2.25, 10, ${1 + (k % 200) / 7}], "score": ${1 / (k + 1)}, "segmentation": {"size": [40, 50], "counts": ${JSON.stringify(encodeCounts([41 + (k % 7), 12, 28, 15 - (k % 5), 25 + (k % 3), 9, 1870 - (k % 7) + (k % 5) - (k % 3)]))}}${more}}`;

  async function takenOf(text: string): Promise<number> {
    const spy = vi.spyOn(OrdinaryRecords.prototype, 'takeRecords');
    await predictions(text, 1 << 16);
    return spy.mock.results.reduce((sum, { value }) => sum + (value?.image.length ?? 0), 0);
  }

  test.each<[string, (text: string) => string]>([
    ['compact', (text) => JSON.stringify(JSON.parse(text))],
    ['as Python writes it', (text) => text],
    ['indented', (text) => JSON.stringify(JSON.parse(text), null, 2)],
  ])('by all records but the first, and those at the ends of chunks: %s', async (_how, write) => {
    const text = write(`[${Array.from({ length: 9000 }, (_, k) => record(k + 1)).join(', ')}]`);
    // a record that ends where a chunk does may be left to the other way
    expect(await takenOf(text)).toBeGreaterThan(8990);
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
