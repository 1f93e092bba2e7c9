/**
 * What every report has, whatever its task: the one noun in the middle. A thread produces a report, the database stores
 * it, the API returns it, charts draw it, the command line prints it. Changing it changes stored data and public
 * interface: only ever add optional fields. `tasks/report.ts` joins this with the `results` of each task.
 *
 * Fractions are from 0 to 1; `null` where there is nothing to average (COCO tools print -1).
 */
import { z } from 'zod';
import type { CellType } from '#lib/livecell/cell-types.ts';
import type { CheckCode } from '../checks/checks.ts';
import { type Metrics, metricsSchema } from '../coco/metrics.ts';
import { EVALUATIONS, PROTOCOL_IDS } from '../coco/protocol.ts';
import type { EvaluationUncertainty, MeanOfTypes } from './uncertainty.ts';
import { familiesSchema } from './uncertainty-schema.ts';

export { type Metrics, metricsSchema };

/** Any text: documents of earlier versions have codes that are no longer in the list. */
const checkCode = z.string() as unknown as z.ZodType<CheckCode, CheckCode>;

/** `Warning` and `Problem` of lib/problems.ts, for the documents that hold them. */
export const warningSchema = z.object({
  code: checkCode,
  message: z.string(),
  count: z.int().optional(),
  examples: z.array(z.string()).optional(),
});

export const problemSchema = z.object({
  code: checkCode,
  message: z.string(),
  record: z.int().optional(),
  image: z.string().optional(),
  /** how many more of the same kind there are, on the last one listed */
  more: z.int().optional(),
});

const groundTruth = z.object({ sha256: z.string(), images: z.int(), objects: z.int() });

/** The file of outcomes that belongs to a report: digest and size of its content before compression. */
export const outcomesFileSchema = z.object({
  evaluation: z.enum(EVALUATIONS),
  sha256: z.string(),
  bytes: z.int(),
});
export type OutcomesFile = z.infer<typeof outcomesFileSchema>;

/** Everything a report says besides its task and the task's results. */
export const reportEnvelopeSchema = z.object({
  schema: z.literal(1),
  protocol: z.enum(PROTOCOL_IDS),
  evaluator: z.object({
    name: z.literal('livecell-benchmark'),
    version: z.string(),
    /** the commit of the code; absent where it is not known */
    build: z.string().optional(),
  }),
  groundTruth: groundTruth.extend({
    /** where slots are data sets: what each of them was, by its name */
    datasets: z.record(z.string(), groundTruth).optional(),
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
  /** on ground truth that is not public: how much is shown (`tasks/disclosure.ts`); absent: everything */
  disclosure: z.enum(['unpublished', 'published']).optional(),
  /** scored runs of the same person or team within a year before, which widen the rounding steps; absent: none */
  runsBefore: z.int().min(1).optional(),
  /** what other papers report, from label images; of masks, under the primary protocol's score threshold */
  families: familiesSchema.optional(),
  /** what became of every object and detection (`scoring/outcomes.ts`), kept beside the files and never served */
  outcomes: outcomesFileSchema.optional(),
  seconds: z.object({ read: z.number(), match: z.number(), accumulate: z.number(), total: z.number() }),
});
export type ReportEnvelope = z.infer<typeof reportEnvelopeSchema>;

// --- results that scoring computes ---

/** One evaluation of one model: all images pooled, and each cell type alone. */
export interface EvaluationResults extends Partial<EvaluationUncertainty> {
  overall: Metrics;
  cellTypes: Partial<Record<CellType, Metrics>>;
}

/** One evaluation of one model per cell type, each on its own type. */
export interface SingleCellTypeResults {
  cellTypes: Partial<Record<CellType, Metrics>>;
  /** over all eight types; null until they are there */
  mean: MeanOfTypes | null;
}

/** One evaluation of eight models, each on every cell type. */
export interface TransferabilityResults {
  /** AP by the type a model was trained on, then by the type it was evaluated on */
  matrix: Partial<Record<CellType, Partial<Record<CellType, number | null>>>>;
  /** of each number of the matrix: the objects, and the exact area under the curve; kept on the server */
  areas?: Partial<Record<CellType, Partial<Record<CellType, [objects: number, area: number | null]>>>>;
  index: number | null;
  /** why there is no index: every pair whose AP is 0 or, as null, not there */
  indexMissing?: {
    reason: string;
    pairs: { trainedOn: CellType; evaluatedOn: CellType; AP: number | null }[];
  };
  /** by the type a model was trained on: the mean over the seven other types */
  meanTransferredAP: Partial<Record<CellType, number | null>>;
  /** 95 %, from the jackknife over fields of view */
  interval?: {
    index?: [number, number];
    meanTransferredAP: Partial<Record<CellType, [number, number]>>;
    degreesOfFreedom: number;
  };
}

/** Counts of one series of images against its reference counts. */
export interface CountResults {
  images: number;
  imagesBelow1600: number;
  /** of the raw predicted counts, over images with a reference count below 1,600, as the four numbers below */
  r2: number | null;
  linearityLimit: number | null;
  /** null when there is no limit */
  linearityBroken: boolean | null;
  /** Levene's p at the limit */
  pAtLimit?: number | null;
  /** why there is no limit */
  linearityReason?: string;
  /** reference = intercept + slope × predicted, by least squares */
  slope?: number | null;
  intercept?: number | null;
  pearson?: number | null;
  meanAbsoluteError?: number | null;
  /** the largest share that one image has of the spread of the predicted counts */
  mostLeverage?: number;
  /** why numbers that could be computed are not told */
  withheld?: string;
  /** [reference, predicted] of every image, by file name */
  points: [number, number][];
  /** the file names, in the order of `points` */
  files?: string[];
  /** means by well and time where there are no points, without the reference (`counts-over-time.ts`) */
  overTime?: { well: string; hours: number; images: number; predicted: { mean: number; sem: number | null } }[];
  /** where counts were made from detections: those with at least this score were counted */
  scoreThreshold?: number;
}
