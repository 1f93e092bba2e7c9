/**
 * Measures the shape of a mask on its pixels: each pixel is a square of side 1, so an n × n square has area n², a hull
 * of n² and a Feret diameter of n√2. Everything is computed from the mask's runs, column by column; no pixel is
 * visited.
 */
import type { Mask } from '#lib/coco/rle.ts';
import { thread } from '#lib/kernels/thread-state.ts';

/** In the order in which `measureShape` writes them. */
export const SHAPE_METRICS = [
  'area',
  'perimeter',
  'feret',
  'eccentricity',
  'roundness',
  'circularity',
  'solidity',
  'aspectRatio',
] as const;
export type ShapeMetric = (typeof SHAPE_METRICS)[number];

/** Definitions, for the page that shows them. Lengths in pixels. */
export const SHAPE_DEFINITIONS: Readonly<Record<ShapeMetric, { name: string; definition: string }>> = {
  area: { name: 'Area', definition: 'pixels of the mask (scikit-image: area)' },
  perimeter: {
    name: 'Perimeter',
    definition:
      'length of the outline, by how often straight lines in four directions enter the mask (Crofton’s formula): exact on average over all orientations, and 5 % short for an upright square (scikit-image: perimeter_crofton, four directions)',
  },
  feret: {
    name: 'Feret diameter',
    definition:
      'the largest distance between two corners of the mask’s pixels; scikit-image’s feret_diameter_max takes the middles of their edges, up to a pixel less',
  },
  eccentricity: {
    name: 'Eccentricity',
    definition:
      'of the ellipse with the same second moments: 0 for a circle, towards 1 for a line; as scikit-image’s eccentricity, but a pixel is a square and not a point',
  },
  roundness: { name: 'Roundness', definition: 'area over that of a circle whose diameter is the Feret diameter' },
  circularity: { name: 'Circularity', definition: '4π · area / perimeter²: 1 for a circle, less for a rough outline' },
  solidity: {
    name: 'Solidity',
    definition:
      'area over that of the convex hull of the pixels’ corners; scikit-image’s solidity counts the pixels of the hull instead',
  },
  aspectRatio: {
    name: 'Aspect ratio',
    definition: 'long over short axis of the ellipse with the same second moments, 1 or more',
  },
};

/** Runs [y0, y1) of one column of a mask: y0, y1, y0, … */
interface Column {
  runs: Int32Array;
  length: number;
}

/** Corners x, y, x, y, … of one half of the convex hull. */
interface HalfHull {
  corners: Float64Array;
  length: number;
  /** the way it turns */
  readonly side: 1 | -1;
}

const scratch = thread.keep(
  () => ({
    columns: [newColumn(), newColumn()] as const,
    top: newHalfHull(1),
    bottom: newHalfHull(-1),
  }),
  ({ columns: [a, b], top, bottom }) =>
    a.runs.byteLength + b.runs.byteLength + top.corners.byteLength + bottom.corners.byteLength,
);

function newColumn(): Column {
  return { runs: new Int32Array(64), length: 0 };
}

function newHalfHull(side: 1 | -1): HalfHull {
  return { corners: new Float64Array(128), length: 0, side };
}

/**
 * Measure one mask.
 *
 * @param height of the image
 * @param out receives the eight numbers of `SHAPE_METRICS`, from index `at`
 * @returns false, and writes nothing, if the mask has no pixels
 */
export function measureShape({ data, from, to }: Mask, height: number, out: Float64Array, at: number): boolean {
  if (from === to) return false;
  const { columns, top, bottom } = scratch.get();
  let [before, now] = columns;
  const left = Math.floor(data[from] / height);
  // sums of pixel centres relative to the mask's first column and the image's middle row: small numbers, exact sums
  const middle = height >> 1;
  let area = 0;
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumYY = 0;
  let sumXY = 0;
  // number of times that lines enter the mask: down the columns, along the rows, and along both diagonals
  let down = 0;
  let along = 0;
  let falling = 0;
  let rising = 0;

  let k = from;
  let start = data[from];
  let previous = -2;
  before.length = 0;
  top.length = 0;
  bottom.length = 0;
  while (k < to) {
    const column = Math.floor(start / height);
    const x = column - left;
    const end = (column + 1) * height;
    let { runs } = now;
    let n = 0;
    let pixels = 0;
    // an interval may continue at the top of the next column
    while (k < to && start < end) {
      if (n + 2 > runs.length) runs = now.runs = longer(runs);
      const stop = data[k + 1] < end ? data[k + 1] : end;
      const y0 = start - column * height;
      const y1 = stop - column * height;
      runs[n++] = y0;
      runs[n++] = y1;
      const length = y1 - y0;
      const a = y0 - middle;
      const b = y1 - 1 - middle;
      const ys = ((a + b) * length) / 2;
      pixels += length;
      sumY += ys;
      sumXY += x * ys;
      sumYY += squaresUpTo(b) - squaresUpTo(a - 1);
      if (stop === data[k + 1]) {
        k += 2;
        start = k < to ? data[k] : 0;
      } else start = stop;
    }
    area += pixels;
    sumX += x * pixels;
    sumXX += x * x * pixels;
    down += n / 2;
    now.length = n;
    if (previous !== column - 1) before.length = 0;
    along += pixels - countNeighbours(before, now, 0);
    falling += pixels - countNeighbours(before, now, 1);
    rising += pixels - countNeighbours(before, now, -1);
    addCorners(top, x, runs[0]);
    addCorners(bottom, x, runs[n - 1]);
    previous = column;
    [before, now] = [now, before];
  }

  const perimeter = (Math.PI / 4) * (down + along + (falling + rising) / Math.SQRT2);
  const { hullArea, feret } = measureHull(top, bottom);
  // a pixel is a square with second moment 1/12, which also keeps a line of pixels from having no width
  const xx = sumXX / area - (sumX / area) ** 2 + 1 / 12;
  const yy = sumYY / area - (sumY / area) ** 2 + 1 / 12;
  const xy = sumXY / area - (sumX / area) * (sumY / area);
  const spread = Math.hypot(xx - yy, 2 * xy);
  const long = (xx + yy + spread) / 2;
  const short = (xx + yy - spread) / 2;

  out[at] = area;
  out[at + 1] = perimeter;
  out[at + 2] = feret;
  out[at + 3] = Math.sqrt(Math.max(0, 1 - short / long));
  out[at + 4] = (4 * area) / (Math.PI * feret * feret);
  out[at + 5] = (4 * Math.PI * area) / (perimeter * perimeter);
  out[at + 6] = area / hullArea;
  out[at + 7] = Math.sqrt(long / short);
  return true;
}

/**
 * Return 0² + 1² + … + n², continued as an odd function for negative n, so that differences are sums over any range.
 */
function squaresUpTo(n: number): number {
  return (n * (n + 1) * (2 * n + 1)) / 6;
}

/** Count pixels of a column whose neighbour in the previous column, `shift` rows up, is also in the mask. */
function countNeighbours(before: Column, column: Column, shift: number): number {
  const { runs: a, length: aCount } = before;
  const { runs: b, length: bCount } = column;
  let shared = 0;
  for (let i = 0, j = 0; i < aCount && j < bCount; ) {
    const a1 = a[i + 1] + shift;
    const low = Math.max(a[i] + shift, b[j]);
    const high = Math.min(a1, b[j + 1]);
    if (high > low) shared += high - low;
    if (a1 < b[j + 1]) i += 2;
    else j += 2;
  }
  return shared;
}

/** Add the two corners of a column's end to one half of the hull: Andrew's monotone chain, columns in order. */
function addCorners(half: HalfHull, x: number, y: number): void {
  if (half.length + 4 > half.corners.length) {
    const grown = new Float64Array(half.corners.length * 2);
    grown.set(half.corners);
    half.corners = grown;
  }
  const { corners: hull, side } = half;
  let n = half.length;
  for (let px = x; px <= x + 1; px++) {
    while (n >= 4) {
      const ax = hull[n - 4];
      const ay = hull[n - 3];
      const turn = (hull[n - 2] - ax) * (y - ay) - (hull[n - 1] - ay) * (px - ax);
      if (turn * side > 0) break;
      n -= 2;
    }
    hull[n++] = px;
    hull[n++] = y;
  }
  half.length = n;
}

/** Compute area (shoelace) and diameter of the hull; its two halves share no corner. */
function measureHull(upper: HalfHull, lower: HalfHull): { hullArea: number; feret: number } {
  const { corners: top, length: tops } = upper;
  const { corners: bottom, length: bottoms } = lower;
  let twice = 0;
  for (let i = 0; i + 3 < tops; i += 2) twice -= (top[i + 2] - top[i]) * (top[i + 3] + top[i + 1]);
  for (let i = 0; i + 3 < bottoms; i += 2) twice += (bottom[i + 2] - bottom[i]) * (bottom[i + 3] + bottom[i + 1]);
  // only pairs across the halves matter: below any corner of the upper half lies a point of the lower one that is
  // farther from the other corner
  let farthest = 0;
  for (let i = 0; i < tops; i += 2) {
    for (let j = 0; j < bottoms; j += 2) {
      const dx = top[i] - bottom[j];
      const dy = top[i + 1] - bottom[j + 1];
      const distance = dx * dx + dy * dy;
      if (distance > farthest) farthest = distance;
    }
  }
  return { hullArea: twice / 2, feret: Math.sqrt(farthest) };
}

function longer(runs: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(runs.length * 2);
  grown.set(runs);
  return grown;
}
