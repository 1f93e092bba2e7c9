/** The leaderboard of a task: scored and published entries, ranked; and beside them, what was published elsewhere. */
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
  /** a data set's name; absent: the task's active one */
  dataset?: string;
  protocol: ProtocolId;
  evaluation: Evaluation;
  /** of a task whose cell types have boards of their own: that type's; null or absent: all cell types together */
  cellType?: CellType | null;
  /** absent: the task's headline */
  sort?: Sort;
  /** absent: the better first; for a method by name, for a time the newest first */
  direction?: Direction;
  /**
   * with the columns on demand and, for tasks whose rows have metrics, AP and AFNR of each cell type in `cellTypes`;
   * always if a column on demand orders the board
   */
  byType?: boolean;
}

export interface BoardRow extends UnrankedRow {
  /** 1, 2, 2, 4 by the column the board is ordered by (else by the headline); null: not ranked */
  rank: number | null;
}

interface Leaderboard {
  /** null: the task has no ground truth yet */
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

/** Where the metrics stand that rows of the API carry: those of the slice, and the headline of each cell type. */
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
 * Plan which paths the database looks up: each once, and none that continues another one, because its number is inside
 * what stands there. Return them with a reader of all paths from what was found.
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

/** All metrics of eight cell types would be most of the report. */
function headlinesByType(paths: readonly string[][], read: PathReader): Partial<Record<CellType, Partial<Metrics>>> {
  const types: Record<string, Record<string, unknown>> = {};
  for (const path of paths) {
    const [, , type, metric] = path;
    const value = read(path);
    if (value !== undefined) types[type] = { ...types[type], [metric]: value };
  }
  return types;
}
