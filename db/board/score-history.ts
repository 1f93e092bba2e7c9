/** Every score a submission has had, with its headline numbers. */

import { and, desc, eq, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import {
  datasets,
  evaluations,
  groundTruthVersions,
  rescoreItems,
  rescores,
  type Submission,
  submissions,
} from '#db/schema.ts';
import { currentFirst, isCurrentOfOwn, isReleased } from '#db/submissions/current-score.ts';
import { toldResults } from '#db/submissions/own-scores.ts';
import { runsBefore } from '#db/submissions/runs-before.ts';
import { type HeadlineNumber, headlineNumbers } from '#lib/board/headline.ts';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { comparedResults } from './report-paths.ts';

interface EvaluationLine {
  id: string;
  protocol: ProtocolId;
  evaluatorVersion: string;
  /** the version or versions of the data set with this digest; empty if it spans several data sets */
  groundTruth: { sha256: string; versions: number[] };
  scoredAt: Date;
  /** whether it counts now */
  current: boolean;
  /** why a re-score made it; null: the submission's own turn */
  reason: string | null;
  numbers: HeadlineNumber[];
}

export interface ScoreHistory {
  /** newest first */
  evaluations: EvaluationLine[];
  /** why it has no score that counts on the present board; null if it has one */
  leftBehind: string | null;
}

/** Return every score of a submission with its main numbers, except scores that wait for the board to switch. */
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
      // read whole reports only if some of their numbers must stay hidden
      report: sql<unknown>`case when ${datasets.public} then null else ${evaluations.report} end`,
      published: sql<boolean>`${submissions.visibility} = 'published'`,
      runs: runsBefore(),
      dataset: datasets.name,
    })
    .from(evaluations)
    .innerJoin(submissions, eq(submissions.id, evaluations.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .leftJoin(rescores, eq(rescores.id, evaluations.rescoreId))
    .where(and(eq(evaluations.submissionId, submission.id), isReleased()))
    .orderBy(...currentFirst());
  const counted = new Set<ProtocolId>();
  const lines = rows.map(
    ({ fits, results, report, published, runs, dataset, sha256, versions, ...row }): EvaluationLine => {
      const told = report === null ? results : toldResults(report, { published, runs });
      const current = fits && !counted.has(row.protocol);
      if (current) counted.add(row.protocol);
      return {
        ...row,
        current,
        groundTruth: { sha256, versions: versions ?? [] },
        numbers: readHeadlineNumbers(submission.task, told, dataset),
      };
    },
  );
  lines.sort((a, b) => b.scoredAt.getTime() - a.scoredAt.getTime());
  const left = lines.length > 0 && counted.size === 0;
  return { evaluations: lines, leftBehind: left ? await findLeftBehindReason(submission.id, tx) : null };
}

async function findLeftBehindReason(submissionId: string, tx: Tx): Promise<string> {
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

/** Read the headline numbers from results in list form; none for an unknown task or without results. */
export function readHeadlineNumbers(taskId: string, results: unknown, dataset: string): HeadlineNumber[] {
  const task = parseTask(taskId);
  return task && results ? headlineNumbers(task, results, { dataset }) : [];
}
