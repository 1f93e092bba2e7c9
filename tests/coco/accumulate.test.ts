/** From matches to curves: against the reference's arrays, and on cases small enough to do by hand. */
import { beforeAll, describe, expect, test } from 'vitest';
import { accumulate, RECALLS, type Slice, sliceOf } from '#lib/coco/accumulate.ts';
import type { Dataset } from '#lib/coco/dataset.ts';
import { classIndex, THRESHOLDS } from '#lib/coco/match.ts';
import { EVALUATIONS, PROTOCOLS, type ProtocolId, RECALL_THRESHOLDS } from '#lib/coco/protocol.ts';
import type { ReadPredictions } from '#lib/readers/coco/predictions.ts';
import { recallAt } from '#tests/coco/read-line.ts';
import { GOLDEN, readGolden, readText } from '#tests/parity/golden-files.ts';
import { fiveCells, match, pack, perfect, rectangle } from './documents.ts';

interface GoldenArrays {
  /** [T][R][A][M] */
  precision: number[][][][];
  scores: number[][][][];
  /** [T][A][M] */
  recall: number[][][];
}

const PRESETS: [string, ProtocolId][] = [
  ['paper', 'livecell-paper'],
  ['reference', 'livecell-code'],
];

function all(dataset: Dataset): Uint32Array {
  return Uint32Array.from(dataset.images.ids.keys());
}

describe.each(['tiny', 'small'])('the reference’s arrays of golden/%s', (folder) => {
  let dataset: Dataset;
  let predictions: ReadPredictions;
  const golden = readGolden<Record<string, GoldenArrays>>(`${folder}/golden_arrays.json.gz`);

  beforeAll(async () => {
    const file = (name: string): string => readText(`${GOLDEN}/${folder}/${name}.json.gz`);
    ({ dataset, predictions } = await pack(file('gt'), file('dt')));
  });

  describe.each(PRESETS)('%s', (preset, id) => {
    test.each(EVALUATIONS)('precision, recall and scores of %s, every size class and maxDets', (evaluation) => {
      const { precision, recall, scores } = golden[`${preset}/${evaluation}`];
      const { ranking, matches } = match(dataset, predictions, evaluation, [id]);
      const slice = sliceOf(ranking, all(dataset), dataset.images.ids.length);
      const apart: string[] = [];
      PROTOCOLS[id].areaRanges.forEach((range, a) => {
        PROTOCOLS[id].maxDets.forEach((maxDets, m) => {
          const sizeClass = classIndex(matches.classes, range);
          const curve = accumulate({ matches, ranking, slice }, { sizeClass, maxDets }, { scores: true });
          const recalls = recallAt({ matches, ranking, slice }, { sizeClass, maxDets });
          const check = (what: string, ours: number | undefined, theirs: number): void => {
            if (!(Math.abs((ours ?? -1) - theirs) < 1e-12))
              apart.push(`${range.id}, maxDets ${maxDets}, ${what}: ${ours} instead of ${theirs}`);
          };
          for (let t = 0; t < THRESHOLDS; t++) {
            check(`recall [${t}]`, curve.recall?.[t], recall[t][a][m]);
            check(`recallAt [${t}]`, recalls?.[t], recall[t][a][m]);
            for (let r = 0; r < RECALLS; r++) {
              check(`precision [${t}][${r}]`, curve.precision?.[t * RECALLS + r], precision[t][r][a][m]);
              check(`scores [${t}][${r}]`, curve.scores?.[t * RECALLS + r], scores[t][r][a][m]);
            }
          }
        });
      });
      expect(apart.slice(0, 20)).toEqual([]); // the first say enough
    });
  });
});

/** Five cells, and detections that are hits (a cell's index) or misses (null), by falling score. */
async function run(hits: (number | null)[], options: { scores?: number[] } = {}) {
  const groundTruth = fiveCells();
  const perfectOnes = perfect(groundTruth);
  const detections = hits.map((hit, k) => ({
    ...(hit === null
      ? { image_id: 1, segmentation: rectangle(0, 40, 15, 12), bbox: [0, 40, 15, 12] }
      : perfectOnes[hit]),
    score: options.scores?.[k] ?? 0.9 - k / 100,
  }));
  const { dataset, predictions } = await pack(groundTruth, detections);
  const { ranking, matches } = match(dataset, predictions, 'segm', ['livecell-paper']);
  const slice = sliceOf(ranking, all(dataset), 2);
  return { ranking, matches, slice };
}

const ALL_SIZES = 0;

describe('by hand', () => {
  test('precision is the best that is still to come', async () => {
    // true, false, true: precision 1, 1/2, 2/3; recall 1/5, 1/5, 2/5
    const { matches, ranking, slice } = await run([0, null, 1]);
    const { precision, recall, countable } = accumulate(
      { matches, ranking, slice },
      { sizeClass: ALL_SIZES, maxDets: 100 },
    );
    expect(countable).toBe(5);
    expect(recall![0]).toBe(2 / 5);
    for (let r = 0; r < RECALLS; r++) {
      const expected = RECALL_THRESHOLDS[r] <= 0.2 ? 1 : RECALL_THRESHOLDS[r] <= 0.4 ? 2 / 3 : 0;
      expect(precision![r]).toBeCloseTo(expected, 14);
    }
  });

  test('the exact area sums precision over the steps of recall', async () => {
    const { matches, ranking, slice } = await run([0, null, 1]);
    const { area } = accumulate(
      { matches, ranking, slice },
      { sizeClass: ALL_SIZES, maxDets: 100 },
      { exactArea: true },
    );
    for (const value of area!) expect(value).toBeCloseTo((1 + 2 / 3) / 5, 14);
  });

  test('many true positives have an exact area too', async () => {
    // more steps than the first buffer holds: every cell in its own image, 1,500 of them
    const images = Array.from({ length: 1500 }, (_, k) => ({ id: k + 1, file_name: `${k}.tif`, width: 4, height: 4 }));
    const segmentation = rectangle(0, 0, 3, 3);
    const annotations = images.map(({ id }) => ({ id, image_id: id, segmentation }));
    const detections = images.map(({ id }, k) => ({ image_id: id, segmentation, score: 1 - k / 1500 }));
    const { dataset, predictions } = await pack({ images, annotations }, detections);
    const { ranking, matches } = match(dataset, predictions, 'segm', ['livecell-paper']);
    const slice = sliceOf(ranking, all(dataset), 1500);
    const { area } = accumulate(
      { matches, ranking, slice },
      { sizeClass: ALL_SIZES, maxDets: 100 },
      { exactArea: true },
    );
    expect(area![0]).toBeCloseTo(1, 12);
  });

  test('scores say where each recall is reached, and recall 0 is reached by the first detection even if it is false', async () => {
    const { matches, ranking, slice } = await run([null, 0, 1], { scores: [0.8, 0.7, 0.6] });
    const { scores } = accumulate(
      { matches, ranking, slice },
      { sizeClass: ALL_SIZES, maxDets: 100 },
      { scores: true },
    );
    const expected = Array.from(RECALL_THRESHOLDS, (recall) =>
      recall === 0 ? 0.8 : recall <= 0.2 ? 0.7 : recall <= 0.4 ? 0.6 : 0,
    );
    expect([...scores!.subarray(0, RECALLS)]).toEqual(expected);
  });

  test('scores and areas are only there when asked for', async () => {
    const { matches, ranking, slice } = await run([0]);
    const curve = accumulate({ matches, ranking, slice }, { sizeClass: ALL_SIZES, maxDets: 100 });
    expect([curve.scores, curve.area]).toEqual([undefined, undefined]);
  });

  test('maxDets is per image', async () => {
    const { matches, ranking, slice } = await run([0, 1, 3, 4]); // two in each image
    expect(accumulate({ matches, ranking, slice }, { sizeClass: ALL_SIZES, maxDets: 1 }).recall![0]).toBe(2 / 5);
    expect(recallAt({ matches, ranking, slice }, { sizeClass: ALL_SIZES, maxDets: 1 })![0]).toBe(2 / 5);
  });

  test('detections without any true positive have precision 0, not none', async () => {
    const { matches, ranking, slice } = await run([null]);
    const { precision, recall } = accumulate({ matches, ranking, slice }, { sizeClass: ALL_SIZES, maxDets: 100 });
    expect([...precision!].every((p) => p === 0)).toBe(true);
    expect([...recall!].every((r) => r === 0)).toBe(true);
  });

  test('a slice without ground truth that counts has no numbers at all', async () => {
    const { matches, ranking, slice } = await run([0]);
    const LARGE = classIndex(matches.classes, PROTOCOLS['livecell-paper'].areaRanges[3]);
    expect(accumulate({ matches, ranking, slice }, { sizeClass: LARGE, maxDets: 100 })).toEqual({
      countable: 0,
      precision: null,
      recall: null,
    });
    expect(recallAt({ matches, ranking, slice }, { sizeClass: LARGE, maxDets: 100 })).toBeNull();
  });

  test('a recall that is reached exactly counts as reached', async () => {
    // 1 of 5 is recall 0.2, which is threshold 20 exactly
    const { matches, ranking, slice } = await run([0]);
    const { precision } = accumulate({ matches, ranking, slice }, { sizeClass: ALL_SIZES, maxDets: 100 });
    expect(precision![20]).toBeCloseTo(1, 14);
    expect(precision![21]).toBe(0);
  });
});

describe('slices', () => {
  test('a slice holds its images’ entries in ranking order', async () => {
    const { ranking } = await run([3, 0, 4, null, 1]);
    const second: Slice = sliceOf(ranking, Uint32Array.of(1), 2);
    expect([...second.order].map((e) => ranking.score[e])).toEqual([0.9, 0.88]);
    const both = sliceOf(ranking, Uint32Array.of(0, 1), 2);
    expect([...both.order]).toEqual([...ranking.order]);
  });

  test('an image of weight 0 is as good as absent', async () => {
    const { matches, ranking, slice } = await run([3, 0, null, 4]);
    const options = { exactArea: true, scores: true };
    const weighted = accumulate(
      { matches, ranking, slice, weights: [0, 1] },
      { sizeClass: ALL_SIZES, maxDets: 100 },
      options,
    );
    const alone = accumulate(
      { matches, ranking, slice: sliceOf(ranking, Uint32Array.of(1), 2) },
      { sizeClass: ALL_SIZES, maxDets: 100 },
      options,
    );
    expect(weighted).toEqual(alone);
  });
});
