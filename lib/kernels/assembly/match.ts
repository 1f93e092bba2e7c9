/**
 * Match the detections of one image to its ground truth; lib/coco/match.ts explains how and copies the columns.
 *
 * Size classes are lanes: a vector of eight holds the ten bits of the thresholds for eight classes, so the greedy
 * assignment of a detection is the same few operations for all of them.
 */

/** Number of entries matched at a time, and of detections whose columns are held at a time. */
const BATCH = 4096;
const RANGE = 2 * BATCH;
export const batch: i32 = BATCH;
export const range: i32 = RANGE;
/** Maximum number of size classes: two vectors. */
const CLASSES = 16;
export const mostClasses: i32 = CLASSES;
/** Bits of all thresholds, in all classes. */
const THRESHOLDS = 10;
const ALL: i16 = 1023;

// --- written by the host ---

/** [10] IoU thresholds; [16] smallest and largest area of each size class */
export const thresholds: usize = memory.data(8 * THRESHOLDS, 16);
export const least: usize = memory.data(8 * CLASSES, 16);
export const greatest: usize = memory.data(8 * CLASSES, 16);

// Copying from shared memory moves eight bytes at a time only if source and target have the same offset from a multiple
// of eight. So a column may begin up to seven bytes late: at the same offset as its source.

/** Columns of detections: extents of masks or boxes, areas, start and end of masks; then the detection of each entry */
export const dtExtent: usize = memory.data(32 * RANGE, 16);
export const dtArea: usize = memory.data(8 * RANGE, 16);
export const dtMaskArea: usize = memory.data(4 * RANGE + 8, 16);
export const dtStart: usize = memory.data(4 * RANGE + 8, 16);
export const dtEnd: usize = memory.data(4 * RANGE + 8, 16);
export const dtIndex: usize = memory.data(4 * BATCH + 8, 16);
/** Columns of ground truth */
export let gtExtent: usize = 0;
export let gtArea: usize = 0;
export let gtCrowd: usize = 0;
export let gtMaskArea: usize = 0;
export let gtStart: usize = 0;
export let gtEnd: usize = 0;
/** Intervals of ground truth; once it is in place, those of detections */
export let gtIntervals: usize = 0;
export let dtIntervals: usize = 0;

// --- written by the kernel ---

/** Bytes from one class's fates to the next's */
const ROW = 4 * BATCH + 8;
export const fateRow: i32 = ROW;
export const outFate: usize = memory.data(ROW * CLASSES, 16);
export const outIou: usize = memory.data(8 * BATCH, 16);
export const outObject: usize = memory.data(4 * BATCH + 8, 16);
export const outCountable: usize = memory.data(4 * CLASSES, 16);
export let outFound: usize = 0;

/**
 * The decisions, on request: [entry, ground truth, class, thresholds taken, IoU], 24 bytes each. Class -1 marks a pair
 * of candidates.
 */
export let outTrace: usize = 0;
export let traced: i32 = 0;

// --- the current image ---

/**
 * A ground truth: x0, y0, x1, y1 of its extent, its area, the addresses of its mask's first interval and of the end of
 * its last, whether it is a crowd region, the last entry that examined it, its index, the tiles that list it; then by
 * class, two vectors each, whether it is ignored and the thresholds at which it is taken.
 */
const TRUTH: usize = 128;
const AREA: usize = 32;
const START: usize = 40;
const END: usize = 44;
const CROWD: usize = 48;
const SEEN: usize = 52;
const INDEX: usize = 56;
const LISTED: usize = 60;
const IGNORED: usize = 64;
const TAKEN: usize = 96;
let truths: usize = 0;

/** Maximum number of tiles in a row and in a column. */
const SIDE = 32;
/** The ground truth of tile k: list[start[k]] up to list[start[k + 1]], addresses of truths, row by row. */
const tileStart = memory.data(4 * (SIDE * SIDE + 1), 16);
const tileNext = memory.data(4 * SIDE * SIDE, 16);
let list: usize = 0;
/** Ground truth that touches more tiles than this goes into a separate list, which every detection searches. */
const MOST_TILES = 64;
let wide: usize = 0;
let wideEnd: usize = 0;
let columns: i32 = 0;
/** Tiles per pixel, and the last column and row */
let perPixel: f64 = 0;
let lastTile: v128 = i32x4.splat(0);

let masks: bool = false;
let vectors: i32 = 1;
let firstTruth: i32 = 0;
let truthCount: i32 = 0;
/** number of entries matched so far */
let entry: i32 = 0;

/** Ground truth of an entry without candidates. */
const nothing = memory.data(128, 16);

/** The current entry's match at the lowest threshold in the first class */
let object: i32 = -1;
let objectIou: f64 = 0;
/** The current entry's candidates: addresses of truths, and IoUs */
let candidateTruth: usize = 0;
let candidateIou: usize = 0;

/** Lay out room for up to `most` ground truths. */
export function layout(most: i32): void {
  const n = (<usize>most + 15) & ~15;
  truths = (__heap_base + 15) & ~15;
  gtExtent = truths + TRUTH * n;
  gtArea = gtExtent + 32 * n;
  gtCrowd = gtArea + 8 * n;
  gtMaskArea = gtCrowd + n + 16;
  gtStart = gtMaskArea + 4 * n + 16;
  gtEnd = gtStart + 4 * n + 16;
  outFound = gtEnd + 4 * n + 16;
  candidateTruth = outFound + 2 * n + 16;
  candidateIou = candidateTruth + 4 * n;
  wide = candidateIou + 8 * n;
  gtIntervals = wide + 4 * n;
  reserve(gtIntervals);
}

/** Make memory reach an address and a little beyond: intervals are read several at a time. @returns whether it does */
export function reserve(to: usize): bool {
  const pages = <i32>((<u64>to + 64 + 0xffff) >> 16) - memory.size();
  return pages <= 0 || memory.grow(pages) >= 0;
}

/**
 * Read the ground truth of an image: indices `from` … `from + count`, with intervals copied from `firstInterval` on.
 *
 * @returns whether there was enough memory
 */
export function beginImage(
  segm: bool,
  classes: i32,
  width: u32,
  height: u32,
  from: i32,
  count: i32,
  firstInterval: u32,
  intervals: u32,
): bool {
  masks = segm;
  vectors = classes > 8 ? 2 : 1;
  firstTruth = from;
  truthCount = count;
  entry = 0;
  const longer = max(width, height);
  const size = max<u32>(16, (longer + SIDE - 1) / SIDE);
  perPixel = 1 / <f64>size;
  columns = max<u32>(1, (width + size - 1) / size);
  const rows = max<u32>(1, (height + size - 1) / size);
  lastTile = i32x4(columns - 1, rows - 1, columns - 1, rows - 1);
  readTruths(gtIntervals - 4 * <usize>firstInterval);
  list = gtIntervals + 4 * <usize>intervals;
  return fillTiles(columns * rows);
}

function readTruths(intervalsAt: usize): void {
  const shift4: usize = 4 * (firstTruth & 1);
  const shift1: usize = firstTruth & 7;
  wideEnd = wide;
  let counted0 = i32x4.splat(0);
  let counted1 = i32x4.splat(0);
  let counted2 = i32x4.splat(0);
  let counted3 = i32x4.splat(0);
  for (let g: usize = 0; g < <usize>truthCount; g++) {
    const truth = truths + TRUTH * g;
    let low: v128;
    let high: v128;
    if (masks) {
      const extent = v128.load(gtExtent + 16 * g);
      low = f64x2.convert_low_i32x4_s(extent);
      high = f64x2.convert_low_i32x4_s(v128.shuffle<i64>(extent, extent, 1, 1));
      store<f64>(truth, <f64>load<u32>(gtMaskArea + shift4 + 4 * g), AREA);
      store<u32>(truth, intervalsAt + 4 * <usize>load<u32>(gtStart + shift4 + 4 * g), START);
      store<u32>(truth, intervalsAt + 4 * <usize>load<u32>(gtEnd + shift4 + 4 * g), END);
    } else {
      low = v128.load(gtExtent + 32 * g);
      high = v128.load(gtExtent + 32 * g, 16);
      store<f64>(truth, f64x2.extract_lane(high, 0) * f64x2.extract_lane(high, 1), AREA);
      high = f64x2.add(low, high);
    }
    v128.store(truth, low);
    v128.store(truth, high, 16);
    const crowd = load<u8>(gtCrowd + shift1 + g);
    store<i32>(truth, crowd, CROWD);
    store<i32>(truth, -1, SEEN);
    store<i32>(truth, firstTruth + <i32>g, INDEX);
    let tiles = touched(low, high);
    if (tiles === MANY) {
      tiles = NONE;
      store<u32>(wideEnd, truth);
      wideEnd += 4;
    }
    store<u32>(truth, tiles, LISTED);
    const area = load<f64>(gtArea + 8 * g);
    const crowdLanes = i16x8.splat(crowd ? -1 : 0);
    const ignored0 = v128.or(outside(area, 0), crowdLanes);
    const ignored1 = v128.or(outside(area, 64), crowdLanes);
    v128.store(truth, ignored0, IGNORED);
    v128.store(truth, ignored1, IGNORED + 16);
    v128.store(truth, i64x2.splat(0), TAKEN);
    v128.store(truth, i64x2.splat(0), TAKEN + 16);
    // -1 means that it counts
    counted0 = i32x4.add(counted0, i32x4.extend_low_i16x8_s(ignored0));
    counted1 = i32x4.add(counted1, i32x4.extend_high_i16x8_s(ignored0));
    counted2 = i32x4.add(counted2, i32x4.extend_low_i16x8_s(ignored1));
    counted3 = i32x4.add(counted3, i32x4.extend_high_i16x8_s(ignored1));
  }
  const all = i32x4.splat(truthCount);
  v128.store(outCountable, i32x4.add(all, counted0));
  v128.store(outCountable, i32x4.add(all, counted1), 16);
  v128.store(outCountable, i32x4.add(all, counted2), 32);
  v128.store(outCountable, i32x4.add(all, counted3), 48);
}

/** Return the classes that an area lies outside of, eight from an offset into the bounds on: lanes of ones. */
function outside(area: f64, at: usize): v128 {
  const a = f64x2.splat(area);
  const l = least + at;
  const g = greatest + at;
  const c0 = v128.or(f64x2.lt(a, v128.load(l)), f64x2.gt(a, v128.load(g)));
  const c2 = v128.or(f64x2.lt(a, v128.load(l, 16)), f64x2.gt(a, v128.load(g, 16)));
  const c4 = v128.or(f64x2.lt(a, v128.load(l, 32)), f64x2.gt(a, v128.load(g, 32)));
  const c6 = v128.or(f64x2.lt(a, v128.load(l, 48)), f64x2.gt(a, v128.load(g, 48)));
  return i16x8.narrow_i32x4_s(v128.shuffle<i32>(c0, c2, 0, 2, 4, 6), v128.shuffle<i32>(c4, c6, 0, 2, 4, 6));
}

// --- tiles ---

/** Return column and row of the tile of a point; points beyond the image belong to the border tiles. */
function tile(point: v128): v128 {
  const t = i32x4.trunc_sat_f64x2_s_zero(f64x2.mul(point, f64x2.splat(perPixel)));
  return i32x4.min_s(i32x4.max_s(t, i32x4.splat(0)), lastTile);
}

/** Marks an empty extent: its last column is before its first. */
const NONE: u32 = 1;
const MANY: u32 = 2;

/**
 * Return the first column, first row, last column and last row of the tiles that an extent touches, a byte each; NONE
 * if it has no pixels, MANY if it touches too many tiles to list.
 */
function touched(low: v128, high: v128): u32 {
  if (!i64x2.all_true(f64x2.gt(high, low))) return NONE;
  const from = tile(low);
  const to = tile(high);
  const sides = i32x4.sub(to, from);
  if ((i32x4.extract_lane(sides, 0) + 1) * (i32x4.extract_lane(sides, 1) + 1) > MOST_TILES) return MANY;
  return (
    i32x4.extract_lane(from, 0) |
    (i32x4.extract_lane(from, 1) << 8) |
    (i32x4.extract_lane(to, 0) << 16) |
    (i32x4.extract_lane(to, 1) << 24)
  );
}

/** List the ground truth by tile, in each that its extent touches. */
function fillTiles(count: i32): bool {
  memory.fill(tileStart, 0, 4 * (count + 1));
  const end = truths + TRUTH * <usize>truthCount;
  for (let truth = truths; truth < end; truth += TRUTH) {
    const c1 = <i32>load<u8>(truth, LISTED + 2);
    const r1 = <i32>load<u8>(truth, LISTED + 3);
    for (let r = <i32>load<u8>(truth, LISTED + 1); r <= r1; r++) {
      for (let c = <i32>load<u8>(truth, LISTED); c <= c1; c++) {
        const at = tileStart + 4 * <usize>(r * columns + c);
        store<u32>(at, load<u32>(at, 4) + 1, 4);
      }
    }
  }
  let sum: u32 = 0;
  for (let k: usize = 0; k < <usize>count; k++) {
    store<u32>(tileNext + 4 * k, sum);
    sum += load<u32>(tileStart + 4 * k, 4);
    store<u32>(tileStart + 4 * k, sum, 4);
  }
  dtIntervals = (list + 4 * <usize>sum + 7) & ~7;
  if (!reserve(dtIntervals)) return false;
  for (let truth = truths; truth < end; truth += TRUTH) {
    const c1 = <i32>load<u8>(truth, LISTED + 2);
    const r1 = <i32>load<u8>(truth, LISTED + 3);
    for (let r = <i32>load<u8>(truth, LISTED + 1); r <= r1; r++) {
      for (let c = <i32>load<u8>(truth, LISTED); c <= c1; c++) {
        const at = tileNext + 4 * <usize>(r * columns + c);
        const next = load<u32>(at);
        store<u32>(at, next + 1);
        store<u32>(list + 4 * <usize>next, truth);
      }
    }
  }
  return true;
}

// --- entries ---

/**
 * Match the next `count` entries, starting with entry `from` of `entries`. Detection `firstDetection` is the first in
 * the columns, and intervals have been copied from `firstInterval` on.
 *
 * A detection looks for ground truth around its middle. At IoU 0.5, also in a crowd region, the overlap is at least
 * half of the detection. For a box, the overlap is therefore at least half as wide and half as high, and touches the
 * centre. For a mask, it has at least half the pixels: at least as many rows as half the area fills at the mask's full
 * width, and at least as many columns as it fills at full height. That number, counted from either side, gives the
 * margin around the middle.
 */
export function match(
  count: i32,
  from: i32,
  entries: i32,
  firstDetection: i32,
  firstInterval: u32,
  intervals: u32,
  trace: bool,
): void {
  const intervalsAt = dtIntervals - 4 * <usize>firstInterval;
  outTrace = dtIntervals + 4 * <usize>intervals;
  traced = 0;
  const shift4: usize = 4 * (firstDetection & 1);
  const shiftEntry: usize = 4 * (from & 1);
  const evenFate = outFate + shiftEntry;
  const oddFate = outFate + ROW + 4 * ((from + entries) & 1);
  const objectAt = outObject + shiftEntry;
  const segm = masks;
  const zero = f64x2.splat(0);
  const half = f64x2.splat(0.5);
  const minIou = load<f64>(thresholds);
  for (let k: usize = 0; k < <usize>count; k++) {
    const d = <usize>(load<i32>(dtIndex + shiftEntry + 4 * k) - firstDetection);
    let low: v128;
    let high: v128;
    let area: f64;
    let sizeArea: f64;
    let margin: v128;
    if (segm) {
      const extent = v128.load(dtExtent + 16 * d);
      low = f64x2.convert_low_i32x4_s(extent);
      high = f64x2.convert_low_i32x4_s(v128.shuffle<i64>(extent, extent, 1, 1));
      area = <f64>load<u32>(dtMaskArea + shift4 + 4 * d);
      sizeArea = area;
      const sides = f64x2.sub(high, low);
      margin = f64x2.div(f64x2.splat(area * 0.5), v128.shuffle<i64>(sides, sides, 1, 0));
    } else {
      low = v128.load(dtExtent + 32 * d);
      high = v128.load(dtExtent + 32 * d, 16);
      area = f64x2.extract_lane(high, 0) * f64x2.extract_lane(high, 1);
      margin = f64x2.mul(high, half);
      high = f64x2.add(low, high);
      sizeArea = load<f64>(dtArea + 8 * d);
    }
    let n: usize = 0;
    // an empty mask overlaps nothing
    if (i64x2.all_true(f64x2.gt(high, low))) {
      // the overlap reaches across one margin or the other; slightly wider, because these numbers are rounded
      const slack = f64x2.add(f64x2.splat(1e-3), f64x2.mul(margin, f64x2.splat(1e-12)));
      const one = f64x2.add(low, margin);
      const other = f64x2.sub(high, margin);
      const first = tile(f64x2.sub(f64x2.pmin(one, other), slack));
      const last = tile(f64x2.add(f64x2.pmax(one, other), slack));
      const c0 = i32x4.extract_lane(first, 0);
      const c1 = i32x4.extract_lane(last, 0);
      const r1 = i32x4.extract_lane(last, 1);
      // after the rows of tiles comes the list of ground truth in none
      const rows = wideEnd > wide ? r1 + 1 : r1;
      for (let r = i32x4.extract_lane(first, 1); r <= rows; r++) {
        let at = wide;
        let end = wideEnd;
        if (r <= r1) {
          const row = tileStart + 4 * <usize>(r * columns);
          at = list + 4 * <usize>load<u32>(row + 4 * <usize>c0);
          end = list + 4 * <usize>load<u32>(row + 4 * <usize>c1, 4);
        }
        for (; at < end; at += 4) {
          const truth = <usize>load<u32>(at);
          const sides = f64x2.sub(f64x2.pmin(v128.load(truth, 16), high), f64x2.pmax(v128.load(truth), low));
          if (!i64x2.all_true(f64x2.gt(sides, zero))) continue;
          // a pair that shares several tiles is examined only once
          if (load<i32>(truth, SEEN) === entry) continue;
          store<i32>(truth, entry, SEEN);
          let shared = f64x2.extract_lane(sides, 0) * f64x2.extract_lane(sides, 1);
          const truthArea = load<f64>(truth, AREA);
          const crowd = load<i32>(truth, CROWD) !== 0;
          if (segm) {
            // masks overlap by no more than their extents do, and by no more than either mask: skip the pixels if that
            // is too little
            const least = f64x2.pmin(f64x2.pmin(f64x2.splat(shared), f64x2.splat(area)), f64x2.splat(truthArea));
            const most = f64x2.extract_lane(least, 0);
            if (most < minIou * (crowd ? area : area + truthArea - most)) continue;
            shared = <f64>(
              intersection(
                intervalsAt + 4 * <usize>load<u32>(dtStart + shift4 + 4 * d),
                intervalsAt + 4 * <usize>load<u32>(dtEnd + shift4 + 4 * d),
                load<u32>(truth, START),
                load<u32>(truth, END),
              )
            );
          }
          // maskApi.c bbIou and rleIou, in their order of operations
          const iou = shared / (crowd ? area : area + truthArea - shared);
          if (iou >= minIou) {
            store<u32>(candidateTruth + 4 * n, truth);
            store<f64>(candidateIou + 8 * n, iou);
            n++;
          }
        }
      }
    }
    entry++;
    const even = evenFate + 4 * k;
    const odd = oddFate + 4 * k;
    object = -1;
    objectIou = 0;
    if (n <= 1) {
      // a single candidate takes every threshold not yet taken from it
      const truth = n === 1 ? <usize>load<u32>(candidateTruth) : nothing;
      const iou = load<f64>(candidateIou);
      const bits = i16x8.splat(n === 1 ? reached(iou) : 0);
      const barred = i16x8.splat(load<i32>(truth, CROWD) ? 0 : -1);
      for (let v = 0; v < vectors; v++) {
        const at = truth + 16 * <usize>v;
        const taken = v128.load(at, TAKEN);
        const took = v128.andnot(bits, v128.and(taken, barred));
        v128.store(at, v128.or(taken, took), TAKEN);
        if (v === 0 && i16x8.extract_lane_s(took, 0) & 1) {
          object = load<i32>(truth, INDEX);
          objectIou = iou;
        }
        if (trace) traceTaken(from + <i32>k, truth, v, took);
        write(v, even, odd, took, v128.and(took, v128.load(at, IGNORED)), sizeArea);
      }
    } else {
      sort(n);
      for (let v = 0; v < vectors; v++) {
        // ground truth that counts comes first; ignored ground truth is tried only at thresholds where nothing else
        // matched
        const matched = take(n, v, false, i64x2.splat(0), trace ? from + <i32>k : -1);
        const both = take(n, v, true, matched, trace ? from + <i32>k : -1);
        write(v, even, odd, both, v128.andnot(both, matched), sizeArea);
      }
    }
    store<i32>(objectAt + 4 * k, object);
    store<f64>(outIou + 8 * k, objectIou);
    if (trace) tracePairs(from + <i32>k, n);
  }
}

/**
 * Let the candidates take the thresholds not yet matched: either the ignored ground truth or the countable one.
 *
 * @returns the thresholds matched
 */
function take(n: usize, v: i32, whatIsIgnored: bool, matched: v128, traceEntry: i32): v128 {
  const wanted = i16x8.splat(whatIsIgnored ? 0 : -1);
  for (let i: usize = 0; i < n; i++) {
    const truth = <usize>load<u32>(candidateTruth + 4 * i);
    const at = truth + 16 * <usize>v;
    const taken = v128.load(at, TAKEN);
    const bits = v128.and(
      i16x8.splat(reached(load<f64>(candidateIou + 8 * i))),
      v128.xor(v128.load(at, IGNORED), wanted),
    );
    // any number of detections may lie in a crowd region
    const barred = v128.or(matched, v128.and(taken, i16x8.splat(load<i32>(truth, CROWD) ? 0 : -1)));
    const took = v128.andnot(bits, barred);
    matched = v128.or(matched, took);
    v128.store(at, v128.or(taken, took), TAKEN);
    if (v === 0 && i16x8.extract_lane_s(took, 0) & 1) {
      object = load<i32>(truth, INDEX);
      objectIou = load<f64>(candidateIou + 8 * i);
    }
    if (traceEntry >= 0) traceTaken(traceEntry, truth, v, took);
  }
  return matched;
}

/** Write an entry's fate in eight classes: the even-numbered and the odd-numbered. */
function write(v: i32, even: usize, odd: usize, matched: v128, ignoredMatches: v128, sizeArea: f64): void {
  even += 8 * ROW * <usize>v;
  odd += 8 * ROW * <usize>v;
  // a detection that matches nothing is ignored when its own area is outside the class
  const unmatched = v128.andnot(i16x8.splat(ALL), matched);
  const ignored = v128.or(ignoredMatches, v128.and(unmatched, outside(sizeArea, 64 * <usize>v)));
  const front = v128.shuffle<i16>(matched, ignored, 0, 8, 1, 9, 2, 10, 3, 11);
  const back = v128.shuffle<i16>(matched, ignored, 4, 12, 5, 13, 6, 14, 7, 15);
  v128.store_lane<i32>(even, front, 0);
  v128.store_lane<i32>(odd, front, 1);
  v128.store_lane<i32>(even, front, 2, 2 * ROW);
  v128.store_lane<i32>(odd, front, 3, 2 * ROW);
  v128.store_lane<i32>(even, back, 0, 4 * ROW);
  v128.store_lane<i32>(odd, back, 1, 4 * ROW);
  v128.store_lane<i32>(even, back, 2, 6 * ROW);
  v128.store_lane<i32>(odd, back, 3, 6 * ROW);
}

/** After the last entry, write the thresholds at which each ground truth is taken in the first class to `outFound`. */
export function found(): void {
  const out = outFound + 2 * (firstTruth & 3);
  for (let g: usize = 0; g < <usize>truthCount; g++) store<u16>(out + 2 * g, load<u16>(truths + TRUTH * g, TAKEN));
}

/** Return the thresholds that an IoU reaches, as bits. */
function reached(iou: f64): i16 {
  const v = f64x2.splat(iou);
  const t = thresholds;
  // a threshold that is reached is -1
  const few = i64x2.add(f64x2.ge(v, v128.load(t)), f64x2.ge(v, v128.load(t, 16)));
  const more = i64x2.add(f64x2.ge(v, v128.load(t, 32)), f64x2.ge(v, v128.load(t, 48)));
  const sum = i64x2.add(i64x2.add(few, more), f64x2.ge(v, v128.load(t, 64)));
  const count = <i32>(i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1));
  return <i16>(<i32>(1 << -count) - 1);
}

/**
 * Sort the candidates in the order `evaluateImg` prefers: by IoU, and of equal IoU the later ground truth first. Shell
 * sort, because there may be thousands.
 */
function sort(n: usize): void {
  let gap: usize = 1;
  while (gap < n / 3) gap = 3 * gap + 1;
  for (; gap > 0; gap /= 3) {
    for (let i = gap; i < n; i++) {
      const truth = load<u32>(candidateTruth + 4 * i);
      const iou = load<f64>(candidateIou + 8 * i);
      let j = i;
      while (j >= gap) {
        const otherTruth = load<u32>(candidateTruth + 4 * (j - gap));
        const other = load<f64>(candidateIou + 8 * (j - gap));
        if (other > iou || (other === iou && otherTruth > truth)) break;
        store<u32>(candidateTruth + 4 * j, otherTruth);
        store<f64>(candidateIou + 8 * j, other);
        j -= gap;
      }
      store<u32>(candidateTruth + 4 * j, truth);
      store<f64>(candidateIou + 8 * j, iou);
    }
  }
}

// --- masks ---

/** Length in bytes from which searching an interval list is faster than walking it. */
const LONG: usize = 512;

/** Count the pixels that two masks share, by merging their sorted interval lists. */
function intersection(a: usize, aEnd: usize, b: usize, bEnd: usize): u32 {
  if (a >= aEnd || b >= bEnd) return 0;
  // skip to the first possible overlap of a long list: pixels scattered over the image cost no more than a cell
  const aFirst = load<u32>(a);
  if (aEnd - a > LONG) a = endingBehind(a, aEnd, load<u32>(b));
  if (bEnd - b > LONG) b = endingBehind(b, bEnd, aFirst);
  if (a >= aEnd || b >= bEnd) return 0;
  if (aEnd - a > 8 * (bEnd - b) + LONG) return lookUp(b, bEnd, a, aEnd);
  if (bEnd - b > 8 * (aEnd - a) + LONG) return lookUp(a, aEnd, b, bEnd);
  const starts = i64x2.splat(0xffffffff);
  let twos = i64x2.splat(0);
  let shared: u32 = 0;
  do {
    if (aEnd - a >= 16 && bEnd - b >= 16) {
      // Compare two columns of a cell at a time. If the first intervals of both lists lie before the second of both,
      // and those before what follows, nothing else overlaps.
      const ends = i32x4.max_u(v128.load(a, 4), v128.load(b, 4));
      const nexts = i32x4.min_u(v128.load(a, 4), v128.load(b, 4));
      if (i32x4.all_true(i32x4.ge_u(i64x2.shr_u(nexts, 32), v128.and(ends, starts)))) {
        const low = v128.and(i32x4.max_u(v128.load(a), v128.load(b)), starts);
        const high = i64x2.shr_u(i32x4.min_u(v128.load(a), v128.load(b)), 32);
        twos = i32x4.add(twos, i32x4.sub(i32x4.max_u(high, low), low));
        a += 16;
        b += 16;
        continue;
      }
    }
    const a1 = load<u32>(a, 4);
    const b1 = load<u32>(b, 4);
    const low = max(load<u32>(a), load<u32>(b));
    const high = min(a1, b1);
    shared += high > low ? high - low : 0;
    // advance the list whose interval ends first, and the other too if its next interval begins after both
    const aNext = load<u32>(a, 8);
    const bNext = load<u32>(b, 8);
    a += (<usize>(a1 <= b1) | <usize>(bNext >= a1)) << 3;
    b += (<usize>(b1 <= a1) | <usize>(aNext >= b1)) << 3;
  } while (a < aEnd && b < bEnd);
  return shared + i32x4.extract_lane(twos, 0) + i32x4.extract_lane(twos, 2);
}

/** Count the shared pixels of a short and a long list: search the long list for each interval of the short one. */
function lookUp(few: usize, fewEnd: usize, many: usize, manyEnd: usize): u32 {
  let shared: u32 = 0;
  for (; few < fewEnd; few += 8) {
    const low = load<u32>(few);
    const high = load<u32>(few, 4);
    many = endingBehind(many, manyEnd, low);
    while (many < manyEnd && load<u32>(many) < high) {
      const end = load<u32>(many, 4);
      shared += min(end, high) - max(load<u32>(many), low);
      if (end > high) break; // it may reach into the next
      many += 8;
    }
  }
  return shared;
}

/** Return the first interval that ends after a position, or `to`. */
function endingBehind(from: usize, to: usize, position: u32): usize {
  while (from < to) {
    const middle = from + (((to - from) >> 4) << 3);
    if (load<u32>(middle, 4) > position) to = middle;
    else from = middle + 8;
  }
  return from;
}

// --- trace ---

function traceTaken(e: i32, truth: usize, v: i32, took: v128): void {
  v128.store(lanes, took);
  for (let a = 0; a < 8; a++) {
    const bits = load<u16>(lanes + 2 * <usize>a);
    if (bits) traceRow(e, truth, 8 * v + a, bits, 0);
  }
}
const lanes = memory.data(16, 16);

function tracePairs(e: i32, n: usize): void {
  for (let i: usize = 0; i < n; i++) {
    traceRow(e, load<u32>(candidateTruth + 4 * i), -1, 0, load<f64>(candidateIou + 8 * i));
  }
}

function traceRow(e: i32, truth: usize, sizeClass: i32, bits: i32, iou: f64): void {
  const at = outTrace + 24 * <usize>traced;
  traced++;
  if (!reserve(at + 24)) unreachable();
  store<i32>(at, e);
  store<i32>(at, load<i32>(truth, INDEX), 4);
  store<i32>(at, sizeClass, 8);
  store<i32>(at, bits, 12);
  store<f64>(at, iou, 16);
}
