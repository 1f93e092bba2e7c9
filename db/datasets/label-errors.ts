/** Suspected label errors of data sets, maintainers' decisions about them, and the errata. */
import { and, asc, eq, notInArray } from 'drizzle-orm';
import { changesOf, recordEvent } from '#db/audit.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type Dataset, type LabelError, labelErrors } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import type { LabelErrorState } from '#lib/vocabulary.ts';

export type NewLabelError = Pick<
  LabelError,
  'image' | 'fileName' | 'kind' | 'object' | 'key' | 'box' | 'agreement' | 'annotationIou' | 'entries'
>;

const INSERTED_AT_ONCE = 500;

/**
 * Replace the open suspects of a data set's ground truth by those that were found now. What was decided stays. Return the
 * number of open ones.
 */
export async function saveSuspects(
  { id: datasetId, sha256 }: Pick<Dataset, 'id' | 'sha256'>,
  found: readonly NewLabelError[],
  tx: Tx = db(),
): Promise<void> {
  await tx.transaction(async (tx) => {
    const own = and(
      eq(labelErrors.datasetId, datasetId),
      eq(labelErrors.groundTruthSha256, sha256),
      eq(labelErrors.state, 'open'),
    );
    const keys = found.map(({ key }) => key);
    await tx.delete(labelErrors).where(keys.length > 0 ? and(own, notInArray(labelErrors.key, keys)) : own);
    for (let from = 0; from < found.length; from += INSERTED_AT_ONCE)
      await tx
        .insert(labelErrors)
        .values(
          found.slice(from, from + INSERTED_AT_ONCE).map((one) => ({ ...one, datasetId, groundTruthSha256: sha256 })),
        )
        .onConflictDoNothing();
  });
}

/** Return the suspects of a data set's current ground truth in a state, in the order of images. */
export async function listLabelErrors(
  { id, sha256 }: Pick<Dataset, 'id' | 'sha256'>,
  state: LabelErrorState,
  tx: Tx = db(),
): Promise<LabelError[]> {
  return tx
    .select()
    .from(labelErrors)
    .where(and(eq(labelErrors.datasetId, id), eq(labelErrors.groundTruthSha256, sha256), eq(labelErrors.state, state)))
    .orderBy(asc(labelErrors.image), asc(labelErrors.key));
}

/** Return the confirmed errors of all versions of a data set's ground truth: its errata. */
export async function listErrata(datasetId: string, tx: Tx = db()): Promise<LabelError[]> {
  return tx
    .select()
    .from(labelErrors)
    .where(and(eq(labelErrors.datasetId, datasetId), eq(labelErrors.state, 'confirmed')))
    .orderBy(asc(labelErrors.fileName), asc(labelErrors.key));
}

/** Confirm or dismiss a suspect, or open it again. @throws AppError `not-found` */
export async function decideLabelError(
  id: string,
  actorId: string | null,
  { state, note }: { state: LabelErrorState; note: string },
  tx: Tx = db(),
): Promise<LabelError> {
  return tx.transaction(async (tx) => {
    const [before] = await tx.select().from(labelErrors).where(eq(labelErrors.id, id)).for('update');
    if (!before) throw new AppError('not-found', 'There is no such suspected label error.');
    const [after] = await tx
      .update(labelErrors)
      .set({ state, note, decidedBy: actorId, decidedAt: new Date() })
      .where(eq(labelErrors.id, id))
      .returning();
    await recordEvent(
      actorId,
      {
        kind: 'label-error-decided',
        datasetId: after.datasetId,
        labelErrorId: id,
        image: after.fileName,
        changes: changesOf(before, after, ['state', 'note']),
      },
      tx,
    );
    return after;
  });
}
