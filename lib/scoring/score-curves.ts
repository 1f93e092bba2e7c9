/** Precision against recall, and how far scores can be read as probabilities, from stored outcomes. */
import { accumulate } from '../coco/accumulate.ts';
import { type Evaluating, ignoredIn, matchedIn } from '../coco/match.ts';
import { IOU_THRESHOLDS } from '../coco/protocol.ts';
import { evaluatingOf, type Outcomes } from './outcomes.ts';
import { makePerIou, type PerIou } from './per-iou.ts';
import { largestOf } from './slice-table.ts';

/** Indices of the IoU thresholds with a curve: 0.50 and 0.75. */
const DRAWN = [0, 5];
const BINS = 10;

export interface ScoreCurves {
  /** precision at recall 0, 0.01 … 1, at IoU 0.50 and 0.75; absent without scores or without objects */
  precision?: { iou: number; values: number[] }[];
  /**
   * detections by score, in ten bins of equal width: their number, mean score, and the share that found an object at
   * IoU 0.5; absent without scores, or where scores are not between 0 and 1
   */
  calibration?: { from: number; to: number; detections: number; meanScore: number; found: number }[];
  /** the numbers per IoU without each field of view; absent where they were computed before these were kept */
  perIou?: PerIou;
}

export function makeScoreCurves(outcomes: Outcomes, evaluating: Evaluating = evaluatingOf(outcomes)): ScoreCurves {
  const perIou = makePerIou(outcomes, evaluating);
  if (outcomes.unscored) return { perIou };
  const { ranking, matches } = evaluating;
  const images = Uint32Array.from(outcomes.fileNames.keys());
  const slice = { images, order: ranking.order };
  const { precision } = accumulate(
    { matches, ranking, slice },
    { sizeClass: 0, maxDets: largestOf(evaluating, images) },
  );
  const recalls = precision ? precision.length / IOU_THRESHOLDS.length : 0;
  const calibration = calibrationOf(outcomes);
  return {
    ...(precision && {
      precision: DRAWN.map((t) => ({
        iou: IOU_THRESHOLDS[t],
        values: Array.from(precision.subarray(t * recalls, (t + 1) * recalls)),
      })),
    }),
    ...(calibration && { calibration }),
    perIou,
  };
}

function calibrationOf({ score, fate }: Outcomes): ScoreCurves['calibration'] {
  if (score.length === 0 || score.some((value) => value < 0 || value > 1)) return undefined;
  const bins = Array.from({ length: BINS }, () => ({ detections: 0, sum: 0, found: 0 }));
  for (let e = 0; e < score.length; e++) {
    if (ignoredIn(fate[e]) & 1) continue;
    const bin = bins[Math.min(BINS - 1, Math.floor(score[e] * BINS))];
    bin.detections++;
    bin.sum += score[e];
    bin.found += matchedIn(fate[e]) & 1;
  }
  return bins.flatMap(({ detections, sum, found }, k) =>
    detections === 0
      ? []
      : { from: k / BINS, to: (k + 1) / BINS, detections, meanScore: sum / detections, found: found / detections },
  );
}
