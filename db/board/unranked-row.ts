/** A row of a board before ranking: an entry, or a result published elsewhere. */
import type { Rankable } from '#lib/board/ranking.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';
import type { BoardEntry } from '#lib/public-entry.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import type { ColumnNumber } from '#lib/tasks/columns.ts';
import type { Exposure } from '#lib/vocabulary.ts';

/** `id` is the submission's for an entry, else derived from the method. */
export interface UnrankedRow extends Rankable, BoardEntry {
  id: string;
  method: string;
  publishedAt: Date | null;
  exposure: Exposure | null;
  /** scored runs of the method on this test set, published or not; null for a reference */
  runs: number | null;
  /** by column key; null: nothing to average, or an empty slot; absent: not computed or not published */
  values: Record<string, ColumnNumber>;
  /** 95 % intervals, for values that have one */
  intervals: Record<string, [number, number]>;
  /** all metrics of the slice shown, for tasks with metrics in their rows; for a reference, those published */
  metrics: Partial<Metrics>;
  /** headline numbers of each cell type, on request */
  cellTypes?: Partial<Record<CellType, Partial<Metrics>>>;
  /** a reference's protocol, in the words of its source */
  note?: string;
  source?: string;
  /** for a reference on another data set than the board's: its name in the source */
  subset?: string;
}
