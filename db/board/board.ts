/** The leaderboard of a task: its scored and published entries, ranked, beside results published elsewhere. */
import { and, desc, eq, sql } from 'drizzle-orm';
import { type AnyPgColumn, alias } from 'drizzle-orm/pg-core';
import { activeDataset, getDatasetByName } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import {
  boardReplicates,
  boardValues,
  type Dataset,
  evaluations,
  methods,
  submissions,
  teams,
  users,
} from '#db/schema.ts';
import { isCurrent, isOn } from '#db/submissions/current-score.ts';
import { ENTRY_COLUMNS, ENTRY_JOINS } from '#db/submissions/entries.ts';
import { runsOf, scoredRuns } from '#db/submissions/methods.ts';
import { type Comparison, rangesOf } from '#lib/board/rank-ranges.ts';
import { byPublication, type Direction, isPrompted, rankBoard, type Sort } from '#lib/board/ranking.ts';
import { tellSlice } from '#lib/board/slices.ts';
import { type BoardSlice, type BoardValues, readsOneType } from '#lib/board/values.ts';
import { type Evaluation, PRIMARY_PROTOCOL, type ProtocolId } from '#lib/coco/protocol.ts';
import { CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { boardEntry } from '#lib/public-entry.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { type SliceChoice, sliceKey } from '#lib/scoring/slice-table.ts';
import { boardColumns, headlineColumn } from '#lib/tasks/board-columns.ts';
import type { Column } from '#lib/tasks/columns.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import type { Exposure } from '#lib/vocabulary.ts';
import { listControls } from './controls.ts';
import { listReferences } from './references.ts';
import { listSlices } from './slices.ts';
import { standingOn } from './standing.ts';
import type { UnrankedRow } from './unranked-row.ts';

export interface BoardQuery {
  task: string;
  /** name of a data set; absent: the task's active one */
  dataset?: string;
  protocol: ProtocolId;
  evaluation: Evaluation;
  /** cell type, for tasks with a board per type; null or absent: all types together */
  cellType?: CellType | null;
  /** column to order by; absent: the task's headline */
  sort?: Sort;
  /** absent: best first, methods by name, times newest first */
  direction?: Direction;
  /** compute rank ranges and tiers, where the fields of view suffice */
  ranges?: boolean;
  /** include all metrics of the slice in rows of tasks that have them */
  metrics?: boolean;
  /**
   * include the columns on demand and, for tasks whose rows have metrics, AP and AFNR of each cell type in `cellTypes`;
   * implied if a column on demand orders the board
   */
  byType?: boolean;
  /** only entries that declare this */
  exposure?: Exposure | null;
  /** AP and AFNR of masks on a slice of biology, within the cell type if there is one; of tasks that have slices */
  slice?: BoardSliceChoice;
}

/** A choice besides the cell type, which is a choice of its own on every board. */
export type BoardSliceChoice = Omit<SliceChoice, 'type'>;

export interface BoardRow extends UnrankedRow {
  /** 1, 2, 2, 4 by the column that orders the board, or by the headline; null: not ranked */
  rank: number | null;
  /** best and worst rank that the entry could have on other fields of view; null: not computed, or too few fields */
  rankRange: [best: number, worst: number] | null;
  /** 1 for the entries that may be the best; null with the range */
  tier: number | null;
}

interface Leaderboard {
  /** null if the task has no ground truth yet */
  dataset: Dataset | null;
  rows: BoardRow[];
  /** what can be told of the entries with scores, by the column that ranks; null without ranges */
  comparison: Comparison | null;
}

export async function getLeaderboard(query: BoardQuery, tx: Tx = db()): Promise<Leaderboard> {
  const task = parseTask(query.task);
  if (!task) return { dataset: null, rows: [], comparison: null };
  const dataset =
    query.dataset === undefined ? await activeDataset(task.id, tx) : await getDatasetByName(query.dataset, tx);
  const cellType = (task.typeBoards && query.cellType) || null;
  const view = { protocol: query.protocol, evaluation: query.evaluation, cellType, dataset: dataset?.name };
  const { sort, direction } = query;
  const byType = query.byType || (typeof sort === 'object' && sort.onDemand);
  const headline = headlineColumn(task, cellType);
  const ranking = typeof sort === 'object' ? sort : headline;
  const slice = task.families && Object.keys(query.slice ?? {}).length > 0 ? query.slice : undefined;
  const choice = slice && sliceKey({ ...(cellType && { type: cellType }), ...slice });
  const [all, references, controls] = await Promise.all([
    dataset ? listEntries(task, dataset, { ...query, cellType, byType, ranking, bare: choice !== undefined }, tx) : [],
    choice ? [] : listReferences(task, view, tx),
    choice || !dataset ? [] : listControls(task, dataset, view, tx),
  ]);
  const listed = dataset && choice ? await onSlice(all, dataset, choice, tx) : all;
  const { exposure } = query;
  const entries = exposure ? listed.filter(({ row }) => row.exposure === exposure) : listed;
  const unranked = [...entries.map(({ row }) => row), ...controls, ...references];
  const ranked = entries.filter(({ row }) => !isPrompted(row));
  // a slice has too few fields of view for intervals
  const { ranks, comparison } = choice ? { ranks: new Map(), comparison: null } : rangesOf(ranked, ranking);
  const rows = rankBoard(unranked, { headline, sort, direction }).map((row) => ({
    ...row,
    rankRange: ranks.get(row.id)?.range ?? null,
    tier: ranks.get(row.id)?.tier ?? null,
  }));
  return { dataset, rows, comparison };
}

type Listed = Awaited<ReturnType<typeof listEntries>>[number];

/** Replace the numbers of entries by those of a slice; without them, an entry has no numbers. */
async function onSlice(listed: readonly Listed[], dataset: Dataset, key: string, tx: Tx): Promise<Listed[]> {
  const found = await listSlices(dataset, { ids: listed.map(({ row }) => row.id), keys: [key] }, tx);
  return listed.map(({ row: { cellTypes: _, ...row } }) => {
    const told = tellSlice(found.get(row.id)?.[key], dataset.public);
    const values = told && { AP: told[2], AFNR: told[3] };
    return { row: { ...row, values: values ?? {}, intervals: {}, metrics: values ?? {} }, replicates: null };
  });
}

/** @param query.bare leave out the numbers: those of a slice take their place */
async function listEntries(
  task: Task,
  dataset: Dataset,
  query: BoardQuery & { ranking: Column; bare: boolean },
  tx: Tx,
) {
  const { evaluation, cellType = null, ranking, bare } = query;
  const byType = query.byType === true && !bare;
  const protocol = task.kind.protocols.includes(query.protocol) ? query.protocol : PRIMARY_PROTOCOL;
  const columns = bare ? [] : boardColumns(task, cellType).filter(({ onDemand }) => byType || !onDemand);
  const slice = cellType ?? 'all';

  const newest = tx
    .selectDistinctOn([evaluations.submissionId], { id: evaluations.id })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .where(and(eq(submissions.task, task.id), isOn(dataset), isCurrent(dataset, protocol)))
    .orderBy(evaluations.submissionId, desc(evaluations.createdAt)) // of several evaluator versions
    .as('newest');
  const runs = scoredRuns(and(eq(submissions.task, task.id), isOn(dataset)), tx);
  const ofType = task.typeBoards?.ownModels ? cellType : null;
  const standing = standingOn(task.id, dataset, { protocol, cellType: ofType }, tx);
  const own = task.slotsAreDatasets ? dataset.name : '';
  const all = alias(boardValues, 'all_values');
  const type = alias(boardValues, 'type_values');
  const of = (table: Record<'evaluationId' | 'dataset' | 'evaluation' | 'slice', AnyPgColumn>, one: BoardSlice) =>
    and(
      eq(table.evaluationId, newest.id),
      eq(table.dataset, own),
      eq(table.evaluation, evaluation),
      eq(table.slice, one),
    );
  const metrics = task.rowsHaveMetrics && query.metrics && !bare ? (cellType ? type : all).metrics : null;
  const ranked = ranking.replicates && query.ranges && !bare ? (readsOneType(ranking) ? slice : 'all') : null;
  const rows = await tx
    .select({
      ...ENTRY_COLUMNS,
      all: { ...numbersOf(all, bare), unscored: all.unscored },
      type: numbersOf(type, bare),
      metrics: sql<Partial<Metrics> | null>`${metrics}`,
      replicates: {
        fields: boardReplicates.fields,
        strata: boardReplicates.strata,
        numbers: boardReplicates.numbers,
      },
      runs: { named: runs.named, sealed: runs.sealed },
    })
    .from(submissions)
    .innerJoin(standing, eq(standing.id, submissions.id))
    .innerJoin(evaluations, eq(evaluations.submissionId, submissions.id))
    .innerJoin(newest, eq(newest.id, evaluations.id))
    .innerJoin(all, of(all, 'all'))
    .leftJoin(type, cellType && !bare ? of(type, cellType) : sql`false`)
    .leftJoin(
      boardReplicates,
      ranked ? and(of(boardReplicates, ranked), eq(boardReplicates.column, ranking.key)) : sql`false`,
    )
    .leftJoin(methods, ENTRY_JOINS.method)
    .leftJoin(teams, ENTRY_JOINS.team)
    .leftJoin(users, ENTRY_JOINS.user)
    .leftJoin(runs, eq(runs.methodId, submissions.methodId));

  const now = new Date();
  const listed = rows.map(({ all, type, metrics, replicates, runs, ...source }) => {
    const entry = boardEntry(source, now);
    const ofColumn = <T>(column: Column, from: 'values' | 'intervals') =>
      (readsOneType(column) ? type : all)[from]?.[column.key] as T | undefined;
    const row: UnrankedRow = {
      kind: 'entry',
      ...entry,
      runs: runsOf(entry, runs),
      unscored: all.unscored,
      values: Object.fromEntries(
        columns.flatMap((column) => {
          const value = ofColumn<number | null>(column, 'values');
          if (value === undefined && column.missing !== null) return [];
          return [[column.key, value ?? null]];
        }),
      ),
      intervals: Object.fromEntries(
        columns.flatMap((column) => {
          const interval = ofColumn<[number, number]>(column, 'intervals');
          return interval ? [[column.key, interval]] : [];
        }),
      ),
      metrics: metrics ?? {},
      ...(byType && task.rowsHaveMetrics && { cellTypes: headlinesByType(all) }),
    };
    return { row, replicates };
  });
  // ranges, tiers and sentences name equal entries in the order of the board
  return listed.sort((a, b) => byPublication(a.row, b.row));
}

type Numbers = Pick<BoardValues, 'values' | 'intervals'>;

/** The numbers of a table of board values, null where it has no row; hundreds of rows of dozens of them take most of the time of a board. */
function numbersOf(table: Record<keyof Numbers, AnyPgColumn>, bare: boolean) {
  const none = sql`'{}'::jsonb`;
  return {
    values: sql<Numbers['values'] | null>`${bare ? none : table.values}`,
    intervals: sql<Numbers['intervals'] | null>`${bare ? none : table.intervals}`,
  };
}

/** Return AP and AFNR of each cell type. All metrics of eight types would be most of the report. */
function headlinesByType(
  all: {
    [Part in keyof Numbers]: Numbers[Part] | null;
  },
): Partial<Record<CellType, Partial<Metrics>>> {
  const [values, intervals] = [all.values ?? {}, all.intervals ?? {}];
  return Object.fromEntries(
    CELL_TYPES.flatMap((type) => {
      const [AP, AFNR] = [values[`AP-${type}`], values[`AFNR-${type}`]];
      const interval = { AP: intervals[`AP-${type}`], AFNR: intervals[`AFNR-${type}`] };
      const whole = interval.AP && interval.AFNR;
      return AP === undefined ? [] : [[type, { AP, AFNR, ...(whole && { interval }) }]];
    }),
  );
}
