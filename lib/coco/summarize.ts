/**
 * From curves to the numbers of the report: pycocotools' `summarize`, LIVECell's AFNR, and measures without ranking.
 * Sources: `COCOeval.summarize` (its arrays, not its printed first line, which always reads maxDets = 100); Edlund et
 * al. 2021 (AFNR); Kirillov et al. 2019 (panoptic quality).
 */
import {
  type Curve,
  curveOf,
  lineUp,
  type Operating,
  operatingPointOf,
  RECALLS,
  recallWithin,
  type Slice,
  type Want,
} from './accumulate.ts';
import { classIndex, type Matches, THRESHOLDS } from './match.ts';
import type { Metrics } from './metrics.ts';
import type { AreaRange, Protocol } from './protocol.ts';
import type { Ranking } from './rank.ts';

const IOU_50 = 0;
const IOU_75 = 5;

/**
 * Compute all numbers of one slice under each of several protocols, which share most of the work.
 *
 * A number is `null` where there is nothing to average (pycocotools: -1): no countable ground truth.
 */
export function summarize(matches: Matches, ranking: Ranking, slice: Slice, protocols: readonly Protocol[]): Metrics[] {
  let largest = 0;
  for (const i of slice.images) largest = Math.max(largest, ranking.start[i + 1] - ranking.start[i]);
  const asked = protocols.map((protocol) => ({
    protocol,
    // beyond the largest image every maxDets is the same, and so are the numbers; without scores no detection can be
    // preferred
    most: ranking.unscored ? largest : Math.min(protocol.maxDets[2], largest),
    sizeClasses: protocol.areaRanges.map((range: AreaRange) => classIndex(matches.classes, range)),
  }));
  const wants: Want[] = [];
  for (const { most, sizeClasses } of asked) {
    for (const sizeClass of sizeClasses)
      if (!wants.some((want) => want.sizeClass === sizeClass && want.maxDets === most))
        wants.push({ sizeClass, maxDets: most });
  }
  wants.sort((a, b) => a.sizeClass - b.sizeClass);
  const parts = lineUp({ matches, ranking, slice }, wants, (line): Part => {
    const { sizeClass, maxDets } = line;
    const isAll = asked.some(({ sizeClasses }) => sizeClasses[0] === sizeClass);
    const curve = curveOf(line, { exactArea: isAll });
    const part = { sizeClass, maxDets, curve, recalls: new Map(), point: null };
    if (!isAll) return part;
    const limits = asked.filter(({ most }) => most === maxDets).flatMap(({ protocol }) => protocol.maxDets);
    // the line contains no detections beyond maxDets
    const recalls = new Map(limits.map((m) => [m, m < maxDets ? recallWithin(line, m) : curve.recall]));
    return { ...part, recalls, point: operatingPointOf(line) };
  });
  return asked.map(({ protocol, most, sizeClasses }) => {
    const [all, ...sizes] = sizeClasses.map(
      (sizeClass) => parts.find((part) => part.sizeClass === sizeClass && part.maxDets === most)!,
    );
    const curves = sizes.map(({ curve }) => curve);
    return metricsOf({ ranking, slice, largest }, protocol, most, { all, sizes: curves });
  });
}

/** What to read from a line; more is read for all sizes. */
interface Part extends Want {
  curve: Curve;
  /** by maxDets */
  recalls: Map<number, Float64Array | null>;
  point: Operating | null;
}

/**
 * @param largest number of detections in the slice's fullest image
 * @param most detections per image that count
 */
function metricsOf(
  { ranking, slice, largest }: { ranking: Ranking; slice: Slice; largest: number },
  protocol: Protocol,
  most: number,
  { all, sizes }: { all: Part; sizes: Curve[] },
): Metrics {
  const { curve, recalls } = all;
  const point = all.point!;
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
        // without scores, an image's first detections are no better than its others
        const unknown = ranking.unscored && maxDets < largest;
        const recall = unknown ? null : recalls.get(maxDets)!;
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
    // matches at IoU exactly 0.5 count as one false and one missed: the definition requires more than 0.5
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
