/**
 * Signs that something went wrong with a file, from stored outcomes: what a careful reviewer would look at first. They
 * accuse nobody; each has an innocent explanation too.
 */
import { cellTypeOf } from '#lib/livecell/cell-types.ts';
import { NOT_COUNTED } from './error-kinds.ts';
import { IOU_STEPS } from './errors-by-kind.ts';
import type { ImageRow } from './image-table.ts';
import type { Outcomes } from './outcomes.ts';

export const SEVERITIES = ['serious', 'notable', 'minor'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const QUALITY_CODES = [
  'no-detections',
  'detections-at-cap',
  'constant-scores',
  'masks-against-boxes',
  'near-copies',
  'far-below',
] as const;
export type QualityCode = (typeof QUALITY_CODES)[number];

export interface QualityFinding {
  code: QualityCode;
  severity: Severity;
  /** images, detections or objects, according to the code */
  count: number;
  /** of how many */
  of: number;
  /** for `detections-at-cap`: the cap */
  cap?: number;
  /** indices of images, at most `MOST_IMAGES` */
  images?: number[];
}

export const MOST_IMAGES = 20;
const FEWEST_AT_CAP = 3;
const FEWEST_CAP = 50;
/** An outline this close to the annotation is hardly drawn by a model. */
const COPY_IOU = 0.99;
const FEWEST_COPIES = 20;
const FEWEST_OF_TYPE = 8;
const FEWEST_OBJECTS = 10;

/** Return the findings, the most serious first. */
export function checkQuality(outcomes: Outcomes, rows: readonly ImageRow[]): QualityFinding[] {
  const found = [
    withoutDetections(rows),
    atCap(rows),
    constantScores(outcomes),
    nearCopies(outcomes),
    farBelow(outcomes, rows),
  ].filter((finding) => finding !== null);
  return found.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

function withoutDetections(rows: readonly ImageRow[]): QualityFinding | null {
  const withObjects = rows.filter(({ objects }) => objects > 0);
  const empty = withObjects.filter(({ allDetections }) => allDetections === 0);
  if (empty.length === 0) return null;
  const share = empty.length / withObjects.length;
  return finding('no-detections', share >= 0.05 ? 'serious' : 'notable', empty, withObjects.length);
}

function atCap(rows: readonly ImageRow[]): QualityFinding | null {
  const cap = Math.max(0, ...rows.map(({ allDetections }) => allDetections));
  const capped = rows.filter(({ allDetections }) => allDetections === cap);
  if (cap < FEWEST_CAP || capped.length < FEWEST_AT_CAP) return null;
  const cut = capped.some(({ objects }) => objects > cap);
  return { ...finding('detections-at-cap', cut ? 'serious' : 'notable', capped, rows.length), cap };
}

function constantScores({ score, unscored }: Outcomes): QualityFinding | null {
  if (unscored || score.length < 2) return null;
  const times = new Map<number, number>();
  let most = 0;
  for (const value of score) {
    const count = (times.get(value) ?? 0) + 1;
    times.set(value, count);
    most = Math.max(most, count);
  }
  if (2 * most < score.length) return null;
  const severity = most === score.length ? 'serious' : 'notable';
  return { code: 'constant-scores', severity, count: most, of: score.length };
}

function nearCopies({ bestIou, objectKind }: Outcomes): QualityFinding | null {
  let [copies, objects] = [0, 0];
  for (let g = 0; g < bestIou.length; g++) {
    if (objectKind[g] === NOT_COUNTED) continue;
    objects++;
    if (bestIou[g] >= COPY_IOU * IOU_STEPS) copies++;
  }
  if (copies < FEWEST_COPIES || copies < 0.01 * objects) return null;
  return { code: 'near-copies', severity: copies >= 0.1 * objects ? 'serious' : 'notable', count: copies, of: objects };
}

/** Images below the lower quartile of their cell type by more than three times the distance between its quartiles. */
function farBelow({ fileNames }: Outcomes, rows: readonly ImageRow[]): QualityFinding | null {
  const judged = rows.filter(({ AP, objects }) => AP !== null && objects >= FEWEST_OBJECTS);
  const far: ImageRow[] = [];
  for (const own of Map.groupBy(judged, ({ image }) => cellTypeOf(fileNames[image])).values()) {
    if (own.length < FEWEST_OF_TYPE) continue;
    const sorted = own.map(({ AP }) => AP!).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))];
    const limit = at(0.25) - 3 * (at(0.75) - at(0.25));
    far.push(...own.filter(({ AP }) => AP! < limit));
  }
  return far.length === 0 ? null : finding('far-below', 'minor', far, judged.length);
}

function finding(code: QualityCode, severity: Severity, rows: readonly ImageRow[], of: number): QualityFinding {
  return { code, severity, count: rows.length, of, images: rows.slice(0, MOST_IMAGES).map(({ image }) => image) };
}
