/**
 * Random benchmarks in miniature, from a seed: small images full of what evaluators get wrong. Used for properties that
 * must hold for any input, and to ask the reference about inputs nobody has thought of.
 */
import { encodeCounts } from '#lib/coco/rle.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { Annotation, Detection, GroundTruth, Image, Rle } from '#tests/coco/documents.ts';

/** Mulberry32 (Tommy Ettinger, public domain): a small generator with a 32-bit seed. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `low` to `high`, ends included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.next() * from.length)];
  }

  shuffled<T>(list: readonly T[]): T[] {
    const shuffled = [...list];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.whole(0, i);
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    return shuffled;
  }
}

export interface RandomCase {
  gt: GroundTruth;
  dt: Detection[];
}

export interface CaseOptions {
  /** at most */
  images?: number;
  /** ground truth per image, at most */
  objects?: number;
  /** every score once: then the order of detections in the file does not matter */
  distinctScores?: boolean;
  /** every image has a detection */
  everyImageDetected?: boolean;
}

const SIZES: readonly [height: number, width: number][] = [
  [64, 64],
  [50, 90],
  [33, 47],
  [120, 100],
  [1, 40],
  [40, 1],
];
/** Where size classes of all protocols meet, and just beside. */
const LIMITS = [0, 324, 500, 961, 1024, 1500, 9216, 323.99999999999994, 500.00000000000006];

/** A shape as the pixels' runs or as polygons: what masks are made of before they are written in one of three ways. */
type Shape = { polygons: number[][] } | { runs: number[] };

export function randomCase(seed: number, options: CaseOptions = {}): RandomCase {
  const r = new Random(seed);
  const types = r.shuffled(CELL_TYPES).slice(0, r.whole(1, 3));
  const ids = r.shuffled(Array.from({ length: 60 }, (_, k) => k + 1));
  const boxes = options.distinctScores ? 'all' : r.pick(['all', 'all', 'none', 'some'] as const);
  const scores = options.distinctScores
    ? 'distinct'
    : r.pick(['distinct', 'distinct', 'tenths', 'equal', 'near'] as const);
  const ownMaskScores = r.chance(0.1);

  const images: Image[] = [];
  const annotations: Annotation[] = [];
  const detections: Detection[] = [];
  let annotationId = r.whole(1, 1000);

  const count = r.whole(1, options.images ?? 4);
  for (let k = 0; k < count; k++) {
    const [height, width] = r.chance(0.9) ? r.pick(SIZES.slice(0, 4)) : r.pick(SIZES);
    const image: Image = {
      id: ids.pop()!,
      file_name: `${r.pick(types)}_Phase_A1_1_00d00h00m_${k + 1}.tif`,
      width,
      height,
    };
    images.push(image);
    const most = options.objects ?? (r.chance(0.1) ? 25 : 8);
    const shapes: Shape[] = [];
    for (let n = r.chance(0.12) ? 0 : r.whole(0, most); n > 0; n--) {
      const shape = shapes.length > 0 && r.chance(0.1) ? r.pick(shapes) : randomShape(r, height, width);
      shapes.push(shape);
      const box = extent(shape, height);
      const annotation: Annotation = {
        id: annotationId,
        image_id: image.id,
        category_id: r.chance(0.04) ? 2 : 1,
        segmentation: written(r, withoutEmptyRuns(shape), height, width),
        bbox: r.chance(0.2) ? box.map((v) => v + r.between(-2, 2)).map((v, i) => (i > 1 ? Math.abs(v) : v)) : box,
        area: r.chance(0.2) ? r.pick(LIMITS) : r.chance(0.5) ? box[2] * box[3] : r.between(0, 3000),
        iscrowd: r.chance(0.08) ? 1 : 0,
      };
      annotationId += r.whole(1, 5);
      annotations.push(annotation);
    }
    const detected = (shape: Shape): void => {
      detections.push(detectionOf(r, image, shape, boxes, scores, ownMaskScores));
    };
    if (!options.everyImageDetected && r.chance(0.1)) continue;
    for (const shape of shapes) {
      if (r.chance(0.85)) detected(perturbed(r, shape, height, width));
      if (r.chance(0.15)) detected(perturbed(r, shape, height, width));
    }
    for (let n = r.whole(0, 3); n > 0; n--) detected(randomShape(r, height, width));
    // beyond the largest maxDets of one protocol, rarely of all
    if (!options.objects && r.chance(0.04)) {
      const many = r.chance(0.06) ? 3050 : 130;
      const shape = shapes.length > 0 ? r.pick(shapes) : randomShape(r, height, width);
      for (let n = 0; n < many; n++) detected(r.chance(0.5) ? { runs: [height * width] } : shape);
    }
    if (options.everyImageDetected) detected(randomShape(r, height, width));
  }
  // ground truth without any cell is rejected
  if (!annotations.some(({ category_id }) => category_id === 1))
    for (const annotation of annotations) annotation.category_id = 1;
  // and so is a file without any
  const [image] = images;
  if (!detections.some(({ category_id }) => category_id === 1))
    detections.push({
      ...detectionOf(r, image, randomShape(r, image.height, image.width), boxes, scores, ownMaskScores),
      category_id: 1,
    });
  if (ownMaskScores) for (const detection of detections) detection.mask_score ??= r.next();
  if (options.distinctScores) {
    const distinct = r.shuffled(detections.map((_, d) => (d + 1) / (detections.length + 1)));
    detections.forEach((detection, d) => {
      detection.score = distinct[d];
      if (detection.mask_score !== undefined) detection.mask_score = distinct[(d * 7 + 3) % distinct.length];
    });
    if (new Set(detections.map(({ mask_score }) => mask_score)).size < detections.length)
      for (const detection of detections) delete detection.mask_score;
  }
  return {
    gt: {
      images: r.shuffled(images),
      categories: [
        { id: 1, name: 'cell' },
        { id: 2, name: 'other' },
      ],
      annotations,
    },
    dt: r.shuffled(detections),
  };
}

function detectionOf(
  r: Random,
  { id, height, width }: Image,
  shape: Shape,
  boxes: 'all' | 'none' | 'some',
  scores: 'distinct' | 'tenths' | 'equal' | 'near',
  ownMaskScore: boolean,
): Detection {
  const score = { distinct: r.next(), tenths: r.whole(0, 10) / 10, equal: 0.5, near: 0.5 + r.whole(0, 3) * 2 ** -52 }[
    scores
  ];
  const detection: Detection = {
    image_id: id,
    category_id: r.chance(0.05) ? 2 : 1,
    score,
    segmentation: written(r, shape, height, width),
  };
  if (ownMaskScore) detection.mask_score = r.chance(0.3) ? score : r.whole(0, 20) / 20;
  if (boxes === 'all' || (boxes === 'some' && r.chance(0.5))) {
    const box = extent(shape, height);
    detection.bbox = r.chance(0.6)
      ? box
      : r.chance(0.1)
        ? [box[0], box[1], 0, r.pick([0, 5])] // no area
        : r.chance(0.15)
          ? [r.between(-30, -5), r.between(-30, height), r.between(0, 200), r.between(0, 200)] // beyond the border
          : box.map((v) => v + r.between(-1.5, 1.5)).map((v, i) => (i > 1 ? Math.abs(v) : v));
  }
  return detection;
}

// --- shapes ---

function randomShape(r: Random, height: number, width: number): Shape {
  const kind = r.next();
  if (kind < 0.3) return rectangle(r, height, width);
  if (kind < 0.6) return { polygons: [ellipse(r, height, width)] };
  if (kind < 0.68) return { polygons: [ellipse(r, height, width), ellipse(r, height, width)] };
  if (kind < 0.74) return { polygons: [scribble(r, height, width)] };
  if (kind < 0.95) return blob(r, height, width);
  // empty, written in one of the ways that the reference tells apart
  const before = r.whole(0, height * width);
  return r.pick<Shape>([
    { runs: [height * width] },
    { runs: [before, 0, height * width - before] },
    { polygons: [[1.1, 1.1, 1.2, 1.2, 1.3, 1.1]] },
  ]);
}

/** With whole corners, so that overlaps are simple fractions, which may sit exactly on a threshold. */
function rectangle(r: Random, height: number, width: number): Shape {
  const w = r.pick([r.whole(1, width), Math.min(20, width), Math.min(18, width)]);
  const h = r.pick([r.whole(1, height), Math.min(18, height), Math.min(25, height)]);
  return pixels(height, width, r.whole(0, width - w), r.whole(0, height - h), w, h);
}

function pixels(height: number, width: number, x: number, y: number, w: number, h: number): Shape {
  const runs: number[] = [];
  let position = 0;
  for (let column = Math.max(x, 0); column < Math.min(x + w, width); column++) {
    const from = column * height + Math.max(y, 0);
    const to = column * height + Math.min(y + h, height);
    if (to <= from) continue;
    runs.push(from - position, to - from);
    position = to;
  }
  return { runs: [...runs, height * width - position] };
}

function ellipse(r: Random, height: number, width: number): number[] {
  const [x, y] = [r.between(-0.1, 1.1) * width, r.between(-0.1, 1.1) * height];
  const [a, b, turn] = [r.between(1, 25), r.between(1, 18), r.between(0, Math.PI)];
  const n = r.whole(5, 24);
  return Array.from({ length: n }, (_, k) => (2 * Math.PI * k) / n).flatMap((angle) => {
    const [u, v] = [a * Math.cos(angle), b * Math.sin(angle)];
    return [x + u * Math.cos(turn) - v * Math.sin(turn), y + u * Math.sin(turn) + v * Math.cos(turn)].map(
      (c) => Math.round(c * 100) / 100,
    );
  });
}

function scribble(r: Random, height: number, width: number): number[] {
  return Array.from({ length: r.whole(3, 8) }, () => [
    r.pick([r.whole(-3, width + 3), r.between(-3, width + 3)]),
    r.pick([r.whole(-3, height + 3), r.between(-3, height + 3)]),
  ]).flat();
}

/** Runs of any length, also none: what a threshold makes of noise. */
function blob(r: Random, height: number, width: number): Shape {
  const size = height * width;
  const runs = [r.whole(0, Math.floor(size / 2))];
  let left = size - runs[0];
  while (left > 0 && runs.length < 60) {
    const run = Math.min(left, r.chance(0.1) ? 0 : r.whole(1, 2 * height));
    runs.push(run);
    left -= run;
  }
  if (runs.length % 2 === 0) runs.push(left);
  else runs[runs.length - 1] += left;
  return { runs };
}

/** Another observer's version of a shape: the same, shifted, cut, or moved point by point. */
function perturbed(r: Random, shape: Shape, height: number, width: number): Shape {
  if (r.chance(0.25)) return shape;
  if ('polygons' in shape) {
    const by = r.pick([0.5, 1, 3]);
    return {
      polygons: shape.polygons.map((xy) => {
        const [dx, dy] = [r.between(-by, by), r.between(-by, by)];
        const round = (v: number): number => Math.round(v * 100) / 100;
        return xy.map((v, i) => round(v + (i % 2 === 0 ? dx : dy) + r.between(-0.5, 0.5)));
      }),
    };
  }
  if (r.chance(0.5)) {
    // some of the pixels: k of 20 columns' worth, so that the overlap is a simple fraction
    const [x, y, w, h] = extent(shape, height);
    return pixels(height, width, x + r.pick([0, 0, 1]), y, Math.max(1, Math.round((w * r.whole(8, 20)) / 20)), h);
  }
  const by = Math.min(r.whole(0, height), shape.runs[shape.runs.length - 1] || 0);
  if (shape.runs.length % 2 === 0) return shape;
  const runs = [...shape.runs];
  runs[0] += by;
  runs[runs.length - 1] -= by;
  return { runs };
}

/** Roughly the box of a shape: [x, y, w, h]. */
function extent(shape: Shape, height: number): [number, number, number, number] {
  if ('polygons' in shape) {
    const xy = shape.polygons.flat();
    const xs = xy.filter((_, i) => i % 2 === 0);
    const ys = xy.filter((_, i) => i % 2 === 1);
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    return [x, y, Math.max(...xs) - x, Math.max(...ys) - y];
  }
  let position = 0;
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  shape.runs.forEach((run, i) => {
    const from = position;
    position += run;
    if (i % 2 === 0 || run === 0) return;
    left = Math.min(left, Math.floor(from / height));
    right = Math.max(right, Math.floor((position - 1) / height) + 1);
    const wraps = Math.floor(from / height) !== Math.floor((position - 1) / height);
    top = wraps ? 0 : Math.min(top, from % height);
    bottom = wraps ? height : Math.max(bottom, ((position - 1) % height) + 1);
  });
  return right === 0 ? [0, 0, 0, 0] : [left, top, right - left, bottom - top];
}

/**
 * The same pixels with as few runs as possible, if there are any. Ground truth is written so, since where two masks both
 * have an empty run at one place maskApi.c stops comparing them (`rleIou`), which is no overlap of anything: we differ.
 */
function withoutEmptyRuns(shape: Shape): Shape {
  if ('polygons' in shape || shape.runs.every((run, i) => i % 2 === 0 || run === 0)) return shape;
  const runs: number[] = [];
  shape.runs.forEach((run, i) => {
    if (run === 0 && i > 0) return;
    const foreground = i % 2 === 1;
    if (runs.length > 0 && (runs.length % 2 === 0) === foreground) runs[runs.length - 1] += run;
    else runs.push(run);
  });
  return { runs };
}

/** A shape in one of COCO's three encodings. */
function written(r: Random, shape: Shape, height: number, width: number): Rle | number[][] {
  if ('polygons' in shape) return shape.polygons;
  return { size: [height, width], counts: r.chance(0.5) ? shape.runs : encodeCounts(shape.runs) };
}
