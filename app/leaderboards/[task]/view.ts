/**
 * The state of a leaderboard is its address. Every parameter is looked up in a list of what exists; what is not found
 * falls back to the default, so an old or mistyped link still shows a board.
 */

import { bestFirst, type Direction } from '#lib/board/ranking.ts';
import { type Level, parseLevel } from '#lib/board/trust-level.ts';
import {
  EVALUATIONS,
  type Evaluation,
  PRIMARY_PROTOCOL,
  PROTOCOL_IDS,
  PROTOCOLS,
  type ProtocolId,
} from '#lib/coco/protocol.ts';
import { type CellType, parseCellType } from '#lib/livecell/cell-types.ts';
import { COLUMN_GROUPS, type Column, type ColumnGroup, findColumn, type Task } from '#lib/tasks/index.ts';
import { MAX_SERIES } from '../../_components/charts/series-style.tsx';

export type Params = Readonly<Record<string, string | string[] | undefined>>;

export interface BoardView {
  readonly task: Task;
  readonly protocol: ProtocolId;
  readonly evaluation: Evaluation;
  readonly cellType: CellType | null;
  /** a name; none: the task's active one */
  readonly dataset: string | undefined;
  readonly sort: Column;
  readonly direction: Direction;
  /** optional groups that are shown; the headline always is */
  readonly groups: readonly ColumnGroup[];
  /** only entries that have at least this level; null: all */
  readonly level: Level | null;
  /** chosen for the charts; none: the first few of the board */
  readonly entries: readonly string[];
}

export const OPTIONAL_GROUPS = (Object.keys(COLUMN_GROUPS) as ColumnGroup[]).filter((group) => group !== 'headline');
const DEFAULT_GROUPS: readonly ColumnGroup[] = ['mean-by-type', 'interval', 'size'];

export function parseView(task: Task, params: Params): BoardView {
  const protocol = oneOf(PROTOCOL_IDS, first(params.protocol)) ?? PRIMARY_PROTOCOL;
  const wanted = first(params.sort);
  const sort =
    (wanted && findColumn(task, PROTOCOLS[protocol], wanted)) ||
    (findColumn(task, PROTOCOLS[protocol], task.headline) as Column);
  return {
    task,
    protocol,
    evaluation: oneOf(EVALUATIONS, first(params.evaluation)) ?? 'segm',
    cellType: parseCellType(first(params.cellType) ?? ''),
    dataset: first(params.dataset) || undefined,
    sort,
    direction: oneOf(['asc', 'desc'] as const, first(params.direction)) ?? bestFirst(sort),
    groups:
      params.columns === undefined ? DEFAULT_GROUPS : OPTIONAL_GROUPS.filter((g) => many(params.columns).includes(g)),
    level: levelOfParam(first(params.level)),
    entries: [...new Set(many(params.entries))].slice(0, MAX_SERIES),
  };
}

/** The parameters of a view, without those that are at their default. */
export function viewParams(view: BoardView): [string, string][] {
  const { task, protocol, evaluation, cellType, dataset, sort, direction, groups, level, entries } = view;
  const params: [string, string | false | null | undefined][] = [
    ['dataset', dataset],
    ['protocol', protocol !== PRIMARY_PROTOCOL && protocol],
    ['evaluation', evaluation !== 'segm' && evaluation],
    ['cellType', cellType],
    ['sort', sort.key !== task.headline && sort.key],
    ['direction', direction !== bestFirst(sort) && direction],
    ['columns', groups.join() !== DEFAULT_GROUPS.join() && (groups.join() || 'headline')],
    ['level', level],
    ['entries', entries.join()],
  ];
  return params.filter((param): param is [string, string] => Boolean(param[1]));
}

export function viewHref(view: BoardView, changes: Partial<BoardView> = {}): string {
  const query = viewParams({ ...view, ...changes }).map(
    ([key, value]) => `${key}=${encodeURIComponent(value).replaceAll('%2C', ',')}`,
  );
  return `/leaderboards/${view.task.id}${query.length ? `?${query.join('&')}` : ''}`;
}

/** The same view from the API: what the page's export links point at. */
export function exportHref(view: BoardView, format: 'csv' | 'json' | 'bibtex'): string {
  const params = new URLSearchParams(viewParams(view).filter(([key]) => key !== 'columns' && key !== 'entries'));
  // it has all columns but those
  const byType = view.groups.filter((group) => group.endsWith('-by-type'));
  if (byType.length > 0) params.set('columns', byType.join());
  // in full: a saved link must not change its meaning when a default does
  params.set('protocol', view.protocol);
  params.set('evaluation', view.evaluation);
  params.set('format', format);
  return `/api/v1/leaderboards/${view.task.id}?${params}`;
}

/** The lowest level is every entry's, so it filters nothing. */
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

/** `a,b` and `a` with `b` repeated (what a form of check boxes sends) are the same. */
function many(value: string | string[] | undefined): string[] {
  return [value ?? []]
    .flat()
    .flatMap((part) => part.split(','))
    .filter(Boolean);
}
