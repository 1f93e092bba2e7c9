/**
 * Errors named for cells (PROTOCOL, section 9): each detection or object unmatched at IoU 0.5 gets one kind, and each
 * kind comes with the rise of AP if it were repaired. In the spirit of TIDE (Bolya et al. 2020), with the kinds of
 * error that segmentation of touching cells has.
 *
 * Included are objects that count, and detections of all sizes within the protocol's largest maxDets whose score is at
 * least the slice's `scoreThreshold` (all of a file without scores). Crowd regions, and detections ignored because of
 * them, are excluded. "Overall" and a cell type's own slice have different thresholds, so every image is judged in two
 * views.
 *
 * Two relations besides IoU, between a detection d and an object g:
 *
 *  - d *covers* g: more than half of g's area lies in d. A detection always covers its match.
 *  - d is a *piece* of g: more than half of d's area lies in g, and d is unmatched and no duplicate. An object's match
 *    is always a piece of it; a detection that found one cell is not a piece of another.
 *
 * An unmatched detection gets the first kind that applies:
 *
 *  1. duplicate: IoU ≥ 0.5 with an object. Another detection matches that object, or this one would. This comes first
 *     because a second outline of a found cell also lies mostly inside it, and would otherwise look like a piece.
 *  2. merge: it covers two or more objects.
 *  3. split: it is a piece of an object that has two or more pieces.
 *  4. poor boundary: IoU ≥ 0.1 with an object.
 *  5. background.
 *
 * An unmatched object gets the first kind that applies:
 *
 *  1. merge: a detection that covers two or more objects, matched or not, covers it. (So this includes an object with
 *     IoU ≥ 0.5 whose detection went to another object.)
 *  2. split: it has two or more pieces.
 *  3. poor boundary: IoU ≥ 0.1 with a detection, even one that found another object.
 *  4. missed.
 *
 * Repairing a kind at each of the ten IoU thresholds; all scores are included, as in AP itself:
 *
 *  - Its detections are ignored where they are false. (A detection unmatched at 0.5 can be matched at 0.75 if the
 *    preceding one fails there; then that match stays.)
 *  - For poor boundary, split and merge, detections and objects of the kind are paired one to one, highest IoU first
 *    (ties: higher score, then file order): for poor boundary those with IoU ≥ 0.1, for split a piece and its object,
 *    for merge a detection and an object it covers. The paired detection becomes a true positive wherever it is
 *    unmatched and its object is not found.
 *  - Its objects that are still not found leave the count: all missed ones, and those left over by the pairing, such as
 *    the other objects of a merge. An object found by a detection below the score threshold stays, with that match.
 *
 * So a repair turns false detections into true or ignored ones and removes only unfound objects: AP cannot fall. The
 * gains do not add up to the gap to 1, since errors hide one another.
 */
import { accumulate, type Slice, sliceOf } from '../coco/accumulate.ts';
import { allocate, type Dataset, maskOf } from '../coco/dataset.ts';
import {
  ALL_BITS,
  type Evaluating,
  ignoredIn,
  type Matches,
  type Matching,
  matchedIn,
  THRESHOLDS,
} from '../coco/match.ts';
import { PRIMARY_PROTOCOL, PROTOCOLS } from '../coco/protocol.ts';
import type { Ranking } from '../coco/rank.ts';
import { intersection } from '../coco/rle.ts';
import { layTiles, tileOf } from '../coco/tiles.ts';
import { thread } from '../kernels/thread-state.ts';
import { ERROR_KINDS } from './error-kinds.ts';
import type { Metrics } from './report.ts';

export type ErrorsByKind = NonNullable<Metrics['errors']>;

const MATCH_IOU = 0.5;
const NEAR_IOU = 0.1;

// codes of the kinds in the columns; 0 is no error
const MISSED = 1;
const POOR = 2;
const SPLIT = 3;
const MERGE = 4;
const DUPLICATE = 5;
const BACKGROUND = 6;

/** An image judged among all images, or within its cell type. */
type View = 0 | 1;
export const POOLED: View = 0;
export const OWN: View = 1;

/** The errors of one evaluation, by view. Shapes: I images, E entries (see Ranking), G ground truths; bit t is IoU threshold t. */
export interface Errors {
  /** [2 × I] minimum score of an image's detections; NaN if the image has no such view */
  threshold: Float64Array;
  /** [2 × E] kind of error, 0 for none */
  detection: Uint8Array;
  /** [2 × E] thresholds at which repairing its kind turns the entry into a match */
  becomes: Uint16Array;
  /** [2 × G] kind of error, 0 for none */
  object: Uint8Array;
  /** [2 × G] thresholds at which repairing its kind removes the object from the count */
  leaves: Uint16Array;
  /**
   * [G] best IoU with a detection that takes part in either view, in steps of 1/65535; 0 below 0.1. Pairs in which both
   * sides found another partner are not examined.
   */
  best: Uint16Array;
}

/** Steps of `best` between 0 and 1. */
export const IOU_STEPS = 65_535;

/** A slice of the images with the score threshold from its own report. */
export interface ErrorSlice {
  view: View;
  images: Uint32Array;
  scoreThreshold: number | null | undefined;
}

/** Return the maximum number of detections per image; without scores there is no limit. */
function mostOf(ranking: Ranking): number {
  return ranking.unscored ? Number.POSITIVE_INFINITY : PROTOCOLS[PRIMARY_PROTOCOL].maxDets[2];
}

/**
 * Allocate the errors of one evaluation in memory that threads share. The slices of a view must have no image in
 * common.
 */
export function allocateErrors(ranking: Ranking, objects: number, slices: readonly ErrorSlice[]): Errors {
  const images = ranking.start.length - 1;
  const threshold = new Float64Array(allocate(8 * 2 * images)).fill(Number.NaN);
  for (const { view, images: some, scoreThreshold } of slices) {
    // no threshold means no scores, or no detections that could be included
    const from = ranking.unscored ? Number.NEGATIVE_INFINITY : (scoreThreshold ?? Number.POSITIVE_INFINITY);
    for (const i of some) threshold[view * images + i] = from;
  }
  return {
    threshold,
    detection: new Uint8Array(allocate(2 * ranking.count)),
    becomes: new Uint16Array(allocate(2 * 2 * ranking.count)),
    object: new Uint8Array(allocate(2 * objects)),
    leaves: new Uint16Array(allocate(2 * 2 * objects)),
    best: new Uint16Array(allocate(2 * objects)),
  };
}

// --- one image ---

const COVERS = 1;
const PIECE = 2;

/** Pairs of one image of which at least one is unmatched: with some IoU, covering, or a piece. */
class Pairs {
  entry = new Uint32Array(4096);
  gt = new Uint32Array(4096);
  iou = new Float64Array(4096);
  relation = new Uint8Array(4096);
  length = 0;

  push(entry: number, gt: number, iou: number, relation: number): void {
    if (this.length === this.entry.length) {
      for (const key of ['entry', 'gt', 'iou', 'relation'] as const) {
        const grown = new (this[key].constructor as { new (n: number): never })(this.length * 2);
        (grown as Float64Array).set(this[key]);
        this[key] = grown;
      }
    }
    this.entry[this.length] = entry;
    this.gt[this.length] = gt;
    this.iou[this.length] = iou;
    this.relation[this.length++] = relation;
  }
}

/** Scratch columns for one image; they grow and are reused. Shapes: by entry or by object of the image. */
class Scratch {
  readonly pairs = new Pairs();
  /** by object: the entry matched to it, -1 for none */
  owner = new Int32Array(4096);
  /** by object: 1 when it counts */
  counts = new Uint8Array(4096);
  // in one view, by entry
  /** objects it covers */
  covered = new Uint16Array(4096);
  entryIou = new Float64Array(4096);
  isDuplicate = new Uint8Array(4096);
  /** 1 for a piece of a split object */
  isPiece = new Uint8Array(4096);
  // and by object
  /** number of its pieces */
  pieces = new Uint16Array(4096);
  objectIou = new Float64Array(4096);
  /** 1 if a merge covers it */
  isMerged = new Uint8Array(4096);

  get bytes(): number {
    return 21 * this.pairs.entry.length + 16 * this.owner.length + 12 * this.covered.length;
  }

  /** Make room for the objects of an image, without owners. */
  beginImage(objects: number): void {
    if (this.owner.length < objects) {
      this.owner = new Int32Array(objects * 2);
      this.counts = new Uint8Array(objects * 2);
    }
    this.owner.fill(-1, 0, objects);
    this.pairs.length = 0;
  }

  /** Make room for one view of an image, all zeros. */
  beginView(entries: number, objects: number): void {
    if (this.covered.length < entries) {
      this.covered = new Uint16Array(entries * 2);
      this.entryIou = new Float64Array(entries * 2);
      this.isDuplicate = new Uint8Array(entries * 2);
      this.isPiece = new Uint8Array(entries * 2);
    }
    if (this.pieces.length < objects) {
      this.pieces = new Uint16Array(objects * 2);
      this.objectIou = new Float64Array(objects * 2);
      this.isMerged = new Uint8Array(objects * 2);
    }
    for (const column of [this.covered, this.entryIou, this.isDuplicate, this.isPiece]) column.fill(0, 0, entries);
    for (const column of [this.pieces, this.objectIou, this.isMerged]) column.fill(0, 0, objects);
  }
}

const scratch = thread.keep(
  () => new Scratch(),
  ({ bytes }) => bytes,
);

/** Input for naming the errors of an image, and the output columns. */
interface Naming extends Matching {
  errors: Errors;
}

/**
 * Name the errors of image `image` in both views, and write them into `naming.errors`.
 * Images are independent: threads may process different ones at the same time.
 *
 * @param naming its matches must include `found`
 */
export function nameErrors(naming: Naming, image: number): void {
  const { dataset, ranking, errors } = naming;
  const images = dataset.images.ids.length;
  const from = ranking.start[image];
  const most = Math.min(ranking.start[image + 1], from + mostOf(ranking));
  // within an image, entries are ordered by score: those of a view come first
  const ends = [POOLED, OWN].map((view) => {
    const threshold = errors.threshold[view * images + image];
    if (Number.isNaN(threshold)) return -1;
    let end = from;
    while (end < most && ranking.score[end] >= threshold) end++;
    return end;
  });
  const present = ends.filter((end) => end >= 0);
  if (present.length === 0) return;
  findPairs(naming, image, { first: Math.min(...present), last: Math.max(...present) });
  noteBest(errors.best);
  for (const view of [POOLED, OWN]) if (ends[view] >= 0) judge(naming, image, ends[view], view);
}

/**
 * Find pairs, owners and countable objects for the entries before `last`; entries before `first` belong to both views.
 */
function findPairs(
  { dataset, detections, ranking, matches }: Matching,
  image: number,
  { first, last }: { first: number; last: number },
): void {
  const gt = dataset.objects;
  const gtFrom = dataset.objectStart[image];
  const gtTo = dataset.objectStart[image + 1];
  const from = ranking.start[image];
  const masks = matches.evaluation === 'segm';
  const { min, max } = matches.classes[0];
  const room = scratch.get();
  room.beginImage(gtTo - gtFrom);
  const { pairs, owner, counts } = room;
  for (let e = from; e < last; e++) if (matches.object[e] >= 0) owner[matches.object[e] - gtFrom] = e;
  for (let g = gtFrom; g < gtTo; g++)
    counts[g - gtFrom] = !gt.crowd[g] && gt.area[g] >= min && gt.area[g] <= max ? 1 : 0;

  const { size, columns, rows, start, gt: listed } = layTiles(dataset, image, masks);
  const gtExtent = masks ? gt.maskExtent : gt.box;
  const dtExtent = masks ? detections.maskExtent : detections.box;
  for (let e = from; e < last; e++) {
    const of = matches.fate[e];
    if (ignoredIn(of) & 1) continue;
    const d = ranking.detection[e];
    const dx0 = dtExtent[4 * d];
    const dy0 = dtExtent[4 * d + 1];
    const dx1 = masks ? dtExtent[4 * d + 2] : dx0 + dtExtent[4 * d + 2];
    const dy1 = masks ? dtExtent[4 * d + 3] : dy0 + dtExtent[4 * d + 3];
    if (!(dx1 > dx0 && dy1 > dy0)) continue; // no shared pixels, no overlap
    const dtArea = masks ? detections.maskArea[d] : detections.box[4 * d + 2] * detections.box[4 * d + 3];
    const unmatched = (matchedIn(of) & 1) === 0;
    const c1 = tileOf(dx1, size, columns);
    const r1 = tileOf(dy1, size, rows);
    for (let r = tileOf(dy0, size, rows); r <= r1; r++) {
      for (let c = tileOf(dx0, size, columns); c <= c1; c++) {
        const cell = r * columns + c;
        for (let k = start[cell]; k < start[cell + 1]; k++) {
          const g = listed[k];
          const has = owner[g - gtFrom];
          // skip pairs in which both are matched in both views, and matches themselves: they explain no error
          if (!counts[g - gtFrom] || has === e || (has >= 0 && has < first && !unmatched)) continue;
          const gx0 = gtExtent[4 * g];
          const gx1 = masks ? gtExtent[4 * g + 2] : gx0 + gtExtent[4 * g + 2];
          const w = (dx1 < gx1 ? dx1 : gx1) - (dx0 > gx0 ? dx0 : gx0);
          if (w <= 0) continue;
          const gy0 = gtExtent[4 * g + 1];
          const gy1 = masks ? gtExtent[4 * g + 3] : gy0 + gtExtent[4 * g + 3];
          const h = (dy1 < gy1 ? dy1 : gy1) - (dy0 > gy0 ? dy0 : gy0);
          if (h <= 0) continue;
          // a pair that shares several tiles is examined in only one of them, as in matching
          if (tileOf(dx0 > gx0 ? dx0 : gx0, size, columns) !== c || tileOf(dy0 > gy0 ? dy0 : gy0, size, rows) !== r)
            continue;
          const gtArea = masks ? gt.maskArea[g] : gtExtent[4 * g + 2] * gtExtent[4 * g + 3];
          let shared = w * h;
          if (masks) {
            // masks overlap by no more than their extents do, and by no more than either mask: skip the pixels if no
            // rule can apply
            if (shared > dtArea) shared = dtArea;
            if (shared > gtArea) shared = gtArea;
            if (shared < NEAR_IOU * (dtArea + gtArea - shared) && 2 * shared <= Math.min(dtArea, gtArea)) continue;
            shared = intersection(maskOf(detections, d), maskOf(gt, g));
          }
          const iou = shared / (dtArea + gtArea - shared);
          const relation = (2 * shared > gtArea ? COVERS : 0) | (2 * shared > dtArea ? PIECE : 0);
          if (relation || iou >= NEAR_IOU) pairs.push(e, g, iou, relation);
        }
      }
    }
  }
}

/** Keep the best IoU of each object in a pair. */
function noteBest(best: Uint16Array): void {
  const { length, gt, iou } = scratch.get().pairs;
  for (let p = 0; p < length; p++) {
    if (iou[p] < NEAR_IOU) continue;
    const steps = Math.round(iou[p] * IOU_STEPS);
    if (steps > best[gt[p]]) best[gt[p]] = steps;
  }
}

/** Apply the rules at the head of this file to the image's entries before `end`. */
function judge(naming: Naming, image: number, end: number, view: View): void {
  const { dataset, ranking, matches, errors } = naming;
  const gtFrom = dataset.objectStart[image];
  const gtTo = dataset.objectStart[image + 1];
  const from = ranking.start[image];
  const isMatched = (e: number): number => matches.fate[e] & 1;
  const room = scratch.get();
  room.beginView(end - from, gtTo - gtFrom);
  const { pairs, owner, counts, covered, entryIou, isDuplicate, isPiece, pieces, objectIou, isMerged } = room;
  const isFound = (g: number): boolean => owner[g] >= 0 && owner[g] < end;

  // a match is covered by its detection, and its detection is a piece of its object
  for (let e = from; e < end; e++) covered[e - from] = isMatched(e);
  for (let g = 0; g < gtTo - gtFrom; g++) pieces[g] = isFound(g) ? 1 : 0;

  const { length, entry, gt, iou, relation } = pairs;
  for (let p = 0; p < length; p++) {
    if (entry[p] >= end) continue;
    const d = entry[p] - from;
    const g = gt[p] - gtFrom;
    const unmatched = !isMatched(entry[p]);
    const found = isFound(g);
    if (relation[p] & COVERS && (unmatched || !found)) covered[d]++;
    if (unmatched && iou[p] > entryIou[d]) entryIou[d] = iou[p];
    if (unmatched && iou[p] >= MATCH_IOU) isDuplicate[d] = 1;
    if (!found && iou[p] > objectIou[g]) objectIou[g] = iou[p];
  }
  for (let p = 0; p < length; p++) {
    if (entry[p] >= end) continue;
    const d = entry[p] - from;
    if (relation[p] & PIECE && !isMatched(entry[p]) && !isDuplicate[d]) pieces[gt[p] - gtFrom]++;
  }
  for (let p = 0; p < length; p++) {
    if (entry[p] >= end) continue;
    const d = entry[p] - from;
    const g = gt[p] - gtFrom;
    if (relation[p] & COVERS && covered[d] >= 2) isMerged[g] = 1;
    if (relation[p] & PIECE && pieces[g] >= 2) isPiece[d] = 1;
  }

  const entries = view * ranking.count;
  for (let e = from; e < end; e++) {
    const d = e - from;
    // the first rule that holds gives the name
    let kind = BACKGROUND;
    if (isMatched(e) || ignoredIn(matches.fate[e]) & 1) kind = 0;
    else if (isDuplicate[d]) kind = DUPLICATE;
    else if (covered[d] >= 2) kind = MERGE;
    else if (isPiece[d]) kind = SPLIT;
    else if (entryIou[d] >= NEAR_IOU) kind = POOR;
    errors.detection[entries + e] = kind;
  }
  const objects = view * dataset.objects.count;
  for (let g = 0; g < gtTo - gtFrom; g++) {
    if (!counts[g] || isFound(g)) continue;
    let kind = MISSED;
    if (isMerged[g]) kind = MERGE;
    else if (pieces[g] >= 2) kind = SPLIT;
    else if (objectIou[g] >= NEAR_IOU) kind = POOR;
    errors.object[objects + gtFrom + g] = kind;
    errors.leaves[objects + gtFrom + g] = ALL_BITS & ~matches.found[gtFrom + g];
  }
  pairForRepair(naming, pairs, { entries, objects, end });
}

/**
 * Pair detections and objects of one kind for the repair, highest IoU first.
 *
 * @param view start of its columns of entries and objects, and end of its entries of the image
 */
function pairForRepair(
  { matches, errors }: Naming,
  { length, entry, gt, iou, relation }: Pairs,
  { entries, objects, end }: { entries: number; objects: number; end: number },
): void {
  const open: number[] = [];
  for (let p = 0; p < length; p++) {
    if (entry[p] >= end) continue;
    const kind = errors.detection[entries + entry[p]];
    if (kind === 0 || kind !== errors.object[objects + gt[p]]) continue;
    if (kind === POOR ? iou[p] >= NEAR_IOU : relation[p] & (kind === SPLIT ? PIECE : COVERS)) open.push(p);
  }
  open.sort((a, b) => iou[b] - iou[a] || entry[a] - entry[b] || gt[a] - gt[b]);
  const taken = new Set<number>();
  for (const p of open) {
    if (taken.has(entry[p]) || taken.has(-1 - gt[p])) continue;
    taken.add(entry[p]).add(-1 - gt[p]);
    const becomes = errors.leaves[objects + gt[p]] & ~matchedIn(matches.fate[entry[p]]);
    errors.becomes[entries + entry[p]] = becomes;
    errors.leaves[objects + gt[p]] &= ~becomes;
  }
}

// --- one slice ---

/** Objects and errors as far as they are needed to count them. */
interface Named {
  dataset: Pick<Dataset, 'objectStart'> & { objects: Pick<Dataset['objects'], 'count'> };
  errors: Pick<Errors, 'detection' | 'object' | 'becomes' | 'leaves'>;
}

/**
 * Count the errors of one slice, and compute the gain in AP from repairing each kind.
 *
 * @param AP the slice's AP under the primary protocol
 */
export function countErrors(
  { dataset, ranking, matches, errors }: Evaluating & Named,
  { view, images }: ErrorSlice,
  AP: number | null,
): ErrorsByKind {
  const allImages = ranking.start.length - 1;
  const slice: Slice = sliceOf(ranking, images, allImages);
  const entries = view * ranking.count;
  const objects = view * dataset.objects.count;
  // a copy of the matches to change: all sizes, the first class of the first protocol
  const repaired: Matches = {
    ...matches,
    classes: matches.classes.slice(0, 1),
    fate: matches.fate.slice(0, ranking.count),
    countable: matches.countable.subarray(0, allImages),
  };

  const found = ERROR_KINDS.map(() => ({ entries: [] as number[], objects: 0, absent: new Float64Array(THRESHOLDS) }));
  let countable = 0;
  for (const i of images) {
    countable += repaired.countable[i];
    for (let e = ranking.start[i]; e < ranking.start[i + 1]; e++) {
      const kind = errors.detection[entries + e];
      if (kind > 0) found[kind - 1].entries.push(e);
    }
    for (let g = dataset.objectStart[i]; g < dataset.objectStart[i + 1]; g++) {
      const kind = errors.object[objects + g];
      if (kind === 0) continue;
      found[kind - 1].objects++;
      const { absent } = found[kind - 1];
      for (let t = 0; t < THRESHOLDS; t++) absent[t] += (errors.leaves[objects + g] >> t) & 1;
    }
  }

  const repairedAP = ({ entries: wrong, absent }: (typeof found)[number]): number | null => {
    // if the repair leaves no object in the count, there is nothing to average
    if (absent.includes(countable)) return null;
    for (const e of wrong) {
      const matched = matchedIn(repaired.fate[e]) | errors.becomes[entries + e];
      repaired.fate[e] = matched | ((ignoredIn(repaired.fate[e]) | (ALL_BITS & ~matched)) << 16);
    }
    const { precision } = accumulate(
      { matches: repaired, ranking, slice },
      { sizeClass: 0, maxDets: mostOf(ranking) },
      { absent },
    );
    for (const e of wrong) repaired.fate[e] = matches.fate[e];
    return precision && meanOf(precision);
  };
  return Object.fromEntries(
    ERROR_KINDS.map((kind, k) => {
      const detections = found[k].entries.length;
      const without = detections + found[k].objects === 0 ? AP : repairedAP(found[k]);
      const deltaAP = AP === null || without === null ? null : without - AP;
      return [kind, { objects: found[k].objects, detections, deltaAP }];
    }),
  ) as ErrorsByKind;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
