/** Charts of published entries as data, for files and for embedding. */
import type { ChartFile, ChartNote } from '#lib/charts/svg.ts';
import { PRIMARY_PROTOCOL, PROTOCOLS } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import type { ChartQuery } from '#lib/http/api.ts';
import { parseCellType } from '#lib/livecell/cell-types.ts';
import { chartFileOf } from '#lib/tasks/chart-files.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { getLeaderboard } from './board.ts';
import { listReports } from './reports.ts';

/** Entries drawn where none are chosen, and at most. */
const DRAWN = 3;
const MOST = 6;

/**
 * Return the charts of a task's board that can stand in a file, and what they show.
 *
 * @throws AppError `not-found` without the task or an entry; `invalid` for too many entries
 */
export async function chartsOf(
  taskId: string,
  query: Omit<ChartQuery, 'chart' | 'format'>,
): Promise<{ charts: ChartFile[]; source: string }> {
  const task = parseTask(taskId);
  if (!task) throw new AppError('not-found', `There is no task “${taskId}”.`);
  const { evaluation } = query;
  const protocol = task.kind.protocols.includes(query.protocol) ? query.protocol : PRIMARY_PROTOCOL;
  const cellType = query.cellType ? parseCellType(query.cellType) : null;
  const board = { task: task.id, dataset: query.dataset, protocol, evaluation, cellType };
  const { dataset, rows } = await getLeaderboard(board);
  if (!dataset) throw new AppError('not-found', `${task.name} has no ground truth yet.`);
  const wanted = query.entries?.split(',').filter(Boolean) ?? [];
  if (wanted.length > MOST) throw new AppError('invalid', `At most ${MOST} entries are drawn, not ${wanted.length}.`);
  const entries = rows.filter(({ kind }) => kind === 'entry');
  const missing = wanted.find((id) => !entries.some((row) => row.id === id));
  if (missing) throw new AppError('not-found', `The board has no entry “${missing.slice(0, 60)}”.`);
  const drawn = wanted.length > 0 ? entries.filter(({ id }) => wanted.includes(id)) : entries.slice(0, DRAWN);
  const reports = await listReports(
    drawn.map(({ id }) => id),
    { dataset, protocol },
  );
  const methods = drawn.flatMap(({ id, method: name }) => {
    const results = reports.get(id)?.results;
    return results ? [{ name, results: task.on?.(results, dataset.name) ?? results }] : [];
  });
  const charts = task
    .draw(methods, { evaluation, cellType })
    .flatMap(({ figures }) => figures.flatMap((figure) => chartFileOf(figure) ?? []));
  const of = task.kind.evaluated ? `${evaluation === 'segm' ? 'masks' : 'boxes'}, ${PROTOCOLS[protocol].name}` : '';
  const demo = dataset.demo ? ' (synthetic demo data)' : '';
  return { charts, source: `${task.name} on ${dataset.name}${demo}${of && `, ${of}`}.` };
}

/** Return what a chart's file says of itself, given the address it is read at. */
export function noteOf(source: string, address: string, at = new Date()): ChartNote {
  return { source, citation: `LIVECell benchmark, ${at.toISOString().slice(0, 10)}, ${address}` };
}
