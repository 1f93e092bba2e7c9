/** What holds for any input, tried on random ones; a failure is shrunk to the smallest that fails. */
import { describe, expect, test } from 'vitest';
import { accumulate, type Curve, sliceOf } from '#lib/coco/accumulate.ts';
import { appendPolygons } from '#lib/coco/polygon.ts';
import { PROTOCOL_IDS } from '#lib/coco/protocol.ts';
import { appendIntervals, countsFromIntervals, encodeCounts, IntervalBuffer, intersection } from '#lib/coco/rle.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { distance } from '#tests/parity/compare.ts';
import { GOLDEN, readJson } from '#tests/parity/golden-files.ts';
import { Random, type RandomCase, randomCase } from '#tests/parity/random-case.ts';
import fc from '#tests/properties.ts';
import { score } from '#tests/scoring/score.ts';
import {
  type Annotation,
  type Detection,
  type GroundTruth,
  type Image,
  maskOf,
  match,
  pack,
  packGroundTruth,
  packPredictions,
  perfect,
  type Rle,
  rectangle,
} from './documents.ts';
import { matchedPairs } from './matched-pairs.ts';

/** A mask as its pixels, column by column. */
interface Pixels {
  height: number;
  width: number;
  pixels: boolean[];
}

const sides = fc.integer({ min: 1, max: 12 });
const pixelsOf = (height: number, width: number): fc.Arbitrary<boolean[]> =>
  fc.array(fc.boolean(), { minLength: height * width, maxLength: height * width });
const masks = fc
  .tuple(sides, sides)
  .chain(([height, width]) =>
    fc.record({ height: fc.constant(height), width: fc.constant(width), pixels: pixelsOf(height, width) }),
  );
const pairsOfMasks = fc.tuple(sides, sides).chain(([height, width]) =>
  fc.record({
    height: fc.constant(height),
    width: fc.constant(width),
    a: pixelsOf(height, width),
    b: pixelsOf(height, width),
  }),
);

/** Run lengths, background first. */
function runsOf(pixels: boolean[]): number[] {
  const runs = [0];
  let foreground = false;
  for (const pixel of pixels) {
    if (pixel !== foreground) {
      runs.push(0);
      foreground = pixel;
    }
    runs[runs.length - 1]++;
  }
  return runs;
}

function pixelsFrom(mask: Uint32Array, size: number): boolean[] {
  const pixels = new Array<boolean>(size).fill(false);
  for (let k = 0; k < mask.length; k += 2) pixels.fill(true, mask[k], mask[k + 1]);
  return pixels;
}

/** A polygon per vertical run of pixels: the one encoding in which any mask can be drawn by corners. */
function polygonsOf({ height, width, pixels }: Pixels): number[][] {
  return Array.from({ length: width }, (_, x) => x).flatMap((x) => {
    const column = runsOf(pixels.slice(x * height, (x + 1) * height));
    let y = 0;
    return column.flatMap((run, i) => {
      const from = y;
      y += run;
      return i % 2 === 1 ? rectangle(x, from, 1, run) : [];
    });
  });
}

async function read({ height, width }: Pixels, segmentation: Rle | number[][]): Promise<boolean[]> {
  const dataset = await packGroundTruth({ images: [{ id: 1, file_name: 'a.tif', height, width }], annotations: [] });
  const { detections } = await packPredictions([{ image_id: 1, score: 0.5, segmentation }], dataset);
  return pixelsFrom(maskOf(detections, 0), height * width);
}

describe('decode ∘ encode is the identity', () => {
  test('as compressed RLE', async () => {
    await fc.assert(
      fc.asyncProperty(masks, async (mask) => {
        const size: Rle['size'] = [mask.height, mask.width];
        expect(await read(mask, { size, counts: encodeCounts(runsOf(mask.pixels)) })).toEqual(mask.pixels);
      }),
    );
  });

  test('as uncompressed RLE', async () => {
    await fc.assert(
      fc.asyncProperty(masks, async (mask) => {
        expect(await read(mask, { size: [mask.height, mask.width], counts: runsOf(mask.pixels) })).toEqual(mask.pixels);
      }),
    );
  });

  test('as polygons', async () => {
    await fc.assert(
      fc.asyncProperty(masks, async (mask) => {
        fc.pre(mask.pixels.includes(true));
        expect(await read(mask, polygonsOf(mask))).toEqual(mask.pixels);
      }),
    );
  });

  test('with runs of any length, empty ones among them', () => {
    const runs = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.nat(2 ** 30)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(runs, (runs) => {
        const pixels = runs.reduce((sum, run) => sum + run, 0);
        fc.pre(pixels < 2 ** 32);
        const into = new IntervalBuffer();
        expect(appendIntervals(runs, runs.length, into)).toBe(pixels);
        const back = countsFromIntervals(into.data, 0, into.length, pixels);
        const again = new IntervalBuffer();
        appendIntervals(back, back.length, again);
        expect(again.data.slice(0, again.length)).toEqual(into.data.slice(0, into.length));
      }),
    );
  });
});

function intervalsOf(pixels: boolean[]): Uint32Array {
  const into = new IntervalBuffer();
  const runs = runsOf(pixels);
  appendIntervals(runs, runs.length, into);
  return into.data.slice(0, into.length);
}

describe('IoU from runs equals IoU from pixels', () => {
  test('shared pixels', () => {
    fc.assert(
      fc.property(pairsOfMasks, ({ a, b }) => {
        const [m, n] = [intervalsOf(a), intervalsOf(b)];
        const shared = a.filter((pixel, i) => pixel && b[i]).length;
        expect(intersection({ data: m, from: 0, to: m.length }, { data: n, from: 0, to: n.length })).toBe(shared);
      }),
    );
  });

  test('as matching sees it, also against a crowd region', async () => {
    await fc.assert(
      fc.asyncProperty(pairsOfMasks, fc.boolean(), async ({ height, width, a, b }, iscrowd) => {
        const both = a.filter((pixel, i) => pixel && b[i]).length;
        const whole = iscrowd ? a.filter(Boolean).length : a.filter((pixel, i) => pixel || b[i]).length;
        const size: Rle['size'] = [height, width];
        const dataset = await packGroundTruth({
          images: [{ id: 1, file_name: 'a.tif', height, width }],
          annotations: [{ id: 1, image_id: 1, iscrowd: Number(iscrowd), segmentation: { size, counts: runsOf(b) } }],
        });
        const detections = [{ image_id: 1, score: 0.5, segmentation: { size, counts: runsOf(a) } }];
        const pairs = matchedPairs(dataset, await packPredictions(detections, dataset), 'segm');
        expect(pairs).toEqual(both > 0 && both / whole >= 0.5 ? [[0, 0, both / whole]] : []);
      }),
    );
  });
});

test('masks with empty runs at one place overlap by their pixels (the reference stops comparing there)', async () => {
  // maskApi.c ends its walk where both masks come to an empty run at once, and divides what it has seen so far
  const image = { id: 1, file_name: 'a.tif', height: 10, width: 10 };
  const segmentation: Rle = { size: [10, 10], counts: [0, 10, 0, 40, 50] };
  const dataset = await packGroundTruth({ images: [image], annotations: [{ id: 1, image_id: 1, segmentation }] });
  const half: Rle = { size: [10, 10], counts: [0, 10, 0, 20, 70] };
  const predictions = await packPredictions([{ image_id: 1, score: 0.5, segmentation: half }], dataset);
  expect(matchedPairs(dataset, predictions, 'segm')).toEqual([[0, 0, 30 / 50]]);
  expect(predictions.warnings.map(({ code }) => code)).toEqual(['empty-runs']);
});

describe('random polygons become the reference’s masks', () => {
  interface Drawn {
    kind: string;
    h: number;
    w: number;
    parts: number[][];
    counts: string;
  }
  const drawn = readJson<Drawn[]>(`${GOLDEN}/../parity/polygons.json.gz`);

  test.each([...new Set(drawn.map(({ kind }) => kind))])('%s', (wanted) => {
    const into = new IntervalBuffer();
    for (const { kind, h, w, parts, counts } of drawn) {
      if (kind !== wanted) continue;
      into.length = 0;
      appendPolygons(parts, h, w, into);
      expect(encodeCounts(countsFromIntervals(into.data, 0, into.length, h * w))).toBe(counts);
    }
  });
});

test('ground truth against itself scores 1, wherever there is something to score', async () => {
  /** Shapes of any size that lie apart: one to each tile of a grid. */
  const apart = fc.array(fc.record({ w: fc.integer({ min: 1, max: 60 }), h: fc.integer({ min: 1, max: 60 }) }), {
    minLength: 1,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(apart, fc.boolean(), async (shapes, boxes) => {
      const images: Image[] = [0, 1].map((k) => ({
        id: k + 1,
        file_name: `${CELL_TYPES[k]}_${k}.tif`,
        width: 256,
        height: 192,
      }));
      const annotations = shapes.map(({ w, h }, k): Annotation => {
        const [x, y] = [64 * (k % 4), 64 * (Math.floor(k / 4) % 3)];
        return {
          id: k + 1,
          image_id: (k % 2) + 1,
          segmentation: rectangle(x, y, w, h),
          area: w * h,
          ...(boxes && { bbox: [x, y, w, h] }),
        };
      });
      const groundTruth: GroundTruth = { images, annotations };
      const { dataset, predictions } = await pack(groundTruth, perfect(groundTruth));
      for (const { segm, bbox } of await score(dataset, predictions, ['livecell-paper', 'livecell-code'])) {
        for (const results of [segm!, bbox]) {
          for (const m of [results.overall, ...Object.values(results.cellTypes)]) {
            const ones = [m.AP, m.AP50, m.AP75, m.APs, m.APm, m.APl, m.ARs, m.ARm, m.ARl, m.exactAP, m.pq];
            const perIou = [...m.apPerIou, ...m.f1PerIou, ...m.jaccardPerIou, ...Object.values(m.AR)];
            for (const value of [...ones, ...perIou]) if (value !== null) expect(value).toBeCloseTo(1, 12);
            expect(m.AFNR).toBe(m.objects > 0 ? 0 : null);
          }
        }
      }
    }),
    { numRuns: 40 },
  );
});

/** Random cases by their seed, with sizes that can be shrunk. */
const cases = (options: {
  distinctScores?: boolean;
  everyImageDetected?: boolean;
}): fc.Arbitrary<RandomCase & { seed: number }> =>
  fc
    .record({ seed: fc.nat(), images: fc.integer({ min: 1, max: 4 }), objects: fc.integer({ min: 0, max: 8 }) })
    .map(({ seed, images, objects }) => ({ ...randomCase(seed, { images, objects, ...options }), seed }));

async function scored({ gt, dt }: Pick<RandomCase, 'gt' | 'dt'>): Promise<ReturnType<typeof score>> {
  const { dataset, predictions } = await pack(gt, dt);
  return await score(dataset, predictions, PROTOCOL_IDS);
}

describe('the order of a file does not matter', () => {
  test('of its images, and of annotations of different images', async () => {
    await fc.assert(
      fc.asyncProperty(cases({}), async ({ gt, dt, seed }) => {
        const r = new Random(seed);
        const images = r.shuffled(gt.images);
        const annotations = images.flatMap(({ id }) => gt.annotations.filter(({ image_id }) => image_id === id));
        expect(await scored({ gt: { ...gt, images, annotations }, dt })).toEqual(await scored({ gt, dt }));
      }),
      { numRuns: 60 },
    );
  });

  test('of its detections, when no two scores are equal', async () => {
    await fc.assert(
      fc.asyncProperty(cases({ distinctScores: true }), async ({ gt, dt, seed }) => {
        const shuffled = new Random(seed).shuffled(dt);
        expect(await scored({ gt, dt: shuffled })).toEqual(await scored({ gt, dt }));
      }),
      { numRuns: 60 },
    );
  });
});

test('a slice equals scoring only its images', async () => {
  await fc.assert(
    fc.asyncProperty(cases({ everyImageDetected: true, distinctScores: true }), async ({ gt, dt }) => {
      const whole = await scored({ gt, dt });
      const fileNames = gt.images.map(({ file_name }) => file_name);
      for (const [type, chosen] of imageSlices(fileNames)) {
        if (type === 'overall') continue;
        const images = [...chosen].map((i) => gt.images[i]);
        const inside = ({ image_id }: Annotation | Detection): boolean => images.some(({ id }) => id === image_id);
        const detections = dt.filter(inside);
        if (!detections.some(({ category_id }) => category_id === 1)) continue;
        const own = gt.annotations.filter(inside);
        if (own.length > 0 && !own.some(({ category_id }) => category_id === 1)) continue;
        const alone = await scored({
          gt: { ...gt, images, annotations: gt.annotations.filter(inside) },
          dt: detections,
        });
        PROTOCOL_IDS.forEach((_, p) => {
          expect(whole[p].segm!.cellTypes[type]).toEqual(alone[p].segm!.overall);
          expect(whole[p].bbox.cellTypes[type]).toEqual(alone[p].bbox.overall);
        });
      }
    }),
    { numRuns: 60 },
  );
});

test('weighting an image by w equals repeating it w times', async () => {
  const weightings = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      cases({ distinctScores: true, everyImageDetected: true }),
      weightings,
      async ({ gt, dt }, drawn) => {
        const inOrder = [...gt.images].sort((a, b) => (a.id as number) - (b.id as number));
        const weights = inOrder.map((_, i) => drawn[i]);
        const repeated: RandomCase = { gt: { ...gt, images: [], annotations: [] }, dt: [] };
        inOrder.forEach((image, i) => {
          for (let copy = 0; copy < weights[i]; copy++) {
            const id = (image.id as number) * 10 + copy;
            const its = <T extends Annotation | Detection>(records: T[]): T[] =>
              records.filter(({ image_id }) => image_id === image.id).map((record) => ({ ...record, image_id: id }));
            repeated.gt.images.push({ ...image, id });
            repeated.gt.annotations.push(...its(gt.annotations));
            repeated.dt.push(...its(dt));
          }
        });
        fc.pre(repeated.dt.some(({ category_id }) => category_id === 1));
        const once = await pack(gt, dt);
        const often = await pack(repeated.gt, repeated.dt);
        for (const evaluation of ['segm', 'bbox'] as const) {
          const [a, b] = [once, often].map(({ dataset, predictions }) => {
            const { ranking, matches } = match(dataset, predictions, evaluation, ['livecell-paper']);
            const images = dataset.images.ids.length;
            return { ranking, matches, slice: sliceOf(ranking, Uint32Array.from(Array(images).keys()), images) };
          });
          for (let sizeClass = 0; sizeClass < 4; sizeClass++) {
            for (const maxDets of [2, 100]) {
              const options = { exactArea: true, scores: true };
              const weighted = accumulate(
                { matches: a.matches, ranking: a.ranking, slice: a.slice, weights },
                { sizeClass, maxDets },
                options,
              );
              const plain = accumulate(
                { matches: b.matches, ranking: b.ranking, slice: b.slice },
                { sizeClass, maxDets },
                options,
              );
              const [ours, theirs] = [listed(weighted), listed(plain)];
              const apart = ours.findIndex((value, k) => !(distance(value, theirs[k]) <= 1e-12));
              if (apart >= 0) expect.fail(`number ${apart} is ${ours[apart]} weighted and ${theirs[apart]} repeated`);
            }
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

function listed({ countable, precision, recall, area, scores }: Curve): (number | null)[] {
  return [countable, ...[precision, recall, area, scores].flatMap((values) => (values ? [...values] : [null]))];
}
