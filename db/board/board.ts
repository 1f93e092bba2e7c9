/** The leaderboard of a task: scored and published entries, ranked; and beside them, what was published elsewhere. */
import { and, desc, eq, exists, inArray, isNull, or, type SQL, sql } from 'drizzle-orm';
import { activeDataset, getDatasetByName } from '#db/datasets/datasets.ts';
import { listReferenceResults, OTHER_DATASET } from '#db/datasets/reference-results.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type Dataset, evaluations, methods, type ReferenceResult, submissions, teams, users } from '#db/schema.ts';
import { isCurrent, isOn } from '#db/submissions/current-score.ts';
import { ENTRY_COLUMNS, ENTRY_JOINS, isPublicSql, sealedAt } from '#db/submissions/entries.ts';
import { runsOf, scoredRuns } from '#db/submissions/methods.ts';
import { type Direction, ordered, type Rankable, rankBoard, ranks, type Sort } from '#lib/board/ranking.ts';
import { type Evaluation, PRIMARY_PROTOCOL, PROTOCOLS, type ProtocolId } from '#lib/coco/protocol.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';
import { type BoardEntry, boardEntry, boardReference } from '#lib/public-entry.ts';
import type { AnyReport, EvaluationResults, Metrics } from '#lib/scoring/report.ts';
import { boardValues, findValue, parseTask, readsTypes, taskValue, type ValueColumn } from '#lib/tasks/index.ts';

export interface BoardQuery {
  task: string;
  /** a data set's name; absent: the task's active one */
  dataset?: string;
  protocol: ProtocolId;
  evaluation: Evaluation;
  /** null or absent: all cell types together */
  cellType?: CellType | null;
  /** absent: the task's headline */
  sort?: Sort;
  /** absent: the better first; for a method by name, for a time the newest first */
  direction?: Direction;
  /** with AP and AFNR of each cell type beside the slice; always where a column that reads them orders the board */
  byType?: boolean;
}

/** `id` of an entry is the submission's, else a name made of the method. */
interface UnrankedRow extends Rankable, BoardEntry {
  id: string;
  method: string;
  publishedAt: Date | null;
  /** scored runs of the method on this test set, published or not; null for a reference */
  runs: number | null;
  /** of the chosen slice: all of them for an entry, none if it has no masks, what was published for a reference */
  metrics: Partial<Metrics>;
  /** a reference's protocol, in the words of its source */
  note?: string;
  source?: string;
}

export interface BoardRow extends UnrankedRow {
  /** 1, 2, 2, 4 by the column the board is ordered by (else by the headline); null: not ranked */
  rank: number | null;
}

export interface Leaderboard {
  /** null: the task has no ground truth yet */
  dataset: Dataset | null;
  rows: BoardRow[];
}

export async function getLeaderboard(query: BoardQuery, tx: Tx = db()): Promise<Leaderboard> {
  const { protocol, evaluation, cellType = null, sort, direction } = query;
  const dataset =
    query.dataset === undefined ? await activeDataset(query.task, tx) : await getDatasetByName(query.dataset, tx);
  const byType = query.byType || (typeof sort === 'object' && readsTypes(sort));
  const [entries, references] = await Promise.all([
    dataset ? listEntries(dataset, { protocol, evaluation, cellType, byType }, tx) : [],
    cellType ? [] : listReferenceResults({ task: query.task, evaluation, subset: 'all' }, tx),
  ]);
  const rows = [...entries, ...referenceRows(references, protocol)];
  return { dataset, rows: rankBoard(rows, parseTask(query.task), PROTOCOLS[protocol], sort, direction) };
}

/** The results of some of a board's entries, for charts. */
export async function getResults(
  ids: readonly string[],
  { dataset, protocol, evaluation }: { dataset: Dataset; protocol: ProtocolId; evaluation: Evaluation },
  tx: Tx = db(),
): Promise<Map<string, EvaluationResults>> {
  if (ids.length === 0) return new Map();
  const results = at<EvaluationResults>(['results', evaluation]).as('results');
  const rows = await tx
    .selectDistinctOn([evaluations.submissionId], { id: evaluations.submissionId, results })
    .from(evaluations)
    .where(and(inArray(evaluations.submissionId, [...ids]), isCurrent(dataset, protocol)))
    .orderBy(evaluations.submissionId, desc(evaluations.createdAt));
  return new Map(rows.flatMap(({ id, results }) => (results ? [[id, results] as const] : [])));
}

/** Reads the chosen slice alone: a whole report is a hundred times as large. */
async function listEntries(
  dataset: Dataset,
  slice: { protocol: ProtocolId; evaluation: Evaluation; cellType: CellType | null; byType: boolean },
  tx: Tx,
): Promise<UnrankedRow[]> {
  const results = ['results', slice.evaluation];
  // of several evaluator versions, the newest
  const newest = tx
    .selectDistinctOn([evaluations.submissionId], {
      submissionId: evaluations.submissionId,
      metrics: at<Metrics>([...results, ...(slice.cellType ? ['cellTypes', slice.cellType] : ['overall'])]).as(
        'metrics',
      ),
      cellTypes: (slice.byType ? headlinesByType(at([...results, 'cellTypes'])) : sql<null>`null`).as('by_type'),
      unscored: at<boolean>(['unscored']).as('unscored'),
    })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .where(and(eq(submissions.datasetId, dataset.id), isCurrent(dataset, slice.protocol)))
    .orderBy(evaluations.submissionId, desc(evaluations.createdAt))
    .as('newest');
  const runs = scoredRuns(and(eq(submissions.task, dataset.task), eq(submissions.datasetId, dataset.id)), tx);
  const standing = standingOn(dataset.task, dataset, { protocol: slice.protocol }, tx);

  const rows = await tx
    .select({
      ...ENTRY_COLUMNS,
      metrics: newest.metrics,
      cellTypes: newest.cellTypes,
      unscored: newest.unscored,
      runs: { named: runs.named, sealed: runs.sealed },
    })
    .from(submissions)
    .innerJoin(standing, eq(standing.id, submissions.id))
    .innerJoin(newest, eq(newest.submissionId, submissions.id))
    .leftJoin(methods, ENTRY_JOINS.method)
    .leftJoin(teams, ENTRY_JOINS.team)
    .leftJoin(users, ENTRY_JOINS.user)
    .leftJoin(runs, eq(runs.methodId, submissions.methodId));

  const now = new Date();
  return rows.map(({ metrics, cellTypes, unscored, runs, ...source }) => {
    const entry = boardEntry(source, now);
    return {
      kind: 'entry',
      ...entry,
      runs: runsOf(entry, runs),
      unscored: unscored ?? false,
      metrics: metrics ?? {},
      ...(slice.byType && { cellTypes: cellTypes ?? {} }),
    };
  });
}

/** A part of the report. */
function at<T>(path: readonly string[]): SQL<T | null> {
  return sql<T | null>`${evaluations.report} #> ${`{${path.join(',')}}`}::text[]`;
}

/** A board shows these of a cell type; with all the others, eight types would be most of the report. */
function headlinesByType(cellTypes: SQL): SQL<Partial<Record<CellType, Partial<Metrics>>> | null> {
  return sql`(
    select jsonb_object_agg(type.key, (
      select jsonb_object_agg(metric.key, metric.value)
      from jsonb_each(type.value) as metric where metric.key in ('AP', 'AFNR', 'interval')
    ))
    from jsonb_each(${cellTypes}) as type
  )`;
}

// --- the other tasks: rows of numbers found by their path in the report ---

export interface TaskBoardQuery {
  /** a data set's name; absent: the task's active one */
  dataset?: string;
  protocol: ProtocolId;
  evaluation: Evaluation;
  /** of a task whose cell types have boards of their own: that type's, with the entries that have it */
  cellType?: CellType | null;
  /** a key of the board's columns; absent: its headline */
  sort?: string;
  /** absent: the better first */
  direction?: Direction;
}

export interface TaskBoardRow extends BoardEntry {
  kind: 'entry' | 'reference';
  /** 1, 2, 2, 4 by the sorted column; null: not ranked */
  rank: number | null;
  /** predictions without scores (label images): ranked among themselves */
  unscored: boolean;
  /** scored runs of the method on this test set, published or not; null for a reference */
  runs: number | null;
  /** by the keys of the board's columns; null: not computed, not published, or nothing to average */
  values: Record<string, number | null>;
  /** the report's `results` (of counts without their points); null for a reference */
  results: AnyReport['results'] | null;
  /** a reference's protocol, in the words of its source */
  note?: string;
  source?: string;
  /** of a reference on another data set than the one scored here: what it was called there */
  subset?: string;
}

export interface TaskBoard {
  /** null: the task has no ground truth yet */
  dataset: Dataset | null;
  rows: TaskBoardRow[];
}

/** The board of any task but LIVECell-wide. */
export async function getTaskBoard(taskId: string, query: TaskBoardQuery, tx: Tx = db()): Promise<TaskBoard> {
  const task = parseTask(taskId);
  if (!task) return { dataset: null, rows: [] };
  const { evaluation } = query;
  const cellType = (task.typeValues && query.cellType) || null;
  const columns = boardValues(task, cellType);
  const dataset =
    query.dataset === undefined ? await activeDataset(taskId, tx) : await getDatasetByName(query.dataset, tx);
  // counts are the same under every protocol
  const protocol = task.kind === 'counts' ? PRIMARY_PROTOCOL : query.protocol;
  const [entries, references] = await Promise.all([
    dataset ? taskEntries(taskId, dataset, { protocol, cellType }, tx) : [],
    listReferenceResults({ task: taskId, ...(task.kind === 'instances' && { evaluation }) }, tx),
  ]);
  const valuesOf = (results: unknown) =>
    Object.fromEntries(
      columns.map((column) => [column.key, taskValue(column, results, evaluation, dataset?.name ?? '', cellType)]),
    );
  const rows: TaskBoardRow[] = [
    ...entries.map((row) => ({ ...row, rank: null, values: valuesOf(row.results) })),
    ...(query.protocol === 'coco' ? [] : taskReferences(references, columns, cellType ?? dataset?.name)),
  ];
  const column = (query.sort && findValue(task, query.sort, cellType)) || findValue(task, task.headline, cellType);
  const read = (row: TaskBoardRow) => column && row.values[column.key];
  for (const unscored of [false, true]) {
    const ranked = rows.filter((row) => row.kind === 'entry' && row.unscored === unscored);
    ranks(ranked, read, column?.better ?? 'higher').forEach((rank, i) => {
      ranked[i].rank = rank;
    });
  }
  return { dataset, rows: ordered(rows, read, query.direction ?? (column?.better === 'lower' ? 'asc' : 'desc')) };
}

async function taskEntries(
  task: string,
  dataset: Dataset,
  { protocol, cellType }: { protocol: ProtocolId; cellType: CellType | null },
  tx: Tx,
) {
  const runs = scoredRuns(and(eq(submissions.task, task), isOn(dataset)), tx);
  const standing = standingOn(task, dataset, { protocol, cellType }, tx);
  const rows = await tx
    .selectDistinctOn([submissions.id], {
      ...ENTRY_COLUMNS,
      results: sql<
        AnyReport['results']
      >`${evaluations.report} -> 'results' #- '{counts,A172,points}' #- '{counts,A172,files}' #- '{counts,A549,points}' #- '{counts,A549,files}'`,
      unscored: at<boolean>(['unscored']),
      runs: { named: runs.named, sealed: runs.sealed },
    })
    .from(submissions)
    .innerJoin(standing, eq(standing.id, submissions.id))
    .innerJoin(evaluations, eq(evaluations.submissionId, submissions.id))
    .leftJoin(methods, ENTRY_JOINS.method)
    .leftJoin(teams, ENTRY_JOINS.team)
    .leftJoin(users, ENTRY_JOINS.user)
    .leftJoin(runs, eq(runs.methodId, submissions.methodId))
    .where(isCurrent(dataset, protocol))
    .orderBy(submissions.id, desc(evaluations.createdAt)); // of several evaluator versions, the newest
  const now = new Date();
  return rows
    .map(({ results, unscored, runs, ...source }) => {
      const entry = boardEntry(source, now);
      return {
        kind: 'entry' as const,
        ...entry,
        runs: runsOf(entry, runs),
        unscored: unscored ?? false,
        results: resultsOn(dataset, results),
      };
    })
    .sort((a, b) => Number(a.publishedAt) - Number(b.publishedAt));
}

/** What a board shows of an entry: of one that is on several data sets, the results on its own. */
function resultsOn({ name }: Dataset, results: AnyReport['results']): AnyReport['results'] {
  return 'datasets' in results ? { datasets: { [name]: results.datasets[name] } } : results;
}

/**
 * What was published of a task, a row per method. A subset is a column, or what the board shows (its cell type, its
 * data set); another subset of a board without such columns is another data set, and a row of its own that says so.
 */
function taskReferences(
  results: ReferenceResult[],
  columns: readonly ValueColumn[],
  shown: string | undefined,
): TaskBoardRow[] {
  const has = (key: string) => columns.some((column) => column.key === key);
  const rows = new Map<string, { results: ReferenceResult[]; elsewhere?: string; values: TaskBoardRow['values'] }>();
  for (const result of results) {
    const { method, metric, subset, value, comparable } = result;
    const here = subset === 'all' || sameName(subset, shown ?? '');
    const elsewhere = !here && comparable === OTHER_DATASET ? subset : undefined;
    const key = here || elsewhere ? metric : `${metric}-${subset}`;
    if (!has(key)) continue;
    const id = `${method}\n${elsewhere ?? ''}`;
    const values = Object.fromEntries(columns.map((column) => [column.key, null]));
    const found = rows.get(id) ?? { results: [], elsewhere, values };
    found.results.push(result);
    found.values[key] = value;
    rows.set(id, found);
  }
  return [...rows.values()].map(({ results, elsewhere, values }) => ({
    ...boardReference(slug(`${results[0].method} ${elsewhere ?? ''}`), results[0].method),
    kind: 'reference',
    rank: null,
    runs: null,
    unscored: false,
    values,
    results: null,
    note: distinct(results.map(({ protocol }) => protocol)).join('\n'),
    source: results[0].source,
    ...(elsewhere !== undefined && { subset: elsewhere }),
  }));
}

/** `EVICAN easy` and `evican-easy` are one; a data set that is called otherwise may have been prepared otherwise. */
function sameName(a: string, b: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s]/g, '');
  return plain(a) === plain(b);
}

/**
 * Which submissions stand on a board: the ids of all that are published and have a score on this data set (and, on the
 * board of a cell type, a model for it), but of each method one: the version that is shown, where it is among them,
 * else the one published last. What is under seal stands by itself, as what belongs to no method; to be joined by `id`.
 */
export function standingOn(
  task: string,
  dataset: Dataset,
  { protocol, cellType = null }: { protocol: ProtocolId; cellType?: CellType | null },
  tx: Tx,
) {
  // masks or only boxes
  const ofType = sql`${at(['results', 'bbox', 'cellTypes'])} -> ${cellType}::text is not null`;
  const itself = or(isNull(submissions.methodId), sealedAt(new Date()));
  const stands = tx
    .select({
      id: submissions.id,
      shown: submissions.shown,
      publishedAt: submissions.publishedAt,
      version: submissions.version,
      method: sql<string>`case when ${itself} then ${submissions.id} else ${submissions.methodId} end`.as('of_method'),
    })
    .from(submissions)
    .where(
      and(
        eq(submissions.task, task),
        isOn(dataset),
        isPublicSql(),
        exists(
          tx
            .select({ one: sql`1` })
            .from(evaluations)
            .where(
              and(
                eq(evaluations.submissionId, submissions.id),
                isCurrent(dataset, protocol),
                cellType ? ofType : undefined,
              ),
            ),
        ),
      ),
    )
    .as('stands');
  return tx
    .selectDistinctOn([stands.method], { id: stands.id })
    .from(stands)
    .orderBy(
      stands.method,
      desc(stands.shown),
      sql`${stands.publishedAt} desc nulls last`,
      desc(stands.version),
      stands.id,
    )
    .as('standing');
}

/** Size classes and recall limits of the published tables are those of the released code, and mean nothing elsewhere. */
const RELEASED_CODE_ONLY = new Set(['APs', 'APm', 'APl', 'AR.2000']);

function referenceRows(results: ReferenceResult[], protocol: ProtocolId): UnrankedRow[] {
  if (protocol === 'coco') return [];
  const byMethod = new Map<string, ReferenceResult[]>();
  for (const result of results) {
    if (protocol === 'livecell-paper' && RELEASED_CODE_ONLY.has(result.metric)) continue;
    const found = byMethod.get(result.method);
    if (found) found.push(result);
    else byMethod.set(result.method, [result]);
  }
  return [...byMethod].map(([method, results]) => ({
    kind: 'reference',
    ...boardReference(slug(method), method),
    runs: null,
    unscored: false,
    metrics: metricsOf(results),
    note: distinct(results.map((result) => result.protocol)).join('\n'),
    source: headline(results).source,
  }));
}

function metricsOf(results: ReferenceResult[]): Partial<Metrics> {
  const metrics: Record<string, unknown> = {};
  for (const { metric, value } of results) {
    const [name, key] = metric.split('.');
    metrics[name] = key ? { ...(metrics[name] as object | undefined), [key]: value } : value;
  }
  return metrics as Partial<Metrics>;
}

/** The row that gives AP speaks for the method: its source is the one to link. */
function headline(results: ReferenceResult[]): ReferenceResult {
  return results.find((result) => result.metric === 'AP') ?? results[0];
}

function distinct(values: string[]): string[] {
  return [...new Set(values.filter(Boolean))];
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
