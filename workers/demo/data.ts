/**
 * A synthetic benchmark: cells of eight kinds drawn from a seeded generator, and predictions of three qualities made by
 * damaging them. It gives a new installation a full leaderboard, and tests their data, without LIVECell's own data. The
 * same seed writes the same bytes.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { appendPolygons } from '#lib/coco/polygon.ts';
import { countsFromIntervals, encodeCounts, IntervalBuffer, maskBox } from '#lib/coco/rle.ts';
import { encodeGreyPng } from '#lib/datasets/grey-png.ts';
import { CELL_TYPES, type CellType, parseImageName, stem } from '#lib/livecell/cell-types.ts';
import { paintPicture } from './pictures.ts';

const WIDTH = 704;
const HEIGHT = 520;

interface DemoPredictions {
  name: 'strong' | 'medium' | 'weak';
  method: string;
  description: string;
  path: string;
  detections: number;
}

export interface DemoData {
  groundTruth: string;
  predictions: DemoPredictions[];
  /** fluorescence counts, per counted cell type: a reference file and a file of predicted counts */
  counts: Record<'A172' | 'A549', { reference: string; predictions: string }>;
  /** folder of the images, if requested */
  pictures?: string;
  images: number;
  objects: number;
  /** images per cell type */
  cellTypes: Record<string, number>;
}

type Ring = [x: number, y: number][];
interface Cell {
  ring: Ring;
  x: number;
  y: number;
  radius: number;
}

/**
 * Appearance of a cell type. Areas and shapes follow LIVECell's own medians; counts are about half, to keep files
 * small.
 */
interface Look {
  wells: string[];
  /** cells per image, at the first and at the last time point */
  cells: [number, number];
  /** pixels: median, and the spread of its logarithm */
  area: [number, number];
  /** length divided by width, smallest and largest */
  elongation: [number, number];
  /** how far the outline deviates from an ellipse, as a share of the radius */
  roughness: number;
  /** maximum number of thin processes per cell, and their length in radii */
  neurites: [number, number];
  /** share of cells that grow in colonies */
  clumped: number;
  /** difficulty relative to the other types: multiplies the errors of demo models */
  difficulty: number;
}

const LOOKS: Record<CellType, Look> = {
  A172: {
    wells: ['C7'],
    cells: [25, 60],
    area: [1000, 0.55],
    elongation: [1.3, 2.8],
    roughness: 0.22,
    neurites: [2, 0.9],
    clumped: 0,
    difficulty: 1.1,
  },
  BT474: {
    wells: ['D3'],
    cells: [40, 110],
    area: [490, 0.4],
    elongation: [1, 1.7],
    roughness: 0.12,
    neurites: [0, 0],
    clumped: 0.8,
    difficulty: 1.2,
  },
  BV2: {
    wells: ['A4'],
    cells: [130, 320],
    area: [130, 0.3],
    elongation: [1, 1.3],
    roughness: 0.06,
    neurites: [0, 0],
    clumped: 0.1,
    difficulty: 0.9,
  },
  Huh7: {
    wells: ['A12'],
    cells: [25, 50],
    area: [1100, 0.5],
    elongation: [1, 1.8],
    roughness: 0.14,
    neurites: [1, 0.6],
    clumped: 0.3,
    difficulty: 0.9,
  },
  MCF7: {
    wells: ['H4'],
    cells: [80, 220],
    area: [260, 0.35],
    elongation: [1, 1.5],
    roughness: 0.1,
    neurites: [0, 0],
    clumped: 0.9,
    difficulty: 1.3,
  },
  SHSY5Y: {
    wells: ['A10'],
    cells: [60, 150],
    area: [300, 0.4],
    elongation: [1.4, 3],
    roughness: 0.16,
    neurites: [3, 2.2],
    clumped: 0.4,
    difficulty: 1.6,
  },
  SkBr3: {
    wells: ['G3'],
    cells: [50, 130],
    area: [290, 0.3],
    elongation: [1, 1.2],
    roughness: 0.05,
    neurites: [0, 0],
    clumped: 0.2,
    difficulty: 0.6,
  },
  SKOV3: {
    wells: ['E4', 'F4'],
    cells: [25, 55],
    area: [1150, 0.5],
    elongation: [1.1, 2.2],
    roughness: 0.18,
    neurites: [1, 0.7],
    clumped: 0,
    difficulty: 0.9,
  },
};

/** Errors of a demo model. Shares are per cell; lengths are in cell radii. */
interface Model {
  name: DemoPredictions['name'];
  method: string;
  description: string;
  missed: number;
  merged: number;
  split: number;
  duplicated: number;
  /** false detections per cell */
  invented: number;
  shift: number;
  wobble: number;
  /** noise of the score around the detection's true quality */
  scoreNoise: number;
}

const MODELS: Model[] = [
  {
    name: 'strong',
    method: 'Demo model, strong',
    description: 'Synthetic: nearly every demo cell with a close contour. Not a real method.',
    missed: 0.03,
    merged: 0.01,
    split: 0.01,
    duplicated: 0.01,
    invented: 0.03,
    shift: 0.05,
    wobble: 0.075,
    scoreNoise: 0.05,
  },
  {
    name: 'medium',
    method: 'Demo model, medium',
    description: 'Synthetic: a tenth of the demo cells missed, looser contours, some merges. Not a real method.',
    missed: 0.1,
    merged: 0.04,
    split: 0.03,
    duplicated: 0.03,
    invented: 0.1,
    shift: 0.085,
    wobble: 0.105,
    scoreNoise: 0.12,
  },
  {
    name: 'weak',
    method: 'Demo model, weak',
    description: 'Synthetic: many demo cells missed, merged or split, and many invented ones. Not a real method.',
    missed: 0.24,
    merged: 0.1,
    split: 0.07,
    duplicated: 0.05,
    invented: 0.25,
    shift: 0.12,
    wobble: 0.14,
    scoreNoise: 0.22,
  },
];

/** 2 locations × 31 time points × 4 crops */
export const MOST_IMAGES_PER_TYPE = 248;
const LAST_HOUR = 120;

/**
 * Write ground truth, three prediction files and two pairs of counts into `dir`, and the images if `pictures` is set;
 * create the folder if it is missing.
 */
export async function writeDemoData(
  dir: string,
  options: { imagesPerType?: number; seed?: number; pictures?: boolean } = {},
): Promise<DemoData> {
  const { imagesPerType = 6, seed = 1, pictures = false } = options;
  if (!Number.isInteger(imagesPerType) || imagesPerType < 1 || imagesPerType > MOST_IMAGES_PER_TYPE)
    throw new RangeError(
      `The number of images per cell type must be a whole number from 1 to ${MOST_IMAGES_PER_TYPE}.`,
    );
  await mkdir(dir, { recursive: true });

  const images = CELL_TYPES.flatMap((type) =>
    imageNames(type, imagesPerType).map((fileName) => drawImage(type, fileName, seed)),
  );
  const document = cocoDocument(images);
  const groundTruth = join(dir, 'demo-ground-truth.json');
  await writeFile(groundTruth, JSON.stringify(document));

  const predictions: DemoPredictions[] = [];
  for (const model of MODELS) {
    const path = join(dir, `demo-predictions-${model.name}.json`);
    const detections = images.flatMap((image, index) => predict(model, image, document.images[index].id, seed));
    await writeFile(path, JSON.stringify(detections));
    const { name, method, description } = model;
    predictions.push({ name, method, description, path, detections: detections.length });
  }

  const pictureFolder = join(dir, 'demo-images');
  if (pictures) {
    await mkdir(pictureFolder, { recursive: true });
    for (const { fileName } of images)
      await writeFile(
        join(pictureFolder, `${stem(fileName)}.png`),
        encodeGreyPng(drawPicture(fileName, seed), { width: WIDTH, height: HEIGHT }),
      );
  }

  const counts = {
    A172: await writeCounts(dir, 'A172', 1500, seed),
    A549: await writeCounts(dir, 'A549', 2000, seed),
  };
  return {
    groundTruth,
    predictions,
    counts,
    ...(pictures && { pictures: pictureFolder }),
    images: images.length,
    objects: document.annotations.length,
    cellTypes: Object.fromEntries(CELL_TYPES.map((type) => [type, imagesPerType])),
  };
}

// --- images and cells ---

interface DemoImage {
  type: CellType;
  fileName: string;
  cells: Cell[];
}

/**
 * Return image names for two locations of the type's test well, followed over five days in steps of four hours, like
 * LIVECell's fields of view, so that everything grouped by field of view has something to group.
 */
export function imageNames(type: CellType, count: number): string[] {
  const { wells } = LOOKS[type];
  const timePoints = Math.min(31, Math.ceil(count / 2));
  return Array.from({ length: count }, (_, i) => {
    const step = Math.floor(i / 2) % timePoints;
    const hours = timePoints === 1 ? 0 : Math.round(((step / (timePoints - 1)) * LAST_HOUR) / 4) * 4;
    const crop = 1 + ((Math.floor(i / (2 * timePoints)) + step) % 4);
    const time = `${two(Math.floor(hours / 24))}d${two(hours % 24)}h00m`;
    return `${type}_Phase_${wells[i % wells.length]}_${1 + (i % 2)}_${time}_${crop}.tif`;
  });
}

function drawImage(type: CellType, fileName: string, seed: number): DemoImage {
  const progress = parseImageName(fileName)!.minutes / 60 / LAST_HOUR;
  return { type, fileName, cells: drawCells(type, progress, random(`${seed} ${fileName}`)) };
}

/**
 * Draw the picture of a demo image, with the cells that `writeDemoData` drew from the same seed. Grey values, row by
 * row.
 */
export function drawPicture(fileName: string, seed = 1): Uint8Array<ArrayBuffer> {
  const type = parseImageName(fileName)!.cellType!;
  const { cells } = drawImage(type, fileName, seed);
  return paintPicture(type, cells, { width: WIDTH, height: HEIGHT }, random(`${seed} picture ${fileName}`).unit);
}

function drawCells(type: CellType, progress: number, draw: Draw): Cell[] {
  const appearance = LOOKS[type];
  const [first, last] = appearance.cells;
  const wanted = Math.round((first + (last - first) * progress) * draw.between(0.85, 1.15));
  const colonies = Array.from({ length: 3 + Math.floor(draw.unit() * 4) }, () => ({
    x: draw.between(40, WIDTH - 40),
    y: draw.between(40, HEIGHT - 40),
  }));
  const spread = 14 * Math.sqrt((wanted * appearance.area[0]) / 10000) + 25;
  const cells: Cell[] = [];
  // cells may touch and overlap slightly, as in culture, so a crowded image ends with fewer cells
  for (let attempt = 0; attempt < wanted * 12 && cells.length < wanted; attempt++) {
    const colony = draw.unit() < appearance.clumped ? draw.pick(colonies) : null;
    const x = colony ? colony.x + draw.normal() * spread : draw.between(0, WIDTH);
    const y = colony ? colony.y + draw.normal() * spread : draw.between(0, HEIGHT);
    if (x < 0 || x >= WIDTH || y < 0 || y >= HEIGHT) continue;
    const radius = Math.sqrt((appearance.area[0] * Math.exp(draw.normal() * appearance.area[1])) / Math.PI);
    if (cells.some((other) => Math.hypot(other.x - x, other.y - y) < 0.9 * (other.radius + radius))) continue;
    const ring = inside(outline(appearance, { x, y, radius }, draw));
    if (Math.abs(shoelace(ring)) >= 40) cells.push({ ring, x, y, radius });
  }
  return cells;
}

/** Draw an ellipse with a few slow waves on its outline, and thin processes if the type has them. */
function outline(appearance: Look, { x, y, radius }: { x: number; y: number; radius: number }, draw: Draw): Ring {
  const stretch = Math.sqrt(draw.between(...appearance.elongation));
  const turn = draw.between(0, Math.PI);
  const waves = [2, 3, 4, 5].map((times) => ({
    times,
    height: (appearance.roughness * draw.normal()) / times,
    phase: draw.between(0, 2 * Math.PI),
  }));
  const vertices = Math.max(12, Math.min(28, Math.round(radius * 1.6)));
  const rays: [angle: number, length: number][] = [];
  for (let i = 0; i < vertices; i++) {
    const angle = (i / vertices) * 2 * Math.PI;
    const wave = waves.reduce((sum, { times, height, phase }) => sum + height * Math.cos(times * angle + phase), 0);
    rays.push([angle, radius * Math.max(0.35, 1 + wave)]);
  }
  const [mostNeurites, reach] = appearance.neurites;
  const neurites = Math.floor(draw.unit() * (mostNeurites + 1));
  for (let n = 0; n < neurites; n++) {
    // a spike on the nearest ray; neighbouring rays stay, so the process is thin
    const ray = rays[Math.floor(draw.unit() * vertices)];
    ray[1] = radius * (1 + reach * draw.between(0.5, 1));
  }
  return rays.map(([angle, length]) => {
    const along = length * Math.cos(angle) * stretch;
    const across = (length * Math.sin(angle)) / stretch;
    return [x + along * Math.cos(turn) - across * Math.sin(turn), y + along * Math.sin(turn) + across * Math.cos(turn)];
  });
}

/** Clip to the image, round to two decimals, drop repeated points: how annotators' polygons are stored. */
function inside(ring: Ring): Ring {
  const held = ring.map(([x, y]): [number, number] => [
    round2(Math.min(WIDTH, Math.max(0, x))),
    round2(Math.min(HEIGHT, Math.max(0, y))),
  ]);
  return held.filter(([x, y], i) => {
    const [px, py] = held[(i + held.length - 1) % held.length];
    return x !== px || y !== py;
  });
}

// --- the COCO document ---

/**
 * Build a document like LIVECell's own files: large ids, images and annotations on one counter, area by the shoelace
 * rule.
 */
function cocoDocument(images: DemoImage[]) {
  let counter = 100_000;
  const entries = [];
  const annotations = [];
  for (const { fileName, cells } of images) {
    const imageId = counter++;
    entries.push({
      id: imageId,
      width: WIDTH,
      height: HEIGHT,
      file_name: fileName,
      original_filename: fileName.replace('.tif', '.png'),
      url: '',
    });
    for (const { ring } of cells)
      annotations.push({
        id: counter++,
        image_id: imageId,
        category_id: 1,
        segmentation: [ring.flat()],
        area: Math.abs(shoelace(ring)),
        bbox: extent([ring]),
        iscrowd: 0,
      });
  }
  return {
    info: {
      year: '2026',
      version: '1.0',
      description: 'Synthetic demonstration data. Not LIVECell: every cell is drawn by a program.',
      contributor: 'LIVECell benchmark',
      url: '',
      date_created: '2026/01/01',
    },
    licenses: [{ id: 1, name: 'CC0 1.0', url: 'https://creativecommons.org/publicdomain/zero/1.0/' }],
    categories: [{ supercategory: 'cell', id: 1, name: 'cell' }],
    images: entries,
    annotations,
  };
}

// --- predictions ---

interface Detection {
  image_id: number;
  category_id: 1;
  bbox: [x: number, y: number, width: number, height: number];
  score: number;
  segmentation: { size: [height: number, width: number]; counts: string };
}

function predict(model: Model, image: DemoImage, imageId: number, seed: number): Detection[] {
  const draw = random(`${seed} ${model.name} ${image.fileName}`);
  const appearance = LOOKS[image.type];
  const { difficulty } = appearance;
  const detections: Detection[] = [];
  const taken = new Set<Cell>();

  /** `quality` is roughly the score the detection deserves; a better model's scores stay closer to it */
  const add = (rings: Ring[], quality: number) => {
    const held = rings.map(inside).filter((ring) => ring.length >= 3);
    if (held.length === 0) return;
    const score = Math.min(0.9999, Math.max(0.02, quality + draw.normal() * model.scoreNoise));
    const detection = encode(held, imageId, Math.round(score * 1e4) / 1e4);
    if (detection) detections.push(detection);
  };
  const damaged = (cell: Cell, more = 1): [Ring, number] => {
    const amount = more * difficulty * draw.between(0.4, 1.6);
    return [deform(cell, model.shift * amount, model.wobble * amount, draw), amount * (model.shift + model.wobble)];
  };

  for (const cell of image.cells) {
    if (taken.has(cell)) continue;
    taken.add(cell);
    const fate = draw.unit() / difficulty;
    const [ring, damage] = damaged(cell);
    if (fate < model.missed) continue;
    if (fate < model.missed + model.merged) {
      const neighbour = nearest(image.cells, cell, taken);
      if (neighbour) {
        taken.add(neighbour);
        add([ring, damaged(neighbour)[0]], 0.6 - damage);
        continue;
      }
    }
    if (fate < model.missed + model.merged + model.split) {
      const angle = draw.between(0, Math.PI);
      add([half(ring, cell, angle)], 0.65 - damage);
      add([half(ring, cell, angle + Math.PI)], 0.55 - damage);
      continue;
    }
    add([ring], 0.97 - 1.4 * damage);
    if (draw.unit() < model.duplicated) add([damaged(cell, 2.5)[0]], 0.45);
  }

  const invented = Math.round(model.invented * difficulty * image.cells.length * draw.between(0.6, 1.4));
  for (let i = 0; i < invented; i++) {
    const radius = Math.sqrt(appearance.area[0] / Math.PI) * draw.between(0.5, 1.2);
    const centre = { x: draw.between(0, WIDTH), y: draw.between(0, HEIGHT) };
    add([outline(appearance, { ...centre, radius }, draw)], 0.35);
  }
  return detections;
}

/** Encode one object of one or more outlines as detection frameworks do: compressed runs and the mask's box. */
function encode(rings: Ring[], imageId: number, score: number): Detection | null {
  const mask = new IntervalBuffer();
  appendPolygons(
    rings.map((ring) => ring.flat()),
    HEIGHT,
    WIDTH,
    mask,
  );
  if (mask.length === 0) return null;
  const box = new Float64Array(4);
  maskBox(
    { data: mask.data, from: 0, to: mask.length },
    { height: HEIGHT, width: WIDTH, hadForegroundRuns: false },
    box,
    0,
  );
  const counts = encodeCounts(countsFromIntervals(mask.data, 0, mask.length, HEIGHT * WIDTH));
  return {
    image_id: imageId,
    category_id: 1,
    bbox: [...box] as Detection['bbox'],
    score,
    segmentation: { size: [HEIGHT, WIDTH], counts },
  };
}

function deform(cell: Cell, shift: number, wobble: number, draw: Draw): Ring {
  const dx = draw.normal() * shift * cell.radius;
  const dy = draw.normal() * shift * cell.radius;
  const growth = 1 + draw.normal() * wobble;
  const waves = [1, 2, 3].map((times) => ({
    times,
    height: draw.normal() * wobble,
    phase: draw.between(0, 2 * Math.PI),
  }));
  return cell.ring.map(([x, y]) => {
    const angle = Math.atan2(y - cell.y, x - cell.x);
    const wave = waves.reduce((sum, { times, height, phase }) => sum + height * Math.cos(times * angle + phase), 0);
    const scale = Math.max(0.3, growth + wave);
    return [cell.x + (x - cell.x) * scale + dx, cell.y + (y - cell.y) * scale + dy];
  });
}

function nearest(cells: Cell[], to: Cell, except: Set<Cell>): Cell | null {
  let best: Cell | null = null;
  let least = 3.5 * to.radius;
  for (const cell of cells) {
    const distance = Math.hypot(cell.x - to.x, cell.y - to.y);
    if (distance < least && !except.has(cell)) {
      best = cell;
      least = distance;
    }
  }
  return best;
}

/**
 * Return the part of a polygon on one side of the line through the cell's centre (Sutherland and Hodgman's clipping).
 */
function half(ring: Ring, { x: cx, y: cy }: Cell, angle: number): Ring {
  const nx = Math.cos(angle);
  const ny = Math.sin(angle);
  const side = ([x, y]: [number, number]) => (x - cx) * nx + (y - cy) * ny;
  const kept: Ring = [];
  ring.forEach((point, i) => {
    const before = ring[(i + ring.length - 1) % ring.length];
    const [a, b] = [side(before), side(point)];
    if (a > 0 !== b > 0) {
      const t = a / (a - b);
      kept.push([before[0] + t * (point[0] - before[0]), before[1] + t * (point[1] - before[1])]);
    }
    if (b > 0) kept.push(point);
  });
  return kept;
}

// --- fluorescence counts ---

/** Nuclei per image at the start, by well: the seeding densities. */
const SEEDED = { B2: 55, B3: 110, B4: 180 } as const;

/**
 * Write reference nuclei counts that grow over time, and predictions that follow them up to `saturation` and then
 * flatten.
 */
async function writeCounts(dir: string, type: 'A172' | 'A549', saturation: number, seed: number) {
  const draw = random(`${seed} counts ${type}`);
  const reference: Record<string, string> = {};
  const predicted: Record<string, number> = {};
  for (const [well, seeded] of Object.entries(SEEDED))
    for (let step = 0; step < 16; step++)
      for (let image = 0; image < 5; image++) {
        const [location, crop] = [1 + Math.floor(image / 4), 1 + (image % 4)];
        const time = `${two(Math.floor(step / 6))}d${two((step % 6) * 4)}h00m`;
        const fileName = `${type}_Phase_${well}_${location}_${time}_${crop}.tif`;
        const count = Math.round(seeded * 1.2 ** step * draw.between(0.75, 1.25));
        const seen = count <= saturation ? count : saturation + 0.35 * (count - saturation);
        reference[fileName] = String(count); // quoted, as in the authors' own files
        predicted[fileName] = Math.max(0, Math.round(seen * (0.98 + 0.045 * draw.normal())));
      }
  const paths = {
    reference: join(dir, `demo-counts-${type}-reference.json`),
    predictions: join(dir, `demo-counts-${type}-predictions.json`),
  };
  await writeFile(paths.reference, JSON.stringify(reference, null, 1));
  await writeFile(paths.predictions, JSON.stringify(predicted, null, 1));
  return paths;
}

// --- small geometry and random numbers ---

function shoelace(ring: Ring): number {
  let twice = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++)
    twice += ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
  return twice / 2;
}

function extent(rings: Ring[]): [number, number, number, number] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of rings.flat()) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return [left, top, right - left, bottom - top];
}

const two = (n: number) => String(n).padStart(2, '0');
const round2 = (n: number) => Math.round(n * 100) / 100;

type Draw = ReturnType<typeof random>;

/** Return an image's own generator, seeded by seed and file name: adding images leaves the others unchanged. */
function random(name: string) {
  // FNV-1a of the name seeds mulberry32 (Tommy Ettinger, public domain)
  let state = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193);
  const unit = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    unit,
    between: (low: number, high: number) => low + (high - low) * unit(),
    normal: () => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()),
    pick: <T>(list: T[]): T => list[Math.floor(unit() * list.length)],
  };
}
