/** Switches a board to its new scores when no submission waits any more and none is undecided. */

import { aliasedTable, and, asc, count, eq, inArray, ne, sql } from 'drizzle-orm';
import { changesOf, recordEvent } from '#db/audit.ts';
import { comparedResults } from '#db/board/report-paths.ts';
import { readHeadlineNumbers } from '#db/board/score-history.ts';
import { getDataset, lockDataset, saveStatistics } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { audienceOf, notify } from '#db/notices/notices.ts';
import {
  type Dataset,
  datasets,
  evaluations,
  groundTruthVersions,
  type Rescore,
  type RescoreItem,
  rescoreItems,
  rescores,
  type Submission,
  submissions,
} from '#db/schema.ts';
import { currentFirst } from '#db/submissions/current-score.ts';
import { addItems, findTarget, findVersion, isTarget, listMissing } from '#db/submissions/rescore-items.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import { formatNumber } from '#lib/tasks/columns.ts';

/** Lock a running re-score, and its data set before it: always in this order, so that transactions do not deadlock. */
export async function lockRunning(rescoreId: string, tx: Tx): Promise<Rescore | null> {
  const [found] = await tx.select({ datasetId: rescores.datasetId }).from(rescores).where(eq(rescores.id, rescoreId));
  if (!found) return null;
  await lockDataset(found.datasetId, tx);
  const [rescore] = await tx.select().from(rescores).where(eq(rescores.id, rescoreId)).for('update');
  return rescore?.state === 'running' ? rescore : null;
}

/** Switch the board, in the caller's transaction, unless a submission still waits or failed without a decision. */
export async function switchIfDone(rescoreId: string, tx: Tx): Promise<void> {
  const rescore = await lockRunning(rescoreId, tx);
  if (!rescore) return;
  const dataset = (await getDataset(rescore.datasetId, tx))!;
  await addItems(rescore, await listMissing(rescore, dataset, {}, tx), tx);
  // submissions withdrawn in the meantime are not on the board anyway
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

/** Switch boards that nothing else switches, such as when the last waiting submission was withdrawn. Run periodically. */
export async function sweepRescores(tx: Tx = db()): Promise<void> {
  const running = await tx.select({ id: rescores.id }).from(rescores).where(eq(rescores.state, 'running'));
  for (const { id } of running) await tx.transaction((tx) => switchIfDone(id, tx));
}

async function switchBoard(rescore: Rescore, before: Dataset, tx: Tx): Promise<void> {
  const version = await findVersion(rescore, tx);
  const { evaluatorVersion } = rescore;
  const items = await tx
    .select({ submission: submissions, item: rescoreItems })
    .from(rescoreItems)
    .innerJoin(submissions, eq(submissions.id, rescoreItems.submissionId))
    .where(eq(rescoreItems.rescoreId, rescore.id))
    .orderBy(asc(submissions.createdAt), asc(submissions.id));
  // compared before the new scores are released
  const done = items.filter(({ item }) => item.state === 'done');
  const changes = new Map<string, string | null>();
  for (const { submission, item } of done)
    changes.set(
      submission.id,
      item.change === null ? await describeChange(submission.id, rescore, before, tx) : item.change || null,
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
      part: version.part,
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
  await notifyOwnersOfSwitch({ rescore, dataset: after, done, skipped, changes }, tx);
}

interface Item {
  submission: Submission;
  item: RescoreItem;
}

interface Switched {
  rescore: Rescore;
  /** as it is after the switch */
  dataset: Dataset;
  done: Item[];
  skipped: Item[];
  /** what changed, by submission; null where no number did */
  changes: Map<string, string | null>;
}

const LISTED = 10;

/** Notify each person once, about all their entries whose numbers changed or that left the board. */
async function notifyOwnersOfSwitch({ rescore, dataset, done, skipped, changes }: Switched, tx: Tx): Promise<void> {
  const lines = [
    ...done.flatMap(({ submission }) => {
      const change = changes.get(submission.id);
      return change ? [{ submission, line: `“${submission.method}”: ${change}.` }] : [];
    }),
    ...skipped.map(({ submission, item }) => ({
      submission,
      line: `“${submission.method}” could not be scored again and is no longer on the board: ${item.failure ?? ''}`,
    })),
  ];
  const perPerson = new Map<string, typeof lines>();
  for (const line of lines)
    for (const userId of await audienceOf(line.submission, tx))
      perPerson.set(userId, [...(perPerson.get(userId) ?? []), line]);
  const what = rescore.groundTruthVersionId
    ? `now has ground truth version ${dataset.version}${dataset.part ? `, its ${dataset.part.name} part` : ''}`
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

/** Describe the old and the new headline numbers of a submission; null if no number under any protocol changed. */
export async function describeChange(
  submissionId: string,
  rescore: Rescore,
  dataset: Dataset,
  tx: Tx,
): Promise<string | null> {
  const target = await findTarget(rescore, dataset, tx);
  const rows = await tx
    .select({
      id: evaluations.id,
      protocol: evaluations.protocol,
      task: submissions.task,
      own: sql<boolean>`(${evaluations.pending} and ${evaluations.rescoreId} = ${rescore.id})`,
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
  const before = readHeadlineNumbers(rows[0].task, results.get(main.before.id), dataset.name);
  const after = readHeadlineNumbers(rows[0].task, results.get(main.after.id), dataset.name);
  const parts = before.flatMap((number, i) =>
    formatNumber(number, number.value) === formatNumber(after[i], after[i].value)
      ? []
      : [`${number.label} ${formatNumber(number, number.value)} → ${formatNumber(after[i], after[i].value)}`],
  );
  return parts.length > 0 ? parts.join(', ') : 'numbers other than the headline changed';
}
