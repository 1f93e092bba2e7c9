/** How far the variants of a number lie apart for the same masks. */
import type { Families } from '#lib/scoring/uncertainty-schema.ts';

/** One number of an entry under both flattened truths. */
export interface VariantSpread {
  number: string;
  entries: number;
  /** median and largest difference between the truths, as fractions */
  median: number;
  largest: number;
}

const NUMBERS: readonly [name: string, of: (family: Families['flat-large']) => number | null][] = [
  ['“AP” of Cellpose at IoU 0.50', (family) => family.cellposeAp[0]],
  ['mSA', ({ msa }) => msa],
  ['F1 at IoU 0.50, pooled', (family) => family.f1Pooled[0]],
  ['PQ', ({ pq }) => pq],
  ['SEG', ({ seg }) => seg],
  ['AJI', ({ aji }) => aji],
];

/** Return, for each number, how far `flat-large` and `flat-cellpose` lie apart; numbers that no entry has are left out. */
export function spreadOf(families: readonly Families[]): VariantSpread[] {
  return NUMBERS.flatMap(([number, of]) => {
    const apart = families
      .flatMap((entry) => {
        const [large, cellpose] = [of(entry['flat-large']), of(entry['flat-cellpose'])];
        return large === null || cellpose === null ? [] : [Math.abs(large - cellpose)];
      })
      .sort((a, b) => a - b);
    if (apart.length === 0) return [];
    return [{ number, entries: apart.length, median: apart[apart.length >> 1], largest: apart.at(-1)! }];
  });
}
