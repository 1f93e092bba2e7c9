/** Ranks and order of a board, by any number a row may have. Pure, so that their rules are one test. */

/** What a row shows in the column that counts; `null` and `undefined` are no number. */
type Read<Row> = (row: Row) => number | null | undefined;

/** 1, 2, 2, 4 on the unrounded numbers, the better first; rows without a number have no rank. */
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

/** Sorted, stable; rows without a number come last in both directions. */
export function ordered<Row>(rows: readonly Row[], read: Read<Row>, direction: 'asc' | 'desc'): Row[] {
  const sign = direction === 'asc' ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [read(a), read(b)];
    if (!isNumber(x) || !isNumber(y)) return Number(!isNumber(x)) - Number(!isNumber(y));
    return sign * (x - y);
  });
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}
