/** What is derived from public ground truth once: enqueued when it is missing, computed behind everything else. */
import { and, eq, isNull, notExists, or, sql } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { enqueueDetails } from '#db/queue/queue.ts';
import { type Dataset, datasets, type TruthDerivation, truthDerivations } from '#db/schema.ts';
import { EVALUATOR_VERSION } from '#lib/scoring/version.ts';
import { parseTask } from '#lib/tasks/index.ts';

/** Variants are stored under this prefix. */
const VARIANTS_PREFIX = 'variants/';

/** Return the storage key of an archive of label images: by content, so that a repeated attempt writes the same file. */
export function variantKey(datasetId: string, sha256: string): string {
  return `${VARIANTS_PREFIX}${datasetId}/${sha256}.zip`;
}

/** Enqueue what is missing for public data sets whose tasks have families of numbers. @returns how many there are */
export async function enqueueDerivations(tx: Tx = db()): Promise<number> {
  const missing = await tx
    .select({ id: datasets.id, task: datasets.task, sha256: datasets.sha256 })
    .from(datasets)
    .where(
      and(
        eq(datasets.public, true),
        notExists(tx.select({ id: truthDerivations.id }).from(truthDerivations).where(ofDataset(datasets))),
      ),
    );
  const wanted = missing.filter(({ task }) => parseTask(task)?.families);
  for (const { id: datasetId, sha256 } of wanted)
    await tx.transaction(async (tx) => {
      const [row] = await tx
        .insert(truthDerivations)
        .values({ datasetId, groundTruthSha256: sha256, evaluatorVersion: EVALUATOR_VERSION })
        .onConflictDoNothing()
        .returning({ id: truthDerivations.id });
      if (row) await enqueueDetails(row.id, tx);
    });
  return wanted.length;
}

/** The derivation belongs to this ground truth and this evaluator. */
function ofDataset({ id, sha256 }: Pick<typeof datasets, 'id' | 'sha256'> | Pick<Dataset, 'id' | 'sha256'>) {
  return and(
    eq(truthDerivations.datasetId, id),
    eq(truthDerivations.groundTruthSha256, sha256),
    eq(truthDerivations.evaluatorVersion, EVALUATOR_VERSION),
  );
}

/** Return the data set whose derivation is to be computed; null if it is computed, replaced, or no longer public. */
export async function findDerivation(id: string, tx: Tx = db()): Promise<Dataset | null> {
  const [row] = await tx
    .select({ dataset: datasets })
    .from(truthDerivations)
    .innerJoin(
      datasets,
      and(eq(datasets.id, truthDerivations.datasetId), eq(datasets.sha256, truthDerivations.groundTruthSha256)),
    )
    .where(
      and(
        eq(truthDerivations.id, id),
        or(isNull(truthDerivations.controls), isNull(truthDerivations.variants)),
        eq(datasets.public, true),
      ),
    );
  return row?.dataset ?? null;
}

/**
 * Have the variants made again of which the file store lost this file. However many ask, they are made once; controls
 * stay as they are meanwhile.
 *
 * @returns whether this call enqueued it
 */
export async function remakeVariants(storageKey: string, tx: Tx = db()): Promise<boolean> {
  return tx.transaction(async (tx) => {
    const lost = await tx
      .update(truthDerivations)
      .set({ variants: null, failure: null })
      .where(sql`${truthDerivations.variants} @> ${JSON.stringify([{ storageKey }])}::text::jsonb`)
      .returning({ id: truthDerivations.id });
    for (const { id } of lost) await enqueueDetails(id, tx);
    return lost.length > 0;
  });
}

export async function saveDerivation(
  id: string,
  found: Pick<TruthDerivation, 'variants' | 'controls'>,
  tx: Tx = db(),
): Promise<void> {
  await tx
    .update(truthDerivations)
    .set({ ...found, failure: null })
    .where(eq(truthDerivations.id, id));
}

export async function failDerivation(id: string, failure: string, tx: Tx = db()): Promise<void> {
  await tx.update(truthDerivations).set({ failure }).where(eq(truthDerivations.id, id));
}
