/** Decides which submissions stand on a board. */
import { and, desc, eq, exists, isNull, or, sql } from 'drizzle-orm';
import type { Tx } from '#db/engine/client.ts';
import { boardValues, type Dataset, evaluations, submissions } from '#db/schema.ts';
import { isCurrent, isOn } from '#db/submissions/current-score.ts';
import { isPublicSql, sealedAt } from '#db/submissions/entries.ts';
import type { ProtocolId } from '#lib/coco/protocol.ts';
import type { CellType } from '#lib/livecell/cell-types.ts';

/**
 * Query the ids of the submissions on a board, to be joined by `id`: published, with a score on this data set and, on
 * a cell type's board, with a model for that type. Each method has one: the shown version if it qualifies, else the
 * one published last. Anonymous entries and those without a method stand for themselves.
 */
export function standingOn(
  task: string,
  dataset: Dataset,
  { protocol, cellType = null }: { protocol: ProtocolId; cellType?: CellType | null },
  tx: Tx,
) {
  const itself = or(isNull(submissions.methodId), sealedAt(new Date()));
  const stands = tx
    .select({
      id: submissions.id,
      shown: submissions.shown,
      publishedAt: submissions.publishedAt,
      version: submissions.version,
      method: sql<string>`case when ${itself} then ${submissions.id} else ${submissions.methodId} end`.as('of_method'),
    })
    .from(submissions)
    .where(
      and(
        eq(submissions.task, task),
        isOn(dataset),
        isPublicSql(),
        exists(
          tx
            .select({ one: sql`1` })
            .from(evaluations)
            .where(
              and(
                eq(evaluations.submissionId, submissions.id),
                isCurrent(dataset, protocol),
                cellType ? hasModelFor(cellType, tx) : undefined,
              ),
            ),
        ),
      ),
    )
    .as('stands');
  return tx
    .selectDistinctOn([stands.method], { id: stands.id })
    .from(stands)
    .orderBy(
      stands.method,
      desc(stands.shown),
      sql`${stands.publishedAt} desc nulls last`,
      desc(stands.version),
      stands.id,
    )
    .as('standing');
}

/** The joined evaluation has a separate model for a cell type, with masks or with boxes only. */
function hasModelFor(cellType: CellType, tx: Tx) {
  return exists(
    tx
      .select({ one: sql`1` })
      .from(boardValues)
      .where(
        and(
          eq(boardValues.evaluationId, evaluations.id),
          eq(boardValues.evaluation, 'bbox'),
          eq(boardValues.slice, cellType),
        ),
      ),
  );
}
