/**
 * How much a report says of ground truth that is not public. Every exact number is an answer to a question that a
 * submitter can choose: with enough answers the hidden masks and counts are no longer hidden. So until a maintainer
 * publishes an entry, its report has few numbers, and those are rounded:
 *
 *   AP, AP50, AP75, AFNR (overall)       to 0.001, or to 10 objects of the slice where that is coarser
 *   AP, AFNR (of a cell type)            the same
 *   means and matrices of these          to 0.001, or to 10 objects of the data set
 *   r², Pearson's r                      to 0.01, or to 3 images of the series where that is coarser; r² below 0 as 0;
 *                                        none where one image carries them
 *   mean absolute error                  to 2 digits
 *   limit of linearity                   to 100 cells
 *   objects of counts                    to 2 digits, also once published: their sum is the sum of the hidden counts
 *
 * Area classes, curves, single IoU thresholds, intervals, errors, fields, replicates, families, regression lines and
 * times wait for publication. Replicates stay on the server even then: of two of them one field's share is known.
 */
import { type AnyReport, withoutGroundTruth } from './report.ts';

/** Numbers that are shown before publication, and how finely; in fractions, so 0.001 is a tenth of a point. */
export const ROUNDED_TO = { AP: 0.001, AP50: 0.001, AP75: 0.001, AFNR: 0.001 } as const;
/** A fraction tells no fewer objects apart than this many. */
export const OBJECTS_TOLD_APART = 10;
/** A correlation over so many images is told as finely as this many of them would change it. */
export const IMAGES_TOLD_APART = 3;
/** The share of the spread of the predicted counts that one image may have: with more, it alone decides the numbers. */
export const MOST_LEVERAGE = 0.25;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Of a slice's numbers these keep their values: how much was looked at. */
const KEPT = ['images', 'detections', 'objects'];
/** Numbers that have to be there and are not told yet. */
const WITHHELD = ['APs', 'APm', 'APl', 'ARs', 'ARm', 'ARl', 'pq'];
const PER_IOU = ['apPerIou', 'fnrPerIou', 'f1PerIou', 'jaccardPerIou'];
/** Only on the server, whether an entry is published or not. */
const NEVER = new Set(['replicates']);

/** The step of a fraction over so many objects: rounding must hide single ones. */
export function stepOf(finest: number, objects: number): number {
  return Math.max(finest, Math.min(1, OBJECTS_TOLD_APART / Math.max(1, objects)));
}

/** To the nearest multiple of `step`; null stays null. The division keeps 0.123 from becoming 0.12300000000000001. */
export function roundTo(value: number | null, step: number): number | null {
  if (value === null) return null;
  return step < 1 ? Number((Math.round(value / step) * step).toPrecision(12)) : Math.round(value / step) * step;
}

/** To so many digits that count. */
export function roundToDigits(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toPrecision(digits));
}

/** A report of an entry that is not published, on ground truth that is not public. */
export function unpublishedReport(report: AnyReport): AnyReport {
  const step = stepOf(ROUNDED_TO.AP, report.groundTruth.objects);
  const results =
    report.task === 'fluorescence-counts'
      ? coarseCounts((withoutGroundTruth(report) as CountReport).results)
      : coarse(report.results as Json, step, true);
  return { ...withCoarseTotal(report), disclosure: 'unpublished', results } as AnyReport;
}

/** A report of a published entry, on ground truth that is not public: full numbers, but for replicates. */
export function publishedReport(report: AnyReport): AnyReport {
  const told = withoutGroundTruth(report);
  return {
    ...withCoarseTotal(told),
    disclosure: 'published',
    results: without(NEVER, told.results as Json),
  } as AnyReport;
}

/** The sum of hidden counts is hidden, too; how many cells are outlined in all is in the paper. */
function withCoarseTotal(report: AnyReport): AnyReport {
  if (report.task !== 'fluorescence-counts') return report;
  return { ...report, groundTruth: { ...report.groundTruth, objects: coarseTotal(report.groundTruth.objects) } };
}

/** How many cells a series of hidden counts has in all, as far as that may be said. */
export function coarseTotal(objects: number): number {
  return Math.round(roundToDigits(objects, 2)!);
}

/** The number of objects of a data set, as far as it may be said. */
export function objectsTold({
  task,
  public: shown,
  objects,
}: {
  task: string;
  public: boolean;
  objects: number;
}): number {
  return shown || task !== 'fluorescence-counts' ? objects : coarseTotal(objects);
}

function without(keys: ReadonlySet<string>, value: Json): Json {
  if (Array.isArray(value)) return value.map((one) => without(keys, one));
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([key]) => !keys.has(key));
  return Object.fromEntries(kept.map(([key, one]) => [key, without(keys, one)]));
}

/** Slices are rounded by their objects; whatever else is a number of slices, such as a mean or a matrix, to `step`. */
function coarse(value: Json, step: number, overall: boolean): Json {
  if (typeof value === 'number') return roundTo(value, step);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one) => coarse(one, step, overall));
  if ('apPerIou' in value) return coarseSlice(value, overall);
  const out: { [key: string]: Json } = {};
  for (const [key, one] of Object.entries(value))
    if (!['fields', 'replicates', 'families', 'interval', 'errors', 'sensitivity'].includes(key))
      out[key] = coarse(one, step, overall && key !== 'cellTypes');
  return out;
}

function coarseSlice(slice: { [key: string]: Json }, overall: boolean): Json {
  const objects = Number(slice.objects);
  const out: { [key: string]: Json } = {};
  for (const key of KEPT) out[key] = slice[key];
  const told = overall ? Object.keys(ROUNDED_TO) : ['AP', 'AFNR'];
  for (const [key, finest] of Object.entries(ROUNDED_TO))
    out[key] = told.includes(key) ? roundTo(slice[key] as number | null, stepOf(finest, objects)) : null;
  for (const key of WITHHELD) out[key] = null;
  for (const key of PER_IOU) out[key] = Array(10).fill(null);
  out.AR = Object.fromEntries(Object.keys(slice.AR as object).map((key) => [key, null]));
  return out;
}

type CountReport = Extract<AnyReport, { task: 'fluorescence-counts' }>;

function coarseCounts({ counts }: CountReport['results']): CountReport['results'] {
  const series = Object.entries(counts).map(([type, all]) => {
    const { images, imagesBelow1600, linearityLimit, linearityBroken, linearityReason, scoreThreshold, overTime } = all;
    const step = Math.max(0.01, Math.min(1, IMAGES_TOLD_APART / Math.max(1, imagesBelow1600)));
    const carried = all.mostLeverage === undefined || all.mostLeverage > MOST_LEVERAGE;
    return [
      type,
      {
        images,
        imagesBelow1600,
        r2: carried || all.r2 === null ? null : roundTo(Math.max(0, all.r2), step),
        pearson: carried ? null : roundTo(all.pearson ?? null, step),
        meanAbsoluteError: carried ? null : roundToDigits(all.meanAbsoluteError ?? null, 2),
        linearityLimit: carried ? null : roundTo(linearityLimit, 100),
        linearityBroken: carried ? null : linearityBroken,
        points: [],
        ...(linearityReason !== undefined && { linearityReason }),
        ...(carried && { withheld: 'One image decides these numbers. They are told once the entry is published.' }),
        ...(overTime && { overTime }),
        ...(scoreThreshold !== undefined && { scoreThreshold }),
      },
    ];
  });
  return { counts: Object.fromEntries(series) };
}

/** What may be told of an entry: all of it, where its ground truth is public. */
export function disclosed(
  report: AnyReport,
  { truthIsPublic, published }: { truthIsPublic: boolean; published: boolean },
): AnyReport {
  if (truthIsPublic) return report;
  return published ? publishedReport(report) : unpublishedReport(report);
}
