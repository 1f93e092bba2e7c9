/** Reads and packs ground truth sent in by a maintainer. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { getDatasetByName } from '#db/datasets/datasets.ts';
import type { ScoreContext } from '#db/queue/queue.ts';
import { createImport, endImport, failImport, finishImport, startImport } from '#db/rescore/ground-truth.ts';
import type { GroundTruthImport } from '#db/schema.ts';
import { AppError } from '#lib/errors.ts';
import { log } from '#lib/log.ts';
import { asCategory } from '#lib/readers/coco/ground-truth.ts';
import { storage } from '#lib/storage.ts';
import type { ImportOutcome } from '../import-task.ts';
import { scratchFolder } from '../pool.ts';
import { splitDataSet } from '../split-data-set.ts';
import { type JobRoom, runJob } from './run-job.ts';

/** Record a wrong file's problems on the import; delete its files either way. */
export async function importGroundTruth(room: JobRoom, id: string, context: ScoreContext): Promise<void> {
  const found = await startImport(id);
  if (!found) return log.info('nothing-to-import', { import: id });
  await runJob(room, context, {
    kind: 'import',
    begin: 'importing',
    fields: { import: id, attempt: context.attempt },
    async run(signal) {
      if (found.splitting && found.files.length === 0) return (await divide(found)) ? 'divided' : 'import-refused';
      // on the storage's own disk, so that the final move is a rename
      const folder = await mkdtemp(join(scratchFolder(), 'import-'));
      try {
        const packed = join(folder, 'packed');
        const files = await Promise.all(
          found.files.map(async ({ slot, storageKey }) => ({ slot, path: await storage().localPath(storageKey) })),
        );
        const outcome = await room.pool.importGroundTruth(
          { task: found.task, files, packed, category: asCategory(found.files[0]?.category) },
          signal,
        );
        const imported = await saveImport(id, outcome, packed);
        await deleteFiles(found);
        if (imported && found.splitting) await divideNext(found);
        return imported ? 'imported' : 'import-refused';
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  });
}

/** Divide the data set as a maintainer asked, or record why not. */
async function divide({ id, datasetId, splitting, createdBy }: GroundTruthImport): Promise<boolean> {
  try {
    await splitDataSet(datasetId!, splitting!, createdBy);
    await endImport(id, { datasetId: datasetId!, warnings: [] });
    return true;
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    await failImport(id, { failure: error.message });
    return false;
  }
}

/** Have newly registered ground truth divided, as the maintainer asked when sending it. */
async function divideNext({ name, task, splitting, createdBy }: GroundTruthImport): Promise<void> {
  const dataset = await getDatasetByName(name);
  if (!dataset) return;
  await createImport(
    { datasetId: dataset.id, name, task, files: [], splitting, note: 'To be divided, as asked at registration.' },
    createdBy,
  );
}

/** Register what was read, or record why not. @returns whether it is registered */
async function saveImport(id: string, outcome: ImportOutcome, packed: string): Promise<boolean> {
  if (!outcome.ok) {
    await failImport(id, outcome);
    return false;
  }
  const packKey = `datasets/${id}`; // the same key if the job runs twice
  await storage().adopt(packKey, packed);
  try {
    return await finishImport(id, { ...outcome.facts, packKey, warnings: outcome.warnings });
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    await failImport(id, { failure: error.message });
    await storage().delete(packKey);
    return false;
  }
}

/** Mark an import that has no attempts left as failed. */
export async function giveUpImporting(id: string, reason: string): Promise<void> {
  const failed = await failImport(id, { failure: reason.replace(/^Scoring failed: /, '') });
  if (!failed) return;
  await deleteFiles(failed);
  log.warn('import-failed', { import: id, reason });
}

async function deleteFiles({ files }: GroundTruthImport): Promise<void> {
  for (const { storageKey } of files) await storage().delete(storageKey);
}
