import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sliceOf } from '#lib/coco/accumulate.ts';
import { matchImage } from '#lib/coco/match.ts';
import { EVALUATIONS } from '#lib/coco/protocol.ts';
import { ERROR_KINDS, type ErrorKind } from '#lib/scoring/error-kinds.ts';
import type { ErrorsByKind } from '#lib/scoring/errors-by-kind.ts';
import { evaluationsOf } from '#lib/scoring/evaluate.ts';
import type { EvaluationResults, Metrics } from '#lib/scoring/report.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import { type Annotation, bytesOf, type Detection, type GroundTruth, pack, rectangle } from '#tests/coco/documents.ts';
import { operatingPoint } from '#tests/coco/read-line.ts';
import fc from '#tests/properties.ts';
import { prepareAll, score } from '#tests/scoring/score.ts';
import scoreTask, { dismissHelpers } from '#workers/scoring/task.ts';

type Box = [x: number, y: number, width: number, height: number];
interface Outline {
  box: Box;
  image?: number;
}
interface Scene {
  cells: (Outline & { crowd?: boolean })[];
  outlines: (Outline & { score: number })[];
}

const IMAGES = [
  { id: 1, width: 160, height: 100, file_name: 'A172_Phase_C7_1_00d00h00m_1.tif' },
  { id: 2, width: 160, height: 100, file_name: 'BV2_Phase_A4_1_00d00h00m_1.tif' },
  { id: 3, width: 160, height: 100, file_name: 'of-no-cell-type.tif' },
];

function documentsOf({ cells, outlines }: Scene, images = IMAGES): [GroundTruth, Detection[]] {
  const inside = ({ image = 1 }: Outline): boolean => images.some(({ id }) => id === image);
  return [
    {
      images,
      categories: [{ id: 1, name: 'cell' }],
      annotations: cells.filter(inside).map(
        ({ box, image = 1, crowd }, k): Annotation => ({
          id: k + 1,
          image_id: image,
          category_id: 1,
          iscrowd: crowd ? 1 : 0,
          area: box[2] * box[3],
          bbox: box,
          segmentation: rectangle(...box),
        }),
      ),
    },
    outlines.filter(inside).map(
      ({ box, image = 1, score }): Detection => ({
        image_id: image,
        category_id: 1,
        score,
        bbox: box,
        segmentation: rectangle(...box),
      }),
    ),
  ];
}

async function scoreOf(scene: Scene, images = IMAGES): Promise<{ segm: EvaluationResults; bbox: EvaluationResults }> {
  const { dataset, predictions } = await pack(...documentsOf(scene, images));
  const [results] = await score(dataset, predictions, ['livecell-paper', 'coco']);
  return results as { segm: EvaluationResults; bbox: EvaluationResults };
}

/** A cell that is found, with the lowest score: whatever else is in the scene stands above the score threshold. */
const FOUND: Scene = {
  cells: [{ box: [100, 60, 20, 20] }],
  outlines: [{ box: [100, 60, 20, 20], score: 0.1 }],
};

async function errorsOf(scene: Scene): Promise<{ errors: ErrorsByKind; AP: number }> {
  const { segm, bbox } = await scoreOf({
    cells: [...scene.cells, ...FOUND.cells],
    outlines: [...scene.outlines, ...FOUND.outlines],
  });
  // upright rectangles: boxes and masks are the same
  expect(bbox.overall.errors).toEqual(segm.overall.errors);
  return { errors: segm.overall.errors!, AP: segm.overall.AP! };
}

/** What is wrong, without what is not: `[objects, detections]` by kind. */
function counts(errors: ErrorsByKind): Partial<Record<ErrorKind, [number, number]>> {
  return Object.fromEntries(
    ERROR_KINDS.flatMap((kind) => {
      const { objects, detections } = errors[kind];
      return objects + detections > 0 ? [[kind, [objects, detections]]] : [];
    }),
  );
}

/** Precision `p` up to the recall of `n` read points, 0 beyond. */
const ap = (p: number, n: number): number => (p * n) / 101;

describe('one error of each kind, and what AP gains without it', () => {
  test('nothing wrong: nothing to gain', async () => {
    const { errors, AP } = await errorsOf({ cells: [], outlines: [] });
    expect(AP).toBeCloseTo(1, 12);
    expect(counts(errors)).toEqual({});
    expect(ERROR_KINDS.map((kind) => errors[kind].deltaAP)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('a cell that no outline comes near is missed; without it the rest is perfect', async () => {
    const { errors } = await errorsOf({ cells: [{ box: [0, 0, 20, 20] }], outlines: [] });
    expect(counts(errors)).toEqual({ missed: [1, 0] });
    expect(errors.missed.deltaAP).toBeCloseTo(1 - ap(1, 51), 12);
  });

  test('an outline on nothing is background; without it precision is 1', async () => {
    const { errors } = await errorsOf({ cells: [], outlines: [{ box: [0, 0, 20, 20], score: 0.9 }] });
    expect(counts(errors)).toEqual({ background: [0, 1] });
    expect(errors.background.deltaAP).toBeCloseTo(0.5, 12);
  });

  test('an outline with a quarter of the cell in common has a poor boundary, and so has the cell', async () => {
    const { errors } = await errorsOf({
      cells: [{ box: [0, 0, 20, 20] }],
      outlines: [{ box: [0, 12, 20, 20], score: 0.9 }],
    });
    expect(counts(errors)).toEqual({ poorBoundary: [1, 1] });
    expect(errors.poorBoundary.deltaAP).toBeCloseTo(1 - ap(0.5, 51), 12);
  });

  test('two outlines that each lie inside one cell split it; one counts as its match, the other is ignored', async () => {
    const { errors } = await errorsOf({
      cells: [{ box: [0, 0, 40, 10] }],
      outlines: [
        { box: [0, 0, 17, 10], score: 0.9 },
        { box: [20, 0, 16, 10], score: 0.8 },
      ],
    });
    expect(counts(errors)).toEqual({ split: [1, 2] });
    expect(errors.split.deltaAP).toBeCloseTo(1 - ap(1 / 3, 51), 12);
  });

  test('an outline over two cells merges them; it counts as the match of one, the other leaves the count', async () => {
    const { errors } = await errorsOf({
      cells: [{ box: [0, 0, 20, 20] }, { box: [24, 0, 20, 20] }],
      outlines: [{ box: [0, 0, 44, 20], score: 0.9 }],
    });
    expect(counts(errors)).toEqual({ merge: [2, 1] });
    expect(errors.merge.deltaAP).toBeCloseTo(1 - ap(0.5, 34), 12);
  });

  test('a second outline of a found cell is a duplicate, although it lies inside the cell', async () => {
    const { errors } = await errorsOf({
      cells: [{ box: [0, 0, 20, 20] }],
      outlines: [
        { box: [0, 0, 20, 20], score: 0.9 },
        { box: [0, 0, 20, 18], score: 0.8 },
      ],
    });
    expect(counts(errors)).toEqual({ duplicate: [0, 1] });
    expect(errors.duplicate.deltaAP).toBeCloseTo(1 - (ap(1, 51) + ap(2 / 3, 50)), 12);
  });
});

describe('where kinds meet', () => {
  test('a piece of a found cell is a split without an object', async () => {
    const { errors } = await errorsOf({
      cells: [{ box: [0, 0, 40, 10] }],
      outlines: [
        { box: [0, 0, 28, 10], score: 0.9 },
        { box: [30, 0, 10, 10], score: 0.8 },
      ],
    });
    expect(counts(errors)).toEqual({ split: [0, 1] });
  });

  test('an outline that found one cell and covers another merges them: the other leaves the count', async () => {
    const { errors } = await errorsOf({
      cells: [{ box: [0, 0, 20, 20] }, { box: [22, 0, 5, 20] }],
      outlines: [{ box: [0, 0, 30, 20], score: 0.9 }],
    });
    expect(counts(errors)).toEqual({ merge: [1, 0] });
    // IoU 2/3: matched at four thresholds, false at six
    expect(errors.merge.deltaAP).toBeCloseTo((4 * (1 - ap(1, 67)) + 6 * (ap(0.5, 51) - ap(0.5, 34))) / 10, 12);
  });

  test('one outline that fills a third of a cell has a poor boundary: a single piece splits nothing', async () => {
    const { errors } = await errorsOf({
      cells: [{ box: [0, 0, 60, 20] }],
      outlines: [{ box: [0, 0, 20, 20], score: 0.9 }],
    });
    expect(counts(errors)).toEqual({ poorBoundary: [1, 1] });
  });

  test('two cells annotated over one another, found once: a merge', async () => {
    const { errors } = await errorsOf({
      cells: [{ box: [0, 0, 20, 20] }, { box: [0, 0, 20, 18] }],
      outlines: [{ box: [0, 0, 20, 20], score: 0.9 }],
    });
    expect(counts(errors)).toEqual({ merge: [1, 0] });
  });

  test('a found small cell on top of a badly outlined large one is no piece of it', async () => {
    const { errors } = await errorsOf({
      cells: [{ box: [0, 0, 40, 20] }, { box: [30, 5, 6, 6] }],
      outlines: [
        { box: [0, 0, 18, 20], score: 0.9 },
        { box: [30, 5, 6, 6], score: 0.8 },
      ],
    });
    expect(counts(errors)).toEqual({ poorBoundary: [1, 1] });
  });

  test('a cell beside a found one, touched by its outline, has a poor boundary of its own and leaves the count', async () => {
    const { errors } = await errorsOf({
      cells: [{ box: [0, 0, 20, 20] }, { box: [20, 0, 12, 20] }],
      outlines: [{ box: [0, 0, 26, 20], score: 0.9 }],
    });
    expect(counts(errors)).toEqual({ poorBoundary: [1, 0] });
  });

  test('IoU of exactly 0.1 is a poor boundary, less is missed and background', async () => {
    // two rows shared of 10 × 11: 20 / 200
    const near = await errorsOf({ cells: [{ box: [0, 0, 10, 11] }], outlines: [{ box: [0, 9, 10, 11], score: 0.9 }] });
    expect(counts(near.errors)).toEqual({ poorBoundary: [1, 1] });
    const far = await errorsOf({ cells: [{ box: [0, 0, 10, 11] }], outlines: [{ box: [0, 10, 10, 11], score: 0.9 }] });
    expect(counts(far.errors)).toEqual({ missed: [1, 0], background: [0, 1] });
  });

  test('one of each, side by side', async () => {
    const { errors } = await errorsOf({
      cells: [
        { box: [0, 0, 20, 20] }, // missed
        { box: [40, 0, 20, 20] }, // poor boundary
        { box: [80, 0, 40, 10] }, // split
        { box: [0, 40, 20, 20] }, // merged …
        { box: [24, 40, 20, 20] }, // … with this one
        { box: [60, 40, 20, 20] }, // outlined twice
      ],
      outlines: [
        { box: [40, 12, 20, 20], score: 0.9 },
        { box: [80, 0, 17, 10], score: 0.9 },
        { box: [100, 0, 16, 10], score: 0.9 },
        { box: [0, 40, 44, 20], score: 0.9 },
        { box: [60, 40, 20, 20], score: 0.9 },
        { box: [60, 40, 20, 19], score: 0.8 },
        { box: [130, 0, 10, 10], score: 0.9 },
      ],
    });
    expect(counts(errors)).toEqual({
      missed: [1, 0],
      poorBoundary: [1, 1],
      split: [1, 2],
      merge: [2, 1],
      duplicate: [0, 1],
      background: [0, 1],
    });
  });
});

describe('the score threshold', () => {
  // one found cell, then three false outlines, then a good outline of the other cell: F1 is best at 0.9
  const late = (box: Box): Scene => ({
    cells: [{ box: [0, 0, 20, 20] }, { box: [40, 0, 20, 20] }],
    outlines: [
      { box: [0, 0, 20, 20], score: 0.9 },
      ...[0, 20, 40].map((x) => ({ box: [x, 60, 10, 10] as Box, score: 0.5 })),
      { box, score: 0.1 },
    ],
  });

  test('detections below it are no errors, and a cell that one of them finds is missed but stays in the count', async () => {
    const { segm } = await scoreOf(late([40, 0, 20, 20]));
    expect(segm.overall.scoreThreshold).toBe(0.9);
    expect(counts(segm.overall.errors!)).toEqual({ missed: [1, 0] });
    expect(segm.overall.errors!.missed.deltaAP).toBe(0);
  });

  test('… at the IoU thresholds at which it is found: at the others it leaves', async () => {
    const { segm } = await scoreOf(late([40, 0, 19, 14]));
    // IoU 0.665: found at four thresholds, at the other six only the first cell is left
    expect(segm.overall.errors!.missed.deltaAP).toBeCloseTo((6 * (1 - ap(1, 51))) / 10, 12);
  });

  test('where nothing would be left to find there is no number', async () => {
    const { segm } = await scoreOf({
      cells: [{ box: [0, 0, 20, 20] }],
      outlines: [{ box: [60, 60, 20, 20], score: 0.9 }],
    });
    expect(counts(segm.overall.errors!)).toEqual({ missed: [1, 0], background: [0, 1] });
    expect(segm.overall.errors!.missed.deltaAP).toBeNull();
    expect(segm.overall.errors!.background.deltaAP).toBe(0);
  });

  test('a slice without detections misses everything, one without cells has no AP to gain', async () => {
    const { segm } = await scoreOf({
      cells: [{ box: [0, 0, 20, 20] }, { box: [0, 0, 20, 20], image: 2 }],
      outlines: [{ box: [0, 0, 20, 20], score: 0.9 }],
    });
    expect(counts(segm.cellTypes.BV2!.errors!)).toEqual({ missed: [1, 0] });
    const bare = await scoreOf({
      cells: [{ box: [0, 0, 20, 20] }],
      outlines: [{ box: [0, 0, 20, 20], image: 2, score: 0.9 }],
    });
    expect(counts(bare.segm.cellTypes.BV2!.errors!)).toEqual({ background: [0, 1] });
    expect(bare.segm.cellTypes.BV2!.errors!.background.deltaAP).toBeNull();
  });
});

test('crowd regions, and what lies in them, stay out', async () => {
  const { errors } = await errorsOf({
    cells: [{ box: [0, 0, 60, 40], crowd: true }],
    outlines: [
      { box: [5, 5, 10, 10], score: 0.9 },
      { box: [20, 5, 10, 10], score: 0.8 },
    ],
  });
  expect(counts(errors)).toEqual({});
});

test('errors are named under the primary protocol alone', async () => {
  const { dataset, predictions } = await pack(...documentsOf(FOUND));
  const [code, paper] = await score(dataset, predictions, ['livecell-code', 'livecell-paper']);
  expect(code.segm!.overall.errors).toBeUndefined();
  expect(paper.segm!.overall.errors).toBeDefined();
  expect((await score(dataset, predictions, ['coco']))[0].bbox.overall.errors).toBeUndefined();
});

test('without scores every detection takes part', async () => {
  const { dataset, predictions } = await pack(
    ...documentsOf({
      cells: [{ box: [0, 0, 20, 20] }, { box: [40, 0, 20, 20] }],
      outlines: [
        { box: [0, 0, 20, 20], score: 1 },
        { box: [80, 0, 20, 20], score: 1 },
      ],
    }),
  );
  const [{ segm }] = await score(dataset, { ...predictions, unscored: true }, ['livecell-paper']);
  expect(segm!.overall.scoreThreshold).toBeNull();
  expect(counts(segm!.overall.errors!)).toEqual({ missed: [1, 0], background: [0, 1] });
  // one precision at one recall: 1/2 up to 1/2; without the false outline 1, without the missed cell up to 1
  expect(segm!.overall.errors!.background.deltaAP).toBeCloseTo(ap(0.5, 51), 12);
  expect(segm!.overall.errors!.missed.deltaAP).toBeCloseTo(0.5 - ap(0.5, 51), 12);
});

test('threads share the work and find what one finds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'livecell-errors-'));
  try {
    const [groundTruth, detections] = documentsOf(fc.sample(scenes, { seed: 9, numRuns: 40 }).at(-1)!);
    writeFileSync(join(folder, 'gt.json'), bytesOf(groundTruth));
    writeFileSync(join(folder, 'dt.json'), bytesOf(detections));
    const outcome = await scoreTask({
      task: 'livecell-wide',
      groundTruth: { path: join(folder, 'gt.json') },
      files: [{ slot: 'all', path: join(folder, 'dt.json') }],
      protocols: ['coco', 'livecell-paper'],
      intervals: false,
      threads: 2,
      together: true,
    });
    if (!outcome.ok) throw new Error(outcome.problems[0].message);
    const { dataset, predictions } = await pack(groundTruth, detections);
    const [stock, paper] = await score(dataset, predictions, ['coco', 'livecell-paper']);
    expect(outcome.reports.map(({ results }) => results)).toEqual([stock, paper]);
    expect(paper.segm!.overall.errors).toBeDefined();
  } finally {
    await dismissHelpers();
    rmSync(folder, { recursive: true });
  }
});

// --- properties ---

const box = fc
  .tuple(fc.nat(30), fc.nat(30), fc.integer({ min: 3, max: 20 }), fc.integer({ min: 3, max: 20 }))
  .map((numbers): Box => numbers);
const image = fc.constantFrom(1, 1, 2, 3);
const off = fc.integer({ min: -4, max: 4 });
const scenes: fc.Arbitrary<Scene> = fc
  .record({
    cells: fc.array(fc.record({ box, image, crowd: fc.constantFrom(false, false, false, false, false, true) }), {
      maxLength: 10,
    }),
    // outlines of cells that are a little off, and some anywhere
    copies: fc.array(fc.record({ of: fc.nat(9), by: fc.tuple(off, off, off, off) }), {
      maxLength: 12,
    }),
    others: fc.array(fc.record({ box, image }), { maxLength: 8 }),
    scores: fc.array(fc.constantFrom(0.2, 0.4, 0.5, 0.6, 0.8, 0.9), { minLength: 20, maxLength: 20 }),
  })
  .map(({ cells, copies, others, scores }) => ({
    cells,
    outlines: [
      ...copies.flatMap(({ of, by: [x, y, w, h] }) => {
        const cell = cells[of];
        if (!cell) return [];
        const { box: b, image } = cell;
        const moved: Box = [Math.max(0, b[0] + x), Math.max(0, b[1] + y), Math.max(1, b[2] + w), Math.max(1, b[3] + h)];
        return [{ box: moved, image }];
      }),
      ...others,
    ].map((outline, k) => ({ ...outline, score: scores[k] })),
  }))
  .filter(({ cells, outlines }) => cells.length > 0 && outlines.length > 0);

function overlap(a: Box, b: Box): number {
  const w = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const h = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  return w > 0 && h > 0 ? w * h : 0;
}

/** The rules word by word, over all pairs of an image. */
function namesOf({ cells, outlines }: Scene, threshold: number): { objects: ErrorKind[]; detections: ErrorKind[] } {
  const objects = cells.filter(({ crowd }) => !crowd).map(({ box }) => box);
  const crowds = cells.filter(({ crowd }) => crowd).map(({ box }) => box);
  const sorted = outlines.filter(({ score }) => score >= threshold).sort((a, b) => b.score - a.score);
  const area = (b: Box): number => b[2] * b[3];
  const iou = (d: Box, g: Box): number => overlap(d, g) / (area(d) + area(g) - overlap(d, g));

  const matchOf = new Map<Box, Box>(); // by object and by detection
  const dets = sorted
    .map(({ box }) => box)
    .filter((d) => {
      let best: Box | null = null;
      for (const g of objects) {
        if (!matchOf.has(g) && iou(d, g) >= (best ? iou(d, best) : 0.5)) best = g;
      }
      if (best) {
        matchOf.set(best, d);
        matchOf.set(d, best);
      }
      return best || !crowds.some((crowd) => overlap(d, crowd) / area(d) >= 0.5);
    });
  const covers = (d: Box, g: Box): boolean => matchOf.get(d) === g || 2 * overlap(d, g) > area(g);
  const isDuplicate = (d: Box): boolean => !matchOf.has(d) && objects.some((g) => iou(d, g) >= 0.5);
  const isPieceOf = (d: Box, g: Box): boolean =>
    matchOf.get(d) === g || (!matchOf.has(d) && !isDuplicate(d) && 2 * overlap(d, g) > area(d));
  const isMerge = (d: Box): boolean => objects.filter((g) => covers(d, g)).length >= 2;
  const isSplit = (g: Box): boolean => dets.filter((d) => isPieceOf(d, g)).length >= 2;
  return {
    detections: dets
      .filter((d) => !matchOf.has(d))
      .map((d) =>
        isDuplicate(d)
          ? 'duplicate'
          : isMerge(d)
            ? 'merge'
            : objects.some((g) => isPieceOf(d, g) && isSplit(g))
              ? 'split'
              : objects.some((g) => iou(d, g) >= 0.1)
                ? 'poorBoundary'
                : 'background',
      ),
    objects: objects
      .filter((g) => !matchOf.has(g))
      .map((g) =>
        dets.some((d) => isMerge(d) && covers(d, g))
          ? 'merge'
          : isSplit(g)
            ? 'split'
            : dets.some((d) => iou(d, g) >= 0.1)
              ? 'poorBoundary'
              : 'missed',
      ),
  };
}

/** `[objects, detections]` by kind, as the rules say it of the images with these ids. */
function expected(scene: Scene, ids: number[], { scoreThreshold }: Metrics) {
  const tally = Object.fromEntries(ERROR_KINDS.map((kind) => [kind, [0, 0]]));
  for (const id of ids) {
    const inside = ({ image = 1 }: Outline): boolean => image === id;
    const names = namesOf(
      { cells: scene.cells.filter(inside), outlines: scene.outlines.filter(inside) },
      scoreThreshold ?? Number.POSITIVE_INFINITY,
    );
    for (const kind of names.objects) tally[kind][0]++;
    for (const kind of names.detections) tally[kind][1]++;
  }
  return tally;
}

describe('for any scene', () => {
  test('the kinds are what the rules say, word by word', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const results = await scoreOf(scene);
        for (const evaluation of EVALUATIONS) {
          const { overall, cellTypes } = results[evaluation];
          const tally = ({ errors }: Metrics) =>
            Object.fromEntries(ERROR_KINDS.map((kind) => [kind, [errors![kind].objects, errors![kind].detections]]));
          expect(tally(overall)).toEqual(expected(scene, [1, 2, 3], overall));
          expect(tally(cellTypes.A172!)).toEqual(expected(scene, [1], cellTypes.A172!));
          expect(tally(cellTypes.BV2!)).toEqual(expected(scene, [2], cellTypes.BV2!));
        }
      }),
    );
  });

  test('every unmatched object and detection is in exactly one kind: they add up, and no repair lowers AP', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const { dataset, predictions } = await pack(...documentsOf(scene));
        const [results] = await score(dataset, predictions, ['livecell-paper']);
        const evaluations = evaluationsOf(predictions);
        for (const [k, { ranking, matches }] of prepareAll(dataset, predictions, evaluations, [
          'livecell-paper',
        ]).entries()) {
          for (const i of IMAGES.keys())
            matchImage({ dataset, detections: predictions.detections, ranking, matches }, i);
          for (const [name, images] of imageSlices(dataset.images.fileNames)) {
            const { overall, cellTypes } = results[evaluations[k]]!;
            const { errors, AP } = name === 'overall' ? overall : cellTypes[name]!;
            const point = operatingPoint({ matches, ranking, slice: sliceOf(ranking, images, IMAGES.length) }, 3000);
            const sum = (what: 'objects' | 'detections'): number =>
              ERROR_KINDS.reduce((total, kind) => total + errors![kind][what], 0);
            expect(sum('objects')).toBe(point.countable - point.tp[0]);
            expect(sum('detections')).toBe(point.fp[0]);
            for (const kind of ERROR_KINDS) {
              const { deltaAP } = errors![kind];
              if (AP === null) expect(deltaAP).toBeNull();
              else if (deltaAP !== null) {
                expect(deltaAP).toBeGreaterThanOrEqual(0);
                expect(AP + deltaAP).toBeLessThanOrEqual(1 + 1e-12);
              }
            }
          }
        }
      }),
    );
  });

  test('a slice equals scoring only its images', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        const { segm, bbox } = await scoreOf(scene);
        const alone = { cells: scene.cells, outlines: scene.outlines.filter(({ image }) => image === 2) };
        fc.pre(alone.outlines.length > 0 && scene.cells.some(({ image }) => image === 2));
        const only = await scoreOf(alone, [IMAGES[1]]);
        expect(only.segm.overall.errors).toEqual(segm.cellTypes.BV2!.errors);
        expect(only.bbox.overall.errors).toEqual(bbox.cellTypes.BV2!.errors);
        expect(only.segm.cellTypes.BV2!.errors).toEqual(only.segm.overall.errors);
      }),
    );
  });
});
