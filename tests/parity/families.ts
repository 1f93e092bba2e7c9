/**
 * Compares the numbers other papers report with Cellpose's and StarDist's own functions:
 * `npm run parity -- --families --cases 200`. Label images are painted here once more, pixel by pixel.
 *
 *   --cases N   how many (100)
 *   --seed N    the first case's seed; the others count up from it (1)
 *
 * Ends with 1 when a number differs by more than 1e-9 (1e-6 where a tool counts in single precision), with 2 when neither is installed. Needs Python with stardist, or
 * cellpose, or both (PYTHON=…); `npm test` never needs this.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { IOU_THRESHOLDS } from '#lib/coco/protocol.ts';
import { compareLabels, rankMasks } from '#lib/scoring/evaluate.ts';
import type { Family } from '#lib/scoring/families.ts';
import { flattenTruth, TRUTH_VARIANTS, type TruthVariant } from '#lib/scoring/flat-truth.ts';
import { seededRandom } from '#lib/stats/random.ts';
import { pack } from '#tests/coco/documents.ts';
import { distance, TOLERANCE } from './compare.ts';

const { values } = parseArgs({
  options: {
    families: { type: 'boolean' },
    cases: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
});
const [WIDTH, HEIGHT, IMAGES] = [64, 48, 5];

/** Numbers of one tool, by their names in `Family`. */
type Numbers = Partial<Record<'cellposeAp' | 'f1Pooled' | 'f1PerImage', number[]> & { pq: number }>;

const python = process.env.PYTHON ?? 'python3';
const child = spawn(python, ['-B', join(import.meta.dirname, 'families.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
child.on('error', () => nothingInstalled());
child.stdin.on('error', () => {});
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const read = async <T>(): Promise<T> => {
  const { value, done } = await lines.next();
  if (done) nothingInstalled();
  return JSON.parse(value) as T;
};

function nothingInstalled(): never {
  console.error('Neither answers. Install stardist or cellpose, or say which Python has them (PYTHON=…).');
  process.exit(2);
}

interface Disc {
  x: number;
  y: number;
  /** half axes */
  a: number;
  b: number;
}

/** Pixels of an ellipse, row by row. */
function pixelsOf({ x, y, a, b }: Disc): [x: number, y: number][] {
  const pixels: [number, number][] = [];
  for (let v = 0; v < HEIGHT; v++)
    for (let u = 0; u < WIDTH; u++) if (((u - x) / a) ** 2 + ((v - y) / b) ** 2 <= 1) pixels.push([u, v]);
  return pixels;
}

/** Uncompressed run lengths of pixels, column by column. */
function runLengths(pixels: readonly (readonly [number, number])[]) {
  const inside = new Set(pixels.map(([x, y]) => x * HEIGHT + y));
  const counts: number[] = [];
  let run = 0;
  let last = false;
  for (let p = 0; p < WIDTH * HEIGHT; p++) {
    if (inside.has(p) !== last) {
      counts.push(run);
      run = 0;
      last = !last;
    }
    run++;
  }
  return { size: [HEIGHT, WIDTH], counts: [...counts, run] };
}

/** Cells that overlap here and there, and outlines that are off by a little, twice there, missing or false. */
function makeCase(seed: number) {
  const random = seededRandom(seed);
  const between = (low: number, high: number) => low + (high - low) * random();
  const cell = (): Disc => ({ x: between(2, WIDTH), y: between(2, HEIGHT), a: between(4, 12), b: between(4, 9) });
  const images = Array.from({ length: IMAGES }, (_, i) => ({
    id: i + 1,
    width: WIDTH,
    height: HEIGHT,
    file_name: `${i}.png`,
  }));
  const annotations: object[] = [];
  const detections: { image_id: number; score: number; pixels: [number, number][] }[] = [];
  for (const { id: image_id } of images) {
    for (let k = 0; k < 2 + Math.floor(random() * 8); k++) {
      const own = cell();
      const pixels = pixelsOf(own);
      if (pixels.length === 0) continue;
      annotations.push({
        ...{ id: annotations.length + 1, image_id, category_id: 1, iscrowd: 0 },
        ...{ area: pixels.length, bbox: [0, 0, 1, 1], segmentation: runLengths(pixels) },
      });
      for (let d = random() < 0.15 ? 2 : 1; d > 0; d--) {
        if (random() < 0.2) continue;
        const off = () => between(-2, 2);
        const outline =
          random() < 0.1 ? cell() : { x: own.x + off(), y: own.y + off(), a: own.a + off(), b: own.b + off() };
        const found = pixelsOf(outline);
        if (found.length > 0) detections.push({ image_id, score: Math.round(10 * random()) / 10, pixels: found });
      }
    }
  }
  return { gt: { images, annotations, categories: [{ id: 1, name: 'cell' }] }, detections };
}

/** Label images of detections, [images][rows][columns]: by score, file order among equals, each pixel to the first. */
function paint(detections: ReturnType<typeof makeCase>['detections'], threshold: number): number[][][] {
  const images = Array.from({ length: IMAGES }, () =>
    Array.from({ length: HEIGHT }, () => new Array<number>(WIDTH).fill(0)),
  );
  const order = [...detections.keys()]
    .filter((d) => detections[d].score >= threshold)
    .sort((a, b) => detections[b].score - detections[a].score || a - b);
  // Cellpose takes the largest number of an image for how many labels it has
  const last = new Array<number>(IMAGES).fill(0);
  for (const d of order) {
    const image = detections[d].image_id - 1;
    const free = detections[d].pixels.filter(([x, y]) => images[image][y][x] === 0);
    if (free.length > 0) last[image]++;
    for (const [x, y] of free) images[image][y][x] = last[image];
  }
  return images;
}

const tools = await read<string[]>();
let compared = 0;
let worst = 0;
for (let k = 0; k < Number(values.cases); k++) {
  const seed = Number(values.seed) + k;
  const { gt, detections } = makeCase(seed);
  const threshold = k % 2 === 0 ? 0 : 0.5;
  const kept = detections.filter(({ score }) => score >= threshold);
  // tools differ in what an image with neither cells nor outlines counts
  const busy = gt.images.every(({ id }) => kept.some(({ image_id }) => image_id === id));
  if (!busy) continue;
  const dt = detections.map(({ image_id, score, pixels }) => ({
    image_id,
    score,
    category_id: 1,
    segmentation: runLengths(pixels),
  }));
  const { dataset, predictions } = await pack(gt, dt);
  const labels = {} as Record<TruthVariant, number[][][]>;
  const truths = TRUTH_VARIANTS.map((variant) => {
    labels[variant] = [];
    return flattenTruth(dataset, variant, {
      update(bytes) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const row = (y: number) => Array.from({ length: WIDTH }, (_, x) => view.getUint16(2 * (y * WIDTH + x), true));
        labels[variant].push(Array.from({ length: HEIGHT }, (_, y) => row(y)));
      },
      digest: () => '',
    });
  });
  const ours = await compareLabels(dataset, predictions, {
    truths,
    ranking: rankMasks(dataset, predictions),
    threshold,
  });
  const found = paint(detections, threshold);
  for (const variant of TRUTH_VARIANTS) {
    if (labels[variant].some((rows) => rows.every((row) => row.every((label) => label === 0)))) continue;
    child.stdin.write(`${JSON.stringify({ truth: labels[variant], found, thresholds: [...IOU_THRESHOLDS] })}\n`);
    for (const [tool, numbers] of Object.entries(await read<Record<string, Numbers>>()))
      compare(ours[variant] as Family, numbers, `case ${seed}, ${variant}, ${tool}`);
  }
}
child.stdin.end();
if (compared === 0) {
  console.error('No case could be compared.');
  process.exit(1);
}
console.log(
  `${compared.toLocaleString('en')} numbers compared with ${tools.join(' and ')}; largest difference ${worst.toPrecision(2)}`,
);

function compare(ours: Family, theirs: Numbers, where: string): void {
  for (const [key, numbers] of Object.entries(theirs)) {
    const own = [ours[key as keyof Numbers]].flat();
    [numbers].flat().forEach((number, t) => {
      const difference = distance(own[t], number);
      compared++;
      worst = Math.max(worst, difference);
      // StarDist’s IoU and all of Cellpose’s numbers are of single precision
      if (difference <= (key === 'pq' || where.endsWith('cellpose') ? 1e-6 : TOLERANCE)) return;
      console.error(`${where}: ${key}[${t}] is ${own[t]}, there ${number}`);
      process.exit(1);
    });
  }
}
