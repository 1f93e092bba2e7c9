/**
 * From curves to the numbers of the report: pycocotools' `summarize`, LIVECell's AFNR, and measures without ranking.
 * Sources: `COCOeval.summarize` (its arrays, not its printed first line, which always reads maxDets = 100); Edlund et
 * al. 2021 (AFNR); Kirillov et al. 2019 (panoptic quality).
 */
import { z } from 'zod';
import { accumulate, operatingPoint, RECALLS, recallAt, type Slice } from './accumulate.ts';
import { classIndex, type Matches, THRESHOLDS } from './match.ts';
import type { AreaRange, Protocol } from './protocol.ts';
import type { Ranking } from './rank.ts';

const fraction = z.number().nullable();
const perIou = z.array(fraction).length(10); // IoU 0.50, 0.55 … 0.95
const interval = z.tuple([z.number(), z.number()]);

/** What is wrong in one way: how much of it, and by how much AP would rise without it. */
const errorCount = z.object({ objects: z.int(), detections: z.int(), deltaAP: fraction });

export const metricsSchema = z.object({
  images: z.int(),
  /** ground-truth objects that count (crowd regions do not) */
  objects: z.int(),
  /** detections within the protocol's largest maxDets */
  detections: z.int(),
  AP: fraction,
  AP50: fraction,
  AP75: fraction,
  APs: fraction,
  APm: fraction,
  APl: fraction,
  /** mean recall over the IoU thresholds, keyed by the protocol's maxDets */
  AR: z.record(z.string(), fraction),
  ARs: fraction,
  ARm: fraction,
  ARl: fraction,
  /** average false-negative ratio: mean over the IoU thresholds of 1 - recall */
  AFNR: fraction,
  apPerIou: perIou,
  fnrPerIou: perIou,
  f1PerIou: perIou,
  jaccardPerIou: perIou,
  /** panoptic quality at IoU > 0.5 */
  pq: fraction,
  /** the score at and above which F1, Jaccard and PQ count detections: best F1 at IoU 0.5 */
  scoreThreshold: z.number().nullable().optional(),
  /** mean over images of the per-image Jaccard index (the "AP" of the Cellpose and StarDist papers) */
  meanImageJaccardPerIou: perIou.optional(),
  /** exact area under the precision-recall curve, mean over IoU thresholds, instead of 101 points */
  exactAP: fraction.optional(),
  interval: z.object({ AP: interval, AFNR: interval }).optional(),
  /** what is unmatched at IoU 0.5 and `scoreThreshold`, by kind (`scoring/errors-by-kind.ts`); primary protocol only */
  errors: z
    .object({
      missed: errorCount,
      poorBoundary: errorCount,
      split: errorCount,
      merge: errorCount,
      duplicate: errorCount,
      background: errorCount,
    })
    .optional(),
});
export type Metrics = z.infer<typeof metricsSchema>;

const IOU_50 = 0;
const IOU_75 = 5;

/** What one protocol's numbers of a slice have in common with the next's. */
export type Known = Map<string, unknown>;

/**
 * All numbers of one slice under one protocol.
 *
 * @param known kept between calls for the same slice: protocols share most of the work
 *
 * `null` stands where there is nothing to average (pycocotools: -1): no ground truth that counts.
 */
export function summarize(
  matches: Matches,
  ranking: Ranking,
  slice: Slice,
  protocol: Protocol,
  known: Known = new Map(),
): Metrics {
  let largest = 0;
  for (const i of slice.images) largest = Math.max(largest, ranking.start[i + 1] - ranking.start[i]);
  // beyond the largest image every maxDets is the same, and so are the numbers; without scores there is no best to keep
  const most = ranking.unscored ? largest : Math.min(protocol.maxDets[2], largest);
  const once = <T>(key: string, compute: () => T): T => {
    if (!known.has(key)) known.set(key, compute());
    return known.get(key) as T;
  };
  const [all, small, medium, large] = protocol.areaRanges.map((range: AreaRange) => classIndex(matches.classes, range));
  const curve = once(`all ${most}`, () => accumulate(matches, ranking, slice, all, most, { exactArea: true }));
  const sizes = [small, medium, large].map((sizeClass) => accumulate(matches, ranking, slice, sizeClass, most));
  const point = once(`point ${most}`, () => operatingPoint(matches, ranking, slice, most));

  let detections = 0;
  for (const i of slice.images) detections += Math.min(most, ranking.start[i + 1] - ranking.start[i]);

  const apPerIou = eachIou((t) =>
    curve.precision ? mean(curve.precision.subarray(t * RECALLS, (t + 1) * RECALLS)) : null,
  );
  const fnrPerIou = eachIou((t) => (curve.recall ? 1 - curve.recall[t] : null));
  const [APs, APm, APl] = sizes.map(({ precision }) => (precision ? mean(precision) : null));
  const [ARs, ARm, ARl] = sizes.map(({ recall }) => (recall ? mean(recall) : null));
  const none = point.countable === 0;
  const missed = (tp: number): number => point.countable - tp;

  return {
    images: slice.images.length,
    objects: point.countable,
    detections,
    AP: curve.precision ? mean(curve.precision) : null,
    AP50: apPerIou[IOU_50],
    AP75: apPerIou[IOU_75],
    APs,
    APm,
    APl,
    AR: Object.fromEntries(
      protocol.maxDets.map((maxDets) => {
        // the best so many of an image are an accident of order where nothing ranks them
        const unknown = ranking.unscored && maxDets < largest;
        const recall = unknown ? null : recallAt(matches, ranking, slice.images, all, maxDets);
        return [String(maxDets), recall ? mean(recall) : null];
      }),
    ),
    ARs,
    ARm,
    ARl,
    AFNR: curve.recall ? mean(fnrPerIou as number[]) : null,
    apPerIou,
    fnrPerIou,
    f1PerIou: eachIou((t) => (none ? null : (2 * point.tp[t]) / (2 * point.tp[t] + point.fp[t] + missed(point.tp[t])))),
    jaccardPerIou: eachIou((t) => (none ? null : point.tp[t] / (point.tp[t] + point.fp[t] + missed(point.tp[t])))),
    // matches at IoU exactly 0.5 count as one false and one missed: the definition says "above"
    pq: none
      ? null
      : point.iouSum / (point.above + (point.tp[0] + point.fp[0] - point.above) / 2 + missed(point.above) / 2),
    scoreThreshold: ranking.unscored ? null : point.scoreThreshold,
    meanImageJaccardPerIou: eachIou((t) => (none ? null : point.meanImageJaccard![t])),
    exactAP: curve.area ? mean(curve.area) : null,
  };
}

function eachIou(value: (t: number) => number | null): (number | null)[] {
  return Array.from({ length: THRESHOLDS }, (_, t) => value(t));
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
