/**
 * The numbers that other papers report, computed after the score. They are stored beside its report, which never
 * changes: receipts sign it.
 */
import { and, desc, eq, isNotNull, isNull, or, sql } from 'drizzle-orm';
import { deriveScore } from '#db/board/values.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { datasets, evaluations, groundTruthVersions, outcomes, submissions } from '#db/schema.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import type { Families } from '#lib/scoring/uncertainty-schema.ts';
import type { ScoringInput } from './scoring.ts';
import { listFiles } from './submissions.ts';

/** What is needed to read a scored submission's file again. */
export interface ScoredInput extends ScoringInput {
  /** score threshold of the pooled numbers of masks; null: none */
  threshold: number | null;
}

/**
 * Return the submission, files and ground truth behind some outcomes, for the numbers that other papers report. Null if
 * they are stored, or if they cannot be had: there are no masks, the files are deleted, or the ground truth has been
 * replaced.
 */
export async function findForFamilies(id: string, tx: Tx = db()): Promise<ScoredInput | null> {
  const [row] = await tx
    .select({
      submission: submissions,
      dataset: datasets,
      version: groundTruthVersions,
      threshold: sql<number | null>`(${evaluations.report} #>> '{results,segm,overall,scoreThreshold}')::float8`,
    })
    .from(outcomes)
    .innerJoin(submissions, eq(submissions.id, outcomes.submissionId))
    .innerJoin(datasets, eq(datasets.id, submissions.datasetId))
    .innerJoin(evaluations, isScoreOf())
    .leftJoin(
      groundTruthVersions,
      and(eq(groundTruthVersions.datasetId, datasets.id), eq(groundTruthVersions.sha256, outcomes.groundTruthSha256)),
    )
    .where(
      and(
        eq(outcomes.id, id),
        eq(outcomes.evaluation, 'segm'),
        eq(submissions.state, 'scored'),
        isNull(submissions.filesDeletedAt),
        isNull(outcomes.families),
        or(eq(datasets.sha256, outcomes.groundTruthSha256), isNotNull(groundTruthVersions.id)),
      ),
    )
    .orderBy(desc(groundTruthVersions.version))
    .limit(1);
  if (!row) return null;
  const { submission, version, threshold } = row;
  const dataset = version ? { ...row.dataset, packKey: version.packKey } : row.dataset;
  return { submission, dataset, threshold, files: await listFiles(submission.id, tx) };
}

/** The score that the outcomes belong to, under the primary protocol. */
function isScoreOf() {
  return and(
    eq(evaluations.submissionId, outcomes.submissionId),
    eq(evaluations.evaluatorVersion, outcomes.evaluatorVersion),
    eq(evaluations.groundTruthSha256, outcomes.groundTruthSha256),
    eq(evaluations.protocol, PRIMARY_PROTOCOL),
  );
}

/** Store the numbers that other papers report, and derive the board values of the score again, which have them too. */
export async function saveFamilies(id: string, families: Families, tx: Tx = db()): Promise<void> {
  await tx.transaction(async (tx) => {
    const [row] = await tx
      .update(outcomes)
      .set({ families })
      .where(and(eq(outcomes.id, id), isNull(outcomes.families)))
      .returning();
    if (row) await deriveScore(row, tx);
  });
}
