/** Chooses the columns of a task's board, and those that come first. */
import type { CellType } from '#lib/livecell/cell-types.ts';
import { type Column, type ColumnView, fillLimits } from './columns.ts';
import type { Task } from './task.ts';

/** Return the columns of a board: the task's, or a cell type's if these have their own boards. */
export function boardColumns({ columns, typeBoards }: Task, cellType: CellType | null = null): readonly Column[] {
  return (cellType && typeBoards?.columns) || columns;
}

/** Find a board's column by its key or its name in exports (`AR@3000`), ignoring case. */
export function findColumn(
  task: Task,
  name: string,
  { protocol, cellType = null }: Pick<ColumnView, 'protocol' | 'cellType'>,
): Column | null {
  const wanted = name.toLowerCase();
  const columns = boardColumns(task, cellType);
  return (
    columns.find(({ key }) => key.toLowerCase() === wanted) ??
    columns.find(
      ({ exportedAs }) => exportedAs !== undefined && fillLimits(exportedAs, protocol).toLowerCase() === wanted,
    ) ??
    null
  );
}

/** Return the column that ranks a board by default. */
export function headlineColumn(task: Task, cellType: CellType | null = null): Column {
  const columns = boardColumns(task, cellType);
  return columns.find(({ key }) => key === task.headline) ?? columns[0];
}

/** Return the columns that summarise an entry in a line or two: the headline and the board's next two columns. */
export function headlineColumns(task: Task): Column[] {
  const headline = headlineColumn(task);
  return [headline, ...task.columns.filter((column) => column !== headline)].slice(0, 3);
}
