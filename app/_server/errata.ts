/** Confirmed label errors, as everybody may see them: only of ground truth that is public. */
import { getDatasetByName } from '#db/datasets/datasets.ts';
import { listErrata } from '#db/datasets/label-errors.ts';
import { AppError } from '#lib/errors.ts';
import type { ErrataBody } from '#lib/http/api.ts';
import { canReadAnnotations } from '#lib/permissions.ts';

/** @throws AppError `not-found`, alike for hidden annotations and for none */
export async function errataOf(name: string): Promise<ErrataBody> {
  const dataset = await getDatasetByName(name);
  if (!dataset || !canReadAnnotations(dataset))
    throw new AppError('not-found', `There is no public ground truth “${name}”.`);
  const rows = await listErrata(dataset.id);
  return {
    dataset: dataset.name,
    errata: rows.map(
      ({ fileName, kind, object, box, agreement, annotationIou, entries, note, decidedAt, groundTruthSha256 }) => ({
        image: fileName,
        kind,
        cell: object,
        box,
        agreement,
        annotationIou,
        entries: entries.length,
        note,
        confirmedAt: decidedAt?.toISOString() ?? null,
        groundTruth: groundTruthSha256,
        current: groundTruthSha256 === dataset.sha256,
      }),
    ),
  };
}
