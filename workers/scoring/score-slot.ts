/** Scores the file of one slot: reads, checks and evaluates it. */
import type { Dataset } from '#lib/coco/dataset.ts';
import { keepPart } from '#lib/coco/part.ts';
import { requireDetectionsOnOwnType } from '#lib/local/trained-type.ts';
import { writeOutcomes } from '#lib/outcomes-file.ts';
import type { Warning } from '#lib/problems.ts';
import { openFile } from '#lib/readers/files.ts';
import type { CopiedMasks } from '#lib/scoring/copied-masks.ts';
import { type Evaluated, type EvaluationNumbers, evaluate, type Uncertainty } from '#lib/scoring/evaluate.ts';
import { degreesOfFreedom, findFields } from '#lib/scoring/fields.ts';
import { type FlatTruth, TRUTH_VARIANTS } from '#lib/scoring/flat-truth.ts';
import { FEWEST_DEGREES_OF_FREEDOM } from '#lib/scoring/jackknife.ts';
import { countObjects } from '#lib/scoring/replicates.ts';
import type { OutcomesFile } from '#lib/scoring/report.ts';
import { slicesOf } from '#lib/tasks/assemble.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { Phase, ScoreJob } from './job.ts';
import { type OpenedGroundTruth, readPredictionFile } from './read.ts';
import type { SlotFile } from './slot-files.ts';
import type { ThreadTeam } from './threads.ts';

/** Context shared by the slots of a job. */
interface SlotContext {
  job: ScoreJob;
  team: ThreadTeam;
  /** `fraction` of the slot completed, 0 to 1 */
  onProgress(phase: Phase, fraction: number): void;
}

export interface ScoredSlot {
  slot: string;
  dataset: Dataset;
  /** the report's description of the file */
  file: Report['predictions'][number];
  /** by protocol */
  results: EvaluationNumbers[];
  uncertainty: Uncertainty | undefined;
  families: Evaluated['families'];
  outcomes: OutcomesFile | undefined;
  warnings: Warning[];
  unscored: boolean;
  copiedMasks: CopiedMasks | undefined;
  seconds: { read: number; match: number; accumulate: number };
}

/** Progress of a slot after reading ground truth, and after reading predictions. */
export const GROUND_TRUTH_READ = 0.15;
const PREDICTIONS_READ = 0.4;

/**
 * Score the file of one slot.
 *
 * @param onlyCheck read and check the file without scoring it, because another file of the job is wrong
 * @returns null if the file was only checked
 * @throws FileRejected
 */
export async function scoreSlot(
  { job, team, onProgress }: SlotContext,
  file: SlotFile,
  { dataset: whole, ready }: OpenedGroundTruth,
  onlyCheck: boolean,
): Promise<ScoredSlot | null> {
  const started = performance.now();
  const opened = await openFile(file.path);
  const digest = file.sha256 ?? team.digest(file.path, opened.bytes);
  const target = { images: whole.images, category: whole.meta.category, anyCategory: job.anyCategory };
  const given = await readPredictionFile(opened, target, {
    team,
    onProgress: (fraction) =>
      onProgress('reading', GROUND_TRUTH_READ + (PREDICTIONS_READ - GROUND_TRUTH_READ) * fraction),
  }).finally(opened.close);
  requireDetectionsOnOwnType(job.task, file.slot, given, whole);
  await ready;
  if (onlyCheck) return null;
  const { dataset, predictions, partial } = keepPart(whole, given);
  const slices = slicesOf(job.task, file.slot, dataset.images.fileNames);
  const read = performance.now();
  const { protocols, errors, intervals } = job;
  const families = job.families &&
    predictions.hasMasks &&
    parseTask(job.task)?.families && {
      truths: await flatTruths(dataset, team),
      labelThreshold: job.labelThreshold,
    };
  const keepsOutcomes = job.outcomes !== undefined && parseTask(job.task)?.families === true;
  const evaluated = await evaluate(
    dataset,
    predictions,
    {
      protocols,
      slices,
      errors,
      intervals,
      oneStratum: parseTask(job.task)?.slotsAreDatasets === true,
      ...(families && { families }),
      outcomes: keepsOutcomes,
      onProgress: (phase, fraction) => onProgress(phase, PREDICTIONS_READ + (1 - PREDICTIONS_READ) * fraction),
    },
    team,
  );
  return {
    slot: file.slot,
    dataset,
    file: {
      slot: file.slot,
      sha256: await digest,
      bytes: opened.bytes,
      format: predictions.format,
      detections: given.detections.count,
      images: given.images,
      ...(job.anyCategory && { anyCategory: true }),
    },
    results: evaluated.results,
    uncertainty: evaluated.uncertainty,
    families: evaluated.families,
    outcomes: evaluated.outcomes && (await writeOutcomes(evaluated.outcomes, job.outcomes!)),
    warnings: partial ? [...predictions.warnings, ...fewFields(dataset)] : predictions.warnings,
    unscored: predictions.unscored ?? false,
    copiedMasks: evaluated.copiedMasks,
    seconds: { read: (read - started) / 1000, ...evaluated.seconds },
  };
}

/** Say it where a part of a data set has too few fields of view for intervals. */
function fewFields(dataset: Dataset): Warning[] {
  const df = degreesOfFreedom(findFields(dataset.images.fileNames, countObjects(dataset)).strata);
  if (df >= FEWEST_DEGREES_OF_FREEDOM) return [];
  return [
    {
      code: 'few-fields',
      message: `The part of the data set that is scored now has too few fields of view for intervals: ${df} degrees of freedom, and at least ${FEWEST_DEGREES_OF_FREEDOM} are needed.`,
    },
  ];
}

/** Flattened ground truth of the data sets in memory: as large as they are, and the same for every job. */
const flattened = new WeakMap<Dataset, Promise<FlatTruth[]>>();

/** Flatten the ground truth in every variant, one thread per variant. */
export function flatTruths(dataset: Dataset, team: ThreadTeam): Promise<FlatTruth[]> {
  const inputs = TRUTH_VARIANTS.map((variant) => ({ dataset, variant }));
  const flatten = async (): Promise<FlatTruth[]> => {
    if (team.size > 1) return team.runEach('flatten', inputs);
    const truths: FlatTruth[] = [];
    for (const input of inputs) truths.push(...(await team.runEach('flatten', [input])));
    return truths;
  };
  const known = flattened.get(dataset) ?? flatten();
  flattened.set(dataset, known);
  known.catch(() => flattened.delete(dataset));
  return known;
}
