/** Describes what was found in a file of predictions, so that a person sees at a glance whether it is the right file. */
import { CELL_TYPES, type CellType, cellTypeOf } from '#lib/livecell/cell-types.ts';
import type { ReadPredictions, Target } from '#lib/readers/coco/predictions.ts';
import { countDetections } from '#lib/readers/counts/detections.ts';

/** Bars of the histogram of scores, from 0 to 1. */
export const SCORE_BARS = 20;

/** What a file of predictions holds. */
export interface Described {
  /** false: only boxes can be scored */
  masks: boolean;
  /** by cell type, and `other` for images without one; types without images are left out */
  types: { type: CellType | 'other'; images: number; detections: number }[];
  /** [images] in the order of the data set */
  perImage: Uint32Array;
  /** detections of the median image, and of the fullest */
  median: number;
  most: number;
  /** images with exactly as many detections as the fullest: several of them mean a limit of the model */
  atMost: number;
  /** [SCORE_BARS] number of detections by score; null if the file has no scores */
  scores: Uint32Array | null;
  /** lowest and highest score */
  range: [low: number, high: number] | null;
}

/** Describe predictions by the images they were read against. */
export function describePredictions(
  { detections, groups, hasMasks, unscored }: ReadPredictions,
  { images }: Target,
): Described {
  const perImage = Uint32Array.from(countDetections(detections, groups, images.ids.length, Number.NEGATIVE_INFINITY));
  const types = new Map<CellType | 'other', { images: number; detections: number }>();
  images.fileNames.forEach((name, image) => {
    const type = cellTypeOf(name) ?? 'other';
    const found = types.get(type) ?? { images: 0, detections: 0 };
    types.set(type, { images: found.images + 1, detections: found.detections + perImage[image] });
  });
  const sorted = perImage.slice().sort();
  const most = sorted.at(-1) ?? 0;
  const scores = new Uint32Array(SCORE_BARS);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const score of detections.score.subarray(0, detections.count)) {
    low = Math.min(low, score);
    high = Math.max(high, score);
    scores[Math.min(SCORE_BARS - 1, Math.max(0, Math.floor(score * SCORE_BARS)))]++;
  }
  return {
    masks: hasMasks,
    types: [...CELL_TYPES, 'other' as const].flatMap((type) => {
      const found = types.get(type);
      return found ? [{ type, ...found }] : [];
    }),
    perImage,
    median: sorted.length === 0 ? 0 : sorted[sorted.length >> 1],
    most,
    atMost: most === 0 ? 0 : sorted.length - sorted.indexOf(most),
    scores: unscored || detections.count === 0 ? null : scores,
    range: unscored || detections.count === 0 ? null : [low, high],
  };
}
