/** Imports ground truth for registration: packed, with the statistics for its data set's page. */
import { writeFile } from 'node:fs/promises';
import { type Dataset, packDataset } from '#lib/coco/dataset.ts';
import { cellTypeOf } from '#lib/livecell/cell-types.ts';
import { FileRejected, type Warning } from '#lib/problems.ts';
import { type GroundTruthOptions, readGroundTruthFile } from '#lib/readers/ground-truth-file.ts';
import { type DatasetStatistics, datasetStatistics } from './statistics.ts';

/** Import COCO ground truth: read, check, pack and write it. @throws FileRejected */
export async function importGroundTruth(
  path: string,
  outPath: string,
  options: Pick<GroundTruthOptions, 'category'> = {},
): Promise<{
  sha256: string;
  images: number;
  objects: number;
  cellTypes: Record<string, number>;
  warnings: Warning[];
  /** includes single images: the caller decides whether these may be shown if the ground truth is not public */
  statistics: DatasetStatistics;
}> {
  const dataset = await readGroundTruthFile(path, options);
  refuseCrowdsAlone(dataset);
  await writeFile(outPath, packDataset(dataset));
  const cellTypes: Record<string, number> = {};
  for (const name of dataset.images.fileNames) {
    const type = cellTypeOf(name);
    if (type) cellTypes[type] = (cellTypes[type] ?? 0) + 1;
  }
  return {
    sha256: dataset.meta.sha256,
    images: dataset.images.ids.length,
    objects: dataset.objects.count,
    cellTypes,
    warnings: dataset.meta.warnings,
    statistics: datasetStatistics(dataset),
  };
}

/** Throw for ground truth without any countable object. @throws FileRejected */
function refuseCrowdsAlone({ meta: { warnings } }: Dataset): void {
  const crowds = warnings.find(({ code }) => code === 'all-crowd');
  if (!crowds) return;
  const { code, message, examples } = crowds;
  throw new FileRejected(
    { code, message, image: examples?.[0] },
    warnings.filter((warning) => warning !== crowds),
  );
}
