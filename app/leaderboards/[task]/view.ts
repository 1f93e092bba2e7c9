/**
 * The state of a leaderboard is its address. Every parameter is looked up in a list of valid values; unknown ones fall
 * back to the default, so an old or mistyped link still shows a board.
 */

import { MAX_SERIES } from '#app/_components/charts/series-style.tsx';
import type { BoardSliceChoice } from '#db/board/board.ts';
import { bestFirst, type Direction } from '#lib/board/ranking.ts';
import { parseBoardSlice } from '#lib/board/slices.ts';
import { type Level, parseLevel } from '#lib/board/trust-level.ts';
import { EVALUATIONS, type Evaluation, PRIMARY_PROTOCOL, PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import { type CellType, parseCellType } from '#lib/livecell/cell-types.ts';
import { boardColumns, findColumn, headlineColumn } from '#lib/tasks/board-columns.ts';
import type { Column } from '#lib/tasks/columns.ts';
import type { Task } from '#lib/tasks/task.ts';
import { EXPOSURES, type Exposure } from '#lib/vocabulary.ts';

export type Params = Readonly<Record<string, string | string[] | undefined>>;

export interface BoardView {
  readonly task: Task;
  readonly protocol: ProtocolId;
  readonly evaluation: Evaluation;
  /** null: the board of all cell types */
  readonly cellType: CellType | null;
  /** name; undefined: the task's active one */
  readonly dataset: string | undefined;
  readonly sort: Column;
  readonly direction: Direction;
  /** ids of the visible column groups */
  readonly groups: readonly string[];
  /** only entries with at least this level; null: all */
  readonly level: Level | null;
  /** only entries that declare this of LIVECell; null: all */
  readonly exposure: Exposure | null;
  /** a slice of biology besides the cell type: AP and AFNR of masks on these images and cells; empty: all */
  readonly slice: BoardSliceChoice;
  /** selected for the charts; empty: the first few of the board */
  readonly entries: readonly string[];
  /** only methods whose name contains this; '' for all */
  readonly search: string;
  /** 1 for the first `PAGE` entries; null: all of them */
  readonly page: number | null;
}

/** Entries on a page of a board. */
export const PAGE = 50;
/** Longer searches are cut. */
const MOST_SEARCH = 100;

export function parseView(task: Task, params: Params): BoardView {
  const protocol = oneOf(PROTOCOL_IDS, first(params.protocol)) ?? PRIMARY_PROTOCOL;
  const cellType = task.typeBoards ? parseCellType(first(params.cellType) ?? '') : null;
  const given = { day: first(params.day), density: first(params.density), size: first(params.size) };
  const slice = task.families ? parseBoardSlice(given, cellType) : {};
  const sliced = isSliced({ slice });
  const asked = findColumn(task, first(params.sort) ?? '', { protocol, cellType });
  const sort = asked && (!sliced || isOfSlices(asked)) ? asked : headlineColumn(task, cellType);
  const view = {
    task,
    protocol,
    evaluation: oneOf(EVALUATIONS, first(params.evaluation)) ?? 'segm',
    cellType,
    dataset: first(params.dataset) || undefined,
    sort,
    direction: oneOf(['asc', 'desc'] as const, first(params.direction)) ?? bestFirst(sort),
    groups: params.columns === undefined ? shownGroups(task) : groupsAmong(task, many(params.columns)),
    level: levelOfParam(first(params.level)),
    exposure: oneOf(EXPOSURES, first(params.exposure)) ?? null,
    entries: [...new Set(many(params.entries))].slice(0, MAX_SERIES),
    search: (first(params.q) ?? '').trim().slice(0, MOST_SEARCH),
    slice,
    page: first(params.rows) === 'all' ? null : pageOf(first(params.page)),
  };
  // slices are those of masks under the primary protocol
  return sliced ? { ...view, protocol: PRIMARY_PROTOCOL, evaluation: 'segm', groups: [] } : view;
}

export function isSliced({ slice }: Pick<BoardView, 'slice'>): boolean {
  return Object.keys(slice).length > 0;
}

/** Tell whether slices have this column's number. */
export function isOfSlices({ key }: Column): boolean {
  return key === 'AP' || key === 'AFNR';
}

function pageOf(text: string | undefined): number {
  return /^[1-9]\d{0,5}$/.test(text ?? '') ? Number(text) : 1;
}

/** Return the task's column groups with these ids, in the task's order. */
export function groupsAmong({ groups = [] }: Task, ids: readonly string[]): string[] {
  return groups.map(({ id }) => id).filter((id) => ids.includes(id));
}

function shownGroups({ groups = [] }: Task): string[] {
  return groups.filter(({ shown }) => shown).map(({ id }) => id);
}

/** Return the parameters of a view that are not at their default. */
export function viewParams(view: BoardView): [string, string][] {
  const { task, protocol, evaluation, cellType, dataset, sort, direction, groups, level, entries } = view;
  const { search, page, exposure, slice } = view;
  const params: [string, string | false | null | undefined][] = [
    ['dataset', dataset],
    ['protocol', protocol !== PRIMARY_PROTOCOL && protocol],
    ['evaluation', evaluation !== 'segm' && evaluation],
    ['cellType', cellType],
    ['sort', sort.key !== task.headline && sort.key],
    ['direction', direction !== bestFirst(sort) && direction],
    ['columns', !isSliced(view) && groups.join() !== shownGroups(task).join() && (groups.join() || 'headline')],
    ['day', slice.day],
    ['density', slice.density],
    ['size', slice.size],
    ['level', level],
    ['exposure', exposure],
    ['entries', entries.join()],
    ['q', search],
    ['rows', page === null && 'all'],
    ['page', page !== null && page > 1 && String(page)],
  ];
  return params.filter((param): param is [string, string] => Boolean(param[1]));
}

/** Return the address of a changed view. If the new cell type lacks the sorting column, the headline sorts again. */
export function viewHref(view: BoardView, changes: Partial<BoardView> = {}): string {
  // another view begins at its first page
  const changed = { ...view, page: view.page && 1, ...changes };
  // without a slice, the columns are those of the board again
  if (isSliced(view) && !isSliced(changed)) Object.assign(changed, { groups: shownGroups(view.task) });
  const { task, cellType, sort } = changed;
  if (!boardColumns(task, cellType).includes(sort)) {
    const found = findColumn(task, sort.key, changed);
    Object.assign(changed, { sort: found ?? headlineColumn(task, cellType) });
    if (!found) Object.assign(changed, { direction: bestFirst(changed.sort) });
  }
  const query = viewParams(changed).map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll('%2C', ',')}`);
  return `/leaderboards/${task.id}${query.length ? `?${query.join('&')}` : ''}`;
}

/** Parameters that files ignore: they are complete. */
const ON_PAGE_ONLY = ['columns', 'entries', 'q', 'rows', 'page'];

/** Return the API address of the same view, for the page's export links. */
export function exportHref(view: BoardView, format: 'csv' | 'json' | 'bibtex' | 'latex' | 'parquet'): string {
  const params = new URLSearchParams(viewParams(view).filter(([key]) => !ON_PAGE_ONLY.includes(key)));
  // exports have all columns except those on demand
  const onDemand = new Set(view.task.columns.flatMap(({ onDemand, toggle }) => (onDemand && toggle ? toggle : [])));
  const demanded = view.groups.filter((group) => onDemand.has(group));
  if (demanded.length > 0) params.set('columns', demanded.join());
  // written out: a saved link must not change its meaning when a default changes
  params.set('protocol', view.protocol);
  params.set('evaluation', view.evaluation);
  params.set('format', format);
  return `/api/v1/leaderboards/${view.task.id}?${params}`;
}

/** Every entry has the lowest level, so it filters nothing. */
export function levelOfParam(text: string | undefined): Level | null {
  const level = parseLevel(text);
  return level === 'scored' ? null : level;
}

function oneOf<T extends string>(options: readonly T[], value: string | undefined): T | undefined {
  return options.find((option) => option === value);
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Accept `a,b` as well as repeated `a` and `b` (sent by a form of check boxes). */
function many(value: string | string[] | undefined): string[] {
  return [value ?? []]
    .flat()
    .flatMap((part) => part.split(','))
    .filter(Boolean);
}
