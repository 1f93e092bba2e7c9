/**
 * From curves to the numbers of the report: pycocotools' `summarize`, LIVECell's AFNR, and measures without ranking.
 * Sources: `COCOeval.summarize` (its arrays, not its printed first line, which always reads maxDets = 100); Edlund et
 * al. 2021 (AFNR); Kirillov et al. 2019 (panoptic quality).
 */
import { accumulate, operatingPoint, RECALLS, recallAt, type Slice } from './accumulate.ts';
import { classIndex, type Matches, THRESHOLDS } from './match.ts';
import type { Metrics } from './metrics.ts';
import type { AreaRange, Protocol } from './protocol.ts';
import type { Ranking } from './rank.ts';

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
