/** Stored outcomes of scores, and what was computed from them. Callers decide what may be shown. */
import { and, eq, inArray } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type Dataset, type OutcomesRow, outcomes } from '#db/schema.ts';
import type { Report } from '#lib/tasks/report.ts';

/** The score that outcomes belong to. */
type ScoreOf = Pick<Report, 'evaluator' | 'groundTruth'>;

/** Return the outcomes of one score; null if it has none, as scores of earlier evaluators. */
export async function outcomesOf(submissionId: string, score: ScoreOf, tx: Tx = db()): Promise<OutcomesRow | null> {
  const [row] = await tx.select().from(outcomes).where(isOfScore(submissionId, score));
  return row ?? null;
}

function isOfScore(submissionId: string, { evaluator, groundTruth }: ScoreOf) {
  return and(
    eq(outcomes.submissionId, submissionId),
    eq(outcomes.evaluatorVersion, evaluator.version),
    eq(outcomes.groundTruthSha256, groundTruth.sha256),
  );
}

/** Return the outcomes of several scores by submission, without those that are missing. */
export async function listOutcomes(
  scores: ReadonlyMap<string, ScoreOf>,
  tx: Tx = db(),
): Promise<Map<string, OutcomesRow>> {
  if (scores.size === 0) return new Map();
  const rows = await tx
    .select()
    .from(outcomes)
    .where(inArray(outcomes.submissionId, [...scores.keys()]));
  return new Map(
    rows.flatMap((row) => {
      const score = scores.get(row.submissionId)!;
      const own =
        row.evaluatorVersion === score.evaluator.version && row.groundTruthSha256 === score.groundTruth.sha256;
      return own ? [[row.submissionId, row] as const] : [];
    }),
  );
}

/**
 * Return what each kind of error of an entry costs by density; null until it is computed, and of private ground truth,
 * whose images are told of in no other way either.
 */
export async function costsOf(
  { id, dataset }: { id: string; dataset: Pick<Dataset, 'public'> },
  score: ScoreOf | undefined,
  tx: Tx = db(),
): Promise<OutcomesRow['costs']> {
  if (!score || !dataset.public) return null;
  const [row] = await tx.select({ costs: outcomes.costs }).from(outcomes).where(isOfScore(id, score));
  return row?.costs ?? null;
}
