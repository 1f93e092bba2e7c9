/** Chooses the images of a data set shown on its page (Edlund et al. 2021, Figure 2 shows one of each cell type). */
import { CELL_TYPES, type CellType, cellTypeOf, parseImageName, stem } from '#lib/livecell/cell-types.ts';

export interface ExamplePicture {
  /** null: the image's name contains no LIVECell type */
  cellType: CellType | null;
  /** the file name without folder and extension */
  name: string;
  width: number;
  height: number;
}

/** Number of images shown that are of no LIVECell type. */
const OTHERS = 6;

/**
 * Choose one image of each cell type, from the middle of its time series; of other images a few, evenly spread over
 * their names. Only names decide: a choice by content would reveal annotations that are not public.
 *
 * @param images indices of the images that have a picture
 * @returns indices
 */
export function chooseExamples(fileNames: readonly string[], images: readonly number[]): number[] {
  const minutes = (i: number) => parseImageName(fileNames[i])?.minutes ?? 0;
  const order = (a: number, b: number) => minutes(a) - minutes(b) || (stem(fileNames[a]) < stem(fileNames[b]) ? -1 : 1);
  const chosen = CELL_TYPES.flatMap((type) => {
    const own = images.filter((i) => cellTypeOf(fileNames[i]) === type).sort(order);
    return own.length > 0 ? [own[own.length >> 1]] : [];
  });
  const others = images.filter((i) => cellTypeOf(fileNames[i]) === null).sort(order);
  const shown = Math.min(OTHERS, others.length);
  return [
    ...chosen,
    ...Array.from({ length: shown }, (_, k) => others[Math.floor(((k + 0.5) * others.length) / shown)]),
  ];
}
