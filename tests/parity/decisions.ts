/**
 * Where do two evaluations part? Numbers say that they do; the decisions behind them say where: which detection took
 * which object, at which threshold and in which size class. Both sides are written as pycocotools' `evalImgs`.
 */
import type { Dataset, Predictions } from '#lib/coco/dataset.ts';
import { allocateMatches, areaClasses, ignoredIn, matchImage, THRESHOLDS, type Trace } from '#lib/coco/match.ts';
import { type Evaluation, IOU_THRESHOLDS, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { rankDetections } from '#tests/coco/rank-detections.ts';

/** Decisions in one image. Detections stand by score; thresholds are rows of `dt_match`, `dt_ignore`, `gt_match`. */
export interface Decisions {
  image_id: number;
  /** the image has neither ground truth nor detections */
  none?: true;
  /** ground-truth ids in file order */
  gt_order: number[];
  dt_sorted_ids: number[];
  dt_scores: number[];
  dt_areas: number[];
  /** by detection: [place in gt_order, IoU] of each overlapping pair */
  iou: [number, number][][];
  areas: {
    label: string;
    /** ground truth that counts first, in file order */
    gt_ids_sorted: number[];
    gt_ignore: number[];
    /** id of the ground truth a detection took, 0 for none */
    dt_match: number[][];
    dt_ignore: number[][];
    /** id of the detection that took a ground truth, 0 for none */
    gt_match: number[][];
  }[];
}

/** How the files number things, since columns do not keep it. */
export interface Numbering {
  /** by object of the data set */
  annotations: number[];
  /** by detection that was read */
  detections: number[];
}

/** Ids of the annotations and detections that are read: category 1, annotations by image, detections counted from 1. */
export function numberingOf(
  dataset: Dataset,
  annotations: { id: number; image_id: number; category_id?: number }[],
  detections: { category_id?: number }[],
): Numbering {
  const isCell = ({ category_id = 1 }: { category_id?: number }): boolean => category_id === 1;
  const cells = annotations.filter(isCell);
  return {
    annotations: dataset.images.ids.flatMap((image) =>
      cells.filter(({ image_id }) => image_id === image).map(({ id }) => id),
    ),
    detections: [...detections.keys()].filter((d) => isCell(detections[d])).map((d) => d + 1),
  };
}

/** Our decisions under one protocol, at its largest maxDets. Overlaps below the lowest threshold are left out. */
export function decisionsOf(
  dataset: Dataset,
  { detections, groups }: Predictions,
  evaluation: Evaluation,
  protocol: ProtocolId,
  numbering: Numbering,
): Decisions[] {
  const { images, objects, objectStart } = dataset;
  const score = evaluation === 'segm' ? detections.maskScore : detections.score;
  const ranking = rankDetections(detections.image, score, images.ids.length, groups);
  const classes = areaClasses([protocol]);
  const matches = allocateMatches(evaluation, classes, { entries: ranking.count, images: images.ids.length });
  const areas = evaluation === 'segm' ? detections.maskArea : detections.area;
  const most = PROTOCOLS[protocol].maxDets[2];

  return images.ids.map((id, i) => {
    const trace: Trace = { pairs: [], taken: [] };
    matchImage({ dataset, detections, ranking, matches }, i, trace);
    const first = ranking.start[i];
    const entries = Array.from({ length: Math.min(most, ranking.start[i + 1] - first) }, (_, k) => first + k);
    const gts = Array.from({ length: objectStart[i + 1] - objectStart[i] }, (_, k) => objectStart[i] + k);
    const numberOf = (e: number): number => numbering.detections[ranking.detection[e]];
    const decisions: Decisions = {
      image_id: id as number,
      gt_order: gts.map((g) => numbering.annotations[g]),
      dt_sorted_ids: entries.map(numberOf),
      dt_scores: entries.map((e) => ranking.score[e]),
      dt_areas: entries.map((e) => areas[ranking.detection[e]]),
      iou: entries.map((e) =>
        trace.pairs
          .filter(({ entry }) => entry === e)
          .map(({ gt, iou }): [number, number] => [gt - objectStart[i], iou]),
      ),
      areas: classes.map(({ id: label, min, max }, a) => {
        const isIgnored = (g: number): boolean => !!objects.crowd[g] || objects.area[g] < min || objects.area[g] > max;
        const sorted = [...gts.filter((g) => !isIgnored(g)), ...gts.filter(isIgnored)];
        const taken = trace.taken.filter(({ sizeClass, entry }) => sizeClass === a && entry < first + most);
        const rows = <T>(row: (t: number) => T[]): T[][] => Array.from({ length: THRESHOLDS }, (_, t) => row(t));
        return {
          label,
          gt_ids_sorted: sorted.map((g) => numbering.annotations[g]),
          gt_ignore: sorted.map((g) => Number(isIgnored(g))),
          dt_match: rows((t) => {
            const row = entries.map(() => 0);
            for (const { threshold, entry, gt } of taken)
              if (threshold === t) row[entry - first] = numbering.annotations[gt];
            return row;
          }),
          dt_ignore: rows((t) => entries.map((e) => (ignoredIn(matches.fate[a * ranking.count + e]) >> t) & 1)),
          gt_match: rows((t) => {
            const row = sorted.map(() => 0);
            // a crowd region can be taken often; the reference notes the last
            for (const { threshold, entry, gt } of taken)
              if (threshold === t) row[sorted.indexOf(gt)] = numberOf(entry);
            return row;
          }),
        };
      }),
    };
    if (gts.length === 0 && entries.length === 0) decisions.none = true;
    return decisions;
  });
}

/**
 * The first decision that differs, in words: by image, then what went into matching, then size class, threshold and
 * detection. Null when there is none.
 */
export function firstDifference(ours: Decisions[], theirs: Decisions[]): string | null {
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    if (ours[i]?.image_id !== theirs[i]?.image_id)
      return `image number ${i + 1} is ${ours[i]?.image_id}, in the reference ${theirs[i]?.image_id}`;
    const found = inImage(ours[i], theirs[i]);
    if (found) return `image ${ours[i].image_id}, ${found}`;
  }
  return null;
}

function inImage(ours: Decisions, theirs: Decisions): string | null {
  if (ours.none || theirs.none)
    return ours.none === theirs.none ? null : `is ${ours.none ? '' : 'not '}empty, in the reference it is`;
  const order =
    inList('annotation', ours.gt_order, theirs.gt_order, (k) => `place ${k + 1}`) ??
    inList('detection', ours.dt_sorted_ids, theirs.dt_sorted_ids, (k) => `place ${k + 1} by score`);
  if (order) return order;
  const detection = (k: number): string => `detection ${ours.dt_sorted_ids[k]} (${ordinal(k + 1)} by score)`;
  const properties =
    inList('score', ours.dt_scores, theirs.dt_scores, detection) ??
    inList('area', ours.dt_areas, theirs.dt_areas, detection);
  if (properties) return properties;
  for (const k of ours.dt_sorted_ids.keys()) {
    // the reference lists every overlap; below the lowest threshold none is ever looked at
    const [own, reference] = [ours, theirs].map(({ iou }) => (iou[k] ?? []).filter(([, v]) => v >= IOU_THRESHOLDS[0]));
    const pair = (g: number | undefined): string => `${detection(k)} and annotation ${ours.gt_order[g ?? -1]}`;
    for (let p = 0; p < Math.max(own.length, reference.length); p++) {
      const [a, b] = [own[p], reference[p]];
      if (a?.[0] === b?.[0] && Math.abs(a[1] - b[1]) <= 1e-12) continue;
      if (a && (!b || a[0] < b[0])) return `${pair(a[0])}: IoU is ${a[1]}, in the reference below 0.5`;
      if (b && (!a || b[0] < a[0])) return `${pair(b[0])}: IoU is below 0.5, in the reference ${b[1]}`;
      return `${pair(a[0])}: IoU is ${a[1]}, in the reference ${b[1]}`;
    }
  }
  for (const [a, size] of ours.areas.entries()) {
    const other = theirs.areas[a];
    if (size.label !== other?.label) return `size class ${a + 1} is ${size.label}, in the reference ${other?.label}`;
    const groundTruth =
      inList(
        'order of ground truth',
        size.gt_ids_sorted,
        other.gt_ids_sorted,
        (k) => `size ${size.label}, place ${k + 1}`,
      ) ??
      inList(
        'ignore flag',
        size.gt_ignore,
        other.gt_ignore,
        (k) => `size ${size.label}, annotation ${size.gt_ids_sorted[k]}`,
      );
    if (groundTruth) return groundTruth;
    for (let t = 0; t < THRESHOLDS; t++) {
      const at = (k: number): string => `size ${size.label}, IoU ${IOU_THRESHOLDS[t].toFixed(2)}, ${detection(k)}`;
      const decided =
        inList('matched annotation', size.dt_match[t], other.dt_match[t], at) ??
        inList('ignore flag', size.dt_ignore[t], other.dt_ignore[t], at) ??
        inList(
          'matched detection',
          size.gt_match[t],
          other.gt_match[t],
          (k) => `size ${size.label}, IoU ${IOU_THRESHOLDS[t].toFixed(2)}, annotation ${size.gt_ids_sorted[k]}`,
        );
      if (decided) return decided;
    }
  }
  return null;
}

function inList(
  what: string,
  ours: number[],
  theirs: number[] | undefined,
  where: (k: number) => string,
): string | null {
  const reference = theirs ?? [];
  for (let k = 0; k < Math.max(ours.length, reference.length); k++) {
    if (ours[k] !== reference[k])
      return `${where(k)}: ${what} is ${ours[k] ?? 'missing'}, in the reference ${reference[k] ?? 'missing'}`;
  }
  return null;
}

function ordinal(k: number): string {
  const ending = k % 100 > 10 && k % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][k % 10] ?? 'th');
  return `${k}${ending}`;
}
