/**
 * Ranks and order of a board, by any column. The page, the API and its files all use this. Pure, so that one test
 * covers the rules.
 */
import { boardColumns, findColumn } from '#lib/tasks/board-columns.ts';
import type { Column, ColumnNumber, ColumnView } from '#lib/tasks/columns.ts';
import type { Task } from '#lib/tasks/task.ts';
import type { Exposure } from '#lib/vocabulary.ts';

export type Direction = 'asc' | 'desc';

/**
 * What a board can be sorted by. Ranks use the sorting column; when sorting by name or time, they use the task's
 * headline.
 */
export type Sort = Column | 'method' | 'publishedAt';
const NOT_COLUMNS = ['method', 'publishedAt'] as const;

export type RowKind = 'entry' | 'reference' | 'control';

/** The fields of a row that ranking needs. */
export interface Rankable {
  readonly id: string;
  /** results published elsewhere, and controls made from the ground truth, have no rank */
  readonly kind: RowKind;
  /** predictions without scores (label images): ranked separately */
  readonly unscored: boolean;
  /** what the model had seen; entries prompted from the annotation are not ranked */
  readonly exposure?: Exposure | null;
  readonly method: string;
  readonly publishedAt: Date | null;
  /** by the keys of the board's columns */
  readonly values: Readonly<Record<string, ColumnNumber>>;
}

type Publication = Pick<Rankable, 'id' | 'publishedAt'>;

/** What a row shows in the column that counts; `null` and `undefined` are no number. */
type Read<Row> = (row: Row) => ColumnNumber;

/**
 * The rows in order, each with its rank, which is by the better first whichever way the board is turned.
 *
 * @param options.headline the column of the ranks where the board is ordered by name or time
 * @param options.direction absent: the best row on top
 */
export function rankBoard<Row extends Rankable>(
  rows: readonly Row[],
  { headline, sort = headline, direction = bestFirst(sort) }: { headline: Column; sort?: Sort; direction?: Direction },
): (Row & { rank: number | null })[] {
  const column = typeof sort === 'object' ? sort : headline;
  const read: Read<Rankable> = (row) => row.values[column.key];
  const rankOf = ranksAmongPeers(rows, read, column.better);
  return order(rows, typeof sort === 'object' ? read : sort, direction).map((row) => ({
    ...row,
    rank: rankOf.get(row) ?? null,
  }));
}

/**
 * Order entries by a number, the best first, with the ranks and the order of equal entries that every board has.
 *
 * @param rows entries alone
 */
export function rankEntries<Row extends Omit<Rankable, 'kind' | 'method' | 'values'>>(
  rows: readonly Row[],
  read: Read<Row>,
  better: 'higher' | 'lower',
): { row: Row; rank: number | null }[] {
  const entries = rows.map((row) => ({ ...row, kind: 'entry' as const, row }));
  const rankOf = ranksAmongPeers(entries, ({ row }) => read(row), better);
  const sorted = ordered(entries.sort(byPublication), ({ row }) => read(row), better === 'higher' ? 'desc' : 'asc');
  return sorted.map((entry) => ({ row: entry.row, rank: rankOf.get(entry) ?? null }));
}

/** Rank entries with scores, and those without, each among themselves. */
function ranksAmongPeers<Row extends Pick<Rankable, 'kind' | 'unscored' | 'exposure'>>(
  rows: readonly Row[],
  read: Read<Row>,
  better: 'higher' | 'lower',
): Map<Row, number | null> {
  const rankOf = new Map<Row, number | null>();
  for (const unscored of [false, true]) {
    const peers = rows.filter((row) => row.kind === 'entry' && row.unscored === unscored && !isPrompted(row));
    const found = ranks(peers, read, better);
    peers.forEach((row, i) => {
      rankOf.set(row, found[i]);
    });
  }
  return rankOf;
}

/** Whether cells were pointed out to the method, so that its numbers are not those of finding cells. */
export function isPrompted({ exposure }: Pick<Rankable, 'exposure'>): boolean {
  return exposure === 'prompted';
}

/** A column by its key or its name in exports, or another thing a board can be ordered by; case does not matter. */
export function findSort(task: Task, name: string, view: Pick<ColumnView, 'protocol' | 'cellType'>): Sort | null {
  return (
    findColumn(task, name, view) ?? NOT_COLUMNS.find((other) => other.toLowerCase() === name.toLowerCase()) ?? null
  );
}

export function sortNames(task: Task, cellType: ColumnView['cellType'] = null): string[] {
  return [...boardColumns(task, cellType).map(({ key }) => key), ...NOT_COLUMNS];
}

/** The direction that puts the best row on top; names go from A, times from the newest. */
export function bestFirst(sort: Sort): Direction {
  return sort === 'method' || (typeof sort === 'object' && sort.better === 'lower') ? 'asc' : 'desc';
}

/** Rank the unrounded numbers 1, 2, 2, 4, the better first; rows without a number have no rank. */
export function ranks<Row>(rows: readonly Row[], read: Read<Row>, better: 'higher' | 'lower'): (number | null)[] {
  const sign = better === 'higher' ? -1 : 1;
  const sorted = rows
    .map(read)
    .filter(isNumber)
    .map((value) => sign * value)
    .sort((a, b) => a - b);
  return rows.map((row) => {
    const value = read(row);
    return isNumber(value) ? sorted.indexOf(sign * value) + 1 : null;
  });
}

/** Sort rows, stably; rows without a number come last in both directions. */
export function ordered<Row>(rows: readonly Row[], read: Read<Row>, direction: Direction): Row[] {
  const sign = direction === 'asc' ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [read(a), read(b)];
    if (!isNumber(x) || !isNumber(y)) return Number(!isNumber(x)) - Number(!isNumber(y));
    return sign * (x - y);
  });
}

function order<Row extends Rankable>(
  rows: readonly Row[],
  by: Read<Rankable> | 'method' | 'publishedAt',
  direction: Direction,
): Row[] {
  const stable = [...rows].sort(byPublication);
  if (by === 'method') {
    const sign = direction === 'asc' ? 1 : -1;
    return stable.sort((a, b) => sign * a.method.localeCompare(b.method, 'en'));
  }
  return ordered(stable, by === 'publishedAt' ? (row) => row.publishedAt?.getTime() : by, direction);
}

/** Order equal rows by publication time. */
export function byPublication(a: Publication, b: Publication): number {
  const time = (row: Publication) => row.publishedAt?.getTime() ?? Number.MAX_SAFE_INTEGER;
  return time(a) - time(b) || a.id.localeCompare(b.id, 'en');
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}
