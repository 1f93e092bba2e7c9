/**
 * Read ordinary records of COCO JSON from bytes to columns: annotations or detections that are written like the one
 * before and have nothing wrong with them. Reading stops before the first record that differs and leaves it to
 * lib/readers/coco/document.ts, which knows every way to write a record and every error message.
 *
 * This kernel judges and reports nothing: it skips whatever is unusual in any way.
 */
import { number, shortNumber, value } from './number.ts';
import { fine, rasterize } from './rasterize.ts';

/** Fields of a record, as lib/readers/coco/fast-records.ts numbers them. */
const OTHER = 0;
const IMAGE = 1;
const CATEGORY = 2;
const BOX = 3;
const SCORE = 4;
const MASK = 5;
const AREA = 6;
const CROWD = 7;
const ID = 8;
const MASK_SCORE = 9;

// --- written by the host ---

/**
 * [32 × (128 bytes, 128 bytes of mask, length, field)] the keys of a record, including everything up to their values
 */
const KEY = 264;
export const KEYS: usize = memory.data(KEY * 32, 16);
export let keys: i32 = 0;
/** Start of a run-length mask, up to its counts, and what follows them; each stored like a key */
export const HEAD: usize = memory.data(KEY, 16);
export const TAIL: usize = memory.data(KEY, 16);
export let maskHeight: i32 = 0;
export let maskWidth: i32 = 0;
/** true for ground truth, false for predictions */
export let groundTruth: bool = false;
/** what the file's first detection has */
export let firstHasBox: bool = false;
export let firstHasMaskScore: bool = false;
/** the category that counts as a cell */
export let category: f64 = 1;
/**
 * [images] ids in ascending order, and the index, height and width of each: images that records may refer to by number
 */
export let images: i32 = 0;
export let imageTable: usize = 0;
/** addresses: the next byte to read, the end, and the limit after which no record may begin */
export let pos: usize = 0;
export let end: usize = 0;
export let stop: usize = 0;
export let windowAt: usize = 0;
export let most: i32 = 0;

// --- written by the kernel: columns of the records read ---

const BATCH = 4096;
/** Capacity in 32-bit numbers of intervals */
const ROOM = 1 << 18;
export const batch: i32 = BATCH;
export const outImage: usize = memory.data(4 * BATCH, 16);
export const outBox: usize = memory.data(32 * BATCH, 16);
export const outArea: usize = memory.data(8 * BATCH, 16);
export const outCrowd: usize = memory.data(BATCH, 16);
export const outId: usize = memory.data(8 * BATCH, 16);
export const outScore: usize = memory.data(8 * BATCH, 16);
export const outMaskScore: usize = memory.data(8 * BATCH, 16);
export const outMaskArea: usize = memory.data(4 * BATCH, 16);
export const outExtent: usize = memory.data(16 * BATCH, 16);
export const outMaskEnd: usize = memory.data(4 * BATCH, 16);
export const outIntervals: usize = memory.data(4 * ROOM, 16);
export let withoutMask: i32 = 0;
/** Numbers of records by what the checks of whole files look for; see lib/readers/coco/screening.ts */
export let screened: i32 = 0;
export let zeroBoxes: i32 = 0;
export let unfit: i32 = 0;
export let outside: i32 = 0;
export let large: i32 = 0;
export let hollow: i32 = 0;
export let scattered: i32 = 0;

// --- the current record ---

let lastId: f64 = NaN;
let image: i32 = 0;
let imageHeight: i32 = 0;
let imageWidth: i32 = 0;
let seen: i32 = 0;
let score: f64 = 0;
let maskScore: f64 = 0;
let area: f64 = 0;
let crowd: i32 = 0;
let id: f64 = 0;
let box: usize = 0;
/** numbers of intervals of all records so far */
let length: i32 = 0;
let maskArea: i32 = 0;
let x0: i32 = 0;
let y0: i32 = 0;
let x1: i32 = 0;
let y1: i32 = 0;
/** corners of the current polygon, on the fine grid */
const CORNERS = 8192;
const corners = memory.data(8 * CORNERS, 16);

/** Maximum number of images in the table, which lies between static data and the window. */
const MOST_IMAGES = 16384;

/** Lay out the window of bytes. @returns the table's address, or 0 if the images do not fit */
export function layout(images: i32, window: i32): usize {
  lastId = NaN;
  imageTable = (__heap_base + 15) & ~15;
  windowAt = imageTable + 24 * MOST_IMAGES;
  const pages = <i32>((windowAt + window + 256 + 0xffff) >> 16) - memory.size();
  if (pages > 0) memory.grow(pages);
  return images > MOST_IMAGES ? 0 : imageTable;
}

/**
 * Read ordinary records, each with the comma before it, from `pos` on.
 *
 * @returns how many were read; `pos` points after the last
 */
export function take(): i32 {
  let n = 0;
  length = 0;
  withoutMask = 0;
  screened = zeroBoxes = unfit = outside = large = hollow = scattered = 0;
  const limit = min(BATCH, most);
  while (n < limit) {
    let p = white(pos);
    if (load<u8>(p) !== 44) break; // ,
    p = white(p + 1);
    if (load<u8>(p) !== 123 || p >= stop) break; // {
    box = outBox + 32 * <usize>n;
    p = record(white(p + 1));
    if (p === 0 || p >= end || !keep(n)) break;
    pos = p;
    n++;
  }
  return n;
}

function white(p: usize): usize {
  while (load<u8>(p) === 32 || load<u8>(p) === 10 || load<u8>(p) === 13 || load<u8>(p) === 9) p++;
  return p;
}

/** Tell whether the bytes at p are a key's; never at the window's end, because the window ends with a zero byte. */
function isKey(p: usize, key: usize): bool {
  const bytes = load<i32>(key, 256);
  for (let k: usize = 0; k < <usize>bytes; k += 16) {
    if (v128.any_true(v128.and(v128.xor(v128.load(p + k), v128.load(key + k)), v128.load(key + k, 128)))) return false;
  }
  return true;
}

/** Read the fields of the record whose content begins at p. @returns the address after it, or 0 */
function record(p: usize): usize {
  seen = 0;
  crowd = 0;
  for (let i = 0; i < keys; i++) {
    const key = KEYS + <usize>(KEY * i);
    if (!isKey(p, key)) return 0;
    p += load<i32>(key, 256);
    const field = load<i32>(key, 260);
    if (field === OTHER) p = skip(p);
    else {
      if (seen & (1 << field)) return 0;
      seen |= 1 << field;
      switch (field) {
        case BOX:
          p = readBox(p);
          break;
        case MASK:
          // the image's size must be known first
          if (!(seen & (1 << IMAGE)) || image < 0) return 0;
          p = load<u8>(p) === 91 ? polygon(p + 1) : runs(p);
          break;
        default:
          p = number(p);
          if (p === 0) return 0;
          switch (field) {
            case IMAGE:
              if (value !== lastId && !findImage()) return 0;
              break;
            case CATEGORY:
              if (value !== category) return 0;
              break;
            case SCORE:
              score = value;
              break;
            case MASK_SCORE:
              maskScore = value;
              break;
            case AREA:
              area = value;
              break;
            case CROWD:
              crowd = value !== 0 ? 1 : 0;
              break;
            case ID:
              id = value;
              break;
          }
      }
    }
    if (p === 0) return 0;
    p = white(p);
    const c = load<u8>(p++);
    if (c === 125) return p; // }
    if (c !== 44) return 0;
  }
  return 0;
}

/** Skip a number, a short word or a plain string that is not needed. */
function skip(p: usize): usize {
  let c = load<u8>(p);
  if (c === 34) {
    do {
      c = load<u8>(++p);
      if (c === 92 || c < 32) return 0;
    } while (c !== 34);
    return p + 1;
  }
  if (c >= 97 && c <= 122) {
    // true, false, null; any other word is left to the full reader
    if (load<u32>(p) === 0x65757274 || load<u32>(p) === 0x6c6c756e) return p + 4;
    return load<u32>(p) === 0x736c6166 && load<u8>(p, 4) === 101 ? p + 5 : 0;
  }
  return number(p);
}

function findImage(): bool {
  let low = 0;
  let high = images - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f64>(imageTable + 24 * <usize>middle) < value) low = middle + 1;
    else high = middle;
  }
  const at = imageTable + 24 * <usize>low;
  if (high < 0 || load<f64>(at) !== value) return false;
  lastId = value;
  image = load<i32>(at, 8);
  imageHeight = load<i32>(at, 12);
  imageWidth = load<i32>(at, 16);
  return true;
}

function readBox(p: usize): usize {
  if (load<u8>(p++) !== 91) return 0; // [
  for (let k = 0; k < 4; k++) {
    p = number(white(p));
    if (p === 0 || !(abs(value) <= 1e7)) return 0;
    store<f64>(box + ((<usize>k) << 3), value);
    p = white(p);
    if (load<u8>(p++) !== (k < 3 ? 44 : 93)) return 0;
  }
  return p;
}

/**
 * Decode a run-length mask in COCO's string codec to intervals, area and extent in one pass. The codec is explained in
 * lib/coco/rle.ts, `decodeCounts`; masks with empty runs or without pixels are not ordinary.
 */
function runs(p: usize): usize {
  if (!isKey(p, HEAD) || maskHeight !== imageHeight || maskWidth !== imageWidth) return 0;
  p += load<i32>(HEAD, 256);
  const size = imageHeight * imageWidth;
  const height = imageHeight;
  let out = outIntervals + ((<usize>length) << 2);
  const full = outIntervals + 4 * (ROOM - 4);
  let position = 0;
  let start = 0;
  let last = 0;
  let beforeLast = 0;
  let top = height;
  let bottom = 0;
  let column = -1;
  let left = 0;
  let pixels = 0;
  for (let run = 0; ; run++) {
    let c: u32 = <u32>load<u8>(p++) - 48;
    if (c > 63) {
      if (c !== <u32>34 - 48) return 0;
      break;
    }
    if (c === 44 && load<u8>(p++) !== 92) return 0;
    let x: i32 = c & 31;
    let shift = 5;
    while (c & 32) {
      c = <u32>load<u8>(p++) - 48;
      if (c > 63 || shift > 25) return 0;
      if (c === 44 && load<u8>(p++) !== 92) return 0;
      x |= (c & 31) << shift;
      shift += 5;
    }
    if (c & 16) x |= -1 << shift;
    if (run > 2) x += beforeLast;
    beforeLast = last;
    last = x;
    if (x <= 0 && (x < 0 || run > 0)) return 0;
    position += x;
    if (<u32>position > <u32>size) return 0;
    if ((run & 1) === 0) {
      start = position;
      continue;
    }
    if (out > full) return 0;
    store<i32>(out, start);
    store<i32>(out, position, 4);
    out += 8;
    pixels += x;
    // its position within its column; the next one is nearly always in this column or the next
    if (column < 0) {
      left = start / height;
      column = left * height;
    } else if (start - column >= height) {
      column += height;
      if (start - column >= height) column = (start / height) * height;
    }
    const from = start - column;
    const to = position - column;
    if (to > height) {
      top = 0;
      bottom = height;
    } else {
      top = min(top, from);
      bottom = max(bottom, to);
    }
  }
  p--;
  if (position !== size || pixels === 0) return 0;
  if (!isKey(p, TAIL)) return 0;
  p += load<i32>(TAIL, 256);
  length = <i32>((out - outIntervals) >> 2);
  maskArea = pixels;
  x0 = left;
  y0 = top;
  x1 = (load<i32>(out - 4) - 1) / height + 1;
  y1 = bottom;
  return p;
}

/** Read a list of one polygon, from after its bracket. */
function polygon(p: usize): usize {
  p = white(p);
  if (load<u8>(p++) !== 91) return 0; // [
  let n: usize = 0;
  for (;;) {
    const at = white(p);
    p = shortNumber(at);
    if (p === 0) p = number(at);
    if (p === 0 || !(abs(value) <= 1e7) || n >= 2 * CORNERS) return 0;
    store<i32>(corners + (n << 2), fine(value));
    n++;
    p = white(p);
    const c = load<u8>(p++);
    if (c === 93) break; // ]
    if (c !== 44) return 0;
  }
  p = white(p);
  if (n < 6 || load<u8>(p++) !== 93) return 0;
  const height = imageHeight;
  const from = outIntervals + ((<usize>length) << 2);
  const written = rasterize(corners, <i32>(n >> 1), height, imageWidth, from, ROOM - length);
  if (written <= 0) return 0;
  length += written;
  const to = from + ((<usize>written) << 2);
  let column = load<i32>(from) / height;
  x0 = column;
  column *= height;
  let top = height;
  let bottom = 0;
  maskArea = 0;
  for (let k = from; k < to; k += 8) {
    const start = load<i32>(k);
    const stop = load<i32>(k, 4);
    maskArea += stop - start;
    if (start - column >= height) {
      column += height;
      if (start - column >= height) column = (start / height) * height;
    }
    if (stop - column > height) {
      top = 0;
      bottom = height;
    } else {
      top = min(top, start - column);
      bottom = max(bottom, stop - column);
    }
  }
  x1 = (load<i32>(to - 4) - 1) / height + 1;
  y0 = top;
  y1 = bottom;
  return p;
}

function has(field: i32): bool {
  return (seen & (1 << field)) !== 0;
}

/** Write the record's row if nothing is wrong with it. */
function keep(n: i32): bool {
  if (!has(IMAGE) || image < 0) return false;
  const at = <usize>n;
  if (has(MASK)) {
    store<i32>(outMaskArea + (at << 2), maskArea);
    store<i32>(outExtent + (at << 4), x0);
    store<i32>(outExtent + (at << 4), y0, 4);
    store<i32>(outExtent + (at << 4), x1, 8);
    store<i32>(outExtent + (at << 4), y1, 12);
  } else {
    if (groundTruth || !has(BOX)) return false;
    store<i32>(outMaskArea + (at << 2), 0);
    v128.store(outExtent + (at << 4), v128.splat<i32>(0));
  }
  if (has(BOX)) {
    const x = load<f64>(box);
    const y = load<f64>(box, 8);
    const w = load<f64>(box, 16);
    const h = load<f64>(box, 24);
    if (w < 0 || h < 0) return false;
    // such predictions cause a warning
    if (!groundTruth) {
      if (w === 0 || h === 0 || x < -1 || y < -1) return false;
      if (x + w > <f64>(imageWidth + 1) || y + h > <f64>(imageHeight + 1)) return false;
    }
  } else {
    // an outline beyond the image causes a message if no box says so
    if (groundTruth) return false;
    store<f64>(box, <f64>x0);
    store<f64>(box, <f64>y0, 8);
    store<f64>(box, <f64>(x1 - x0), 16);
    store<f64>(box, <f64>(y1 - y0), 24);
  }
  store<i32>(outImage + (at << 2), image);
  store<i32>(outMaskEnd + (at << 2), length);
  if (groundTruth) {
    store<f64>(outArea + (at << 3), has(AREA) ? area : <f64>maskArea);
    store<u8>(outCrowd + at, <u8>crowd);
    store<f64>(outId + (at << 3), has(ID) ? id : NaN);
  } else {
    if (!has(SCORE) || (firstHasMaskScore && !has(MASK_SCORE))) return false;
    store<f64>(outScore + (at << 3), score);
    store<f64>(outMaskScore + (at << 3), firstHasMaskScore ? maskScore : score);
    const boxArea = load<f64>(box, 16) * load<f64>(box, 24);
    store<f64>(outArea + (at << 3), firstHasBox || !has(MASK) ? boxArea : <f64>maskArea);
    if (!has(MASK)) withoutMask++;
  }
  if (has(MASK)) screen(n);
  return true;
}

/** Count what is odd about a mask and its box, by the measures of lib/readers/coco/check-masks.ts and check-boxes.ts. */
function screen(n: i32): void {
  const x = load<f64>(box);
  const y = load<f64>(box, 8);
  const w = load<f64>(box, 16);
  const h = load<f64>(box, 24);
  const left = <f64>x0;
  const top = <f64>y0;
  const right = <f64>x1;
  const bottom = <f64>y1;
  const width = right - left;
  const height = bottom - top;
  const pixels = <f64>maskArea;
  if (w > 0 && h > 0) {
    if (!crowd) screened++;
    const across = min(x + w, right) - max(x, left);
    const down = min(y + h, bottom) - max(y, top);
    if (!(across > 0 && down > 0 && across * down >= 0.5 * width * height)) outside++;
  } else zeroBoxes++;
  const fits = abs(x - left) <= 3 && abs(y - top) <= 3 && abs(w - width) <= 3 && abs(h - height) <= 3;
  if (!fits || (w <= 1 && h <= 1 && x <= 1 && y <= 1)) unfit++;
  if (pixels > 0.5 * <f64>imageWidth * <f64>imageHeight) large++;
  if (pixels < 0.1 * width * height) scattered++;
  const before = n > 0 ? load<i32>(outMaskEnd + ((<usize>n) << 2) - 4) : 0;
  const runs = <f64>((length - before) >> 1);
  if (width >= 4 && height >= 4 && runs > 1.7 * width && pixels < 0.6 * width * height) hollow++;
}
