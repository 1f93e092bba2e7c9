/** Finds repeated objects: distributed samplers pad their last batch with images that another process also has. */
import type { Objects } from '#lib/coco/dataset.ts';

/** Find objects that equal an earlier one in image, score, box and mask. @returns their number and their images */
export function findDuplicates(objects: Objects): { count: number; images: Set<number> } {
  const { image, box, score, maskArea, maskExtent } = objects;
  const images = new Set<number>();
  let duplicates = 0;
  const suspects = findSuspects(objects);
  const scored = score.length === objects.count;
  let size = 16;
  while (size < 2 * suspects.length) size *= 2;
  const table = new Int32Array(size); // object + 1, by hash
  const words = new Uint32Array(box.buffer, box.byteOffset, 8 * objects.count);
  for (const k of suspects) {
    const at = 4 * k;
    let hash = Math.imul(image[k] ^ 0x9e3779b9, 0x85ebca6b) ^ maskArea[k];
    for (let w = 8 * k; w < 8 * k + 8; w++) hash = Math.imul(hash ^ words[w], 0x01000193) ^ (hash >>> 15);
    hash = mix(hash ^ maskExtent[at] ^ (maskExtent[at + 1] << 12));
    for (let slot = hash & (size - 1); ; slot = (slot + 1) & (size - 1)) {
      const other = table[slot] - 1;
      if (other < 0) {
        table[slot] = k + 1;
        break;
      }
      if (image[other] !== image[k] || maskArea[other] !== maskArea[k]) continue;
      if (scored && score[other] !== score[k]) continue;
      if (!sameFour(box, 4 * other, at) || !sameFour(maskExtent, 4 * other, at) || !sameMask(objects, other, k))
        continue;
      duplicates++;
      images.add(image[k]);
      break;
    }
  }
  return { count: duplicates, images };
}

/**
 * List, in file order, the objects that share image, area and score (or box) with another one, and a few others: two
 * passes over small bit sets (a Bloom filter) leave about one object in sixteen for the full comparison.
 */
function findSuspects({ count, image, box, score, maskArea }: Objects): number[] {
  const column = score.length === count ? score : box;
  const words = new Uint32Array(column.buffer, column.byteOffset, 2 * column.length);
  const stride = column === score ? 2 : 8;
  let bits = 1024;
  while (bits < 16 * count) bits *= 2;
  const seen = new Uint32Array(bits >>> 5);
  const repeated = new Uint32Array(bits >>> 5);
  const keyOf = (k: number) =>
    mix(
      Math.imul(image[k] ^ 0x9e3779b9, 0x85ebca6b) ^
        words[stride * k] ^
        Math.imul(words[stride * k + 1] ^ maskArea[k], 0x01000193),
    ) &
    (bits - 1);
  let any = false;
  for (let k = 0; k < count; k++) {
    const key = keyOf(k);
    const bit = 1 << (key & 31);
    if (seen[key >>> 5] & bit) {
      repeated[key >>> 5] |= bit;
      any = true;
    } else seen[key >>> 5] |= bit;
  }
  const suspects: number[] = [];
  if (!any) return suspects;
  for (let k = 0; k < count; k++) {
    const key = keyOf(k);
    if (repeated[key >>> 5] & (1 << (key & 31))) suspects.push(k);
  }
  return suspects;
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
