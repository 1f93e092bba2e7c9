/** What is read from a single line of detections: recall and the operating point without the rest of a summary. */
import {
  lineUp,
  type Operating,
  operatingPointOf,
  recallWithin,
  type Want,
  type Weighted,
} from '#lib/coco/accumulate.ts';

/** Recall at each IoU threshold with the best `maxDets` detections of each image, [T], or null without ground truth. */
export function recallAt(weighted: Weighted, want: Want): Float64Array | null {
  return lineUp(weighted, [want], (line) => recallWithin(line, want.maxDets))[0];
}

/** The counts at the threshold with the best F1, of all sizes. */
export function operatingPoint(weighted: Weighted, maxDets: number): Operating {
  return lineUp(weighted, [{ sizeClass: 0, maxDets }], operatingPointOf)[0];
}
