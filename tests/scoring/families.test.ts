/** The numbers other papers report: an independent implementation's to 1e-9, its digests exactly, and small pictures. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Dataset } from '#lib/coco/dataset.ts';
import type { ReadPredictions } from '#lib/readers/coco/predictions.ts';
import { allocateLabelCounts, countLabels, type Family, familyOf } from '#lib/scoring/families.ts';
import { flattenTruth, imagesByFile, TRUTH_VARIANTS, type TruthVariant } from '#lib/scoring/flat-truth.ts';
import { type Detection, pack, rectangle } from '#tests/coco/documents.ts';
import { rankDetections } from '#tests/coco/rank-detections.ts';
import { GOLDEN, readGolden, readText } from '#tests/parity/golden-files.ts';
import fc from '#tests/properties.ts';

function hasher() {
  const hash = createHash('sha256');
  return { update: (bytes: Uint8Array) => void hash.update(bytes), digest: () => hash.digest('hex') };
}

function families(
  { dataset, predictions }: { dataset: Dataset; predictions: ReadPredictions },
  scoreThreshold: number | null,
): Record<TruthVariant, Family> {
  const { detections, groups } = predictions;
  const ranking = rankDetections(detections.image, detections.maskScore, dataset.images.ids.length, groups);
  const countings = TRUTH_VARIANTS.map((variant) => {
    const truth = flattenTruth(dataset, variant, hasher());
    return { truth, counts: allocateLabelCounts(truth.images.length) };
  });
  for (const file of countings[0].truth.images.keys())
    countLabels({ dataset, detections, ranking }, countings, file, scoreThreshold);
  return Object.fromEntries(TRUTH_VARIANTS.map((variant, v) => [variant, familyOf(countings[v])])) as Record<
    TruthVariant,
    Family
  >;
}

interface Golden {
  thresholds: Record<string, Record<TruthVariant, Family>>;
}

function near(family: Family): unknown {
  const close = (value: number | null) => (value === null ? null : expect.closeTo(value, 9));
  return Object.fromEntries(
    Object.entries(family).map(([key, value]) => [
      key,
      Array.isArray(value)
        ? value.map(close)
        : typeof value === 'number' && !Number.isInteger(value)
          ? close(value)
          : value,
    ]),
  );
}

describe('an independent implementation', () => {
  const { thresholds } = readGolden<Golden>('families/small.json');
  test.each(Object.keys(thresholds))('agrees on all families at score threshold %s', async (threshold) => {
    const packed = await pack(readText(`${GOLDEN}/small/gt.json.gz`), readText(`${GOLDEN}/small/dt.json.gz`));
    const found = families(packed, Number(threshold));
    for (const variant of TRUTH_VARIANTS) expect(found[variant]).toEqual(near(thresholds[threshold][variant]));
  });
});

type Box = [x: number, y: number, width: number, height: number];

/** Images of 40 × 30 pixels with rectangular cells and detections; a score each, falling in order. */
function pictures(...images: { cells: Box[]; areas?: number[]; crowds?: number[]; found?: Box[]; name?: string }[]) {
  const groundTruth = {
    images: images.map(({ name }, i) => ({ id: i + 1, width: 40, height: 30, file_name: name ?? `${i}.png` })),
    categories: [{ id: 1, name: 'cell' }],
    annotations: images.flatMap(({ cells, areas, crowds }, i) =>
      cells.map((box, k) => ({
        id: 100 * (i + 1) + k,
        image_id: i + 1,
        category_id: 1,
        iscrowd: Number(crowds?.includes(k) ?? false),
        area: areas?.[k] ?? box[2] * box[3],
        bbox: box,
        segmentation: rectangle(...box),
      })),
    ),
  };
  const detections: Detection[] = images.flatMap(({ found = [] }, i) =>
    found.map((box, k) => ({ image_id: i + 1, score: 0.9 - k / 100, segmentation: rectangle(...box) })),
  );
  return pack(
    groundTruth,
    detections.length > 0 ? detections : [{ image_id: 1, score: 0, segmentation: rectangle(0, 0, 1, 1) }],
  );
}

/** The label image of a variant's only file: rows of numbers. */
async function labelImage(variant: TruthVariant, ...images: Parameters<typeof pictures>): Promise<number[][]> {
  const { dataset } = await pictures(...images);
  const bytes: number[] = [];
  flattenTruth(dataset, variant, { update: (part) => void bytes.push(...part), digest: () => '' });
  return Array.from({ length: 30 }, (_, y) =>
    Array.from({ length: 40 }, (__, x) => bytes[2 * (40 * y + x)] + 256 * bytes[2 * (40 * y + x) + 1]),
  );
}

describe('flat truth', () => {
  test('flat-large paints larger annotated areas over smaller ones and drops labels of fewer than 50 pixels', async () => {
    // the small one says it is the largest
    const image = await labelImage('flat-large', {
      cells: [
        [0, 0, 20, 20],
        [10, 10, 10, 10],
        [30, 0, 7, 7],
      ],
      areas: [400, 500, 49],
    });
    expect(image[0][0]).toBe(1);
    expect(image[15][15]).toBe(2);
    expect(image[3][33]).toBe(0);
    const hidden = await labelImage('flat-large', {
      cells: [
        [10, 10, 10, 10],
        [0, 0, 20, 15],
      ],
    });
    expect(hidden[12][12]).toBe(1);
    expect(hidden[17][12]).toBe(2); // 50 of its 100 pixels are left
    const gone = await labelImage('flat-large', {
      cells: [
        [10, 10, 10, 10],
        [0, 0, 20, 16],
      ],
    });
    expect(gone[17][12]).toBe(0);
  });

  test('flat-cellpose drops a mask of which three quarters lie under others, and shares pixels by the nearest centre', async () => {
    const dropped = await labelImage('flat-cellpose', {
      cells: [
        [0, 0, 20, 20],
        [14, 0, 8, 10],
      ],
    });
    expect(dropped[5][21]).toBe(0);
    expect(dropped[5][15]).toBe(1);
    // pixels 10 to 13 lie in both; centres are at 6.5 and 16.5
    const shared = await labelImage('flat-cellpose', {
      cells: [
        [0, 0, 14, 20],
        [10, 0, 14, 20],
      ],
    });
    expect(shared[4].slice(9, 15)).toEqual([1, 1, 1, 2, 2, 2]);
  });

  test('flat-cellpose gives a shared pixel to the nearest centre even if that mask does not cover it', async () => {
    const image = await labelImage('flat-cellpose', {
      cells: [
        [0, 0, 40, 6],
        [2, 3, 4, 27],
        [6, 6, 4, 4],
      ],
    });
    const [first, second, third] = [image[0][0], image[10][3], image[7][7]];
    expect(new Set([first, second, third]).size).toBe(3);
    // first and second lie here, with their centres far away
    expect(image[5][5]).toBe(third);
  });

  test('numbers labels as they appear row by row, leaves crowds out and takes a file once', async () => {
    const { dataset } = await pictures(
      {
        cells: [
          [5, 10, 8, 8],
          [5, 0, 8, 8],
          [20, 0, 8, 8],
        ],
        crowds: [2],
        name: 'a.png',
      },
      { cells: [[0, 0, 9, 9]], name: 'a.tif' },
      { cells: [], name: 'b.png' },
    );
    expect([...imagesByFile(dataset.images.fileNames)]).toEqual([0, 2]);
    const updates: number[][] = [];
    const truth = flattenTruth(dataset, 'flat-large', {
      update: (bytes) => void updates.push([...bytes].filter((_, k) => k % 2 === 0)),
      digest: () => 'digest',
    });
    expect(updates).toHaveLength(2);
    expect(updates[0][5]).toBe(1);
    expect(updates[0][40 * 12 + 5]).toBe(2);
    expect(new Set(updates[0])).toEqual(new Set([0, 1, 2]));
    expect([...truth.labelStart]).toEqual([0, 2, 2]);
  });
});

describe('label families', () => {
  test('of the truth itself are all 1, without errors', async () => {
    const cells: Box[] = [
      [0, 0, 10, 10],
      [12, 0, 10, 10],
      [0, 15, 12, 12],
    ];
    const { 'flat-large': family } = families(await pictures({ cells, found: cells }), 0);
    const { digest: _, ...numbers } = family;
    expect(numbers).toEqual({
      images: 1,
      imagesThatCount: 1,
      objects: 3,
      labels: 3,
      cellposeAp: Array(10).fill(1),
      msa: 1,
      errorRate: Array(10).fill(0),
      f1Pooled: Array(10).fill(1),
      f1PerImage: Array(10).fill(1),
      pq: 1,
      seg: 1,
      aji: 1,
    });
  });

  test('take an object and its two exact halves as one match at IoU 0.5, and as none for PQ and SEG', async () => {
    const { 'flat-large': family } = families(
      await pictures({
        cells: [[0, 0, 20, 10]],
        found: [
          [0, 0, 10, 10],
          [10, 0, 10, 10],
        ],
      }),
      0,
    );
    expect(family.cellposeAp[0]).toBe(1 / 2);
    expect(family.cellposeAp[1]).toBe(0);
    expect(family.pq).toBe(0);
    expect(family.seg).toBe(0);
    expect(family.aji).toBe(100 / 300);
  });

  test('take two exact halves under one detection as one match at IoU 0.5', async () => {
    const { 'flat-large': family } = families(
      await pictures({
        cells: [
          [0, 0, 10, 10],
          [10, 0, 10, 10],
        ],
        found: [[0, 0, 20, 10]],
      }),
      0,
    );
    expect(family.f1Pooled[0]).toBe(2 / 3);
    // AJI lets both objects take the label
    expect(family.aji).toBe(200 / 400);
    expect(family.seg).toBe(1 / 2);
  });

  test('leave images without objects and labels out of means over images, and count labels where there are none', async () => {
    const cell: Box = [0, 0, 10, 10];
    const { 'flat-large': family } = families(
      await pictures({ cells: [cell], found: [cell] }, { cells: [] }, { cells: [], found: [cell] }),
      0.5,
    );
    expect(family).toMatchObject({ images: 3, imagesThatCount: 2, objects: 1, labels: 2 });
    expect(family.cellposeAp[0]).toBe(1 / 2);
    expect(family.errorRate[0]).toBe(0); // only the image with objects
    expect(family.aji).toBe(1 / 2);
  });

  test('paint the better detection over the worse, and lose one whose pixels are all taken', async () => {
    const { 'flat-large': family } = families(
      await pictures({
        cells: [[0, 0, 10, 10]],
        found: [
          [0, 0, 10, 10],
          [2, 2, 5, 5],
          [5, 0, 10, 10],
        ],
      }),
      0,
    );
    expect(family.labels).toBe(2);
    expect(family.aji).toBe(100 / 150);
  });

  test('without objects are null where objects are averaged', async () => {
    const { 'flat-cellpose': family } = families(await pictures({ cells: [] }), 0.5);
    expect(family).toMatchObject({ imagesThatCount: 0, msa: null, pq: null, seg: null, aji: null });
    expect(family.cellposeAp).toEqual(Array(10).fill(null));
  });

  test('match as many pairs as an exhaustive assignment, at every threshold', async () => {
    const box = fc.tuple(
      fc.integer({ min: 0, max: 25 }),
      fc.integer({ min: 0, max: 15 }),
      fc.constantFrom(4, 8, 12),
      fc.constantFrom(4, 8, 12),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(box, { minLength: 1, maxLength: 5 }),
        fc.array(box, { minLength: 1, maxLength: 5 }),
        async (cells, found) => {
          const packed = await pictures({ cells, found });
          const { 'flat-cellpose': family } = families(packed, 0);
          const truth = await labelImage('flat-cellpose', { cells });
          const painted = Array.from({ length: 30 }, () => Array<number>(40).fill(0));
          found.forEach(([x0, y0, width, height], k) => {
            for (let y = y0; y < y0 + height; y++)
              for (let x = x0; x < x0 + width; x++) if (painted[y][x] === 0) painted[y][x] = k + 1;
          });
          const objects = [...new Set(truth.flat())].filter(Boolean);
          const labels = [...new Set(painted.flat())].filter(Boolean);
          const iou = (object: number, label: number) => {
            let both = 0;
            let either = 0;
            truth.forEach((row, y) => {
              row.forEach((own, x) => {
                both += Number(own === object && painted[y][x] === label);
                either += Number(own === object || painted[y][x] === label);
              });
            });
            return both / either;
          };
          const most = (left: number[], free: number[], t: number): number => {
            if (left.length === 0) return 0;
            const [object, ...others] = left;
            return Math.max(
              most(others, free, t),
              ...free
                .filter((label) => iou(object, label) >= t)
                .map(
                  (label) =>
                    1 +
                    most(
                      others,
                      free.filter((one) => one !== label),
                      t,
                    ),
                ),
            );
          };
          for (const [t, threshold] of [
            [0, 0.5],
            [5, 0.75],
          ]) {
            const tp = most(objects, labels, threshold);
            expect(family.f1Pooled[t]).toBeCloseTo((2 * tp) / (objects.length + labels.length), 12);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
