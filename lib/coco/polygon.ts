/**
 * Convert polygons to masks, pixel for pixel like maskApi.c `rleFrPoly` (pycocotools, Simplified BSD licence). The
 * method is explained in lib/kernels/assembly/rasterize.ts.
 */
import { polygons as MODULE } from '../kernels/built.ts';
import { instantiate, type Kernel } from '../kernels/kernel.ts';
import { thread } from '../kernels/thread-state.ts';
import { appendUnion, IntervalBuffer } from './rle.ts';

type PolygonsKernel = Kernel<
  'CORNERS' | 'corners' | 'intervals',
  { mask(points: number, height: number, width: number): number }
>;
const polygonsKernel = thread.keep(
  // a module does not say what its exports are: the type repeats what lib/kernels/assembly says
  () => instantiate(MODULE) as unknown as PolygonsKernel,
  ({ memory }) => memory.buffer.byteLength,
);

/** Fine grid steps per pixel: the reference rounds on this grid. */
const SCALE = 5;

/**
 * Append the mask of one closed polygon, even-odd where it crosses itself.
 *
 * @param polygon coordinates x0, y0, x1, y1, … in pixels, within ±10^8; `points` of them from index `from`
 * @param image its size
 * @throws RangeError when its outline crosses more than a million columns, or has more than 262,144 points
 */
export function appendPolygon(
  polygon: { xy: ArrayLike<number>; from: number; points: number },
  image: { height: number; width: number },
  into: IntervalBuffer,
): void {
  const { xy, from, points } = polygon;
  const kernel = polygonsKernel.get();
  const { buffer } = kernel.memory;
  if (points > kernel.CORNERS.value) throw new RangeError(`a polygon of ${points} points`);
  const corners = new Int32Array(buffer, kernel.corners.value, 2 * points);
  // truncated towards zero as in C
  for (let i = 0; i < 2 * points; i++) corners[i] = (SCALE * xy[from + i] + 0.5) | 0;
  const length = kernel.mask(points, image.height, image.width);
  if (length < 0) throw new RangeError('a polygon that crosses more than a million pixel columns');
  into.reserve(length);
  into.data.set(new Uint32Array(buffer, kernel.intervals.value, length), into.length);
  into.length += length;
}

/** The masks of one object's polygons. */
const pieceBuffer = thread.keep(
  () => new IntervalBuffer(),
  ({ data }) => data.byteLength,
);

/**
 * Append the mask of an object given as several polygons: each even-odd by itself, then their union.
 *
 * @param parts coordinate lists; an odd last number is dropped, as the reference does
 */
export function appendPolygons(parts: ArrayLike<number>[], height: number, width: number, into: IntervalBuffer): void {
  if (parts.length === 1) {
    appendPolygon({ xy: parts[0], from: 0, points: parts[0].length >> 1 }, { height, width }, into);
    return;
  }
  const part = pieceBuffer.get();
  part.length = 0;
  const pieces = parts.map((xy) => {
    const from = part.length;
    appendPolygon({ xy, from: 0, points: xy.length >> 1 }, { height, width }, part);
    return { from, to: part.length };
  });
  appendUnion(
    pieces.map(({ from, to }) => ({ data: part.data, from, to })),
    into,
  );
}
