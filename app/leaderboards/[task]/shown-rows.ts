/** Turns the rows of a board into the plain data that `rows.tsx` draws. */
import type { BoardRow } from '#db/board/board.ts';
import { type Axis, placeOn } from '#lib/board/axis.ts';
import { day } from '#lib/format.ts';
import { CELL_TYPES } from '#lib/livecell/cell-types.ts';
import type { Column } from '#lib/tasks/columns.ts';
import { EXPOSURE_LABELS, EXPOSURE_NAMES } from '#lib/vocabulary.ts';
import type { ShownRow } from './packed-rows.ts';
import type { BoardView } from './view.ts';

/** What all rows of a board share. */
interface Shared {
  view: BoardView;
  columns: readonly Column[];
  axis: Axis | null;
  /** ids of the entries in the charts, in their order there */
  drawn: readonly string[];
  /** ids of the viewer's own entries */
  mine: ReadonlySet<string>;
  /** names of anonymous entries that this viewer may know */
  knownAs: ReadonlyMap<string, string>;
}

/** Return the fields that entries and published results share. */
function numbersOf(row: BoardRow, { view, columns, axis }: Shared) {
  const { sort, task, groups } = view;
  const value = row.values[sort.key];
  const interval = row.intervals[sort.key];
  const strip = task.strip && CELL_TYPES.map((type) => row.values[`${task.strip?.metric}-${type}`] ?? null);
  const everywhere = groups.includes('interval');
  const intervals = columns.map((column) => {
    const own = column.format === 'percent' && (column === sort || everywhere) && row.intervals[column.key];
    return own ? ([rounded(own[0]), rounded(own[1])] as const) : 0;
  });
  return {
    // with every digit in the column that ranks; the API and files have them in all
    values: columns.map((column) => {
      const number = row.values[column.key];
      if (number === undefined) return '';
      return number === null || column === sort ? number : rounded(number);
    }),
    ...(intervals.some(Boolean) && { intervals }),
    ...(axis && typeof value === 'number' && { dot: [value, ...(interval ?? [])].map((one) => placeOn(axis, one)) }),
    ...(strip?.some((number) => number !== null) && {
      strip: strip.map((number) => (number === null ? null : Math.round(100 * number))),
    }),
  } satisfies Partial<ShownRow>;
}

/** Round to more digits than tables show of a number. */
function rounded(number: number): number {
  return Number(number.toFixed(6));
}

/** Return an entry's row. @param before the entry above it */
export function shownEntry(row: BoardRow, before: BoardRow | undefined, shared: Shared): ShownRow {
  const { view, mine, knownAs } = shared;
  const { id, rank, rankRange, tier, method, publishedAt, demo } = row;
  const isRange = rankRange !== null && rankRange[0] !== rankRange[1];
  const boxesOnly = view.evaluation === 'segm' && row.values[view.task.headline] === undefined;
  const known = knownAs.get(id);
  const marks = [
    mine.has(id) && (['Yours', 'mine'] as const),
    known !== undefined && ([`You see this name: ${known}`, 'info', 'Others read the number alone'] as const),
    row.featured && (['Baseline', 'info', 'Chosen by the maintainers to compare with'] as const),
    row.verifiedAt &&
      (['✅ Re-run', 'good', `Re-run by ${row.verifiedBy ?? 'a maintainer'}, ${day(row.verifiedAt)}`] as const),
    demo && (['Demo'] as const),
    row.testImagesSeen &&
      (['Test images seen', 'warn', 'The submitter declares that test images were used in training'] as const),
    row.exposure && ([EXPOSURE_LABELS[row.exposure], 'info', EXPOSURE_NAMES[row.exposure]] as const),
    boxesOnly && (['Boxes only'] as const),
  ].filter((mark) => mark !== false && mark !== null);
  return {
    id,
    rank: rank === null ? '–' : isRange ? rankRange.join('–') : String(rank),
    ...(isRange && rank !== null && { place: rank }),
    ...(tier !== null && before?.tier !== undefined && before.tier !== null && before.tier !== tier && { tier: true }),
    method,
    ...(marks.length > 0 && { marks }),
    ...(row.submitter && { submitter: row.submitter }),
    ...(row.methodId && row.version !== null && { version: [row.methodId, row.version] as const }),
    ...(publishedAt && !demo && { date: publishedAt.toISOString().slice(0, 10) }),
    ...(row.paperUrl && { paper: row.paperUrl }),
    ...(row.codeUrl && { code: row.codeUrl }),
    ...(row.runs !== null && { runs: row.runs }),
    ...(shared.drawn.includes(id) && { series: shared.drawn.indexOf(id) }),
    ...numbersOf(row, shared),
  };
}

/** Return the row of a published result. @param note the letter of its note */
export function shownReference(row: BoardRow, note: string | null, shared: Shared): ShownRow {
  return {
    id: row.id,
    method: row.method,
    ...(row.source && { source: row.source }),
    ...(note && { note }),
    ...numbersOf(row, shared),
  };
}

/** Return the row of a control, with what it is as an explanation. */
export function shownControl(row: BoardRow, shared: Shared): ShownRow {
  return {
    id: row.id,
    method: row.method,
    marks: [['Control', undefined, row.note]],
    ...numbersOf(row, shared),
  };
}
