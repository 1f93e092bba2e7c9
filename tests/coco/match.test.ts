/**
 * Matching against `evaluateImg` of pycocotools, written down once more in the plainest way: pixel by pixel, pair by
 * pair, one threshold and one size class at a time. Small images, crowded with what is hard: equal overlaps, equal
 * scores, crowd regions, masks without pixels, boxes without area or beyond the image.
 */
import { describe, expect, test } from 'vitest';
import type { Dataset, Objects } from '#lib/coco/dataset.ts';
import { allocateMatches, ignoredIn, matchedIn, matchImage, THRESHOLDS, type Trace } from '#lib/coco/match.ts';
import { type AreaRange, EVALUATIONS, type Evaluation, IOU_THRESHOLDS } from '#lib/coco/protocol.ts';
import { maskExtent } from '#lib/coco/rle.ts';
import { rankDetections } from '#tests/coco/rank-detections.ts';
import fc from '#tests/properties.ts';

const HEIGHT = 36;
const WIDTH = 60;

type Box = readonly [x: number, y: number, w: number, h: number];

interface Thing {
  /** the mask: the pixels of these rectangles, or of a comb four of seven */
  parts: Box[];
  comb?: boolean;
  box: Box;
  area: number;
  crowd: boolean;
  score: number;
}

const known = new WeakMap<Box[], Uint8Array>();

function pixelsOf({ parts, comb }: Thing): Uint8Array {
  let pixels = known.get(parts);
  if (pixels) return pixels;
  pixels = new Uint8Array(WIDTH * HEIGHT);
  known.set(parts, pixels);
  for (const [x, y, w, h] of parts) {
    for (let c = x; c < Math.min(x + w, WIDTH); c++)
      for (let r = y; r < Math.min(y + h, HEIGHT); r++)
        pixels[c * HEIGHT + r] = Number(!comb || (c * HEIGHT + r) % 7 < 4);
  }
  return pixels;
}

/** How masks lie in memory. */
type Layout = 'together' | 'backwards' | 'apart' | 'two parts';

function objectsOf(things: Thing[], layout: Layout): Objects {
  const n = things.length;
  const lots: number[][] = [[], []];
  const part = new Uint8Array(n);
  const maskStart = new Uint32Array(n);
  const maskEnd = new Uint32Array(n);
  const extents = new Int32Array(4 * n);
  const order = things.map((_, k) => (layout === 'backwards' ? n - 1 - k : k));
  for (const k of order) {
    part[k] = layout === 'two parts' ? k & 1 : 0;
    const lot = lots[part[k]];
    if (layout === 'apart') for (let i = 0; i < 300; i++) lot.push(7);
    maskStart[k] = lot.length;
    pixelsOf(things[k]).forEach((pixel, p, pixels) => {
      if (pixel && !(p > 0 && pixels[p - 1])) lot.push(p);
      if (pixel && !pixels[p + 1]) lot.push(p + 1);
    });
    maskEnd[k] = lot.length;
  }
  const intervals = lots.map((lot) => Uint32Array.from(lot));
  const maskArea = Uint32Array.from(things, (_, k) =>
    maskExtent({ data: intervals[part[k]], from: maskStart[k], to: maskEnd[k] }, HEIGHT, extents, 4 * k),
  );
  const score = Float64Array.from(things, (thing) => thing.score);
  return {
    count: n,
    image: new Int32Array(n),
    box: Float64Array.from(things.flatMap(({ box }) => box)),
    area: Float64Array.from(things, ({ area }) => area),
    crowd: Uint8Array.from(things, ({ crowd }) => Number(crowd)),
    score,
    maskScore: score,
    maskArea,
    maskExtent: extents,
    part,
    maskStart,
    maskEnd,
    intervals,
  };
}

function datasetOf(objects: Objects, before: number): Dataset {
  // images before the one at hand, without objects or with the first few
  const objectStart = Uint32Array.of(0, before, objects.count);
  return {
    images: {
      ids: [1, 2],
      fileNames: ['a.tif', 'b.tif'],
      // masks lie in the left part; there are tiles enough for boxes that are in very many of them
      width: Uint32Array.of(8 * WIDTH, 8 * WIDTH),
      height: Uint32Array.of(HEIGHT, HEIGHT),
    },
    objectStart,
    objects,
    meta: { sha256: '', category: 1, warnings: [] },
  };
}

// --- the reference ---

function iouOf(dt: Thing, gt: Thing, evaluation: Evaluation): number {
  if (evaluation === 'segm') {
    const a = pixelsOf(dt);
    const b = pixelsOf(gt);
    let shared = 0;
    let union = 0;
    for (let p = 0; p < a.length; p++) {
      shared += a[p] & b[p];
      union += gt.crowd ? a[p] : a[p] | b[p];
    }
    return shared === 0 ? 0 : shared / union;
  }
  // maskApi.c bbIou
  const [x, y, w, h] = dt.box;
  const [gx, gy, gw, gh] = gt.box;
  const across = Math.min(w + x, gw + gx) - Math.max(x, gx);
  const down = Math.min(h + y, gh + gy) - Math.max(y, gy);
  if (across <= 0 || down <= 0) return 0;
  return (across * down) / (gt.crowd ? w * h : w * h + gw * gh - across * down);
}

/** `COCOeval.evaluateImg`, line by line; detections stand by score. Indices, -1 for none. */
function evaluateImg(gts: Thing[], dts: Thing[], areas: number[], ious: number[][], { min, max }: AreaRange) {
  const gtIgnore = gts.map((gt) => gt.crowd || gt.area < min || gt.area > max);
  const order = [...gts.keys()].sort((a, b) => Number(gtIgnore[a]) - Number(gtIgnore[b]));
  const dtMatches: number[][] = [];
  const dtIgnore: boolean[][] = [];
  const gtMatches: number[][] = [];
  for (const threshold of IOU_THRESHOLDS) {
    const dtm = dts.map(() => -1);
    const gtm = gts.map(() => -1);
    const dtIg = dts.map(() => false);
    dts.forEach((_, d) => {
      let iou = Math.min(threshold, 1 - 1e-10);
      let m = -1;
      for (const g of order) {
        if (gtm[g] >= 0 && !gts[g].crowd) continue;
        if (m > -1 && !gtIgnore[m] && gtIgnore[g]) break;
        if (ious[d][g] < iou) continue;
        iou = ious[d][g];
        m = g;
      }
      if (m === -1) {
        dtIg[d] = areas[d] < min || areas[d] > max;
        return;
      }
      dtIg[d] = gtIgnore[m];
      dtm[d] = m;
      gtm[m] = d;
    });
    dtMatches.push(dtm);
    dtIgnore.push(dtIg);
    gtMatches.push(gtm);
  }
  return { gtIgnore, dtMatches, dtIgnore, gtMatches };
}

/** Bits of the thresholds at which something holds. */
const bitsOf = (holds: (t: number) => boolean): number => {
  let bits = 0;
  for (let t = 0; t < THRESHOLDS; t++) if (holds(t)) bits |= 1 << t;
  return bits;
};

interface Case {
  gts: Thing[];
  dts: Thing[];
  classes: AreaRange[];
  layout: Layout;
  /** ground truth of the image before, and detections in it */
  before: number;
  seenBefore: number;
}

function expectAsReference(
  { gts, dts, classes, layout, before, seenBefore }: Case,
  evaluation: Evaluation,
  unscored = false,
) {
  const objects = objectsOf([...gts.slice(0, before), ...gts], layout);
  const dataset = datasetOf(objects, Math.min(before, gts.length));
  const first = dataset.objectStart[1];
  const detections = objectsOf([...dts.slice(0, seenBefore), ...dts], layout);
  detections.image.fill(1, detections.count - dts.length);
  const ranking = rankDetections(detections.image, detections.score, 2, []);
  if (unscored) ranking.unscored = true;
  const matches = allocateMatches(evaluation, classes, { entries: ranking.count, images: 2, objects: objects.count });
  const trace: Trace = { pairs: [], taken: [] };
  const from = ranking.start[1];
  matchImage({ dataset, detections, ranking, matches }, 1, trace);
  const byScore = [...dts].sort((a, b) => b.score - a.score);

  const ious = byScore.map((dt) => gts.map((gt) => iouOf(dt, gt, evaluation)));
  const areas = byScore.map((dt) =>
    evaluation === 'segm' ? pixelsOf(dt).reduce((sum, pixel) => sum + pixel, 0) : dt.area,
  );
  const expected = classes.map((range) => evaluateImg(gts, byScore, areas, ious, range));
  const [all] = expected;
  expect(trace.pairs).toEqual(
    ious.flatMap((row, entry) =>
      row.flatMap((iou, g) => (iou >= 0.5 ? [{ entry: from + entry, gt: first + g, iou }] : [])),
    ),
  );
  const taken = expected.flatMap(({ dtMatches }, sizeClass) =>
    dtMatches.flatMap((dtm, threshold) =>
      dtm.flatMap((g, entry) => (g >= 0 ? [{ sizeClass, threshold, entry: from + entry, gt: first + g }] : [])),
    ),
  );
  expect(
    trace.taken.sort((a, b) => a.sizeClass - b.sizeClass || a.threshold - b.threshold || a.entry - b.entry),
  ).toEqual(taken);
  expected.forEach(({ gtIgnore, dtMatches, dtIgnore }, a) => {
    expect(matches.countable[2 * a + 1]).toBe(gtIgnore.filter((ignored) => !ignored).length);
    byScore.forEach((_, e) => {
      const fate = matches.fate[a * ranking.count + from + e];
      expect(matchedIn(fate)).toBe(bitsOf((t) => dtMatches[t][e] >= 0));
      expect(ignoredIn(fate)).toBe(bitsOf((t) => dtIgnore[t][e]));
    });
  });
  byScore.forEach((_, e) => {
    const g = all.dtMatches[0][e];
    expect(matches.object[from + e]).toBe(g < 0 ? -1 : first + g);
    expect(matches.iou[from + e]).toBe(g < 0 ? 0 : ious[e][g]);
  });
  gts.forEach((_, g) => {
    expect(matches.found[first + g]).toBe(bitsOf((t) => all.gtMatches[t][g] >= 0));
  });
  expect([...matches.found.subarray(0, first)]).toEqual(new Array(first).fill(0));

  // without the trace all is the same
  const again = allocateMatches(evaluation, classes, { entries: ranking.count, images: 2, objects: objects.count });
  matchImage({ dataset, detections, ranking, matches: again }, 1);
  expect(again).toEqual(matches);
}

// --- what there is to match ---

const rectangle = fc.tuple(
  fc.nat(WIDTH - 1),
  fc.nat(HEIGHT - 1),
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 12 }),
);

const large = fc.tuple(
  fc.nat(WIDTH - 20),
  fc.nat(HEIGHT - 12),
  fc.integer({ min: 2, max: 50 }),
  fc.integer({ min: 1, max: 30 }),
);

/** A cell: one rectangle, or two that may lie apart. */
const cell = fc.oneof(
  fc.array(rectangle, { minLength: 1, maxLength: 2 }),
  fc.array(fc.oneof(rectangle, large), { minLength: 1, maxLength: 2 }),
  // the columns of full height are one interval, and those of a comb very many
  fc.tuple(fc.integer({ min: 8, max: WIDTH }), fc.nat(1)).map(([w, y]): Box[] => [[0, y, w, HEIGHT - 2 * y]]),
);

/** A cell as somebody outlines it: moved, cut, or one rectangle more or less; seldom not at all. */
const change = fc.record({
  of: fc.nat(9),
  by: fc.constantFrom([0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 2], [2, 1, 1, 0]),
  parts: fc.constantFrom('all', 'all', 'all', 'first', 'left half', 'right half', 'comb', 'more', 'none'),
  more: rectangle,
  box: fc.constantFrom('its own', 'its own', 'halves', 'rounded', 'no area', 'huge', 'outside'),
  crowd: fc.integer({ min: 0, max: 4 }).map((one) => one === 0),
  area: fc.constantFrom(null, 0, 10, 25, 1e9),
  score: fc.constantFrom(0.1, 0.5, 0.5, 0.9),
});

function thingOf(cells: Box[][], { of, by, parts, more, box, crowd, area, score }: Change): Thing {
  const source = cells[of % cells.length].map(
    ([x, y, w, h]): Box => [Math.min(x + by[0], WIDTH - 1), Math.min(y + by[1], HEIGHT - 1), w + by[2], h + by[3]],
  );
  const [x, y, w, h] = source[0];
  const left = (w + 1) >> 1;
  const masks: Record<typeof parts, Box[]> = {
    all: source,
    first: [source[0]],
    'left half': [[x, y, left, h]],
    'right half': [[Math.min(x + left, WIDTH - 1), y, w - left, h]],
    comb: source,
    more: [...source, more],
    none: [],
  };
  const boxes: Record<typeof box, Box> = {
    'its own': [x, y, w, h],
    halves: [x + 0.5, y - 0.5, w / 2, h],
    rounded: [x + 0.1, y / 3, w * 1.1, h * 0.9],
    'no area': [x, y, w, 0],
    huge: [-1e7, -1e7, 2e7 + of, 2e7],
    outside: [x + 11 * WIDTH, y - 2 * HEIGHT, w, h],
  };
  const [, , bw, bh] = boxes[box];
  return { parts: masks[parts], comb: parts === 'comb', box: boxes[box], area: area ?? bw * bh, crowd, score };
}
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const bounds = fc
  .tuple(fc.constantFrom(0, 4, 10, 25, 36, 60), fc.constantFrom(10, 25, 36, 60, 144, 1e10))
  .map(([min, max]): AreaRange => ({ id: 'small', min, max }));

const cases: fc.Arbitrary<Case> = fc
  .record({
    cells: fc.array(cell, { minLength: 1, maxLength: 4 }),
    gts: fc.array(change, { maxLength: 9 }),
    dts: fc.array(change, { maxLength: 12 }),
    classes: fc.array(bounds, { maxLength: 11 }),
    layout: fc.constantFrom<Layout[]>('together', 'backwards', 'apart', 'two parts'),
    before: fc.nat(8),
    seenBefore: fc.nat(3),
  })
  .map(({ cells, gts, dts, classes, layout, before, seenBefore }) => ({
    gts: gts.map((one) => thingOf(cells, one)),
    dts: dts.map((one) => ({ ...thingOf(cells, one), crowd: false })),
    classes: [{ id: 'all', min: 0, max: 1e10 }, ...classes],
    layout,
    before: Math.min(before, gts.length),
    seenBefore: Math.min(seenBefore, dts.length),
  }));

describe.each(EVALUATIONS)('%s', (evaluation) => {
  test('every decision is that of evaluateImg', () => {
    fc.assert(fc.property(cases, (one) => expectAsReference(one, evaluation)));
  });

  test('so it is where there are more detections than are matched at a time', () => {
    const things = fc.sample(cases, { numRuns: 40, seed: 7 });
    const dts = Array.from({ length: 4_400 }, (_, k): Thing => {
      const [x, y] = [(7 * k) % WIDTH, (3 * k) % HEIGHT];
      const box: Box = [x, y, 5 + (k % 3), 4];
      return { parts: [box], box, area: 20, crowd: false, score: 0.5 };
    });
    const gts = things.flatMap((one) => one.gts.slice(0, 2)).slice(0, 6);
    const last = dts.length - 1;
    gts.push({ ...dts[last], area: 20 }, { ...dts[3], area: 20 });
    // nothing before has this one
    dts[last] = gts[6] = { ...gts[6], parts: [[2, 2, 30, 30]], box: [2, 2, 30, 30], area: 900 };
    const classes: AreaRange[] = [{ id: 'all', min: 0, max: 1e10 }];
    expectAsReference({ gts, dts, classes, layout: 'together', before: 1, seenBefore: 1 }, evaluation, true);
  });

  test('so it is where many objects are candidates of each detection', () => {
    const box: Box = [3, 3, 6, 6];
    const gts = Array.from({ length: 60 }, (_, k): Thing => {
      const own: Box = [3, 3, 6, 6 + (k % 5)];
      return { parts: [own], box: own, area: 20 + (k % 7), crowd: k % 11 === 0, score: 0 };
    });
    const dts = Array.from({ length: 80 }, (): Thing => ({ parts: [box], box, area: 36, crowd: false, score: 0.5 }));
    const classes: AreaRange[] = [
      { id: 'all', min: 0, max: 1e10 },
      { id: 'small', min: 0, max: 23 },
    ];
    expectAsReference({ gts, dts, classes, layout: 'together', before: 3, seenBefore: 0 }, evaluation);
  });

  test('so it is where one of many runs goes on in the next column', () => {
    const thing = (parts: Box[], comb: boolean, crowd: boolean): Thing => {
      return { parts, box: parts[0], comb, crowd, area: 100, score: 0.5 };
    };
    const low = [1, 2, 3, 5, 8, 13, 21].map((w): Box[] => [[4, 1, w, HEIGHT - 2]]);
    const whole: Box[] = [[0, 0, WIDTH, HEIGHT]];
    const gts = [thing([...whole], true, true), ...low.map((parts) => thing(parts, false, true))];
    const dts = [...low.map((parts) => thing([...parts], false, false)), thing([[4, 0, 20, HEIGHT]], true, false)];
    const classes: AreaRange[] = [{ id: 'all', min: 0, max: 1e10 }];
    expectAsReference({ gts, dts, classes, layout: 'together', before: 1, seenBefore: 0 }, evaluation);
  });
});
