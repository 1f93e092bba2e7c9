/**
 * How much a report reveals of ground truth that is not public. Every exact number answers a question that a submitter
 * can choose, and enough answers reveal the hidden masks and counts. So until a maintainer publishes an entry, its
 * report has few numbers, and those are rounded:
 *
 *   AP, AFNR (overall)           to 0.001, or to 400 objects of the slice where that is coarser
 *   AP, AFNR (of a cell type)    to 0.01, or to 400 objects of the slice where that is coarser
 *   several files on one slice   to three times that: sizes of a training set, rows of a transfer matrix
 *   means, transfer index        computed from the rounded numbers
 *   r², Pearson's r              to 0.01, or to 3 images of the series where that is coarser; r² below 0 as 0;
 *                                none if one image dominates them
 *   mean absolute error          to 2 digits, or to what 3 images of the series can change if that is coarser
 *   limit of linearity           to 100 cells
 *   objects of counts            to 2 digits, even after publication: their sum is the sum of the hidden counts
 *
 * A number whose step would be half of its range or more is not told.
 *
 * AP is here the area under the precision-recall curve, brought to the scale of the 101-point AP (`smoothAP`). AP itself
 * jumps by up to 1/101 when one hit reaches the next recall, and a file of one detection has an AP of 1/101 or of 0: such
 * jumps would answer yes or no through any step finer than that. The area changes by a few times 1/objects with each hit.
 *
 * Rounding alone would tell whether a number is above or below a step, and a submitter who has come close to one could
 * ask object by object on which side it lies. So which of the two neighbouring steps is shown is drawn, with
 * probabilities that are right on average (`Draw`); the draw depends on the site's secret and on the files. Keeping the
 * step that was shown last as long as the number stays near it would have an edge again, which is known.
 *
 * Draws average out: the mean of many answers is as good as an exact one. So steps widen with every five scored runs that
 * a person or team has had within a year (`widening`). All answers together then tell less than nine first ones would,
 * however many there are, since 5 × (1 + 1/4 + 1/9 + …) < 9.
 *
 * AP50, AP75, area classes, curves, single IoU thresholds, intervals, errors, fields, replicates, families, outcomes,
 * regression lines and times wait for publication. Fields, replicates and outcomes stay on the server even then: two
 * replicates reveal one field's share.
 */
import { CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import type { CountResults, TransferabilityResults } from '#lib/scoring/report.ts';
import { transferability } from '#lib/scoring/transferability.ts';
import type { Report } from './report.ts';
import { isReport, withoutGroundTruth } from './report-schema.ts';

/** The finest rounding steps before publication; in fractions, so 0.001 is a tenth of a point. */
const FINEST = { overall: 0.001, cellType: 0.01 } as const;
/**
 * Returns a number from 0 to 1 for a path in `results`: `x` steps are shown as floor(x + draw). The same report always
 * gets the same draws. 0.5 rounds to the nearest step.
 */
export type Draw = (path: string) => number;
const NEAREST: Draw = () => 0.5;

/** Scored runs after which rounding steps become wider by one step: as many as the quota allows in a week. */
const RUNS_PER_STEP = 5;

/** Return how many times as wide as at first the rounding steps are after `runs` scored runs. */
export function widening(runs: number): number {
  return 1 + Math.floor(runs / RUNS_PER_STEP);
}

/** Say in one or two sentences that an unpublished score is rounded, and how far. */
export function roundedInWords(runs: number): string {
  const wider = widening(runs);
  const why =
    'The ground truth is not public, so these numbers are rounded until the entry is published, and AP50, AP75 and the size classes wait for it. A number that too few objects stand behind is not told either (–).';
  return wider === 1
    ? why
    : `${why} The steps are ${wider} times as wide as at first, because you or your team have had ${runs} scored runs on it within a year.`;
}

/** How numbers are rounded that are not public yet. */
export interface Rounding {
  /** which of two neighbouring steps is shown; absent: the nearest */
  draw?: Draw;
  /** scored runs of the same person or team before this one */
  runs?: number;
}

/** The rounding step of a fraction covers at least this many objects. */
const OBJECTS_TOLD_APART = 400;
/**
 * A step as wide as this leaves nothing to tell: a number from 0 to 1 would be drawn to be 0, 0.5 or 1.
 */
const WIDEST = 0.5;
/**
 * Steps of numbers that several files of one charge have on the same slice are as many times as wide: the root of six
 * sizes of a training set and of eight models, rounded up. Together they tell no more than one file does.
 */
const FILES_ON_ONE_SLICE = 3;
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
const WITHHELD = ['AP50', 'AP75', 'APs', 'APm', 'APl', 'ARs', 'ARm', 'ARl', 'pq'];
const PER_IOU = ['apPerIou', 'fnrPerIou', 'f1PerIou', 'jaccardPerIou'];
/** Never leaves the server, even after publication. */
const NEVER = new Set(['replicates', 'areas']);

/** Only images with fewer cells than this enter the numbers of counts, so one image moves a sum by less. */
const MOST_CELLS = 1600;

/**
 * Return the rounding step of a fraction over `objects` objects: it must hide single ones.
 *
 * @param apart objects that it covers at least
 */
export function stepOf(finest: number, objects: number, { wider = 1, apart = OBJECTS_TOLD_APART } = {}): number {
  return Math.min(1, wider * Math.max(finest, apart / Math.max(1, objects)));
}

/**
 * Return the area under a precision-recall curve on the scale of AP, which is the mean of precision at 101 recalls: 100
 * intervals between them and half of each end. Precision at recall 0 is taken to be 1, unless there is hardly any area.
 */
export function smoothAP(area: number): number {
  return (100 * area + 0.5 * Math.min(1, 10 * area)) / 101;
}

/**
 * Round to a multiple of `step`, the nearest without a draw; null stays null. A fraction stays one: 1 is not rounded to 1.07, where the
 * step is coarse. The digits are cut so that 0.123 does not become 0.12300000000000001.
 */
export function roundTo(value: number | null, step: number, draw = 0.5): number | null {
  if (value === null) return null;
  const multiple = Math.floor(value / step + draw) * step;
  if (step >= 1) return multiple;
  const rounded = Number(multiple.toPrecision(12));
  return value <= 1 ? Math.min(1, rounded) : rounded;
}

/** Round to a number of significant digits. */
function roundToDigits(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toPrecision(digits));
}

/** Return the report of an unpublished entry on ground truth that is not public. */
export function unpublishedReport(report: Report, { draw = NEAREST, runs = 0 }: Rounding = {}): Report {
  const wider = widening(runs);
  const results =
    report.task === 'fluorescence-counts'
      ? coarseCounts((withoutGroundTruth(report) as CountReport).results, draw, wider)
      : coarse(asJson(report.results), { wider, finest: FINEST.overall, path: '', draw });
  const { families: _, outcomes: __, ...told } = withCoarseTotal(report);
  // that one names the pairs whose AP is exactly 0
  const warnings = told.warnings.filter(({ code }) => code !== 'no-transferability-index');
  return asReport({ ...told, warnings, disclosure: 'unpublished', ...(runs > 0 && { runsBefore: runs }), results });
}

/** Return the report of a published entry on ground truth that is not public: full numbers, except replicates. */
export function publishedReport(report: Report): Report {
  const told = withoutGroundTruth(report);
  return asReport({
    ...withCoarseTotal(told),
    ...(report.families && { families: report.families }),
    disclosure: 'published',
    results: without(NEVER, asJson(told.results)),
  });
}

/** Return results as plain data that can be walked for any task. */
function asJson(results: object): Json {
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

interface Place {
  /** how many times as wide as at first the steps are */
  wider: number;
  finest: number;
  path: string;
  draw: Draw;
}

/** Return a fraction as it may be told; null where its step would leave nothing of it. */
function coarseFraction(value: number | null, objects: number, { wider, finest, path, draw }: Place): number | null {
  const step = stepOf(finest, objects, { wider });
  return step >= WIDEST ? null : roundTo(value, step, draw(path));
}

/** Round slices by their numbers of objects, and compute means and matrices from what is left of them. */
function coarse(value: Json, place: Place): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  if ('apPerIou' in value) return coarseSlice(value, place);
  if ('matrix' in value) return coarseMatrix(value, place);
  const out: { [key: string]: Json } = {};
  for (const [key, one] of Object.entries(value)) {
    if (['fields', 'replicates', 'families', 'interval', 'mean', 'meanOfTypes'].includes(key)) continue;
    // masks and boxes may be the same objects: two draws for one number would say more than one
    const path = key === 'segm' || key === 'bbox' ? place.path : `${place.path}.${key}`;
    const finest = key === 'cellTypes' ? FINEST.cellType : place.finest;
    const wider = key === 'sizes' ? FILES_ON_ONE_SLICE * place.wider : place.wider;
    out[key] = coarse(one, { ...place, path, finest, wider });
  }
  for (const key of ['mean', 'meanOfTypes'])
    if (key in value) out[key] = value[key] && asJson(meanOfTold((out.cellTypes ?? {}) as ToldTypes));
  return out;
}

function coarseSlice(slice: { [key: string]: Json }, place: Place): Json {
  const objects = Number(slice.objects);
  const out: { [key: string]: Json } = {};
  for (const key of KEPT) out[key] = slice[key];
  const tell = (key: string, value: number | null) =>
    coarseFraction(value, objects, { ...place, path: `${place.path}.${key}` });
  const { exactAP } = slice;
  out.AP = tell('AP', typeof exactAP === 'number' ? smoothAP(exactAP) : null);
  out.AFNR = tell('AFNR', slice.AFNR as number | null);
  for (const key of WITHHELD) out[key] = null;
  for (const key of PER_IOU) out[key] = Array(10).fill(null);
  out.AR = Object.fromEntries(Object.keys(slice.AR as object).map((key) => [key, null]));
  return out;
}

type ToldTypes = { [type: string]: { AP: number | null; AFNR: number | null } };

/** Return the means over all cell types of a report; null where one of them is not told. */
function meanOfTold(types: ToldTypes): { AP: number | null; AFNR: number | null } {
  const mean = (key: 'AP' | 'AFNR') => {
    const numbers = Object.values(types).map((type) => type[key]);
    if (numbers.length === 0 || numbers.includes(null)) return null;
    const sum = numbers.reduce<number>((total, number) => total + number!, 0);
    return Number((sum / numbers.length).toPrecision(12));
  };
  return { AP: mean('AP'), AFNR: mean('AFNR') };
}

/** Return a transfer matrix with rounded numbers, and what follows from them. */
function coarseMatrix({ areas }: { [key: string]: Json }, place: Place): Json {
  const known = (areas ?? {}) as TransferabilityResults['areas'] & object;
  const matrix: TransferabilityResults['matrix'] = {};
  for (const trainedOn of CELL_TYPES) {
    if (!known[trainedOn]) continue;
    const row: Partial<Record<CellType, number | null>> = {};
    for (const evaluatedOn of CELL_TYPES) {
      const [objects, area] = known[trainedOn][evaluatedOn] ?? [0, null];
      row[evaluatedOn] = coarseFraction(area === null ? null : smoothAP(area), objects, {
        ...place,
        finest: FINEST.cellType,
        wider: FILES_ON_ONE_SLICE * place.wider,
        path: `${place.path}.matrix.${trainedOn}.${evaluatedOn}`,
      });
    }
    matrix[trainedOn] = row;
  }
  return asJson(transferability(matrix));
}

type CountReport = Extract<Report, { task: 'fluorescence-counts' }>;

function coarseCounts({ counts }: CountReport['results'], draw: Draw, wider: number): CountReport['results'] {
  const series = Object.entries(counts).map(([type, all]) => {
    const { images, imagesBelow1600, linearityLimit, scoreThreshold, overTime } = all;
    const step = Math.min(1, wider * Math.max(0.01, Math.min(1, IMAGES_TOLD_APART / Math.max(1, imagesBelow1600))));
    const of = (name: string) => draw(`${type}.${name}`);
    const carried = all.mostLeverage === undefined || all.mostLeverage > MOST_LEVERAGE;
    return [
      type,
      {
        images,
        imagesBelow1600,
        r2: carried || all.r2 === null ? null : roundTo(Math.max(0, all.r2), step, of('r2')),
        pearson: carried ? null : roundTo(all.pearson ?? null, step, of('pearson')),
        meanAbsoluteError: carried ? null : coarseError(all, of('meanAbsoluteError'), wider),
        linearityLimit: carried ? null : roundTo(linearityLimit, 100 * wider, of('linearityLimit')),
        // whether a line was rejected is a yes or no about the counts near the limit
        linearityBroken: null,
        points: [],
        ...(carried && { withheld: 'One image decides these numbers. They are shown once the entry is published.' }),
        ...(overTime && { overTime }),
        ...(scoreThreshold !== undefined && { scoreThreshold }),
      },
    ];
  });
  return { counts: Object.fromEntries(series) };
}

/** Return a mean absolute error with a step that covers its second digit and what a few images can change. */
function coarseError(
  { meanAbsoluteError = null, imagesBelow1600 }: CountResults,
  draw: number,
  wider: number,
): number | null {
  if (meanAbsoluteError === null) return null;
  const second = 10 ** (Math.floor(Math.log10(Math.max(meanAbsoluteError, 1))) - 1);
  const few = (IMAGES_TOLD_APART * MOST_CELLS) / Math.max(1, imagesBelow1600);
  return roundTo(meanAbsoluteError, wider * Math.max(second, few), draw);
}

/** Return what may be shown of an entry: everything if its ground truth is public. */
export function disclosed(
  report: Report,
  about: { truthIsPublic: boolean } & (({ published: boolean } & Required<Rounding>) | { published: true }),
): Report {
  if (about.truthIsPublic) return report;
  return 'draw' in about && !about.published ? unpublishedReport(report, about) : publishedReport(report);
}
