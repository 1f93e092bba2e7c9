/** Traces the outlines of masks, to draw over a picture. */
import type { Mask } from '#lib/coco/rle.ts';
import { thread } from '#lib/kernels/thread-state.ts';

/** The pixels of a mask with a border of one pixel around them. */
interface Canvas {
  pixels: Uint8Array;
  width: number;
  left: number;
  top: number;
}

const scratch = thread.keep(
  () => ({ pixels: new Uint8Array(4096) }),
  ({ pixels }) => pixels.length,
);
const INSIDE = 1;
/** flag: an outline has passed along the pixel's upper edge */
const DONE = 2;

/** Right, down, left, up. */
const DX = [1, 0, -1, 0] as const;
const DY = [0, 1, 0, -1] as const;
/**
 * Offset from a corner to the pixel ahead on the right; the one ahead on the left has the previous direction's offset.
 */
const AHEAD_X = [0, -1, -1, 0] as const;
const AHEAD_Y = [0, 0, -1, -1] as const;

/**
 * Trace the border between the pixels of a mask and all others, around each part and each hole: outlines of parts run
 * clockwise on the screen, those of holes anticlockwise. Corners are cut: points lie in the middle of pixel edges, so
 * that a slanted border is not a staircase. Points between two others on a straight line are left out.
 *
 * @param height of the image
 * @param extent of the mask as x0, y0, x1, y1, ends excluded
 * @returns closed rings [x0, y0, x1, y1, …] in half pixels from the image's upper left corner: whole numbers
 */
export function traceOutline(
  { data, from, to }: Mask,
  height: number,
  extent: readonly [x0: number, y0: number, x1: number, y1: number],
): number[][] {
  const [left, top] = [extent[0] - 1, extent[1] - 1];
  const width = extent[2] - left + 1;
  const size = width * (extent[3] - top + 1);
  const kept = scratch.get();
  if (kept.pixels.length < size) kept.pixels = new Uint8Array(size);
  else kept.pixels.fill(0, 0, size);
  const { pixels } = kept;
  for (let k = from; k < to; k += 2) {
    for (let p = data[k]; p < data[k + 1]; p++) {
      const x = Math.floor(p / height);
      pixels[(p - x * height - top) * width + x - left] = INSIDE;
    }
  }
  const rings: number[][] = [];
  for (let start = width; start < size; start++) {
    if (pixels[start] === INSIDE && !(pixels[start - width] & INSIDE))
      rings.push(followBorder({ pixels, width, left, top }, start));
  }
  return rings;
}

/** Walk around with the mask on the right, from a pixel's upper edge back to it. */
function followBorder({ pixels, width, left, top }: Canvas, start: number): number[] {
  const ring: number[] = [];
  let [at, direction] = [start, 0]; // a corner is identified by the pixel on its lower right
  let [x, y] = [start % width, Math.floor(start / width)];
  let [stepX, stepY] = [0, 0];
  do {
    const n = ring.length;
    const pointX = 2 * (x + left) + DX[direction];
    const pointY = 2 * (y + top) + DY[direction];
    if (n > 0 && pointX - ring[n - 2] === stepX && pointY - ring[n - 1] === stepY) {
      ring[n - 2] = pointX;
      ring[n - 1] = pointY;
    } else {
      if (n > 0) [stepX, stepY] = [pointX - ring[n - 2], pointY - ring[n - 1]];
      ring.push(pointX, pointY);
    }
    if (direction === 0) pixels[at] |= DONE;
    x += DX[direction];
    y += DY[direction];
    at = y * width + x;
    const before = (direction + 3) & 3;
    // parts that touch at a corner stay separate: turning right has precedence
    if (!(pixels[at + AHEAD_Y[direction] * width + AHEAD_X[direction]] & INSIDE)) direction = (direction + 1) & 3;
    else if (pixels[at + AHEAD_Y[before] * width + AHEAD_X[before]] & INSIDE) direction = before;
  } while (at !== start || direction !== 0);
  return ring;
}
