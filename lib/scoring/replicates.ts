/**
 * The numbers of every replicate (see `jackknife.ts`), slice by slice, and the results for the whole evaluation:
 * fields' own numbers, the mean over cell types, intervals.
 */

import { sliceOf } from '../coco/accumulate.ts';
import type { Dataset } from '../coco/dataset.ts';
import type { Evaluating } from '../coco/match.ts';
import { PROTOCOLS } from '../coco/protocol.ts';
import { accumulateReplicates } from '../coco/replicates.ts';
import type { Fields } from './fields.ts';
import { replicateWeights } from './jackknife.ts';

/** AP and AFNR; null without countable ground truth. */
export interface Headline {
  AP: number | null;
  AFNR: number | null;
}

/** One slice without each field, and each field by itself. Shapes: [units]. */
export interface SliceReplicates {
  without: Headline[];
  /** null for fields that were not asked for */
  own: (Headline | null)[];
}

/** Count the objects of each image that are missed unless found: all but crowd regions. */
export function countObjects({ images, objects, objectStart }: Dataset): Uint32Array {
  const { max } = PROTOCOLS['livecell-paper'].areaRanges[0];
  return Uint32Array.from(images.ids, (_, i) => {
    let count = 0;
    for (let g = objectStart[i]; g < objectStart[i + 1]; g++) if (!objects.crowd[g] && objects.area[g] <= max) count++;
    return count;
  });
}

/**
 * AP and AFNR of a slice, all sizes, in every replicate, and of some fields by themselves.
 *
 * A replicate that leaves out no image of the slice is the slice's own number, and is computed once for all of them.
 *
 * @param options.maxDets detections per image that take part
 * @param options.own units whose own numbers are wanted; all their images are in the slice
 */
export function replicateSlice(
  { ranking, matches }: Evaluating,
  images: Uint32Array,
  fields: Pick<Fields, 'units' | 'strata' | 'unitOf'>,
  { maxDets, own: ownUnits }: { maxDets: number; own: readonly number[] },
): SliceReplicates {
  const units = fields.units.length;
  const columns = units + 1;
  const unitOf = fields.unitOf.map((unit) => (unit < 0 ? units : unit));
  const inside = [...new Set(Array.from(images, (i) => unitOf[i]))];
  const all = replicateWeights(fields);

  // row 0 is the slice itself; then follow the distinct rows needed
  const rows: Uint8Array[] = [new Uint8Array(columns).fill(1)];
  const rowOf = new Map<string, number>();
  const place = (row: Uint8Array): number => {
    const weights = inside.map((unit) => row[unit]);
    if (weights.every((weight) => weight === weights[0]) && weights[0] > 0) return 0;
    const key = weights.join();
    const at = rowOf.get(key) ?? rows.push(row) - 1;
    rowOf.set(key, at);
    return at;
  };
  const without = fields.units.map((_, unit) => place(all.subarray(unit * columns, (unit + 1) * columns)));
  const own = ownUnits.map((unit) => place(Uint8Array.from({ length: columns }, (_, u) => Number(u === unit))));

  const weights = new Uint8Array(rows.length * columns);
  rows.forEach((row, r) => {
    weights.set(row, r * columns);
  });
  const slice = sliceOf(ranking, images, ranking.start.length - 1);
  const { AP, AFNR } = accumulateReplicates({ matches, ranking, slice }, maxDets, {
    unitOf,
    units: columns,
    replicates: rows.length,
    weights,
  });
  const at = (row: number): Headline => ({ AP: orNull(AP[row]), AFNR: orNull(AFNR[row]) });
  const ownOf = new Map(ownUnits.map((unit, k) => [unit, at(own[k])]));
  return { without: without.map(at), own: fields.units.map((_, unit) => ownOf.get(unit) ?? null) };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
