/** Rank ranges, tiers and resolution of a view: rules on constructed entries, and properties on random ones. */
import { describe, expect, test } from 'vitest';
import { rankRanges } from '#lib/board/rank-ranges.ts';
import { ranks } from '#lib/board/ranking.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { stratify } from '#lib/scoring/fields.ts';
import { compareReplicated, type Replicated } from '#lib/scoring/jackknife.ts';
import { holm } from '#lib/stats/holm.ts';
import { Random } from '#tests/parity/random-case.ts';
import fc from '#tests/properties.ts';

const units = CELL_TYPES.flatMap((cellType) => [1, 2].map((k) => ({ name: `${cellType}_${k}`, cellType })));
const strata = stratify(units);

/** Entries whose fields differ from one another as said, each in its own way. */
function entries(values: readonly number[], spread: number, seed = 1): Replicated[] {
  const r = new Random(seed);
  return values.map((value) => ({
    value,
    replicates: units.map(() => value + spread * (r.between(0, 1) - 0.5)),
  }));
}

const ofAll = (found: ReturnType<typeof rankRanges>) => found.ranks.map((rank) => [...rank!.range, rank!.tier]);

describe('clear cases', () => {
  test('entries that are far apart have one rank and a tier each', () => {
    expect(ofAll(rankRanges(entries([0.5, 0.3, 0.4], 0.001), strata, 'higher'))).toEqual([
      [1, 1, 1],
      [3, 3, 3],
      [2, 2, 2],
    ]);
    expect(ofAll(rankRanges(entries([0.5, 0.3, 0.4], 0.001), strata, 'lower'))).toEqual([
      [3, 3, 3],
      [1, 1, 1],
      [2, 2, 2],
    ]);
  });

  test('entries that cannot be told apart share all ranks and one tier', () => {
    expect(ofAll(rankRanges(entries([0.5, 0.499, 0.501], 0.2), strata, 'higher'))).toEqual([
      [1, 3, 1],
      [1, 3, 1],
      [1, 3, 1],
    ]);
  });

  test('two that cannot be told apart are ahead of a third', () => {
    expect(ofAll(rankRanges(entries([0.5, 0.1, 0.501], 0.02), strata, 'higher'))).toEqual([
      [1, 2, 1],
      [3, 3, 2],
      [1, 2, 1],
    ]);
  });

  test('equal entries are not told apart, however little fields differ', () => {
    const [one] = entries([0.5], 0.1);
    expect(ofAll(rankRanges([one, one], strata, 'higher'))).toEqual([
      [1, 2, 1],
      [1, 2, 1],
    ]);
  });
});

test('an entry without a number or replicates has no range and does not count among the others', () => {
  const [a, b] = entries([0.5, 0.3], 0.001);
  const found = rankRanges(
    [a, null, b, { value: null, replicates: [] }, { value: 0.4, replicates: [] }],
    strata,
    'higher',
  );
  expect(found.ranks).toEqual([{ range: [1, 1], tier: 1 }, null, { range: [2, 2], tier: 2 }, null, null]);
});

test('a view below five degrees of freedom has neither ranges nor a resolution', () => {
  const few = stratify(units.slice(0, 8));
  const own = entries([0.5, 0.3], 0.001).map(({ value, replicates }) => ({
    value,
    replicates: replicates.slice(0, 8),
  }));
  expect(rankRanges(own, few, 'higher')).toMatchObject({ ranks: [null, null], resolution: null });
});

test('an entry is ahead of another exactly where Holm over its own paired comparisons says so', () => {
  for (const [spread, seed] of [0.02, 0.05, 0.1, 0.2].flatMap((one) => [1, 2, 3].map((two) => [one, two]))) {
    const own = entries([0.5, 0.48, 0.48, 0.44, 0.41, 0.3, 0.29], spread, seed);
    const { isAhead } = rankRanges(own, strata, 'higher');
    own.forEach((_, a) => {
      const others = [...own.keys()].filter((b) => b !== a);
      const found = others.map((b) => compareReplicated(own[a], own[b], strata, 'higher')!);
      const adjusted = holm(found.map(({ p }) => p));
      expect(others.map((b) => isAhead(a, b))).toEqual(
        found.map(({ difference }, k) => adjusted[k] <= 0.05 && difference > 0),
      );
    });
  }
});

test('the resolution is t times the median standard error of the paired differences', () => {
  const own = entries([0.5, 0.4, 0.45], 0.05);
  const errors = [
    [0, 1],
    [0, 2],
    [1, 2],
  ].map(([a, b]) => compareReplicated(own[a], own[b], strata, 'higher')!.standardError);
  const { resolution } = rankRanges(own, strata, 'higher');
  expect(resolution).toBeCloseTo(2.306004135204166 * errors.sort((a, b) => a - b)[1], 12);
  expect(rankRanges(own.slice(0, 1), strata, 'higher').resolution).toBeNull();
});

test('ranges hold the plain rank, are consistent from both sides, and tiers do not overlap in value', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 20, max: 80 }), { minLength: 1, maxLength: 9 }),
      fc.constantFrom(0.001, 0.02, 0.05, 0.2),
      fc.nat(),
      fc.constantFrom<'higher' | 'lower'>('higher', 'lower'),
      (hundredths, spread, seed, better) => {
        const own = entries(
          hundredths.map((value) => value / 100),
          spread,
          seed,
        );
        const found = rankRanges(own, strata, better).ranks.map((rank) => rank!);
        const plain = ranks(own, ({ value }) => value, better);
        found.forEach(({ range: [best, worst], tier }, k) => {
          expect(best).toBeGreaterThanOrEqual(1);
          expect(worst).toBeLessThanOrEqual(own.length);
          expect(best).toBeLessThanOrEqual(plain[k]!);
          expect(worst).toBeGreaterThanOrEqual(plain[k]!);
          expect(tier).toBeGreaterThanOrEqual(1);
        });
        // the better entry is never in a later tier, and tiers are counted without gaps
        const byRank = [...found.keys()].sort((a, b) => plain[a]! - plain[b]!);
        const tiers = byRank.map((k) => found[k].tier);
        expect(tiers).toEqual([...tiers].sort((a, b) => a - b));
        expect(new Set(tiers).size).toBe(Math.max(...tiers));
        // the first of a tier is behind everyone in the tiers before it, by its best possible rank
        byRank.forEach((k, at) => {
          if (at === 0 || found[k].tier === tiers[at - 1]) return;
          const before = byRank.filter((other) => found[other].tier === tiers[at - 1]);
          expect(found[k].range[0]).toBeGreaterThan(Math.max(...before.map((other) => found[other].range[1])));
        });
      },
    ),
  );
});
