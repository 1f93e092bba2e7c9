/** Finds repeated objects: distributed samplers pad their last batch with images that another process also has. */
import type { Objects } from '#lib/coco/dataset.ts';

export interface Duplicates {
  /** number of objects that equal an earlier one in image, score, box and mask */
  count: number;
  /** number of images they are on */
  images: number;
  /** the image of the first of them, or the group */
  first: number;
}

/**
 * Find objects that equal an earlier one in image, score, box and mask.
 *
 * Equal objects are of one image, and files list an image's objects one after another. So a hash table for one image at a
 * time is enough, which stays in the processor's cache.
 */
export function findDuplicates(objects: Objects): Duplicates {
  const { count, image } = objects;
  const order = orderByImage(objects);
  const found: Duplicates = { count: 0, images: 0, first: 0 };
  let earliest = count;
  const search = new Search(objects);
  for (let from = 0; from < count; ) {
    const here = image[order ? order[from] : from];
    let to = from + 1;
    while (to < count && image[order ? order[to] : to] === here) to++;
    const repeated = search.within(order, from, to);
    if (repeated.count > 0) {
      found.count += repeated.count;
      found.images++;
      if (repeated.first < earliest) {
        earliest = repeated.first;
        found.first = here;
      }
    }
    from = to;
  }
  return found;
}

/** Sort objects by image, keeping their order within each; null if the file has each image in one piece already. */
function orderByImage({ count, image }: Objects): Uint32Array | null {
  let lowest = 0;
  let highest = 0;
  for (let k = 0; k < count; k++) {
    if (image[k] < lowest) lowest = image[k];
    if (image[k] > highest) highest = image[k];
  }
  // [images + 1] where the objects of each begin
  const start = new Uint32Array(highest - lowest + 2);
  let together = true;
  for (let k = 0; k < count; k++) {
    if (start[image[k] - lowest + 1]++ > 0 && image[k] !== image[k - 1]) together = false;
  }
  if (together) return null;
  for (let i = 1; i < start.length; i++) start[i] += start[i - 1];
  const order = new Uint32Array(count);
  for (let k = 0; k < count; k++) order[start[image[k] - lowest]++] = k;
  return order;
}

/** Searches the objects of one image after another. */
class Search {
  private readonly objects: Objects;
  /** the box of each object as eight words */
  private readonly words: Uint32Array;
  private readonly scored: boolean;
  /** object + 1, by hash */
  private table = new Int32Array(1024);

  constructor(objects: Objects) {
    this.objects = objects;
    const { score, box, count } = objects;
    this.words = new Uint32Array(box.buffer, box.byteOffset, 8 * count);
    this.scored = score.length === count;
  }

  /** Count repeated objects among places `from` to `to` - 1 of the order. `first` is the first of them. */
  within(order: Uint32Array | null, from: number, to: number): { count: number; first: number } {
    const { objects, words, scored } = this;
    const { box, maskArea, maskExtent, score } = objects;
    let size = 64;
    while (size < 4 * (to - from)) size *= 2;
    if (this.table.length < size) this.table = new Int32Array(size);
    else this.table.fill(0, 0, size);
    const { table } = this;
    let count = 0;
    let first = objects.count;
    for (let at = from; at < to; at++) {
      const k = order ? order[at] : at;
      let hash = maskArea[k] ^ maskExtent[4 * k] ^ (maskExtent[4 * k + 1] << 12);
      for (let w = 8 * k; w < 8 * k + 8; w++) hash = Math.imul(hash ^ words[w], 0x01000193) ^ (hash >>> 15);
      const key = mix(hash);
      for (let slot = key & (size - 1); ; slot = (slot + 1) & (size - 1)) {
        const other = table[slot] - 1;
        if (other < 0) {
          table[slot] = k + 1;
          break;
        }
        if (maskArea[other] !== maskArea[k] || (scored && score[other] !== score[k])) continue;
        if (!sameFour(box, 4 * other, 4 * k) || !sameFour(maskExtent, 4 * other, 4 * k)) continue;
        if (!sameMask(objects, other, k)) continue;
        if (count++ === 0) first = k;
        break;
      }
    }
    return { count, first };
  }
}

/** Spread a 32-bit hash over all its bits (the finalizer of MurmurHash3, public domain). */
function mix(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function sameFour(column: Float64Array | Int32Array, a: number, b: number): boolean {
  for (let i = 0; i < 4; i++) if (column[a + i] !== column[b + i]) return false;
  return true;
}

function sameMask({ intervals, part, maskStart, maskEnd }: Objects, a: number, b: number): boolean {
  const length = maskEnd[a] - maskStart[a];
  if (maskEnd[b] - maskStart[b] !== length) return false;
  const [left, right] = [intervals[part[a]], intervals[part[b]]];
  for (let i = 0; i < length; i++) if (left[maskStart[a] + i] !== right[maskStart[b] + i]) return false;
  return true;
}
