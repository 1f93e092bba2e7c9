/** Rasterise single polygons for lib/coco/polygon.ts; whole files of polygons go through records.ts. */
import { CROSSINGS, rasterize } from './rasterize.ts';

/** Maximum number of corners of one polygon, and of 32-bit numbers of intervals. */
export const CORNERS: i32 = 1 << 18;
const ROOM = CROSSINGS + 2;
/** [n × 2] corners on the fine grid */
export const corners: usize = memory.data(8 * (1 << 18), 16);
export const intervals: usize = memory.data(4 * ROOM, 16);

/** Rasterise the polygon in `corners`. @returns how many numbers of intervals it wrote, or -1 for too many crossings */
export function mask(points: i32, height: i32, width: i32): i32 {
  return rasterize(corners, points, height, width, intervals, ROOM);
}
