/**
 * The ranks that an entry could have on other fields of view: rank ranges, tiers and the resolution of a view
 * (PROTOCOL, "Uncertainty"). Source: Mogstad, Romano, Shaikh, Wilhelm 2024, "Inference for Ranks".
 */
import { degreesOfFreedom, type Strata } from '#lib/scoring/fields.ts';
import { FEWEST_DEGREES_OF_FREEDOM, type Replicated, studentFor } from '#lib/scoring/jackknife.ts';
import { tQuantile } from '#lib/stats/student-t.ts';
import type { Column } from '#lib/tasks/columns.ts';
import type { Rankable } from './ranking.ts';
import { type FieldReplicates, strataFrom } from './values.ts';
import { verdictOn } from './verdict.ts';

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
  /** whether the comparisons of entry `a` say that it is better than entry `b` */
  isAhead(a: number, b: number): boolean;
}

/** An entry's comparisons with all others are significant up to this adjusted p. */
const ALPHA = 0.05;

/** What can be told of the entries of a view. */
export interface Comparison {
  /** the smallest difference in the ranking column that the view can resolve; null for fewer than two entries */
  resolution: number | null;
  /** who leads, and whether the lead is real; null for fewer than two entries */
  verdict: string | null;
  /** fields of view behind it */
  fields: number;
}

/** A row of a board with its replicates in the ranking column. */
interface ReplicatedRow {
  row: Rankable;
  replicates: FieldReplicates | null;
}

/**
 * Compute the rank ranges of a board's rows, of entries with scores and of label images by themselves, as they rank.
 * Only replicates of the same fields are compared; an entry with other fields, from an older version of the ground truth,
 * leaves its group without ranges.
 */
export function rangesOf(
  rows: readonly ReplicatedRow[],
  column: Column,
): {
  ranks: Map<string, RankRange>;
  /** of the entries with scores */
  comparison: Comparison | null;
} {
  const ranks = new Map<string, RankRange>();
  let comparison: Comparison | null = null;
  for (const unscored of [false, true]) {
    const peers = rows.filter(({ row }) => row.unscored === unscored && typeof row.values[column.key] === 'number');
    const fields = peers[0]?.replicates;
    if (!fields || !peers.every(({ replicates }) => replicates?.fields === fields.fields)) continue;
    const found = rankRanges(
      peers.map(({ row, replicates }) => ({ value: row.values[column.key] ?? null, replicates: replicates!.numbers })),
      strataFrom(fields.strata),
      column.better,
    );
    peers.forEach(({ row }, e) => {
      const rank = found.ranks[e];
      if (rank) ranks.set(row.id, rank);
    });
    if (!unscored) {
      const named = peers.map(({ row }) => ({ name: row.method, value: row.values[column.key] as number }));
      comparison = {
        resolution: found.resolution,
        verdict: verdictOn(named, found.isAhead, column.better),
        fields: fields.strata.length,
      };
    }
  }
  return { ranks, comparison };
}

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
  const none: RankRanges = { ranks: entries.map(() => null), resolution: null, isAhead: () => false };
  const df = degreesOfFreedom(strata);
  if (df < FEWEST_DEGREES_OF_FREEDOM) return none;
  const present = [...entries.keys()].filter((e) => isComplete(entries[e], strata));
  const m = present.length;
  const sign = better === 'higher' ? 1 : -1;
  const values = Float64Array.from(present, (e) => sign * entries[e]!.value!);
  const { errors, t } = comparePairs(
    present.map((e) => entries[e]!),
    strata,
  );
  // [entries × entries] what each entry's own comparisons say: 1 it is better, -1 it is worse, 0 not told apart
  const verdicts = new Int8Array(m * m);
  const ranges = present.map((_, a): [number, number] => {
    const least = smallestSignificant(t.subarray(a * m, (a + 1) * m), a, df);
    let [worse, ahead] = [0, 0];
    for (let b = 0; b < m; b++) {
      if (b === a || !(t[a * m + b] >= least)) continue;
      const won = values[a] > values[b];
      verdicts[a * m + b] = won ? 1 : -1;
      if (won) worse++;
      else ahead++;
    }
    return [1 + ahead, m - worse];
  });
  const tiers = tiersOf(values, ranges);
  const ranks: RankRanges['ranks'] = entries.map(() => null);
  const places = new Map(present.map((e, k) => [e, k]));
  for (const [e, k] of places) ranks[e] = { range: ranges[k], tier: tiers[k] };
  return {
    ranks,
    resolution: errors.length > 0 ? studentFor(df) * median(errors) : null,
    isAhead(a, b) {
      const [first, second] = [places.get(a), places.get(b)];
      return first !== undefined && second !== undefined && verdicts[first * m + second] > 0;
    },
  };
}

/**
 * Compute Student's t of every pair of entries without its sign, as `compareReplicated` does for one pair. A thousand
 * entries are half a million pairs, so nothing is allocated for a pair.
 *
 * @returns t [entries × entries], symmetric, 0 for equal numbers; errors [pairs], the standard errors
 */
function comparePairs(entries: readonly Replicated[], { of, sizes }: Strata) {
  const m = entries.length;
  const units = of.length;
  // [entries × units] how far each field moves a number, in units of its standard error
  const moved = new Float64Array(m * units);
  entries.forEach(({ value, replicates }, e) => {
    for (let unit = 0; unit < units; unit++) {
      const n = sizes[of[unit]];
      moved[e * units + unit] = Math.sqrt((n - 1) / n) * (replicates[unit]! - value!);
    }
  });
  const t = new Float64Array(m * m);
  const errors = new Float64Array((m * (m - 1)) / 2);
  let pair = 0;
  for (let a = 0; a < m; a++) {
    for (let b = a + 1; b < m; b++) {
      let variance = 0;
      for (let unit = 0; unit < units; unit++) variance += (moved[a * units + unit] - moved[b * units + unit]) ** 2;
      const error = Math.sqrt(variance);
      const difference = Math.abs(entries[a].value! - entries[b].value!);
      errors[pair++] = error;
      t[a * m + b] = t[b * m + a] = difference === 0 ? 0 : difference / error; // infinite if all fields agree
    }
  }
  return { t, errors };
}

/**
 * Return the smallest t that Holm's procedure calls significant among one entry's comparisons; NaN if there is none.
 *
 * Step k of m asks for p ≤ α / (m - k), that is t at or above the quantile for it, until a step fails.
 *
 * @param t of the entry with all entries, itself (at `own`) included
 */
function smallestSignificant(t: Float64Array, own: number, df: number): number {
  const sorted = Float64Array.from([...t.subarray(0, own), ...t.subarray(own + 1)]).sort();
  let least = Number.NaN;
  for (let left = sorted.length; left > 0; left--) {
    if (!(sorted[left - 1] >= criticalT(left, df))) break;
    least = sorted[left - 1];
  }
  return least;
}

const critical = new Map<number, number[]>();

/** Return the t at which a two-sided p is α divided by a number of comparisons. */
function criticalT(comparisons: number, df: number): number {
  const known = critical.get(df) ?? [];
  critical.set(df, known);
  known[comparisons] ??= tQuantile(1 - ALPHA / (2 * comparisons), df);
  return known[comparisons];
}

/**
 * Assign tiers: in order of value, a tier ends when the next entry's best possible rank is after the worst possible
 * rank of every entry in the tier so far.
 *
 * @param values the higher the better
 */
function tiersOf(values: ArrayLike<number>, ranges: readonly (readonly [number, number])[]): number[] {
  const byValue = [...ranges.keys()].sort((a, b) => values[b] - values[a]);
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

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
