/**
 * The state of a leaderboard is its address. Every parameter is looked up in a list of valid values; unknown ones fall
 * back to the default, so an old or mistyped link still shows a board.
 */

import { MAX_SERIES } from '#app/_components/charts/series-style.tsx';
import { bestFirst, type Direction } from '#lib/board/ranking.ts';
import { type Level, parseLevel } from '#lib/board/trust-level.ts';
import { EVALUATIONS, type Evaluation, PRIMARY_PROTOCOL, PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import { type CellType, parseCellType } from '#lib/livecell/cell-types.ts';
import { boardColumns, findColumn, headlineColumn } from '#lib/tasks/board-columns.ts';
import type { Column } from '#lib/tasks/columns.ts';
import type { Task } from '#lib/tasks/task.ts';

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
  /** selected for the charts; empty: the first few of the board */
  readonly entries: readonly string[];
}

export function parseView(task: Task, params: Params): BoardView {
  const protocol = oneOf(PROTOCOL_IDS, first(params.protocol)) ?? PRIMARY_PROTOCOL;
  const cellType = task.typeBoards ? parseCellType(first(params.cellType) ?? '') : null;
  const sort = findColumn(task, first(params.sort) ?? '', { protocol, cellType }) ?? headlineColumn(task, cellType);
  return {
    task,
    protocol,
    evaluation: oneOf(EVALUATIONS, first(params.evaluation)) ?? 'segm',
    cellType,
    dataset: first(params.dataset) || undefined,
    sort,
    direction: oneOf(['asc', 'desc'] as const, first(params.direction)) ?? bestFirst(sort),
    groups: params.columns === undefined ? shownGroups(task) : groupsAmong(task, many(params.columns)),
    level: levelOfParam(first(params.level)),
    entries: [...new Set(many(params.entries))].slice(0, MAX_SERIES),
  };
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
  const params: [string, string | false | null | undefined][] = [
    ['dataset', dataset],
    ['protocol', protocol !== PRIMARY_PROTOCOL && protocol],
    ['evaluation', evaluation !== 'segm' && evaluation],
    ['cellType', cellType],
    ['sort', sort.key !== task.headline && sort.key],
    ['direction', direction !== bestFirst(sort) && direction],
    ['columns', groups.join() !== shownGroups(task).join() && (groups.join() || 'headline')],
    ['level', level],
    ['entries', entries.join()],
  ];
  return params.filter((param): param is [string, string] => Boolean(param[1]));
}

/** Return the address of a changed view. If the new cell type lacks the sorting column, the headline sorts again. */
export function viewHref(view: BoardView, changes: Partial<BoardView> = {}): string {
  const changed = { ...view, ...changes };
  const { task, cellType, sort } = changed;
  if (!boardColumns(task, cellType).includes(sort)) {
    const found = findColumn(task, sort.key, changed);
    Object.assign(changed, { sort: found ?? headlineColumn(task, cellType) });
    if (!found) Object.assign(changed, { direction: bestFirst(changed.sort) });
  }
  const query = viewParams(changed).map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll('%2C', ',')}`);
  return `/leaderboards/${task.id}${query.length ? `?${query.join('&')}` : ''}`;
}

/** Return the API address of the same view, for the page's export links. */
export function exportHref(view: BoardView, format: 'csv' | 'json' | 'bibtex'): string {
  const params = new URLSearchParams(viewParams(view).filter(([key]) => key !== 'columns' && key !== 'entries'));
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
