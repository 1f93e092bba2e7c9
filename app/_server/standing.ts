/** Ranks of entries on their boards, for badges, the feed and social images. */
import { getLeaderboard, getTaskBoard } from '#db/board/board.ts';
import { PRIMARY_PROTOCOL, PROTOCOLS } from '#lib/coco/protocol.ts';
import { percent } from '#lib/format.ts';
import { columnValue, findColumn, findValue, parseTask, taskNumber, valueName } from '#lib/tasks/index.ts';

export interface Standing {
  /** of the board's headline, as the board counts; null: not ranked */
  rank: number | null;
  /** what the number is called: `AP` */
  measure: string;
  /** the number as boards show it, in per cent where they do; null: there is none */
  number: string | null;
}

const VIEW = { protocol: PRIMARY_PROTOCOL, evaluation: 'segm' } as const;

/** The standing of every entry on the board of a task and data set, by the entry's id: masks, primary protocol. */
export async function standings(taskId: string, dataset: string): Promise<Map<string, Standing>> {
  const task = parseTask(taskId);
  if (!task) return new Map();
  if (task.values.length > 0) {
    const column = findValue(task, task.headline)!;
    const { rows } = await getTaskBoard(task.id, { ...VIEW, dataset });
    const entries = rows.filter(({ kind }) => kind === 'entry');
    return new Map(
      entries.map(({ id, rank, values }) => {
        const value = values[column.key] ?? null;
        return [id, { rank, measure: valueName(column), number: value === null ? null : taskNumber(column, value) }];
      }),
    );
  }
  const protocol = PROTOCOLS[PRIMARY_PROTOCOL];
  const column = findColumn(task, protocol, task.headline)!;
  const { rows } = await getLeaderboard({ ...VIEW, task: task.id, dataset });
  const entries = rows.filter(({ kind }) => kind === 'entry');
  return new Map(
    entries.map(({ id, rank, metrics }) => {
      const value = columnValue(column, protocol, metrics) ?? null;
      return [id, { rank, measure: column.label, number: value === null ? null : percent(value, 1) }];
    }),
  );
}

/** `LIVECell-wide · AP 47.9 · #3`; without what there is not. */
export function standingInWords(task: string, standing: Standing | undefined): string {
  const name = parseTask(task)?.name ?? task;
  return [name, standing?.number && `${standing.measure} ${standing.number}`, standing?.rank && `#${standing.rank}`]
    .filter(Boolean)
    .join(' · ');
}
