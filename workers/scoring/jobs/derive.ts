/** Derives variants and controls from the ground truth of a public data set, after everything else in the queue. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NotHere, type ScoreContext } from '#db/queue/queue.ts';
import type { Dataset, VariantFile } from '#db/schema.ts';
import { saveDerivation, variantKey } from '#db/submissions/derivations.ts';
import { storage } from '#lib/storage.ts';
import { scratchFolder } from '../pool.ts';
import { type JobRoom, runJob } from './run-job.ts';

/** @param id of the derivation */
export async function deriveTruth(room: JobRoom, id: string, dataset: Dataset, context: ScoreContext): Promise<void> {
  await runJob(room, context, {
    kind: 'details',
    begin: 'deriving-from-truth',
    fields: { derivation: id, dataset: dataset.id, attempt: context.attempt },
    async run(signal) {
      const path = await storage()
        .localPath(dataset.packKey)
        .catch((cause) => {
          throw new NotHere('The site could not get at the stored ground truth.', { cause });
        });
      const folder = await mkdtemp(join(scratchFolder(), 'variants-'));
      try {
        const job = { task: dataset.task, groundTruth: { path }, folder, threads: room.threads };
        const { variants: made, controls } = await room.pool.derive(job, signal);
        const variants: VariantFile[] = [];
        for (const variant of made) {
          const storageKey = variantKey(dataset.id, variant.sha256);
          await storage().adopt(storageKey, join(folder, `${variant.variant}.zip`));
          variants.push({ ...variant, storageKey });
        }
        await saveDerivation(id, { variants, controls });
        return 'derived-from-truth';
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  });
}
