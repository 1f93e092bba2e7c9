/** The numbers of the report on cases that can be worked out by hand. */
import { describe, expect, test } from 'vitest';
import { type Metrics, metricsSchema } from '#lib/coco/metrics.ts';
import { score } from '#tests/scoring/score.ts';
import { type Detection, fiveCells, type GroundTruth, pack, perfect, rectangle } from './documents.ts';

/** Three cells of 20 × 10 pixels in one image, and more images without any detection if wanted. */
function threeCells(others: GroundTruth['images'] = [], more: GroundTruth['annotations'] = []): GroundTruth {
  return {
    images: [{ id: 1, file_name: 'A172_Phase_C7_1_00d00h00m_1.tif', width: 100, height: 100 }, ...others],
    annotations: [
      { id: 1, image_id: 1, area: 200, segmentation: rectangle(10, 10, 20, 10) },
      { id: 2, image_id: 1, area: 200, segmentation: rectangle(10, 40, 20, 10) },
      { id: 3, image_id: 1, area: 200, segmentation: rectangle(10, 70, 20, 10) },
      ...more,
    ],
  };
}

/** A detection at a cell's height, shifted to the right: IoU (20 - s) / (20 + s). */
function shifted(y: number, by: number, score: number): Detection {
  return { image_id: 1, score, segmentation: rectangle(10 + by, y, 20, 10) };
}

/** IoU 1, 0.6, nothing there, 0.818…: true, true, false, true at IoU 0.5. */
const FOUR: Detection[] = [shifted(10, 0, 0.9), shifted(40, 5, 0.8), shifted(55, 60, 0.7), shifted(70, 2, 0.6)];

async function metrics(groundTruth: GroundTruth, detections: Detection[]): Promise<Metrics> {
  const { dataset, predictions } = await pack(groundTruth, detections);
  const [result] = await score(dataset, predictions, ['livecell-paper']);
  return metricsSchema.parse(result.segm!.overall);
}

/** A value per IoU threshold: 0.50 to 0.60, 0.65 to 0.80, 0.85 to 0.95. */
const stepwise = (low: number, middle: number, high: number): number[] => [
  ...Array<number>(3).fill(low),
  ...Array<number>(4).fill(middle),
  ...Array<number>(3).fill(high),
];
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const close = (values: number[]) => values.map((value) => expect.closeTo(value, 12));

const m = await metrics(threeCells(), FOUR);

describe('three cells, of which one is found exactly, one at IoU 0.6, one at 0.818, and one detection of nothing', () => {
  // recall thresholds up to 1/3: 34, from there to 2/3: 33, from there to 1: 34
  const ap = stepwise((34 + 33 + 34 * 0.75) / 101, (34 + 33 * 0.5) / 101, 34 / 101);
  const recall = stepwise(1, 2 / 3, 1 / 3);

  test('AP per IoU, AP50, AP75, AP', () => {
    expect(m.apPerIou).toEqual(close(ap));
    expect([m.AP50, m.AP75, m.AP]).toEqual(close([ap[0], ap[5], mean(ap)]));
  });

  test('exact AP is the area under the curve', () => {
    expect(m.exactAP).toBeCloseTo(mean(stepwise(2 / 3 + 0.75 / 3, 1 / 3 + 0.5 / 3, 1 / 3)), 12);
  });

  test('false-negative ratio per IoU and their mean', () => {
    expect(m.fnrPerIou).toEqual(close(recall.map((r) => 1 - r)));
    expect(m.AFNR).toBeCloseTo(mean(recall.map((r) => 1 - r)), 12);
  });

  test('recall per maxDets, keyed by the protocol’s own', () => {
    expect(m.AR).toEqual({
      100: expect.closeTo(mean(recall)),
      500: expect.closeTo(mean(recall)),
      3000: expect.closeTo(mean(recall)),
    });
  });

  test('by size: small is all there is, medium and large are none, not zero', () => {
    expect([m.APs, m.ARs]).toEqual(close([mean(ap), mean(recall)]));
    expect([m.APm, m.APl, m.ARm, m.ARl]).toEqual([null, null, null, null]);
  });

  test('the score threshold is that of the best F1 at IoU 0.5', () => {
    // 1/2 with the first, 4/5 with two, 2/3 with three, 6/7 with all
    expect(m.scoreThreshold).toBe(0.6);
  });

  test('F1, Jaccard and panoptic quality there', () => {
    expect(m.f1PerIou).toEqual(close(stepwise(6 / 7, 4 / 7, 2 / 7)));
    expect(m.jaccardPerIou).toEqual(close(stepwise(3 / 4, 2 / 5, 1 / 6)));
    expect(m.pq).toBeCloseTo((1 + 0.6 + 18 / 22) / (3 + 1 / 2), 12);
  });

  test('one image: its Jaccard index is the mean', () => {
    expect(m.meanImageJaccardPerIou).toEqual(m.jaccardPerIou);
  });

  test('counts', () => {
    expect([m.images, m.objects, m.detections]).toEqual([1, 3, 4]);
  });
});

describe('the score threshold', () => {
  test('leaves out detections that do not pay', async () => {
    const m = await metrics(threeCells(), [
      shifted(10, 0, 0.9),
      shifted(40, 0, 0.8),
      ...[0.3, 0.2, 0.1].map((s) => shifted(55, 60, s)),
    ]);
    expect(m.scoreThreshold).toBe(0.8);
    expect(m.f1PerIou[0]).toBeCloseTo(4 / 5, 12);
    expect(m.jaccardPerIou[0]).toBeCloseTo(2 / 3, 12);
  });

  test('detections of equal score stand or fall together', async () => {
    const m = await metrics(threeCells(), [shifted(10, 0, 0.5), shifted(55, 60, 0.5)]);
    expect(m.scoreThreshold).toBe(0.5);
    expect(m.f1PerIou[0]).toBeCloseTo(2 / 5, 12); // one true, one false, two missed
  });

  test('of equally good ones the highest is taken', async () => {
    // true (F1 2/4), then false, then true: 4/6 with three detections, and nothing better
    const m = await metrics(threeCells(), [shifted(10, 0, 0.9), shifted(55, 60, 0.8), shifted(55, 60, 0.7)]);
    expect(m.scoreThreshold).toBe(0.9);
  });

  test('a slice without a true positive has one all the same, and F1 0', async () => {
    const m = await metrics(threeCells(), [shifted(55, 60, 0.8), shifted(55, 60, 0.7)]);
    expect([m.scoreThreshold, m.f1PerIou[0], m.pq]).toEqual([0.8, 0, 0]);
  });
});

test('a match at IoU exactly 0.5 is none for panoptic quality: one false, one missed', async () => {
  // the left half of a cell: 100 of 200 pixels
  const half: Detection = { image_id: 1, score: 0.9, segmentation: rectangle(10, 10, 10, 10) };
  const m = await metrics(threeCells(), [half, shifted(40, 0, 0.8)]);
  expect(m.f1PerIou[0]).toBeCloseTo(4 / 5, 12);
  expect(m.pq).toBeCloseTo(1 / (1 + 1 / 2 + 2 / 2), 12);
});

describe('the mean image Jaccard index', () => {
  const second = { id: 2, file_name: 'A172_Phase_C7_1_00d00h00m_2.tif', width: 100, height: 100 };

  test('gives an image with one cell the weight of one with three', async () => {
    const cell = { id: 4, image_id: 2, area: 200, segmentation: rectangle(10, 10, 20, 10) };
    const found: Detection = { image_id: 2, score: 0.95, segmentation: rectangle(10, 10, 20, 10) };
    const m = await metrics(threeCells([second], [cell]), [...FOUR, found]);
    expect(m.meanImageJaccardPerIou![0]).toBeCloseTo((3 / 4 + 1) / 2, 12);
    expect(m.jaccardPerIou[0]).toBeCloseTo(4 / 5, 12);
  });

  test('leaves out images without objects and detections', async () => {
    const m = await metrics(threeCells([second]), FOUR);
    expect(m.meanImageJaccardPerIou![0]).toBeCloseTo(3 / 4, 12);
  });

  test('counts an image without objects but with a detection as 0', async () => {
    const m = await metrics(threeCells([second]), [...FOUR, { ...shifted(10, 0, 0.95), image_id: 2 }]);
    expect(m.meanImageJaccardPerIou![0]).toBeCloseTo(3 / 4 / 2, 12);
  });
});

describe('none is not zero', () => {
  test('with ground truth and no detection in the slice, AP is 0 and AFNR is 1', async () => {
    const groundTruth = fiveCells();
    const { dataset, predictions } = await pack(groundTruth, perfect(groundTruth).slice(0, 3)); // all in image 1
    const [{ segm, bbox }] = await score(dataset, predictions, ['livecell-paper']);
    for (const results of [segm!, bbox]) {
      const m = metricsSchema.parse(results.cellTypes.BV2);
      expect([m.AP, m.AP50, m.exactAP, m.AFNR, m.AR['100'], m.f1PerIou[0], m.jaccardPerIou[0], m.pq]).toEqual([
        0, 0, 0, 1, 0, 0, 0, 0,
      ]);
      expect([m.objects, m.detections, m.scoreThreshold]).toEqual([2, 0, null]);
    }
  });

  test('without ground truth that counts every number is null, whatever was detected', async () => {
    const groundTruth = fiveCells();
    for (const annotation of groundTruth.annotations) annotation.iscrowd = 1;
    const away: Detection = { image_id: 1, score: 0.5, segmentation: rectangle(60, 40, 10, 10) };
    const m = await metrics(groundTruth, [...perfect(groundTruth), away]);
    expect([m.images, m.objects, m.detections]).toEqual([2, 0, 6]);
    expect(Object.values(m.AR)).toEqual([null, null, null]);
    const { AP, AP50, AP75, APs, APm, APl, ARs, ARm, ARl, AFNR, pq, exactAP } = m;
    const { apPerIou, fnrPerIou, f1PerIou, jaccardPerIou, meanImageJaccardPerIou } = m;
    const single = [AP, AP50, AP75, APs, APm, APl, ARs, ARm, ARl, AFNR, pq, exactAP];
    const perIou = [apPerIou, fnrPerIou, f1PerIou, jaccardPerIou, meanImageJaccardPerIou].flat();
    expect(perIou).toHaveLength(50);
    expect(new Set([...single, ...perIou])).toEqual(new Set([null]));
  });

  test('perfect detections score 1 wherever there is something to score', async () => {
    const groundTruth = fiveCells();
    const m = await metrics(groundTruth, perfect(groundTruth));
    expect([m.AP, m.exactAP, m.AR['100'], m.APs, m.f1PerIou[9], m.jaccardPerIou[9], m.pq]).toEqual(
      close([1, 1, 1, 1, 1, 1, 1]),
    );
    expect([m.AFNR, m.APm]).toEqual([0, null]);
  });
});

describe('detections that take part', () => {
  /** Detections of the first cell with falling scores, `count` of them on an image. */
  const repeated = (image_id: number, count: number): Detection[] =>
    Array.from({ length: count }, (_, k) => ({ ...shifted(10, 0, 0.9 - k / 1000), image_id }));
  const second = { id: 2, file_name: 'A172_Phase_C7_2_00d00h00m_1.tif', width: 100, height: 100 };

  test('are counted image by image, up to the largest maxDets of the protocol', async () => {
    const { dataset, predictions } = await pack(threeCells([second]), [...repeated(1, 120), ...repeated(2, 3)]);
    const [coco, paper] = await score(dataset, predictions, ['coco', 'livecell-paper']);
    expect([coco.segm!.overall.detections, paper.segm!.overall.detections]).toEqual([103, 123]);
  });

  test('without scores, recall at maxDets is known where no image has more detections, and else unknown', async () => {
    const recallsOf = async (count: number) => {
      const { dataset, predictions } = await pack(threeCells(), repeated(1, count));
      const [{ segm }] = await score(dataset, { ...predictions, unscored: true }, ['coco']);
      return segm!.overall.AR;
    };
    const third = expect.closeTo(1 / 3, 12);
    expect(await recallsOf(9)).toEqual({ 1: null, 10: third, 100: third });
    expect(await recallsOf(10)).toEqual({ 1: null, 10: third, 100: third });
    expect(await recallsOf(11)).toEqual({ 1: null, 10: null, 100: third });
  });

  test('with scores, recall at maxDets is that of the best so many', async () => {
    const found: Detection[] = [shifted(10, 60, 0.9), shifted(40, 0, 0.8), shifted(70, 0, 0.7)];
    const { dataset, predictions } = await pack(threeCells(), found);
    const [{ segm }] = await score(dataset, predictions, ['coco']);
    expect(segm!.overall.AR).toEqual({ 1: 0, 10: expect.closeTo(2 / 3, 12), 100: expect.closeTo(2 / 3, 12) });
  });
});
