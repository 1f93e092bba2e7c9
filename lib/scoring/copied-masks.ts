/** Masks that a submission has in common with the ground truth, pixel by pixel: a reason to look at it. */
import type { Dataset } from '../coco/dataset.ts';
import type { Evaluating } from '../coco/match.ts';

/** Detections whose mask is that of a ground-truth object, pixel by pixel, and how many detections there are in all. */
export interface CopiedMasks {
  count: number;
  detections: number;
}

/** Smaller masks may be equal by chance: two outlines of a few pixels have few ways to differ. */
const SMALLEST_PIXELS = 64;

/**
 * Count masks copied from ground truth: matches of IoU 1, which only equal masks have. Crowd regions do not count,
 * since any mask inside one has IoU 1 with it, nor do objects below 64 pixels.
 *
 * @param evaluating of masks
 */
export function countCopiedMasks(dataset: Dataset, { ranking, matches }: Evaluating): CopiedMasks {
  const { crowd, maskArea } = dataset.objects;
  let count = 0;
  for (let e = 0; e < ranking.count; e++) {
    const g = matches.object[e];
    if (g >= 0 && matches.iou[e] === 1 && !crowd[g] && maskArea[g] >= SMALLEST_PIXELS) count++;
  }
  return { count, detections: ranking.count };
}
