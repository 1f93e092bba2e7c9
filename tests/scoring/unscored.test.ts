/** Entries without scores: label images (PROTOCOL, "Predictions without scores"). */
import { expect, test } from 'vitest';
import { sliceOf } from '#lib/coco/accumulate.ts';
import { matchImage } from '#lib/coco/match.ts';
import { RECALL_THRESHOLDS } from '#lib/coco/protocol.ts';
import { accumulateReplicates } from '#lib/coco/replicates.ts';
import { evaluationsOf } from '#lib/scoring/evaluate.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import fc from '#tests/properties.ts';
import { prepareAll, score } from '#tests/scoring/score.ts';
import { type Detection, fiveCells, pack, rectangle } from '../coco/documents.ts';

const PAPER = ['livecell-paper'] as const;

/** Some cells found well, some badly, and some that are none, all with one score. */
const guesses: Detection[] = [
  [1, 5, 5, 15, 12],
  [1, 31, 5, 15, 12],
  [1, 55, 7, 15, 12],
  [1, 30, 30, 20, 20],
  [2, 5, 30, 15, 12],
  [2, 60, 5, 10, 10],
].map(([image_id, x, y, width, height]) => ({
  image_id,
  score: 1,
  segmentation: rectangle(x, y, width, height),
}));

async function scored(detections: Detection[], unscored = true) {
  const { dataset, predictions } = await pack(fiveCells(), detections);
  return { dataset, predictions: { ...predictions, unscored } };
}

test('AP is one precision, read where recall reaches it: P × the share of recall points up to R', async () => {
  const { dataset, predictions } = await scored(guesses);
  const [{ segm }] = await score(dataset, predictions, PAPER);
  const { overall } = segm!;
  // at IoU 0.5 four of six are right, of five cells
  const reached = RECALL_THRESHOLDS.filter((recall) => recall <= 4 / 5).length;
  expect(overall.AP50).toBeCloseTo(((4 / 6) * reached) / 101, 12);
  expect(overall.exactAP).toBeLessThan(overall.AP50!);
  expect(overall.jaccardPerIou[0]).toBeCloseTo(4 / 7, 12);
  expect(overall.f1PerIou[0]).toBeCloseTo(8 / 11, 12);
  expect(overall.scoreThreshold).toBeNull();
});

test('no number depends on the order of the detections, which AP with equal scores does', async () => {
  const numbers = async (detections: Detection[], unscored: boolean) => {
    const { dataset, predictions } = await scored(detections, unscored);
    return await score(dataset, predictions, PAPER);
  };
  const there = await numbers(guesses, true);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(guesses, { minLength: guesses.length }), async (shuffled) => {
      expect(await numbers(shuffled, true)).toEqual(there);
    }),
    { numRuns: 30 },
  );
  const [forward] = await numbers(guesses, false);
  const [backward] = await numbers([...guesses].reverse(), false);
  expect(forward.segm!.overall.AP).not.toBe(backward.segm!.overall.AP);
});

test('sizes and types are read in the same way', async () => {
  const { dataset, predictions } = await scored(guesses);
  const [{ segm, bbox }] = await score(dataset, predictions, PAPER);
  for (const { overall, cellTypes } of [segm!, bbox]) {
    expect(overall.APs).toBe(overall.AP); // every cell has 180 pixels
    expect(overall.APl).toBeNull();
    // one of two right, one of two cells found
    expect(cellTypes.BV2!.AP).toBeCloseTo((0.5 * 51) / 101, 12);
  }
});

test('the best 100 of an image are not known, all of them are', async () => {
  const few = await scored(guesses);
  const recall = expect.closeTo((10 + 8 + 5 + 10) / 50, 12); // thresholds that the four good ones reach, of five cells
  expect((await score(few.dataset, few.predictions, ['coco']))[0].segm!.overall.AR).toMatchObject({
    '1': null,
    '10': recall,
    '100': recall,
  });
});

test('no image is cut to maxDets: which detections went would be an accident', async () => {
  const many = Array.from({ length: 150 }, (_, k) => ({ ...guesses[5], segmentation: rectangle(k % 60, 40, 5, 5) }));
  const { dataset, predictions } = await scored([...many, ...guesses]);
  const [coco, paper] = await score(dataset, predictions, ['coco', 'livecell-paper']);
  expect(coco.segm!.overall.detections).toBe(156);
  expect(coco.segm!.overall.AP).toBe(paper.segm!.overall.AP);
});

test('a replicate with every image once, or three times, is the plain number', async () => {
  const { dataset, predictions } = await scored(guesses);
  const [{ segm }] = await score(dataset, predictions, PAPER);
  const [{ ranking, matches }] = prepareAll(dataset, predictions, evaluationsOf(predictions), PAPER);
  for (const i of dataset.images.ids.keys())
    matchImage({ dataset, detections: predictions.detections, ranking, matches }, i);
  const slice = sliceOf(ranking, imageSlices(dataset.images.fileNames).get('overall')!, 2);
  const weights = Uint8Array.of(1, 1, 3, 3);
  const replicates = { unitOf: [0, 1], units: 2, replicates: 2, weights };
  const { AP, AFNR } = accumulateReplicates({ matches, ranking, slice }, 1, replicates);
  expect(AP[0]).toBeCloseTo(segm!.overall.AP!, 12);
  expect(AP[1]).toBeCloseTo(segm!.overall.AP!, 12);
  expect(AFNR[0]).toBeCloseTo(segm!.overall.AFNR!, 12);
});
