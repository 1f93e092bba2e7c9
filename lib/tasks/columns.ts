/**
 * The columns of boards as data. A column gives the path of its number in a report's `results`; boards, exports,
 * standings, the maintainers' inbox and the command line read it through the functions below.
 */
import { type Evaluation, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { integer, percent } from '#lib/format.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';

/**
 * The path of a number in `results`. `{evaluation}`, `{dataset}` and `{cellType}` are replaced by the board's choices,
 * `{maxDets:0}` to `{maxDets:2}` by the protocol's detection limits.
 */
export type Path = readonly string[];

export const EVALUATION = '{evaluation}';
export const DATASET = '{dataset}';
export const CELL_TYPE = '{cellType}';
/** Return the placeholder of one of the protocol's three detection limits, for paths and texts. */
export const maxDetsAt = (limit: 0 | 1 | 2): string => `{maxDets:${limit}}`;

export interface Column {
  /** used in the address (`?sort=`) and in exports; stable. For numbers published on a subset: `<metric>-<subset>` */
  readonly key: string;
  readonly label: string;
  readonly title: string;
  /** path of the number; for an unweighted mean, the paths of its numbers */
  readonly path: Path | { readonly meanOf: readonly Path[] };
  /** path of a number to subtract */
  readonly minus?: Path;
  /** path of the number's 95 % interval, a pair of numbers */
  readonly interval?: Path;
  /**
   * the number without each field of view, for rank ranges: a metric of the evaluation's `replicates`, or of one cell
   * type (`{cellType}`: the board's)
   */
  readonly replicates?: { readonly metric: string; readonly ofType?: string };
  /** with `null`, a number missing from the report does not exist (an empty slot); otherwise it was never computed */
  readonly missing?: null;
  readonly better: 'higher' | 'lower';
  readonly format: 'percent' | 'number' | 'integer';
  /** heading above adjacent columns; `{cellType}` is replaced by the cell type's name if the board shows one */
  readonly group?: string;
  /** text before the label when the number is named by itself; absent: the group */
  readonly prefix?: string;
  /** the group (`Task.groups`) that shows and hides it; absent: always shown */
  readonly toggle?: string;
  /** included in exports only if its group is requested, or if the board is sorted by it */
  readonly onDemand?: true;
  /** its name in CSV files, also accepted for sorting; absent: the key */
  readonly exportedAs?: string;
  /** how the metric of matching published results differs from the key, and the only protocol with comparable ones */
  readonly published?: { readonly metric?: string; readonly only?: ProtocolId };
}

/** The part of a report that a board or a table shows. */
export interface ColumnView {
  readonly protocol: ProtocolId;
  readonly evaluation: Evaluation;
  readonly dataset?: string;
  readonly cellType?: CellType | null;
}

/** `null`: nothing to average, or no such number; `undefined`: never computed or published. */
export type ColumnNumber = number | null | undefined;

/** Fill the protocol's detection limits into a column's text: its label, its title, its name in exports. */
export function fillLimits(text: string, protocol: ProtocolId): string {
  return text.replace(/\{maxDets:([012])\}/g, (_, limit) => String(PROTOCOLS[protocol].maxDets[Number(limit)]));
}

/** Return the keys from `results` to a number of this view. */
export function fillPath(path: Path, { protocol, evaluation, dataset = '', cellType }: ColumnView): string[] {
  const shown: Record<string, string | null | undefined> = {
    [EVALUATION]: evaluation,
    [DATASET]: dataset,
    [CELL_TYPE]: cellType,
  };
  return path.map((part) => shown[part] ?? fillLimits(part, protocol));
}

/** Return every path that a column reads under this view, including those of its interval. */
export function pathsOf(column: Column, view: ColumnView): string[][] {
  const { path, minus, interval } = column;
  const numbers = 'meanOf' in path ? path.meanOf : [path];
  return [...numbers, ...(minus ? [minus] : []), ...(interval ? [interval] : [])].map((one) => fillPath(one, view));
}

/** Reads the value at a path; `undefined` if there is none. */
export type PathReader = (path: readonly string[]) => unknown;

/** Return a reader of a report's `results`. */
export function readerOf(results: unknown): PathReader {
  return (path) => {
    let at = results;
    for (const part of path) {
      if (typeof at !== 'object' || at === null) return undefined;
      at = Object.hasOwn(at, part) ? Reflect.get(at, part) : undefined;
    }
    return at;
  };
}

/** Read the number of a column, as fraction, count or index. */
export function readColumn(column: Column, view: ColumnView, read: PathReader): ColumnNumber {
  const at = (path: Path): ColumnNumber => {
    const found = read(fillPath(path, view));
    return typeof found === 'number' || found === null ? found : undefined;
  };
  const { path, minus, missing } = column;
  if ('meanOf' in path) {
    const numbers = path.meanOf.map(at).filter((number) => typeof number === 'number');
    return numbers.length === 0 ? null : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  }
  const found = at(path);
  const number = found === undefined && missing === null ? null : found;
  if (!minus || typeof number !== 'number') return number;
  const less = at(minus);
  return typeof less === 'number' ? number - less : null;
}

/** Read the number of a column from the `results` of a whole report. */
export function columnNumber(column: Column, results: unknown, view: ColumnView): ColumnNumber {
  return readColumn(column, view, readerOf(results));
}

/** Read the 95 % interval of a column's number, if the report has one. */
export function readInterval({ interval }: Column, view: ColumnView, read: PathReader): [number, number] | undefined {
  const found = interval && read(fillPath(interval, view));
  if (!Array.isArray(found)) return undefined;
  const [low, high]: unknown[] = found;
  return typeof low === 'number' && typeof high === 'number' ? [low, high] : undefined;
}

/** Return a column's full name, for use without the heading above it: `AFNR, trained on 25 %`. */
export function columnName({ prefix, group, label }: Column): string {
  return [prefix ?? group, label].filter(Boolean).join(' ');
}

/** Format a number as its column shows it. */
export function formatNumber({ format }: Pick<Column, 'format'>, value: ColumnNumber): string {
  if (value === null || value === undefined) return '–';
  if (format === 'percent') return percent(value);
  return format === 'integer' ? integer(value) : value.toFixed(3);
}
