/** Finds repeated objects: distributed samplers pad their last batch with images that another process also has. */
import type { Objects } from '#lib/coco/dataset.ts';

/** Find objects that equal an earlier one in image, score, box and mask. @returns their number and their images */
export function findDuplicates(objects: Objects): { count: number; images: Set<number> } {
  const { count, image, box, score, maskArea, maskExtent } = objects;
  const images = new Set<number>();
  let duplicates = 0;
  if (count < 2) return { count: 0, images };
  const scored = score.length === count;
  let size = 16;
  while (size < 2 * count) size *= 2;
  const table = new Int32Array(size); // object + 1, by hash
  const words = new Uint32Array(box.buffer, box.byteOffset, 8 * count);
  for (let k = 0; k < count; k++) {
    const at = 4 * k;
    let hash = Math.imul(image[k] ^ 0x9e3779b9, 0x85ebca6b) ^ maskArea[k];
    for (let w = 8 * k; w < 8 * k + 8; w++) hash = Math.imul(hash ^ words[w], 0x01000193) ^ (hash >>> 15);
    hash = Math.imul(hash ^ (hash >>> 16) ^ maskExtent[at] ^ (maskExtent[at + 1] << 12), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
    for (let slot = (hash >>> 0) & (size - 1); ; slot = (slot + 1) & (size - 1)) {
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
