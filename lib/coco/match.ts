/**
 * Matching detections to ground truth, per image, for all ten IoU thresholds and all size classes at once.
 *
 * pycocotools (`COCOeval.computeIoU`, `evaluateImg`) computes the full IoU matrix of an image and walks it once per
 * threshold and size class. Two facts make that unnecessary:
 *
 *  - only pairs with IoU ≥ 0.5 can match, and a detection has none, one, or very rarely two of them. The ground truth
 *    of such a pair covers the middle of the detection, so it is found in the grid tiles that contain the middle, and
 *    ruled out by area before any pixel is compared;
 *  - a detection's fate at ten thresholds fits in ten bits. The reference walks the candidates once per threshold; we
 *    walk them once from best to worst, and each takes all thresholds that are still open, in every class.
 *
 * Matching is greedy in score order, so the result for the first k detections does not depend on the rest: one pass
 * serves every maxDets, and an image with very many detections is matched in batches.
 *
 * The work is done in WebAssembly (`lib/kernels/assembly/match.ts`). This file copies an image's columns to it, whole
 * ranges where they are contiguous (nearly always), and copies the columns of results back.
 */
import { match as MODULE } from '../kernels/built.ts';
import { instantiate, type Kernel } from '../kernels/kernel.ts';
import { thread } from '../kernels/thread-state.ts';
import { allocate, type Dataset, type Objects } from './dataset.ts';
import { type AreaRange, type Evaluation, IOU_THRESHOLDS, PROTOCOLS, type ProtocolId } from './protocol.ts';
import type { Ranking } from './rank.ts';

export const THRESHOLDS = IOU_THRESHOLDS.length;
/** One bit per IoU threshold. */
export const ALL_BITS = (1 << THRESHOLDS) - 1;

/** Matches of one evaluation. Shapes: A size classes, E entries (see Ranking), I images; bit t is IoU threshold t. */
export interface Matches {
  evaluation: Evaluation;
  classes: AreaRange[];
  /**
   * [A × E] fate of an entry: the low half holds the thresholds at which it is matched, the high half those at which it
   * is ignored, neither true nor false
   */
  fate: Int32Array;
  /** [A × I] ground truth that counts (pycocotools' npig, per image) */
  countable: Uint32Array;
  /** [E] IoU of the match at IoU 0.5, all sizes; 0 when there is none */
  iou: Float64Array;
  /** [E] ground truth of that match, -1 when there is none */
  object: Int32Array;
  /** [G] thresholds at which a ground truth is taken, all sizes; empty unless requested */
  found: Uint16Array;
}

/** One evaluation and its matches. */
export interface Evaluating {
  ranking: Ranking;
  matches: Matches;
}

/** Input for matching one image. */
export interface Matching extends Evaluating {
  dataset: Dataset;
  detections: Objects;
}

/** The decisions behind the matches, for tests that compare ours with the reference's. */
export interface Trace {
  /** pairs with IoU at or above the lowest threshold, by entry, then by ground truth */
  pairs: { entry: number; gt: number; iou: number }[];
  /** ground truth taken by an entry, one per size class (index into `Matches.classes`) and threshold */
  taken: { sizeClass: number; threshold: number; entry: number; gt: number }[];
}

/**
 * List the distinct size classes of some protocols: most protocols share "all", and each class is matched only once.
 */
export function areaClasses(protocols: readonly ProtocolId[]): AreaRange[] {
  const classes: AreaRange[] = [];
  for (const id of protocols) {
    for (const range of PROTOCOLS[id].areaRanges) if (classIndex(classes, range) < 0) classes.push(range);
  }
  return classes;
}

export function classIndex(classes: readonly AreaRange[], range: AreaRange): number {
  return classes.findIndex(({ min, max }) => min === range.min && max === range.max);
}

/**
 * Allocate the matches of one evaluation in memory that threads share.
 *
 * @param sizes.objects number of ground truths; without it, `found` stays empty
 */
export function allocateMatches(
  evaluation: Evaluation,
  classes: AreaRange[],
  { entries, images, objects = 0 }: { entries: number; images: number; objects?: number },
): Matches {
  return {
    evaluation,
    classes,
    fate: new Int32Array(allocate(4 * classes.length * entries)),
    countable: new Uint32Array(allocate(4 * classes.length * images)),
    iou: new Float64Array(allocate(8 * entries)),
    object: new Int32Array(allocate(4 * entries)),
    found: new Uint16Array(allocate(2 * objects)),
  };
}

/** Return the thresholds (bits) at which an entry with this fate is matched. */
export function matchedIn(fate: number): number {
  return fate & ALL_BITS;
}

/** Return the thresholds (bits) at which an entry with this fate is ignored. */
export function ignoredIn(fate: number): number {
  return fate >>> 16;
}

type MatchKernel = Kernel<
  | 'batch'
  | 'range'
  | 'mostClasses'
  | 'thresholds'
  | 'least'
  | 'greatest'
  | 'gtExtent'
  | 'gtArea'
  | 'gtCrowd'
  | 'gtMaskArea'
  | 'gtStart'
  | 'gtEnd'
  | 'gtIntervals'
  | 'dtExtent'
  | 'dtArea'
  | 'dtMaskArea'
  | 'dtStart'
  | 'dtEnd'
  | 'dtIndex'
  | 'dtIntervals'
  | 'fateRow'
  | 'outFate'
  | 'outIou'
  | 'outObject'
  | 'outCountable'
  | 'outFound'
  | 'outTrace'
  | 'traced',
  {
    layout(objects: number): void;
    reserve(to: number): number;
    beginImage(
      segm: boolean,
      classes: number,
      width: number,
      height: number,
      from: number,
      count: number,
      firstInterval: number,
      intervals: number,
    ): number;
    match(
      count: number,
      from: number,
      entries: number,
      firstDetection: number,
      firstInterval: number,
      intervals: number,
      trace: boolean,
    ): void;
    found(): void;
  }
>;

/** The kernel's columns in its memory. */
class Columns {
  readonly buffer: ArrayBuffer;
  readonly gtBox: Float64Array;
  readonly gtExtent: Int32Array;
  readonly gtArea: Float64Array;
  readonly gtCrowd: Uint8Array;
  readonly gtMaskArea: Uint32Array;
  readonly gtStart: Uint32Array;
  readonly gtEnd: Uint32Array;
  readonly dtBox: Float64Array;
  readonly dtExtent: Int32Array;
  readonly dtArea: Float64Array;
  readonly dtMaskArea: Uint32Array;
  readonly dtStart: Uint32Array;
  readonly dtEnd: Uint32Array;
  readonly dtIndex: Uint32Array;
  readonly fate: Int32Array;
  readonly iou: Float64Array;
  readonly object: Int32Array;
  readonly countable: Uint32Array;
  readonly found: Uint16Array;
  /** all of the memory */
  readonly numbers: Uint32Array;

  /** @param objects capacity for ground truth */
  constructor(kernel: MatchKernel, objects: number) {
    const buffer = kernel.memory.buffer as ArrayBuffer;
    const range = kernel.range.value;
    const batch = kernel.batch.value;
    // seven spare bytes, so that a column can begin late
    const doubles = ({ value }: WebAssembly.Global<'i32'>, n: number) => new Float64Array(buffer, value, n);
    const uints = ({ value }: WebAssembly.Global<'i32'>, n: number) => new Uint32Array(buffer, value, n + 1);
    this.buffer = buffer;
    this.gtBox = doubles(kernel.gtExtent, 4 * objects);
    this.gtExtent = new Int32Array(buffer, kernel.gtExtent.value, 4 * objects);
    this.gtArea = doubles(kernel.gtArea, objects);
    this.gtCrowd = new Uint8Array(buffer, kernel.gtCrowd.value, objects + 7);
    this.gtMaskArea = uints(kernel.gtMaskArea, objects);
    this.gtStart = uints(kernel.gtStart, objects);
    this.gtEnd = uints(kernel.gtEnd, objects);
    this.dtBox = doubles(kernel.dtExtent, 4 * range);
    this.dtExtent = new Int32Array(buffer, kernel.dtExtent.value, 4 * range);
    this.dtArea = doubles(kernel.dtArea, range);
    this.dtMaskArea = uints(kernel.dtMaskArea, range);
    this.dtStart = uints(kernel.dtStart, range);
    this.dtEnd = uints(kernel.dtEnd, range);
    this.dtIndex = uints(kernel.dtIndex, batch);
    this.fate = new Int32Array(buffer, kernel.outFate.value, (kernel.mostClasses.value * kernel.fateRow.value) / 4);
    this.iou = doubles(kernel.outIou, batch);
    this.object = new Int32Array(buffer, kernel.outObject.value, batch + 1);
    this.countable = uints(kernel.outCountable, kernel.mostClasses.value - 1);
    this.found = new Uint16Array(buffer, kernel.outFound.value, objects + 3);
    this.numbers = new Uint32Array(buffer);
  }
}

/** Numbers of detection masks copied at a time, if there are several masks. */
const MOST_NUMBERS = 1 << 21;

/** The most detections of an image that any protocol counts. */
const MOST = Math.max(...Object.values(PROTOCOLS).map(({ maxDets }) => maxDets[2]));

/** Where the masks of some objects lie: whether nearly contiguous, and if so where. */
interface Span {
  together: boolean;
  part: number;
  first: number;
  /** numbers in that piece, or else in the masks */
  length: number;
}

/** The thread's kernel with its columns. */
class Matcher {
  private readonly kernel: MatchKernel;
  private columns: Columns;
  private readonly batch: number;
  private readonly range: number;
  /** 32-bit numbers between the fates of one class and the next */
  private readonly fateRow: number;
  /** capacity for ground truth */
  private room = 4096;
  /** the size classes currently in the kernel */
  private classes: readonly AreaRange[] = [];
  private readonly span: Span = { together: false, part: 0, first: 0, length: 0 };

  constructor() {
    // a module does not say what its exports are: the type repeats what lib/kernels/assembly says
    this.kernel = instantiate(MODULE) as unknown as MatchKernel;
    this.batch = this.kernel.batch.value;
    this.range = this.kernel.range.value;
    this.fateRow = this.kernel.fateRow.value / 4;
    new Float64Array(this.kernel.memory.buffer, this.kernel.thresholds.value, THRESHOLDS).set(IOU_THRESHOLDS);
    this.kernel.layout(this.room);
    this.columns = new Columns(this.kernel, this.room);
  }

  /** Bytes of the kernel's memory. */
  get bytes(): number {
    return this.columns.buffer.byteLength;
  }

  matchImage({ dataset, detections, ranking, matches }: Matching, image: number, trace?: Trace): void {
    const from = dataset.objectStart[image];
    const count = dataset.objectStart[image + 1] - from;
    this.prepare(count, matches.classes);
    this.bringTruth(dataset, image, matches);
    const images = dataset.images.ids.length;
    for (let a = 0; a < matches.classes.length; a++) matches.countable[a * images + image] = this.columns.countable[a];
    const end = entriesEnd(ranking, image);
    for (let e = ranking.start[image]; e < end; ) {
      const entries = { ranking, from: e, to: Math.min(end, e + this.batch) };
      const matched = this.matchEntries(detections, entries, matches.evaluation === 'segm', trace);
      this.takeResults(e, matched, ranking.count, matches);
      e += matched;
    }
    if (matches.found.length > 0) {
      this.kernel.found();
      const late = from & 3;
      matches.found.set(this.columns.found.subarray(late, late + count), from);
    }
  }

  /** Make room for an image's ground truth, and tell the kernel the size classes. */
  private prepare(objects: number, ranges: readonly AreaRange[]): void {
    const { kernel } = this;
    if (objects > this.room) {
      this.room = Math.ceil(objects * 1.25);
      kernel.layout(this.room);
      this.columns = new Columns(kernel, this.room);
    }
    if (this.classes === ranges) return;
    const most = kernel.mostClasses.value;
    if (ranges.length > most) throw new Error(`At most ${most} size classes can be matched, not ${ranges.length}.`);
    new Float64Array(kernel.memory.buffer, kernel.least.value, most).set(ranges.map(({ min }) => min));
    new Float64Array(kernel.memory.buffer, kernel.greatest.value, most).set(ranges.map(({ max }) => max));
    this.classes = ranges;
  }

  /** Grow memory to reach an address. Growing detaches existing views. */
  private reserve(to: number): void {
    if (to >= 2 ** 32 || !this.kernel.reserve(to)) throw new Error('There is not memory enough to match an image.');
    this.renewColumns();
  }

  private renewColumns(): void {
    if (this.kernel.memory.buffer !== this.columns.buffer) this.columns = new Columns(this.kernel, this.room);
  }

  /** Copy an image's ground truth into the kernel. */
  private bringTruth({ images, objects, objectStart }: Dataset, image: number, matches: Matches): void {
    const { kernel } = this;
    const from = objectStart[image];
    const to = objectStart[image + 1];
    const masks = matches.evaluation === 'segm';
    let first = 0;
    let length = 0;
    if (masks) {
      const span = this.spanOf(objects, from, to);
      length = span.length;
      const at = kernel.gtIntervals.value >>> 0;
      this.reserve(at + 4 * length);
      const { columns } = this;
      columns.gtExtent.set(objects.maskExtent.subarray(4 * from, 4 * to));
      bring(columns.gtMaskArea, objects.maskArea, from, to);
      if (span.together) {
        first = span.first;
        bring(columns.gtStart, objects.maskStart, from, to);
        bring(columns.gtEnd, objects.maskEnd, from, to);
        columns.numbers.set(objects.intervals[span.part].subarray(first, first + length), at / 4);
      } else {
        let n = 0;
        for (let g = from; g < to; g++) {
          const k = g - from + (from & 1);
          columns.gtStart[k] = n;
          n = bringMask(columns.numbers, objects, g, { at: at / 4, n });
          columns.gtEnd[k] = n;
        }
      }
    } else this.columns.gtBox.set(objects.box.subarray(4 * from, 4 * to));
    this.columns.gtArea.set(objects.area.subarray(from, to));
    bring(this.columns.gtCrowd, objects.crowd, from, to);
    const { width, height } = images;
    const classes = matches.classes.length;
    if (!kernel.beginImage(masks, classes, width[image], height[image], from, to - from, first, length))
      throw new Error('There is not memory enough to match an image.');
    this.renewColumns();
  }

  private spanOf({ part, maskStart, maskEnd }: Objects, from: number, to: number): Readonly<Span> {
    const { span } = this;
    let sum = 0;
    let low = Number.MAX_SAFE_INTEGER;
    let high = 0;
    let parts = 0;
    for (let k = from; k < to; k++) {
      const start = maskStart[k];
      const end = maskEnd[k];
      if (end <= start) continue;
      sum += end - start;
      if (start < low) low = start;
      if (end > high) high = end;
      if (parts === 0 || part[k] !== span.part) {
        parts++;
        span.part = part[k];
      }
    }
    span.together = parts === 1 && high - low <= 2 * sum;
    span.first = span.together ? low : 0;
    span.length = span.together ? high - low : sum;
    return span;
  }

  /** Match entries from `from`, at most up to `to`. @returns how many, at least one */
  private matchEntries(
    detections: Objects,
    { ranking, from, to }: { ranking: Ranking; from: number; to: number },
    masks: boolean,
    trace: Trace | undefined,
  ): number {
    const { kernel } = this;
    const index = ranking.detection;
    let low = index[from];
    let high = low;
    for (let e = from + 1; e < to; e++) {
      const d = index[e];
      if (d < low) low = d;
      if (d > high) high = d;
    }
    const at = kernel.dtIntervals.value >>> 0;
    // an image's detections are nearly always contiguous: then they are copied in one piece
    if (high - low < this.range && high - low < 2 * (to - from)) {
      const span = masks ? this.spanOf(detections, low, high + 1) : null;
      if (!span || (span.together && span.length <= MOST_NUMBERS)) {
        bring(this.columns.dtIndex, index, from, to);
        if (span) {
          this.reserve(at + 4 * span.length);
          this.bringColumns(detections, low, high + 1);
          const { first, length } = span;
          this.columns.numbers.set(detections.intervals[span.part].subarray(first, first + length), at / 4);
        } else {
          this.columns.dtBox.set(detections.box.subarray(4 * low, 4 * high + 4));
          this.columns.dtArea.set(detections.area.subarray(low, high + 1));
        }
        kernel.match(to - from, from, ranking.count, low, span?.first ?? 0, span?.length ?? 0, Boolean(trace));
        if (trace) this.takeTrace(trace);
        return to - from;
      }
    }
    let end = from;
    let length = 0;
    for (; end < to; end++) {
      const d = index[end];
      const numbers = masks ? detections.maskEnd[d] - detections.maskStart[d] : 0;
      if (end > from && length + numbers > MOST_NUMBERS) break;
      length += numbers;
    }
    this.reserve(at + 4 * length);
    const { columns } = this;
    let n = 0;
    for (let e = from; e < end; e++) {
      const d = index[e];
      const k = e - from;
      columns.dtIndex[k + (from & 1)] = k;
      if (masks) {
        for (let c = 0; c < 4; c++) columns.dtExtent[4 * k + c] = detections.maskExtent[4 * d + c];
        columns.dtMaskArea[k] = detections.maskArea[d];
        columns.dtStart[k] = n;
        n = bringMask(columns.numbers, detections, d, { at: at / 4, n });
        columns.dtEnd[k] = n;
      } else {
        for (let c = 0; c < 4; c++) columns.dtBox[4 * k + c] = detections.box[4 * d + c];
        columns.dtArea[k] = detections.area[d];
      }
    }
    kernel.match(end - from, from, ranking.count, 0, 0, length, Boolean(trace));
    if (trace) this.takeTrace(trace);
    return end - from;
  }

  /** Copy the mask columns of a range of detections into the kernel. */
  private bringColumns(detections: Objects, from: number, to: number): void {
    const { columns } = this;
    columns.dtExtent.set(detections.maskExtent.subarray(4 * from, 4 * to));
    bring(columns.dtMaskArea, detections.maskArea, from, to);
    bring(columns.dtStart, detections.maskStart, from, to);
    bring(columns.dtEnd, detections.maskEnd, from, to);
  }

  /** Copy the results of `count` entries, starting at entry `from`, out of the kernel. */
  private takeResults(from: number, count: number, entries: number, matches: Matches): void {
    const { columns } = this;
    for (let a = 0; a < matches.classes.length; a++) {
      const to = a * entries + from;
      const at = a * this.fateRow + (to & 1);
      matches.fate.set(columns.fate.subarray(at, at + count), to);
    }
    matches.iou.set(columns.iou.subarray(0, count), from);
    matches.object.set(columns.object.subarray(from & 1, (from & 1) + count), from);
  }

  /** Copy the decisions behind the results out of the kernel. */
  private takeTrace(trace: Trace): void {
    this.renewColumns();
    const ROW = 24;
    const { outTrace, traced } = this.kernel;
    const view = new DataView(this.columns.buffer, outTrace.value >>> 0, ROW * traced.value);
    const pairs: Trace['pairs'] = [];
    for (let at = 0; at < view.byteLength; at += ROW) {
      const entry = view.getInt32(at, true);
      const gt = view.getInt32(at + 4, true);
      const sizeClass = view.getInt32(at + 8, true);
      const bits = view.getInt32(at + 12, true);
      if (sizeClass < 0) pairs.push({ entry, gt, iou: view.getFloat64(at + 16, true) });
      // some classes of the last vector are unused
      else if (sizeClass < this.classes.length)
        for (let threshold = 0; threshold < THRESHOLDS; threshold++)
          if ((bits >> threshold) & 1) trace.taken.push({ sizeClass, threshold, entry, gt });
    }
    for (const pair of pairs.sort((p, q) => p.entry - q.entry || p.gt - q.gt)) trace.pairs.push(pair);
  }
}

const matcher = thread.keep(
  () => new Matcher(),
  ({ bytes }) => bytes,
);

/**
 * Match the detections of image `image` and write the results of its entries into `matching.matches`.
 * Images are independent: threads may do different ones at the same time.
 */
export function matchImage(matching: Matching, image: number, trace?: Trace): void {
  matcher.get().matchImage(matching, image, trace);
}

/**
 * Return the end of the entries that can count: entries beyond every protocol's maxDets stay unmatched and affect no
 * number.
 */
function entriesEnd(ranking: Ranking, image: number): number {
  const end = ranking.start[image + 1];
  return ranking.unscored ? end : Math.min(end, ranking.start[image] + MOST);
}

/** Copy part of a column, offset from a multiple of eight bytes by as much as its source: see the kernel. */
function bring<T extends Uint32Array | Uint8Array>(into: T, column: T, from: number, to: number): void {
  const late = from & (8 / column.BYTES_PER_ELEMENT - 1);
  into.set(column.subarray(from, to), late);
}

/** Copy one mask to `at + n`. @returns n after it */
function bringMask(
  numbers: Uint32Array,
  { intervals, part, maskStart, maskEnd }: Objects,
  k: number,
  { at, n }: { at: number; n: number },
): number {
  const data = intervals[part[k]];
  const from = maskStart[k];
  const to = maskEnd[k];
  if (to - from > 200) numbers.set(data.subarray(from, to), at + n);
  else for (let i = from; i < to; i++) numbers[at + n + i - from] = data[i];
  return n + to - from;
}
