/** A row of a board before it has a rank: of an entry, or of what was published elsewhere. */
import type { Rankable } from '#lib/board/ranking.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';
import type { BoardEntry } from '#lib/public-entry.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import type { ColumnNumber } from '#lib/tasks/columns.ts';

/** `id` of an entry is the submission's, else a name made of the method. */
export interface UnrankedRow extends Rankable, BoardEntry {
  id: string;
  method: string;
  publishedAt: Date | null;
  /** scored runs of the method on this test set, published or not; null for a reference */
  runs: number | null;
  /** by the keys of the board's columns; null: nothing to average, or an empty slot; not there: not computed or published */
  values: Record<string, ColumnNumber>;
  /** 95 % intervals of the values that have one */
  intervals: Record<string, [number, number]>;
  /** of tasks whose rows have them: all metrics of the slice shown; of a reference, what was published */
  metrics: Partial<Metrics>;
  /** where they were asked for: headline numbers of each cell type */
  cellTypes?: Partial<Record<CellType, Partial<Metrics>>>;
  /** a reference's protocol, in the words of its source */
  note?: string;
  source?: string;
  /** of a reference on another data set than the one scored here: what it was called there */
  subset?: string;
}
