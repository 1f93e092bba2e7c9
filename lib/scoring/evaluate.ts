/**
 * The benchmark in one page: packed annotations in, numbers out. No I/O, so the same code runs in the scoring process,
 * on the command line, in tests and in a browser; a `Runner` decides how many threads take part.
 *
 *     rank → match → summarize each slice → errors by kind → leave out each field
 *
 * Images are matched independently and slices are summarized independently; between these steps there is only a sort.
 */
import type { Dataset, Predictions } from '../coco/dataset.ts';
import { allocateMatches, areaClasses, type Evaluating } from '../coco/match.ts';
import { EVALUATIONS, type Evaluation, PRIMARY_PROTOCOL, PROTOCOLS, type ProtocolId } from '../coco/protocol.ts';
import { type Ranking, rankWithinImages } from '../coco/rank.ts';
import { type CopiedMasks, countCopiedMasks } from './copied-masks.ts';
import { allocateErrors, type Errors, OWN, POOLED } from './errors-by-kind.ts';
import { allocateLabelCounts, familyOf } from './families.ts';
import { type Fields, findFields } from './fields.ts';
import type { FlatTruth } from './flat-truth.ts';
import { collectOutcomes, type Outcomes } from './outcomes.ts';
import { countObjects } from './replicates.ts';
import type { Metrics } from './report.ts';
import { type SensitivityLine, sensitivityWeights } from './sensitivity.ts';
import type { SliceName, Slices } from './slices.ts';
import { type Done, newCounter, type Runner, SINGLE_THREAD } from './steps.ts';
import { headlineInterval, type ReplicatesBySlice } from './uncertainty.ts';
import type { Families } from './uncertainty-schema.ts';

/** The numbers of one file under one protocol. Boxes are always scored; masks if every detection has one. */
export type EvaluationNumbers = Partial<Record<Evaluation, Partial<Record<SliceName, Metrics>>>>;

interface EvaluateOptions {
  /** results are returned in this order */
  protocols: readonly ProtocolId[];
  /** images of each slice to report on */
  slices: Slices;
  /** name errors by kind, under the primary protocol; defaults to true */
  errors?: boolean;
  /** compute intervals, from the jackknife over fields of view; defaults to true */
  intervals?: boolean;
  /** the data set is one stratum, as outside data sets are */
  oneStratum?: boolean;
  /** also the numbers other papers report, of masks: ground truth in each variant, in the order of `TRUTH_VARIANTS` */
  families?: {
    truths: readonly FlatTruth[];
    /** score at and above which detections are painted; defaults to that of the best F1 */
    labelThreshold?: number;
  };
  /** also what became of every object and detection, of masks if there are any; needs errors; defaults to false */
  outcomes?: boolean;
  /** `fraction` of the whole evaluation completed, 0 to 1 */
  onProgress?: (phase: 'matching' | 'accumulating', fraction: number) => void;
}

export interface Evaluated {
  /** by protocol */
  results: EvaluationNumbers[];
  /** absent where intervals were not asked for */
  uncertainty?: Uncertainty;
  /** absent where they were not asked for, or where the file has no masks */
  families?: Families;
  /** absent where they were not asked for, or where errors were not named */
  outcomes?: Outcomes;
  /** absent if the file has no masks */
  copiedMasks?: CopiedMasks;
  seconds: { match: number; accumulate: number };
}

/** Every slice without each field of view. */
export interface Uncertainty {
  fields: Fields;
  /** by protocol */
  replicates: Partial<Record<Evaluation, ReplicatesBySlice>>[];
}

/** State of one evaluation, shared by its steps. */
interface Run {
  dataset: Dataset;
  predictions: Predictions;
  evaluatings: Evaluating[];
  protocols: readonly ProtocolId[];
  slices: Slices;
  results: EvaluationNumbers[];
  runner: Runner;
  onProgress(phase: 'matching' | 'accumulating', fraction: number): void;
}

// progress at the end of each step, as a fraction of the whole
const MATCHED = 1 / 3;
const SUMMARIZED = 1 / 2;
const ERRORS_NAMED = 0.53;
const REPAIRED = 7 / 12;

/** Below this many detections a second thread costs more than it saves. */
const FEW_DETECTIONS = 20_000;
/** The same for leaving out fields: that is as much work as summarizing several times. */
const FEW_TO_LEAVE_OUT = 5_000;

/** Score one file against ground truth. Resamples and names errors unless `options` turn that off. */
export async function evaluate(
  dataset: Dataset,
  predictions: Predictions,
  options: EvaluateOptions,
  runner: Runner = SINGLE_THREAD,
): Promise<Evaluated> {
  const { protocols, slices, onProgress = () => {} } = options;
  const evaluatings = prepareMatching(dataset, predictions, evaluationsOf(predictions, dataset), protocols);
  const results = protocols.map((): EvaluationNumbers => ({}));
  const run: Run = { dataset, predictions, evaluatings, protocols, slices, results, runner, onProgress };
  const started = performance.now();
  await match(run);
  const matched = performance.now();
  const masks = evaluatings.find(({ matches }) => matches.evaluation === 'segm');
  await summarizeSlices(run);
  // tasks that score single slices of several files need no more than their numbers
  const errors =
    slices.size > 1 && slices.has('overall') && options.errors !== false ? await addErrors(run) : undefined;
  const outcomes = options.outcomes && errors && outcomesOf(run, errors);
  const uncertainty = options.intervals === false ? undefined : await leaveOutFields(run, options.oneStratum);
  const families = options.families && (await familiesOf(run, options.families));
  return {
    results,
    ...(uncertainty && { uncertainty }),
    ...(families && { families }),
    ...(outcomes && { outcomes }),
    copiedMasks: masks && countCopiedMasks(dataset, masks),
    seconds: { match: (matched - started) / 1000, accumulate: (performance.now() - matched) / 1000 },
  };
}

/** List the evaluations that a file can have. */
export function evaluationsOf(predictions: Predictions, dataset?: Pick<Dataset, 'meta'>): Evaluation[] {
  const masks = predictions.hasMasks && !dataset?.meta.boxesOnly;
  return EVALUATIONS.filter((evaluation) => evaluation === 'bbox' || masks);
}

/**
 * Rank the detections within their images and allocate their matches, per evaluation. The order across images is left
 * to `orderEntries` for each of `rankingsOf`: matching does not need it. Masks and boxes share one ranking unless masks
 * have their own scores.
 */
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
    const sizes = { entries: ranking.count, images, objects: dataset.objects.count };
    return { ranking, matches: allocateMatches(evaluation, areaClasses(protocols), sizes) };
  });
}

/** Rank the detections of masks within their images, for work that needs no matching. */
export function rankMasks(dataset: Dataset, { detections, groups, unscored }: Predictions): Ranking {
  const ranking = rankWithinImages(detections.image, detections.maskScore, dataset.images.ids.length, groups);
  return unscored ? { ...ranking, unscored } : ranking;
}

/** List the distinct rankings of several evaluations. */
export function rankingsOf(evaluatings: readonly Evaluating[]): Ranking[] {
  return [...new Set(evaluatings.map(({ ranking }) => ranking))];
}

async function match({ dataset, predictions, evaluatings, runner, onProgress }: Run): Promise<void> {
  const { detections } = predictions;
  const pairs = dataset.images.ids.length * evaluatings.length;
  await runner.run(
    'match',
    { dataset, detections, rankings: rankingsOf(evaluatings), evaluations: evaluatings, counter: newCounter() },
    {
      alone: isSmall(predictions),
      onProgress: (pair) => onProgress('matching', (MATCHED * pair) / pairs),
    },
  );
}

/** Compute the numbers of every slice, and of all images without the unusual ones of the official test set. */
async function summarizeSlices(run: Run): Promise<void> {
  const { dataset, evaluatings, protocols, slices, results, runner, onProgress } = run;
  interface Piece {
    evaluation: number;
    slice: SliceName;
    images: Uint32Array;
    line?: SensitivityLine;
    weights?: Uint8Array;
  }
  // largest slice first, so that no thread is left with it at the end
  const work: Piece[] = [...slices].flatMap(([slice, images]) =>
    evaluatings.map((_, evaluation) => ({ evaluation, slice, images })),
  );
  const all = slices.get('overall');
  if (all && slices.size > 1) {
    for (const [line, weights] of sensitivityWeights(dataset))
      for (const evaluation of evaluatings.keys())
        work.push({ evaluation, slice: 'overall', images: all, line, weights });
  }
  const outputs = await runner.run(
    'summarize',
    { evaluations: evaluatings, work, protocols, counter: newCounter() },
    {
      alone: isSmall(run.predictions),
      onProgress: (piece) => onProgress('accumulating', within(MATCHED, SUMMARIZED, piece / work.length)),
    },
  );
  for (const [{ evaluation, slice, line }, numbers] of pairUp(work, outputs)) {
    const name = evaluatings[evaluation].matches.evaluation;
    for (const [p, ofProtocol] of results.entries()) {
      if ('metrics' in numbers) ofProtocol[name] = { ...ofProtocol[name], [slice]: numbers.metrics[p] };
      else {
        const metrics = ofProtocol[name]![slice]!;
        metrics.sensitivity = { ...metrics.sensitivity, [line!]: numbers.sensitivity[p] };
      }
    }
  }
}

/**
 * Add errors by kind under the primary protocol: named image by image, then counted slice by slice.
 *
 * @returns the errors of each evaluation; undefined without the primary protocol
 */
async function addErrors(run: Run): Promise<Errors[] | undefined> {
  const { dataset, predictions, evaluatings, protocols, slices, results, runner, onProgress } = run;
  const primary = results[protocols.indexOf(PRIMARY_PROTOCOL)];
  if (!primary) return undefined;
  const evaluations = evaluatings.map(({ ranking, matches }) => {
    const ofSlices = primary[matches.evaluation]!;
    const pools = [...slices].map(([name, images]) => ({
      view: name === 'overall' ? POOLED : OWN,
      images,
      // errors are counted at the score threshold of the slice's own numbers
      scoreThreshold: ofSlices[name]!.scoreThreshold,
    }));
    return { ranking, matches, errors: allocateErrors(ranking, dataset.objects.count, pools), pools };
  });
  const alone = isSmall(predictions);
  const pairs = dataset.images.ids.length * evaluations.length;
  const named = evaluations.map(({ ranking, matches, errors }) => ({ ranking, matches, errors }));
  await runner.run(
    'errors',
    { dataset, detections: predictions.detections, evaluations: named, counter: newCounter() },
    { alone, onProgress: (pair) => onProgress('accumulating', within(SUMMARIZED, ERRORS_NAMED, pair / pairs)) },
  );
  const work = [...slices.keys()].flatMap((name, s) =>
    evaluations.map(({ matches, pools }, evaluation) => {
      const metrics = primary[matches.evaluation]![name]!;
      return { evaluation, slice: pools[s], AP: metrics.AP, metrics };
    }),
  );
  const pieces = work.map(({ evaluation, slice, AP }) => ({ evaluation, slice, AP }));
  const outputs = await runner.run(
    'repair',
    { dataset, evaluations: named, work: pieces, counter: newCounter() },
    {
      alone,
      onProgress: (piece) => onProgress('accumulating', within(ERRORS_NAMED, REPAIRED, piece / work.length)),
    },
  );
  for (const [{ metrics }, errors] of pairUp(work, outputs)) metrics.errors = errors;
  return evaluations.map(({ errors }) => errors);
}

/** The outcomes of masks; of boxes, if there are no masks. */
function outcomesOf({ dataset, evaluatings, protocols, results }: Run, errors: readonly Errors[]): Outcomes {
  const main = Math.max(
    0,
    evaluatings.findIndex(({ matches }) => matches.evaluation === 'segm'),
  );
  const name = evaluatings[main].matches.evaluation;
  const threshold = results[protocols.indexOf(PRIMARY_PROTOCOL)][name]!.overall!.scoreThreshold ?? null;
  return collectOutcomes(dataset, evaluatings[main], errors[main], threshold);
}

/** Leaves out each field of view in turn, in every slice and under every protocol, and adds the pooled intervals. */
async function leaveOutFields(run: Run, oneStratum?: boolean): Promise<Uncertainty> {
  const { dataset, predictions, evaluatings, slices, protocols, results, runner, onProgress } = run;
  const fields = findFields(dataset.images.fileNames, countObjects(dataset), { oneStratum });
  interface Piece {
    evaluation: number;
    slice: SliceName;
    images: Uint32Array;
    maxDets: number;
    own: number[];
  }
  const work = new Map<string, Piece>();
  /** what a protocol's number of a slice is made from: protocols differ here in nothing but maxDets */
  const keyOf = (evaluation: number, slice: SliceName, protocol: ProtocolId): string => {
    const { ranking } = evaluatings[evaluation];
    const images = slices.get(slice)!;
    let largest = 0;
    for (const i of images) largest = Math.max(largest, ranking.start[i + 1] - ranking.start[i]);
    const maxDets = Math.min(PROTOCOLS[protocol].maxDets[2], largest);
    const key = `${slice} ${evaluation} ${maxDets}`;
    if (!work.has(key)) {
      // a field's own numbers come from the smallest slice that has all of it
      const own = fields.units.flatMap(({ cellType }, unit) => {
        const of = slices.has(cellType as SliceName) ? cellType : 'overall';
        return of === slice ? [unit] : [];
      });
      work.set(key, { evaluation, slice, images, maxDets, own });
    }
    return key;
  };
  const wanted = protocols.flatMap((protocol, p) =>
    [...slices.keys()].flatMap((slice) =>
      evaluatings.map((_, evaluation) => ({ p, slice, evaluation, key: keyOf(evaluation, slice, protocol) })),
    ),
  );
  const pieces = [...work.values()];
  const outputs = await runner.run(
    'replicates',
    { evaluations: evaluatings, fields, work: pieces, counter: newCounter() },
    {
      alone: predictions.detections.count < FEW_TO_LEAVE_OUT,
      onProgress: (piece) => onProgress('accumulating', within(REPAIRED, 1, piece / pieces.length)),
    },
  );
  const found = new Map(pairUp([...work.keys()], outputs));
  const replicates = protocols.map((): Uncertainty['replicates'][number] => ({}));
  for (const { p, slice, evaluation, key } of wanted) {
    const name = evaluatings[evaluation].matches.evaluation;
    const ofSlice = found.get(key)!;
    replicates[p][name] = { ...replicates[p][name], [slice]: ofSlice };
    if (slice !== 'overall') continue;
    const metrics = results[p][name]![slice]!;
    const interval = headlineInterval(metrics, ofSlice.without, fields);
    if (interval) metrics.interval = interval;
  }
  return { fields, replicates };
}

/** The numbers other papers report, with the score of the best F1 unless another is stated. */
async function familiesOf(
  { dataset, predictions, evaluatings, protocols, results, runner }: Run,
  { truths, labelThreshold }: NonNullable<EvaluateOptions['families']>,
): Promise<Families | undefined> {
  const masks = evaluatings.find(({ matches }) => matches.evaluation === 'segm');
  if (!masks) return undefined;
  const best = results[Math.max(0, protocols.indexOf(PRIMARY_PROTOCOL))].segm?.overall?.scoreThreshold ?? null;
  return compareLabels(
    dataset,
    predictions,
    { truths, ranking: masks.ranking, threshold: labelThreshold ?? best },
    runner,
  );
}

/**
 * Compute the numbers other papers report, from label images of the masks. No matching is needed.
 *
 * @param options.ranking of the masks; of files without scores, all detections are painted
 * @param options.threshold detections with at least this score are painted; null: all
 */
export async function compareLabels(
  dataset: Dataset,
  predictions: Predictions,
  { truths, ranking, threshold }: { truths: readonly FlatTruth[]; ranking: Ranking; threshold: number | null },
  runner: Runner = SINGLE_THREAD,
): Promise<Families> {
  const scoreThreshold = ranking.unscored ? null : threshold;
  const countings = truths.map((truth) => ({ truth, counts: allocateLabelCounts(truth.images.length) }));
  const { detections } = predictions;
  await runner.run(
    'families',
    { dataset, detections, ranking, countings, scoreThreshold, counter: newCounter() },
    { alone: isSmall(predictions) },
  );
  const [large, cellpose] = countings.map(familyOf);
  return { labelThreshold: scoreThreshold, 'flat-large': large, 'flat-cellpose': cellpose };
}

function isSmall({ detections }: Predictions): boolean {
  return detections.count < FEW_DETECTIONS;
}

function within(from: number, to: number, fraction: number): number {
  return from + (to - from) * fraction;
}

/** Pair each piece of work with its result from any thread, in the order of the work. */
function pairUp<Work, Result>(work: readonly Work[], outputs: readonly Done<Result>[]): [Work, Result][] {
  return outputs
    .flat()
    .sort(([a], [b]) => a - b)
    .map(([piece, result]) => [work[piece], result]);
}
