/** Standings of entries on their boards, for pages that show a single entry: badge, feed, social image. */
import { cache } from 'react';
import { type BoardRow, getLeaderboard } from '#db/board/board.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { percent } from '#lib/format.ts';
import { headlineColumn } from '#lib/tasks/board-columns.ts';
import { type Column, columnName, formatNumber } from '#lib/tasks/columns.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';

interface Standing {
  /** rank by the board's headline; null: not ranked */
  rank: number | null;
  /** name of the number: `AP` */
  measure: string;
  /** the number as on the board, in per cent where boards use it; null: there is none */
  number: string | null;
}

const VIEW = { protocol: PRIMARY_PROTOCOL, evaluation: 'segm' } as const;

/** Return the standings of all entries on a board by their ids, for masks and the primary protocol. */
export async function standings(taskId: string, dataset: string): Promise<Map<string, Standing>> {
  const task = parseTask(taskId);
  if (!task) return new Map();
  const column = headlineColumn(task);
  const { rows } = await getLeaderboard({ ...VIEW, task: task.id, dataset });
  const entries = rows.filter(({ kind }) => kind === 'entry');
  return new Map(
    entries.map(({ id, rank, values }) => {
      const value = values[column.key] ?? null;
      return [
        id,
        { rank, measure: columnName(column), number: value === null ? null : shortNumber(task, column, value) },
      ];
    }),
  );
}

function shortNumber({ board }: Task, column: Column, value: number): string {
  return column.format === 'percent' ? percent(value, board?.decimals) : formatNumber(column, value);
}

/** Where an entry stands on its board, for masks and the primary protocol. */
export interface Place {
  /** its row, in public form */
  row: BoardRow;
  /** ranked entries of the board */
  of: number;
}

const board = cache(async (task: string, dataset: string) => {
  const { rows } = await getLeaderboard({ ...VIEW, task, dataset, ranges: true });
  return rows.filter(({ kind }) => kind === 'entry');
});

/** Return the place of an entry on its board; null if the board does not show it. */
export async function placeOf({ id, task }: { id: string; task: string }, dataset: string): Promise<Place | null> {
  const rows = await board(task, dataset);
  const row = rows.find((row) => row.id === id);
  return row ? { row, of: rows.filter(({ rank }) => rank !== null).length } : null;
}

/** Return `LIVECell-wide · AP 47.9 · #3`, without the parts that are missing. */
export function standingInWords(task: string, standing: Standing | undefined): string {
  const name = parseTask(task)?.name ?? task;
  return [name, standing?.number && `${standing.measure} ${standing.number}`, standing?.rank && `#${standing.rank}`]
    .filter(Boolean)
    .join(' · ');
}
