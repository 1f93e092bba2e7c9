/** Building blocks of the tasks' schemas, as types only: a task can be used without a validator. */
import type { z } from 'zod';
import type { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { metricsSchema } from '#lib/scoring/report.ts';
import type { evaluationUncertaintyShape, meanSchema } from '#lib/scoring/uncertainty-schema.ts';

/** Building blocks shared by the schemas of several tasks. */
export interface SchemaParts {
  readonly z: typeof z;
  readonly metrics: typeof metricsSchema;
  /** a mean of AP and of AFNR with its interval */
  readonly mean: typeof meanSchema;
  /** mean over types, fields and replicates besides the numbers of one evaluation */
  readonly uncertainty: typeof evaluationUncertaintyShape;
  readonly cellType: z.ZodEnum<{ [Type in (typeof CELL_TYPES)[number]]: Type }>;
  /** masks, which a file may lack, and boxes, which every file has */
  readonly evaluations: <T extends z.ZodType>(
    results: T,
  ) => z.ZodObject<{ segm: z.ZodOptional<T>; bbox: T }, z.core.$strip>;
}
