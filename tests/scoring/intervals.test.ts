/** Resampling: what is done for many draws at once is what weights do to one curve. */
import { expect, test } from 'vitest';
import { accumulate, sliceOf } from '#lib/coco/accumulate.ts';
import { type Draws, resample } from '#lib/scoring/intervals.ts';
import { randomCase, sizes } from '#tests/coco/random-fates.ts';
import { Random } from '#tests/parity/random-case.ts';
import fc from '#tests/properties.ts';

test('AP and AFNR of a draw are those of the images weighted as drawn', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 40 }), (of, count) => {
      const { ranking, matches, images, maxDets } = randomCase(of);
      const r = new Random(of.seed);
      const all = ranking.start.length - 1;
      const blocks = r.whole(1, all);
      const draws: Draws = {
        draws: count,
        blocks,
        blockOf: Uint16Array.from({ length: all }, () => r.whole(0, blocks - 1)),
        counts: Uint8Array.from({ length: count * blocks }, () => r.pick([0, 0, 1, 1, 2, 5])),
      };
      const slice = sliceOf(ranking, Uint32Array.from(images), all);
      const from = r.whole(0, count - 1);
      const { AP, AFNR } = resample(matches, ranking, slice, maxDets, draws, from, count);
      expect([AP.length, AFNR.length]).toEqual([count - from, count - from]);
      for (let draw = from; draw < count; draw++) {
        const weights = Array.from(draws.blockOf, (block) => draws.counts[draw * blocks + block]);
        // none is cut off where nothing ranks them
        const most = of.unscored ? Number.POSITIVE_INFINITY : maxDets;
        const { precision, recall } = accumulate({ matches, ranking, slice, weights }, { sizeClass: 0, maxDets: most });
        if (!precision || !recall) {
          expect([AP[draw - from], AFNR[draw - from]]).toEqual([Number.NaN, Number.NaN]);
          continue;
        }
        expect(AP[draw - from]).toBeCloseTo(mean(precision), 12);
        expect(AFNR[draw - from]).toBeCloseTo(1 - mean(recall), 12);
      }
    }),
  );
});

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
