/** Who leads each board, and by how much. */
import { getLeaderboard } from '#db/board/board.ts';
import type { Dataset } from '#db/schema.ts';
import { aheadOf } from '#lib/board/lead.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { exact } from '#lib/format.ts';
import { headlineColumn } from '#lib/tasks/board-columns.ts';
import { columnName, formatNumber } from '#lib/tasks/columns.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';

interface Leader {
  id: string;
  method: string;
  demo: boolean;
  /** name of the number that ranks: `AP` */
  measure: string;
  /** the number as boards show it, and with every digit */
  number: string;
  exact: string;
  interval: readonly [number, number] | null;
  /** the worst rank it could have on other fields of view; 1 where that is not computed */
  worstRank: number;
  /** `21.3 points ahead of Other model`; null: it is alone */
  ahead: string | null;
}

export interface TaskLead {
  task: Task;
  /** null: no ground truth is registered */
  dataset: Dataset | null;
  leader: Leader | null;
  /** ranked entries */
  entries: number;
}

/** Return the leader of each open task by the number that ranks its board, under the primary protocol, for masks. */
export async function taskLeads(): Promise<TaskLead[]> {
  return Promise.all(
    listOpenTasks().map(async (task) => {
      const view = { task: task.id, protocol: PRIMARY_PROTOCOL, evaluation: 'segm', ranges: true } as const;
      const { dataset, rows } = await getLeaderboard(view);
      const column = headlineColumn(task);
      const ranked = rows.filter(
        ({ kind, rank, unscored, values }) =>
          kind === 'entry' && rank !== null && !unscored && typeof values[column.key] === 'number',
      );
      const [first, second] = ranked;
      const leader = first
        ? {
            id: first.id,
            method: first.method,
            demo: first.demo,
            measure: columnName(column),
            number: formatNumber(column, first.values[column.key]),
            exact: exact(first.values[column.key]),
            interval: (column.format === 'percent' && first.intervals[column.key]) || null,
            worstRank: first.rankRange?.[1] ?? 1,
            ahead: second
              ? aheadOf(column, first.values[column.key] as number, second.values[column.key] as number, second.method)
              : null,
          }
        : null;
      return { task, dataset, leader, entries: ranked.length };
    }),
  );
}
