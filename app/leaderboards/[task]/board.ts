import { type BoardRow, getLeaderboard } from '#db/board/board.ts';
import type { Dataset } from '#db/schema.ts';
import { hasLevel } from '#lib/board/trust-level.ts';
import type { BoardView } from './view.ts';

export interface Board {
  dataset: Dataset | null;
  /** scored here and published; ranked by the column the board is sorted by */
  entries: BoardRow[];
  /** the same without scores of detections (label images): ranked among themselves */
  unscored: BoardRow[];
  /** published elsewhere; never ranked */
  references: BoardRow[];
}

/** The rows of the API, in its order, by the parts of the table they stand in. */
export async function loadBoard(view: BoardView): Promise<Board> {
  const { task, protocol, evaluation, cellType, dataset: name, sort, direction } = view;
  const byType = view.groups.some((group) => group.endsWith('-by-type'));
  const query = { task: task.id, protocol, evaluation, cellType, dataset: name, sort, direction, byType };
  const { dataset, rows } = await getLeaderboard(query);
  const entries = rows.filter((row) => row.kind === 'entry' && hasLevel(row, view.level));
  return {
    dataset,
    entries: entries.filter((row) => !row.unscored),
    unscored: entries.filter((row) => row.unscored),
    references: rows.filter((row) => row.kind === 'reference'),
  };
}
