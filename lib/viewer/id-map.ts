/**
 * Masks as rasters of numbers: which cell covers each pixel. Cells may overlap, so that there are two maps: the first has
 * the cell on top, the second the one below it.
 */
import { appendIntervals, CountsBuffer, decodeCounts, IntervalBuffer, type Mask } from '../coco/rle.ts';
import { thread } from '../kernels/thread-state.ts';

/** Largest number of cells in a map: ids have 16 bits, and 0 is no cell. */
export const MOST_CELLS = 65_535;

export interface IdMap {
  width: number;
  height: number;
  /** [height × width × 2] by rows: id of the cell on top, and of the one below it; 1 + its number in the list, 0: none */
  ids: Uint16Array<ArrayBuffer>;
  /** [cells × 4] extent x0, y0, x1, y1, ends excluded; zeros for a mask without pixels */
  extents: Int32Array<ArrayBuffer>;
  /** [cells] pixels */
  areas: Uint32Array<ArrayBuffer>;
}

/**
 * Paint masks in COCO's compressed encoding. Earlier cells lie on top: entries are listed by descending score.
 *
 * @throws RangeError if there are more than `MOST_CELLS`, or a mask is damaged or of another size
 */
export function paintIdMap(masks: readonly string[], { width, height }: { width: number; height: number }): IdMap {
  if (masks.length > MOST_CELLS)
    throw new RangeError(`There are ${masks.length} cells; at most ${MOST_CELLS} are drawn.`);
  const ids = new Uint16Array(2 * width * height);
  const extents = new Int32Array(4 * masks.length);
  const areas = new Uint32Array(masks.length);
  for (let cell = masks.length - 1; cell >= 0; cell--) {
    const intervals = decodeMask(masks[cell], { width, height });
    if (!intervals) throw new RangeError(`The mask of cell ${cell} is damaged, or of an image of another size.`);
    let [x0, y0, x1, y1, area] = [width, height, 0, 0, 0];
    for (let k = 0; k < intervals.to; k += 2) {
      area += intervals.data[k + 1] - intervals.data[k];
      for (let at = intervals.data[k]; at < intervals.data[k + 1]; at++) {
        const y = at % height;
        const x = (at - y) / height;
        if (x < x0) x0 = x;
        if (x >= x1) x1 = x + 1;
        if (y < y0) y0 = y;
        if (y >= y1) y1 = y + 1;
        const to = 2 * (y * width + x);
        ids[to + 1] = ids[to];
        ids[to] = cell + 1;
      }
    }
    areas[cell] = area;
    if (area > 0) extents.set([x0, y0, x1, y1], 4 * cell);
  }
  return { width, height, ids, extents, areas };
}

const scratch = thread.keep(() => new CountsBuffer());

/** Decode a mask in COCO's compressed encoding; null if it is damaged or of another size. */
export function decodeMask(text: string, { width, height }: { width: number; height: number }): Mask | null {
  // the codec reads the bytes of a JSON string, where a backslash is doubled
  const bytes = new TextEncoder().encode(text.replaceAll('\\', '\\\\'));
  const counts = scratch.get();
  const runs = decodeCounts(bytes, 0, bytes.length, counts);
  const intervals = new IntervalBuffer(Math.max(2, runs + 1));
  if (runs < 0 || appendIntervals(counts.data, runs, intervals) !== width * height) return null;
  return { data: intervals.data, from: 0, to: intervals.length };
}
