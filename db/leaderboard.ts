/** The leaderboard of a task: scored and published entries, ranked; and beside them, what was published elsewhere. */
import { and, desc, eq, sql } from 'drizzle-orm';
import type { Evaluation, ProtocolId } from '#lib/coco/protocol.ts';
import type { CellType } from '#lib/scoring/cell-types.ts';
import { ordered, ranks } from '#lib/scoring/ranking.ts';
import type { Metrics } from '#lib/scoring/report.ts';
import { db, type Tx } from './client.ts';
import { activeDataset, getDatasetByName } from './datasets.ts';
import { listReferenceResults } from './reference-results.ts';
import { type Dataset, datasets, evaluations, type ReferenceResult, submissions, users } from './schema.ts';

/** Numbers a board can be ordered by, and which way is better. */
export const BOARD_METRICS = {
  AP: 'higher',
  AP50: 'higher',
  AP75: 'higher',
  APs: 'higher',
  APm: 'higher',
  APl: 'higher',
  AFNR: 'lower',
  ARs: 'higher',
  ARm: 'higher',
  ARl: 'higher',
  pq: 'higher',
} as const satisfies Partial<Record<keyof Metrics, 'higher' | 'lower'>>;
export type BoardMetric = keyof typeof BOARD_METRICS;

export const BOARD_SORTS = [...(Object.keys(BOARD_METRICS) as BoardMetric[]), 'method', 'publishedAt'] as const;
export type BoardSort = (typeof BOARD_SORTS)[number];
export type Direction = 'ascending' | 'descending';

export interface BoardQuery {
  task: string;
  /** a data set's name; absent: the task's active one */
  dataset?: string;
  protocol: ProtocolId;
  evaluation: Evaluation;
  /** null or absent: all cell types together */
  cellType?: CellType | null;
  sort?: BoardSort;
  /** absent: the better first; for a method by name, for a time the newest first */
  direction?: Direction;
}

export interface BoardRow {
  kind: 'entry' | 'reference';
  /** the submission's id, or a name made of the method */
  id: string;
  /** 1, 2, 2, 4 by the number the board is ordered by (else by AP); null: not ranked */
  rank: number | null;
  method: string;
  submitter: string | null;
  demo: boolean;
  paperUrl: string | null;
  codeUrl: string | null;
  testImagesSeen: boolean;
  publishedAt: Date | null;
  /** of the chosen slice: all of them for an entry, none if it has no masks, what was published for a reference */
  metrics: Partial<Metrics>;
  /** a reference's protocol, in the words of its source */
  note?: string;
  source?: string;
}

export interface Leaderboard {
  /** null: the task has no ground truth yet */
  dataset: Dataset | null;
  rows: BoardRow[];
}

export async function getLeaderboard(query: BoardQuery, tx: Tx = db()): Promise<Leaderboard> {
  const { task, protocol, evaluation, cellType = null, sort = 'AP', direction } = query;
  const dataset =
    query.dataset === undefined ? await activeDataset(task, tx) : await getDatasetByName(query.dataset, tx);
  const entries = dataset ? await listEntries(dataset, { protocol, evaluation, cellType }, tx) : [];
  const references = cellType
    ? []
    : referenceRows(await listReferenceResults({ task, evaluation, subset: 'all' }, tx), protocol);

  rank(entries, isMetric(sort) ? sort : 'AP');
  return { dataset, rows: order([...entries, ...references], sort, direction) };
}

/** Reads the chosen slice alone: a whole report is a hundred times as large. */
async function listEntries(
  dataset: Dataset,
  slice: { protocol: ProtocolId; evaluation: Evaluation; cellType: CellType | null },
  tx: Tx,
): Promise<BoardRow[]> {
  const path = slice.cellType
    ? ['results', slice.evaluation, 'cellTypes', slice.cellType]
    : ['results', slice.evaluation, 'overall'];
  // of several evaluator versions, the newest; and only scores against the ground truth as it is now
  const newest = tx
    .selectDistinctOn([evaluations.submissionId], {
      submissionId: evaluations.submissionId,
      metrics: sql<Metrics | null>`${evaluations.report} #> ${`{${path.join(',')}}`}::text[]`.as('metrics'),
    })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .where(
      and(
        eq(submissions.datasetId, dataset.id),
        eq(evaluations.protocol, slice.protocol),
        eq(evaluations.groundTruthSha256, dataset.sha256),
      ),
    )
    .orderBy(evaluations.submissionId, desc(evaluations.createdAt))
    .as('newest');

  const rows = await tx
    .select({ submission: submissions, submitter: users.name, metrics: newest.metrics })
    .from(submissions)
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .innerJoin(newest, eq(newest.submissionId, submissions.id))
    .leftJoin(users, eq(users.id, submissions.userId))
    .where(
      and(
        eq(submissions.task, dataset.task),
        eq(submissions.datasetId, dataset.id),
        eq(submissions.state, 'scored'),
        eq(submissions.visibility, 'published'),
      ),
    );

  return rows.map(({ submission, submitter, metrics }) => ({
    kind: 'entry',
    id: submission.id,
    rank: null,
    method: submission.method,
    submitter,
    demo: submission.demo,
    paperUrl: submission.paperUrl,
    codeUrl: submission.codeUrl,
    testImagesSeen: submission.testImagesSeen,
    publishedAt: submission.publishedAt,
    metrics: metrics ?? {},
  }));
}

/** Size classes and recall limits of the published tables are those of the released code, and mean nothing elsewhere. */
const RELEASED_CODE_ONLY = new Set(['APs', 'APm', 'APl', 'AR.2000']);

function referenceRows(results: ReferenceResult[], protocol: ProtocolId): BoardRow[] {
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
    id: slug(method),
    rank: null,
    method,
    submitter: null,
    demo: false,
    paperUrl: null,
    codeUrl: null,
    testImagesSeen: false,
    publishedAt: null,
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
  return [...new Set(values)];
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function isMetric(sort: BoardSort): sort is BoardMetric {
  return sort in BOARD_METRICS;
}

/** By the better first, whichever way the board is ordered. */
function rank(rows: BoardRow[], metric: BoardMetric): void {
  ranks(rows, (row) => numberOf(row, metric), BOARD_METRICS[metric]).forEach((rank, i) => {
    rows[i].rank = rank;
  });
}

function numberOf(row: BoardRow, metric: BoardMetric): number | null {
  return row.metrics[metric] ?? null;
}

function order(rows: BoardRow[], sort: BoardSort, direction?: Direction): BoardRow[] {
  const way = (direction ?? firstDirection(sort)) === 'ascending' ? 'asc' : 'desc';
  const stable = [...rows].sort(byPublication);
  if (sort === 'method') {
    const sign = way === 'asc' ? 1 : -1;
    return stable.sort((a, b) => sign * a.method.localeCompare(b.method, 'en'));
  }
  if (sort === 'publishedAt') return ordered(stable, (row) => row.publishedAt?.getTime(), way);
  return ordered(stable, (row) => numberOf(row, sort), way);
}

function firstDirection(sort: BoardSort): Direction {
  if (sort === 'method') return 'ascending';
  return isMetric(sort) && BOARD_METRICS[sort] === 'lower' ? 'ascending' : 'descending';
}

/** Equal rows stand in the order they were published. */
function byPublication(a: BoardRow, b: BoardRow): number {
  const time = (row: BoardRow) => row.publishedAt?.getTime() ?? Number.MAX_SAFE_INTEGER;
  return time(a) - time(b) || a.id.localeCompare(b.id, 'en');
}
