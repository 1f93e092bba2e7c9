/** A data set as programs are told it. */

import { and, desc, eq, inArray } from 'drizzle-orm';
import { getStatistics } from '#db/datasets/datasets.ts';
import { db, type Tx } from '#db/engine/client.ts';
import { type Dataset, groundTruthVersions } from '#db/schema.ts';
import { objectsTold } from '#lib/tasks/disclosure.ts';

/** Return what everybody may know of a data set, in a list. */
export function datasetLine(dataset: Dataset) {
  const { name, task, split, demo, version, sha256, images, cellTypes, licence, source, protocol, part } = dataset;
  return {
    ...{ name, task, split, demo, public: dataset.public, version, sha256, images, objects: objectsTold(dataset) },
    ...{ cellTypes, licence, source, protocol },
    ...(part && { part }),
  };
}

/** Return the same with the versions of its ground truth and its statistics. */
export async function datasetBody(dataset: Dataset, tx: Tx = db()) {
  const versions = await tx
    .select()
    .from(groundTruthVersions)
    .where(
      and(eq(groundTruthVersions.datasetId, dataset.id), inArray(groundTruthVersions.state, ['current', 'superseded'])),
    )
    .orderBy(desc(groundTruthVersions.version));
  return {
    ...datasetLine(dataset),
    versions: versions.map(({ version, sha256, createdAt, note }) => ({
      ...{ version, sha256, note },
      createdAt: createdAt.toISOString(),
    })),
    statistics: await getStatistics(dataset, tx),
  };
}
