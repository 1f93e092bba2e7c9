/**
 * Precision and recall of one slice and one size class at all thresholds: the loops of lib/coco/accumulate.ts, where
 * the method is explained.
 *
 * Detections are ordered by score, one column of bits each; each threshold is a row. For every 64 detections a row has
 * one word for which are true and one for which count. Nothing is left out: a detection that does not count is zero in
 * both.
 */

/** IoU and recall thresholds. */
const THRESHOLDS = 10;
const RECALLS = 101;
const ALL_BITS = (1 << THRESHOLDS) - 1;
/** Fate of an entry that counts nowhere, as lib/coco/match.ts writes it. */
const IGNORED = ALL_BITS << 16;
/** numpy's np.spacing(1), which the reference adds to the denominator of precision. */
const EPSILON: f64 = 2.220446049250313e-16;

// --- written by the host ---

/** [E] fate of each entry, with room to align it like the host's column within 8 bytes, which makes copying fast */
export let fates: usize = 0;
/** [E] score and IoU of each entry; only for `best` and `tally` */
export let scores: usize = 0;
export let ious: usize = 0;
/** [L] the slice's entries by score */
export let order: usize = 0;
export let length: i32 = 0;
/** [images] first entry, end of the entries, ground truth that counts */
export let images: usize = 0;
/** [T × R] true positives at which a recall is reached */
export const needed: usize = memory.data(4 * THRESHOLDS * RECALLS, 16);

// --- written by the kernel ---

/** [T] number of true positives, and of all that count */
export const found: usize = memory.data(4 * THRESHOLDS, 16);
export const counted: usize = memory.data(4 * THRESHOLDS, 16);
/** [T × R] */
export const precision: usize = memory.data(8 * THRESHOLDS * RECALLS, 16);
/** [T × R] entry at which a recall is reached, -1 where it never is; undefined for recall 0 */
export const reached: usize = memory.data(4 * THRESHOLDS * RECALLS, 16);
/** [T] area under the curve, times the countable ground truth */
export const area: usize = memory.data(8 * THRESHOLDS, 16);
/** [T] over images: true and false positives, and the sum of their Jaccard indices */
export const truePositives: usize = memory.data(8 * THRESHOLDS, 16);
export const falsePositives: usize = memory.data(8 * THRESHOLDS, 16);
export const jaccard: usize = memory.data(8 * THRESHOLDS, 16);
export let iouSum: f64 = 0;
export let above: i32 = 0;
/** number of images with objects or detections */
export let present: i32 = 0;

// --- rows of bits ---

/** Number of entries processed together; their fates are stored here until they are turned into bits. */
const BLOCK = 1024;
const block = memory.data(4 * BLOCK, 16);
/** One byte for each of 16 fates: true at thresholds 0 to 7; counting there; both at thresholds 8 and 9 (upper half) */
const bytes = memory.data(48, 16);
/** [T × words × (true, counting)] */
let rows: usize = 0;
let rowBytes: usize = 0;
let words: i32 = 0;

/**
 * Lay out the memory, discarding its contents.
 *
 * @param entries of all images
 * @param entriesInOrder of the slice
 */
export function layout(entries: i32, entriesInOrder: i32, imageCount: i32): void {
  length = entriesInOrder;
  words = (entriesInOrder + 63) >> 6;
  // an odd number of cache lines, so that rows do not all map to the same ones
  rowBytes = ((((<usize>words) << 4) + 63) >> 6) << 6;
  if (!(rowBytes & 64)) rowBytes += 64;
  fates = aligned(__heap_base);
  // up to 16 fates are read past the end
  order = aligned(fates + ((<usize>entries + 18) << 2));
  images = aligned(order + ((<usize>entriesInOrder) << 2));
  rows = aligned(images + 12 * <usize>imageCount);
  scores = aligned(rows + <usize>THRESHOLDS * rowBytes);
  ious = scores + ((<usize>entries) << 3);
  const end = ious + ((<usize>entries) << 3);
  const pages = <i32>((end + 0xffff) >> 16) - memory.size();
  if (pages > 0) memory.grow(pages);
}

function aligned(address: usize): usize {
  return (address + 63) & ~63;
}

/**
 * Line up the slice's entries: a row of bits per threshold.
 *
 * @param at address of the fates, at `fates` or shortly after
 */
export function lineUp(at: usize): void {
  for (let from = 0; from < length; from += BLOCK) {
    const n = min(BLOCK, length - from);
    const entry = order + ((<usize>from) << 2);
    for (let k: usize = 0; k < (<usize>n) << 2; k += 4) {
      store<u32>(block + k, load<u32>(at + ((<usize>load<u32>(entry + k)) << 2)));
    }
    const padded = (n + 63) & ~63;
    for (let k = n; k < padded; k++) store<u32>(block + ((<usize>k) << 2), IGNORED);
    for (let k = 0; k < padded; k += 16) {
      toBytes(block + ((<usize>k) << 2));
      toRows(rows + ((<usize>((from + k) >> 6)) << 4) + (<usize>(k & 63) >> 3));
    }
  }
}

function row(t: i32): usize {
  return rows + <usize>t * rowBytes;
}

/** Split sixteen fates into bytes. */
function toBytes(p: usize): void {
  const a = v128.load(p);
  const b = v128.load(p, 16);
  const c = v128.load(p, 32);
  const d = v128.load(p, 48);
  const all = i32x4.splat(ALL_BITS);
  const ab = v128.andnot(i16x8.splat(<i16>ALL_BITS), i16x8.narrow_i32x4_u(i32x4.shr_u(a, 16), i32x4.shr_u(b, 16)));
  const cd = v128.andnot(i16x8.splat(<i16>ALL_BITS), i16x8.narrow_i32x4_u(i32x4.shr_u(c, 16), i32x4.shr_u(d, 16)));
  const trueAb = v128.and(i16x8.narrow_i32x4_u(v128.and(a, all), v128.and(b, all)), ab);
  const trueCd = v128.and(i16x8.narrow_i32x4_u(v128.and(c, all), v128.and(d, all)), cd);
  const low = i16x8.splat(255);
  v128.store(bytes, i8x16.narrow_i16x8_u(v128.and(trueAb, low), v128.and(trueCd, low)));
  v128.store(bytes, i8x16.narrow_i16x8_u(v128.and(ab, low), v128.and(cd, low)), 16);
  v128.store(
    bytes,
    i8x16.narrow_i16x8_u(
      v128.or(i16x8.shl(i16x8.shr_u(trueAb, 8), 6), i16x8.shl(i16x8.shr_u(ab, 8), 4)),
      v128.or(i16x8.shl(i16x8.shr_u(trueCd, 8), 6), i16x8.shl(i16x8.shr_u(cd, 8), 4)),
    ),
    32,
  );
}

/** Turn sixteen columns of bits into a piece of each row, starting from the upper bits of the bytes. */
function toRows(p: usize): void {
  let hits = v128.load(bytes);
  let counts = v128.load(bytes, 16);
  for (let t = 7; t >= 0; t--) {
    const to = p + <usize>t * rowBytes;
    store<u16>(to, <u16>i8x16.bitmask(hits));
    store<u16>(to, <u16>i8x16.bitmask(counts), 8);
    hits = i8x16.add(hits, hits);
    counts = i8x16.add(counts, counts);
  }
  let both = v128.load(bytes, 32);
  for (let t = 9; t >= 8; t--) {
    store<u16>(p + <usize>t * rowBytes, <u16>i8x16.bitmask(both));
    both = i8x16.add(both, both);
  }
  for (let t = 9; t >= 8; t--) {
    store<u16>(p + <usize>t * rowBytes, <u16>i8x16.bitmask(both), 8);
    both = i8x16.add(both, both);
  }
}

// --- curves ---

/** Compute the curve at each threshold, using `needed`. */
export function curves(): void {
  for (let t = 0; t < THRESHOLDS; t++) curve(t);
}

/** The best precision since a recall was reached, as a fraction: comparing products costs less than dividing. */
let bestTp: i64 = 0;
let bestAll: i64 = 1;
/** The same fraction for 1 / (1 + ε) at the very first detection; without ε it would equal 2 / 2. */
let bestOfOne: f64 = 0;

/**
 * Compute one threshold: scan from the left for the best precision between one recall and the next, where it nearly
 * always is; then from the right for the best still to come.
 */
function curve(t: i32): void {
  const out = precision + <usize>(8 * RECALLS * t);
  const need = needed + <usize>(4 * RECALLS * t);
  const entry = reached + <usize>(4 * RECALLS * t);
  let tp: i64 = 0;
  let all: i64 = 0;
  bestTp = 0;
  bestAll = 1;
  bestOfOne = 0;
  // recall 0 is reached before any entry; the host decides where
  let r: usize = 1;
  let next: i64 = load<i32>(need, 4);
  const first = row(t);
  const end = first + ((<usize>words) << 4);
  for (let p = first; p < end; p += 16) {
    let hits = load<u64>(p);
    const counts = load<u64>(p, 8);
    if (hits !== 0) {
      const tpBehind = tp + <i64>popcnt<u64>(hits);
      let rest = hits;
      while (tpBehind >= next) {
        let behind = hits;
        for (let skip = next - tp - 1; skip > 0; skip--) behind &= behind - 1;
        const place = ctz<u64>(behind);
        examine(rest, hits, counts, tp, tpBehind, all);
        rest = behind;
        store<i32>(entry + (r << 2), load<i32>(order + ((p - first) << 4) + ((<usize>place) << 2)));
        store<f64>(out + (r << 3) - 8, bestHere());
        bestTp = 0;
        bestAll = 1;
        bestOfOne = 0;
        next = ++r < <usize>RECALLS ? load<i32>(need + (r << 2)) : i64.MAX_VALUE;
      }
      examine(rest, hits, counts, tp, tpBehind, all);
      tp = tpBehind;
    }
    all += popcnt<u64>(counts);
  }
  store<i32>(found + ((<usize>t) << 2), <i32>tp);
  store<i32>(counted + ((<usize>t) << 2), <i32>all);
  let envelope = bestHere();
  store<f64>(out + (r << 3) - 8, envelope);
  for (let k = r; k < <usize>RECALLS; k++) {
    store<f64>(out + (k << 3), 0);
    store<i32>(entry + (k << 2), -1);
  }
  for (let at = out + (r << 3) - 8; at > out; at -= 8) {
    envelope = max(envelope, load<f64>(at - 8));
    store<f64>(at - 8, envelope);
  }
}

function bestHere(): f64 {
  return max(<f64>bestTp / (<f64>bestAll + EPSILON), bestOfOne);
}

/**
 * Examine the true positives of a word: only the last of each consecutive run, where precision can be best, and none if
 * even putting all of the word's true positives first would not exceed the best.
 *
 * @param some the true positives to examine
 * @param hits the word's true positives
 * @param counts those of it that count
 * @param tp true positives before the word
 * @param tpBehind true positives up to the end of the word
 * @param all counting entries before the word
 */
function examine(some: u64, hits: u64, counts: u64, tp: i64, tpBehind: i64, all: i64): void {
  if (tpBehind * bestAll <= bestTp * (all + tpBehind - tp)) return;
  for (let ends = some & ~(some >> 1); ends !== 0; ends &= ends - 1) {
    const upTo = ends ^ (ends - 1);
    const tpHere = tp + <i64>popcnt<u64>(hits & upTo);
    const allHere = all + <i64>popcnt<u64>(counts & upTo);
    if (allHere === 1) bestOfOne = 1 / (1 + EPSILON);
    else if (tpHere * bestAll > bestTp * allHere) {
      bestTp = tpHere;
      bestAll = allHere;
    }
  }
}

/**
 * Σ (R_k − R_{k−1}) · max_{j ≥ k} P_j over the true positives k, from the right, times the ground truth present; after
 * `curves`.
 */
export function areas(): void {
  for (let t = 0; t < THRESHOLDS; t++) {
    let tp: i64 = load<i32>(found + ((<usize>t) << 2));
    let all: i64 = load<i32>(counted + ((<usize>t) << 2));
    let bestTp: i64 = 0;
    let bestAll: i64 = 1;
    let sum: f64 = 0;
    const first = row(t);
    for (let p = first + ((<usize>words) << 4); p > first; ) {
      p -= 16;
      const hits = load<u64>(p);
      const counts = load<u64>(p, 8);
      all -= popcnt<u64>(counts);
      const tpBehind = tp;
      tp -= popcnt<u64>(hits);
      // as in `examine`
      if (tpBehind * bestAll <= bestTp * (all + tpBehind - tp)) continue;
      for (let ends = hits & ~(hits >> 1); ends !== 0; ) {
        const upTo = <u64>-1 >> clz<u64>(ends);
        ends &= upTo >> 1;
        const tpHere = tp + <i64>popcnt<u64>(hits & upTo);
        const allHere = all + <i64>popcnt<u64>(counts & upTo);
        if (tpHere * bestAll > bestTp * allHere) {
          // all recall gained between here and the best so far was gained at that precision
          sum += <f64>(bestTp - tpHere) * (<f64>bestTp / (<f64>bestAll + EPSILON));
          bestTp = tpHere;
          bestAll = allHere;
        }
      }
    }
    const rest = <f64>bestTp * (<f64>bestTp / (<f64>bestAll + EPSILON));
    store<f64>(area + ((<usize>t) << 3), sum + rest);
  }
}

/**
 * Return the entry with the best F1 at the lowest threshold (the first of equal ones), or -1 if nothing is found.
 * Detections of equal score are accepted or rejected together.
 *
 * @param countable ground truth that counts
 */
export function best(countable: f64): i32 {
  let entry = -1;
  let bestF1: f64 = 0;
  const end = rows + ((<usize>words) << 4);
  // first only at the end of each word: then little is left to examine
  for (let coarse = 1; coarse >= 0; coarse--) {
    let tp: f64 = 0;
    let all: f64 = 0;
    for (let p = rows; p < end; p += 16) {
      const hits = load<u64>(p);
      let counts = load<u64>(p, 8);
      const tpBehind = tp + <f64>popcnt<u64>(hits);
      const allBehind = all + <f64>popcnt<u64>(counts);
      // upper bound, with its true positives ahead of all others
      if (counts !== 0 && (2 * tpBehind) / (all + (tpBehind - tp) + countable) > bestF1) {
        if (coarse) {
          counts = (<u64>1) << (63 - clz<u64>(counts));
          tp = tpBehind - <f64>((hits & counts) !== 0);
          all = allBehind - 1;
        }
        while (counts !== 0) {
          const bit = counts & -counts;
          counts ^= bit;
          all += 1;
          tp += <f64>((hits & bit) !== 0);
          const f1 = (2 * tp) / (all + countable);
          if (f1 <= bestF1) continue;
          const here = entryAt(p, bit);
          // a tie is accepted as a whole, up to the next score
          const next = nextOf(p, counts, end);
          if (next >= 0 && scoreOf(next) === scoreOf(here)) continue;
          bestF1 = f1;
          entry = here;
        }
      }
      tp = tpBehind;
      all = allBehind;
    }
    // slightly less than reached, so that the first of equal ones is found
    if (coarse) bestF1 *= 1 - 1e-15;
  }
  return entry;
}

/** Return the entry of the lowest bit of a word. */
function entryAt(p: usize, bits: u64): i32 {
  return load<i32>(order + ((p - rows) << 4) + ((<usize>ctz<u64>(bits)) << 2));
}

/** Return the next counting entry, in the rest of this word or a later one, or -1. */
function nextOf(p: usize, rest: u64, end: usize): i32 {
  while (rest === 0) {
    p += 16;
    if (p >= end) return -1;
    rest = load<u64>(p, 8);
  }
  return entryAt(p, rest);
}

function scoreOf(entry: i32): f64 {
  return load<f64>(scores + ((<usize>entry) << 3));
}

// --- counts, image by image ---

/** [T] */
const hitsOf = memory.data(4 * THRESHOLDS, 16);
const countsOf = memory.data(4 * THRESHOLDS, 16);

/** Add up the thresholds at which entries are true and count. */
function add(at: usize, from: i32, to: i32): void {
  for (let k = from; k < to; k += 16) {
    // 16 are read at a time, even past the end
    const these = <u32>0xffff >> (16 - min(16, to - k));
    toBytes(at + ((<usize>k) << 2));
    let hits = v128.load(bytes);
    let counts = v128.load(bytes, 16);
    for (let t = 7; t >= 0; t--) {
      addTo(hitsOf, t, hits, these);
      addTo(countsOf, t, counts, these);
      hits = i8x16.add(hits, hits);
      counts = i8x16.add(counts, counts);
    }
    let both = v128.load(bytes, 32);
    for (let t = 9; t >= 8; t--) {
      addTo(hitsOf, t, both, these);
      both = i8x16.add(both, both);
    }
    for (let t = 9; t >= 8; t--) {
      addTo(countsOf, t, both, these);
      both = i8x16.add(both, both);
    }
  }
}

function addTo(sums: usize, t: i32, patterns: v128, these: u32): void {
  const at = sums + ((<usize>t) << 2);
  store<i32>(at, load<i32>(at) + <i32>popcnt<u32>(<u32>i8x16.bitmask(patterns) & these));
}

/** Count the true positives among the best `maxDets` entries of each image, into `found`. */
export function within(at: usize, imageCount: i32, maxDets: i32): void {
  memory.fill(hitsOf, 0, 4 * THRESHOLDS);
  for (let i = 0; i < imageCount; i++) {
    const image = images + 12 * <usize>i;
    const from = load<i32>(image);
    add(at, from, min(load<i32>(image, 4), from + maxDets));
  }
  memory.copy(found, hitsOf, 4 * THRESHOLDS);
}

/** Count the entries with at least this score. */
export function tally(at: usize, imageCount: i32, score: f64): void {
  memory.fill(truePositives, 0, 8 * THRESHOLDS);
  memory.fill(falsePositives, 0, 8 * THRESHOLDS);
  memory.fill(jaccard, 0, 8 * THRESHOLDS);
  iouSum = 0;
  above = 0;
  present = 0;
  for (let i = 0; i < imageCount; i++) {
    const image = images + 12 * <usize>i;
    const from = load<i32>(image);
    const countable = load<i32>(image, 8);
    // within an image, entries are ordered by score
    let to = from;
    for (let end = load<i32>(image, 4); to < end; ) {
      const middle = (to + end) >> 1;
      if (scoreOf(middle) >= score) to = middle + 1;
      else end = middle;
    }
    memory.fill(hitsOf, 0, 4 * THRESHOLDS);
    memory.fill(countsOf, 0, 4 * THRESHOLDS);
    add(at, from, to);
    let any = countable;
    for (let t: usize = 0; t < <usize>THRESHOLDS; t++) {
      const hits = load<i32>(hitsOf + (t << 2));
      const counts = load<i32>(countsOf + (t << 2));
      any |= counts;
      const tp = truePositives + (t << 3);
      const fp = falsePositives + (t << 3);
      store<f64>(tp, load<f64>(tp) + <f64>hits);
      store<f64>(fp, load<f64>(fp) + <f64>(counts - hits));
      const union = counts - hits + countable;
      const sum = jaccard + (t << 3);
      if (union > 0) store<f64>(sum, load<f64>(sum) + <f64>hits / <f64>union);
    }
    if (any) present++;
    for (let e = from; e < to; e++) {
      const fate = load<u32>(at + ((<usize>e) << 2));
      const iou = load<f64>(ious + ((<usize>e) << 3));
      // branch-free, because the branch would be unpredictable: adding zero changes nothing
      const counts = <i32>(fate & ~(fate >> 16) & 1) & <i32>(iou > 0.5);
      iouSum += select<f64>(iou, 0, counts);
      above += counts;
    }
  }
}
