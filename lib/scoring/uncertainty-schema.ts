/** What reports say of uncertainty and of label families, as schemas: all optional, left out where it cannot be had. */
import { z } from 'zod';
import { TRUTH_VARIANTS } from './flat-truth.ts';

const fraction = z.number().nullable();
const interval = z.tuple([z.number(), z.number()]);
const perIou = z.array(fraction).length(10); // IoU 0.50, 0.55 … 0.95

/** 95 % intervals of both headline numbers, from the jackknife over fields of view. */
const headlineIntervalSchema = z.object({ AP: interval, AFNR: interval, degreesOfFreedom: z.int() });

/** A mean of several headlines with its interval. */
export const meanSchema = z.object({ AP: fraction, AFNR: fraction, interval: headlineIntervalSchema.optional() });

/** What stands beside the numbers of one evaluation of all images (`scoring/uncertainty.ts`). */
export const evaluationUncertaintyShape = {
  /** the unweighted mean over the cell types that have objects */
  meanOfTypes: meanSchema.optional(),
  /** each field of view by itself */
  fields: z
    .array(
      z.object({ field: z.string(), cellType: z.string().nullable(), images: z.int(), AP: fraction, AFNR: fraction }),
    )
    .optional(),
  /** the numbers without each field, in the order of the fields' names */
  replicates: z
    .array(z.object({ without: z.string(), AP: fraction, AFNR: fraction, meanAP: fraction, meanAFNR: fraction }))
    .optional(),
};

const familySchema = z.object({
  digest: z.string(),
  images: z.int(),
  imagesThatCount: z.int(),
  objects: z.int(),
  labels: z.int(),
  cellposeAp: perIou,
  msa: fraction,
  errorRate: perIou,
  f1Pooled: perIou,
  f1PerImage: perIou,
  pq: fraction,
  seg: fraction,
  aji: fraction,
});

/** The numbers other papers report (`scoring/families.ts`), by truth variant. */
export const familiesSchema = z.object({
  /** score at and above which detections were painted; null where there are no scores */
  labelThreshold: z.number().nullable(),
  ...(Object.fromEntries(TRUTH_VARIANTS.map((variant) => [variant, familySchema])) as Record<
    (typeof TRUTH_VARIANTS)[number],
    typeof familySchema
  >),
});
export type Families = z.infer<typeof familiesSchema>;
