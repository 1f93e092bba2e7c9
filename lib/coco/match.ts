/**
 * Matching detections to ground truth, per image, for all ten IoU thresholds and all size classes at once.
 *
 * pycocotools (`COCOeval.computeIoU`, `evaluateImg`) computes the full IoU matrix of an image and walks it once per
 * threshold and size class. Two facts make that unnecessary:
 *
 *  - only pairs with IoU ≥ 0.5 can match, and of those a detection has none, one, or very rarely two. Such a detection
 *    covers the middle of its ground truth, so they are found through a grid of tiles that lists each ground truth by
 *    its middle, and bounded by their areas before any pixel is compared;
 *  - a detection's fate at ten thresholds fits in ten bits. With a single candidate, "which thresholds does it match
 *    at" is one mask operation; only with several candidates does the reference's loop have to be walked.
 *
 * Matching is greedy in score order, so the result for the first k detections does not depend on the others: one pass
 * serves every maxDets.
 */
import { allocate, type Dataset, type Objects } from './dataset.ts';
import { type AreaRange, type Evaluation, IOU_THRESHOLDS, PROTOCOLS, type ProtocolId } from './protocol.ts';
import type { Ranking } from './rank.ts';
import { intersection } from './rle.ts';

export const THRESHOLDS = IOU_THRESHOLDS.length;
/** One bit per IoU threshold. */
export const ALL_BITS = (1 << THRESHOLDS) - 1;

/** Matches of one evaluation. Shapes: A size classes, E entries (see Ranking), I images; bit t is IoU threshold t. */
export interface Matches {
  evaluation: Evaluation;
  classes: AreaRange[];
  /**
   * [A × E] what becomes of an entry: in the low half the thresholds at which it is matched, in the high half those at
   * which it is ignored, neither true nor false
   */
  fate: Int32Array;
  /** [A × I] ground truth that counts (pycocotools' npig, per image) */
  countable: Uint32Array;
  /** [E] IoU of the match at IoU 0.5, all sizes; 0 when there is none */
  iou: Float64Array;
  /** [E] ground truth of that match, -1 when there is none */
  object: Int32Array;
  /** [G] thresholds at which a ground truth is taken, all sizes; empty unless asked for */
  found: Uint16Array;
}

/** The decisions behind the matches, for who wants to see them: tests that ask where ours and the reference's part. */
export interface Trace {
  /** pairs with IoU at or above the lowest threshold, by entry, then by ground truth */
  pairs: { entry: number; gt: number; iou: number }[];
  /** ground truth that an entry took, one per size class (index into `Matches.classes`) and threshold */
  taken: { sizeClass: number; threshold: number; entry: number; gt: number }[];
}

/** The distinct size classes of some protocols: most protocols share "all", and matching is done once per class. */
export function areaClasses(protocols: readonly ProtocolId[]): AreaRange[] {
  const classes: AreaRange[] = [];
  for (const id of protocols) {
    for (const range of PROTOCOLS[id].areaRanges) if (classIndex(classes, range) < 0) classes.push(range);
  }
  return classes;
}

export function classIndex(classes: readonly AreaRange[], range: AreaRange): number {
  return classes.findIndex(({ min, max }) => min === range.min && max === range.max);
}

/**
 * Room for the matches of one evaluation, in memory that threads share.
 *
 * @param objects how many ground truths there are, when it is to be kept which of them are found
 */
export function allocateMatches(
  evaluation: Evaluation,
  classes: AreaRange[],
  entries: number,
  images: number,
  objects = 0,
): Matches {
  return {
    evaluation,
    classes,
    fate: new Int32Array(allocate(4 * classes.length * entries)),
    countable: new Uint32Array(allocate(4 * classes.length * images)),
    iou: new Float64Array(allocate(8 * entries)),
    object: new Int32Array(allocate(4 * entries)),
    found: new Uint16Array(allocate(2 * objects)),
  };
}

/** Thresholds at which an entry of this fate is matched. */
export function matchedIn(fate: number): number {
  return fate & ALL_BITS;
}

/** Thresholds at which an entry of this fate is ignored. */
export function ignoredIn(fate: number): number {
  return fate >>> 16;
}

/** Candidates of one image: pairs with IoU at or above the lowest threshold, by detection. */
class Candidates {
  start = new Uint32Array(1024);
  gt = new Uint32Array(1024);
  iou = new Float64Array(1024);
  length = 0;

  push(gt: number, iou: number): void {
    if (this.length === this.gt.length) {
      const gts = new Uint32Array(this.length * 2);
      gts.set(this.gt);
      this.gt = gts;
      const ious = new Float64Array(this.length * 2);
      ious.set(this.iou);
      this.iou = ious;
    }
    this.gt[this.length] = gt;
    this.iou[this.length++] = iou;
  }
}

const candidates = new Candidates();
/** The ground truth of one image by tile: that of tile k is `gt[start[k]]` … `gt[start[k + 1] - 1]`, row by row. */
const tiles = {
  size: 1,
  columns: 1,
  rows: 1,
  start: new Uint32Array(1025),
  next: new Uint32Array(1024),
  gt: new Uint32Array(4096),
  /** of each ground truth of the image its first column and row of tiles, and its last */
  listed: new Int32Array(4096),
};
export type Tiles = Readonly<typeof tiles>;
const MIN_IOU = IOU_THRESHOLDS[0];

/**
 * Matches the detections of image `image` and writes the results of its entries into `out`.
 * Images are independent: threads may do different ones at the same time.
 */
export function matchImage(
  dataset: Dataset,
  detections: Objects,
  ranking: Ranking,
  image: number,
  out: Matches,
  trace?: Trace,
): void {
  const gtFrom = dataset.objectStart[image];
  const gtTo = dataset.objectStart[image + 1];
  countCountable(dataset.objects, gtFrom, gtTo, image, dataset.images.ids.length, out);
  findCandidates(dataset, detections, ranking, image, out.evaluation);
  assign(dataset.objects, gtFrom, gtTo, detections, ranking, image, out, trace);
}

/** Ground truth that counts, per size class: not a crowd region, and its `area` field within the class, ends included. */
function countCountable(gt: Objects, from: number, to: number, image: number, images: number, out: Matches): void {
  out.classes.forEach(({ min, max }, a) => {
    let count = 0;
    for (let g = from; g < to; g++) if (!gt.crowd[g] && gt.area[g] >= min && gt.area[g] <= max) count++;
    out.countable[a * images + image] = count;
  });
}

/** The most detections of an image that any protocol looks at. */
const MOST = Math.max(...Object.values(PROTOCOLS).map(({ maxDets }) => maxDets[2]));

/** Where the entries that can count end: what is beyond every protocol's maxDets is left unmatched, and nobody asks. */
function entriesEnd(ranking: Ranking, image: number): number {
  const end = ranking.start[image + 1];
  return ranking.unscored ? end : Math.min(end, ranking.start[image] + MOST);
}

/** Fills `candidates` for the image's entries, in ranking order; each entry's candidates in file order of ground truth. */
function findCandidates(
  dataset: Dataset,
  detections: Objects,
  ranking: Ranking,
  image: number,
  evaluation: Evaluation,
): void {
  const gt = dataset.objects;
  const from = ranking.start[image];
  const to = entriesEnd(ranking, image);
  const masks = evaluation === 'segm';
  if (candidates.start.length < to - from + 1) candidates.start = new Uint32Array((to - from + 1) * 2);
  candidates.length = 0;

  const { size, columns, rows, listed } = layMiddles(dataset, image, masks);
  const gtFrom = dataset.objectStart[image];
  const gtExtent = masks ? gt.maskExtent : gt.box;
  const dtExtent = masks ? detections.maskExtent : detections.box;
  for (let e = from; e < to; e++) {
    candidates.start[e - from] = candidates.length;
    const d = ranking.detection[e];
    const dx0 = dtExtent[4 * d];
    const dy0 = dtExtent[4 * d + 1];
    const dx1 = masks ? dtExtent[4 * d + 2] : dx0 + dtExtent[4 * d + 2];
    const dy1 = masks ? dtExtent[4 * d + 3] : dy0 + dtExtent[4 * d + 3];
    if (!(dx1 > dx0 && dy1 > dy0)) continue; // no pixels, no overlap
    const firstPair = candidates.length;
    const dtIntervals = detections.intervals[detections.part[d]];
    // a pixel more on each side: the middle of a box is a rounded number
    const c0 = tile(dx0 - 1, size, columns);
    const c1 = tile(dx1 + 1, size, columns);
    const r0 = tile(dy0 - 1, size, rows);
    const r1 = tile(dy1 + 1, size, rows);
    const dtArea = masks ? detections.maskArea[d] : detections.box[4 * d + 2] * detections.box[4 * d + 3];
    for (let r = r0; r <= r1; r++) {
      for (let c = c0; c <= c1; c++) {
        const cell = r * columns + c;
        for (let k = tiles.start[cell]; k < tiles.start[cell + 1]; k++) {
          const g = tiles.gt[k];
          // a pair that shares several tiles is looked at in the first of them
          const first = 4 * (g - gtFrom);
          if (
            c !== (listed[first] > c0 ? listed[first] : c0) ||
            r !== (listed[first + 1] > r0 ? listed[first + 1] : r0)
          )
            continue;
          const gx0 = gtExtent[4 * g];
          const gx1 = masks ? gtExtent[4 * g + 2] : gx0 + gtExtent[4 * g + 2];
          const w = (dx1 < gx1 ? dx1 : gx1) - (dx0 > gx0 ? dx0 : gx0);
          if (w <= 0) continue;
          const gy0 = gtExtent[4 * g + 1];
          const gy1 = masks ? gtExtent[4 * g + 3] : gy0 + gtExtent[4 * g + 3];
          const h = (dy1 < gy1 ? dy1 : gy1) - (dy0 > gy0 ? dy0 : gy0);
          if (h <= 0) continue;
          const crowd = gt.crowd[g];
          let iou: number;
          if (masks) {
            const gtArea = gt.maskArea[g];
            // no overlap of masks exceeds that of their extents, nor either mask: out of reach means no pixels to compare
            let most = w * h;
            if (most > dtArea) most = dtArea;
            if (most > gtArea) most = gtArea;
            if (most < MIN_IOU * (crowd ? dtArea : dtArea + gtArea - most)) continue;
            const shared = intersection(
              dtIntervals,
              detections.maskStart[d],
              detections.maskEnd[d],
              gt.intervals[gt.part[g]],
              gt.maskStart[g],
              gt.maskEnd[g],
            );
            iou = shared / (crowd ? dtArea : dtArea + gtArea - shared);
          } else {
            // maskApi.c bbIou, in its order of operations
            const shared = w * h;
            iou = shared / (crowd ? dtArea : dtArea + gtExtent[4 * g + 2] * gtExtent[4 * g + 3] - shared);
          }
          if (iou >= MIN_IOU) candidates.push(g, iou);
        }
      }
    }
    if (candidates.length - firstPair > 1) sortByGroundTruth(firstPair, candidates.length);
  }
  candidates.start[to - from] = candidates.length;
}

/** Tiles over an image; every ground truth is listed in each tile its extent touches. Good until the next image's. */
export function layTiles(dataset: Dataset, image: number, masks: boolean): Tiles {
  const { from, to } = setUpTiles(dataset, image);
  for (let g = from; g < to; g++) listExtent(dataset.objects, masks, g, g - from);
  fillTiles(from, to);
  return tiles;
}

/**
 * Tiles over an image; ground truth is listed where its middle is. For a detection without a part in that middle IoU is
 * below 0.5: an overlap of at least half the union is at least half of the ground truth, and
 *
 *  - of a box, half its width and half its height, so it covers the centre;
 *  - of a mask, half its pixels, so it has pixels in the column where the first half of them ends and the other begins.
 *    (Not so for rows: masks are kept by column. They are listed in all rows they touch.)
 *
 * A crowd region, of which any part will do, and a mask whose halves part between two columns are listed everywhere.
 */
function layMiddles(dataset: Dataset, image: number, masks: boolean): Tiles {
  const { from, to } = setUpTiles(dataset, image);
  const { objects } = dataset;
  const { crowd, box, maskArea, maskStart, intervals, part } = objects;
  const { size, columns, rows, listed } = tiles;
  const height = dataset.images.height[image];
  for (let g = from; g < to; g++) {
    const at = g - from;
    listExtent(objects, masks, g, at);
    if (crowd[g] || listed[4 * at + 2] < listed[4 * at]) continue;
    if (masks) {
      const column = middleColumn(intervals[part[g]], maskStart[g], maskArea[g], height);
      if (column >= 0) listed[4 * at] = listed[4 * at + 2] = tile(column, size, columns);
    } else {
      listed[4 * at] = listed[4 * at + 2] = tile(box[4 * g] + box[4 * g + 2] / 2, size, columns);
      listed[4 * at + 1] = listed[4 * at + 3] = tile(box[4 * g + 1] + box[4 * g + 3] / 2, size, rows);
    }
  }
  fillTiles(from, to);
  return tiles;
}

/** The column that holds the pixels on both sides of the middle of a mask's `area` pixels, or -1 if those are two. */
function middleColumn(intervals: Uint32Array, from: number, area: number, height: number): number {
  // pixels before and behind the middle, counted from 0
  const low = (area - 1) >> 1;
  const high = area >> 1;
  let k = from;
  let before = 0;
  while (before + intervals[k + 1] - intervals[k] <= low) {
    before += intervals[k + 1] - intervals[k];
    k += 2;
  }
  const lowPixel = intervals[k] + low - before;
  const highPixel = lowPixel + 1 < intervals[k + 1] || high === low ? lowPixel + high - low : intervals[k + 2];
  const column = Math.floor(lowPixel / height);
  return highPixel < (column + 1) * height ? column : -1;
}

function setUpTiles(dataset: Dataset, image: number): { from: number; to: number } {
  const width = dataset.images.width[image];
  const height = dataset.images.height[image];
  tiles.size = Math.max(16, Math.ceil(Math.max(width, height) / 32));
  tiles.columns = Math.ceil(width / tiles.size) || 1;
  tiles.rows = Math.ceil(height / tiles.size) || 1;
  const from = dataset.objectStart[image];
  const to = dataset.objectStart[image + 1];
  if (tiles.listed.length < 4 * (to - from)) tiles.listed = new Int32Array(8 * (to - from));
  return { from, to };
}

/** Has an object listed in the tiles its extent touches; in none when it has no pixels. */
function listExtent({ maskExtent, box }: Objects, masks: boolean, g: number, at: number): void {
  const { size, columns, rows, listed } = tiles;
  const extent = masks ? maskExtent : box;
  const x0 = extent[4 * g];
  const y0 = extent[4 * g + 1];
  const x1 = masks ? extent[4 * g + 2] : x0 + extent[4 * g + 2];
  const y1 = masks ? extent[4 * g + 3] : y0 + extent[4 * g + 3];
  const some = x1 > x0 && y1 > y0;
  listed[4 * at] = some ? tile(x0, size, columns) : 0;
  listed[4 * at + 1] = some ? tile(y0, size, rows) : 0;
  listed[4 * at + 2] = some ? tile(x1, size, columns) : -1;
  listed[4 * at + 3] = some ? tile(y1, size, rows) : -1;
}

/** Lists the objects tile by tile. */
function fillTiles(from: number, to: number): void {
  const { columns, rows, listed } = tiles;
  const count = columns * rows;
  if (tiles.start.length < count + 1) {
    tiles.start = new Uint32Array(count + 1);
    tiles.next = new Uint32Array(count);
  }
  const { start, next } = tiles;
  start.fill(0, 0, count + 1);
  for (let at = 0; at < 4 * (to - from); at += 4) {
    for (let r = listed[at + 1]; r <= listed[at + 3]; r++)
      for (let c = listed[at]; c <= listed[at + 2]; c++) start[r * columns + c + 1]++;
  }
  for (let k = 0; k < count; k++) start[k + 1] += start[k];
  for (let k = 0; k < count; k++) next[k] = start[k];
  if (tiles.gt.length < start[count]) tiles.gt = new Uint32Array(start[count] * 2);
  const { gt } = tiles;
  for (let g = from; g < to; g++) {
    const at = 4 * (g - from);
    for (let r = listed[at + 1]; r <= listed[at + 3]; r++)
      for (let c = listed[at]; c <= listed[at + 2]; c++) gt[next[r * columns + c]++] = g;
  }
}

/** The tile of a coordinate; what lies beyond the image belongs to the border tiles. */
export function tile(x: number, size: number, count: number): number {
  const t = Math.floor(x / size);
  return t < 0 ? 0 : t >= count ? count - 1 : t;
}

function sortByGroundTruth(from: number, to: number): void {
  const { gt, iou } = candidates;
  for (let i = from + 1; i < to; i++) {
    const g = gt[i];
    const v = iou[i];
    let j = i - 1;
    while (j >= from && gt[j] > g) {
      gt[j + 1] = gt[j];
      iou[j + 1] = iou[j];
      j--;
    }
    gt[j + 1] = g;
    iou[j + 1] = v;
  }
}

/** Thresholds that an IoU reaches, as bits. */
function reached(iou: number): number {
  let t = 0;
  while (t < THRESHOLDS && iou >= IOU_THRESHOLDS[t]) t++;
  return (1 << t) - 1;
}

/** Of size class a and the image's g-th ground truth: the thresholds at which it is taken, at g * A + a. */
let taken = new Uint16Array(4096);

/** The greedy assignment of `evaluateImg`, all thresholds and all size classes side by side. */
function assign(
  gt: Objects,
  gtFrom: number,
  gtTo: number,
  detections: Objects,
  ranking: Ranking,
  image: number,
  out: Matches,
  trace?: Trace,
): void {
  const from = ranking.start[image];
  const to = entriesEnd(ranking, image);
  const entries = ranking.count;
  const A = out.classes.length;
  const room = (gtTo - gtFrom) * A;
  if (taken.length < room) taken = new Uint16Array(room * 2);
  taken.fill(0, 0, room);
  const { fate } = out;
  const { start, gt: candidate, iou } = candidates;
  const detectionArea = out.evaluation === 'segm' ? detections.maskArea : detections.area;
  const min = Float64Array.from(out.classes, (range) => range.min);
  const max = Float64Array.from(out.classes, (range) => range.max);
  if (trace) for (let e = from; e < to; e++) tracePairs(trace, e, start[e - from], start[e - from + 1]);
  for (let e = from; e < to; e++) {
    const area = detectionArea[ranking.detection[e]];
    const c0 = start[e - from];
    const c1 = start[e - from + 1];
    if (c1 - c0 === 1) {
      const g = candidate[c0];
      const bits = reached(iou[c0]);
      const crowd = gt.crowd[g];
      const gtArea = gt.area[g];
      const own = (g - gtFrom) * A;
      for (let a = 0; a < A; a++) {
        const matched = crowd ? bits : bits & ~taken[own + a];
        taken[own + a] |= matched;
        let ignored = crowd || gtArea < min[a] || gtArea > max[a] ? matched : 0;
        // a detection that matches nothing is ignored when its own area is outside the class
        if (area < min[a] || area > max[a]) ignored |= ALL_BITS & ~matched;
        fate[a * entries + e] = matched | (ignored << 16);
        if (trace) traceTaken(trace, a, matched, e, g);
      }
      const matched = fate[e] & 1;
      out.iou[e] = matched ? iou[c0] : 0;
      out.object[e] = matched ? g : -1;
      continue;
    }
    out.iou[e] = 0;
    out.object[e] = -1;
    for (let a = 0; a < A; a++) {
      let matched = 0;
      let ignored = 0;
      for (let t = 0; c1 > c0 && t < THRESHOLDS; t++) {
        const best = pick(gt, gtFrom, min[a], max[a], c0, c1, t, A, a);
        if (best < 0) continue;
        const g = candidate[best];
        matched |= 1 << t;
        taken[(g - gtFrom) * A + a] |= 1 << t;
        if (gt.crowd[g] || gt.area[g] < min[a] || gt.area[g] > max[a]) ignored |= 1 << t;
        if (a === 0 && t === 0) {
          out.iou[e] = iou[best];
          out.object[e] = g;
        }
        if (trace) traceTaken(trace, a, 1 << t, e, g);
      }
      if (area < min[a] || area > max[a]) ignored |= ALL_BITS & ~matched;
      fate[a * entries + e] = matched | (ignored << 16);
    }
  }
  if (out.found.length > 0) for (let g = gtFrom; g < gtTo; g++) out.found[g] = taken[(g - gtFrom) * A];
}

function tracePairs(trace: Trace, entry: number, c0: number, c1: number): void {
  for (let c = c0; c < c1; c++) trace.pairs.push({ entry, gt: candidates.gt[c], iou: candidates.iou[c] });
}

function traceTaken(trace: Trace, sizeClass: number, bits: number, entry: number, gt: number): void {
  for (let threshold = 0; threshold < THRESHOLDS; threshold++)
    if ((bits >> threshold) & 1) trace.taken.push({ sizeClass, threshold, entry, gt });
}

/**
 * The ground truth one detection takes at one threshold, among candidates c0 … c1, or -1: `evaluateImg`'s inner loop,
 * for the a-th of A size classes.
 * Ground truth that counts is tried first, in file order; of equal IoU the later wins; what is ignored is only tried
 * when nothing that counts was good enough.
 */
function pick(
  gt: Objects,
  gtFrom: number,
  min: number,
  max: number,
  c0: number,
  c1: number,
  t: number,
  A: number,
  a: number,
): number {
  let best = -1;
  let iou = Math.min(IOU_THRESHOLDS[t], 1 - 1e-10);
  for (let wantIgnored = 0; wantIgnored < 2; wantIgnored++) {
    for (let c = c0; c < c1; c++) {
      const g = candidates.gt[c];
      const ignored = gt.crowd[g] || gt.area[g] < min || gt.area[g] > max ? 1 : 0;
      if (ignored !== wantIgnored) continue;
      if (!gt.crowd[g] && (taken[(g - gtFrom) * A + a] >> t) & 1) continue;
      if (candidates.iou[c] < iou) continue;
      iou = candidates.iou[c];
      best = c;
    }
    if (best >= 0) return best;
  }
  return best;
}
