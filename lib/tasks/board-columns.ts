/** Which columns a task's board has, and which of them come first. */
import type { CellType } from '#lib/livecell/cell-types.ts';
import { type Column, type ColumnView, fillLimits } from './columns.ts';
import type { Task } from './task.ts';

/** The columns of a board: of the task, or of one of its cell types where those have boards. */
export function boardColumns({ columns, typeBoards }: Task, cellType: CellType | null = null): readonly Column[] {
  return (cellType && typeBoards?.columns) || columns;
}

/** A column of a board by its key or its name in exports (`AR@3000`), without regard to case. */
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

/** The column that ranks a board when nothing else is chosen. */
export function headlineColumn(task: Task, cellType: CellType | null = null): Column {
  const columns = boardColumns(task, cellType);
  return columns.find(({ key }) => key === task.headline) ?? columns[0];
}

/** The numbers that tell of an entry in a line or two: the headline and the next two columns of the board. */
export function headlineColumns(task: Task): Column[] {
  const headline = headlineColumn(task);
  return [headline, ...task.columns.filter((column) => column !== headline)].slice(0, 3);
}
