/**
 * The benchmark in one page: packed annotations in, numbers out. No I/O, so the same lines run in a thread, on the
 * command line, in a test and in a browser.
 *
 * The steps are separate functions because threads share them out: images are matched independently, slices are
 * summarized independently, and everything in between is one sort.
 */

import { CELL_TYPES, type CellType, cellTypeOf } from '#lib/livecell/cell-types.ts';
import { type Slice, sliceOf } from '../coco/accumulate.ts';
import type { Dataset, Objects } from '../coco/dataset.ts';
import { allocateMatches, areaClasses, type Matches, matchImage } from '../coco/match.ts';
import { EVALUATIONS, type Evaluation, PRIMARY_PROTOCOL, PROTOCOLS, type ProtocolId } from '../coco/protocol.ts';
import { orderEntries, type Ranking, rankWithinImages } from '../coco/rank.ts';
import { summarize } from '../coco/summarize.ts';
import { allocateErrors, countErrors, type ErrorSlice, nameErrors, OWN, POOLED } from './errors-by-kind.ts';
import type { EvaluationResults, Metrics } from './report.ts';

/** Predictions as read: packed detections and which images share a file name. */
export interface Predictions {
  detections: Objects;
  /** images that a file name stands for, where there are several */
  groups: number[][];
  /** false when some detection has no mask: then only boxes are scored */
  hasMasks: boolean;
  /** masks have scores of their own (`mask_score`) */
  hasMaskScores: boolean;
  /** there are no scores at all, as in label images: see `Ranking.unscored` */
  unscored?: boolean;
}

/** One evaluation under way. */
export interface Evaluating {
  ranking: Ranking;
  matches: Matches;
}

/**
 * Ranks the detections and makes room for their matches, per evaluation. Masks and boxes share one ranking unless masks
 * have scores of their own.
 */
export function prepareAll(...of: Parameters<typeof prepareMatching>): Evaluating[] {
  const evaluatings = prepareMatching(...of);
  rankingsOf(evaluatings).forEach(orderEntries);
  return evaluatings;
}

/** What matching needs of that: the order across images is left to `orderEntries` of `rankingsOf` these. */
export function prepareMatching(
  dataset: Dataset,
  { detections, groups, hasMaskScores, unscored }: Predictions,
  evaluations: readonly Evaluation[],
  protocols: readonly ProtocolId[],
): Evaluating[] {
  const images = dataset.images.ids.length;
  let ranking: Ranking | null = null;
  return evaluations.map((evaluation) => {
    const score = evaluation === 'segm' ? detections.maskScore : detections.score;
    if (!ranking || hasMaskScores) {
      ranking = rankWithinImages(detections.image, score, images, groups);
      if (unscored) ranking.unscored = true;
    }
    const classes = areaClasses(protocols);
    return { ranking, matches: allocateMatches(evaluation, classes, ranking.count, images, dataset.objects.count) };
  });
}

/** The rankings of several evaluations, each once. */
export function rankingsOf(evaluatings: readonly Evaluating[]): Ranking[] {
  return [...new Set(evaluatings.map(({ ranking }) => ranking))];
}

/** The evaluations a file can have. */
export function evaluationsOf(predictions: Predictions): Evaluation[] {
  return EVALUATIONS.filter((evaluation) => evaluation === 'bbox' || predictions.hasMasks);
}

export type SliceName = 'overall' | CellType;

/** Images of each slice that has any: all of them, and those of each cell type. */
export function imageSlices(fileNames: readonly string[]): Map<SliceName, Uint32Array> {
  const slices = new Map<SliceName, Uint32Array>([['overall', Uint32Array.from(fileNames.keys())]]);
  const types = fileNames.map(cellTypeOf);
  for (const type of CELL_TYPES) {
    const images = [...types.keys()].filter((i) => types[i] === type);
    if (images.length > 0) slices.set(type, Uint32Array.from(images));
  }
  return slices;
}

/** The numbers of one slice under several protocols. */
export function summarizeSlice(
  { ranking, matches }: Evaluating,
  images: Uint32Array,
  protocols: readonly ProtocolId[],
): Metrics[] {
  const slice: Slice = sliceOf(ranking, images, ranking.start.length - 1);
  return summarize(
    matches,
    ranking,
    slice,
    protocols.map((id) => PROTOCOLS[id]),
  );
}

/** Each slice with the score threshold of its own numbers, at which its errors are counted. */
export function errorSlices(slices: ReadonlyMap<SliceName, Uint32Array>, metrics: readonly Metrics[]): ErrorSlice[] {
  return [...slices].map(([name, images], s) => ({
    view: name === 'overall' ? POOLED : OWN,
    images,
    scoreThreshold: metrics[s].scoreThreshold,
  }));
}

/** Puts the slices' numbers back together: one result per protocol. */
export function collectResults(
  slices: readonly SliceName[],
  metrics: readonly Metrics[][],
  protocols: readonly ProtocolId[],
): EvaluationResults[] {
  return protocols.map((_, p) => ({
    // not every task asks for the pooled numbers
    overall: metrics[slices.indexOf('overall')]?.[p],
    cellTypes: Object.fromEntries(
      slices.flatMap((slice, s) => (slice === 'overall' ? [] : [[slice, metrics[s][p]]])),
    ) as EvaluationResults['cellTypes'],
  }));
}

/** Everything at once, on one thread: for small files, tests and the browser. One result per protocol. */
export function score(
  dataset: Dataset,
  predictions: Predictions,
  protocols: readonly ProtocolId[],
): { segm?: EvaluationResults; bbox: EvaluationResults }[] {
  const slices = imageSlices(dataset.images.fileNames);
  const evaluations = evaluationsOf(predictions);
  const evaluatings = prepareAll(dataset, predictions, evaluations, protocols);
  const results = evaluations.map((evaluation, e) => {
    const evaluating = evaluatings[e];
    for (let i = 0; i < dataset.images.ids.length; i++) {
      matchImage(dataset, predictions.detections, evaluating.ranking, i, evaluating.matches);
    }
    const metrics = [...slices.values()].map((images) => summarizeSlice(evaluating, images, protocols));
    const primary = protocols.indexOf(PRIMARY_PROTOCOL);
    if (primary >= 0) {
      const pools = errorSlices(
        slices,
        metrics.map((byProtocol) => byProtocol[primary]),
      );
      const errors = allocateErrors(evaluating.ranking, dataset.objects.count, pools);
      for (let i = 0; i < dataset.images.ids.length; i++) {
        nameErrors(dataset, predictions.detections, evaluating.ranking, evaluating.matches, i, errors);
      }
      pools.forEach((pool, s) => {
        const numbers = metrics[s][primary];
        numbers.errors = countErrors(evaluating, dataset, pool, numbers.AP, errors);
      });
    }
    return [evaluation, collectResults([...slices.keys()], metrics, protocols)] as const;
  });
  return protocols.map(
    (_, p) =>
      Object.fromEntries(results.map(([evaluation, byProtocol]) => [evaluation, byProtocol[p]])) as {
        segm?: EvaluationResults;
        bbox: EvaluationResults;
      },
  );
}
