/** Curves, operating points and recalls as WebAssembly reads them, against plain lists and loops, on random fates. */
import { expect, test } from 'vitest';
import { accumulate, lineUp, RECALLS, recallWithin, sliceOf } from '#lib/coco/accumulate.ts';
import { ALL_BITS, type Matches, THRESHOLDS } from '#lib/coco/match.ts';
import { RECALL_THRESHOLDS } from '#lib/coco/protocol.ts';
import { rankDetections } from '#tests/coco/rank-detections.ts';
import { operatingPoint, recallAt } from '#tests/coco/read-line.ts';
import fc from '#tests/properties.ts';
import { type Case, CLASSES, randomCase, sizes } from './random-fates.ts';

const EPSILON = 2 ** -52;

/** A detection of the slice; of a size class at each threshold whether it is true and whether it counts. */
interface Plain {
  entry: number;
  score: number;
  isTrue(t: number): boolean;
  counts(t: number): boolean;
}

/** The detections of some images within maxDets, by score, ties by image and place, each as often as its image weighs. */
function listed({ ranking, matches, images, sizeClass, maxDets, weights }: Case): Plain[] {
  return images
    .flatMap((i) => {
      const entries = Array.from({ length: ranking.start[i + 1] - ranking.start[i] }, (_, k) => ranking.start[i] + k);
      return entries
        .slice(0, Math.min(maxDets, entries.length))
        .flatMap((entry) => Array<number>(weights ? weights[i] : 1).fill(entry));
    })
    .sort((a, b) => ranking.score[b] - ranking.score[a] || a - b)
    .map((entry) => {
      const fate = matches.fate[sizeClass * ranking.count + entry];
      const bit = (bits: number, t: number): boolean => ((bits >> t) & 1) === 1;
      return {
        entry,
        score: ranking.score[entry],
        isTrue: (t) => bit(fate, t) && !bit(fate, t + 16),
        counts: (t) => !bit(fate, t + 16),
      };
    });
}

function countableOf({ ranking, matches, images, sizeClass, weights }: Case): number {
  const all = ranking.start.length - 1;
  return images.reduce((sum, i) => sum + matches.countable[sizeClass * all + i] * (weights ? weights[i] : 1), 0);
}

/** pycocotools' accumulate, line by line, for one threshold. */
function plainCurve(detections: Plain[], t: number, present: number, unscored: boolean) {
  let tp = 0;
  let fp = 0;
  const steps = detections.map((detection) => {
    if (detection.isTrue(t)) tp++;
    else if (detection.counts(t)) fp++;
    return { recall: tp / present, precision: tp / (fp + tp + EPSILON), score: detection.score };
  });
  // all stand or fall together: the curve is the last step
  if (unscored && steps.length > 0) steps.splice(0, steps.length, steps.at(-1)!);
  let area = 0;
  for (let k = steps.length - 1; k > 0; k--) {
    steps[k - 1].precision = Math.max(steps[k - 1].precision, steps[k].precision);
  }
  steps.forEach(({ recall, precision }, k) => {
    area += (recall - (k > 0 ? steps[k - 1].recall : 0)) * precision;
  });
  const at = Array.from(RECALL_THRESHOLDS, (recall) => steps.find((step) => step.recall >= recall));
  return {
    recall: tp / present,
    area,
    precision: at.map((step) => step?.precision ?? 0),
    scores: at.map((step) => step?.score ?? 0),
  };
}

test('a curve is what the reference’s loops make of the detections', () => {
  fc.assert(
    fc.property(sizes, (of) => {
      const one = randomCase(of);
      const { ranking, matches, sizeClass, maxDets, weights, absent } = one;
      const slice = sliceOf(ranking, Uint32Array.from(one.images), ranking.start.length - 1);
      const countable = countableOf(one);
      const detections = listed(one);
      const found = Array.from({ length: THRESHOLDS }, (_, t) => detections.filter((d) => d.isTrue(t)).length);
      // what is found is there
      const left = absent?.map((none, t) => (countable - none > found[t] ? none : 0));
      const options = { exactArea: true, scores: true, absent: left };
      const curve = accumulate({ matches, ranking, slice, weights }, { sizeClass, maxDets }, options);
      expect(curve.countable).toBe(countable);
      if (countable === 0) {
        expect(curve).toEqual({ countable: 0, precision: null, recall: null });
        return;
      }
      for (let t = 0; t < THRESHOLDS; t++) {
        const row = <T>(values: ArrayLike<T>): T[] => Array.from(values).slice(t * RECALLS, (t + 1) * RECALLS);
        const plain = plainCurve(detections, t, countable - (left?.[t] ?? 0), of.unscored);
        expect(curve.recall![t]).toBe(plain.recall);
        expect(row(curve.precision!)).toEqual(plain.precision);
        expect(row(curve.scores!)).toEqual(plain.scores);
        expect(Math.abs(curve.area![t] - plain.area)).toBeLessThan(1e-12);
      }
    }),
  );
});

test('the operating point is what counting at every score finds best', () => {
  fc.assert(
    fc.property(sizes, (of) => {
      const one = { ...randomCase(of), sizeClass: 0, weights: undefined };
      const { ranking, matches, images, maxDets } = one;
      const slice = sliceOf(ranking, Uint32Array.from(images), ranking.start.length - 1);
      const point = operatingPoint({ matches, ranking, slice }, maxDets);
      const countable = countableOf(one);
      const detections = listed(one);
      let threshold: number | null = null;
      let best = 0;
      for (const score of new Set(detections.map((detection) => detection.score))) {
        threshold ??= score;
        const taken = detections.filter((detection) => detection.score >= score);
        const tp = taken.filter((detection) => detection.isTrue(0)).length;
        const f1 = (2 * tp) / (taken.filter((detection) => detection.counts(0)).length + countable || 1);
        if (f1 > best) [best, threshold] = [f1, score];
      }
      const tp = new Float64Array(THRESHOLDS);
      const fp = new Float64Array(THRESHOLDS);
      const jaccard = new Float64Array(THRESHOLDS);
      let iouSum = 0;
      let above = 0;
      let present = 0;
      for (const i of images) {
        const own = listed({ ...one, images: [i] }).filter(({ score }) => score >= threshold!);
        const objects = matches.countable[i];
        let any = objects > 0;
        for (let t = 0; t < THRESHOLDS; t++) {
          const counting = own.filter((detection) => detection.counts(t)).length;
          const hits = own.filter((detection) => detection.isTrue(t)).length;
          any ||= counting > 0;
          tp[t] += hits;
          fp[t] += counting - hits;
          if (counting - hits + objects > 0) jaccard[t] += hits / (counting - hits + objects);
        }
        if (any) present++;
        for (const { entry } of own.filter((detection) => detection.isTrue(0) && matches.iou[detection.entry] > 0.5)) {
          iouSum += matches.iou[entry];
          above++;
        }
      }
      const meanImageJaccard = present > 0 ? jaccard.map((sum) => sum / present) : null;
      expect(point).toEqual({ scoreThreshold: threshold, countable, tp, fp, iouSum, above, meanImageJaccard });
    }),
  );
});

test('of equally good scores the highest is the threshold', () => {
  // two objects, found first and last: F1 is 2 / 3 with one detection, and 4 / 6 with all four
  const ranking = rankDetections(new Int32Array(4), Float64Array.of(0.9, 0.8, 0.7, 0.6), 1, []);
  const matches: Matches = {
    evaluation: 'segm',
    classes: CLASSES.slice(0, 1),
    fate: Int32Array.of(ALL_BITS, 0, 0, ALL_BITS),
    countable: Uint32Array.of(2),
    iou: Float64Array.of(1, 0, 0, 1),
    object: new Int32Array(4),
    found: new Uint16Array(0),
  };
  const { scoreThreshold } = operatingPoint({ matches, ranking, slice: sliceOf(ranking, Uint32Array.of(0), 1) }, 100);
  expect(scoreThreshold).toBe(0.9);
});

test('recall at maxDets counts the best of each image', () => {
  fc.assert(
    fc.property(sizes, (of) => {
      const one = { ...randomCase(of), weights: undefined };
      const { ranking, matches, images, sizeClass, maxDets } = one;
      const countable = countableOf(one);
      const detections = listed(one);
      const recall = Array.from(
        { length: THRESHOLDS },
        (_, t) => detections.filter((detection) => detection.isTrue(t)).length / countable,
      );
      const slice = sliceOf(ranking, Uint32Array.from(images), ranking.start.length - 1);
      const all = [{ sizeClass, maxDets: Number.POSITIVE_INFINITY }];
      const ours = [
        recallAt({ matches, ranking, slice }, { sizeClass, maxDets }),
        ...lineUp({ matches, ranking, slice }, all, (line) => recallWithin(line, maxDets)),
      ];
      for (const values of ours) expect(values && [...values]).toEqual(countable === 0 ? null : recall);
    }),
  );
});
