/** The leaderboard of a task: its scored and published entries, ranked, beside results published elsewhere. */
import { and, desc, eq } from 'drizzle-orm';
import { activeDataset, getDatasetByName } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type Dataset, evaluations, methods, submissions, teams, users } from '#db/schema.ts';
import { isCurrent, isOn } from '#db/submissions/current-score.ts';
import { ENTRY_COLUMNS, ENTRY_JOINS } from '#db/submissions/entries.ts';
import { runsOf, scoredRuns } from '#db/submissions/methods.ts';
import { type Direction, rankBoard, type Sort } from '#lib/board/ranking.ts';
import { type Evaluation, PRIMARY_PROTOCOL, type ProtocolId } from '#lib/coco/protocol.ts';
import { CELL_TYPES, type CellType } from '#lib/livecell/cell-types.ts';
import { boardEntry } from '#lib/public-entry.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { boardColumns, headlineColumn } from '#lib/tasks/board-columns.ts';
import { type ColumnView, type PathReader, pathsOf, readColumn, readerOf, readInterval } from '#lib/tasks/columns.ts';
import { parseTask } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { listReferences } from './references.ts';
import { isUnscored, resultsAtPaths } from './report-paths.ts';
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
  /**
   * include the columns on demand and, for tasks whose rows have metrics, AP and AFNR of each cell type in `cellTypes`;
   * implied if a column on demand orders the board
   */
  byType?: boolean;
}

export interface BoardRow extends UnrankedRow {
  /** 1, 2, 2, 4 by the column that orders the board, or by the headline; null: not ranked */
  rank: number | null;
}

interface Leaderboard {
  /** null if the task has no ground truth yet */
  dataset: Dataset | null;
  rows: BoardRow[];
}

export async function getLeaderboard(query: BoardQuery, tx: Tx = db()): Promise<Leaderboard> {
  const task = parseTask(query.task);
  if (!task) return { dataset: null, rows: [] };
  const dataset =
    query.dataset === undefined ? await activeDataset(task.id, tx) : await getDatasetByName(query.dataset, tx);
  const cellType = (task.typeBoards && query.cellType) || null;
  const view = { protocol: query.protocol, evaluation: query.evaluation, cellType, dataset: dataset?.name };
  const { sort, direction } = query;
  const byType = query.byType || (typeof sort === 'object' && sort.onDemand);
  const [entries, references] = await Promise.all([
    dataset ? listEntries(task, dataset, { ...view, byType }, tx) : [],
    listReferences(task, view, tx),
  ]);
  const headline = headlineColumn(task, cellType);
  return { dataset, rows: rankBoard([...entries, ...references], { headline, sort, direction }) };
}

async function listEntries(
  task: Task,
  dataset: Dataset,
  { byType = false, ...view }: ColumnView & { byType?: boolean },
  tx: Tx,
): Promise<UnrankedRow[]> {
  const { cellType = null } = view;
  const protocol = task.kind.protocols.includes(view.protocol) ? view.protocol : PRIMARY_PROTOCOL;
  const columns = boardColumns(task, cellType).filter(({ onDemand }) => byType || !onDemand);
  const { slice, types } = metricPaths(task, view);
  const { paths, readerOfRow } = planReading([
    ...slice,
    ...(byType ? types : []),
    ...columns.flatMap((column) => pathsOf(column, view)),
  ]);

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
  const rows = await tx
    .select({
      ...ENTRY_COLUMNS,
      found: resultsAtPaths(paths),
      unscored: isUnscored(),
      runs: { named: runs.named, sealed: runs.sealed },
    })
    .from(submissions)
    .innerJoin(standing, eq(standing.id, submissions.id))
    .innerJoin(evaluations, eq(evaluations.submissionId, submissions.id))
    .innerJoin(newest, eq(newest.id, evaluations.id))
    .leftJoin(methods, ENTRY_JOINS.method)
    .leftJoin(teams, ENTRY_JOINS.team)
    .leftJoin(users, ENTRY_JOINS.user)
    .leftJoin(runs, eq(runs.methodId, submissions.methodId));

  const now = new Date();
  return rows.map(({ found, unscored, runs, ...source }) => {
    const entry = boardEntry(source, now);
    const read = readerOfRow(found);
    return {
      kind: 'entry',
      ...entry,
      runs: runsOf(entry, runs),
      unscored,
      values: Object.fromEntries(columns.map((column) => [column.key, readColumn(column, view, read)])),
      intervals: Object.fromEntries(
        columns.flatMap((column) => {
          const interval = readInterval(column, view, read);
          return interval ? [[column.key, interval]] : [];
        }),
      ),
      metrics: Object.assign({}, ...slice.map(read)),
      ...(byType && types.length > 0 && { cellTypes: headlinesByType(types, read) }),
    };
  });
}

/** Return the paths of the metrics in the API's rows: those of the slice, and the headline of each cell type. */
function metricPaths(task: Task, { evaluation, cellType }: ColumnView): { slice: string[][]; types: string[][] } {
  if (!task.rowsHaveMetrics) return { slice: [], types: [] };
  return {
    slice: [[evaluation, ...(cellType ? ['cellTypes', cellType] : ['overall'])]],
    types: CELL_TYPES.flatMap((type) =>
      ['AP', 'AFNR', 'interval'].map((metric) => [evaluation, 'cellTypes', type, metric]),
    ),
  };
}

/**
 * Plan which paths to look up in the database: each one once, and none below another, since the upper one's value
 * contains it. Return them with a function that reads any of the paths from the values found.
 */
function planReading(wanted: readonly string[][]): {
  paths: string[][];
  readerOfRow(found: Record<string, unknown>): PathReader;
} {
  const keyOf = (path: readonly string[]) => path.join('\n');
  const byKey = new Map(wanted.map((path) => [keyOf(path), path]));
  const coverOf = (path: readonly string[]) => {
    const length = path.findIndex((_, i) => byKey.has(keyOf(path.slice(0, i + 1)))) + 1;
    return { key: keyOf(path.slice(0, length)), rest: path.slice(length) };
  };
  const paths = [...byKey.values()].filter((path) => coverOf(path).rest.length === 0);
  const places = new Map(paths.map((path, place) => [keyOf(path), place]));
  const plan = new Map(
    [...byKey].map(([key, path]) => {
      const { key: cover, rest } = coverOf(path);
      return [key, { place: places.get(cover) ?? '', rest }];
    }),
  );
  return {
    paths,
    readerOfRow: (found) => (path) => {
      const planned = plan.get(keyOf(path));
      return planned && readerOf(found[planned.place])(planned.rest);
    },
  };
}

/** Return AP and AFNR of each cell type. All metrics of eight types would be most of the report. */
function headlinesByType(paths: readonly string[][], read: PathReader): Partial<Record<CellType, Partial<Metrics>>> {
  const types: Record<string, Record<string, unknown>> = {};
  for (const path of paths) {
    const [, , type, metric] = path;
    const value = read(path);
    if (value !== undefined) types[type] = { ...types[type], [metric]: value };
  }
  return types;
}
