/** Slices of a board's entries, from the tables computed after their scores. */
import { and, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type Dataset, evaluations, outcomes } from '#db/schema.ts';
import { isCurrent } from '#db/submissions/current-score.ts';
import { PRIMARY_PROTOCOL } from '#lib/coco/protocol.ts';
import type { SliceRow, SliceTable } from '#lib/scoring/slice-table.ts';

/** The outcomes row belongs to the score that counts on a data set's board. */
function ofCurrentScore(dataset: Dataset) {
  return and(
    eq(evaluations.submissionId, outcomes.submissionId),
    eq(evaluations.evaluatorVersion, outcomes.evaluatorVersion),
    eq(evaluations.groundTruthSha256, outcomes.groundTruthSha256),
    isCurrent(dataset, PRIMARY_PROTOCOL),
  );
}

/** Return the names of a data set's slices, and its density bins; they are the same for every entry. Null: none yet. */
export async function getSliceNames(
  dataset: Dataset,
  ids: readonly string[],
  tx: Tx = db(),
): Promise<{ keys: string[]; densities: SliceTable['densities'] } | null> {
  if (ids.length === 0) return null;
  const [row] = await tx
    .select({ slices: outcomes.slices })
    .from(outcomes)
    .innerJoin(evaluations, ofCurrentScore(dataset))
    .where(and(inArray(outcomes.submissionId, [...ids]), isNotNull(outcomes.slices)))
    .limit(1);
  return row?.slices ? { keys: Object.keys(row.slices.rows), densities: row.slices.densities } : null;
}

/** Return the slices with these keys of entries that have them, by entry. */
export async function listSlices(
  dataset: Dataset,
  { ids, keys }: { ids: readonly string[]; keys: readonly string[] },
  tx: Tx = db(),
): Promise<Map<string, Record<string, SliceRow>>> {
  if (ids.length === 0) return new Map();
  const wanted = sql<Record<string, SliceRow>>`(
    select coalesce(jsonb_object_agg(wanted.key, ${outcomes.slices} -> 'rows' -> wanted.key), '{}'::jsonb)
    from jsonb_array_elements_text(${JSON.stringify(keys)}::text::jsonb) as wanted(key)
    where ${outcomes.slices} -> 'rows' ? wanted.key
  )`;
  const rows = await tx
    .selectDistinctOn([outcomes.submissionId], { id: outcomes.submissionId, rows: wanted })
    .from(outcomes)
    .innerJoin(evaluations, ofCurrentScore(dataset))
    .where(and(inArray(outcomes.submissionId, [...ids]), isNotNull(outcomes.slices)))
    .orderBy(outcomes.submissionId, desc(outcomes.createdAt)); // of several evaluator versions, the newest
  return new Map(rows.map(({ id, rows }) => [id, rows]));
}
