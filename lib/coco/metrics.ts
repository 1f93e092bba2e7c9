/**
 * The numbers of one slice under one protocol: the shape shared by reports, database and API. Kept apart from
 * `summarize.ts` so that scoring a small file does not load a validator first.
 */
import { z } from 'zod';

const fraction = z.number().nullable();
const perIou = z.array(fraction).length(10); // IoU 0.50, 0.55 … 0.95
const interval = z.tuple([z.number(), z.number()]);

/** Headline numbers for some of the images. */
const headline = z.object({ images: z.int(), objects: z.int(), AP: fraction, AFNR: fraction });

/** One kind of error: how many, and by how much AP would rise without it. */
const errorCount = z.object({ objects: z.int(), detections: z.int(), deltaAP: fraction });

export const metricsSchema = z.object({
  images: z.int(),
  /** ground-truth objects that count (crowd regions do not) */
  objects: z.int(),
  /** detections within the protocol's largest maxDets */
  detections: z.int(),
  AP: fraction,
  AP50: fraction,
  AP75: fraction,
  APs: fraction,
  APm: fraction,
  APl: fraction,
  /** mean recall over the IoU thresholds, keyed by the protocol's maxDets */
  AR: z.record(z.string(), fraction),
  ARs: fraction,
  ARm: fraction,
  ARl: fraction,
  /** average false-negative ratio: mean over the IoU thresholds of 1 - recall */
  AFNR: fraction,
  apPerIou: perIou,
  fnrPerIou: perIou,
  f1PerIou: perIou,
  jaccardPerIou: perIou,
  /** panoptic quality at IoU > 0.5 */
  pq: fraction,
  /** detections with at least this score count towards F1, Jaccard and PQ: best F1 at IoU 0.5 */
  scoreThreshold: z.number().nullable().optional(),
  /** mean over images of the per-image Jaccard index (the "AP" of the Cellpose and StarDist papers) */
  meanImageJaccardPerIou: perIou.optional(),
  /** exact area under the precision-recall curve instead of 101 points, mean over IoU thresholds */
  exactAP: fraction.optional(),
  /** 95 %, from the jackknife over fields of view; all images pooled only */
  interval: z.object({ AP: interval, AFNR: interval, degreesOfFreedom: z.int().optional() }).optional(),
  /** without images that are odd in the official test set (`scoring/sensitivity.ts`); where there are any, of all images pooled */
  sensitivity: z
    .object({
      /** each file only once, under one of its image ids */
      withoutDuplicates: headline.optional(),
      /** without images in which almost no cell is annotated */
      withoutIncomplete: headline.optional(),
    })
    .optional(),
  /**
   * detections and objects unmatched at IoU 0.5 and `scoreThreshold`, by kind (`scoring/errors-by-kind.ts`); primary
   * protocol only
   */
  errors: z
    .object({
      missed: errorCount,
      poorBoundary: errorCount,
      split: errorCount,
      merge: errorCount,
      duplicate: errorCount,
      background: errorCount,
    })
    .optional(),
});
export type Metrics = z.infer<typeof metricsSchema>;
