/**
 * Scoring again what was scored, because the evaluator or the ground truth is another.
 *
 *   begin ─▶ a job per submission, behind people's own ─▶ new scores, kept back ─▶ all done: the board switches at once
 *                                                                 └▶ some cannot be: a maintainer tries again, goes
 *                                                                    on without them, or cancels
 *
 * A score is added and never overwritten. Until the switch boards, pages and exports show the old ones; one transaction
 * releases the new ones and changes the data set. Whatever was scored meanwhile takes part, so that nothing is missing
 * afterwards. No quota is charged: nobody asked for it.
 */

import { aliasedTable, and, asc, count, desc, eq, inArray, ne, or, type SQL, sql } from 'drizzle-orm';
import { changesOf, recordEvent } from '#db/audit.ts';
import { isOn } from '#db/board/board.ts';
import { columnsOf, comparedResults, hasMasks } from '#db/board/inbox.ts';
import { getDataset, listDatasets, saveStatistics } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { audienceOf, notify } from '#db/notices/notices.ts';
import { enqueueRescore, enqueueScore } from '#db/queue/queue.ts';
import {
  type Dataset,
  datasets,
  evaluations,
  type GroundTruthVersion,
  groundTruthVersions,
  type Rescore,
  type RescoreItem,
  rescoreItems,
  rescores,
  type Submission,
  submissionFiles,
  submissions,
  users,
} from '#db/schema.ts';
import { currentFirst, isCurrentOfOwn, isReleased } from '#db/submissions/current-score.ts';
import { returnToQueue, type ScoringInput, saveReports } from '#db/submissions/submissions.ts';
import { PRIMARY_PROTOCOL, type ProtocolId } from '#lib/coco/protocol.ts';
import { AppError } from '#lib/errors.ts';
import { percent, integer as whole } from '#lib/format.ts';
import type { Problem } from '#lib/problems.ts';
import type { AnyReport, ScoreReport } from '#lib/scoring/report.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import { parseTask, slotsAreDatasets, taskValue, type ValueColumn } from '#lib/tasks/index.ts';

export const MAX_REASON = 1000;
const FILES_GONE = 'Its prediction files were deleted by its owner.';
const GROUND_TRUTH_CHANGED = 'the ground truth was replaced while it was being scored';

// --- beginning ---

/**
 * Everything of a data set is scored again, or one submission alone. Null: there is nothing to do, everything has a
 * score of this evaluator on the ground truth as it is now.
 *
 * @throws AppError `not-found`; `invalid` without a reason; `conflict` where one runs already, or it was never scored
 */
export async function startRescore(
  what: { datasetId: string; reason: string } | { submissionId: string; reason: string },
  actorId: string | null,
  tx: Tx = db(),
): Promise<Rescore | null> {
  const reason = what.reason.trim();
  if (!reason) throw new AppError('invalid', 'Say why: owners of entries read it.');
  return tx.transaction(async (tx) => {
    const submissionId = 'submissionId' in what ? what.submissionId : null;
    const dataset = await lockDataset(
      'datasetId' in what ? what.datasetId : await datasetIdOf(what.submissionId, tx),
      tx,
    );
    await mustBeIdle(dataset, tx);
    const target = { evaluatorVersion: EVALUATOR_VERSION, sha256: dataset.sha256 };
    const entries = await entriesOf(dataset, target, submissionId, tx);
    if (submissionId !== null && entries.length === 0)
      throw new AppError('conflict', 'Only a submission that has been scored can be scored again.');
    const pinned = dataset.evaluatorVersion === null || dataset.evaluatorVersion === EVALUATOR_VERSION;
    if (pinned && entries.every(({ hasTarget }) => hasTarget)) return null;
    return begin(dataset, entries, target, { reason, submissionId }, actorId, tx);
  });
}

/** For a new version of ground truth. `dataset` is locked, and no re-score of it runs. */
export async function beginRescore(
  dataset: Dataset,
  { reason, version }: { reason: string; version: GroundTruthVersion },
  actorId: string | null,
  tx: Tx,
): Promise<Rescore> {
  const target = { evaluatorVersion: EVALUATOR_VERSION, sha256: version.sha256 };
  const entries = await entriesOf(dataset, target, null, tx);
  return begin(dataset, entries, target, { reason, versionId: version.id }, actorId, tx);
}

interface Target {
  evaluatorVersion: string;
  /** of the data set's ground truth */
  sha256: string;
}

interface Entry {
  id: string;
  filesDeletedAt: Date | null;
  /** has the score that is wanted already */
  hasTarget: boolean;
}

async function begin(
  dataset: Dataset,
  entries: Entry[],
  target: Target,
  about: { reason: string; submissionId?: string | null; versionId?: string },
  actorId: string | null,
  tx: Tx,
): Promise<Rescore> {
  const { reason, submissionId = null, versionId = null } = about;
  const [rescore] = await tx
    .insert(rescores)
    .values({
      datasetId: dataset.id,
      reason,
      evaluatorVersion: target.evaluatorVersion,
      createdBy: actorId,
      groundTruthVersionId: versionId,
      submissionId,
    })
    .returning();
  await recordEvent(
    actorId,
    {
      kind: 'rescore-started',
      rescoreId: rescore.id,
      datasetId: dataset.id,
      name: dataset.name,
      reason,
      evaluator: target.evaluatorVersion,
      entries: entries.length,
      ...(submissionId !== null && { submissionId }),
    },
    tx,
  );
  await addItems(rescore, entries, tx);
  await settle(rescore.id, tx);
  const [now] = await tx.select().from(rescores).where(eq(rescores.id, rescore.id));
  return now;
}

async function addItems(rescore: Rescore, entries: Entry[], tx: Tx): Promise<void> {
  for (const { id, filesDeletedAt, hasTarget } of entries) {
    const result: Partial<RescoreItem> = hasTarget
      ? { state: 'done', finishedAt: new Date() }
      : filesDeletedAt !== null
        ? { state: 'failed', failure: FILES_GONE, finishedAt: new Date() }
        : {};
    const [added] = await tx
      .insert(rescoreItems)
      .values({ rescoreId: rescore.id, submissionId: id, ...result })
      .onConflictDoNothing()
      .returning();
    if (added?.state === 'waiting') await enqueueRescore({ rescoreId: rescore.id, submissionId: id }, tx);
  }
}

/** Every scored submission of a data set, public or not: what is private today may be published tomorrow. */
async function entriesOf(dataset: Dataset, target: Target, submissionId: string | null, tx: Tx): Promise<Entry[]> {
  const has = sql<boolean>`exists (select 1 from ${evaluations}
    where ${evaluations.submissionId} = ${submissions.id} and ${and(isTarget(dataset, target), isReleased())})`;
  return tx
    .select({
      id: submissions.id,
      filesDeletedAt: submissions.filesDeletedAt,
      // of several data sets, one may have been replaced meanwhile: they are always computed
      // (in a statement of its own, or drizzle leaves the tables' names away)
      hasTarget: slotsAreDatasets(dataset.task) ? sql<boolean>`false` : sql<boolean>`${has}`,
    })
    .from(submissions)
    .where(
      and(eq(submissions.state, 'scored'), submissionId === null ? isOn(dataset) : eq(submissions.id, submissionId)),
    )
    .orderBy(asc(submissions.createdAt), asc(submissions.id));
}

function isTarget(dataset: Dataset, { evaluatorVersion, sha256 }: Target): SQL | undefined {
  const own = eq(evaluations.groundTruthSha256, sha256);
  const part = sql`${evaluations.report} #> '{groundTruth,datasets}' -> ${dataset.name}::text ->> 'sha256' = ${sha256}`;
  return and(eq(evaluations.evaluatorVersion, evaluatorVersion), slotsAreDatasets(dataset.task) ? or(own, part) : own);
}

async function lockDataset(id: string, tx: Tx): Promise<Dataset> {
  const [dataset] = await tx.select().from(datasets).where(eq(datasets.id, id)).for('no key update');
  if (!dataset) throw new AppError('not-found', 'There is no such data set.');
  return dataset;
}

async function datasetIdOf(submissionId: string, tx: Tx): Promise<string> {
  const [row] = await tx
    .select({ id: submissions.datasetId })
    .from(submissions)
    .where(eq(submissions.id, submissionId));
  if (!row) throw new AppError('not-found', 'There is no such submission.');
  return row.id;
}

/**
 * One at a time; where a submission may be on several data sets, one at a time of them all.
 *
 * @throws AppError `conflict`
 */
export async function mustBeIdle(dataset: Dataset, tx: Tx): Promise<void> {
  const [running] = await tx
    .select({ name: datasets.name })
    .from(rescores)
    .innerJoin(datasets, eq(datasets.id, rescores.datasetId))
    .where(
      and(
        eq(rescores.state, 'running'),
        slotsAreDatasets(dataset.task) ? eq(datasets.task, dataset.task) : eq(datasets.id, dataset.id),
      ),
    );
  if (running)
    throw new AppError('conflict', `“${running.name}” is being scored again. Wait until that is done, or cancel it.`);
}

// --- the scoring process's side ---

export interface RescoreInput extends ScoringInput {
  rescore: Rescore;
}

/** What to score, with the ground truth it is to be scored on; null where there is nothing to do (any more). */
export async function startRescoreItem(
  rescoreId: string,
  submissionId: string,
  tx: Tx = db(),
): Promise<RescoreInput | null> {
  const found = await tx.transaction(async (tx) => {
    const [row] = await tx
      .select({ rescore: rescores, submission: submissions, version: groundTruthVersions })
      .from(rescoreItems)
      .innerJoin(rescores, eq(rescores.id, rescoreItems.rescoreId))
      .innerJoin(submissions, eq(submissions.id, rescoreItems.submissionId))
      .leftJoin(groundTruthVersions, eq(groundTruthVersions.id, rescores.groundTruthVersionId))
      .where(
        and(
          eq(rescoreItems.rescoreId, rescoreId),
          eq(rescoreItems.submissionId, submissionId),
          eq(rescoreItems.state, 'waiting'),
          eq(rescores.state, 'running'),
          eq(submissions.state, 'scored'),
        ),
      );
    if (!row) return null;
    const { rescore, submission, version } = row;
    const again = async (dataset: Dataset): Promise<Dataset> => {
      if (!version || dataset.id !== rescore.datasetId) return dataset;
      const { sha256, images, objects, cellTypes, packKey, public: isPublic } = version;
      return { ...dataset, sha256, images, objects, cellTypes, packKey, public: isPublic };
    };
    const own = (await getDataset(submission.datasetId, tx))!;
    const all = slotsAreDatasets(submission.task)
      ? [own, ...(await listDatasets({ task: submission.task }, tx)).filter(({ id }) => id !== own.id)]
      : undefined;
    const files = await tx
      .select()
      .from(submissionFiles)
      .where(eq(submissionFiles.submissionId, submissionId))
      .orderBy(submissionFiles.slot);
    return {
      rescore,
      submission,
      files,
      dataset: await again(own),
      datasets: all && (await Promise.all(all.map(again))),
    };
  });
  if (!found || found.submission.filesDeletedAt === null) return found;
  await failRescoreItem(rescoreId, submissionId, FILES_GONE, tx);
  return null;
}

/** Whether the new score is still wanted. */
export async function isRescoring(rescoreId: string, submissionId: string, tx: Tx = db()): Promise<boolean> {
  const [row] = await tx
    .select({ state: submissions.state })
    .from(rescoreItems)
    .innerJoin(rescores, eq(rescores.id, rescoreItems.rescoreId))
    .innerJoin(submissions, eq(submissions.id, rescoreItems.submissionId))
    .where(
      and(
        eq(rescoreItems.rescoreId, rescoreId),
        eq(rescoreItems.submissionId, submissionId),
        eq(rescoreItems.state, 'waiting'),
        eq(rescores.state, 'running'),
      ),
    );
  return row?.state === 'scored';
}

/**
 * Keeps the new reports back until all are there; the last of them makes the board switch. False: came too late.
 *
 * @throws Error where another evaluator computed them than was asked for
 */
export async function saveRescore(
  rescoreId: string,
  submissionId: string,
  reports: readonly (AnyReport | ScoreReport)[],
  tx: Tx = db(),
): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const rescore = await lockRunning(rescoreId, tx);
    if (!rescore) return false;
    const other = reports.find(({ evaluator }) => evaluator.version !== rescore.evaluatorVersion);
    if (other)
      throw new Error(
        `this scoring process has evaluator ${other.evaluator.version}, and ${rescore.evaluatorVersion} was asked for`,
      );
    const done = await endItem(rescoreId, submissionId, { state: 'done', failure: null }, tx);
    if (!done) return false;
    await tx
      .insert(evaluations)
      .values(
        reports.map((report) => ({
          submissionId,
          protocol: report.protocol,
          evaluatorVersion: report.evaluator.version,
          report,
          groundTruthSha256: report.groundTruth.sha256,
          rescoreId,
          pending: true,
        })),
      )
      .onConflictDoNothing();
    // now, submission by submission: at the switch it would hold up everybody else
    const dataset = (await getDataset(rescore.datasetId, tx))!;
    const change = await changeOf(submissionId, dataset, await targetOf(rescore, dataset, tx), rescoreId, tx);
    await tx
      .update(rescoreItems)
      .set({ change: change ?? '' })
      .where(and(eq(rescoreItems.rescoreId, rescoreId), eq(rescoreItems.submissionId, submissionId)));
    await settle(rescoreId, tx);
    return true;
  });
}

/** It cannot be scored again: a maintainer decides what becomes of it. */
export async function failRescoreItem(
  rescoreId: string,
  submissionId: string,
  failure: string,
  tx: Tx = db(),
): Promise<boolean> {
  return tx.transaction(async (tx) => {
    if (!(await lockRunning(rescoreId, tx))) return false;
    const failed = await endItem(rescoreId, submissionId, { state: 'failed', failure }, tx);
    if (failed) await settle(rescoreId, tx);
    return failed;
  });
}

/** The problems of a file that fits the ground truth no longer, in one line. */
export function problemsInWords(problems: readonly Problem[]): string {
  const [first] = problems;
  const more = problems.reduce((sum, { more = 0 }) => sum + 1 + more, 0) - 1;
  return `${first?.message ?? 'The file is wrong.'}${more > 0 ? ` (and ${more} more)` : ''}`;
}

/** Back into the line: the scoring process was told to stop. */
export async function handRescoreBack(rescoreId: string, submissionId: string, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    if (await isRescoring(rescoreId, submissionId, tx)) await enqueueRescore({ rescoreId, submissionId }, tx);
  });
}

/**
 * The first score of a submission. Where its ground truth was replaced while it was computed, it goes back into the
 * line; where its data set is being scored again, it is scored again with the others.
 */
export async function saveScore(
  { submission, dataset, datasets: all = [dataset] }: ScoringInput,
  reports: readonly (AnyReport | ScoreReport)[],
  tx: Tx = db(),
): Promise<'scored' | 'returned' | 'too-late'> {
  return tx.transaction(async (tx) => {
    const ids = all.map(({ id }) => id);
    // whoever switches a board waits for this transaction, or this one sees what was switched
    const now = await tx.select().from(datasets).where(inArray(datasets.id, ids)).orderBy(datasets.id).for('share');
    const replaced = now.some(({ id, sha256 }) => all.some((used) => used.id === id && used.sha256 !== sha256));
    if (replaced) {
      if (!(await returnToQueue(submission.id, GROUND_TRUTH_CHANGED, tx))) return 'too-late';
      await enqueueScore(submission.id, { first: true }, tx);
      return 'returned';
    }
    if (!(await saveReports(submission.id, reports, tx))) return 'too-late';
    for (const rescore of await runningOn(ids, tx)) {
      const own = now.find(({ id }) => id === rescore.datasetId)!;
      await addItems(rescore, await missingFrom(rescore, own, tx, submission.id), tx);
    }
    return 'scored';
  });
}

async function runningOn(datasetIds: string[], tx: Tx): Promise<Rescore[]> {
  return tx
    .select()
    .from(rescores)
    .where(
      and(
        inArray(rescores.datasetId, datasetIds),
        eq(rescores.state, 'running'),
        sql`${rescores.submissionId} is null`,
      ),
    );
}

/** Scored submissions that are no part of a re-score yet, because they came in after it had begun. */
async function missingFrom(rescore: Rescore, dataset: Dataset, tx: Tx, only: string | null = null): Promise<Entry[]> {
  if (rescore.submissionId !== null) return [];
  const entries = await entriesOf(dataset, await targetOf(rescore, dataset, tx), null, tx);
  const known = await tx
    .select({ id: rescoreItems.submissionId })
    .from(rescoreItems)
    .where(eq(rescoreItems.rescoreId, rescore.id));
  const ids = new Set(known.map(({ id }) => id));
  return entries.filter(({ id }) => !ids.has(id) && (only === null || id === only));
}

async function targetOf(rescore: Rescore, dataset: Dataset, tx: Tx): Promise<Target> {
  const version = await versionOf(rescore, tx);
  return { evaluatorVersion: rescore.evaluatorVersion, sha256: version?.sha256 ?? dataset.sha256 };
}

async function versionOf({ groundTruthVersionId: id }: Rescore, tx: Tx): Promise<GroundTruthVersion | null> {
  if (id === null) return null;
  const [version] = await tx.select().from(groundTruthVersions).where(eq(groundTruthVersions.id, id));
  return version ?? null;
}

async function endItem(rescoreId: string, submissionId: string, set: Partial<RescoreItem>, tx: Tx): Promise<boolean> {
  const ended = await tx
    .update(rescoreItems)
    .set({ ...set, finishedAt: new Date() })
    .where(
      and(
        eq(rescoreItems.rescoreId, rescoreId),
        eq(rescoreItems.submissionId, submissionId),
        eq(rescoreItems.state, 'waiting'),
      ),
    )
    .returning();
  return ended.length > 0;
}

/** The data set before the re-score, in every transaction: so that two of them never wait for each other. */
async function lockRunning(rescoreId: string, tx: Tx): Promise<Rescore | null> {
  const [found] = await tx.select({ datasetId: rescores.datasetId }).from(rescores).where(eq(rescores.id, rescoreId));
  if (!found) return null;
  await lockDataset(found.datasetId, tx);
  const [rescore] = await tx.select().from(rescores).where(eq(rescores.id, rescoreId)).for('update');
  return rescore?.state === 'running' ? rescore : null;
}

// --- the end ---

/** Where nothing waits and nothing is undecided, the board switches. In the caller's transaction. */
async function settle(rescoreId: string, tx: Tx): Promise<void> {
  const rescore = await lockRunning(rescoreId, tx);
  if (!rescore) return;
  const dataset = (await getDataset(rescore.datasetId, tx))!;
  await addItems(rescore, await missingFrom(rescore, dataset, tx), tx);
  // what was withdrawn meanwhile has no place on a board anyway
  const gone = tx.select({ id: submissions.id }).from(submissions).where(ne(submissions.state, 'scored'));
  await tx
    .update(rescoreItems)
    .set({ state: 'skipped', failure: 'It was withdrawn.', finishedAt: new Date() })
    .where(
      and(
        eq(rescoreItems.rescoreId, rescoreId),
        inArray(rescoreItems.state, ['waiting', 'failed']),
        inArray(rescoreItems.submissionId, gone),
      ),
    );
  const [{ open }] = await tx
    .select({ open: count() })
    .from(rescoreItems)
    .where(and(eq(rescoreItems.rescoreId, rescoreId), inArray(rescoreItems.state, ['waiting', 'failed'])));
  if (open === 0) await switchBoard(rescore, dataset, tx);
}

async function switchBoard(rescore: Rescore, before: Dataset, tx: Tx): Promise<void> {
  const version = await versionOf(rescore, tx);
  const { evaluatorVersion } = rescore;
  const target = { evaluatorVersion, sha256: version?.sha256 ?? before.sha256 };
  const items = await tx
    .select({ submission: submissions, item: rescoreItems })
    .from(rescoreItems)
    .innerJoin(submissions, eq(submissions.id, rescoreItems.submissionId))
    .where(eq(rescoreItems.rescoreId, rescore.id))
    .orderBy(asc(submissions.createdAt), asc(submissions.id));
  // read before anything is released
  const done = items.filter(({ item }) => item.state === 'done');
  const changes = new Map<string, string | null>();
  for (const { submission, item } of done)
    changes.set(
      submission.id,
      item.change === null ? await changeOf(submission.id, before, target, rescore.id, tx) : item.change || null,
    );

  await tx.update(evaluations).set({ pending: false }).where(eq(evaluations.rescoreId, rescore.id));
  let after = before;
  if (rescore.submissionId === null) {
    const { id: datasetId } = before;
    const other = version && {
      sha256: version.sha256,
      images: version.images,
      objects: version.objects,
      cellTypes: version.cellTypes,
      packKey: version.packKey,
      public: version.public,
      version: version.version,
    };
    [after] = await tx
      .update(datasets)
      .set({ evaluatorVersion, ...other })
      .where(eq(datasets.id, datasetId))
      .returning();
    if (version) {
      const ofSet = eq(groundTruthVersions.datasetId, datasetId);
      await tx
        .update(groundTruthVersions)
        .set({ state: 'superseded' })
        .where(and(ofSet, eq(groundTruthVersions.state, 'current')));
      await tx.update(groundTruthVersions).set({ state: 'current' }).where(eq(groundTruthVersions.id, version.id));
      if (version.statistics) await saveStatistics(after, version.statistics, tx);
    }
  }
  await tx.update(rescores).set({ state: 'done', finishedAt: sql`now()` }).where(eq(rescores.id, rescore.id));

  const skipped = items.filter(({ item, submission }) => item.state === 'skipped' && submission.state === 'scored');
  const about = { rescoreId: rescore.id, datasetId: before.id, name: before.name, reason: rescore.reason };
  await recordEvent(
    null,
    {
      kind: 'rescore-switched',
      ...about,
      entries: done.length,
      skipped: skipped.length,
      changes: changesOf(before, after, ['version', 'sha256', 'evaluatorVersion', 'images', 'objects', 'public']),
      ...(rescore.submissionId !== null && { submissionId: rescore.submissionId }),
    },
    tx,
  );
  for (const { submission } of done)
    await recordEvent(
      null,
      {
        kind: 'rescored',
        submissionId: submission.id,
        rescoreId: rescore.id,
        reason: rescore.reason,
        evaluator: evaluatorVersion,
        groundTruthVersion: after.version,
      },
      tx,
    );
  for (const { submission, item } of skipped)
    await recordEvent(
      null,
      {
        kind: 'rescore-skipped',
        submissionId: submission.id,
        rescoreId: rescore.id,
        reason: item.failure ?? 'it could not be scored again',
      },
      tx,
    );
  await tell(rescore, after, done, skipped, changes, tx);
}

type Item = { submission: Submission; item: RescoreItem };

/** One notice per person, of all of theirs that have other numbers or no place any more. */
async function tell(
  rescore: Rescore,
  dataset: Dataset,
  done: Item[],
  skipped: Item[],
  changes: Map<string, string | null>,
  tx: Tx,
): Promise<void> {
  const lines = [
    ...done.flatMap(({ submission }) => {
      const change = changes.get(submission.id);
      return change ? [{ submission, line: `“${submission.method}”: ${change}.` }] : [];
    }),
    ...skipped.map(({ submission, item }) => ({
      submission,
      line: `“${submission.method}” could not be scored again and is on the board no more: ${item.failure ?? ''}`,
    })),
  ];
  const perPerson = new Map<string, typeof lines>();
  for (const line of lines)
    for (const userId of await audienceOf(line.submission, tx))
      perPerson.set(userId, [...(perPerson.get(userId) ?? []), line]);
  const what = rescore.groundTruthVersionId
    ? `has ground truth version ${dataset.version} now`
    : `was scored again by evaluator ${rescore.evaluatorVersion}`;
  for (const [userId, own] of perPerson) {
    const more = own.length > LISTED ? [`And ${own.length - LISTED} more.`] : [];
    const text = [
      rescore.submissionId === null ? `“${dataset.name}” ${what}.` : 'A submission of yours was scored again.',
      `Reason: ${rescore.reason}`,
      ...own.slice(0, LISTED).map(({ line }) => line),
      ...more,
    ].join('\n');
    const link = own.length === 1 ? `/submissions/${own[0].submission.id}` : '/submissions';
    await notify([userId], { kind: 'rescored', text, link }, tx);
  }
}

const LISTED = 10;

/** Old and new headline of a submission in words; null where no number of any protocol is another. */
async function changeOf(
  submissionId: string,
  dataset: Dataset,
  target: Target,
  rescoreId: string,
  tx: Tx,
): Promise<string | null> {
  const rows = await tx
    .select({
      id: evaluations.id,
      protocol: evaluations.protocol,
      task: submissions.task,
      own: sql<boolean>`(${evaluations.pending} and ${evaluations.rescoreId} = ${rescoreId})`,
      pending: evaluations.pending,
      fits: sql<boolean>`coalesce(${isTarget(dataset, target)}, false)`,
    })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(eq(evaluations.submissionId, submissionId))
    .orderBy(...currentFirst());
  const pairs = [...Map.groupBy(rows, ({ protocol }) => protocol)].flatMap(([protocol, found]) => {
    const before = found.find(({ pending }) => !pending);
    const after = found.find(({ own }) => own) ?? found.find(({ fits, pending }) => fits && !pending);
    return before && after && before.id !== after.id ? [{ protocol, before, after }] : [];
  });
  if (pairs.length === 0) return null;
  const old = aliasedTable(evaluations, 'old');
  const again = aliasedTable(evaluations, 'again');
  let another = false;
  for (const { before, after } of pairs) {
    const [row] = await tx
      .select({ another: sql<boolean>`(${old.report} -> 'results') is distinct from (${again.report} -> 'results')` })
      .from(old)
      .innerJoin(again, eq(again.id, after.id))
      .where(eq(old.id, before.id));
    another ||= row.another;
  }
  if (!another) return null;
  const main = pairs.find(({ protocol }) => protocol === PRIMARY_PROTOCOL) ?? pairs[0];
  const results = new Map(
    (
      await tx
        .select({ id: evaluations.id, results: comparedResults() })
        .from(evaluations)
        .where(inArray(evaluations.id, [main.before.id, main.after.id]))
    ).map((row) => [row.id, row.results]),
  );
  const before = numbersOf(rows[0].task, results.get(main.before.id), dataset.name);
  const after = numbersOf(rows[0].task, results.get(main.after.id), dataset.name);
  const parts = before.flatMap((number, i) =>
    inWords(number) === inWords(after[i]) ? [] : [`${number.label} ${inWords(number)} → ${inWords(after[i])}`],
  );
  return parts.length > 0 ? parts.join(', ') : 'numbers other than the headline changed';
}

// --- what maintainers decide ---

/**
 * Those that failed are tried again, all or one.
 *
 * @returns how many wait now
 * @throws AppError `conflict` where there is nothing that could be tried again
 */
export async function retryRescore(
  rescoreId: string,
  actorId: string | null,
  { submissionId }: { submissionId?: string } = {},
  tx: Tx = db(),
): Promise<number> {
  return tx.transaction(async (tx) => {
    const rescore = await mustRun(rescoreId, tx);
    const withFiles = tx
      .select({ id: submissions.id })
      .from(submissions)
      .where(and(eq(submissions.state, 'scored'), sql`${submissions.filesDeletedAt} is null`));
    const again = await tx
      .update(rescoreItems)
      .set({ state: 'waiting', failure: null, finishedAt: null })
      .where(
        and(
          eq(rescoreItems.rescoreId, rescoreId),
          eq(rescoreItems.state, 'failed'),
          inArray(rescoreItems.submissionId, withFiles),
          submissionId === undefined ? undefined : eq(rescoreItems.submissionId, submissionId),
        ),
      )
      .returning();
    if (again.length === 0) throw new AppError('conflict', 'There is nothing to try again: the files are gone.');
    for (const { submissionId } of again) await enqueueRescore({ rescoreId, submissionId }, tx);
    await recordEvent(
      actorId,
      {
        kind: 'rescore-retried',
        rescoreId,
        entries: again.length,
        ...(await about(rescore, tx)),
      },
      tx,
    );
    return again.length;
  });
}

/**
 * The board switches without those that failed. They keep the numbers they have, off the board, with a note.
 *
 * @throws AppError `conflict` while others still wait
 */
export async function switchWithout(rescoreId: string, actorId: string | null, tx: Tx = db()): Promise<number> {
  return tx.transaction(async (tx) => {
    const rescore = await mustRun(rescoreId, tx);
    const [{ waiting }] = await tx
      .select({ waiting: count() })
      .from(rescoreItems)
      .where(and(eq(rescoreItems.rescoreId, rescoreId), eq(rescoreItems.state, 'waiting')));
    if (waiting > 0) throw new AppError('conflict', `${whole(waiting)} still wait to be scored again.`);
    const skipped = await tx
      .update(rescoreItems)
      .set({ state: 'skipped' })
      .where(and(eq(rescoreItems.rescoreId, rescoreId), eq(rescoreItems.state, 'failed')))
      .returning();
    await recordEvent(
      actorId,
      {
        kind: 'rescore-decided',
        rescoreId,
        entries: skipped.length,
        ...(await about(rescore, tx)),
      },
      tx,
    );
    await settle(rescoreId, tx);
    return skipped.length;
  });
}

/** Leaves everything as it was: what was computed is thrown away, and a new version of ground truth with it. */
export async function cancelRescore(
  rescoreId: string,
  actorId: string | null,
  tx: Tx = db(),
): Promise<{ packKey: string | null }> {
  return tx.transaction(async (tx) => {
    const rescore = await mustRun(rescoreId, tx);
    await tx.delete(evaluations).where(and(eq(evaluations.rescoreId, rescoreId), eq(evaluations.pending, true)));
    await tx.update(rescores).set({ state: 'cancelled', finishedAt: sql`now()` }).where(eq(rescores.id, rescoreId));
    let packKey: string | null = null;
    if (rescore.groundTruthVersionId !== null) {
      const [version] = await tx
        .update(groundTruthVersions)
        .set({ state: 'cancelled', statistics: null })
        .where(eq(groundTruthVersions.id, rescore.groundTruthVersionId))
        .returning();
      packKey = version.packKey;
    }
    await recordEvent(actorId, { kind: 'rescore-cancelled', rescoreId, ...(await about(rescore, tx)) }, tx);
    return { packKey };
  });
}

async function mustRun(rescoreId: string, tx: Tx): Promise<Rescore> {
  const rescore = await lockRunning(rescoreId, tx);
  if (!rescore) throw new AppError('conflict', 'This re-score is over already, or was never there.');
  return rescore;
}

async function about({ datasetId, reason }: Rescore, tx: Tx) {
  return { datasetId, name: (await getDataset(datasetId, tx))?.name ?? '', reason };
}

/** What nobody triggers: the last one waiting was withdrawn. Run now and then by the scoring processes. */
export async function sweepRescores(tx: Tx = db()): Promise<void> {
  const running = await tx.select({ id: rescores.id }).from(rescores).where(eq(rescores.state, 'running'));
  for (const { id } of running) await tx.transaction((tx) => settle(id, tx));
}

// --- reading ---

export interface RescoreLine extends Rescore {
  by: string | null;
  /** of the ground truth; null: that stays */
  version: number | null;
  counts: Record<RescoreItem['state'], number>;
  /** what could not be scored again, of all that are undecided or were left behind */
  open: { submissionId: string; method: string; state: RescoreItem['state']; failure: string; filesGone: boolean }[];
}

/** Re-scores, the newest first: of a data set, or the running ones of all. */
export async function listRescores(
  filter: { datasetId?: string; running?: boolean } = {},
  tx: Tx = db(),
): Promise<RescoreLine[]> {
  const rows = await tx
    .select({ rescore: rescores, by: users.name, version: groundTruthVersions.version })
    .from(rescores)
    .leftJoin(users, eq(users.id, rescores.createdBy))
    .leftJoin(groundTruthVersions, eq(groundTruthVersions.id, rescores.groundTruthVersionId))
    .where(
      and(
        filter.datasetId === undefined ? undefined : eq(rescores.datasetId, filter.datasetId),
        filter.running ? eq(rescores.state, 'running') : undefined,
      ),
    )
    .orderBy(desc(rescores.createdAt), asc(rescores.id))
    .limit(50);
  if (rows.length === 0) return [];
  const ids = rows.map(({ rescore }) => rescore.id);
  const counts = await tx
    .select({ id: rescoreItems.rescoreId, state: rescoreItems.state, items: count() })
    .from(rescoreItems)
    .where(inArray(rescoreItems.rescoreId, ids))
    .groupBy(rescoreItems.rescoreId, rescoreItems.state);
  const open = await tx
    .select({
      rescoreId: rescoreItems.rescoreId,
      submissionId: submissions.id,
      method: submissions.method,
      state: rescoreItems.state,
      failure: sql<string>`coalesce(${rescoreItems.failure}, '')`,
      filesGone: sql<boolean>`${submissions.filesDeletedAt} is not null`,
    })
    .from(rescoreItems)
    .innerJoin(submissions, eq(submissions.id, rescoreItems.submissionId))
    .where(and(inArray(rescoreItems.rescoreId, ids), inArray(rescoreItems.state, ['failed', 'skipped'])))
    .orderBy(asc(submissions.createdAt), asc(submissions.id));
  return rows.map(({ rescore, by, version }) => {
    const of = (state: RescoreItem['state']) =>
      counts.find((row) => row.id === rescore.id && row.state === state)?.items ?? 0;
    return {
      ...rescore,
      by,
      version,
      counts: { waiting: of('waiting'), done: of('done'), failed: of('failed'), skipped: of('skipped') },
      open: open.flatMap(({ rescoreId, ...line }) => (rescoreId === rescore.id ? [line] : [])),
    };
  });
}

export async function getRescore(id: string, tx: Tx = db()): Promise<Rescore | null> {
  const [rescore] = await tx.select().from(rescores).where(eq(rescores.id, id));
  return rescore ?? null;
}

/** How many scored submissions of a data set the evaluators there have been have scored, as its board counts them. */
export async function countByEvaluator(
  dataset: Dataset,
  tx: Tx = db(),
): Promise<{ version: string; entries: number }[]> {
  const newest = tx
    .selectDistinctOn([evaluations.submissionId], { version: evaluations.evaluatorVersion })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .where(and(isOn(dataset), eq(submissions.state, 'scored'), isReleased()))
    .orderBy(evaluations.submissionId, ...currentFirst())
    .as('newest');
  return tx
    .select({ version: newest.version, entries: count() })
    .from(newest)
    .groupBy(newest.version)
    .orderBy(desc(newest.version));
}

/** A number of a score, as tables show it. */
export interface ScoreNumber {
  label: string;
  value: number | null;
  format: ValueColumn['format'];
}

export interface EvaluationLine {
  id: string;
  protocol: ProtocolId;
  evaluatorVersion: string;
  /** the versions it is of its data set's; none where it is of several data sets together */
  groundTruth: { sha256: string; versions: number[] };
  scoredAt: Date;
  /** the one that counts now */
  current: boolean;
  /** why it was made, where that was not the submission's own turn */
  reason: string | null;
  numbers: ScoreNumber[];
}

export interface ScoreHistory {
  /** the newest first */
  evaluations: EvaluationLine[];
  /** why it has no score that counts on the board as it is now; null: it has one */
  leftBehind: string | null;
}

/** Every score a submission has had, with the numbers that matter most. Those kept back are not among them. */
export async function scoreHistory(submission: Pick<Submission, 'id' | 'task'>, tx: Tx = db()): Promise<ScoreHistory> {
  const rows = await tx
    .select({
      id: evaluations.id,
      protocol: evaluations.protocol,
      evaluatorVersion: evaluations.evaluatorVersion,
      sha256: evaluations.groundTruthSha256,
      versions: sql<
        number[] | null
      >`(select json_agg(${groundTruthVersions.version} order by ${groundTruthVersions.version})
        from ${groundTruthVersions}
        where ${groundTruthVersions.datasetId} = ${datasets.id}
          and ${groundTruthVersions.sha256} = ${evaluations.groundTruthSha256}
          and ${groundTruthVersions.state} in ('current', 'superseded'))`,
      scoredAt: evaluations.createdAt,
      fits: isCurrentOfOwn(),
      reason: rescores.reason,
      results: comparedResults(),
      dataset: datasets.name,
    })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(rescores, eq(rescores.id, evaluations.rescoreId))
    .where(and(eq(evaluations.submissionId, submission.id), isReleased()))
    .orderBy(...currentFirst());
  const counted = new Set<ProtocolId>();
  const lines = rows.map(({ fits, results, dataset, sha256, versions, ...row }): EvaluationLine => {
    const current = fits && !counted.has(row.protocol);
    if (current) counted.add(row.protocol);
    return {
      ...row,
      current,
      groundTruth: { sha256, versions: versions ?? [] },
      numbers: numbersOf(submission.task, results, dataset),
    };
  });
  lines.sort((a, b) => b.scoredAt.getTime() - a.scoredAt.getTime());
  const left = lines.length > 0 && counted.size === 0;
  return { evaluations: lines, leftBehind: left ? await whyLeftBehind(submission.id, tx) : null };
}

async function whyLeftBehind(submissionId: string, tx: Tx): Promise<string> {
  const [row] = await tx
    .select({ failure: rescoreItems.failure })
    .from(rescoreItems)
    .innerJoin(rescores, eq(rescores.id, rescoreItems.rescoreId))
    .where(
      and(eq(rescoreItems.submissionId, submissionId), eq(rescoreItems.state, 'skipped'), eq(rescores.state, 'done')),
    )
    .orderBy(desc(rescores.finishedAt))
    .limit(1);
  return row?.failure ?? 'It was not scored on the ground truth as it is now.';
}

function numbersOf(taskId: string, results: unknown, dataset: string): ScoreNumber[] {
  const task = parseTask(taskId);
  if (!task || !results) return [];
  const evaluation = task.kind === 'instances' && !hasMasks(results) ? 'bbox' : 'segm';
  return columnsOf(task).map((column) => ({
    label: column.group ? `${column.group} ${column.label}` : column.label,
    value: taskValue(column, results as AnyReport['results'], evaluation, dataset),
    format: column.format,
  }));
}

/** As tables write it. */
export function inWords({ value, format }: ScoreNumber): string {
  if (value === null) return '–';
  if (format === 'percent') return percent(value);
  return format === 'integer' ? whole(value) : value.toFixed(3);
}
