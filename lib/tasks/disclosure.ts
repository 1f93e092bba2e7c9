/**
 * How much a report reveals of ground truth that is not public. Every exact number answers a question that a submitter
 * can choose, and enough answers reveal the hidden masks and counts. So until a maintainer publishes an entry, its
 * report has few numbers, and those are rounded:
 *
 *   AP, AP50, AP75, AFNR (overall)       to 0.001, or to 10 objects of the slice where that is coarser
 *   AP, AFNR (of a cell type)            as above
 *   means and matrices of these          to 0.001, or to 10 objects of the data set
 *   r², Pearson's r                      to 0.01, or to 3 images of the series where that is coarser; r² below 0 as 0;
 *                                        none if one image dominates them
 *   mean absolute error                  to 2 digits
 *   limit of linearity                   to 100 cells
 *   objects of counts                    to 2 digits, even after publication: their sum is the sum of the hidden counts
 *
 * Area classes, curves, single IoU thresholds, intervals, errors, fields, replicates, families, regression lines and
 * times wait for publication. Replicates stay on the server even then: two of them reveal one field's share.
 */
import type { Report } from './report.ts';
import { isReport, withoutGroundTruth } from './report-schema.ts';

/** Numbers shown before publication and their rounding steps; in fractions, so 0.001 is a tenth of a point. */
const ROUNDED_TO = { AP: 0.001, AP50: 0.001, AP75: 0.001, AFNR: 0.001 } as const;
/** The rounding step of a fraction covers at least this many objects. */
const OBJECTS_TOLD_APART = 10;
/** The rounding step of a correlation covers the effect of at least this many images. */
const IMAGES_TOLD_APART = 3;
/**
 * Maximum share of the spread of the predicted counts that one image may have: beyond it, that image decides the
 * numbers.
 */
const MOST_LEVERAGE = 0.25;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Numbers of a slice that stay exact: how much was evaluated. */
const KEPT = ['images', 'detections', 'objects'];
/** Required numbers that are withheld before publication. */
const WITHHELD = ['APs', 'APm', 'APl', 'ARs', 'ARm', 'ARl', 'pq'];
const PER_IOU = ['apPerIou', 'fnrPerIou', 'f1PerIou', 'jaccardPerIou'];
/** Never leaves the server, even after publication. */
const NEVER = new Set(['replicates']);

/** Return the rounding step of a fraction over `objects` objects: it must hide single ones. */
export function stepOf(finest: number, objects: number): number {
  return Math.max(finest, Math.min(1, OBJECTS_TOLD_APART / Math.max(1, objects)));
}

/**
 * Round to the nearest multiple of `step`; null stays null. A fraction stays one: 1 is not rounded to 1.07, where the
 * step is coarse. The digits are cut so that 0.123 does not become 0.12300000000000001.
 */
export function roundTo(value: number | null, step: number): number | null {
  if (value === null) return null;
  const multiple = Math.round(value / step) * step;
  if (step >= 1) return multiple;
  const rounded = Number(multiple.toPrecision(12));
  return value <= 1 ? Math.min(1, rounded) : rounded;
}

/** Round to a number of significant digits. */
function roundToDigits(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toPrecision(digits));
}

/** Return the report of an unpublished entry on ground truth that is not public. */
export function unpublishedReport(report: Report): Report {
  const step = stepOf(ROUNDED_TO.AP, report.groundTruth.objects);
  const results =
    report.task === 'fluorescence-counts'
      ? coarseCounts((withoutGroundTruth(report) as CountReport).results)
      : coarse(asJson(report.results), step, true);
  return asReport({ ...withCoarseTotal(report), disclosure: 'unpublished', results });
}

/** Return the report of a published entry on ground truth that is not public: full numbers, except replicates. */
export function publishedReport(report: Report): Report {
  const told = withoutGroundTruth(report);
  return asReport({
    ...withCoarseTotal(told),
    disclosure: 'published',
    results: without(NEVER, asJson(told.results)),
  });
}

/** Return results as plain data that can be walked for any task. */
function asJson(results: Report['results']): Json {
  return JSON.parse(JSON.stringify(results)) as Json;
}

/** Check that rounding has left a valid report. @throws Error otherwise */
function asReport(document: unknown): Report {
  if (!isReport(document)) throw new Error('What may be told of a report is no report.');
  return document;
}

/** Round the sum of hidden counts, which is hidden too; the total number of outlined cells is in the paper. */
function withCoarseTotal(report: Report): Report {
  if (report.task !== 'fluorescence-counts') return report;
  return { ...report, groundTruth: { ...report.groundTruth, objects: coarseTotal(report.groundTruth.objects) } };
}

/** Return the total number of cells in a series of hidden counts, rounded as far as it may be shown. */
export function coarseTotal(objects: number): number {
  return Math.round(roundToDigits(objects, 2)!);
}

/** Return the number of objects of a data set, rounded as far as it may be shown. */
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

/** Round slices by their number of objects, and other numbers per slice, such as means or matrices, to `step`. */
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

type CountReport = Extract<Report, { task: 'fluorescence-counts' }>;

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
        ...(carried && { withheld: 'One image decides these numbers. They are shown once the entry is published.' }),
        ...(overTime && { overTime }),
        ...(scoreThreshold !== undefined && { scoreThreshold }),
      },
    ];
  });
  return { counts: Object.fromEntries(series) };
}

/** Return what may be shown of an entry: everything if its ground truth is public. */
export function disclosed(
  report: Report,
  { truthIsPublic, published }: { truthIsPublic: boolean; published: boolean },
): Report {
  if (truthIsPublic) return report;
  return published ? publishedReport(report) : unpublishedReport(report);
}
