/** Every score that has been shown: when, what it was before, and why it changed. */
import { and, asc, eq, or } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { db, type Tx } from '#db/engine/client.ts';
import { boardValues, datasets, evaluations, methods, rescores, submissions, teams, users } from '#db/schema.ts';
import { isReleased } from '#db/submissions/current-score.ts';
import { ENTRY_COLUMNS, ENTRY_JOINS, isPublicSql } from '#db/submissions/entries.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { isPublic } from '#lib/permissions.ts';
import { publicEntry } from '#lib/public-entry.ts';
import { HIDDEN_ENTRY } from '#lib/snapshots.ts';
import { headlineColumns } from '#lib/tasks/board-columns.ts';
import { type Column, columnName } from '#lib/tasks/columns.ts';
import { parseTask } from '#lib/tasks/index.ts';

interface ChangedNumber {
  key: string;
  label: string;
  format: Column['format'];
  /** null: nothing to average, or the first score */
  before: number | null;
  after: number | null;
}

export interface ChangeLine {
  /** of the evaluation */
  id: string;
  /** when the number was computed */
  at: Date;
  /** the entry's id */
  entry: string;
  /** its public name */
  method: string;
  task: string;
  dataset: string;
  demo: boolean;
  evaluatorVersion: string;
  groundTruthSha256: string;
  /** why it was scored again; null: its first score */
  reason: string | null;
  /** the entry is no longer public: its numbers are not told */
  gone: boolean;
  /** the headline and the next two numbers of the board; empty if the entry is gone */
  numbers: ChangedNumber[];
}

/** Return every score that has been on a board under the primary protocol, the newest first. */
export async function listScoreChanges(tx: Tx = db()): Promise<ChangeLine[]> {
  const masks = alias(boardValues, 'mask_values');
  const boxes = alias(boardValues, 'box_values');
  const of = (table: typeof masks | typeof boxes, evaluation: 'segm' | 'bbox') =>
    and(
      eq(table.evaluationId, evaluations.id),
      or(eq(table.dataset, ''), eq(table.dataset, datasets.name)),
      eq(table.evaluation, evaluation),
      eq(table.slice, 'all'),
    );
  const rows = await tx
    .select({
      ...ENTRY_COLUMNS,
      id: evaluations.id,
      at: evaluations.createdAt,
      evaluatorVersion: evaluations.evaluatorVersion,
      groundTruthSha256: evaluations.groundTruthSha256,
      reason: rescores.reason,
      dataset: datasets.name,
      masks: masks.values,
      boxes: boxes.values,
    })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(rescores, eq(rescores.id, evaluations.rescoreId))
    .leftJoin(masks, of(masks, 'segm'))
    .leftJoin(boxes, of(boxes, 'bbox'))
    .leftJoin(methods, ENTRY_JOINS.method)
    .leftJoin(teams, ENTRY_JOINS.team)
    .leftJoin(users, ENTRY_JOINS.user)
    .where(
      and(
        eq(evaluations.protocol, PRIMARY_PROTOCOL),
        isReleased(),
        or(isPublicSql(), eq(submissions.wasPublished, true)),
      ),
    )
    .orderBy(asc(evaluations.createdAt), asc(evaluations.id));
  const now = new Date();
  const last = new Map<string, Readonly<Record<string, unknown>>>();
  const lines = rows.map((row): ChangeLine => {
    const { submission } = row;
    const task = parseTask(submission.task);
    const gone = !isPublic(submission);
    const values = row.masks && hasNumber(row.masks) ? row.masks : (row.boxes ?? row.masks ?? {});
    const before = last.get(submission.id);
    last.set(submission.id, values);
    return {
      id: row.id,
      at: row.at,
      entry: submission.id,
      method: submission.visibility === 'hidden' ? HIDDEN_ENTRY : publicEntry(row, 'public', now).method,
      task: submission.task,
      dataset: row.dataset,
      demo: submission.demo,
      evaluatorVersion: row.evaluatorVersion,
      groundTruthSha256: row.groundTruthSha256,
      reason: row.reason,
      gone,
      numbers:
        gone || !task
          ? []
          : headlineColumns(task).map((column) => ({
              key: column.key,
              label: columnName(column),
              format: column.format,
              before: numberOf(before, column.key),
              after: numberOf(values, column.key),
            })),
    };
  });
  return lines.reverse();
}

function hasNumber(values: Readonly<Record<string, unknown>>): boolean {
  return Object.values(values).some((value) => typeof value === 'number');
}

function numberOf(values: Readonly<Record<string, unknown>> | undefined, key: string): number | null {
  const value = values?.[key];
  return typeof value === 'number' ? value : null;
}
