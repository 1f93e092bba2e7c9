/** The truth variants of public data sets as files. */
import { and, desc, eq, isNotNull, isNull } from 'drizzle-orm';
import { db, type Tx } from '#db/engine/client.ts';
import { type Dataset, truthDerivations, type VariantFile } from '#db/schema.ts';

/** Return the variants of a data set's ground truth as it is now; none unless it is public and they are computed. */
export async function listVariants(
  dataset: Pick<Dataset, 'id' | 'sha256' | 'public'>,
  tx: Tx = db(),
): Promise<VariantFile[]> {
  if (!dataset.public) return [];
  const [row] = await tx
    .select({ variants: truthDerivations.variants })
    .from(truthDerivations)
    .where(
      and(
        eq(truthDerivations.datasetId, dataset.id),
        eq(truthDerivations.groundTruthSha256, dataset.sha256),
        isNotNull(truthDerivations.variants),
      ),
    )
    .orderBy(desc(truthDerivations.createdAt))
    .limit(1);
  return row?.variants ?? [];
}

/** Tell whether the variants of public ground truth are being made: for the first time, or since a file was lost. */
export async function variantsAreDue(
  dataset: Pick<Dataset, 'id' | 'sha256' | 'public'>,
  tx: Tx = db(),
): Promise<boolean> {
  if (!dataset.public) return false;
  const due = await tx
    .select({ id: truthDerivations.id })
    .from(truthDerivations)
    .where(
      and(
        eq(truthDerivations.datasetId, dataset.id),
        eq(truthDerivations.groundTruthSha256, dataset.sha256),
        isNull(truthDerivations.variants),
        isNull(truthDerivations.failure),
      ),
    )
    .limit(1);
  return due.length > 0;
}
