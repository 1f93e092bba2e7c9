/** The definition of a task: everything that the form, scoring, the board, the entry page and the command line need. */
import type { z } from 'zod';
import type { Figures } from '#lib/charts/figures.ts';
import type { Evaluation, Protocol } from '#lib/coco/protocol.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';
import type { Warning } from '#lib/problems.ts';
import type { Fields } from '#lib/scoring/fields.ts';
import type { CountResults, Metrics } from '#lib/scoring/report.ts';
import type { SliceName } from '#lib/scoring/slices.ts';
import type { ReplicatesBySlice } from '#lib/scoring/uncertainty.ts';
import type { Column } from './columns.ts';
import type { Kind } from './kinds.ts';
import type { PublishedRows } from './published.ts';
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
  /** source of its definition */
  readonly source: string;
}

export interface TaskGuide {
  readonly scoring: readonly Scoring[];
  /** limits beyond those of every file */
  readonly limits: readonly string[];
  /** contents of the report's `results` */
  readonly report: readonly { readonly path: string; readonly text: string }[];
  /** source of the published numbers, and caveats */
  readonly published: string;
}

/** Columns that a reader can show and hide together. */
export interface ColumnGroup {
  /** used in the address (`?columns=`) and in exports; stable */
  readonly id: string;
  readonly name: string;
  /** shown by default */
  readonly shown: boolean;
}

/** A board per cell type beside the board of the task. */
export interface TypeBoards {
  readonly columns: readonly Column[];
  /** the board of a cell type shows only entries with a model for it */
  readonly ownModels: boolean;
  /** name of the board of all cell types in the selection */
  readonly all: string;
  /** tooltips of the selection: for all types, and for one */
  readonly titles?: { readonly all: string; readonly one: (name: string) => string };
}

/** A board's texts, if they differ from the other boards'. */
export interface BoardCopy {
  /** the units of the numbers, after “Ranked by …, higher is better” */
  readonly units?: string;
  /** the units in the table's caption, for readers who do not see the board */
  readonly caption?: string;
  /** name of the ground truth’s objects: `annotated cells` */
  readonly objects?: string;
  /** what the published results were computed on, for the heading above them */
  readonly published?: string;
  /** decimals of percentages in short texts (badge, feed); absent: as on the board */
  readonly decimals?: number;
  /** how to read its numbers: terms with their explanations */
  readonly reading?: readonly { readonly term: string; readonly text: string }[];
}

/** The numbers of a slot under one protocol, for the slices the task needs. */
export interface SlotResults {
  readonly slot: string;
  readonly evaluations: Partial<Record<Evaluation, Partial<Record<SliceName, Metrics>>>>;
  /** of tasks of counts, which have no evaluations */
  readonly counts?: CountResults;
  /** the same slices without each field of view; absent if no intervals are needed */
  readonly uncertainty?: {
    readonly fields: Fields;
    readonly replicates: Partial<Record<Evaluation, ReplicatesBySlice>>;
  };
}

/** A method's results, with the name of its line, bar or table. */
export interface Named<Results> {
  readonly name: string;
  readonly results: Results;
}

/**
 * A task of the benchmark. Ids, slots and keys of columns are public interface.
 *
 * `Results` is the type of `results` in its reports. Members that take results are methods, so that a task of any
 * results is a `Task`: pass them results of a report of the same task, validated by `parseReport`.
 */
export interface Task<Results = unknown> {
  readonly id: string;
  readonly name: string;
  /** one sentence for lists */
  readonly summary: string;
  /** a task that is not open has only a name: no page shows a board for it, no form accepts a file */
  readonly open: boolean;
  /** content of its files, which decides how they are read, scored and shown */
  readonly kind: Kind;
  readonly slots: readonly Slot[];
  /** its slots are the data sets registered for it, each with its own board; then `slots` is empty */
  readonly slotsAreDatasets?: true;
  /** minimum number of slots, if no particular slot is required */
  readonly least?: number;
  /** what is lost if some slots are missing, shown as a warning; absent: no warning */
  readonly partial?: string;
  /** the numbers that other papers report can be asked for beside its own (`Report.families`) */
  readonly families?: true;
  /** a submission may come with the time that each image took (`lib/scoring/timing.ts`) */
  readonly timed?: true;
  /** the task whose registered ground truth is used: its own id, or another task's */
  readonly groundTruth: string;
  /** other tasks that the same files can be submitted to */
  readonly also?: readonly string[];

  // --- the board ---

  /** the columns of the board, the headline first */
  readonly columns: readonly Column[];
  /** the column that determines the ranks by default */
  readonly headline: string;
  readonly groups?: readonly ColumnGroup[];
  readonly typeBoards?: TypeBoards;
  /** the metric of the columns `<metric>-<cell type>` that boards also show as a strip of eight cells */
  readonly strip?: { readonly metric: string; readonly name: string };
  /** the numbers in a citation; absent: all columns */
  readonly cited?: readonly string[];
  /** the numbers on the submission's own page; absent: all columns */
  readonly summarized?: readonly string[];
  /** rows of the API include all metrics of the slice shown (LIVECell-wide, which has always had them) */
  readonly rowsHaveMetrics?: true;
  /** the task whose entries by the same method show the gain from one model for all cell types */
  readonly gainOver?: string;
  readonly board?: BoardCopy;

  /** the rows of the table of published results that are of this task; absent: nothing was published */
  readonly published?: PublishedRows;

  // --- the report ---

  /** the schema of `results`; created on demand, so that scoring a small file does not load a validator */
  schema(parts: SchemaParts): z.ZodType<Results>;
  /** whether any of the results belong to this evaluation */
  has(results: Results, evaluation: Evaluation): boolean;
  /** if slots are data sets: those with results */
  datasets?(results: Results): string[];
  /** if slots are data sets: the results on one of them */
  on?(results: Results, dataset: string): Results;
  /** the results without anything that would reveal ground truth that is not public */
  withoutGroundTruth?(results: Results): Results;
  /** the results without what only the server computes with, where that has numbers of few images */
  withoutReplicates?(results: Results): Results;
  /** paths in `results` of long lists that only charts need; lists of entries are read without them */
  readonly bulky?: readonly (readonly string[])[];

  // --- scoring ---

  /** which slices of the images a slot's file is scored on */
  slices(slot: string): 'all' | readonly SliceName[];
  /** the cell type that a slot's model was trained on: its file must have detections on that type's images */
  home?(slot: string): CellType | null;
  /** combine the results of a submission's slots */
  assemble(slots: readonly SlotResults[]): Results;
  /** warnings about the results */
  warnings?(results: Results): Warning[];

  // --- pages ---

  /**
   * Return the charts that compare these methods.
   *
   * @param view.cellType on the board of a cell type: show only that type, in more detail
   */
  draw(
    methods: readonly Named<Results>[],
    view: { readonly evaluation: Evaluation; readonly cellType?: CellType | null },
  ): Figures[];
  /** tables of the command line besides the numbers of the board */
  terminalTables?(results: Results): string[];
  /** the numbers of the command line, where they are laid out otherwise than a line per column of the board */
  terminalNumbers?(results: Results, protocol: Protocol): string[];
  /** what the task measures, one paragraph each */
  readonly docs: readonly string[];
  /** the rest of the task's page: scoring, report, source of published numbers */
  readonly guide: TaskGuide;
}
