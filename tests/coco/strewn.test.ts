/**
 * Masks strewn over the image, and more detections than anybody counts: legal, useless, and once three minutes of work
 * for a single image.
 */
import { expect, test } from 'vitest';
import { matchedIn, matchImage } from '#lib/coco/match.ts';
import { appendIntervals, IntervalBuffer, intersection } from '#lib/coco/rle.ts';
import { evaluationsOf } from '#lib/scoring/evaluate.ts';
import fc from '#tests/properties.ts';
import { prepareAll } from '#tests/scoring/score.ts';
import { fiveCells, pack, rectangle } from './documents.ts';

test('long lists of runs share the pixels that they share, whichever is longer', () => {
  const runs = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(runs, runs, fc.nat(700), fc.nat(700), (one, other, oneAt, otherAt) => {
      const masks = new IntervalBuffer();
      const pixels = [one, other].map((counts, k) => {
        const from = masks.length;
        const shifted = [counts[0] + (k === 0 ? oneAt : otherAt), ...counts.slice(1)];
        appendIntervals(shifted, shifted.length & ~1, masks);
        const set = new Set<number>();
        for (let n = from; n < masks.length; n += 2) for (let p = masks.data[n]; p < masks.data[n + 1]; p++) set.add(p);
        return { from, to: masks.length, set };
      });
      const [a, b] = pixels;
      const shared = [...a.set].filter((p) => b.set.has(p)).length;
      expect(intersection({ data: masks.data, ...a }, { data: masks.data, ...b })).toBe(shared);
      expect(intersection({ data: masks.data, ...b }, { data: masks.data, ...a })).toBe(shared);
    }),
  );
});

test('only the best 3,000 of an image are matched: no protocol looks further', async () => {
  const cell = fiveCells().annotations[0];
  const detections = Array.from({ length: 3_001 }, (_, k) => ({
    image_id: 1,
    score: 1 - k / 5_000,
    segmentation: k < 3_000 ? rectangle(60, 40, 3, 3) : cell.segmentation,
  }));
  const { dataset, predictions } = await pack(fiveCells(), detections);
  const matched = (unscored: boolean) => {
    const [{ ranking, matches }] = prepareAll(dataset, { ...predictions, unscored }, evaluationsOf(predictions), [
      'coco',
    ]);
    matchImage({ dataset, detections: predictions.detections, ranking, matches }, 0);
    return matchedIn(matches.fate[ranking.start[1] - 1]);
  };
  expect(matched(false)).toBe(0);
  // without scores none is better than another
  expect(matched(true)).not.toBe(0);
});
