/** The pairs that matching looks at, in file order: for tests of overlaps. */
import type { Dataset, Predictions } from '#lib/coco/dataset.ts';
import { allocateMatches, areaClasses, matchImage, type Trace } from '#lib/coco/match.ts';
import type { Evaluation } from '#lib/coco/protocol.ts';
import { rankDetections } from '#tests/coco/rank-detections.ts';

/** [detection, ground truth, IoU] of every pair at and above 0.5 of a data set's only image. */
export function matchedPairs(
  dataset: Dataset,
  { detections, groups }: Predictions,
  evaluation: Evaluation,
): [number, number, number][] {
  const ranking = rankDetections(detections.image, detections.score, 1, groups);
  const trace: Trace = { pairs: [], taken: [] };
  const matches = allocateMatches(evaluation, areaClasses(['coco']), { entries: ranking.count, images: 1 });
  matchImage({ dataset, detections, ranking, matches }, 0, trace);
  return trace.pairs
    .map(({ entry, gt, iou }): [number, number, number] => [ranking.detection[entry], gt, iou])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}
