/** Nearest-neighbour regression in one dimension. */

/**
 * Return the mean of y over the k nearest neighbours in x of every point (k-nearest-neighbours regression). Each point
 * is its own neighbour; between equally near points the lower index wins. With fewer than k points, all are neighbours.
 *
 * Neighbours are found by walking outwards, so a point costs O(k). Source: Fix and Hodges 1951; scikit-learn's
 * `KNeighborsRegressor`, which resolves ties by its search order.
 *
 * @param x ascending
 * @example nearestNeighbourMeans([1, 2, 4], [10, 20, 60], 2) // [15, 15, 40]
 */
export function nearestNeighbourMeans(x: ArrayLike<number>, y: ArrayLike<number>, k: number): Float64Array {
  const means = new Float64Array(x.length);
  const all = Uint32Array.from({ length: x.length }, (_, i) => i);
  const growing = new GrowingNeighbours(x, y, k, all);
  while (growing.grow((point, mean) => (means[point] = mean)) >= 0);
  return means;
}

const NONE = -1;

/**
 * Nearest-neighbour means of points that arrive one by one: only predictions that the new point changes are recomputed.
 *
 * All points with the same x have the same neighbours, hence the same prediction. A new point can become a neighbour of
 * its own x, and of any x with fewer than k points between itself and the new one: a point costs O(k²), plus one write
 * per point whose prediction changed.
 *
 * The order of arrival is known in advance, so no search is needed: removing all points in reverse order leaves each
 * with the neighbours it will have on arrival (Knuth's dancing links).
 */
export class GrowingNeighbours {
  private readonly x: ArrayLike<number>;
  private readonly y: ArrayLike<number>;
  private readonly k: number;
  private readonly order: Uint32Array;
  /** [points] the neighbours on either side of a present point; for an absent one, its neighbours on arrival */
  private readonly before: Int32Array;
  private readonly after: Int32Array;
  /** [points] rank of the point's x, ascending */
  private readonly place: Int32Array;
  /** [places] first and last present point, and the prediction */
  private readonly first: Int32Array;
  private readonly last: Int32Array;
  private readonly prediction: Float64Array;
  private arrived = 0;

  /**
   * @param x ascending
   * @param order points in order of arrival
   */
  constructor(x: ArrayLike<number>, y: ArrayLike<number>, k: number, order: Uint32Array) {
    const n = x.length;
    this.x = x;
    this.y = y;
    this.k = k;
    this.order = order;
    this.place = new Int32Array(n);
    for (let i = 1; i < n; i++) this.place[i] = this.place[i - 1] + (x[i] > x[i - 1] ? 1 : 0);
    const places = n === 0 ? 0 : this.place[n - 1] + 1;
    this.first = new Int32Array(places).fill(NONE);
    this.last = new Int32Array(places).fill(NONE);
    this.prediction = new Float64Array(places).fill(Number.NaN);
    this.before = Int32Array.from({ length: n }, (_, i) => i - 1);
    this.after = Int32Array.from({ length: n }, (_, i) => (i + 1 < n ? i + 1 : NONE));
    const isIn = new Uint8Array(n);
    for (const point of order) isIn[point] = 1;
    for (let i = 0; i < n; i++) if (!isIn[i]) this.unlink(i);
    for (let i = order.length - 1; i >= 0; i--) this.unlink(order[i]);
  }

  private unlink(point: number): void {
    const [before, after] = [this.before[point], this.after[point]];
    if (before !== NONE) this.after[before] = after;
    if (after !== NONE) this.before[after] = before;
  }

  /**
   * Add the next point.
   *
   * @param changed called for every present point with a new prediction, including the new point
   * @returns the point, or -1 when all have been added
   */
  grow(changed: (point: number, prediction: number) => void): number {
    if (this.arrived === this.order.length) return NONE;
    const point = this.order[this.arrived++];
    const { before, after, first, last, place, k } = this;
    if (before[point] !== NONE) after[before[point]] = point;
    if (after[point] !== NONE) before[after[point]] = point;
    const own = place[point];
    if (first[own] === NONE || point < first[own]) first[own] = point;
    if (point > last[own]) last[own] = point;

    const known = this.prediction[own];
    this.predict(own, changed);
    // the point itself has no prediction yet, even if the prediction of its x is unchanged
    if (this.prediction[own] === known) changed(point, known);
    for (let points = 0, i = before[first[own]]; i !== NONE; i = before[first[place[i]]]) {
      points = this.upTo(k, first[place[i]], points);
      if (points >= k) break;
      this.predict(place[i], changed);
    }
    for (let points = 0, i = after[last[own]]; i !== NONE; i = after[last[place[i]]]) {
      points = this.upTo(k, i, points);
      if (points >= k) break;
      this.predict(place[i], changed);
    }
    return point;
  }

  /** Add the points of one x from its first on, up to a total of `most`. */
  private upTo(most: number, from: number, points: number): number {
    const { after, place } = this;
    for (let i = from; i !== NONE && place[i] === place[from] && points < most; i = after[i]) points++;
    return points;
  }

  /** Recompute the prediction of one x and report its points if it changed. */
  private predict(own: number, changed: (point: number, prediction: number) => void): void {
    const { x, y, k, first, last, place, before, after, prediction } = this;
    const here = x[first[own]];
    let sum = 0;
    let found = 0;
    // the points of one x count from the lowest index on, even on the left, where the walk meets the highest first
    const takeAll = (from: number): void => {
      for (let i = from; i !== NONE && place[i] === place[from] && found < k; i = after[i]) {
        sum += y[i];
        found++;
      }
    };
    takeAll(first[own]);
    let left = before[first[own]];
    let right = after[last[own]];
    while (found < k && (left !== NONE || right !== NONE)) {
      // of equally near points, the left one has the lower index
      if (right === NONE || (left !== NONE && here - x[left] <= x[right] - here)) {
        const start = first[place[left]];
        takeAll(start);
        left = before[start];
      } else {
        takeAll(right);
        right = after[last[place[right]]];
      }
    }
    const mean = sum / found;
    if (mean === prediction[own]) return;
    prediction[own] = mean;
    for (let i = first[own]; i !== NONE && place[i] === own; i = after[i]) changed(i, mean);
  }
}
