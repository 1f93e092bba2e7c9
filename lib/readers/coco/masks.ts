/** Converts the mask of a record from runs or polygons to intervals, and notes what is wrong or odd about it. */
import { appendPolygon, appendPolygons } from '#lib/coco/polygon.ts';
import { appendIntervals, BAD_CHARACTER, CUT_STRING, type IntervalBuffer } from '#lib/coco/rle.ts';
import { LIMITS } from '#lib/readers/limits.ts';
import { type AnnotationRecord, POLYGONS, PRESENT, RLE_STRING, WRONG_MASK } from './annotation-record.ts';

/** Larger coordinates are outside any image. */
export const FARTHEST = 1e7;

/** A polygon needs three points. */
const FEWEST_NUMBERS = 6;

interface MaskProblem {
  code:
    | 'bad-segmentation'
    | 'mask-size-missing'
    | 'wrong-mask-size'
    | 'bad-rle-string'
    | 'bad-rle-list'
    | 'mask-too-long'
    | 'runs-do-not-add-up'
    | 'bad-polygon';
  say: () => string;
}

/** Observations about the last mask; one object, reused. */
interface MaskNotes {
  /** run lengths with foreground, whose box the reference computes in another way */
  foregroundRuns: boolean;
  /** inner runs of length 0 */
  emptyRuns: boolean;
  /** number of parts with fewer than three points, which were dropped */
  droppedParts: number;
  /** the largest coordinate of polygons; infinite for other masks */
  largest: number;
  /** whether polygon points lie beyond the image, as it is and with width and height swapped */
  beyond: boolean;
  beyondExchanged: boolean;
}

export function newMaskNotes(): MaskNotes {
  return {
    foregroundRuns: false,
    emptyRuns: false,
    droppedParts: 0,
    largest: Number.POSITIVE_INFINITY,
    beyond: false,
    beyondExchanged: false,
  };
}

interface Size {
  height: number;
  width: number;
}

/**
 * Append the record's mask to the intervals of all masks.
 *
 * @returns null, or why there is no mask; then the caller must remove what was appended
 */
export function appendMask(
  record: AnnotationRecord,
  size: Size,
  intervals: IntervalBuffer,
  notes: MaskNotes,
): MaskProblem | null {
  notes.droppedParts = 0;
  notes.largest = Number.POSITIVE_INFINITY;
  notes.beyond = notes.beyondExchanged = false;
  if (record.mask === POLYGONS) return appendPolygonMask(record, size, intervals, notes);
  return appendRuns(record, size, intervals, notes);
}

function appendRuns(
  record: AnnotationRecord,
  { height, width }: Size,
  intervals: IntervalBuffer,
  notes: MaskNotes,
): MaskProblem | null {
  if (record.mask === WRONG_MASK) {
    return {
      code: 'bad-segmentation',
      say: () => 'segmentation has to be {size: [height, width], counts: "…" or […]} or polygons [[x, y, …], …].',
    };
  }
  if (record.sizeState !== PRESENT) {
    return {
      code: 'mask-size-missing',
      say: () => `the run-length mask has no size [height, width]; here that is [${height}, ${width}].`,
    };
  }
  if (record.height !== height || record.width !== width) {
    const exchanged = record.height === width && record.width === height;
    const remedy = exchanged
      ? ': swap height and width'
      : '; size is [height, width] of the original image, not of a resized one';
    return {
      code: 'wrong-mask-size',
      say: () =>
        `the mask's size is [${record.height}, ${record.width}] but the image is ${height} pixels high and ${width} wide${remedy}.`,
    };
  }
  const isString = record.mask === RLE_STRING;
  const runs = isString ? record.runs : record.listLength;
  const counts = isString ? record.counts.data : record.numbers;
  const wrong = isString ? checkString(runs) : checkList(counts, runs);
  if (wrong) return wrong;
  if (runs > LIMITS.runsPerMask) {
    return {
      code: 'mask-too-long',
      say: () =>
        `the mask has more than ${LIMITS.runsPerMask.toLocaleString('en')} runs; that of a cell has some dozens.`,
    };
  }
  const first = intervals.length;
  const total = appendIntervals(counts, runs, intervals);
  if (total !== height * width) {
    return {
      code: 'runs-do-not-add-up',
      say: () =>
        `the runs add up to ${total.toLocaleString('en')} pixels but the image has ${(height * width).toLocaleString('en')} (${height} × ${width}); they have to cover it all, column by column, background first.`,
    };
  }
  notes.foregroundRuns = runs > 1;
  notes.emptyRuns = intervals.length - first < 2 * (runs >> 1);
  return null;
}

function checkString(runs: number): MaskProblem | null {
  if (runs >= 0) return null;
  const why =
    runs === BAD_CHARACTER
      ? 'it has a character outside “0” to “o”'
      : runs === CUT_STRING
        ? 'it ends in the middle of a number'
        : 'a run is negative';
  return {
    code: 'bad-rle-string',
    say: () =>
      `the counts string is not COCO's run-length code (${why}). Write pycocotools' encode(), decoded as ASCII.`,
  };
}

function checkList(counts: ArrayLike<number>, runs: number): MaskProblem | null {
  for (let i = 0; i < runs; i++) {
    const run = counts[i];
    if (run >= 0 && run === Math.floor(run)) continue;
    return { code: 'bad-rle-list', say: () => `run ${i + 1} is ${run}; runs are whole numbers from 0 up.` };
  }
  return null;
}

function appendPolygonMask(
  record: AnnotationRecord,
  { height, width }: Size,
  intervals: IntervalBuffer,
  notes: MaskNotes,
): MaskProblem | null {
  const { partStart, numbers } = record;
  const proper: [from: number, to: number][] = [];
  let shortest = 0;
  let crossings = 0;
  let largest = 0;
  for (let p = 0; p + 1 < partStart.length; p++) {
    const from = partStart[p];
    const to = partStart[p + 1];
    if (to - from < FEWEST_NUMBERS) shortest = to - from;
    else proper.push([from, to]);
    let before = 0;
    for (let i = from; i < to; i++) {
      const at = numbers[i];
      if (!(Math.abs(at) <= FARTHEST)) {
        return { code: 'bad-polygon', say: () => `a polygon coordinate is ${at}; coordinates are pixels.` };
      }
      if (at > largest) largest = at;
      const isY = (i - from) & 1;
      if (at > (isY ? height : width) + 1) notes.beyond = true;
      if (at > (isY ? width : height) + 1) notes.beyondExchanged = true;
      if (isY) continue;
      const x = at < 0 ? 0 : at > width ? width : at;
      crossings += Math.abs(x - before) + 1;
      before = x;
    }
  }
  if (proper.length === 0) {
    return {
      code: 'bad-polygon',
      say: () => `a polygon has ${shortest} numbers; it needs at least three points, [x, y, x, y, x, y].`,
    };
  }
  // a line that zigzags across the image has one run for every column crossing
  if (crossings > 2 * LIMITS.runsPerMask) {
    return {
      code: 'mask-too-long',
      say: () => `the polygons make a mask of more than ${LIMITS.runsPerMask.toLocaleString('en')} runs.`,
    };
  }
  notes.droppedParts = partStart.length - 1 - proper.length;
  notes.largest = largest;
  notes.foregroundRuns = notes.emptyRuns = false; // rasterising produces none
  if (proper.length === 1) {
    const [[from, to]] = proper;
    appendPolygon({ xy: numbers, from, points: (to - from) >> 1 }, { height, width }, intervals);
  } else {
    const lists = proper.map(([from, to]) => numbers.subarray(from, to));
    appendPolygons(lists, height, width, intervals);
  }
  return null;
}
