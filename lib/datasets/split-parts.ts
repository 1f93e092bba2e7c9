/**
 * Divides ground truth into a public and a private part by whole wells or fields of view: images of one well are too
 * alike to be on both sides. Each cell type is divided by itself, in an order that depends on a secret, so that nobody
 * can compute which wells are private.
 */
import { createHmac } from 'node:crypto';
import { type Dataset, packDataset } from '#lib/coco/dataset.ts';
import { partAlone } from '#lib/coco/part.ts';
import { AppError } from '#lib/errors.ts';
import { cellTypeOf } from '#lib/livecell/cell-types.ts';
import { degreesOfFreedom, findFields } from '#lib/scoring/fields.ts';
import { countObjects } from '#lib/scoring/replicates.ts';
import { partOfList, type SplitBy, unitsOf } from './part-list.ts';
import { type DatasetStatistics, datasetStatistics } from './statistics.ts';

/** What a page may say of a part. */
export interface PartFacts {
  name: 'public' | 'private';
  by: SplitBy;
  /** wells or fields of the part, and of the whole */
  units: number;
  of: number;
  /** of its intervals; with fewer than five there are none */
  degreesOfFreedom: number;
  /** of a public part: from when on the private one is scored, as an ISO date */
  until?: string;
}

export interface PackedPart {
  packed: Uint8Array;
  part: PartFacts;
  sha256: string;
  images: number;
  objects: number;
  cellTypes: Record<string, number>;
  statistics: DatasetStatistics;
}

/**
 * Divide a data set and pack both parts.
 *
 * @param share of the wells or fields of each cell type that are private, 0 to 1
 * @param secret decides which; the same one divides in the same way
 * @throws AppError `invalid` if a part would have no objects
 */
export function splitParts(
  dataset: Dataset,
  { by, share, secret }: { by: SplitBy; share: number; secret: string },
): { public: PackedPart; private: PackedPart } {
  if (dataset.meta.scored) throw new AppError('invalid', 'This ground truth is a part already.');
  const units = unitsOf(dataset, by);
  const hidden = chooseHidden(units, share, secret);
  const key = createHmac('sha256', secret).update('lists of parts').digest('hex');
  const all = new Set(units.map(({ unit }) => unit));
  const partOf = (name: PartFacts['name']): PackedPart => {
    const inPart = (unit: string) => hidden.has(unit) === (name === 'private');
    const names = [...all].filter(inPart).sort();
    const part = partOfList(dataset, { name, by, of: dataset.meta.sha256, key, units: names });
    if (part.objects.count === 0)
      throw new AppError(
        'invalid',
        `The ${name} part would have no objects: ${all.size} ${by === 'well' ? 'wells' : 'fields'} in all, and a share of ${share}. Choose another share, or fields in place of wells.`,
      );
    const alone = partAlone(part);
    const cellTypes: Record<string, number> = {};
    for (const file of alone.images.fileNames) {
      const type = cellTypeOf(file);
      if (type) cellTypes[type] = (cellTypes[type] ?? 0) + 1;
    }
    const { strata } = findFields(alone.images.fileNames, countObjects(alone));
    return {
      packed: packDataset(part),
      part: { name, by, units: names.length, of: all.size, degreesOfFreedom: degreesOfFreedom(strata) },
      sha256: part.meta.sha256,
      images: alone.images.ids.length,
      objects: alone.objects.count,
      cellTypes,
      statistics: datasetStatistics(alone),
    };
  };
  return { public: partOf('public'), private: partOf('private') };
}

/** Of each cell type's units the share that is private: at least one, and never all. A single one is public. */
function chooseHidden(units: readonly { unit: string; type: string }[], share: number, secret: string): Set<string> {
  const keyOf = (unit: string) => createHmac('sha256', secret).update(`split ${unit}`).digest('hex');
  const hidden = new Set<string>();
  for (const own of Map.groupBy(units, ({ type }) => type).values()) {
    const names = [...new Set(own.map(({ unit }) => unit))].map((unit) => ({ unit, key: keyOf(unit) }));
    names.sort((a, b) => (a.key < b.key ? -1 : 1));
    const wanted = Math.min(names.length - 1, Math.max(1, Math.round(share * names.length)));
    for (const { unit } of names.slice(0, wanted)) hidden.add(unit);
  }
  return hidden;
}
