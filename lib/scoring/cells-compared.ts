/**
 * Cells × entries: which of several entries found each object, from their stored outcomes. An object is found if a
 * detection at or above the entry's own score threshold matches it at IoU 0.5.
 *
 * Agreement is measured as error consistency: Cohen's κ of finding and missing (Geirhos et al. 2020, “Beyond accuracy”).
 * 0: the errors of two entries fall together as often as chance would have it; 1: they find the same cells.
 */
import { NOT_COUNTED } from './error-kinds.ts';
import type { Outcomes } from './outcomes.ts';

export interface CellsCompared {
  /** objects that count */
  objects: number;
  /** by pattern: bit k is set if entry k found the object. [2^entries] */
  patterns: number[];
}

/** The part of an entry's outcomes that this needs. */
type Cells = Pick<Outcomes, 'groundTruth' | 'objectKind' | 'objectStart'>;

/** Count the patterns on some images. @throws RangeError if the entries are not of the same ground truth */
export function compareCells(entries: readonly Cells[], images: Iterable<number>): CellsCompared {
  const [{ groundTruth, objectStart }] = entries;
  if (entries.some((entry) => entry.groundTruth !== groundTruth || entry.objectStart.length !== objectStart.length))
    throw new RangeError('The entries were scored against different ground truth.');
  const patterns = new Array<number>(2 ** entries.length).fill(0);
  let objects = 0;
  for (const i of images)
    for (let g = objectStart[i]; g < objectStart[i + 1]; g++) {
      const pattern = patternOf(entries, g);
      if (pattern < 0) continue;
      objects++;
      patterns[pattern]++;
    }
  return { objects, patterns };
}

/** Return which entries found an object, a bit each; -1 if it does not count. */
export function patternOf(entries: readonly Pick<Cells, 'objectKind'>[], object: number): number {
  let pattern = 0;
  for (let k = 0; k < entries.length; k++) {
    const kind = entries[k].objectKind[object];
    if (kind === NOT_COUNTED) return -1;
    if (kind === 0) pattern |= 1 << k;
  }
  return pattern;
}

/** Return κ of two of the entries; null where chance alone would always agree. */
export function errorConsistency({ objects, patterns }: CellsCompared, first: number, second: number): number | null {
  if (objects === 0) return null;
  let [same, byFirst, bySecond] = [0, 0, 0];
  patterns.forEach((count, pattern) => {
    const [a, b] = [(pattern >> first) & 1, (pattern >> second) & 1];
    if (a === b) same += count;
    byFirst += a * count;
    bySecond += b * count;
  });
  const [p, q] = [byFirst / objects, bySecond / objects];
  const expected = p * q + (1 - p) * (1 - q);
  return expected === 1 ? null : (same / objects - expected) / (1 - expected);
}
