/** What the page of a task's progress draws: published entries by time, with what their methods declare. */
import { type BoardRow, getLeaderboard } from '#db/board/board.ts';
import { listPublishedNumbers } from '#db/datasets/ledger.ts';
import { declaredOf } from '#db/submissions/methods.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { fractionOf } from '#lib/published/ledger.ts';
import { findColumn, headlineColumn } from '#lib/tasks/board-columns.ts';
import { type Column, columnName } from '#lib/tasks/columns.ts';
import type { Task } from '#lib/tasks/task.ts';

export interface ProgressRow {
  id: string;
  name: string;
  at: Date;
  value: number;
  /** in millions */
  parameters: number | null;
  secondsPerImage: number | null;
  /** milliseconds that 100 more cells in an image cost, fitted to the times of the submission */
  msPer100Cells: number | null;
}

export interface PublishedMark {
  name: string;
  value: number;
  /** the middle of its year; null: its source gives none */
  at: Date | null;
  /** whether and why it is comparable */
  note: string;
}

interface ProgressChart {
  name: string;
  format: Column['format'];
  better: 'higher' | 'lower';
  rows: ProgressRow[];
  published: PublishedMark[];
}

export interface Progress {
  dataset: string;
  demo: boolean;
  /** the headline first */
  charts: ProgressChart[];
}

/** The column of the numbers that the ledger's comparable ones stand beside. */
const BESIDE = { column: 'msa.flat-large', beside: 'msa/flat-large/test', metric: /^mSA/ } as const;

/** Return what is drawn; null without ground truth. */
export async function loadProgress(task: Task, dataset: string | undefined): Promise<Progress | null> {
  const view = { protocol: PRIMARY_PROTOCOL, evaluation: 'segm', cellType: null } as const;
  const families = task.families ? findColumn(task, BESIDE.column, view) : null;
  const board = await getLeaderboard({ task: task.id, dataset, ...view, ...(families && { byType: true }) });
  if (!board.dataset || (dataset && board.dataset.task !== task.groundTruth)) return null;
  const declared = await declaredOf(board.rows.flatMap(({ methodId }) => methodId ?? []));
  const headline = headlineColumn(task, null);
  const chartOf = (column: Column, published: PublishedMark[]): ProgressChart => ({
    name: columnName(column),
    format: column.format,
    better: column.better,
    rows: board.rows.flatMap((row) => drawnRow(row, column, declared)),
    published,
  });
  const references = board.rows.flatMap((row): PublishedMark[] => {
    const value = row.values[headline.key];
    if (row.kind !== 'reference' || row.subset !== undefined || typeof value !== 'number') return [];
    return [{ name: row.method, value, at: null, note: 'published result' }];
  });
  const charts = [chartOf(headline, references)];
  if (families) {
    const ledger = (await listPublishedNumbers()).filter(
      ({ beside, metric }) => beside === BESIDE.beside && BESIDE.metric.test(metric),
    );
    const marks = ledger.map(({ method, year, value, because }) => ({
      name: method,
      value: fractionOf(value),
      at: new Date(Date.UTC(year, 6, 1)),
      note: `comparable: ${because}`,
    }));
    charts.push(chartOf(families, marks));
  }
  return { dataset: board.dataset.name, demo: board.dataset.demo, charts };
}

function drawnRow(row: BoardRow, column: Column, declared: Awaited<ReturnType<typeof declaredOf>>): ProgressRow[] {
  const value = row.values[column.key];
  // prompted entries and label images do not count as the best, as on the board
  if (row.kind !== 'entry' || row.rank === null || row.unscored || !row.publishedAt || typeof value !== 'number')
    return [];
  const of = row.methodId ? declared.get(row.methodId) : undefined;
  const { id, method: name, publishedAt: at } = row;
  const { parameters = null, secondsPerImage = null } = of ?? {};
  return [{ id, name, at, value, parameters, secondsPerImage, msPer100Cells: row.values.msPer100Cells ?? null }];
}
