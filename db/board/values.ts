/** Saves evaluations with the numbers that boards show of them, so that no board reads a report. */
import { and, eq, gt, type InferInsertModel, inArray, isNotNull, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import {
  boardReplicates,
  boardValues,
  datasets,
  evaluations,
  type OutcomesRow,
  outcomes,
  type ProcessingTimes,
  processingTimes,
  submissions,
} from '#db/schema.ts';
import { boardValues as deriveValues, formatOf } from '#lib/board/values.ts';
import type { ImageRow } from '#lib/scoring/image-table.ts';
import { countsFor, fitTiming, type Timing, timedImages } from '#lib/scoring/timing.ts';
import type { Families } from '#lib/scoring/uncertainty-schema.ts';
import { listTasks, parseTask } from '#lib/tasks/index.ts';
import type { Report } from '#lib/tasks/report.ts';
import { isReport } from '#lib/tasks/report-schema.ts';

type NewEvaluation = Omit<InferInsertModel<typeof evaluations>, 'report'> & { report: Report };

/** Rows inserted by one statement: far below PostgreSQL's limit of parameters. */
const BATCH = 500;
/** Reports read at once to derive rows again. */
const REPORTS = 20;

/** Save evaluations with their board values; evaluations that are there already stay as they are. */
export async function saveEvaluations(rows: readonly NewEvaluation[], tx: Tx = db()): Promise<void> {
  const named = rows.map((row) => ({ ...row, id: row.id ?? crypto.randomUUID() }));
  const saved = await tx.insert(evaluations).values(named).onConflictDoNothing().returning({ id: evaluations.id });
  const ids = new Set(saved.map(({ id }) => id));
  await saveValues(
    named.filter(({ id }) => ids.has(id)),
    tx,
  );
}

/**
 * Derive the board values of evaluations that have none: those saved before this table, or by an older version beside
 * this one.
 *
 * @param options.again derive those in another format as well, saved before a task got another column
 * @returns how many evaluations were read
 */
export async function fillBoardValues({ again = false }: { again?: boolean } = {}, tx: Tx = db()): Promise<number> {
  let filled = 0;
  for (const task of listTasks()) {
    for (let last = ''; ; ) {
      const missing = await sources(tx)
        .where(
          and(
            eq(submissions.task, task.id),
            gt(evaluations.id, last),
            sql`not exists (select 1 from ${boardValues}
              where ${boardValues.evaluationId} = ${evaluations.id}
                ${again ? sql`and ${boardValues.format} = ${formatOf(task)}` : sql``})`,
          ),
        )
        .orderBy(evaluations.id)
        .limit(REPORTS);
      if (missing.length === 0) break;
      last = missing[missing.length - 1].id;
      await replaceValues(missing, tx);
      filled += missing.length;
    }
  }
  return filled;
}

/** Derive the board values of a score again, under all its protocols. */
export async function deriveScore(
  score: Pick<OutcomesRow, 'submissionId' | 'evaluatorVersion' | 'groundTruthSha256'>,
  tx: Tx,
): Promise<void> {
  const which = and(
    eq(evaluations.submissionId, score.submissionId),
    eq(evaluations.evaluatorVersion, score.evaluatorVersion),
    eq(evaluations.groundTruthSha256, score.groundTruthSha256),
  );
  await replaceValues(await sources(tx).where(which), tx);
}

/** Derive the board values of a data set's submissions that came with times again. */
export async function deriveTimed(datasetId: string, tx: Tx): Promise<void> {
  const timed = and(eq(submissions.datasetId, datasetId), isNotNull(processingTimes.submissionId));
  const found = await sources(tx).where(timed);
  for (let from = 0; from < found.length; from += REPORTS) await replaceValues(found.slice(from, from + REPORTS), tx);
}

/** What board values are derived from. */
interface Source {
  id: string;
  report: unknown;
  /** null until they are computed */
  families?: Families | null;
  /** how long each image took; null if the submission does not say */
  times?: ProcessingTimes['times'] | null;
  /** with times: what the entry did on each image; null until it is computed */
  images?: ImageRow[] | null;
  truthIsPublic?: boolean;
}

function sources(tx: Tx) {
  const { submissionId, evaluatorVersion, groundTruthSha256 } = evaluations;
  return tx
    .select({
      id: evaluations.id,
      report: evaluations.report,
      families: outcomes.families,
      times: processingTimes.times,
      images: sql<ImageRow[] | null>`case when ${processingTimes.submissionId} is not null then ${outcomes.images} end`,
      truthIsPublic: datasets.public,
    })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(processingTimes, eq(processingTimes.submissionId, submissionId))
    .leftJoin(
      outcomes,
      and(
        eq(outcomes.submissionId, submissionId),
        eq(outcomes.evaluatorVersion, evaluatorVersion),
        eq(outcomes.groundTruthSha256, groundTruthSha256),
      ),
    );
}

async function replaceValues(derived: readonly Source[], tx: Tx): Promise<void> {
  if (derived.length === 0) return;
  await tx.transaction(async (tx) => {
    const ids = derived.map(({ id }) => id);
    await tx.delete(boardValues).where(inArray(boardValues.evaluationId, ids));
    await tx.delete(boardReplicates).where(inArray(boardReplicates.evaluationId, ids));
    // what is no report of any known task is shown nowhere
    await saveValues(
      derived.filter(({ report }) => isReport(report)),
      tx,
    );
  });
}

async function saveValues(saved: readonly Source[], tx: Tx): Promise<void> {
  const rows: InferInsertModel<typeof boardValues>[] = [];
  const numbers: InferInsertModel<typeof boardReplicates>[] = [];
  for (const { id: evaluationId, report, families, ...source } of saved) {
    const task = parseTask((report as Report).task);
    if (!task) continue;
    for (const { replicates, ...row } of deriveValues(task, report as Report, { families, timing: timingOf(source) })) {
      rows.push({ evaluationId, format: formatOf(task), ...row });
      const { dataset, evaluation, slice } = row;
      for (const [column, found] of Object.entries(replicates))
        numbers.push({ evaluationId, dataset, evaluation, slice, column, ...found });
    }
  }
  for (let from = 0; from < rows.length; from += BATCH)
    await tx
      .insert(boardValues)
      .values(rows.slice(from, from + BATCH))
      .onConflictDoNothing();
  for (let from = 0; from < numbers.length; from += BATCH)
    await tx
      .insert(boardReplicates)
      .values(numbers.slice(from, from + BATCH))
      .onConflictDoNothing();
}

function timingOf({ times, images, truthIsPublic = false }: Omit<Source, 'id' | 'report'>): Timing | null {
  if (!times || !images) return null;
  const counts = countsFor({ public: truthIsPublic });
  return fitTiming(timedImages(images, times, counts), counts);
}
