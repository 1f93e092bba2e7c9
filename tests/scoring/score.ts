/** The page that ships, `evaluate`, in one thread, with its numbers as a report of LIVECell-wide has them. */
import type { Dataset, Predictions } from '#lib/coco/dataset.ts';
import type { Evaluating } from '#lib/coco/match.ts';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import { orderEntries } from '#lib/coco/rank.ts';
import { type EvaluationNumbers, evaluate, prepareMatching, rankingsOf } from '#lib/scoring/evaluate.ts';
import type { EvaluationResults } from '#lib/scoring/report.ts';
import { imageSlices } from '#lib/scoring/slices.ts';
import type { ReportOf } from '#lib/tasks/report.ts';

/** One result per protocol. */
export async function score(
  dataset: Dataset,
  predictions: Predictions,
  protocols: readonly ProtocolId[],
): Promise<ReportOf<'livecell-wide'>['results'][]> {
  const slices = imageSlices(dataset.images.fileNames);
  const { results } = await evaluate(dataset, predictions, { protocols, slices, intervals: false });
  return results.map(({ segm, bbox }) => ({ ...(segm && { segm: resultsOf(segm) }), bbox: resultsOf(bbox!) }));
}

function resultsOf({ overall, ...cellTypes }: NonNullable<EvaluationNumbers['segm']>): EvaluationResults {
  return { overall: overall!, cellTypes };
}

/** Ranks the detections completely and makes room for their matches. */
export function prepareAll(...of: Parameters<typeof prepareMatching>): Evaluating[] {
  const evaluatings = prepareMatching(...of);
  rankingsOf(evaluatings).forEach(orderEntries);
  return evaluatings;
}
