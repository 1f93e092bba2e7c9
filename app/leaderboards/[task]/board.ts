import { type BoardRow, getLeaderboard } from '#db/leaderboard.ts';
import type { Dataset } from '#db/schema.ts';
import { PROTOCOLS } from '#lib/coco/protocol.ts';
import { CELL_TYPES, type CellType } from '#lib/scoring/cell-types.ts';
import { ordered, ranks } from '#lib/scoring/ranking.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { type Column, columnValue } from '#lib/scoring/tasks.ts';
import type { BoardView } from './view.ts';

export interface Row extends BoardRow {
  /** only where a column of a cell type is shown */
  cellTypes?: Partial<Record<CellType, Partial<Metrics>>>;
}

export interface Board {
  dataset: Dataset | null;
  /** scored here and published; ranked by the column the board is sorted by */
  entries: Row[];
  /** published elsewhere; never ranked */
  references: Row[];
}

export async function loadBoard(view: BoardView): Promise<Board> {
  const { task, protocol, evaluation, cellType, dataset } = view;
  const query = { task: task.id, protocol, evaluation, dataset };
  const byType = view.groups.some((group) => group.endsWith('-by-type')) || view.sort.cellType !== undefined;
  const [overall, ...types] = await Promise.all([
    getLeaderboard({ ...query, cellType }),
    ...(byType ? CELL_TYPES.map((type) => getLeaderboard({ ...query, cellType: type })) : []),
  ]);

  const rows: Row[] = overall.rows.map((row) => ({ ...row }));
  if (byType) {
    const byId = new Map(rows.filter((row) => row.kind === 'entry').map((row) => [row.id, row]));
    types.forEach((board, i) => {
      for (const { id, metrics } of board.rows) {
        const row = byId.get(id);
        if (row) row.cellTypes = { ...row.cellTypes, [CELL_TYPES[i]]: metrics };
      }
    });
  }

  const read = (row: Row) => cellValue(row, view.sort, view);
  const entries = rows.filter((row) => row.kind === 'entry');
  const found = ranks(entries, read, view.sort.better);
  entries.forEach((row, i) => {
    row.rank = found[i];
  });
  const references = rows.filter((row) => row.kind === 'reference');
  return {
    dataset: overall.dataset,
    entries: ordered(entries, read, view.direction),
    references: ordered(references, read, view.direction),
  };
}

export function cellValue(row: Row, column: Column, view: BoardView): number | null | undefined {
  return columnValue(column, PROTOCOLS[view.protocol], row.metrics, row.cellTypes);
}
