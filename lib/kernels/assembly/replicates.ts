/**
 * Curves of the same detections under many weightings, called replicates: the loops of lib/coco/replicates.ts, where
 * the method is explained.
 *
 * Sixteen replicates are added up at once, each weight one byte. Only the sums before every word of 64 detections are
 * kept; to read a curve, the word is added up again for one replicate.
 */

const THRESHOLDS = 10;
const RECALLS = 101;
const REPLICATES = 16;
const EPSILON: f64 = 2.220446049250313e-16;
/** Bounds are compared as float32, which has seven digits; close cases are examined exactly. */
const NEARLY: f32 = 0.999999;

// --- written by the host ---

/** [n] thresholds at which each detection is true and at which it is ignored, and its unit */
export let hits: usize = 0;
export let ignored: usize = 0;
export let unit: usize = 0;
/** [REPLICATES × units] */
export let weights: usize = 0;
/** [REPLICATES × R] true positives needed to reach a recall */
export const needed: usize = memory.data(4 * REPLICATES * RECALLS, 16);

// --- written by the kernel ---

/** [REPLICATES × T] true positives, and the sum of the precisions at the recalls */
export const found: usize = memory.data(4 * REPLICATES * THRESHOLDS, 16);
export const precisions: usize = memory.data(8 * REPLICATES * THRESHOLDS, 16);
/** [REPLICATES × T] number of all that count */
export const counted: usize = memory.data(4 * REPLICATES * THRESHOLDS, 16);

// --- intermediate results ---

let n: i32 = 0;
let words: i32 = 0;
let units: i32 = 0;
let anyIgnored: bool = false;
/** [T × words] */
let hitBits: usize = 0;
let ignoredBits: usize = 0;
/** [units + 1][REPLICATES] */
let byUnit: usize = 0;
/** [units + 1] weights of one replicate; the last is for places after the last detection */
let ofReplicate: usize = 0;
/** [1 + T + T][REPLICATES][words + 8] sums before each word: all, then per threshold the true and the ignored ones */
let sums: usize = 0;
let sumBytes: usize = 0;
/**
 * Changes from one threshold to the next lower one: units of detections that become true, stop being true, become
 * ignored, stop being ignored. An IoU reaches all thresholds up to its value, so most detections are listed once.
 */
const LISTS = 40;
/** [words × LISTS] lengths of the lists */
let lengths: usize = 0;
let items: usize = 0;

function aligned(address: usize): usize {
  return (address + 63) & ~63;
}

/** Lay out the memory for up to `detections` detections, discarding its contents. */
export function layout(detections: i32, allUnits: i32): void {
  units = allUnits;
  words = (detections + 63) >> 6;
  const padded = (<usize>words) << 6;
  hits = aligned(__heap_base);
  ignored = hits + 2 * padded;
  unit = ignored + 2 * padded;
  weights = unit + 2 * padded;
  byUnit = aligned(weights + <usize>(REPLICATES * units));
  ofReplicate = aligned(byUnit + <usize>(REPLICATES * (units + 1)));
  hitBits = aligned(ofReplicate + <usize>units + 1);
  ignoredBits = hitBits + <usize>(THRESHOLDS * words * 8);
  sums = aligned(ignoredBits + <usize>(THRESHOLDS * words * 8));
  sumBytes = (<usize>words + 8) << 2;
  lengths = aligned(sums + <usize>((1 + 2 * THRESHOLDS) * REPLICATES) * sumBytes);
  items = aligned(lengths + <usize>(LISTS * words));
  // no pattern has more than five runs, each with a start and an end
  const end = items + 2 * padded * 20;
  const pages = <i32>((end + 0xffff) >> 16) - memory.size();
  if (pages > 0) memory.grow(pages);
}

const next = memory.data(4 * LISTS, 16);

/** List the detections, once for all replicates. */
export function prepare(detections: i32): void {
  n = detections;
  words = (detections + 63) >> 6;
  const padded = words << 6;
  for (let k = n; k < padded; k++) {
    const at = (<usize>k) << 1;
    store<u16>(hits + at, 0);
    store<u16>(ignored + at, 0);
    store<u16>(unit + at, <u16>units);
  }
  let seen: u32 = 0;
  for (let k = 0; k < n; k++) seen |= load<u16>(ignored + ((<usize>k) << 1));
  anyIgnored = seen !== 0;
  memory.fill(lengths, 0, <usize>(LISTS * words));
  let item = items;
  for (let w = 0; w < words; w++) {
    const from = (<usize>w) << 7;
    const length = lengths + <usize>(LISTS * w);
    for (let t = 0; t < THRESHOLDS; t++) {
      let isHit: u64 = 0;
      let isIgnored: u64 = 0;
      for (let j: usize = 0; j < 64; j++) {
        isHit |= (<u64>((load<u16>(hits + from + (j << 1)) >> t) & 1)) << j;
        isIgnored |= (<u64>((load<u16>(ignored + from + (j << 1)) >> t) & 1)) << j;
      }
      store<u64>(hitBits + ((<usize>(t * words + w)) << 3), isHit);
      store<u64>(ignoredBits + ((<usize>(t * words + w)) << 3), isIgnored);
    }
    for (let pass = 0; pass < 2; pass++) {
      for (let j: usize = 0; j < 128; j += 2) {
        for (let kind = 0; kind < 2; kind++) {
          const pattern: u32 = load<u16>((kind ? ignored : hits) + from + j);
          const begins = pattern & ~(pattern >> 1);
          const ends = (pattern & ~(pattern << 1)) >> 1;
          const other = load<u16>(unit + from + j);
          if (pass === 0) {
            count(length, kind, begins, 0);
            count(length, kind, ends, 1);
          } else {
            list(kind, begins, 0, other);
            list(kind, ends, 1, other);
          }
        }
      }
      if (pass === 0) {
        for (let l: usize = 0; l < <usize>LISTS; l++) {
          store<usize>(next + (l << 2), item);
          item += (<usize>load<u8>(length + l)) << 1;
        }
      }
    }
  }
}

/** Return the list of threshold t; thresholds are listed from the highest on. */
function listOf(kind: i32, t: i32, end: i32): usize {
  return <usize>(20 * kind + 2 * (THRESHOLDS - 1 - t) + end);
}

function count(length: usize, kind: i32, bits: u32, end: i32): void {
  for (; bits !== 0; bits &= bits - 1) {
    const at = length + listOf(kind, <i32>ctz<u32>(bits), end);
    store<u8>(at, load<u8>(at) + 1);
  }
}

function list(kind: i32, bits: u32, end: i32, other: u16): void {
  for (; bits !== 0; bits &= bits - 1) {
    const at = next + (listOf(kind, <i32>ctz<u32>(bits), end) << 2);
    const item = load<usize>(at);
    store<u16>(item, other);
    store<usize>(at, item + 2);
  }
}

// --- adding up ---

/** Sums within a word, two vectors of eight 16-bit numbers. */
let low: v128 = i32x4.splat(0);
let high: v128 = i32x4.splat(0);

function add(from: usize, to: usize): void {
  let a = low;
  let b = high;
  for (let p = from; p < to; p += 2) {
    const sixteen = v128.load(byUnit + ((<usize>load<u16>(p)) << 4));
    a = i16x8.add(a, i16x8.extend_low_i8x16_u(sixteen));
    b = i16x8.add(b, i16x8.extend_high_i8x16_u(sixteen));
  }
  low = a;
  high = b;
}

function subtract(from: usize, to: usize): void {
  let a = low;
  let b = high;
  for (let p = from; p < to; p += 2) {
    const sixteen = v128.load(byUnit + ((<usize>load<u16>(p)) << 4));
    a = i16x8.sub(a, i16x8.extend_low_i8x16_u(sixteen));
    b = i16x8.sub(b, i16x8.extend_high_i8x16_u(sixteen));
  }
  low = a;
  high = b;
}

/** [1 + T + T][REPLICATES] sums before the current word */
const running = memory.data(4 * (1 + 2 * 10) * 16, 16);

/** Write the sums before word w, and add the word's. */
function keep(column: i32, w: i32): void {
  const sum = running + ((<usize>column) << 6);
  const to = sums + <usize>(column * REPLICATES) * sumBytes + ((<usize>w) << 2);
  write(to, sum, i32x4.extend_low_i16x8_u(low));
  write(to + 4 * sumBytes, sum + 16, i32x4.extend_high_i16x8_u(low));
  write(to + 8 * sumBytes, sum + 32, i32x4.extend_low_i16x8_u(high));
  write(to + 12 * sumBytes, sum + 48, i32x4.extend_high_i16x8_u(high));
}

function write(to: usize, sum: usize, more: v128): void {
  const before = v128.load(sum);
  v128.store32_lane(to, before, 0);
  v128.store32_lane(to + sumBytes, before, 1);
  v128.store32_lane(to + 2 * sumBytes, before, 2);
  v128.store32_lane(to + 3 * sumBytes, before, 3);
  v128.store(sum, i32x4.add(before, more));
}

/** Add up sixteen replicates. */
export function addUp(): void {
  for (let b = 0; b < units; b++) {
    for (let d = 0; d < REPLICATES; d++) {
      store<u8>(byUnit + <usize>(b * REPLICATES + d), load<u8>(weights + <usize>(d * units + b)));
    }
  }
  v128.store(byUnit + <usize>(units * REPLICATES), i32x4.splat(0));
  memory.fill(running, 0, 4 * (1 + 2 * THRESHOLDS) * REPLICATES);
  const kinds = anyIgnored ? 1 : 0;
  let item = items;
  for (let w = 0; w <= words; w++) {
    const from = unit + ((<usize>w) << 7);
    low = i32x4.splat(0);
    high = i32x4.splat(0);
    // the sums after the last word are the totals
    if (w < words) add(from, from + 128);
    keep(0, w);
    for (let kind = 0; kind <= kinds; kind++) {
      low = i32x4.splat(0);
      high = i32x4.splat(0);
      for (let t = THRESHOLDS - 1; t >= 0; t--) {
        if (w < words) {
          const length = lengths + <usize>(LISTS * w) + listOf(kind, t, 0);
          const begins = item + ((<usize>load<u8>(length)) << 1);
          const ends = begins + ((<usize>load<u8>(length, 1)) << 1);
          add(item, begins);
          subtract(begins, ends);
          item = ends;
        }
        keep(1 + THRESHOLDS * kind + t, w);
      }
    }
  }
}

// --- reading curves ---

/** [16] true positives, and all that count, up to each of sixteen places */
const tpAt = memory.data(4 * 16, 16);
const allAt = memory.data(4 * 16, 16);
let envelope: f64 = 0;

/** Read the curves of replicate `d` of the sixteen; or only their ends. */
export function read(d: i32, whole: bool): void {
  memory.copy(ofReplicate, weights + <usize>(d * units), <usize>units);
  store<u8>(ofReplicate + <usize>units, 0);
  const all = sums + <usize>d * sumBytes;
  for (let t = 0; t < THRESHOLDS; t++) {
    const tp = sums + <usize>((1 + t) * REPLICATES + d) * sumBytes;
    if (anyIgnored) {
      // ignored detections stop counting
      const none = sums + <usize>((1 + THRESHOLDS + t) * REPLICATES + d) * sumBytes;
      for (let w: usize = 0; w <= <usize>words; w++) {
        store<i32>(none + (w << 2), load<i32>(all + (w << 2)) - load<i32>(none + (w << 2)));
      }
      curve(d, t, tp, none, whole);
    } else curve(d, t, tp, all, whole);
  }
}

function curve(d: i32, t: i32, tp: usize, all: usize, whole: bool): void {
  const last = (<usize>words) << 2;
  const total = load<i32>(tp + last);
  const at = <usize>(d * THRESHOLDS + t);
  store<i32>(found + (at << 2), total);
  store<i32>(counted + (at << 2), load<i32>(all + last));
  if (!whole) return;
  envelope = 0;
  let sum: f64 = 0;
  let behind = words - 1; // word in which the recall to the right is reached
  for (let r = RECALLS - 1; r >= 0; r--) {
    const want = load<i32>(needed + ((<usize>(d * RECALLS + r)) << 2));
    if (want > total) continue;
    // the last word with fewer before it
    let first = 0;
    for (let high = behind; first < high; ) {
      const middle = (first + high + 1) >> 1;
      if (load<i32>(tp + ((<usize>middle) << 2)) < want) first = middle;
      else high = middle - 1;
    }
    for (let w = first; w <= behind; ) {
      // skip four words if even putting their true positives first would not exceed the best
      const p = (<usize>w) << 2;
      const tpBefore = v128.load(tp + p);
      const tpBehind = v128.load(tp + p + 4);
      const least = i32x4.add(v128.load(all + p), i32x4.sub(tpBehind, tpBefore));
      const bound = f32x4.mul(f32x4.splat(<f32>envelope * NEARLY), f32x4.convert_i32x4_s(least));
      const above = i32x4.bitmask(f32x4.gt(f32x4.convert_i32x4_s(tpBehind), bound));
      if (above === 0) {
        w += 4;
        continue;
      }
      w += <i32>ctz<u32>(above);
      if (w > behind) break;
      const here = (<usize>w) << 2;
      look(w, t, load<i32>(tp + here), load<i32>(all + here), load<i32>(tp + here, 4), want);
      w++;
    }
    behind = first;
    sum += envelope;
  }
  store<f64>(precisions + (at << 3), sum);
}

/**
 * Raise the best precision to that of a word's places with enough true positives, if it is higher: sixteen places at a
 * time, as long as the remaining true positives could raise it.
 */
function look(w: i32, t: i32, tp: i32, all: i32, tpBehind: i32, want: i32): void {
  let isHit = load<u64>(hitBits + ((<usize>(t * words + w)) << 3));
  let isIgnored = load<u64>(ignoredBits + ((<usize>(t * words + w)) << 3));
  let p = unit + ((<usize>w) << 7);
  for (const end = p + 128; p < end; p += 32) {
    if (<f32>tpBehind <= <f32>envelope * NEARLY * <f32>(all + tpBehind - tp)) return;
    for (let j: usize = 0; j < 32; j += 2) {
      const weight: i32 = load<u8>(ofReplicate + <usize>load<u16>(p + j));
      tp += weight & -(<i32>isHit & 1);
      all += weight;
      isHit >>= 1;
      store<i32>(tpAt + (j << 1), tp);
      store<i32>(allAt + (j << 1), all);
    }
    if (isIgnored & 0xffff) all = leaveOut(p, <u32>isIgnored & 0xffff, all);
    isIgnored >>= 16;
    for (let j: usize = 0; j < 64; j += 16) {
      const bound = f32x4.mul(f32x4.splat(<f32>envelope * NEARLY), f32x4.convert_i32x4_s(v128.load(allAt + j)));
      if (!v128.any_true(f32x4.gt(f32x4.convert_i32x4_s(v128.load(tpAt + j)), bound))) continue;
      for (let k = j; k < j + 16; k += 4) {
        const tpHere = load<i32>(tpAt + k);
        if (tpHere < want) continue;
        const precision = <f64>tpHere / (<f64>load<i32>(allAt + k) + EPSILON);
        if (precision > envelope) envelope = precision;
      }
    }
  }
}

/** Subtract the weights of ignored places. @returns the rest of `all` */
function leaveOut(p: usize, isIgnored: u32, all: i32): i32 {
  let less = 0;
  for (let j: usize = 0; j < 16; j++) {
    if ((isIgnored >> <u32>j) & 1) less += <i32>load<u8>(ofReplicate + <usize>load<u16>(p + (j << 1)));
    const at = allAt + (j << 2);
    store<i32>(at, load<i32>(at) - less);
  }
  return all - less;
}
