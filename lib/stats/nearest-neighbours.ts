/** Prediction of a number from the cases most like it, in one dimension. */

/**
 * The mean of y over the k nearest neighbours in x of every point (k-nearest-neighbours regression), each point being
 * its own neighbour; of equally near ones the lower index counts. Fewer than k points are all neighbours.
 *
 * Neighbours are found by walking outwards, so a point costs O(k). Source: Fix and Hodges 1951; scikit-learn's
 * `KNeighborsRegressor`, whose answer to ties depends on how it searches.
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
 * The same while points come in one after the other: only the predictions that a new point changes are made again.
 *
 * All points of one x have the same neighbours, hence the same prediction. A new point can become a neighbour of its
 * own x, and of an x that has fewer than k points from itself up to the new one: a point costs O(k²), and one write per
 * point whose prediction changed.
 *
 * The order of arrival is known beforehand, so that no search is ever needed: taking all points out in reverse order
 * leaves each with the neighbours it will have when it comes (Knuth's dancing links).
 */
export class GrowingNeighbours {
  private readonly x: ArrayLike<number>;
  private readonly y: ArrayLike<number>;
  private readonly k: number;
  private readonly order: Uint32Array;
  /** [points] the point before and after among those that are in; of one that is out, when it comes in */
  private readonly before: Int32Array;
  private readonly after: Int32Array;
  /** [points] number of the point's x, ascending */
  private readonly place: Int32Array;
  /** [places] first and last point that is in, and the prediction */
  private readonly first: Int32Array;
  private readonly last: Int32Array;
  private readonly prediction: Float64Array;
  private arrived = 0;

  /**
   * @param x ascending
   * @param order points in the order in which they come
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
   * Let the next point in.
   *
   * @param changed called for every point that is in and whose prediction is new, the new point among them
   * @returns the point, or -1 when all are in
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
    // the point itself has no prediction yet, whether its x has a new one or not
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

  /** Add the points of one x, from its first on, but counts no further than `most`. */
  private upTo(most: number, from: number, points: number): number {
    const { after, place } = this;
    for (let i = from; i !== NONE && place[i] === place[from] && points < most; i = after[i]) points++;
    return points;
  }

  /** Make the prediction of one x again, and tells its points when it changed. */
  private predict(own: number, changed: (point: number, prediction: number) => void): void {
    const { x, y, k, first, last, place, before, after, prediction } = this;
    const here = x[first[own]];
    let sum = 0;
    let found = 0;
    // the points of an x count from the lowest index on, also on the left, where they are met from the other end
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
      // of equally near ones, those on the left have the lower index
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
