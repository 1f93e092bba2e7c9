/**
 * The numbers of a report that boards need, apart from the report: one row per evaluation and slice. They are stored
 * when a score is saved, so that a board never unpacks a report a hundred times as large.
 */
import type { Evaluation } from '#lib/coco/protocol.ts';
import { CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { degreesOfFreedom, type Strata, stratify } from '#lib/scoring/fields.ts';
import { FEWEST_DEGREES_OF_FREEDOM } from '#lib/scoring/jackknife.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { sha256 } from '#lib/scoring/sha256.ts';
import type { Timing } from '#lib/scoring/timing.ts';
import type { Families } from '#lib/scoring/uncertainty-schema.ts';
import {
  CELL_TYPE,
  type Column,
  type ColumnView,
  type PathReader,
  pathsOf,
  readColumn,
  readerOf,
  readInterval,
} from '#lib/tasks/columns.ts';
import type { Report } from '#lib/tasks/report.ts';
import type { Task } from '#lib/tasks/task.ts';

/** All images, or one cell type. */
export type BoardSlice = 'all' | CellType;

/** The numbers of one evaluation of a report on one slice. */
export interface BoardValues {
  evaluation: Evaluation;
  slice: BoardSlice;
  /** name of a data set, for tasks whose slots are data sets; otherwise '' */
  dataset: string;
  /** digest of the ground truth that these numbers were computed on */
  groundTruthSha256: string;
  unscored: boolean;
  /** by column key; null: nothing to average, or an empty slot; absent: never computed */
  values: Record<string, number | null>;
  /** 95 % intervals of those that have one */
  intervals: Record<string, [low: number, high: number]>;
  /** all metrics of the slice, for tasks with metrics in their rows */
  metrics: Partial<Metrics> | null;
  /** by column key: those numbers without each field of view that allow comparisons */
  replicates: Record<string, FieldReplicates>;
}

/** A number without each field of view of its slice. */
export interface FieldReplicates {
  /** digest of the fields' names and cell types: replicates of the same fields can be compared */
  fields: string;
  /** [fields] the stratum of each, 0 … */
  strata: number[];
  /** [fields], in the order of their names */
  numbers: number[];
}

/** Change this when a row is derived in another way from the same report and columns. */
const DERIVATION = 1;

const formats = new WeakMap<Task, string>();

/** Identify how rows of a task are derived: rows of another format are derived again from their reports. */
export function formatOf(task: Task): string {
  const known = formats.get(task);
  if (known) return known;
  const read = [...task.columns, ...(task.typeBoards?.columns ?? [])].map(
    ({ key, path, minus, interval, missing, replicates }) => ({ key, path, minus, interval, missing, replicates }),
  );
  const format = digest(JSON.stringify([DERIVATION, read, task.rowsHaveMetrics]));
  formats.set(task, format);
  return format;
}

/** What is known of a score beside its report, once it is computed. */
export interface BesideReport {
  /** the numbers other papers report, of masks */
  families?: Families | null;
  /** time against object count */
  timing?: Timing | null;
}

/** Derive every row of a report. */
export function boardValues(
  task: Task,
  report: Pick<Report, 'protocol' | 'groundTruth' | 'unscored'> & { results: unknown },
  { families, timing }: BesideReport = {},
): BoardValues[] {
  const { protocol, groundTruth, unscored = false } = report;
  const read = readerOf({
    ...(report.results as object),
    ...(families && { families: { segm: families } }),
    ...(timing && { timing }),
  });
  const datasets = task.datasets?.(report.results) ?? [''];
  return datasets.flatMap((dataset) =>
    task.kind.evaluations.flatMap((evaluation) => {
      const row = (slice: BoardSlice, columns: readonly Column[]): BoardValues => {
        const view: ColumnView = { protocol, evaluation, dataset, cellType: slice === 'all' ? null : slice };
        return {
          evaluation,
          slice,
          dataset,
          groundTruthSha256: groundTruth.datasets?.[dataset]?.sha256 ?? groundTruth.sha256,
          unscored,
          values: defined(columns.map((column) => [column.key, readColumn(column, view, read)])),
          intervals: defined(columns.map((column) => [column.key, readInterval(column, view, read)])),
          metrics: task.rowsHaveMetrics ? metricsAt(view, read) : null,
          replicates: defined(columns.map((column) => [column.key, readReplicates(column, view, read)])),
        };
      };
      const ofType = task.typeBoards?.columns.filter(readsOneType) ?? [];
      const types = task.typeBoards
        ? CELL_TYPES.filter((type) => read([evaluation, 'cellTypes', type]) !== undefined)
        : [];
      return [row('all', task.columns), ...types.map((type) => row(type, ofType))];
    }),
  );
}

/** Tell whether a column reads the cell type that the board shows; other columns are those of all images. */
export function readsOneType(column: Column): boolean {
  return pathsOf(column, { protocol: 'livecell-paper', evaluation: 'segm' }).some((path) => path.includes(CELL_TYPE));
}

function metricsAt({ evaluation, cellType }: ColumnView, read: PathReader): Partial<Metrics> {
  return (read(cellType ? [evaluation, 'cellTypes', cellType] : [evaluation, 'overall']) ?? {}) as Partial<Metrics>;
}

/**
 * Read a column's number without each field of its slice; undefined without replicates, or where the fields are too few
 * for comparisons.
 *
 * A report has the replicates of the pooled number and of the mean over types. Leaving out a field of one type changes
 * the mean by an nth of what that type's own number changes by, n types: so the type's replicates follow from those of
 * the mean.
 */
function readReplicates(column: Column, view: ColumnView, read: PathReader): FieldReplicates | undefined {
  const { replicates: wanted } = column;
  if (!wanted) return undefined;
  const { evaluation, cellType } = view;
  const fields = read([evaluation, 'fields']);
  const replicates = read([evaluation, 'replicates']);
  if (!Array.isArray(fields) || !Array.isArray(replicates) || fields.length !== replicates.length) return undefined;
  const units = fields.map(({ field, cellType }) => ({ name: String(field), cellType: String(cellType ?? '') }));
  const at = (metric: string) => replicates.map((replicate: Record<string, unknown>) => replicate[metric]);
  const type = wanted.ofType && (wanted.ofType === CELL_TYPE ? cellType : wanted.ofType);
  if (!type) return described(units, at(wanted.metric));

  const metric = wanted.metric as 'AP' | 'AFNR';
  const value = read([evaluation, 'cellTypes', type, metric]);
  const mean = read([evaluation, 'meanOfTypes', metric]);
  if (typeof value !== 'number' || typeof mean !== 'number') return undefined;
  const count = CELL_TYPES.filter((one) => typeof read([evaluation, 'cellTypes', one, metric]) === 'number').length;
  const own = [...units.keys()].filter((unit) => units[unit].cellType === type);
  const means = at(`mean${metric}`);
  return described(
    own.map((unit) => units[unit]),
    own.map((unit) => {
      const without = means[unit];
      return typeof without === 'number' ? value + count * (without - mean) : null;
    }),
  );
}

function described(
  units: readonly { name: string; cellType: string }[],
  numbers: readonly unknown[],
): FieldReplicates | undefined {
  const strata = stratify(units);
  if (degreesOfFreedom(strata) < FEWEST_DEGREES_OF_FREEDOM || !numbers.every(isNumber)) return undefined;
  const names = units.map(({ name, cellType }) => `${name}\t${cellType}`).join('\n');
  return { fields: digest(names), strata: strata.of, numbers: [...numbers] };
}

/** Return the strata that stored replicates come from. */
export function strataFrom(of: readonly number[]): Strata {
  const sizes = new Array<number>(Math.max(-1, ...of) + 1).fill(0);
  for (const stratum of of) sizes[stratum]++;
  return { of: [...of], sizes };
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}

function defined<T>(pairs: readonly (readonly [string, T | undefined])[]): Record<string, T> {
  return Object.fromEntries(pairs.filter((pair): pair is [string, T] => pair[1] !== undefined));
}

/** 64 bits tell apart the few column lists and field lists that a site ever has. */
function digest(text: string): string {
  return sha256(new TextEncoder().encode(text)).slice(0, 16);
}
