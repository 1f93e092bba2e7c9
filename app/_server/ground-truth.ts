/** Ground truth uploaded through the site: uploads become an import, which the scoring process reads. */
import { db } from '#db/engine/client.ts';
import { createImport, type NewImport } from '#db/rescore/ground-truth.ts';
import type { GroundTruthImport, ImportFile } from '#db/schema.ts';
import { deleteUpload, getUpload } from '#db/submissions/uploads.ts';
import { AppError } from '#lib/errors.ts';
import { canManageGroundTruth, canUseUpload, type Viewer } from '#lib/permissions.ts';
import { parseTask } from '#lib/tasks/index.ts';
import { InvalidFields } from './http.ts';
import { release } from './uploads.ts';

/** Throw unless the viewer may manage ground truth. */
export function mustManageGroundTruth(who: Viewer): asserts who is NonNullable<Viewer> {
  if (!canManageGroundTruth(who)) throw new AppError('forbidden', 'Only maintainers keep ground truth.');
}

/** The slots of a task's ground truth: a file of counts per cell type, else one file. */
export function groundTruthSlots(taskId: string): string[] {
  const task = parseTask(taskId);
  return task?.kind.truthPerSlot ? task.slots.map(({ id }) => id) : [''];
}

/**
 * Use up uploads, in the same transaction as the change that needs their files.
 *
 * @param uploads their ids by slot; `''` for a task with one file
 * @throws InvalidFields by the names of the form's fields: `upload`, or `upload.<slot>`
 */
export async function sendIn(
  who: NonNullable<Viewer>,
  input: Omit<NewImport, 'files'>,
  uploads: Readonly<Record<string, string | undefined>>,
  category: string | null = null,
): Promise<GroundTruthImport> {
  const given = groundTruthSlots(input.task).flatMap((slot) => {
    const id = uploads[slot]?.trim();
    return id ? [{ slot, id, field: slot ? `upload.${slot}` : 'upload' }] : [];
  });
  if (given.length === 0) throw new InvalidFields({ upload: 'Upload a file first.' });
  for (const { id, field } of given) {
    const found = await getUpload(id);
    if (!found || !canUseUpload(who, found))
      throw new InvalidFields({ [field]: 'There is no such upload. Upload the file again.' });
    if (!found.completedAt) throw new InvalidFields({ [field]: 'This upload is not complete yet.' });
  }
  const created = await db().transaction(async (tx) => {
    const files: ImportFile[] = [];
    for (const { slot, id } of given) {
      const taken = await deleteUpload(id, tx);
      if (!taken?.sha256) throw new AppError('conflict', 'This upload has just been used by somebody else.');
      const { fileName, bytes, sha256, storageKey } = taken;
      files.push({ slot, fileName, bytes, sha256, storageKey, ...(category && { category }) });
    }
    return createImport({ ...input, files }, who.id, tx);
  });
  await Promise.all(given.map(({ id }) => release(id)));
  return created;
}
