/**
 * Convert polygons to masks, pixel for pixel like maskApi.c `rleFrPoly` (pycocotools, Simplified BSD licence).
 *
 * The reference walks the whole boundary on a grid five times as fine and keeps a point wherever the walk steps
 * between the fine columns 5x + 2 and 5x + 3, that is, across the centre of pixel column x. Those crossings, sorted,
 * are where the mask switches between background and foreground. This is not a scan-line fill: rounding a crossing
 * happens on the fine grid, and a rasteriser that tests pixel centres differs in AP by up to 0.05 on small cells.
 *
 * We compute the crossings directly, with the reference's own floating-point expressions, instead of walking all points
 * in between. Conversion to whole numbers truncates towards zero as in C, so coordinates must not be clamped first;
 * they have to lie within ±10^8.
 */

/** Maximum number of crossings of one polygon with pixel columns: no mask that can be read has more runs. */
export const CROSSINGS = 1 << 20;

/** Crossings of the current polygon, in outline order: pixel column and row of each. */
const columns = memory.data(4 * CROSSINGS, 16);
const rows = memory.data(4 * CROSSINGS, 16);
/** The crossings as pixels column * height + row, in ascending order. */
const sorted = memory.data(4 * CROSSINGS + 16, 16);
/** Number of crossings per column, then where its next one goes: an outline skips no column between two others. */
const perColumn = memory.data(4 * CROSSINGS, 16);

let count: i32 = 0;
let height: i32 = 0;
let width: i32 = 0;

/** A coordinate on the fine grid. */
export function fine(x: f64): i32 {
  return <i32>(5 * x + 0.5);
}

/**
 * Write the intervals of one closed polygon, even-odd where it crosses itself, to `out`.
 *
 * @param points [n × 2] its corners on the fine grid
 * @param room 32-bit numbers that fit at `out`
 * @returns how many were written, or -1 when there is no room for its crossings
 */
export function rasterize(points: usize, n: i32, h: i32, w: i32, out: usize, room: i32): i32 {
  count = 0;
  height = h;
  width = w;
  if (n > 0) {
    const last = points + ((<usize>(n - 1)) << 3);
    let x0 = load<i32>(last);
    let y0 = load<i32>(last, 4);
    // the reference begins with the edge after the first corner; the starting point changes no crossing
    for (let p = points; p <= last; p += 8) {
      const x1 = load<i32>(p);
      const y1 = load<i32>(p, 4);
      if (x0 !== x1 && !edge(x0, y0, x1, y1)) return -1;
      x0 = x1;
      y0 = y1;
    }
  }
  if (count + 2 > room) return -1;
  sortCrossings();
  // pairs of crossings are intervals; equal neighbours cancel
  let to = out;
  const end = sorted + ((<usize>count) << 2);
  if (count & 1) store<i32>(end, h * w);
  for (let from = sorted; from < end; from += 8) {
    const start = load<i32>(from);
    const stop = load<i32>(from, 4);
    if (start === stop) continue;
    if (to > out && load<i32>(to - 4) === start) store<i32>(to - 4, stop);
    else {
      store<i32>(to, start);
      store<i32>(to, stop, 4);
      to += 8;
    }
  }
  return <i32>((to - out) >> 2);
}

/** Add the crossings of one edge with the centres of pixel columns, on the fine grid. @returns whether there was room */
function edge(ax: i32, ay: i32, bx: i32, by: i32): bool {
  const low = min(ax, bx);
  const high = max(ax, bx);
  // pixel columns x with low <= 5x + 2 and 5x + 3 <= high
  let x = low <= 2 ? 0 : <i32>(<u32>(low + 2) / 5);
  let last = high < 3 ? -1 : <i32>(<u32>(high - 3) / 5);
  if (last > width - 1) last = width - 1;
  if (x > last) return true;
  if (count + last - x >= CROSSINGS - 2) return false;
  const dx = high - low;
  const dy = abs(by - ay);
  let to = (<usize>count) << 2;
  count += last - x + 1;
  if (dx >= dy) {
    const flip = ax > bx;
    const xs = low;
    const ys = flip ? by : ay;
    const s = <f64>((flip ? ay : by) - ys) / <f64>dx;
    // of the two rows around the centre take the lower one: the walk is monotone
    const lower = s < 0 ? 3 : 2;
    for (; x <= last; x++) {
      store<i32>(columns + to, x);
      store<i32>(rows + to, pixelRow(<i32>(<f64>ys + s * <f64>(5 * x + lower - xs) + 0.5)));
      to += 4;
    }
  } else {
    const flip = ay > by;
    const xs = flip ? bx : ax;
    const ys = flip ? by : ay;
    const s = <f64>((flip ? ax : bx) - xs) / <f64>dy;
    for (; x <= last; x++) {
      // the step t - 1 → t at which u(t) = trunc(xs + s t + .5) passes between 5x + 2 and 5x + 3; u is monotone
      const u = 5 * x + 2;
      let t = <i32>((<f64>(u - xs) + 0.5) / s + 0.5);
      if (t < 1) t = 1;
      else if (t > dy) t = dy;
      if (s > 0) {
        while (t > 1 && along(xs, s, t - 1) > u) t--;
        while (t < dy && along(xs, s, t) <= u) t++;
      } else {
        while (t > 1 && along(xs, s, t - 1) <= u) t--;
        while (t < dy && along(xs, s, t) > u) t++;
      }
      store<i32>(columns + to, x);
      store<i32>(rows + to, pixelRow(ys + t - 1));
      to += 4;
    }
  }
  return true;
}

function along(xs: i32, s: f64, t: i32): i32 {
  return <i32>(<f64>xs + s * <f64>t + 0.5);
}

/**
 * Convert a fine row to pixels, clamped to the image, rounded up: the reference's ceil((v + .5) / 5 - .5) is the
 * ceiling of (v - 2) / 5 in whole numbers.
 */
function pixelRow(v: i32): i32 {
  if (v <= 2) return 0;
  return min(<i32>(<u32>(v + 2) / 5), height);
}

/** Number of crossings in a column above which insertion sort, quadratic in it, would take too long. */
const CROWDED = 64;

/**
 * Sort by column (counting sort), and within a column, which an outline usually crosses twice, by insertion; a crowded
 * column by Shell sort.
 */
function sortCrossings(): void {
  if (count === 0) return;
  const bytes = (<usize>count) << 2;
  let low = load<i32>(columns);
  let high = low;
  for (let k: usize = 4; k < bytes; k += 4) {
    const column = load<i32>(columns + k);
    low = min(low, column);
    high = max(high, column);
  }
  const next = perColumn - ((<usize>low) << 2);
  memory.fill(perColumn, 0, (<usize>(high - low + 1)) << 2);
  for (let k: usize = 0; k < bytes; k += 4) {
    const at = next + ((<usize>load<i32>(columns + k)) << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
  let sum = 0;
  let most = 0;
  for (let c = low; c <= high; c++) {
    const at = next + ((<usize>c) << 2);
    const here = load<i32>(at);
    store<i32>(at, sum);
    sum += here;
    most = max(most, here);
  }
  for (let k: usize = 0; k < bytes; k += 4) {
    const column = load<i32>(columns + k);
    const at = next + ((<usize>column) << 2);
    const place = load<i32>(at);
    store<i32>(at, place + 1);
    store<i32>(sorted + ((<usize>place) << 2), column * height + load<i32>(rows + k));
  }
  let gap: usize = 4;
  if (most > CROWDED) while (gap < bytes / 3) gap = 3 * gap + 4;
  for (; gap > 0; gap = ((gap >> 2) / 3) << 2) {
    for (let i: usize = gap; i < bytes; i += 4) {
      const crossing = load<i32>(sorted + i);
      let j = i;
      while (j >= gap && load<i32>(sorted + j - gap) > crossing) {
        store<i32>(sorted + j, load<i32>(sorted + j - gap));
        j -= gap;
      }
      store<i32>(sorted + j, crossing);
    }
  }
}
