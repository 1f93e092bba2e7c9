/**
 * The columns of boards as data. A column says by its path where its number stands in a report's `results`; boards,
 * exports, standings, the maintainers' inbox and the command line read it through the functions below.
 */
import { type Evaluation, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import { integer, percent } from '#lib/format.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';

/**
 * The way to a number in `results`. `{evaluation}`, `{dataset}` and `{cellType}` stand for what the board shows,
 * `{maxDets:0}` to `{maxDets:2}` for the protocol's detection limits.
 */
export type Path = readonly string[];

export const EVALUATION = '{evaluation}';
export const DATASET = '{dataset}';
export const CELL_TYPE = '{cellType}';
/** The place of one of the protocol's three detection limits, in paths and in texts. */
export const maxDetsAt = (limit: 0 | 1 | 2): string => `{maxDets:${limit}}`;

export interface Column {
  /** in the address (`?sort=`) and in exports; stable. What was published of a subset is `<metric>-<subset>` */
  readonly key: string;
  readonly label: string;
  readonly title: string;
  /** where the number stands; of a mean, where the numbers stand that it is the unweighted mean of */
  readonly path: Path | { readonly meanOf: readonly Path[] };
  /** the number at this path is taken off */
  readonly minus?: Path;
  /** where the 95 % interval of the number stands, a pair of numbers */
  readonly interval?: Path;
  /** a number that is not in the report was never computed; with `null`, there is no such number (an empty slot) */
  readonly missing?: null;
  readonly better: 'higher' | 'lower';
  readonly format: 'percent' | 'number' | 'integer';
  /** what stands above a run of columns; `{cellType}` stands for the cell type's name where the board shows one */
  readonly group?: string;
  /** what goes before the label to name the number by itself; absent: the group */
  readonly prefix?: string;
  /** the group (`Task.groups`) that switches it on and off; absent: always shown */
  readonly toggle?: string;
  /** exports have it only where its group is asked for, or the board is sorted by it */
  readonly onDemand?: true;
  /** its name in CSV files, and another name to sort by; absent: the key */
  readonly exportedAs?: string;
  /** how published results that belong here differ from the key, and the only protocol under which they compare */
  readonly published?: { readonly metric?: string; readonly only?: ProtocolId };
}

/** What a board or a table shows of a report. */
export interface ColumnView {
  readonly protocol: ProtocolId;
  readonly evaluation: Evaluation;
  readonly dataset?: string;
  readonly cellType?: CellType | null;
}

/** `null`: nothing to average, or no such number; `undefined`: never computed or published. */
export type ColumnNumber = number | null | undefined;

/** Texts of a column with the protocol's detection limits filled in: its label, its title, its name in exports. */
export function fillLimits(text: string, protocol: ProtocolId): string {
  return text.replace(/\{maxDets:([012])\}/g, (_, limit) => String(PROTOCOLS[protocol].maxDets[Number(limit)]));
}

/** The keys from `results` to a number of this view. */
export function fillPath(path: Path, { protocol, evaluation, dataset = '', cellType }: ColumnView): string[] {
  const shown: Record<string, string | null | undefined> = {
    [EVALUATION]: evaluation,
    [DATASET]: dataset,
    [CELL_TYPE]: cellType,
  };
  return path.map((part) => shown[part] ?? fillLimits(part, protocol));
}

/** Every path that a column reads under this view, those of its interval too. */
export function pathsOf(column: Column, view: ColumnView): string[][] {
  const { path, minus, interval } = column;
  const numbers = 'meanOf' in path ? path.meanOf : [path];
  return [...numbers, ...(minus ? [minus] : []), ...(interval ? [interval] : [])].map((one) => fillPath(one, view));
}

/** Reads what stands at the end of a path; `undefined` where nothing does. */
export type PathReader = (path: readonly string[]) => unknown;

/** A reader of a report's `results`. */
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

/** The number of a column, as fraction, count or index. */
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

/** The same of the `results` of a whole report. */
export function columnNumber(column: Column, results: unknown, view: ColumnView): ColumnNumber {
  return readColumn(column, view, readerOf(results));
}

/** The 95 % interval of a column's number, where the report has one. */
export function readInterval({ interval }: Column, view: ColumnView, read: PathReader): [number, number] | undefined {
  const found = interval && read(fillPath(interval, view));
  if (!Array.isArray(found)) return undefined;
  const [low, high]: unknown[] = found;
  return typeof low === 'number' && typeof high === 'number' ? [low, high] : undefined;
}

/** What a column's number is called where no head stands above it: `AFNR, trained on 25 %`. */
export function columnName({ prefix, group, label }: Column): string {
  return [prefix ?? group, label].filter(Boolean).join(' ');
}

/** A number as its column shows it. */
export function formatNumber({ format }: Pick<Column, 'format'>, value: ColumnNumber): string {
  if (value === null || value === undefined) return '–';
  if (format === 'percent') return percent(value);
  return format === 'integer' ? integer(value) : value.toFixed(3);
}
