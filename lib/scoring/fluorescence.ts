/**
 * Compare predicted cell counts with nuclear fluorescence counts (Edlund et al. 2021, Figure 4): how much of the
 * reference the predictions explain, and up to which density they follow it in a straight line.
 *
 * Both follow the authors' notebook; where its result depends on the order of rows, ours does not (`sortRows`).
 */
import type { CountRow } from '#lib/livecell/count-row.ts';
import { DistancesTracker, type Levene, leveneOfDistances } from '../stats/levene.ts';
import { GrowingNeighbours } from '../stats/nearest-neighbours.ts';
import { leastSquaresLine, mean, meanAbsoluteError, pearson, rSquared } from '../stats/regression.ts';
import type { CountResults } from './report.ts';

/** R² covers images with a reference count below this. */
export const R2_BELOW = 1600;

/** Parameters of the search for the limit of linearity, as published. */
const LINEARITY = { from: 500, neighbours: 5, p: 1e-5 } as const;

/** Compute all numbers of one cell type. The order of `rows` does not matter. */
export function scoreCounts(rows: readonly CountRow[]): CountResults {
  const sorted = sortRows(rows);
  const below = sorted.filter(({ reference }) => reference < R2_BELOW);
  const reference = below.map((row) => row.reference);
  const predicted = below.map((row) => row.predicted);
  const line = leastSquaresLine(predicted, reference);
  const { limit, broken, p, reason } = limitOfLinearity(sorted);
  const byFile = [...rows].sort((a, b) => compare(a.file, b.file));
  return {
    images: rows.length,
    imagesBelow1600: below.length,
    r2: rSquared(reference, predicted),
    linearityLimit: limit,
    linearityBroken: broken,
    pAtLimit: p,
    ...(reason && { linearityReason: reason }),
    slope: line?.slope ?? null,
    intercept: line?.intercept ?? null,
    pearson: pearson(predicted, reference),
    meanAbsoluteError: meanAbsoluteError(reference, predicted),
    mostLeverage: mostLeverage(predicted),
    points: byFile.map((row) => [row.reference, row.predicted]),
    files: byFile.map(({ file }) => file),
  };
}

/** Return the largest share of one value in the sum of squares about the mean; 1 if all are equal. */
function mostLeverage(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const squares = values.map((value) => (value - mean) ** 2);
  const sum = squares.reduce((total, square) => total + square, 0);
  return sum > 0 ? squares.reduce((most, square) => Math.max(most, square), 0) / sum : 1;
}

/** Sort by predicted count, then reference, then file name: counts are whole numbers, so ties are common. */
export function sortRows(rows: readonly CountRow[]): CountRow[] {
  return [...rows].sort((a, b) => a.predicted - b.predicted || a.reference - b.reference || compare(a.file, b.file));
}

/** Compare by code unit, the same on every machine in any language. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

interface LimitOfLinearity {
  /** the first density at which a straight line is rejected, or the last one tried if none is; null: see `reason` */
  readonly limit: number | null;
  readonly broken: boolean | null;
  /** p of the test at the limit; null if nothing varies */
  readonly p: number | null;
  readonly reason?: string;
}

/**
 * For T = 500, 501, … up to the largest reference count: take the images below T, fit a least-squares line of the
 * reference on the prediction, average the five nearest neighbours as an alternative, and apply Levene's test (around
 * medians) to the two vectors of residuals. The limit is the first T with p < 1e-5.
 *
 * Images are added by reference count, and nothing is refitted from scratch (`GrowingTest`). A T that adds no image
 * would repeat the previous test and is skipped; so is one whose test provably does not reject.
 *
 * @param sorted from `sortRows`
 */
export function limitOfLinearity(sorted: readonly CountRow[]): LimitOfLinearity {
  const { from, neighbours, p } = LINEARITY;
  const reference = Float64Array.from(sorted, (row) => row.reference);
  const predicted = Float64Array.from(sorted, (row) => row.predicted);
  const largest = reference.reduce((a, b) => Math.max(a, b), 0);
  if (largest <= from) return impossible(`The largest reference count is ${largest}, not above ${from}.`);
  const start = reference.filter((value) => value < from).length;
  if (start < neighbours) {
    let have = `Only ${start} images have`;
    if (start === 0) have = 'No image has';
    else if (start === 1) have = 'One image has';
    return impossible(`${have} a reference count below ${from}; ${neighbours} are needed.`);
  }

  const order = Uint32Array.from(reference.keys()).sort((a, b) => reference[a] - reference[b] || a - b);
  const growing = new GrowingTest(predicted, reference, order);
  let last: Levene | null = null;
  for (let T: number = from; T < largest; ) {
    while (reference[order[growing.count]] < T) growing.grow();
    const next = Math.floor(reference[order[growing.count]]) + 1;
    if (next >= largest || !growing.cannotReject()) {
      last = growing.test();
      if (last && last.p < p) return { limit: T, broken: true, p: last.p };
    }
    T = next;
  }
  return { limit: Math.ceil(largest) - 1, broken: false, p: last?.p ?? null };
}

/**
 * F with one and any degrees of freedom has a longer tail than χ², where 19 gives p = 1.3e-5: up to here none rejects.
 */
const NEVER_REJECTED = 19;

/**
 * Levene's test of the line's and the neighbours' residuals, while images are added.
 *
 * A new image changes each of the line's sums by one term, and a few neighbour means. The test itself examines every
 * residual, but most tests can be skipped. Let D be the sum of a sample's distances from its median. The median
 * minimises this sum, so moving residuals by c in total changes D by at most c; a new residual adds at most its
 * distance from the old median and removes nothing; and a line that turns by Δ moves residuals by at most Δ Σ|x - x̄|.
 * This bounds the difference between the two means and, with the variances, which are known exactly, W.
 */
class GrowingTest {
  /** number of images added */
  count = 0;
  private readonly reference: Float64Array;
  private readonly neighbours: GrowingNeighbours;
  /** [images] order of arrival */
  private readonly arrival: Uint32Array;
  /** counts by arrival, minus their overall means in whole numbers, so that the sums below stay exact */
  private readonly x: Float64Array;
  private readonly y: Float64Array;
  private sumX = 0;
  private sumY = 0;
  private sumXX = 0;
  private sumXY = 0;
  private sumYY = 0;
  /** residuals by arrival */
  private readonly ofLine: Float64Array;
  private readonly ofNeighbours: Float64Array;
  private sum = 0;
  private sumOfSquares = 0;
  /** distances from the median, and the line, as of the last test */
  private readonly trackers: { line: DistancesTracker; neighbours: DistancesTracker };
  private line = { slope: 0, meanX: 0, meanY: 0 };
  private tested: { line: number; neighbours: number } | null = null;
  /** since the last test: distances of new residuals, and total movement of old ones */
  private lineAdded = 0;
  private neighboursAdded = 0;
  private neighboursMoved = 0;
  /** Σ|x - x̄| around the mean of the last test */
  private spreadX = 0;

  /**
   * @param predicted ascending
   * @param order images in order of arrival
   */
  constructor(predicted: Float64Array, reference: Float64Array, order: Uint32Array) {
    const n = order.length;
    const [centreX, centreY] = [Math.round(mean(predicted)), Math.round(mean(reference))];
    this.reference = reference;
    this.neighbours = new GrowingNeighbours(predicted, reference, LINEARITY.neighbours, order);
    this.arrival = new Uint32Array(n);
    for (let k = 0; k < n; k++) this.arrival[order[k]] = k;
    this.x = Float64Array.from(order, (image) => predicted[image] - centreX);
    this.y = Float64Array.from(order, (image) => reference[image] - centreY);
    this.ofLine = new Float64Array(n);
    this.ofNeighbours = new Float64Array(n);
    this.trackers = { line: new DistancesTracker(n), neighbours: new DistancesTracker(n) };
  }

  /** Add the next image. */
  grow(): void {
    const { count, line } = this;
    const [x, y] = [this.x[count], this.y[count]];
    this.sumX += x;
    this.sumY += y;
    this.sumXX += x * x;
    this.sumXY += x * y;
    this.sumYY += y * y;
    const fromMean = x - line.meanX;
    this.lineAdded += Math.abs(y - line.meanY - line.slope * fromMean - this.trackers.line.median);
    this.spreadX += Math.abs(fromMean);
    this.neighbours.grow(this.predict);
    this.count++;
  }

  private readonly predict = (image: number, prediction: number): void => {
    const at = this.arrival[image];
    const before = this.ofNeighbours[at]; // 0 for the new image
    const residual = this.reference[image] - prediction;
    this.ofNeighbours[at] = residual;
    this.sum += residual - before;
    this.sumOfSquares += residual * residual - before * before;
    if (at === this.count) this.neighboursAdded += Math.abs(residual - this.trackers.neighbours.median);
    else this.neighboursMoved += Math.abs(residual - before);
  };

  /** Tell whether the test certainly would not reject: an upper bound of W, without examining the residuals. */
  cannotReject(): boolean {
    const { tested, count } = this;
    if (!tested) return false;
    const { slope, xx, xy, yy } = this.fit();
    const turned = Math.abs(slope - this.line.slope) * this.spreadX;
    const line = { least: tested.line - turned, most: tested.line + turned + this.lineAdded };
    const neighbours = {
      least: tested.neighbours - this.neighboursMoved,
      most: tested.neighbours + this.neighboursMoved + this.neighboursAdded,
    };
    // Σ(residual - mean)², at most that around the median; for a line that fits perfectly only rounding remains
    const ofLine = yy - slope * xy;
    const ofNeighbours = this.sumOfSquares - this.sum ** 2 / count;
    const within =
      (ofLine > 1e-9 * yy && xx > 0 ? Math.max(0, ofLine - line.most ** 2 / count) : 0) +
      Math.max(0, ofNeighbours - neighbours.most ** 2 / count);
    const apart = Math.max(line.most - neighbours.least, neighbours.most - line.least);
    return ((count - 1) * apart ** 2) / count < NEVER_REJECTED * within;
  }

  /** Run the test; null if nothing varies. O(n). */
  test(): Levene | null {
    const { count, x, y, ofLine, ofNeighbours } = this;
    const { slope, meanX, meanY } = this.fit();
    let spreadX = 0;
    for (let k = 0; k < count; k++) {
      const fromMean = x[k] - meanX;
      spreadX += Math.abs(fromMean);
      ofLine[k] = y[k] - meanY - slope * fromMean;
    }
    const line = this.trackers.line.measure(ofLine, count);
    const neighbours = this.trackers.neighbours.measure(ofNeighbours, count);
    this.line = { slope, meanX, meanY };
    this.tested = { line: line.mean * count, neighbours: neighbours.mean * count };
    this.lineAdded = this.neighboursAdded = this.neighboursMoved = 0;
    this.spreadX = spreadX;
    return leveneOfDistances([line, neighbours]);
  }

  /** Fit the least-squares line through the images added so far; flat if x does not vary, like `leastSquaresLine`. */
  private fit() {
    const { count, sumX, sumY, sumXX, sumXY, sumYY } = this;
    const xx = sumXX - sumX ** 2 / count;
    const xy = sumXY - (sumX * sumY) / count;
    const varies = count * sumXX - sumX * sumX > 0;
    return {
      slope: varies ? (count * sumXY - sumX * sumY) / (count * sumXX - sumX * sumX) : 0,
      meanX: sumX / count,
      meanY: sumY / count,
      xx: varies ? xx : 0,
      xy: varies ? xy : 0,
      yy: sumYY - sumY ** 2 / count,
    };
  }
}

function impossible(reason: string): LimitOfLinearity {
  return { limit: null, broken: null, p: null, reason };
}
