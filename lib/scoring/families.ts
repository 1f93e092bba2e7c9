/**
 * Numbers that other papers report for LIVECell besides COCO's AP (PROTOCOL, section 10): the per-image "AP" of
 * Cellpose and StarDist, mean segmentation accuracy, F1, panoptic quality, the Cell Tracking Challenge's SEG and the
 * aggregated Jaccard index. All compare label images: predictions are painted by score, ground truth is flattened
 * (`flat-truth.ts`).
 *
 * Objects of a label image do not overlap, so two objects with IoU above 0.5 have no other such partner; pairs of
 * exactly 0.5 compete only if one object is half of the other. So taking pairs in any order gives the most matches and
 * the largest sum of IoU, and no assignment problem needs solving.
 */
import { allocate, type Dataset, type Objects } from '../coco/dataset.ts';
import { IOU_THRESHOLDS } from '../coco/protocol.ts';
import type { Ranking } from '../coco/rank.ts';
import { thread } from '../kernels/thread-state.ts';
import type { FlatTruth } from './flat-truth.ts';

/** Numbers of one truth variant; lists are by IoU 0.50, 0.55 … 0.95. Null where there is nothing to average. */
export interface Family {
  digest: string;
  /** number of files, each counted once */
  images: number;
  /** number of images with objects or labels; the others are excluded from means over images */
  imagesThatCount: number;
  objects: number;
  labels: number;
  /** mean over images of TP / (TP + FP + FN) */
  cellposeAp: (number | null)[];
  /** the mean of `cellposeAp` */
  msa: number | null;
  /** mean over images with objects of (FP + FN) / (TP + FN) */
  errorRate: (number | null)[];
  f1Pooled: (number | null)[];
  f1PerImage: (number | null)[];
  /** panoptic quality at IoU > 0.5 */
  pq: number | null;
  /** mean over objects of the IoU with the label that covers more than half of them, else 0 */
  seg: number | null;
  /** mean over images of the aggregated Jaccard index */
  aji: number | null;
}

const THRESHOLDS = IOU_THRESHOLDS.length;

/** Counts of each file. Shapes: F files, T thresholds. Threads may count different files at the same time. */
interface LabelCounts {
  /** [F] */
  objects: Uint32Array;
  labels: Uint32Array;
  /** [F × T] */
  truePositives: Uint32Array;
  /** [F] matches with IoU > 0.5, and the sum of their IoU */
  above: Uint32Array;
  iouSum: Float64Array;
  /** [F] sum over objects of SEG's IoU */
  seg: Float64Array;
  /** [F] NaN without objects and labels */
  aji: Float64Array;
}

/** Allocate the counts of `files` files in memory that threads share. */
export function allocateLabelCounts(files: number): LabelCounts {
  return {
    objects: new Uint32Array(allocate(4 * files)),
    labels: new Uint32Array(allocate(4 * files)),
    truePositives: new Uint32Array(allocate(4 * files * THRESHOLDS)),
    above: new Uint32Array(allocate(4 * files)),
    iouSum: new Float64Array(allocate(8 * files)),
    seg: new Float64Array(allocate(8 * files)),
    aji: new Float64Array(allocate(8 * files)),
  };
}

/** One flattened truth with the counts against it. */
export interface Counting {
  truth: FlatTruth;
  counts: LabelCounts;
}

/** Columns for one image at a time. Shapes: P pixels, L labels; or longer. */
interface Scratch {
  /** [P] label of each pixel, 0 for none; 16 bits while they suffice, since memory is what painting waits for */
  canvas: Uint16Array | Uint32Array;
  /** [L + 1] pixels of each label */
  pixels: Uint32Array;
  /** [L + 1] pixels shared with the current object; 0 between objects */
  shared: Uint32Array;
  /** [L + 1] labels that share any pixels with it */
  touched: Uint32Array;
  /** [L + 1] whether an object has taken the label: for AJI, and at IoU 0.5 */
  taken: Uint8Array;
  /** what objects share with labels: most are the same under every truth, so they are counted once */
  overlaps: Overlaps;
}

/** Labels that share pixels with objects, object by object. Shapes: O objects of the image, V overlaps. */
interface Overlaps {
  /** [O] first overlap of an object, counted from 1; 0 if it is not counted yet */
  start: Uint32Array;
  /** [O] */
  end: Uint32Array;
  /** overlaps so far */
  count: number;
  /** [V + 1] */
  label: Uint32Array;
  /** [V + 1] pixels that both have */
  both: Uint32Array;
}

const keptScratch = thread.keep(
  (): Scratch => ({ canvas: new Uint16Array(0), ...allocateForLabels(1024), overlaps: allocateOverlaps(1024, 4096) }),
  ({ canvas, pixels, overlaps: { start, label } }) =>
    canvas.byteLength + 13 * pixels.length + 8 * (start.length + label.length),
);

function allocateOverlaps(objects: number, overlaps: number): Overlaps {
  return {
    start: new Uint32Array(objects),
    end: new Uint32Array(objects),
    count: 0,
    label: new Uint32Array(overlaps),
    both: new Uint32Array(overlaps),
  };
}

function allocateForLabels(length: number): Omit<Scratch, 'canvas' | 'overlaps'> {
  return {
    pixels: new Uint32Array(length),
    shared: new Uint32Array(length),
    touched: new Uint32Array(length),
    taken: new Uint8Array(length),
  };
}

const TAKEN = 1;
const MATCHED = 2;

/**
 * Count file `file` against every truth. All truths are of the same data set, so the label image is painted once.
 *
 * @param scoreThreshold detections below it are left out; null includes all, as for files without scores
 */
export function countLabels(
  predictions: { dataset: Dataset; detections: Objects; ranking: Ranking },
  countings: readonly Counting[],
  file: number,
  scoreThreshold: number | null,
): void {
  const image = countings[0].truth.images[file];
  const scratch = keptScratch.get();
  const labels = paintDetections(scratch, predictions, image, scoreThreshold);
  const { objectStart } = predictions.dataset;
  const objects = objectStart[image + 1] - objectStart[image];
  if (scratch.overlaps.start.length < objects) scratch.overlaps = allocateOverlaps(2 * objects, 8 * objects);
  scratch.overlaps.start.fill(0, 0, objects);
  scratch.overlaps.count = 0;
  for (const { truth, counts } of countings) {
    scratch.taken.fill(0, 0, labels + 1);
    compareLabels(scratch, { dataset: predictions.dataset, truth, file, labels }, counts);
  }
}

/**
 * Paint an image's detections by descending score; each pixel belongs to the first detection that covers it. A
 * detection whose pixels are all taken gives no label.
 *
 * @returns the number of labels
 */
function paintDetections(
  scratch: Scratch,
  predictions: { dataset: Dataset; detections: Objects; ranking: Ranking },
  image: number,
  scoreThreshold: number | null,
): number {
  const { images } = predictions.dataset;
  const { detections } = predictions;
  const { start, detection, score } = predictions.ranking;
  const size = images.width[image] * images.height[image];
  const most = start[image + 1] - start[image] + 2;
  const Labels = most > 0xffff ? Uint32Array : Uint16Array;
  if (scratch.canvas.length < size || !(scratch.canvas instanceof Labels)) scratch.canvas = new Labels(size);
  scratch.canvas.fill(0, 0, size);
  if (scratch.pixels.length < most) Object.assign(scratch, allocateForLabels(2 * most));
  const { canvas, pixels } = scratch;
  let label = 0;
  for (let e = start[image]; e < start[image + 1]; e++) {
    // within an image, entries are ordered by score
    if (scoreThreshold !== null && !(score[e] >= scoreThreshold)) break;
    const d = detection[e];
    const intervals = detections.intervals[detections.part[d]];
    const next = label + 1;
    let painted = 0;
    for (let k = detections.maskStart[d]; k < detections.maskEnd[d]; k += 2) {
      for (let p = intervals[k], end = intervals[k + 1]; p < end; p++) {
        if (canvas[p] === 0) {
          canvas[p] = next;
          painted++;
        }
      }
    }
    if (painted === 0) continue;
    pixels[next] = painted;
    label = next;
  }
  return label;
}

/**
 * Count the pixels that an object or flat label shares with each painted label, at the end of the overlaps.
 *
 * @param list first pixel and end of each run, of which those from `first` to before `last` are counted
 * @returns how many labels share any
 */
function countOverlaps(
  { canvas, shared, touched, overlaps }: Scratch,
  list: ArrayLike<number>,
  first: number,
  last: number,
): number {
  let n = 0;
  for (let k = first; k < last; k += 2) {
    const end = list[k + 1];
    for (let p = list[k]; p < end; ) {
      const label = canvas[p];
      const from = p++;
      while (p < end && canvas[p] === label) p++;
      if (label === 0) continue;
      if (shared[label] === 0) touched[n++] = label;
      shared[label] += p - from;
    }
  }
  const { count } = overlaps;
  if (count + n >= overlaps.label.length) {
    const { label, both } = allocateOverlaps(0, 2 * (count + n + 1));
    label.set(overlaps.label);
    both.set(overlaps.both);
    Object.assign(overlaps, { label, both });
  }
  for (let k = 0; k < n; k++) {
    const label = touched[k];
    overlaps.label[count + 1 + k] = label;
    overlaps.both[count + 1 + k] = shared[label];
    shared[label] = 0;
  }
  return n;
}

/** @param comparison a file's labels, as `paintDetections` left them in `scratch`, and the truth to count them against */
function compareLabels(
  scratch: Scratch,
  comparison: { dataset: Dataset; truth: FlatTruth; file: number; labels: number },
  counts: LabelCounts,
): void {
  const { pixels, taken, overlaps } = scratch;
  const { file, labels } = comparison;
  const { objects, objectStart } = comparison.dataset;
  const { images, labelStart, object, area, runStart, runs } = comparison.truth;
  const firstObject = objectStart[images[file]];
  const hits = counts.truePositives.subarray(file * THRESHOLDS, (file + 1) * THRESHOLDS).fill(0);
  let above = 0;
  let iouSum = 0;
  let seg = 0;
  let intersections = 0;
  let unions = 0;
  for (let g = labelStart[file]; g < labelStart[file + 1]; g++) {
    const own = runStart[g] < runStart[g + 1];
    const of = object[g];
    let from: number;
    let to: number;
    if (own) {
      from = overlaps.count + 1;
      to = from + countOverlaps(scratch, runs, runStart[g], runStart[g + 1]);
    } else {
      const known = of - firstObject;
      if (overlaps.start[known] === 0) {
        overlaps.start[known] = overlaps.count + 1;
        const list = objects.intervals[objects.part[of]];
        overlaps.count += countOverlaps(scratch, list, objects.maskStart[of], objects.maskEnd[of]);
        overlaps.end[known] = overlaps.count + 1;
      }
      from = overlaps.start[known];
      to = overlaps.end[known];
    }
    let halfMatched = false;
    let best = 0;
    let bestIou = 0;
    let bestShared = 0;
    for (let k = from; k < to; k++) {
      const label = overlaps.label[k];
      const both = overlaps.both[k];
      const iou = both / (area[g] + pixels[label] - both);
      if (iou > bestIou || (iou === bestIou && label < best)) {
        best = label;
        bestIou = iou;
        bestShared = both;
      }
      if (2 * both > area[g]) seg += iou;
      if (iou < 0.5) continue;
      if (iou > 0.5) {
        above++;
        iouSum += iou;
        for (let t = 0; t < THRESHOLDS && iou >= IOU_THRESHOLDS[t]; t++) hits[t]++;
      } else if (!halfMatched && !(taken[label] & MATCHED)) {
        halfMatched = true;
        taken[label] |= MATCHED;
        hits[0]++;
      }
    }
    if (best === 0) unions += area[g];
    else {
      taken[best] |= TAKEN;
      intersections += bestShared;
      unions += area[g] + pixels[best] - bestShared;
    }
  }
  for (let label = 1; label <= labels; label++) if (!(taken[label] & TAKEN)) unions += pixels[label];
  counts.objects[file] = labelStart[file + 1] - labelStart[file];
  counts.labels[file] = labels;
  counts.above[file] = above;
  counts.iouSum[file] = iouSum;
  counts.seg[file] = seg;
  counts.aji[file] = unions === 0 ? Number.NaN : intersections / unions;
}

/** Compute the numbers of one truth from the counts of all its files. */
export function familyOf({ truth, counts }: Counting): Family {
  const files = truth.images.length;
  const present: number[] = [];
  const withObjects: number[] = [];
  for (let file = 0; file < files; file++) {
    if (counts.objects[file] + counts.labels[file] > 0) present.push(file);
    if (counts.objects[file] > 0) withObjects.push(file);
  }
  const sum = (column: ArrayLike<number>): number => {
    let total = 0;
    for (let file = 0; file < files; file++) total += column[file];
    return total;
  };
  const [objects, labels, above] = [counts.objects, counts.labels, counts.above].map(sum);
  const each = (value: (t: number) => number | null) => Array.from({ length: THRESHOLDS }, (_, t) => value(t));
  /** of one file: found objects, false labels, missed objects */
  const ofFile = (file: number, t: number) => {
    const tp = counts.truePositives[file * THRESHOLDS + t];
    return { tp, fp: counts.labels[file] - tp, fn: counts.objects[file] - tp };
  };
  const perImage = (among: number[], value: (of: ReturnType<typeof ofFile>) => number) =>
    each((t) => mean(among.map((file) => value(ofFile(file, t)))));
  const cellposeAp = perImage(present, ({ tp, fp, fn }) => tp / (tp + fp + fn));
  return {
    digest: truth.digest,
    images: files,
    imagesThatCount: present.length,
    objects,
    labels,
    cellposeAp,
    msa: present.length > 0 ? mean(cellposeAp as number[]) : null,
    errorRate: perImage(withObjects, ({ tp, fp, fn }) => (fp + fn) / (tp + fn)),
    f1Pooled: each((t) => {
      const tp = present.reduce((total, file) => total + ofFile(file, t).tp, 0);
      return objects + labels > 0 ? (2 * tp) / (objects + labels) : null;
    }),
    f1PerImage: perImage(present, ({ tp, fp, fn }) => (2 * tp) / (2 * tp + fp + fn)),
    // TP + FP / 2 + FN / 2
    pq: objects + labels > 0 ? sum(counts.iouSum) / (above + (labels - above) / 2 + (objects - above) / 2) : null,
    seg: objects > 0 ? sum(counts.seg) / objects : null,
    aji: mean(present.map((file) => counts.aji[file])),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
