/**
 * The ranks that an entry could have on other fields of view: rank ranges, tiers and the resolution of a view
 * (PROTOCOL, "Uncertainty"). Source: Mogstad, Romano, Shaikh, Wilhelm 2024, "Inference for Ranks".
 */
import { degreesOfFreedom, type Strata } from '#lib/scoring/fields.ts';
import {
  compareReplicated,
  type Difference,
  FEWEST_DEGREES_OF_FREEDOM,
  type Replicated,
  studentFor,
} from '#lib/scoring/jackknife.ts';
import { holm } from '#lib/stats/holm.ts';

/** Rank range of one entry in a view. */
interface RankRange {
  range: [best: number, worst: number];
  /** 1 for the entries that may be the best, then ascending */
  tier: number;
}

interface RankRanges {
  /** by entry; null if an entry has no number or no replicates, or if there are too few fields */
  ranks: (RankRange | null)[];
  /** the smallest difference that this view can resolve; null for fewer than two entries */
  resolution: number | null;
}

/** An entry's comparisons with all others are significant up to this adjusted p. */
const ALPHA = 0.05;

/**
 * Compute rank ranges and tiers of the entries of a view.
 *
 * An entry's best rank is 1 + the number of entries significantly better than it, its worst rank the number of entries
 * minus those significantly worse; p by Holm over its comparisons with all others. O(entries² × fields).
 *
 * @param entries each with its number without each field
 */
export function rankRanges(
  entries: readonly (Replicated | null)[],
  strata: Strata,
  better: 'higher' | 'lower',
): RankRanges {
  const none: RankRanges = { ranks: entries.map(() => null), resolution: null };
  const df = degreesOfFreedom(strata);
  if (df < FEWEST_DEGREES_OF_FREEDOM) return none;
  const present = [...entries.keys()].filter((e) => isComplete(entries[e], strata));
  const m = present.length;
  const compared = present.map((): Difference[] => []);
  const errors: number[] = [];
  for (let a = 0; a < m; a++) {
    for (let b = a + 1; b < m; b++) {
      const found = compareReplicated(entries[present[a]]!, entries[present[b]]!, strata, better)!;
      compared[a].push(found);
      compared[b].push({ ...found, difference: -found.difference });
      errors.push(found.standardError);
    }
  }
  const sign = better === 'higher' ? 1 : -1;
  const ranges = compared.map((own): [number, number] => {
    const adjusted = holm(own.map(({ p }) => p));
    const beats = own.map(({ difference }, k) => (adjusted[k] <= ALPHA ? sign * Math.sign(difference) : 0));
    return [1 + beats.filter((won) => won < 0).length, m - beats.filter((won) => won > 0).length];
  });
  const tiers = tiersOf(
    present.map((e) => sign * entries[e]!.value!),
    ranges,
  );
  present.forEach((e, k) => {
    none.ranks[e] = { range: ranges[k], tier: tiers[k] };
  });
  return { ranks: none.ranks, resolution: errors.length > 0 ? studentFor(df) * median(errors) : null };
}

/**
 * Assign tiers: in order of value, a tier ends when the next entry's best possible rank is after the worst possible
 * rank of every entry in the tier so far.
 *
 * @param values the higher the better
 */
function tiersOf(values: readonly number[], ranges: readonly (readonly [number, number])[]): number[] {
  const byValue = [...values.keys()].sort((a, b) => values[b] - values[a]);
  const tiers = new Array<number>(values.length);
  let tier = 0;
  let worst = 0;
  for (const e of byValue) {
    if (ranges[e][0] > worst) {
      tier++;
      worst = 0;
    }
    worst = Math.max(worst, ranges[e][1]);
    tiers[e] = tier;
  }
  return tiers;
}

function isComplete(entry: Replicated | null, { of }: Strata): entry is Replicated {
  const isNumber = (value: number | null) => typeof value === 'number' && !Number.isNaN(value);
  return (
    entry !== null && isNumber(entry.value) && entry.replicates.length === of.length && entry.replicates.every(isNumber)
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
