/** Masks that a submission shares with the ground truth, pixel by pixel: a reason for a maintainer to look at it. */
import type { Dataset } from '../coco/dataset.ts';
import type { Evaluating } from '../coco/match.ts';

/** Number of detections whose mask equals a ground-truth object's pixel by pixel, and number of all detections. */
export interface CopiedMasks {
  count: number;
  detections: number;
}

/** Smaller masks may be equal by chance: outlines of a few pixels have few ways to differ. */
const SMALLEST_PIXELS = 64;

/**
 * Count masks copied from ground truth: matches of IoU 1, which only equal masks have. Excluded are crowd regions,
 * since any mask inside one has IoU 1 with it, and objects below 64 pixels.
 *
 * @param evaluating the evaluation of masks
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
