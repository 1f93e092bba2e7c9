import type { IdMap } from './id-map.ts';

/** Return the cell on top of a pixel, as its number in the list; -1 for none. */
export function cellAt({ width, height, ids }: IdMap, x: number, y: number): number {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (column < 0 || row < 0 || column >= width || row >= height) return -1;
  return ids[2 * (row * width + column)] - 1;
}
