/** Resampling with replacement (Efron 1979), within strata, and what is read from the draws. */
import { seededRandom, seedFor } from './random.ts';

/**
 * How often each unit is drawn: in every draw, each stratum of n units is drawn from n times, with replacement.
 *
 * A stratum's draws depend only on its name, its size and the seed: leaving other strata out does not change them.
 *
 * @param strata units 0 … n - 1, grouped; the groups' names seed their draws
 * @returns [draws × units] counts
 */
export function drawUnits(strata: ReadonlyMap<string, readonly number[]>, draws: number, seed: number): Uint8Array {
  let units = 0;
  for (const members of strata.values()) units += members.length;
  const counts = new Uint8Array(draws * units);
  for (const [name, members] of strata) {
    const random = seededRandom(seedFor(name, seed));
    for (let draw = 0; draw < draws; draw++) {
      for (let k = 0; k < members.length; k++) {
        const unit = members[Math.floor(random() * members.length)];
        counts[draw * units + unit]++; // 255 of one unit in one draw: of two units, once in 2^250
      }
    }
  }
  return counts;
}

/**
 * The percentile of some numbers by linear interpolation between order statistics (numpy's default, R-7).
 *
 * @param sorted ascending, at least one
 * @param p from 0 to 1
 */
export function percentile(sorted: ArrayLike<number>, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** The central 95 % of some draws, or null when there are none. */
export function interval95(draws: readonly number[] | Float64Array): [number, number] | null {
  if (draws.length === 0) return null;
  const sorted = Float64Array.from(draws).sort();
  return [percentile(sorted, 0.025), percentile(sorted, 0.975)];
}
