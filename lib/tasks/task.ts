/** What a task is: everything that the form, scoring, the board, the entry page and the command line need to know. */
import type { z } from 'zod';
import type { Figures } from '#lib/charts/figures.ts';
import type { Evaluation } from '#lib/coco/protocol.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';
import type { Warning } from '#lib/problems.ts';
import type { Fields } from '#lib/scoring/fields.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import type { SliceName } from '#lib/scoring/slices.ts';
import type { ReplicatesBySlice } from '#lib/scoring/uncertainty.ts';
import type { Column } from './columns.ts';
import type { Kind } from './kinds.ts';
import type { SchemaParts } from './schema-parts.ts';

/** One file of a submission. */
export interface Slot {
  readonly id: string;
  readonly label: string;
  readonly required: boolean;
}

/** How one number is computed. */
export interface Scoring {
  readonly name: string;
  readonly formula?: string;
  readonly text: string;
  /** where it is defined */
  readonly source: string;
}

export interface TaskGuide {
  readonly scoring: readonly Scoring[];
  /** beyond the limits that every file has */
  readonly limits: readonly string[];
  /** what stands in `results` of the report */
  readonly report: readonly { readonly path: string; readonly text: string }[];
  /** where the published numbers come from, and what to bear in mind of them */
  readonly published: string;
}

/** Columns that a reader can switch on and off together. */
export interface ColumnGroup {
  /** in the address (`?columns=`) and in exports; stable */
  readonly id: string;
  readonly name: string;
  /** on the board that nobody has changed */
  readonly shown: boolean;
}

/** A board per cell type beside the board of the task. */
export interface TypeBoards {
  readonly columns: readonly Column[];
  /** only entries with a model for the cell type stand on its board */
  readonly ownModels: boolean;
  /** what the choice of a cell type calls the board of all of them */
  readonly all: string;
  /** the tooltips of the choice: of all types, and of one */
  readonly titles?: { readonly all: string; readonly one: (name: string) => string };
}

/** What the board of a task says about itself, where it differs from the others. */
export interface BoardCopy {
  /** the units of the numbers, behind “Ranked by …, higher is better” */
  readonly units?: string;
  /** the same in the caption of the table, for readers who do not see it */
  readonly caption?: string;
  /** what the ground truth’s objects are called: `annotated cells` */
  readonly objects?: string;
  /** on what the published results were computed, in the head above them */
  readonly published?: string;
  /** decimals of percentages where there is room for a line (badge, feed); absent: as on the board */
  readonly decimals?: number;
  /** how its numbers are to be read: a paragraph of terms with their explanations */
  readonly reading?: readonly { readonly term: string; readonly text: string }[];
}

/** The numbers of a slot under one protocol, of the slices the task asks for. */
export interface SlotResults {
  readonly slot: string;
  readonly evaluations: Partial<Record<Evaluation, Partial<Record<SliceName, Metrics>>>>;
  /** the same slices without each field of view; absent where no intervals are wanted */
  readonly uncertainty?: {
    readonly fields: Fields;
    readonly replicates: Partial<Record<Evaluation, ReplicatesBySlice>>;
  };
}

/** A method's results, with the name that its line, bar or table carries. */
export interface Named<Results> {
  readonly name: string;
  readonly results: Results;
}

/**
 * A task of the benchmark. Ids, slots and keys of columns are public interface.
 *
 * `Results` is what `results` of its reports holds. Members that take results are methods, so that a task of any
 * results is a `Task`: hand them results of a report of the same task, which `parseReport` has validated.
 */
export interface Task<Results = unknown> {
  readonly id: string;
  readonly name: string;
  /** one sentence for lists */
  readonly summary: string;
  /** a task that is not open has a name and nothing else: no page lists a board for it, no form takes a file */
  readonly open: boolean;
  /** what its files hold, and so how they are read, scored and shown */
  readonly kind: Kind;
  readonly slots: readonly Slot[];
  /** its slots are the data sets registered for it, with a board each; `slots` is empty then */
  readonly slotsAreDatasets?: true;
  /** how many of its slots are needed at least, where no single one is required */
  readonly least?: number;
  /** what is lost when there are fewer than all of them, said as a warning; absent: nothing worth one */
  readonly partial?: string;
  /** ground truth registered for this task serves it: its own id, or another task's */
  readonly groundTruth: string;
  /** tasks that the same files can be submitted to */
  readonly also?: readonly string[];

  // --- the board ---

  /** the columns of the board, the headline first */
  readonly columns: readonly Column[];
  /** the column of the ranks when nothing else is chosen */
  readonly headline: string;
  readonly groups?: readonly ColumnGroup[];
  readonly typeBoards?: TypeBoards;
  /** the numbers a citation gives; absent: all columns */
  readonly cited?: readonly string[];
  /** the numbers of the submission's own page; absent: all columns */
  readonly summarized?: readonly string[];
  /** rows of the API carry all metrics of the slice shown (LIVECell-wide, whose rows have had them from the start) */
  readonly rowsHaveMetrics?: true;
  /** the task whose entries by the same method show what one model for all cell types gains */
  readonly gainOver?: string;
  readonly board?: BoardCopy;

  // --- the report ---

  /** the schema of `results`; made on demand, so that scoring a small file does not load a validator first */
  schema(parts: SchemaParts): z.ZodType<Results>;
  /** whether any of the results are of this evaluation */
  has(results: Results, evaluation: Evaluation): boolean;
  /** the data sets that there are results of, where slots are data sets */
  datasets?(results: Results): string[];
  /** the results on one data set alone, where slots are data sets */
  on?(results: Results, dataset: string): Results;
  /** the results without what would disclose ground truth that is not public */
  withoutGroundTruth?(results: Results): Results;
  /** paths in `results` of long lists that only charts need: lists of entries are read without them */
  readonly bulky?: readonly (readonly string[])[];

  // --- scoring ---

  /** which slices of the images a slot's file is scored on */
  slices(slot: string): 'all' | readonly SliceName[];
  /** the cell type that the model of a slot was trained on: its file must have detections on that type's images */
  home?(slot: string): CellType | null;
  /** the results of a submission from those of its slots */
  assemble(slots: readonly SlotResults[]): Results;
  /** what is to be said about the results */
  warnings?(results: Results): Warning[];

  // --- pages ---

  /**
   * What can be drawn of these methods side by side.
   *
   * @param view.cellType of the board of a cell type: that one alone, closer
   */
  draw(
    methods: readonly Named<Results>[],
    view: { readonly evaluation: Evaluation; readonly cellType?: CellType | null },
  ): Figures[];
  /** tables of the command line beside the numbers of the board */
  terminalTables?(results: Results): string[];
  /** what the task asks, a paragraph each */
  readonly docs: readonly string[];
  /** the rest of the task's page: how it is scored, what its report holds, where published numbers come from */
  readonly guide: TaskGuide;
}
