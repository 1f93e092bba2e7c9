/**
 * A grid of tiles over one image; each tile lists the ground truth whose extent touches it. To find the neighbours of a
 * detection, only a few tiles are searched instead of every object. Used for errors by kind; the matching kernel has
 * its own grid, which needs only the tile containing the middle of a detection.
 */
import { thread } from '../kernels/thread-state.ts';
import type { Dataset, Objects } from './dataset.ts';

/**
 * Objects of one image by tile: tile k holds `gt[start[k]]` … `gt[start[k + 1] - 1]`; tiles are numbered row by row.
 */
interface Tiles {
  /** side of a tile in pixels */
  readonly size: number;
  readonly columns: number;
  readonly rows: number;
  readonly start: Uint32Array;
  readonly gt: Uint32Array;
}

/** Lay tiles over an image and list each ground truth in every tile its extent touches. Valid until the next call. */
export function layTiles(dataset: Dataset, image: number, masks: boolean): Tiles {
  const grid = kept.get();
  grid.lay(dataset, image, masks);
  return grid;
}

/** Return the tile of a coordinate; coordinates beyond the image belong to the border tiles. */
export function tileOf(x: number, size: number, count: number): number {
  const t = Math.floor(x / size);
  return t < 0 ? 0 : t >= count ? count - 1 : t;
}

class TileGrid implements Tiles {
  size = 1;
  columns = 1;
  rows = 1;
  start = new Uint32Array(1025);
  gt = new Uint32Array(4096);
  private next = new Uint32Array(1024);
  /** for each ground truth of the image: its first and last column and row of tiles */
  private listed = new Int32Array(4096);

  get bytes(): number {
    return this.start.byteLength + this.gt.byteLength + this.next.byteLength + this.listed.byteLength;
  }

  lay(dataset: Dataset, image: number, masks: boolean): void {
    const width = dataset.images.width[image];
    const height = dataset.images.height[image];
    this.size = Math.max(16, Math.ceil(Math.max(width, height) / 32));
    this.columns = Math.ceil(width / this.size) || 1;
    this.rows = Math.ceil(height / this.size) || 1;
    const from = dataset.objectStart[image];
    const to = dataset.objectStart[image + 1];
    if (this.listed.length < 4 * (to - from)) this.listed = new Int32Array(8 * (to - from));
    for (let g = from; g < to; g++) this.findTiles(dataset.objects, masks, g, g - from);
    this.listObjects(from, to);
  }

  /** Find the tiles that the extent of an object touches: none when it has no pixels. */
  private findTiles({ maskExtent, box }: Objects, masks: boolean, g: number, at: number): void {
    const { size, columns, rows, listed } = this;
    const extent = masks ? maskExtent : box;
    const x0 = extent[4 * g];
    const y0 = extent[4 * g + 1];
    const x1 = masks ? extent[4 * g + 2] : x0 + extent[4 * g + 2];
    const y1 = masks ? extent[4 * g + 3] : y0 + extent[4 * g + 3];
    const some = x1 > x0 && y1 > y0;
    listed[4 * at] = some ? tileOf(x0, size, columns) : 0;
    listed[4 * at + 1] = some ? tileOf(y0, size, rows) : 0;
    listed[4 * at + 2] = some ? tileOf(x1, size, columns) : -1;
    listed[4 * at + 3] = some ? tileOf(y1, size, rows) : -1;
  }

  /** List the objects tile by tile. */
  private listObjects(from: number, to: number): void {
    const { columns, rows, listed } = this;
    const count = columns * rows;
    if (this.start.length < count + 1) {
      this.start = new Uint32Array(count + 1);
      this.next = new Uint32Array(count);
    }
    const { start, next } = this;
    start.fill(0, 0, count + 1);
    for (let at = 0; at < 4 * (to - from); at += 4) {
      for (let r = listed[at + 1]; r <= listed[at + 3]; r++)
        for (let c = listed[at]; c <= listed[at + 2]; c++) start[r * columns + c + 1]++;
    }
    for (let k = 0; k < count; k++) start[k + 1] += start[k];
    for (let k = 0; k < count; k++) next[k] = start[k];
    if (this.gt.length < start[count]) this.gt = new Uint32Array(start[count] * 2);
    const { gt } = this;
    for (let g = from; g < to; g++) {
      const at = 4 * (g - from);
      for (let r = listed[at + 1]; r <= listed[at + 3]; r++)
        for (let c = listed[at]; c <= listed[at + 2]; c++) gt[next[r * columns + c]++] = g;
    }
  }
}

const kept = thread.keep(
  () => new TileGrid(),
  ({ bytes }) => bytes,
);
