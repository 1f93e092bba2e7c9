/**
 * The ScoreReport: the one noun in the middle. A thread produces it, the database stores it, the API returns it,
 * charts draw it, the command line prints it. Changing it changes stored data and public interface: only ever add
 * optional fields.
 *
 * Fractions are from 0 to 1; `null` where there is nothing to average (COCO tools print -1).
 */
import { z } from 'zod';
import { PROTOCOL_IDS } from '../coco/protocol.ts';
import { type Metrics, metricsSchema } from '../coco/summarize.ts';
import { CELL_TYPES } from './cell-types.ts';

export { type Metrics, metricsSchema };

export const evaluationResultsSchema = z.object({
  overall: metricsSchema,
  cellTypes: z.partialRecord(z.enum(CELL_TYPES), metricsSchema),
});
export type EvaluationResults = z.infer<typeof evaluationResultsSchema>;

export const warningSchema = z.object({
  code: z.string(),
  message: z.string(),
  count: z.int().optional(),
  examples: z.array(z.string()).optional(),
});
export type Warning = z.infer<typeof warningSchema>;

/** One thing wrong with a submitted file. `record` counts detections from 1, in file order. */
export const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  record: z.int().optional(),
  image: z.string().optional(),
  /** how many more of the same kind there are, on the last one listed */
  more: z.int().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export const scoreReportSchema = z.object({
  schema: z.literal(1),
  task: z.string(),
  protocol: z.enum(PROTOCOL_IDS),
  evaluator: z.object({ name: z.literal('livecell-benchmark'), version: z.string() }),
  groundTruth: z.object({ sha256: z.string(), images: z.int(), objects: z.int() }),
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
  results: z.object({
    /** absent when the file holds no masks */
    segm: evaluationResultsSchema.optional(),
    bbox: evaluationResultsSchema,
  }),
  seconds: z.object({ read: z.number(), match: z.number(), accumulate: z.number(), total: z.number() }),
});
export type ScoreReport = z.infer<typeof scoreReportSchema>;
