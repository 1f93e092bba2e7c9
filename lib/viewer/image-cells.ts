/**
 * The cells of one image as the viewer and the API have them: masks in COCO's compressed encoding, and what became of
 * each. Entries are collected once from the stored outcomes and the file; nothing is matched again.
 */
import { type Dataset, maskOf, type Objects, type Predictions } from '../coco/dataset.ts';
import { ignoredIn } from '../coco/match.ts';
import { PRIMARY_PROTOCOL, PROTOCOLS } from '../coco/protocol.ts';
import { countsFromIntervals, encodeCounts, IntervalBuffer } from '../coco/rle.ts';
import { IOU_STEPS } from '../scoring/errors-by-kind.ts';
import type { Outcomes } from '../scoring/outcomes.ts';
import { MOST_CELLS } from './id-map.ts';

interface ImageSize {
  /** number of the image in its data set */
  image: number;
  width: number;
  height: number;
}

/** The annotated cells of an image, in the order of the ground truth. */
export interface TruthCells extends ImageSize {
  /** [objects] COCO's compressed run lengths */
  masks: string[];
  /** [objects] 1 for a crowd region */
  crowd: number[];
}

/** What became of the detections and objects of one image. Shapes: D detections, O objects. */
export interface CellVerdicts {
  /** [D] object matched at IoU 0.5, counted within the image; -1 for none */
  object: number[];
  /** [D] kind of error at the entry's score threshold: 1 + index in `ERROR_KINDS`, 0 for none */
  kind: number[];
  /** [D] 1: neither right nor wrong, such as a detection on a crowd region or beyond the limit of detections */
  ignored: number[];
  /** [O] kind of error, 255 for objects that do not count */
  objectKind: number[];
  /** [O] best IoU with a detection, 0 to 1, three decimals */
  bestIou: number[];
}

/** The cells that an entry predicts on an image, the surest first. */
export interface EntryCells extends ImageSize {
  /** score threshold of the entry's best F1; null: none, all detections take part */
  scoreThreshold: number | null;
  unscored: boolean;
  /** [D] COCO's compressed run lengths; a detection without a mask is its box */
  masks: string[];
  /** [D] */
  scores: number[];
  /** absent where the annotations are not public */
  verdicts?: CellVerdicts;
}

/** What is read of an entry to collect its cells. */
export interface CellSources {
  outcomes: Outcomes;
  predictions: Pick<Predictions, 'detections'>;
  images: Pick<Dataset['images'], 'width' | 'height'>;
}

/** Collect the cells of an image. */
export function collectEntryCells({ outcomes, predictions, images }: CellSources, image: number): EntryCells {
  const { entryStart, objectStart, detection, score, object, kind, fate, objectKind, bestIou, unscored } = outcomes;
  const [from, to] = [entryStart[image], entryStart[image + 1]];
  const [firstObject, endObject] = [objectStart[image], objectStart[image + 1]];
  const size = { image, width: images.width[image], height: images.height[image] };
  const most = unscored ? Number.POSITIVE_INFINITY : PROTOCOLS[PRIMARY_PROTOCOL].maxDets[2];
  const entries = Array.from({ length: to - from }, (_, k) => from + k);
  return {
    ...size,
    scoreThreshold: outcomes.scoreThreshold,
    unscored,
    masks: entries.map((e) => encodeMask(predictions.detections, detection[e], size)),
    scores: entries.map((e) => score[e]),
    verdicts: {
      object: entries.map((e) => (object[e] < 0 ? -1 : object[e] - firstObject)),
      kind: Array.from(kind.subarray(from, to)),
      ignored: entries.map((e) => (ignoredIn(fate[e]) & 1 || e - from >= most ? 1 : 0)),
      objectKind: Array.from(objectKind.subarray(firstObject, endObject)),
      bestIou: Array.from(
        bestIou.subarray(firstObject, endObject),
        (steps) => Math.round((1000 * steps) / IOU_STEPS) / 1000,
      ),
    },
  };
}

/**
 * Collect the cells that a file has on an image, before anything is matched: the surest first, at most as many as a map
 * can hold.
 */
export function collectFileCells(
  { detections, groups, unscored = false }: Pick<Predictions, 'detections' | 'groups' | 'unscored'>,
  size: ImageSize,
): EntryCells {
  const here: number[] = [];
  for (let d = 0; d < detections.count; d++) {
    const of = detections.image[d];
    if (of === size.image || (of < 0 && groups[-1 - of].includes(size.image))) here.push(d);
  }
  const { score } = detections;
  const shown = here.sort((p, q) => score[q] - score[p] || p - q).slice(0, MOST_CELLS);
  return {
    ...size,
    scoreThreshold: null,
    unscored,
    masks: shown.map((d) => encodeMask(detections, d, size)),
    scores: shown.map((d) => score[d]),
  };
}

/** Return the annotated cells of an image, of objects in any order of images. */
export function collectTruthCells(
  objects: Objects,
  range: readonly [from: number, to: number],
  size: ImageSize,
): TruthCells {
  const [from, to] = range;
  const all = Array.from({ length: to - from }, (_, k) => from + k);
  return {
    ...size,
    masks: all.map((k) => encodeMask(objects, k, size)),
    crowd: Array.from(objects.crowd.subarray(from, to)),
  };
}

/** Return a mask in COCO's compressed encoding. One without pixels is the rectangle of its box. */
function encodeMask(objects: Objects, k: number, { width, height }: ImageSize): string {
  const mask = maskOf(objects, k);
  const { data, from, to } =
    mask.to > mask.from ? mask : boxMask(objects.box.subarray(4 * k, 4 * k + 4), { width, height });
  return encodeCounts(countsFromIntervals(data, from, to, width * height));
}

/** Return the pixels of a box [x, y, w, h], rounded, within the image. */
function boxMask(box: Float64Array, { width, height }: { width: number; height: number }) {
  const clamp = (value: number, most: number) => Math.max(0, Math.min(most, Math.round(value)));
  const [left, right] = [clamp(box[0], width), clamp(box[0] + box[2], width)];
  const [top, bottom] = [clamp(box[1], height), clamp(box[1] + box[3], height)];
  const into = new IntervalBuffer(2 * Math.max(1, right - left));
  if (bottom > top)
    for (let x = left; x < right; x++) {
      into.data[into.length++] = x * height + top;
      into.data[into.length++] = x * height + bottom;
    }
  return { data: into.data, from: 0, to: into.length };
}
