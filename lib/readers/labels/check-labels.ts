/**
 * Checks whether numbers are labels. Finds masks written as pictures or as classes: labels below 0, 8 bits that ran out
 * of numbers, and one value for all cells.
 *
 * An image may contain a single cell, so one value alone proves nothing. Signs of a mask are the value itself (the
 * largest of its bits, since pictures write white), no background at all, or cells that lie apart.
 */
import { ImageProblem, type LabelImage, type Labels, type Size } from './label-image.ts';

/** White in 8, 15, 16, 31 and 32 bits, and the highest bit alone, which programs write for True. */
const WHITE: ReadonlySet<number> = new Set([255, 32_767, 32_768, 65_535, 2_147_483_647, 2_147_483_648, 4_294_967_295]);

/** A part of a label counts as a separate cell if it has this share of the largest part's pixels; specks do not. */
const SHARE_OF_LARGEST = 1 / 4;

/** From this many parts on, a label is several cells; a single cell may be cut in two by debris. */
const MANY_PARTS = 3;

/** Only images with at most this many labels are checked: masks of classes have few. */
const FEW_LABELS = 4;

interface LabelFindings {
  /** number of different labels other than 0, counted up to `FEW_LABELS` */
  labels: number;
  /** number of separate parts of the only label large enough to be cells; 0 if there are several labels */
  parts: number;
}

/**
 * Check whether the numbers are labels.
 *
 * @returns findings that deserve a warning
 * @throws ImageProblem if they are not
 */
export function checkLabels({ width, height, bits, labels, palette }: LabelImage): LabelFindings {
  refuseNegative(labels);
  const values = fewValues(labels);
  const own = values?.filter((value) => value !== 0) ?? null;
  if (bits === 8) refuseFull(labels, own);
  if (palette && !labels.includes(0)) {
    throw new ImageProblem(
      'label-image-not-grey',
      'it is an image with a palette, and no pixel has index 0, the background: the indices are no labels. Write the label numbers themselves as a grey image of 16 bits.',
    );
  }
  if (own === null || own.length === 0) return { labels: own ? 0 : FEW_LABELS + 1, parts: 0 };
  const [value] = own;
  if (own.length === 1) {
    if (values?.length === 1) refuseOneValue(`every pixel is ${show(value)}, so that there is no background`);
    if (WHITE.has(value)) refuseOneValue(`all its cells have the value ${show(value)}, which stands for white`);
  }
  const parts = own.map((label) => countParts(labels, { width, height }, label));
  const most = Math.min(...parts);
  if (own.length === 1 && most >= MANY_PARTS) {
    refuseOneValue(`all its cells have the value ${show(value)}, in ${most.toLocaleString('en')} separate parts`);
  }
  if (most >= 2 * MANY_PARTS) {
    throw new ImageProblem(
      'label-image-classes',
      `it has only the labels ${own.map(show).join(', ')}, each in ${most.toLocaleString('en')} or more separate parts: they look like classes, not cells. Give each cell its own number, for example with skimage.measure.label.`,
    );
  }
  return { labels: own.length, parts: own.length === 1 ? most : 0 };
}

const show = (value: number): string => value.toLocaleString('en');

function refuseNegative(labels: Labels): void {
  if (!(labels instanceof Int8Array || labels instanceof Int16Array || labels instanceof Int32Array)) return;
  let lowest = 0;
  for (let p = 0; p < labels.length; p++) if (labels[p] < lowest) lowest = labels[p];
  if (lowest < 0) {
    throw new ImageProblem(
      'label-image-negative',
      `it has the label ${lowest}; background is 0 and labels are positive. Write them as unsigned numbers.`,
    );
  }
}

function refuseFull(labels: Labels, own: readonly number[] | null): void {
  if (!labels.includes(255)) return;
  throw new ImageProblem(
    'label-image-8-bit',
    own?.length === 1
      ? 'it is a black and white mask of 8 bits, not a label image. Give each cell its own number, in 16 bits.'
      : 'it has 8 bits and labels up to 255, so labels above 255 may have been cut off. Write 16-bit labels (astype(np.uint16)).',
  );
}

function refuseOneValue(what: string): never {
  throw new ImageProblem(
    'label-image-one-value',
    `${what}: it is a black and white mask, not a label image. Give each cell its own number, for example with skimage.measure.label.`,
  );
}

/** Return the different values in pixel order, or null if there are more than `FEW_LABELS` labels. */
function fewValues(labels: Labels): number[] | null {
  const values: number[] = [];
  let before = -1;
  let found = 0;
  for (let p = 0; p < labels.length; p++) {
    const value = labels[p];
    if (value === before) continue;
    before = value;
    if (values.includes(value)) continue;
    if (value !== 0 && ++found > FEW_LABELS) return null;
    values.push(value);
  }
  return values;
}

/**
 * Count the separate parts of a label (pixels that touch at a corner belong together) that are large enough to be
 * cells. Union-find over two rows: memory for one row and one number per part.
 */
function countParts(labels: Labels, { width, height }: Size, label: number): number {
  let parent = new Uint32Array(1024);
  let area = new Uint32Array(1024);
  let parts = 0;
  const root = (part: number): number => {
    let at = part;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  const unite = (a: number, b: number): void => {
    const [low, high] = a < b ? [a, b] : [b, a];
    if (low === high) return;
    parent[high] = low;
    area[low] += area[high];
    area[high] = 0;
  };
  // part numbers start at 1, 0 is none; one extra column on either side
  let above = new Uint32Array(width + 2);
  let row = new Uint32Array(width + 2);
  for (let y = 0; y < height; y++) {
    for (let x = 1; x <= width; x++) {
      if (labels[y * width + x - 1] !== label) {
        row[x] = 0;
        continue;
      }
      let part = 0;
      for (const near of [row[x - 1], above[x - 1], above[x], above[x + 1]]) {
        if (near === 0) continue;
        if (part !== 0) unite(root(part), root(near));
        part = near;
      }
      if (part === 0) {
        part = ++parts;
        if (part === parent.length) {
          const [parents, areas] = [new Uint32Array(2 * part), new Uint32Array(2 * part)];
          parents.set(parent);
          areas.set(area);
          parent = parents;
          area = areas;
        }
        parent[part] = part;
      }
      part = root(part);
      area[part]++;
      row[x] = part;
    }
    [above, row] = [row, above];
  }
  let largest = 0;
  for (let part = 1; part <= parts; part++) if (area[part] > largest) largest = area[part];
  let cells = 0;
  for (let part = 1; part <= parts; part++) if (area[part] > 0 && area[part] >= largest * SHARE_OF_LARGEST) cells++;
  return cells;
}
