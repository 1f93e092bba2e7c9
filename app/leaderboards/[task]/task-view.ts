/**
 * The state of a board of values is its address, as in `view.ts`: what is not found falls back to the default, so an
 * old or mistyped link still shows a board.
 */

import type { Direction } from '#lib/board/ranking.ts';
import type { Level } from '#lib/board/trust-level.ts';
import { EVALUATIONS, type Evaluation, PRIMARY_PROTOCOL, PROTOCOL_IDS, type ProtocolId } from '#lib/coco/protocol.ts';
import { type CellType, parseCellType } from '#lib/livecell/cell-types.ts';
import { boardValues, findValue, type Task, type ValueColumn } from '#lib/tasks/index.ts';
import { MAX_SERIES } from '../../_components/charts/series-style.tsx';
import { levelOfParam, type Params } from './view.ts';

export interface TaskView {
  readonly task: Task;
  /** a name; none: the task's active one */
  readonly dataset: string | undefined;
  readonly protocol: ProtocolId;
  readonly evaluation: Evaluation;
  /** null: the board of the task; else that of one cell type, where those have boards */
  readonly cellType: CellType | null;
  readonly sort: ValueColumn;
  readonly direction: Direction;
  /** only entries that have at least this level; null: all */
  readonly level: Level | null;
  /** chosen for the charts; none: the first few of the board */
  readonly entries: readonly string[];
}

export const bestFirst = ({ better }: ValueColumn): Direction => (better === 'lower' ? 'asc' : 'desc');

export function parseTaskView(task: Task, params: Params): TaskView {
  const one = (name: string) => [params[name]].flat()[0];
  const cellType = task.typeValues ? parseCellType(one('cellType') ?? '') : null;
  const sort =
    findValue(task, one('sort') ?? '', cellType) ??
    findValue(task, task.headline, cellType) ??
    boardValues(task, cellType)[0];
  const entries = [params.entries ?? []].flat().flatMap((part) => part.split(','));
  return {
    task,
    dataset: one('dataset') || undefined,
    protocol: PROTOCOL_IDS.find((id) => id === one('protocol')) ?? PRIMARY_PROTOCOL,
    evaluation: EVALUATIONS.find((id) => id === one('evaluation')) ?? 'segm',
    cellType,
    sort,
    direction: (['asc', 'desc'] as const).find((way) => way === one('direction')) ?? bestFirst(sort),
    level: levelOfParam(one('level')),
    entries: [...new Set(entries.filter(Boolean))].slice(0, MAX_SERIES),
  };
}

/** The parameters of a view, without those that are at their default. */
export function taskViewParams(view: TaskView): [string, string][] {
  const { task, dataset, protocol, evaluation, cellType, sort, direction, level, entries } = view;
  const params: [string, string | false | null | undefined][] = [
    ['dataset', dataset],
    ['protocol', protocol !== PRIMARY_PROTOCOL && protocol],
    ['evaluation', evaluation !== 'segm' && evaluation],
    ['cellType', cellType],
    ['sort', sort.key !== task.headline && sort.key],
    ['direction', direction !== bestFirst(sort) && direction],
    ['level', level],
    ['entries', entries.join()],
  ];
  return params.filter((param): param is [string, string] => Boolean(param[1]));
}

/** Another cell type has other columns: the order goes back to the headline where it had one of its own. */
export function taskViewHref(view: TaskView, changes: Partial<TaskView> = {}): string {
  const changed = { ...view, ...changes };
  const { task, cellType } = changed;
  if (!boardValues(task, cellType).includes(changed.sort)) {
    const sort = findValue(task, changed.sort.key, cellType) ?? findValue(task, task.headline, cellType);
    if (sort) Object.assign(changed, { sort, direction: bestFirst(sort) });
  }
  const query = taskViewParams(changed).map(
    ([key, value]) => `${key}=${encodeURIComponent(value).replaceAll('%2C', ',')}`,
  );
  return `/leaderboards/${task.id}${query.length ? `?${query.join('&')}` : ''}`;
}

/** The same view from the API: what the page's export links point at. */
export function taskExportHref(view: TaskView, format: 'csv' | 'json' | 'bibtex'): string {
  const params = new URLSearchParams(taskViewParams(view).filter(([key]) => key !== 'entries'));
  // in full: a saved link must not change its meaning when a default does
  params.set('protocol', view.protocol);
  params.set('evaluation', view.evaluation);
  params.set('format', format);
  return `/api/v1/leaderboards/${view.task.id}?${params}`;
}
