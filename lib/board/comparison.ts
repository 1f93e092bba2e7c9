/**
 * Two to six entries side by side: values, paired differences with intervals, and in words what they allow to say
 * (PROTOCOL, “Uncertainty”). p-values are adjusted by Holm's procedure over all pairs of a number.
 */
import { EVALUATIONS, type Evaluation, IOU_THRESHOLDS, type ProtocolId } from '#lib/coco/protocol.ts';
import { list } from '#lib/format.ts';
import { CELL_TYPE_NAMES, CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { type CellsCompared, errorConsistency } from '#lib/scoring/cells-compared.ts';
import type { Difference } from '#lib/scoring/jackknife.ts';
import { comparePerIou, type PerIou, type PerIouMetric } from '#lib/scoring/per-iou.ts';
import type { EvaluationResults, Metrics } from '#lib/scoring/report.ts';
import { COMPARED_METRICS, type ComparedMetric, compareResults } from '#lib/scoring/uncertainty.ts';
import { holm } from '#lib/stats/holm.ts';
import { boardColumns } from '#lib/tasks/board-columns.ts';
import { type Column, columnName, fillLimits, readColumn, readerOf, readInterval } from '#lib/tasks/columns.ts';
import { disclosed } from '#lib/tasks/disclosure.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { isReportOf, type Report } from '#lib/tasks/report.ts';

export const FEWEST_COMPARED = 2;
export const MOST_COMPARED = 6;
/** Differences are significant up to this adjusted p. */
const ALPHA = 0.05;
/** On ground truth that is not public, no count of fewer cells is told, and none finer than to tens. */
export const FEWEST_CELLS_TOLD = 50;
const CELLS_ROUNDED_TO = 10;

export const COMPARED_NAMES: Readonly<Record<ComparedMetric, string>> = {
  AP: 'AP',
  AFNR: 'AFNR',
  meanAP: 'Mean over types of AP',
  meanAFNR: 'Mean over types of AFNR',
};

/** An entry as it is compared. */
export interface ComparedEntry {
  id: string;
  method: string;
  version: number | null;
  /** the whole report as stored; only what may be told of it leaves this file */
  report: Report;
}

export interface PairDifference extends Difference {
  /** indices of the entries; the difference is first less second */
  first: number;
  second: number;
  /** Holm-adjusted over all pairs of this number */
  adjusted: number;
  /** index of the entry that is ahead; null: they cannot be told apart */
  ahead: number | null;
}

/** One number of every entry; null: nothing to average, or not known. */
export interface ComparedNumber {
  name: string;
  better: 'higher' | 'lower';
  values: (number | null)[];
  intervals?: ([number, number] | null)[];
  /** absent: a fraction */
  format?: Column['format'];
}

export interface Comparison {
  task: string;
  protocol: ProtocolId;
  evaluation: Evaluation;
  groundTruth: string;
  entries: { id: string; method: string; version: number | null }[];
  /** one sentence about AP */
  verdict: string;
  numbers: ComparedNumber[];
  /** by number, every pair; empty where fields of view are too few */
  differences: Partial<Record<ComparedMetric, PairDifference[]>>;
  /** IoU 0.50 to 0.95; [entries × 10] */
  perIou: { AP: (number | null)[][]; FNR: (number | null)[][] };
  /** by number, then IoU 0.50 to 0.95, every pair; absent where an entry has no numbers without each field */
  perIouDifferences?: Record<PerIouMetric, PairDifference[][]>;
  /** in the order of the cell types that have objects; [entries] each */
  cellTypes: { cellType: CellType; AP: (number | null)[]; AFNR: (number | null)[] }[];
  /** each field of view by itself; only where the ground truth is public */
  fields?: { field: string; cellType: string | null; images: number; AP: (number | null)[] }[];
}

/** Why entries cannot be compared: one sentence. */
export class NotComparable extends Error {}

/**
 * Compare entries of a task. Those of LIVECell-wide have paired differences and more; of the other tasks, their numbers
 * stand side by side with their own intervals.
 *
 * @throws NotComparable if they are of different tasks or ground truth, or lack this evaluation
 */
export function compareEntries(
  entries: readonly ComparedEntry[],
  { evaluation, truthIsPublic }: { evaluation: Evaluation; truthIsPublic: boolean },
): Comparison {
  const [{ report }] = entries;
  const tasks = new Set(entries.map((entry) => entry.report.task));
  if (tasks.size > 1)
    throw new NotComparable(
      `These entries belong to different tasks: ${list([...tasks].map((id) => parseTask(id)?.name ?? id))}. Only entries of one task can be compared.`,
    );
  const other = entries.find((entry) => entry.report.groundTruth.sha256 !== report.groundTruth.sha256);
  if (other)
    throw new NotComparable(
      `“${entries[0].method}” and “${other.method}” were scored against different ground truth, or different versions of it, so their numbers do not compare.`,
    );
  if (!isReportOf(report, 'livecell-wide')) return compareNumbers(entries, { evaluation, truthIsPublic });
  const whole = entries.map((entry) => wideResults(entry.report, evaluation));
  if (whole.some((results) => !results)) {
    const without = entries.filter((_, k) => !whole[k]).map(({ method }) => `“${method}”`);
    throw new NotComparable(`${list(without)} gave boxes and no masks. Compare boxes instead.`);
  }
  const told = entries.map((entry) =>
    wideResults(disclosed(entry.report, { truthIsPublic, published: true }), evaluation),
  ) as EvaluationResults[];
  const differences = differencesOf(whole as EvaluationResults[]);
  const types = CELL_TYPES.filter((type) => told.some(({ cellTypes }) => cellTypes[type]));
  const fields = truthIsPublic ? fieldsOf(told) : undefined;
  return {
    task: report.task,
    protocol: report.protocol,
    evaluation,
    groundTruth: report.groundTruth.sha256,
    entries: entries.map(({ id, method, version }) => ({ id, method, version })),
    verdict: verdictOf(
      entries.map(({ method }) => method),
      told.map(({ overall }) => overall.AP),
      differences.AP ?? [],
    ),
    numbers: numbersOf(told),
    differences,
    perIou: {
      AP: told.map(({ overall }) => overall.apPerIou),
      FNR: told.map(({ overall }) => overall.fnrPerIou),
    },
    cellTypes: types.map((cellType) => ({
      cellType,
      AP: told.map(({ cellTypes }) => cellTypes[cellType]?.AP ?? null),
      AFNR: told.map(({ cellTypes }) => cellTypes[cellType]?.AFNR ?? null),
    })),
    ...(fields && { fields }),
  };
}

/** Why entries of a task have no paired differences: one sentence, or two. */
export function withoutDifferences(taskId: string): string {
  if (parseTask(taskId)?.kind.outlines === false)
    return 'Counts have no interval: each image is counted once, and the images are no sample of fields of view. The numbers stand side by side.';
  return 'A paired difference needs each number without each field of view. Reports of this task keep the intervals of single numbers alone, where the protocol has them: so two entries whose intervals overlap may still differ.';
}

/** Put the columns of a task's board side by side, on each data set where entries have several. */
function compareNumbers(
  entries: readonly ComparedEntry[],
  { evaluation, truthIsPublic }: { evaluation: Evaluation; truthIsPublic: boolean },
): Comparison {
  const [{ report }] = entries;
  const task = parseTask(report.task);
  if (!task) throw new NotComparable(`This site has no task “${report.task}” any more.`);
  const all = entries.map((entry) => disclosed(entry.report, { truthIsPublic, published: true }).results);
  const lacking = entries.filter((_, k) => !task.has(all[k], evaluation)).map(({ method }) => `“${method}”`);
  if (lacking.length > 0) throw new NotComparable(`${list(lacking)} gave boxes and no masks. Compare boxes instead.`);
  const readers = all.map(readerOf);
  const sets = task.datasets ? [...new Set(all.flatMap((results) => task.datasets!(results)))] : [''];
  const numbers = sets.flatMap((dataset) =>
    boardColumns(task)
      .filter(({ onDemand }) => !onDemand)
      .flatMap((column): ComparedNumber[] => {
        const view = { protocol: report.protocol, evaluation, dataset };
        const values = readers.map((read) => readColumn(column, view, read) ?? null);
        if (values.every((value) => value === null)) return [];
        const intervals = readers.map((read) => readInterval(column, view, read) ?? null);
        const { format, better } = column;
        return [
          {
            name: [dataset, fillLimits(columnName(column), report.protocol)].filter(Boolean).join(': '),
            better,
            values,
            ...(format !== 'percent' && { format }),
            ...(intervals.some(Boolean) && { intervals }),
          },
        ];
      }),
  );
  return {
    task: task.id,
    protocol: report.protocol,
    evaluation,
    groundTruth: report.groundTruth.sha256,
    entries: entries.map(({ id, method, version }) => ({ id, method, version })),
    verdict:
      'Whether these differences are more than chance cannot be said from their reports; the numbers stand side by side.',
    numbers,
    differences: {},
    perIou: { AP: [], FNR: [] },
    cellTypes: [],
  };
}

/** List the evaluations that all entries have. */
export function sharedEvaluations(entries: readonly Pick<ComparedEntry, 'report'>[]): Evaluation[] {
  return EVALUATIONS.filter((evaluation) =>
    entries.every(({ report }) => {
      if (isReportOf(report, 'livecell-wide')) return wideResults(report, evaluation);
      const task = parseTask(report.task);
      return task?.kind.evaluations.includes(evaluation) && task.has(report.results, evaluation);
    }),
  );
}

function wideResults(report: Report, evaluation: Evaluation): EvaluationResults | undefined {
  return isReportOf(report, 'livecell-wide') ? report.results[evaluation] : undefined;
}

/** Compare every pair in every number that all have. */
function differencesOf(results: readonly EvaluationResults[]): Comparison['differences'] {
  const pairs = results.flatMap((one, first) =>
    results.slice(first + 1).map((two, k) => ({ first, second: first + 1 + k, found: compareResults(one, two) })),
  );
  const differences: Comparison['differences'] = {};
  for (const metric of COMPARED_METRICS) {
    const own = pairs.flatMap(({ first, second, found }) => {
      const difference = found?.[metric];
      return difference ? [{ first, second, ...difference }] : [];
    });
    if (own.length < pairs.length) continue;
    differences[metric] = adjustedPairs(own, metric.endsWith('AFNR') ? 'lower' : 'higher');
  }
  return differences;
}

/** Adjust p over pairs, and say of each who is ahead. */
function adjustedPairs(
  pairs: readonly (Difference & { first: number; second: number })[],
  better: 'higher' | 'lower',
): PairDifference[] {
  const adjusted = holm(pairs.map(({ p }) => p));
  const sign = better === 'lower' ? -1 : 1;
  return pairs.map((pair, k) => ({
    ...pair,
    adjusted: adjusted[k],
    ahead: adjusted[k] > ALPHA ? null : sign * pair.difference > 0 ? pair.first : pair.second,
  }));
}

/**
 * Compare every pair at each IoU threshold; p is adjusted over all pairs and thresholds of a number.
 *
 * @param entries the numbers of each entry without each field
 * @returns undefined where fields of view differ or are too few
 */
export function perIouDifferences(entries: readonly PerIou[]): Record<PerIouMetric, PairDifference[][]> | undefined {
  const of = (metric: PerIouMetric): PairDifference[][] | null => {
    const all: (Difference & { first: number; second: number; t: number })[] = [];
    for (const [first, one] of entries.entries())
      for (const [k, two] of entries.slice(first + 1).entries()) {
        const found = comparePerIou(one, two, metric);
        if (!found) return null;
        found.forEach((difference, t) => {
          if (difference) all.push({ first, second: first + 1 + k, t, ...difference });
        });
      }
    const adjusted = adjustedPairs(all, metric === 'FNR' ? 'lower' : 'higher');
    return Array.from(IOU_THRESHOLDS, (_, t) =>
      adjusted.flatMap((pair, k) => {
        if (all[k].t !== t) return [];
        const { t: __, ...own } = pair as PairDifference & { t: number };
        return [own];
      }),
    );
  };
  const [AP, FNR] = [of('AP'), of('FNR')];
  return AP && FNR ? { AP, FNR } : undefined;
}

const HEADLINES: readonly { name: string; of: (overall: Metrics) => number | null; better?: 'higher' | 'lower' }[] = [
  { name: 'AP', of: ({ AP }) => AP },
  { name: 'AFNR', of: ({ AFNR }) => AFNR, better: 'lower' },
  { name: 'AP50', of: ({ AP50 }) => AP50 },
  { name: 'AP75', of: ({ AP75 }) => AP75 },
  { name: 'AP, small cells', of: ({ APs }) => APs },
  { name: 'AP, medium cells', of: ({ APm }) => APm },
  { name: 'AP, large cells', of: ({ APl }) => APl },
];

function numbersOf(told: readonly EvaluationResults[]): ComparedNumber[] {
  const numbers = HEADLINES.map(
    ({ name, of, better = 'higher' }): ComparedNumber => ({
      name,
      better,
      values: told.map(({ overall }) => of(overall)),
      ...((name === 'AP' || name === 'AFNR') && {
        intervals: told.map(({ overall }) => overall.interval?.[name] ?? null),
      }),
    }),
  );
  const means = (['AP', 'AFNR'] as const).map(
    (metric): ComparedNumber => ({
      name: `Mean over types of ${metric}`,
      better: metric === 'AP' ? 'higher' : 'lower',
      values: told.map(({ meanOfTypes }) => meanOfTypes?.[metric] ?? null),
      intervals: told.map(({ meanOfTypes }) => meanOfTypes?.interval?.[metric] ?? null),
    }),
  );
  numbers.splice(2, 0, ...means);
  return numbers;
}

function fieldsOf(told: readonly EvaluationResults[]): Comparison['fields'] {
  const [first] = told;
  return first.fields?.map(({ field, cellType, images }, k) => ({
    field,
    cellType,
    images,
    AP: told.map(({ fields }) => (fields?.[k]?.field === field ? fields[k].AP : null)),
  }));
}

const points = (fraction: number): string => (100 * Math.abs(fraction)).toFixed(1);

/** Return what the differences in AP allow to say, in a sentence. */
export function verdictOf(
  names: readonly string[],
  values: readonly (number | null)[],
  pairs: readonly PairDifference[],
): string {
  if (pairs.length === 0)
    return 'The fields of view are too few to say whether these differences are more than chance; the numbers stand side by side.';
  if (pairs.every(({ ahead }) => ahead === null)) return `${list(names)} cannot be told apart in AP on this test set.`;
  if (names.length === 2) {
    const [{ ahead, difference, interval }] = pairs;
    const behind = 1 - ahead!;
    const [low, high] = interval.map(Math.abs).sort((a, b) => a - b);
    return `${names[ahead!]} is ahead of ${names[behind]} in AP by ${points(difference)} points (95 % interval ${points(low)} to ${points(high)}).`;
  }
  const order = [...names.keys()].sort((a, b) => (values[b] ?? -1) - (values[a] ?? -1));
  const clauses = order.flatMap((entry) => {
    const beaten = order.filter((other) =>
      pairs.some(
        ({ first, second, ahead }) => ahead === entry && (first === other || second === other) && other !== entry,
      ),
    );
    return beaten.length > 0 ? [`${names[entry]} is ahead of ${list(beaten.map((other) => names[other]))}`] : [];
  });
  const even = pairs
    .filter(({ ahead }) => ahead === null)
    .map(({ first, second }) => `${names[first]} and ${names[second]}`);
  return `In AP, ${clauses.join('; ')}.${even.length > 0 ? ` Not told apart: ${even.join('; ')}.` : ''}`;
}

// --- cells × entries ---

/** Counts as they may be told. */
export interface CellsTold {
  /** null: all images */
  cellType: CellType | null;
  objects: number;
  /** by pattern, a character per entry: `10` is found by the first alone; null: fewer than 50 cells */
  patterns: Record<string, number | null>;
  /** error consistency of each pair, in the order of pairs */
  kappa: { first: number; second: number; kappa: number | null }[];
}

/** Return counts as they may be told: rounded, and none of few cells, where the ground truth is not public. */
export function tellCells(
  cells: CellsCompared,
  { entries, cellType, truthIsPublic }: { entries: number; cellType: CellType | null; truthIsPublic: boolean },
): CellsTold {
  const told = (count: number): number | null => {
    if (truthIsPublic) return count;
    return count < FEWEST_CELLS_TOLD ? null : Math.round(count / CELLS_ROUNDED_TO) * CELLS_ROUNDED_TO;
  };
  const enough = truthIsPublic || cells.objects >= FEWEST_CELLS_TOLD;
  const kappa = Array.from({ length: entries }, (_, first) =>
    Array.from({ length: entries - first - 1 }, (__, k) => {
      const second = first + 1 + k;
      const value = enough ? errorConsistency(cells, first, second) : null;
      return { first, second, kappa: value === null || truthIsPublic ? value : Math.round(100 * value) / 100 };
    }),
  ).flat();
  return {
    cellType,
    objects: told(cells.objects) ?? 0,
    patterns: Object.fromEntries(cells.patterns.map((count, pattern) => [patternName(pattern, entries), told(count)])),
    kappa,
  };
}

/** Return `10` for pattern 1 of two entries: a character per entry, 1 where it found the cell. */
export function patternName(pattern: number, entries: number): string {
  return Array.from({ length: entries }, (_, k) => (pattern >> k) & 1).join('');
}

/** Return the pattern with a name; null if it is none of so many entries. */
export function parsePattern(name: string | undefined, entries: number): number | null {
  if (name === undefined || name.length !== entries || !/^[01]+$/.test(name)) return null;
  return [...name].reduce((pattern, bit, k) => pattern | (Number(bit) << k), 0);
}

/** Say in words who found the cells of a pattern. */
export function patternInWords(name: string, methods: readonly string[]): string {
  const found = methods.filter((_, k) => name[k] === '1');
  if (found.length === 0) return methods.length === 2 ? 'found by neither' : 'found by none';
  if (found.length === methods.length) return methods.length === 2 ? 'found by both' : 'found by all';
  return `found by ${list(found)} alone`;
}

// --- export ---

/** Return the comparison as rows of a CSV file: one number per row. */
export function comparisonRows(comparison: Comparison, cells: readonly CellsTold[] = []): (string | number | null)[][] {
  const { entries, numbers, differences, perIou, perIouDifferences, cellTypes, fields } = comparison;
  const name = (k: number): string => entries[k].id;
  const rows: (string | number | null)[][] = [
    ['section', 'item', 'entry', 'other entry', 'value', 'low', 'high', 'standard error', 'p', 'adjusted p'],
  ];
  const addRow = (
    about: [section: string, item: string, entry: string],
    value: number | null,
    rest: (string | number | null)[] = [],
  ) => rows.push([...about, '', value, ...rest, ...Array(5 - rest.length).fill(null)]);
  for (const { name: item, values, intervals } of numbers)
    values.forEach((value, k) => {
      addRow(['number', item, name(k)], value, intervals?.[k] ?? []);
    });
  for (const metric of COMPARED_METRICS)
    for (const { first, second, difference, interval, standardError, p, adjusted } of differences[metric] ?? [])
      rows.push(['difference', metric, name(first), name(second), difference, ...interval, standardError, p, adjusted]);
  for (const [metric, lines] of Object.entries(perIou))
    lines.forEach((values, k) => {
      values.forEach((value, t) => {
        addRow([`${metric} per IoU`, (0.5 + 0.05 * t).toFixed(2), name(k)], value);
      });
    });
  for (const [metric, thresholds] of Object.entries(perIouDifferences ?? {}))
    thresholds.forEach((pairs, t) => {
      for (const { first, second, difference, interval, standardError, p, adjusted } of pairs)
        rows.push([
          `${metric} difference per IoU`,
          (0.5 + 0.05 * t).toFixed(2),
          name(first),
          name(second),
          difference,
          ...interval,
          standardError,
          p,
          adjusted,
        ]);
    });
  for (const { cellType, AP, AFNR } of cellTypes)
    for (const [metric, values] of [['AP', AP] as const, ['AFNR', AFNR] as const])
      values.forEach((value, k) => {
        addRow([`${metric} by cell type`, CELL_TYPE_NAMES[cellType], name(k)], value);
      });
  for (const { field, AP } of fields ?? [])
    AP.forEach((value, k) => {
      addRow(['AP by field of view', field, name(k)], value);
    });
  for (const { cellType, patterns, kappa } of cells) {
    const where = cellType ? CELL_TYPE_NAMES[cellType] : 'all';
    for (const [pattern, count] of Object.entries(patterns))
      rows.push(['cells', where, pattern, '', count, ...Array(5).fill(null)]);
    for (const pair of kappa)
      rows.push(['error consistency', where, name(pair.first), name(pair.second), pair.kappa, ...Array(5).fill(null)]);
  }
  return rows;
}
