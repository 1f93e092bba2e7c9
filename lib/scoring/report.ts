/**
 * The ScoreReport, the central document. A thread produces it, the database stores it, the API returns it, charts draw
 * it, the command line prints it. Changing it changes stored data and the public interface: only add optional fields.
 *
 * Fractions are from 0 to 1; `null` if there is nothing to average (COCO tools print -1).
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

/** Schemas of `Warning` and `Problem` (lib/problems.ts), for the documents that contain them. */
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
  /** number of further ones of the same kind, on the last one listed */
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
    /** if slots are data sets: their ground truth, by name */
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
      /** every category was counted as a cell, at the submitter's request */
      anyCategory: z.boolean().optional(),
    }),
  ),
  /** the predictions have no scores (label images): AP is one precision at one recall; ranked separately */
  unscored: z.boolean().optional(),
  warnings: z.array(warningSchema),
  /** on ground truth that is not public: how much is shown (`disclosure.ts`); absent: everything */
  disclosure: z.enum(['unpublished', 'published']).optional(),
  results: z.object({
    /** absent if the file has no masks */
    segm: evaluationResultsSchema.optional(),
    bbox: evaluationResultsSchema,
  }),
  /** what other papers report, from label images; of masks, under the primary protocol's score threshold */
  families: familiesSchema.optional(),
  seconds: z.object({ read: z.number(), match: z.number(), accumulate: z.number(), total: z.number() }),
});
export type ScoreReport = z.infer<typeof scoreReportSchema>;

// --- the other tasks: one report each, differing only in `results` ---

const evaluations = <T extends z.ZodType>(results: T) => z.object({ segm: results.optional(), bbox: results });
const number = z.number().nullable();
const cellTypeId = z.enum(CELL_TYPES);

export const singleCellTypeResultsSchema = z.object({
  cellTypes: z.partialRecord(cellTypeId, metricsSchema),
  /** over all eight types; null until all are there */
  mean: meanSchema.nullable(),
});
export type SingleCellTypeResults = z.infer<typeof singleCellTypeResultsSchema>;

export const transferabilityResultsSchema = z.object({
  /** AP by the type a model was trained on, then by the type it was evaluated on */
  matrix: z.partialRecord(cellTypeId, z.partialRecord(cellTypeId, number)),
  index: number,
  /** why there is no index: every pair whose AP is 0 or missing (null) */
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
  /** of the raw predicted counts, over images with a reference count below 1,600, like the next four numbers */
  r2: number,
  linearityLimit: number,
  /** null if there is no limit */
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
  /** the largest share of one image in the spread of the predicted counts */
  mostLeverage: z.number().optional(),
  /** why numbers that could be computed are not shown */
  withheld: z.string().optional(),
  /** [reference, predicted] of every image, by file name */
  points: z.array(z.tuple([z.number(), z.number()])),
  /** the file names, in the order of `points` */
  files: z.array(z.string()).optional(),
  /** means by well and time, without the reference, if there are no points (`counts-over-time.ts`) */
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
  /** if counts were made from detections: the minimum score of the counted ones */
  scoreThreshold: z.number().optional(),
});
export type CountResults = z.infer<typeof countResultsSchema>;

export const TRAINING_SIZES = ['2', '4', '5', '25', '50', '100'] as const;
export type TrainingSize = (typeof TRAINING_SIZES)[number];

/** All fields of a report besides its task and results. */
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

/** The report of any task, discriminated by `task`. `ScoreReport` is the report of LIVECell-wide. */
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

/** Tell whether a report belongs to this task; narrows `AnyReport`. */
export function isReportOf<T extends AnyReport['task']>(report: AnyReport, task: T): report is ReportOf<T> {
  return report.task === task;
}

/** List the data sets that a report has results for: its own, or, if slots are data sets, theirs. */
export function datasetsOf(report: AnyReport, own: string): string[] {
  return report.task === 'zero-shot' ? Object.keys(report.results.datasets) : [own];
}

/** Return the report with the ground truth of each of its data sets; other tasks' reports stay as they are. */
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
