/** Reads and packs ground truth sent in by a maintainer. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScoreContext } from '#db/queue/queue.ts';
import { failImport, finishImport, startImport } from '#db/rescore/ground-truth.ts';
import type { GroundTruthImport } from '#db/schema.ts';
import { env } from '#lib/env.ts';
import { AppError } from '#lib/errors.ts';
import { asCategory } from '#lib/readers/coco/ground-truth.ts';
import { storage } from '#lib/storage.ts';
import { log } from '#workers/log.ts';
import type { ImportOutcome } from '../import-task.ts';
import { type JobRoom, runJob } from './run-job.ts';

/** Record a wrong file's problems on the import; delete its files either way. */
export async function importGroundTruth(room: JobRoom, id: string, context: ScoreContext): Promise<void> {
  const found = await startImport(id);
  if (!found) return log('nothing-to-import', { import: id });
  await runJob(room, context, {
    begin: 'importing',
    fields: { import: id, name: found.name, attempt: context.attempt },
    async run(signal) {
      // on the storage's own disk, so that the final move is a rename
      const folder = await mkdtemp(join(env().LIVECELL_DATA, 'import-'));
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
        return imported ? 'imported' : 'import-refused';
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  });
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
  log('import-failed', { import: id, reason });
}

async function deleteFiles({ files }: GroundTruthImport): Promise<void> {
  for (const { storageKey } of files) await storage().delete(storageKey);
}
