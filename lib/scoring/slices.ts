/** Slices of a data set's images that are scored separately: all images, and those of each cell type. */
import { CELL_TYPES, type CellType, cellTypeOf } from '#lib/livecell/cell-types.ts';

export type SliceName = 'overall' | CellType;

/** Indices of the images of each slice, ascending. */
export type Slices = ReadonlyMap<SliceName, Uint32Array>;

/** Return the images (indices) of each slice that has any. */
export function imageSlices(fileNames: readonly string[]): Map<SliceName, Uint32Array> {
  const slices = new Map<SliceName, Uint32Array>([['overall', Uint32Array.from(fileNames.keys())]]);
  const types = fileNames.map(cellTypeOf);
  for (const type of CELL_TYPES) {
    const images = [...types.keys()].filter((i) => types[i] === type);
    if (images.length > 0) slices.set(type, Uint32Array.from(images));
  }
  return slices;
}
