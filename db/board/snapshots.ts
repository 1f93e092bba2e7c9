/**
 * Snapshots of boards: taken when the public form of a board has changed, confirmed once a day when it has not.
 *
 *   a public change, or a new day ─▶ takeSnapshots ─▶ another digest: a new row
 *                                                  └▶ the same: still valid today
 */
import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import { listDatasets } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type BoardSnapshot, boardSnapshots, type Dataset } from '#db/schema.ts';
import { entriesNow } from '#db/submissions/entries.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { type citationOf, digestOf, entriesOf, redact, type SnapshotContent, snapshotId } from '#lib/snapshots.ts';
import { headlineColumn } from '#lib/tasks/board-columns.ts';
import { listOpenTasks } from '#lib/tasks/index.ts';
import type { Task } from '#lib/tasks/task.ts';
import { boardAnswer, datasetTold } from './answer.ts';
import { readPublicVersion } from './public-version.ts';

/** The advisory lock of processes that take snapshots; any value, the same in all of them. */
const TAKING = 70_452_008;

/** What a process remembers of the last time, so that nothing is computed while nothing changes. */
let last: { version: string; day: string } | null = null;

/** Take snapshots if anything public has changed, or a new day (UTC) has begun. A chore of the scoring process. */
export async function takeSnapshotsIfChanged(now = new Date()): Promise<string[]> {
  const version = await readPublicVersion();
  const day = now.toISOString().slice(0, 10);
  if (last?.version === version && last.day === day) return [];
  const taken = await takeSnapshots(now);
  last = { version, day };
  return taken;
}

/**
 * Take a snapshot of every board that has an entry and differs from its last snapshot, and take names out of earlier
 * ones that may no longer be seen.
 *
 * @returns the ids of the new snapshots
 */
export async function takeSnapshots(now = new Date(), tx: Tx = db()): Promise<string[]> {
  const taken: string[] = [];
  for (const task of listOpenTasks())
    for (const dataset of await listDatasets({ task: task.id }, tx)) {
      const id = await takeSnapshot(task, dataset, now, tx);
      if (id) taken.push(id);
    }
  await redactSnapshots(now, tx);
  return taken;
}

async function takeSnapshot(task: Task, dataset: Dataset, now: Date, tx: Tx): Promise<string | null> {
  return tx.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${TAKING})`);
    const content = await contentOf(task, dataset, tx);
    const [before] = await tx
      .select({ id: boardSnapshots.id, digest: boardSnapshots.digest, confirmedAt: boardSnapshots.confirmedAt })
      .from(boardSnapshots)
      .where(onBoard(task.id, dataset.name))
      .orderBy(desc(boardSnapshots.confirmedAt))
      .limit(1);
    // a board that never had an entry is not worth keeping; that the last one went is
    if (!before && entriesOf(content).length === 0) return null;
    const digest = await digestOf(content);
    if (before?.digest === digest) {
      const isNewDay = before.confirmedAt.toISOString().slice(0, 10) < now.toISOString().slice(0, 10);
      if (isNewDay) await tx.update(boardSnapshots).set({ confirmedAt: now }).where(eq(boardSnapshots.id, before.id));
      return null;
    }
    const id = snapshotId(task.id, now, digest);
    const [made] = await tx
      .insert(boardSnapshots)
      .values({ id, task: task.id, dataset: dataset.name, takenAt: now, confirmedAt: now, digest, content })
      // the board is again as it was earlier on this day
      .onConflictDoUpdate({ target: boardSnapshots.id, set: { confirmedAt: now } })
      .returning({ id: boardSnapshots.id, takenAt: boardSnapshots.takenAt });
    return made.takenAt.getTime() === now.getTime() ? made.id : null;
  });
}

/** Return the public form of a task's boards on a data set, under its first protocol, ordered by the headline. */
async function contentOf(task: Task, dataset: Dataset, tx: Tx): Promise<SnapshotContent> {
  const protocol = task.kind.protocols[0] ?? PRIMARY_PROTOCOL;
  const boards: SnapshotContent['boards'] = [];
  for (const evaluation of task.kind.evaluations) {
    const { rows, answer } = await boardAnswer(
      {
        task: task.id,
        dataset: dataset.name,
        protocol,
        evaluation,
        sort: headlineColumn(task),
        ranges: true,
      },
      tx,
    );
    const { sort, resolution, verdict } = answer;
    boards.push({ evaluation, sort, resolution, verdict, rows: rows.map(({ metrics: _, ...row }) => plain(row)) });
  }
  return { schema: 1, task: task.id, dataset: datasetTold(dataset), protocol, boards };
}

/** Return a row as JSON has it: dates as texts, nothing undefined. */
function plain(row: unknown): SnapshotContent['boards'][number]['rows'][number] {
  return JSON.parse(JSON.stringify(row));
}

const onBoard = (task: string, dataset: string) =>
  and(eq(boardSnapshots.task, task), eq(boardSnapshots.dataset, dataset));

/** Take names out of all snapshots that the public may no longer see. */
export async function redactSnapshots(now = new Date(), tx: Tx = db()): Promise<void> {
  const ids = await tx.select({ id: boardSnapshots.id }).from(boardSnapshots);
  for (const { id } of ids)
    await tx.transaction(async (tx) => {
      const [row] = await tx.select().from(boardSnapshots).where(eq(boardSnapshots.id, id)).for('update');
      const { content, redactions } = redact(row.content, await entriesNow(entriesOf(row.content), tx), now);
      if (redactions.length === 0) return;
      await tx
        .update(boardSnapshots)
        .set({ content, redactions: [...row.redactions, ...redactions] })
        .where(eq(boardSnapshots.id, id));
    });
}

export interface SnapshotLine extends Omit<BoardSnapshot, 'content' | 'redactions'> {
  redactions: number;
  /** entries on its first board */
  entries: number;
}

const LINE = {
  id: boardSnapshots.id,
  task: boardSnapshots.task,
  dataset: boardSnapshots.dataset,
  takenAt: boardSnapshots.takenAt,
  confirmedAt: boardSnapshots.confirmedAt,
  digest: boardSnapshots.digest,
  redactions: sql<number>`jsonb_array_length(${boardSnapshots.redactions})`.mapWith(Number),
  entries:
    sql<number>`(select count(*) from jsonb_array_elements(${boardSnapshots.content} -> 'boards' -> 0 -> 'rows') as listed
    where listed ->> 'kind' = 'entry')`.mapWith(Number),
};

/** List snapshots, the newest first, without their content. */
export async function listSnapshots(
  { task, dataset, limit = 200, after }: { task?: string; dataset?: string; limit?: number; after?: string } = {},
  tx: Tx = db(),
): Promise<SnapshotLine[]> {
  const place = after
    ? sql`(${boardSnapshots.takenAt}, ${boardSnapshots.id}) < (select taken_at, id from board_snapshots where id = ${after})`
    : undefined;
  return tx
    .select(LINE)
    .from(boardSnapshots)
    .where(
      and(
        task === undefined ? undefined : eq(boardSnapshots.task, task),
        dataset === undefined ? undefined : eq(boardSnapshots.dataset, dataset),
        place,
      ),
    )
    .orderBy(desc(boardSnapshots.takenAt), desc(boardSnapshots.id))
    .limit(limit);
}

export interface Snapshot extends BoardSnapshot {
  /** the snapshot of what the board is now; null: this one */
  newer: { id: string; takenAt: Date } | null;
}

/**
 * Return a snapshot as it may be seen at this moment; null if there is none with this id. Names that went since the
 * chore last looked are taken out as well.
 */
export async function getSnapshot(id: string, tx: Tx = db()): Promise<Snapshot | null> {
  const [row] = await tx.select().from(boardSnapshots).where(eq(boardSnapshots.id, id));
  if (!row) return null;
  const { content, redactions } = redact(row.content, await entriesNow(entriesOf(row.content), tx), new Date());
  const [newest] = await tx
    .select({ id: boardSnapshots.id, takenAt: boardSnapshots.takenAt })
    .from(boardSnapshots)
    .where(onBoard(row.task, row.dataset))
    .orderBy(desc(boardSnapshots.confirmedAt))
    .limit(1);
  return {
    ...row,
    content,
    redactions: [...row.redactions, ...redactions],
    newer: newest.id === id ? null : newest,
  };
}

/** Return a snapshot as programs are told it, by the API and in an export alike. */
export function snapshotBody(snapshot: Snapshot, citation: ReturnType<typeof citationOf>) {
  const { id, task, dataset, takenAt, confirmedAt, digest, newer, redactions, content } = snapshot;
  return {
    ...{ id, task, dataset, takenAt: takenAt.toISOString(), confirmedAt: confirmedAt.toISOString(), digest },
    newer: newer && { id: newer.id, takenAt: newer.takenAt.toISOString() },
    ...{ citation, redactions, content },
  };
}

/** Return the snapshot of what each of these tasks' boards is now. */
export async function newestSnapshots(tasks: readonly string[], tx: Tx = db()): Promise<SnapshotLine[]> {
  if (tasks.length === 0) return [];
  return tx
    .selectDistinctOn([boardSnapshots.task, boardSnapshots.dataset], LINE)
    .from(boardSnapshots)
    .where(inArray(boardSnapshots.task, [...tasks]))
    .orderBy(boardSnapshots.task, boardSnapshots.dataset, desc(boardSnapshots.confirmedAt));
}
