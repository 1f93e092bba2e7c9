/**
 * The order in which detections are looked at. Within an image: by score, highest first, ties in file order. Across
 * images: by score, ties by image id, then file order: what pycocotools' two stable sorts amount to (`evaluateImg`
 * sorts each image; `accumulate` concatenates the images in ascending id and sorts again).
 */
import { allocate } from './dataset.ts';

/** Entries are (detection, image) pairs: one per detection, more when a file name stands for several image ids. */
export interface Ranking {
  count: number;
  /** [images + 1] an image's entries */
  start: Uint32Array;
  /** [entries] detection of each entry; within an image by score */
  detection: Uint32Array;
  /** [entries] image of each entry */
  image: Uint32Array;
  /** [entries] entries by score over all images */
  order: Uint32Array;
  /** [entries] image of each entry in `order`, and its place within that image: what would else be looked up at random */
  orderImage: Uint32Array;
  orderPlace: Uint32Array;
  /** [entries] score of each entry */
  score: Float64Array;
  /**
   * The file has no scores (label images), so its order means nothing: all entries are one block that stands or falls
   * together, none is cut off by maxDets, and no number depends on the order (PROTOCOL, "Predictions without scores")
   */
  unscored?: boolean;
}

/**
 * @param image image of each detection, or -1 - g for all images of group g
 * @param score [detections], finite
 * @param images how many images there are
 * @param groups images that share a file name
 */
export function rankDetections(image: Int32Array, score: Float64Array, images: number, groups: number[][]): Ranking {
  // counting sort by image, stable in file order
  const start = new Uint32Array(allocate(4 * (images + 1)));
  for (let d = 0; d < image.length; d++) {
    if (image[d] >= 0) start[image[d] + 1]++;
    else for (const i of groups[-1 - image[d]]) start[i + 1]++;
  }
  for (let i = 0; i < images; i++) start[i + 1] += start[i];
  const count = start[images];
  const next = start.slice();
  const byImage = new Uint32Array(count); // detection
  const imageOf = new Uint32Array(allocate(4 * count));
  for (let d = 0; d < image.length; d++) {
    if (image[d] >= 0) byImage[next[image[d]]++] = d;
    else for (const i of groups[-1 - image[d]]) byImage[next[i]++] = d;
  }
  for (let i = 0; i < images; i++) imageOf.fill(i, start[i], start[i + 1]);

  // stable sort by score; what was at place p of byImage is now at sorted[…] = p
  const sorted = sortDescending(score, byImage);

  // deal the sorted list back to the images: each image's share arrives by score
  const detection = new Uint32Array(allocate(4 * count));
  const order = new Uint32Array(allocate(4 * count));
  const orderImage = new Uint32Array(allocate(4 * count));
  const orderPlace = new Uint32Array(allocate(4 * count));
  const entryScore = new Float64Array(allocate(8 * count));
  next.set(start);
  for (let k = 0; k < count; k++) {
    const p = sorted[k];
    const i = imageOf[p];
    const e = next[i]++;
    orderImage[k] = i;
    orderPlace[k] = e - start[i];
    detection[e] = byImage[p];
    entryScore[e] = score[byImage[p]];
    order[k] = e;
  }
  return { count, start, detection, image: imageOf, order, orderImage, orderPlace, score: entryScore };
}

/**
 * Places 0 … n - 1 in order of descending `score[item[place]]`, stable: a radix sort on the bits of the float64,
 * sixteen at a time, least significant first. Flipping the bits of negative numbers, and the sign of the others, makes
 * the order of the bit patterns that of the numbers (Herf, "Radix tricks", 2001).
 */
function sortDescending(score: Float64Array, item: Uint32Array): Uint32Array {
  const n = item.length;
  const high = new Uint32Array(n);
  const low = new Uint32Array(n);
  const bits = new Float64Array(1);
  const words = new Uint32Array(bits.buffer);
  for (let p = 0; p < n; p++) {
    bits[0] = score[item[p]] + 0; // -0 becomes 0: they are equal as numbers
    const flip = words[1] & 0x80000000 ? 0xffffffff : 0x80000000;
    // inverted once more, so that ascending keys are descending scores
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
    if (n > 0 && histogram[(word[0] >>> shift) & 0xffff] === n) continue; // all alike: nothing to do
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
