/**
 * The order of detections. Within an image: by score, highest first, ties in file order. Across images: by score, ties
 * by image id, then file order. This equals pycocotools' two stable sorts (`evaluateImg` sorts each image; `accumulate`
 * concatenates the images in ascending id and sorts again).
 */
import { thread } from '../kernels/thread-state.ts';
import { allocate } from './dataset.ts';

/** Entries are (detection, image) pairs: one per detection, more if a file name stands for several image ids. */
export interface Ranking {
  count: number;
  /** [images + 1] first entry of each image */
  start: Uint32Array;
  /** [entries] detection of each entry; within an image by score */
  detection: Uint32Array;
  /** [entries] image of each entry */
  image: Uint32Array;
  /** [entries] entries by score over all images; these three are filled in by `orderEntries` */
  order: Uint32Array;
  /** [entries] place of each entry in `order` */
  place: Uint32Array;
  /** [entries] score of each entry */
  score: Float64Array;
  /**
   * The file has no scores (label images), so its order means nothing: all entries are accepted or rejected as one
   * block, maxDets cuts none off, and no number depends on the order (PROTOCOL, "Predictions without scores")
   */
  unscored?: boolean;
}

/**
 * Assign the detections to their images and sort each image's by score. `orderEntries` sorts across images: matching
 * does not need it.
 *
 * @param image image of each detection, or -1 - g for all images of group g
 * @param score [detections], finite
 * @param images number of images
 * @param groups images that share a file name
 */
export function rankWithinImages(image: Int32Array, score: Float64Array, images: number, groups: number[][]): Ranking {
  // counting sort by image, stable in file order
  const start = new Uint32Array(allocate(4 * (images + 1)));
  for (let d = 0; d < image.length; d++) {
    if (image[d] >= 0) start[image[d] + 1]++;
    else for (const i of groups[-1 - image[d]]) start[i + 1]++;
  }
  for (let i = 0; i < images; i++) start[i + 1] += start[i];
  const count = start[images];
  const next = start.slice();
  const detection = new Uint32Array(allocate(4 * count));
  const entryScore = new Float64Array(allocate(8 * count));
  const imageOf = new Uint32Array(allocate(4 * count));
  for (let d = 0; d < image.length; d++) {
    if (image[d] >= 0) detection[next[image[d]]++] = d;
    else for (const i of groups[-1 - image[d]]) detection[next[i]++] = d;
  }
  for (let i = 0; i < images; i++) {
    imageOf.fill(i, start[i], start[i + 1]);
    sortByScore({ detection, score: entryScore }, score, start[i], start[i + 1]);
  }
  return {
    count,
    start,
    detection,
    image: imageOf,
    order: new Uint32Array(allocate(4 * count)),
    place: new Uint32Array(allocate(4 * count)),
    score: entryScore,
  };
}

/** Scratch space for merging. */
class MergeBuffer {
  detection = new Uint32Array(0);
  score = new Float64Array(0);

  reserve(length: number): void {
    if (this.detection.length >= length) return;
    this.detection = new Uint32Array(2 * length);
    this.score = new Float64Array(2 * length);
  }
}

const mergeBuffer = thread.keep(
  () => new MergeBuffer(),
  ({ detection, score }) => detection.byteLength + score.byteLength,
);

/** Detections of all images, image by image, with their scores. */
interface Entries {
  detection: Uint32Array;
  score: Float64Array;
}

/** Sort the detections [from, to) of one image by descending score, stably, by merging runs; write their scores. */
function sortByScore(entries: Entries, score: Float64Array, from: number, to: number): void {
  const { detection, score: entryScore } = entries;
  let sorted = true;
  for (let e = from; e < to; e++) {
    entryScore[e] = score[detection[e]];
    if (e > from && entryScore[e] > entryScore[e - 1]) sorted = false;
  }
  if (sorted) return; // as detectors usually write them
  const n = to - from;
  const buffer = mergeBuffer.get();
  buffer.reserve(n);
  const { detection: merged, score: mergedScore } = buffer;
  for (let width = 1; width < n; width *= 2) {
    for (let low = from; low < to; low += 2 * width) {
      const middle = Math.min(low + width, to);
      const high = Math.min(low + 2 * width, to);
      let a = low;
      let b = middle;
      for (let k = low - from; k < high - from; k++) {
        const at = a < middle && (b >= high || entryScore[a] >= entryScore[b]) ? a++ : b++;
        merged[k] = detection[at];
        mergedScore[k] = entryScore[at];
      }
    }
    detection.set(merged.subarray(0, n), from);
    entryScore.set(mergedScore.subarray(0, n), from);
  }
}

/** Fill in the order across images: by score, ties by image, then by position within the image. */
export function orderEntries({ score, order, place }: Ranking): void {
  order.set(sortDescending(score));
  for (let k = 0; k < order.length; k++) place[order[k]] = k;
}

/**
 * Sort 0 … n - 1 by descending score, stably: a radix sort on the bits of the float64, sixteen at a time, least
 * significant first. Flipping all bits of negative numbers and the sign bit of the others makes bit patterns sort like
 * the numbers (Herf, "Radix tricks", 2001).
 */
function sortDescending(score: Float64Array): Uint32Array {
  const n = score.length;
  const high = new Uint32Array(n);
  const low = new Uint32Array(n);
  const bits = new Float64Array(1);
  const words = new Uint32Array(bits.buffer);
  for (let p = 0; p < n; p++) {
    bits[0] = score[p] + 0; // -0 becomes 0: they are equal as numbers
    const flip = words[1] & 0x80000000 ? 0xffffffff : 0x80000000;
    // inverted again, so that ascending keys are descending scores
    high[p] = ~(words[1] ^ flip);
    low[p] = ~(words[0] ^ (flip === 0xffffffff ? 0xffffffff : 0));
  }
  let from = new Uint32Array(n);
  let to = new Uint32Array(n);
  for (let p = 0; p < n; p++) from[p] = p;
  const histogram = new Uint32Array(65536);
  for (let digit = 0; digit < 4; digit++) {
    const word = digit < 2 ? low : high;
    const shift = (digit & 1) * 16;
    histogram.fill(0);
    for (let p = 0; p < n; p++) histogram[(word[p] >>> shift) & 0xffff]++;
    if (n > 0 && histogram[(word[0] >>> shift) & 0xffff] === n) continue; // all equal: nothing to sort
    let sum = 0;
    for (let v = 0; v < 65536; v++) {
      const here = histogram[v];
      histogram[v] = sum;
      sum += here;
    }
    for (let k = 0; k < n; k++) {
      const p = from[k];
      to[histogram[(word[p] >>> shift) & 0xffff]++] = p;
    }
    [from, to] = [to, from];
  }
  return from;
}
