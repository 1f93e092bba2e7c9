/**
 * The ScoreReport: the one noun in the middle. A thread produces it, the database stores it, the API returns it,
 * charts draw it, the command line prints it. Changing it changes stored data and public interface: only ever add
 * optional fields.
 *
 * Fractions are from 0 to 1; `null` where there is nothing to average (COCO tools print -1).
 */
import { z } from 'zod';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import { type Metrics, metricsSchema } from '../coco/metrics.ts';
import { PROTOCOL_IDS } from '../coco/protocol.ts';
import { countsOverTime, withoutReference } from './counts-over-time.ts';
import { evaluationUncertaintyShape, familiesSchema, meanSchema } from './uncertainty-schema.ts';

export { type Metrics, metricsSchema };

export const evaluationResultsSchema = z.object({
  overall: metricsSchema,
  cellTypes: z.partialRecord(z.enum(CELL_TYPES), metricsSchema),
  ...evaluationUncertaintyShape,
});
export type EvaluationResults = z.infer<typeof evaluationResultsSchema>;

/** `Warning` and `Problem` of lib/problems.ts, for the documents that hold them. */
export const warningSchema = z.object({
  code: z.string(),
  message: z.string(),
  count: z.int().optional(),
  examples: z.array(z.string()).optional(),
});

export const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  record: z.int().optional(),
  image: z.string().optional(),
  /** how many more of the same kind there are, on the last one listed */
  more: z.int().optional(),
});
export const scoreReportSchema = z.object({
  schema: z.literal(1),
  task: z.string(),
  protocol: z.enum(PROTOCOL_IDS),
  evaluator: z.object({ name: z.literal('livecell-benchmark'), version: z.string() }),
  groundTruth: z.object({
    sha256: z.string(),
    images: z.int(),
    objects: z.int(),
    /** where slots are data sets: what each of them was, by its name */
    datasets: z.record(z.string(), z.object({ sha256: z.string(), images: z.int(), objects: z.int() })).optional(),
  }),
  predictions: z.array(
    z.object({
      slot: z.string(),
      sha256: z.string(),
      bytes: z.int(),
      /** `coco-json` or `label-images` */
      format: z.string(),
      detections: z.int(),
      images: z.int(),
      /** every category was counted as a cell, because the submitter asked for it */
      anyCategory: z.boolean().optional(),
    }),
  ),
  /** the predictions have no scores (label images): AP is one precision at one recall; ranked among their own kind */
  unscored: z.boolean().optional(),
  warnings: z.array(warningSchema),
  /** on ground truth that is not public: how much is told (`disclosure.ts`); absent: everything */
  disclosure: z.enum(['unpublished', 'published']).optional(),
  results: z.object({
    /** absent when the file holds no masks */
    segm: evaluationResultsSchema.optional(),
    bbox: evaluationResultsSchema,
  }),
  /** what other papers report, from label images; of masks, under the primary protocol's score threshold */
  families: familiesSchema.optional(),
  seconds: z.object({ read: z.number(), match: z.number(), accumulate: z.number(), total: z.number() }),
});
export type ScoreReport = z.infer<typeof scoreReportSchema>;

// --- the other tasks: one report each, the same document but for `results` ---

const evaluations = <T extends z.ZodType>(results: T) => z.object({ segm: results.optional(), bbox: results });
const number = z.number().nullable();
const cellTypeId = z.enum(CELL_TYPES);

export const singleCellTypeResultsSchema = z.object({
  cellTypes: z.partialRecord(cellTypeId, metricsSchema),
  /** over all eight types; null until they are there */
  mean: meanSchema.nullable(),
});
export type SingleCellTypeResults = z.infer<typeof singleCellTypeResultsSchema>;

export const transferabilityResultsSchema = z.object({
  /** AP by the type a model was trained on, then by the type it was evaluated on */
  matrix: z.partialRecord(cellTypeId, z.partialRecord(cellTypeId, number)),
  index: number,
  /** why there is no index: every pair whose AP is 0 or, as null, not there */
  indexMissing: z
    .object({
      reason: z.string(),
      pairs: z.array(z.object({ trainedOn: cellTypeId, evaluatedOn: cellTypeId, AP: number })),
    })
    .optional(),
  /** by the type a model was trained on: the mean over the seven other types */
  meanTransferredAP: z.partialRecord(cellTypeId, number),
  /** 95 %, from the jackknife over fields of view */
  interval: z
    .object({
      index: z.tuple([z.number(), z.number()]).optional(),
      meanTransferredAP: z.partialRecord(cellTypeId, z.tuple([z.number(), z.number()])),
      degreesOfFreedom: z.int(),
    })
    .optional(),
});
export type TransferabilityResults = z.infer<typeof transferabilityResultsSchema>;

export const COUNTING_CELL_TYPES = ['A172', 'A549'] as const;
export type CountingCellType = (typeof COUNTING_CELL_TYPES)[number];

export const countResultsSchema = z.object({
  images: z.int(),
  imagesBelow1600: z.int(),
  /** of the raw predicted counts, over images with a reference count below 1,600, as the four numbers below */
  r2: number,
  linearityLimit: number,
  /** null when there is no limit */
  linearityBroken: z.boolean().nullable(),
  /** Levene's p at the limit */
  pAtLimit: number.optional(),
  /** why there is no limit */
  linearityReason: z.string().optional(),
  /** reference = intercept + slope × predicted, by least squares */
  slope: number.optional(),
  intercept: number.optional(),
  pearson: number.optional(),
  meanAbsoluteError: number.optional(),
  /** the largest share that one image has of the spread of the predicted counts */
  mostLeverage: z.number().optional(),
  /** why numbers that could be computed are not told */
  withheld: z.string().optional(),
  /** [reference, predicted] of every image, by file name */
  points: z.array(z.tuple([z.number(), z.number()])),
  /** the file names, in the order of `points` */
  files: z.array(z.string()).optional(),
  /** means by well and time where there are no points, without the reference (`counts-over-time.ts`) */
  overTime: z
    .array(
      z.object({
        well: z.string(),
        hours: z.number(),
        images: z.int(),
        predicted: z.object({ mean: z.number(), sem: number }),
      }),
    )
    .optional(),
  /** where counts were made from detections: those with at least this score were counted */
  scoreThreshold: z.number().optional(),
});
export type CountResults = z.infer<typeof countResultsSchema>;

export const TRAINING_SIZES = ['2', '4', '5', '25', '50', '100'] as const;
export type TrainingSize = (typeof TRAINING_SIZES)[number];

/** Everything a report says besides what it is about. */
const { task: _task, results: _results, ...envelope } = scoreReportSchema.shape;
const reportOf = <T extends string, R extends z.ZodType>(task: T, results: R) =>
  z.object({ ...envelope, task: z.literal(task), results });

export const taskReportSchemas = {
  'livecell-wide': reportOf('livecell-wide', scoreReportSchema.shape.results),
  'single-cell-type': reportOf('single-cell-type', evaluations(singleCellTypeResultsSchema)),
  transferability: reportOf('transferability', evaluations(transferabilityResultsSchema)),
  'fluorescence-counts': reportOf(
    'fluorescence-counts',
    z.object({ counts: z.partialRecord(z.enum(COUNTING_CELL_TYPES), countResultsSchema) }),
  ),
  'training-size': reportOf(
    'training-size',
    z.object({ sizes: z.partialRecord(z.enum(TRAINING_SIZES), evaluations(metricsSchema)) }),
  ),
  'zero-shot': reportOf(
    'zero-shot',
    z.object({ datasets: z.record(z.string(), evaluations(z.object({ overall: metricsSchema }))) }),
  ),
};

/** The report of any task, told apart by `task`. A `ScoreReport` is the one of LIVECell-wide. */
export const anyReportSchema = z.discriminatedUnion('task', [
  taskReportSchemas['livecell-wide'],
  taskReportSchemas['single-cell-type'],
  taskReportSchemas.transferability,
  taskReportSchemas['fluorescence-counts'],
  taskReportSchemas['training-size'],
  taskReportSchemas['zero-shot'],
]);
export type AnyReport = z.infer<typeof anyReportSchema>;

/** The report of one task: `ReportOf<'transferability'>`. */
export type ReportOf<T extends AnyReport['task']> = Extract<AnyReport, { task: T }>;

/** Whether a report is of this task: narrows `AnyReport`. */
export function isReportOf<T extends AnyReport['task']>(report: AnyReport, task: T): report is ReportOf<T> {
  return report.task === task;
}

/** The data sets a report has results of: its own, or, where slots are data sets, those. */
export function datasetsOf(report: AnyReport, own: string): string[] {
  return report.task === 'zero-shot' ? Object.keys(report.results.datasets) : [own];
}

/** A report that says of each data set it has results of, which ground truth that was; others stay as they are. */
export function withDatasets(
  report: AnyReport,
  datasets: readonly { name: string; sha256: string; images: number; objects: number }[],
): AnyReport {
  if (report.task !== 'zero-shot') return report;
  const own = datasets.filter(({ name }) => name in report.results.datasets);
  const facts = own.map(({ name, sha256, images, objects }) => [name, { sha256, images, objects }]);
  return { ...report, groundTruth: { ...report.groundTruth, datasets: Object.fromEntries(facts) } };
}

/**
 * Keys that stay on the server where the ground truth is not public: of an evaluation's results, and of the report. They
 * hold numbers of few images, from which annotations could be guessed; boards compute with them.
 */
export const KEPT_ON_SERVER = { results: ['fields', 'replicates'], report: ['families'] } as const;

/** A report as it may be shown where the ground truth was not registered as public. */
export function withoutGroundTruth(report: AnyReport): AnyReport {
  return withoutKeptOnServer(withoutReferenceCounts(report));
}

/** A report without the parts named in `KEPT_ON_SERVER`; the same report where it has none. */
function withoutKeptOnServer(report: AnyReport): AnyReport {
  if (report.task !== 'livecell-wide') return report;
  const evaluations = Object.values(report.results);
  const hidden = KEPT_ON_SERVER.results;
  if (!report.families && !evaluations.some((results) => hidden.some((key) => results?.[key]))) return report;
  const without = <T extends object>(whole: T, keys: readonly string[]): T =>
    Object.fromEntries(Object.entries(whole).filter(([key]) => !keys.includes(key))) as T;
  const { segm, bbox } = report.results;
  return {
    ...without(report, KEPT_ON_SERVER.report),
    results: { ...(segm && { segm: without(segm, hidden) }), bbox: without(bbox, hidden) },
  };
}

/**
 * A report as it is stored where the ground truth was not registered as public: reference counts are ground truth, so
 * the points of a count report stay out. What is computed from them stays, and so do means of the predicted counts over
 * several images.
 */
export function withoutReferenceCounts(report: AnyReport): AnyReport {
  if (report.task !== 'fluorescence-counts') return report;
  const counts = Object.fromEntries(
    Object.entries(report.results.counts).map(([type, { files, ...result }]) => {
      const overTime = files ? withoutReference(countsOverTime(result.points, files)) : result.overTime;
      return [type, { ...result, points: [], ...(overTime?.length && { overTime }) }];
    }),
  );
  return { ...report, results: { ...report.results, counts } };
}
