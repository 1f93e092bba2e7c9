/** The pairs that matching looks at, in file order: for tests of overlaps. */
import type { Dataset } from '#lib/coco/dataset.ts';
import { allocateMatches, areaClasses, matchImage, type Trace } from '#lib/coco/match.ts';
import type { Evaluation } from '#lib/coco/protocol.ts';
import { rankDetections } from '#lib/coco/rank.ts';
import type { Predictions } from '#lib/scoring/score.ts';

/** [detection, ground truth, IoU] of every pair at and above 0.5 of a data set's only image. */
export function matchedPairs(
  dataset: Dataset,
  { detections, groups }: Predictions,
  evaluation: Evaluation,
): [number, number, number][] {
  const ranking = rankDetections(detections.image, detections.score, 1, groups);
  const trace: Trace = { pairs: [], taken: [] };
  const matches = allocateMatches(evaluation, areaClasses(['coco']), ranking.count, 1);
  matchImage(dataset, detections, ranking, 0, matches, trace);
  return trace.pairs
    .map(({ entry, gt, iou }): [number, number, number] => [ranking.detection[entry], gt, iou])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}
