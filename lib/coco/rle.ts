/**
 * Run-length masks: the three COCO encodings, areas, boxes and overlaps.
 *
 * A mask of h rows and w columns is a string of h * w pixels, column by column. COCO writes it as `counts`: lengths of
 * runs that alternate between background and foreground, background first. Inside this project a mask is the list of
 * its foreground *intervals* [start, end) in that same column-major order, sorted and apart, stored back to back in one
 * `Uint32Array` for all masks of a file: half the numbers of `counts`, no running sums, and directly comparable.
 *
 *     counts     3 2 4 1 2      (h * w = 12)
 *     pixels     ...##....#..
 *     intervals  [3,5) [9,10)
 *
 * Ported ideas and the string codec: maskApi.c of pycocotools (Piotr Dollár and Tsung-Yi Lin, Simplified BSD licence).
 */
import { thread } from '../kernels/thread-state.ts';

/** Allocate memory that threads can share, where available (a page needs cross-origin isolation for it). */
export function allocate(bytes: number): ArrayBuffer {
  // typed arrays work on both alike, only the types tell them apart
  return typeof SharedArrayBuffer === 'undefined'
    ? new ArrayBuffer(bytes)
    : (new SharedArrayBuffer(bytes) as unknown as ArrayBuffer);
}

/** Intervals of many masks, appended one mask after another. `data[2k], data[2k+1]` are start and end of interval k. */
export class IntervalBuffer {
  data: Uint32Array;
  /** numbers in use, twice the count of intervals */
  length = 0;

  constructor(capacity = 1024) {
    this.data = new Uint32Array(allocate(4 * capacity));
  }

  /** Make room for `extra` more numbers. */
  reserve(extra: number): void {
    const needed = this.length + extra;
    if (needed <= this.data.length) return;
    const grown = new Uint32Array(allocate(4 * Math.max(needed, Math.ceil(this.data.length * 1.5))));
    grown.set(this.data.subarray(0, this.length));
    this.data = grown;
  }
}

/** Scratch space for the counts of one mask; grows as needed, reused for every mask. */
export class CountsBuffer {
  data = new Float64Array(4096);
  /** where the last decoded string ended */
  end = 0;

  reserve(length: number): Float64Array {
    if (length > this.data.length) {
      const grown = new Float64Array(Math.max(length, this.data.length * 2));
      grown.set(this.data);
      this.data = grown;
    }
    return this.data;
  }
}

/** Errors returned by `decodeCounts`. */
/** One mask: the intervals data[from … to), column by column, sorted; among those of other masks. */
export interface Mask {
  data: Uint32Array;
  from: number;
  to: number;
}

export const BAD_CHARACTER = -1;
export const CUT_STRING = -2;
export const NEGATIVE_RUN = -3;

const BACKSLASH = 92;
const QUOTE = 34;

/**
 * Decode COCO's string codec into `out`, reading the bytes of a JSON string literal (so `\\` is one backslash). Each
 * character carries five bits, least significant first, and a continuation bit; from the fourth number on, the
 * difference to the number two places before is stored (maskApi.c `rleFrString`: `if(m>2) x+=cnts[m-2]`).
 *
 * @param end limit of the string: it ends earlier at a quotation mark; `out.end` is set to its actual end
 * @returns the number of runs, or one of BAD_CHARACTER, CUT_STRING, NEGATIVE_RUN
 */
export function decodeCounts(bytes: Uint8Array, start: number, end: number, out: CountsBuffer): number {
  // at most one run per character
  const counts = out.reserve(end - start + 1);
  let m = 0;
  let p = start;
  while (p < end) {
    let c = bytes[p++];
    if (c === BACKSLASH) {
      // JSON escapes; of the codec's alphabet '0' … 'o' only the backslash itself needs one
      c = p < end ? bytes[p++] : 0;
      if (c === 117 /* u */) {
        c = hex4(bytes, p);
        p += 4;
      } else if (c !== BACKSLASH) return BAD_CHARACTER;
    }
    if (c === QUOTE) {
      p--;
      break;
    }
    c -= 48;
    if (c < 0 || c > 63) return BAD_CHARACTER;
    let x = c & 0x1f;
    if (c & 0x20) {
      let scale = 32;
      do {
        if (p >= end) return CUT_STRING;
        c = bytes[p++];
        if (c === BACKSLASH) {
          c = p < end ? bytes[p++] : 0;
          if (c === 117) {
            c = hex4(bytes, p);
            p += 4;
          } else if (c !== BACKSLASH) return BAD_CHARACTER;
        }
        c -= 48;
        if (c < 0 || c > 63) return BAD_CHARACTER;
        x += (c & 0x1f) * scale; // not a shift: a hostile string may pass 32 bits
        scale *= 32;
        if (scale > 2 ** 45) return NEGATIVE_RUN;
      } while (c & 0x20);
      if (c & 0x10) x -= scale; // sign extension
    } else if (c & 0x10) x -= 32;
    if (m > 2) x += counts[m - 2];
    if (x < 0) return NEGATIVE_RUN;
    counts[m++] = x;
  }
  out.end = p;
  return m;
}

function hex4(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const c = bytes[at + i] | 32;
    const digit = c >= 97 && c <= 102 ? c - 87 : bytes[at + i] >= 48 && bytes[at + i] <= 57 ? bytes[at + i] - 48 : -1;
    if (digit < 0) return 0;
    value = value * 16 + digit;
  }
  return value;
}

/**
 * Append the intervals of a mask given by its run lengths. Empty runs vanish and adjacent runs join: neither changes a
 * pixel, and both occur in files (maskApi.c keeps them; areas, boxes and overlaps come out the same).
 *
 * @returns the sum of all runs, which must be h * w: the caller checks, because only it knows the image
 */
export function appendIntervals(counts: ArrayLike<number>, runs: number, into: IntervalBuffer): number {
  into.reserve(runs + 1);
  const data = into.data;
  const first = into.length;
  let n = first;
  let position = 0;
  for (let i = 0; i + 1 < runs; i += 2) {
    const from = position + counts[i];
    position = from + counts[i + 1];
    if (position === from) continue;
    if (n > first && data[n - 1] === from) data[n - 1] = position;
    else {
      data[n++] = from;
      data[n++] = position;
    }
  }
  if (runs & 1) position += counts[runs - 1];
  into.length = n;
  return position;
}

/** Return the run lengths of a mask of `size` = h * w pixels, background first: the inverse of `appendIntervals`. */
export function countsFromIntervals(data: Uint32Array, from: number, to: number, size: number): number[] {
  const counts: number[] = [];
  let position = 0;
  for (let k = from; k < to; k += 2) {
    counts.push(data[k] - position, data[k + 1] - data[k]);
    position = data[k + 1];
  }
  if (position < size || counts.length === 0) counts.push(size - position);
  return counts;
}

/** Encode run lengths as COCO's string (maskApi.c `rleToString`). */
export function encodeCounts(counts: ArrayLike<number>): string {
  let text = '';
  for (let i = 0; i < counts.length; i++) {
    let x = counts[i];
    if (i > 2) x -= counts[i - 2];
    for (let more = true; more; ) {
      let c = x & 0x1f;
      x >>= 5;
      more = c & 0x10 ? x !== -1 : x !== 0;
      if (more) c |= 0x20;
      text += String.fromCharCode(c + 48);
    }
  }
  return text;
}

/** Return the number of pixels of the mask whose intervals are `data[from … to)`. */
export function maskArea(data: Uint32Array, from: number, to: number): number {
  let area = 0;
  for (let k = from; k < to; k += 2) area += data[k + 1] - data[k];
  return area;
}

/**
 * Return the number of pixels of a mask and write its extent [x0, y0, x1, y1) to `out[at …]`: zeros for an empty mask.
 * An interval that passes a column's end makes the extent full height, as in maskApi.c `rleToBbox`.
 */
export function maskExtent({ data, from, to }: Mask, height: number, out: Int32Array, at: number): number {
  if (from === to) {
    out.fill(0, at, at + 4);
    return 0;
  }
  let area = 0;
  let top = height;
  let bottom = 0;
  // start of the current interval's column; the next interval is nearly always in this column or the next
  let column = Math.floor(data[from] / height) * height;
  const left = column / height;
  for (let k = from; k < to; k += 2) {
    const start = data[k];
    const end = data[k + 1];
    area += end - start;
    if (start - column >= height) {
      column += height;
      if (start - column >= height) column = Math.floor(start / height) * height;
    }
    if (end - column > height) {
      top = 0;
      bottom = height;
    } else {
      if (start - column < top) top = start - column;
      if (end - column > bottom) bottom = end - column;
    }
  }
  out[at] = left;
  out[at + 1] = top;
  out[at + 2] = Math.floor((data[to - 1] - 1) / height) + 1;
  out[at + 3] = bottom;
  return area;
}

/** Room for one extent. */
const extentBuffer = thread.keep(() => new Int32Array(4));

/**
 * Write the mask's box [x, y, w, h] to `out[at …]`, as maskApi.c `rleToBbox`. A mask without pixels gets the
 * reference's [0, 0, 0, 0] when it has a single run and
 * [w, h, 2^32 - w + 1, 2^32 - h + 1] when it has empty foreground runs (`hadForegroundRuns`): unsigned arithmetic
 * that wraps, to 0 in an image one pixel wide or high. Such a box touches nothing, and its area is beyond every size
 * class, or 0.
 *
 * @param image its size, and whether the mask was given with foreground runs
 */
export function maskBox(
  mask: Mask,
  image: { height: number; width: number; hadForegroundRuns: boolean },
  out: Float64Array,
  at: number,
): void {
  const { height, width, hadForegroundRuns } = image;
  if (mask.from === mask.to) {
    out[at] = hadForegroundRuns ? width : 0;
    out[at + 1] = hadForegroundRuns ? height : 0;
    out[at + 2] = hadForegroundRuns ? (1 - width) >>> 0 : 0;
    out[at + 3] = hadForegroundRuns ? (1 - height) >>> 0 : 0;
    return;
  }
  const extent = extentBuffer.get();
  maskExtent(mask, height, extent, 0);
  out[at] = extent[0];
  out[at + 1] = extent[1];
  out[at + 2] = extent[2] - extent[0];
  out[at + 3] = extent[3] - extent[1];
}

/** Count the pixels that two masks share, by merging their sorted interval lists. */
export function intersection(one: Mask, other: Mask): number {
  const { data: a, from: aFrom, to: aTo } = one;
  const { data: b, from: bFrom, to: bTo } = other;
  if (aFrom >= aTo || bFrom >= bTo) return 0;
  let shared = 0;
  // skip to the first possible overlap of a long list: pixels scattered over the image cost no more than a cell
  let i = aTo - aFrom > LONG ? endingBehind(a, aFrom, aTo, b[bFrom]) : aFrom;
  let j = bTo - bFrom > LONG ? endingBehind(b, bFrom, bTo, a[aFrom]) : bFrom;
  if (i >= aTo || j >= bTo) return 0;
  let a0 = a[i];
  let a1 = a[i + 1];
  let b0 = b[j];
  let b1 = b[j + 1];
  for (;;) {
    const low = a0 > b0 ? a0 : b0;
    if (a1 < b1) {
      if (a1 > low) shared += a1 - low;
      i += 2;
      if (i >= aTo) return shared;
      a0 = a[i];
      a1 = a[i + 1];
    } else {
      if (b1 > low) shared += b1 - low;
      j += 2;
      if (j >= bTo) return shared;
      b0 = b[j];
      b1 = b[j + 1];
    }
  }
}

/** Length (in numbers) from which searching an interval list is faster than walking it. */
const LONG = 128;

/** Return the index of the first interval that ends after a position, or `to`. */
function endingBehind(data: Uint32Array, from: number, to: number, position: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = low + (((high - low) >> 2) << 1);
    if (data[middle + 1] > position) high = middle;
    else low = middle + 2;
  }
  return low;
}

/**
 * Append the union of several masks given as sorted interval lists, e.g. the parts of one object (maskApi.c
 * `rleMerge`).
 */
export function appendUnion(parts: readonly Mask[], into: IntervalBuffer): void {
  const pairs: [number, number][] = [];
  for (const { data, from, to } of parts) for (let k = from; k < to; k += 2) pairs.push([data[k], data[k + 1]]);
  pairs.sort((p, q) => p[0] - q[0]);
  into.reserve(pairs.length * 2);
  const first = into.length;
  for (const [start, end] of pairs) {
    if (into.length > first && start <= into.data[into.length - 1]) {
      if (end > into.data[into.length - 1]) into.data[into.length - 1] = end;
    } else {
      into.data[into.length++] = start;
      into.data[into.length++] = end;
    }
  }
}
